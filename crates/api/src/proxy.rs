//! `/proxy/…`: requests to an app's own API in a user's name. This server doesn't pass them on yet. SDKs hand any answer
//! of this path on as if the app had given it, so ours are JSON and say whose they are.

use crate::contract::Contract;
use crate::entrance::Entrance;
use crate::failure::Failure;
use crate::{rest, route};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use std::sync::Arc;
use valetkey_domain::Kind;

/// The path as the table of doors and the metrics have it.
pub(crate) const PATH: &str = "/proxy/**";

/// What an answer begins with that is not the app's.
const OURS: &str = "this answer is Valetkey's own, no app was asked";

#[derive(Clone)]
struct Proxy {
    entrance: Entrance,
    contract: Arc<Contract>,
}

/// Routes for everything under `/proxy`.
pub(crate) fn router(entrance: Entrance, contract: Arc<Contract>) -> Router {
    let mut router = Router::new();
    for path in ["/proxy", "/proxy/", "/proxy/{*path}"] {
        router = router.route(path, any(serve));
    }
    router.with_state(Proxy { entrance, contract })
}

async fn serve(State(proxy): State<Proxy>, request: Request) -> Response {
    let failure = match proxy.entrance.client(request.headers()).await {
        Ok(by) => {
            let message = "/proxy is not implemented by this server yet: call the tools of the connection instead";
            Failure::new(Kind::Unimplemented, message).of(&by.ctx.request)
        }
        Err(failure) => failure,
    };
    route::by(PATH, rest::refuse(&proxy.contract, failure.led_by(OURS)))
}

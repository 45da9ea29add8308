//! `/proxy/…`: requests to an app's own API in a user's name. The headers `connection_name` and `identifier` say whose;
//! path, query, body and the other headers are the app's, and its answer goes back as it came.
//!
//! SDKs hand any answer of this path on as if the app had given it, so what is ours is JSON, says so in its message, and
//! has the header `x-valetkey-error`. A 401 of ours is about the caller's own token alone: one SDK repeats the whole
//! request after any 401, so nothing that was sent may be answered so by us.

mod asked;
mod body;

use crate::contract::Contract;
use crate::entrance::{Admitted, Entrance};
use crate::failure::Failure;
use crate::watched::{self, End};
use crate::{rest, route};
use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use http::{HeaderName, HeaderValue, StatusCode};
use std::sync::Arc;
use valetkey_app::calls::proxy::{self, Answered, ProxiedRequest};
use valetkey_app::calls::{Failed, FailureReason, RequestMemory};
use valetkey_app::{App, Limit};
use valetkey_domain::{Ctx, Kind};

/// The path as the table of doors and the metrics have it.
pub(crate) const PATH: &str = "/proxy/**";

/// What an answer begins with that is not the app's.
const OURS: &str = "this answer is Valetkey's own, not the app's";

/// Says the same to programs, with the code of the error.
const MARK: HeaderName = HeaderName::from_static("x-valetkey-error");

#[derive(Clone)]
struct Proxy {
    app: App,
    entrance: Entrance,
    contract: Arc<Contract>,
}

/// Routes for everything under `/proxy`.
pub(crate) fn router(app: App, entrance: Entrance, contract: Arc<Contract>) -> Router {
    let mut router = Router::new();
    for path in ["/proxy", "/proxy/", "/proxy/{*path}"] {
        router = router.route(path, any(serve));
    }
    router.with_state(Proxy { app, entrance, contract })
}

async fn serve(State(proxy): State<Proxy>, request: Request) -> Response {
    let answer = match proxy.pass(request).await {
        Ok((answer, by)) => {
            let entrance = proxy.entrance.clone();
            answer.map(|body| watched::while_it_holds(entrance, by, Body::new(body), End::Broken))
        }
        Err((failure, status)) => proxy.refuse(failure, status),
    };
    route::by(PATH, answer)
}

/// A failure, and the status where its kind doesn't say it.
type Refusal = (Failure, Option<StatusCode>);

impl Proxy {
    /// Whose request it is comes first, on its head alone; then what it asks for; then its body.
    async fn pass(&self, request: Request) -> Result<(http::Response<Answered>, Admitted), Refusal> {
        let by = self.entrance.client(request.headers()).await.map_err(|failure| (failure, None))?;
        let id = by.ctx.request.clone();
        self.wanted(request, by).await.map_err(|(failure, status)| (failure.of(&id), status))
    }

    async fn wanted(
        &self,
        request: Request,
        mut by: Admitted,
    ) -> Result<(http::Response<Answered>, Admitted), Refusal> {
        let bounds = &self.app.settings().bounds;
        let ctx = Ctx { deadline: self.app.now() + bounds.proxy_time, ..by.ctx.clone() };
        let (head, body) = request.into_parts();
        let whose = asked::whose(&head).map_err(|failure| (failure, None))?;
        let held = body
            .size_hint()
            .exact()
            .and_then(|told| usize::try_from(told).ok())
            .map_or(body::HELD, |told| told.min(body::HELD));
        let asked = RequestMemory::room(&self.app, &ctx, held).await;
        let asked = asked.map_err(|error| (Failure::from_app(&error, None), None))?;
        let body = watched::sent_while_it_holds(self.entrance.clone(), by.clone(), body);
        let body = body::upload(body, bounds.proxy_body_bytes, bounds.proxy_time).await;
        self.entrance.before(&mut by).await.map_err(|failure| (failure, None))?;
        let body = body.map_err(|refused| self.no_body(&refused, bounds.proxy_body_bytes))?;
        let wanted = ProxiedRequest {
            connection: whose.connection,
            identifier: whose.identifier,
            method: head.method,
            target: asked::target(&head.uri),
            headers: head.headers,
            body,
            asked,
        };
        Ok((proxy::send(&self.app, &ctx, wanted).await.map_err(failed)?, by))
    }

    fn no_body(&self, refused: &body::BodyError, most: usize) -> Refusal {
        match refused {
            body::BodyError::TooLong => {
                self.app.metrics().refused(Limit::ProxyBody);
                let name = Limit::ProxyBody.name();
                let message = format!("the request was not made: its body has more than {most} bytes ({name})");
                (Failure::invalid(message), Some(StatusCode::PAYLOAD_TOO_LARGE))
            }
            body::BodyError::Broken => (Failure::invalid("the request was not made: its body broke off"), None),
        }
    }

    fn refuse(&self, failure: Failure, status: Option<StatusCode>) -> Response {
        let code = HeaderValue::from_static(failure.kind.name());
        let mut answer = rest::refuse(&self.contract, failure.led_by(OURS));
        if let Some(status) = status {
            *answer.status_mut() = status;
        }
        answer.headers_mut().insert(MARK, code);
        answer
    }
}

/// What this door says of a request that came to nothing. An account that can't be used is a 404, never a 401: that
/// would have an SDK ask again, in vain.
fn failed(failed: Failed) -> Refusal {
    let Failed { why, mut message, link, execution, .. } = failed;
    if let Some(link) = link {
        message = format!("{message}. The link: {}", link.url);
    }
    let message = format!("{message} ({execution})");
    let (kind, status) = match why {
        FailureReason::NotConnected => (Kind::NotFound, None),
        FailureReason::Off => (Kind::PermissionDenied, None),
        FailureReason::App => (Kind::Unavailable, Some(StatusCode::BAD_GATEWAY)),
        why => (why.kind(), None),
    };
    (Failure::new(kind, message), status)
}

//! The gate before every method: who asks, until when, and whether the request keeps its rules. A handler behind it
//! finds a [`Ctx`] and a request that was checked; it cannot be reached any other way, REST included.

use crate::body::{BodyLimit, Unread};
use crate::contract::Contract;
use crate::entrance::{Admitted, Entrance};
use crate::failure::Failure;
use crate::given::{self, To};
use crate::{frame, route, rules, weigh};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use prost_reflect::DynamicMessage;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use valetkey_app::App;
use valetkey_app::calls::{Asked, RequestMemory};
use valetkey_domain::Ctx;
use valetkey_domain::ctx::Cancellation;

/// What the gate needs to decide.
#[derive(Clone)]
pub(crate) struct Gate {
    /// The use cases.
    pub(crate) app: App,
    /// Who comes in.
    pub(crate) entrance: Entrance,
    /// Methods and rules.
    pub(crate) contract: Arc<Contract>,
    /// How long a message may be.
    pub(crate) limit: BodyLimit,
}

/// Lets a call of a method through, or answers it.
pub(crate) async fn method(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    if !is_grpc(request.headers()) {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "this path speaks gRPC; REST is under /api/v1/").into_response();
    }
    let path = request.uri().path().to_owned();
    let known = gate.contract.method(&path).is_some();
    let response = gate.call(&path, request, next).await.unwrap_or_else(refuse);
    if known { route::by(&path, response) } else { response }
}

/// What a gRPC call gets whose path nobody knows; none if it isn't one.
#[must_use]
pub fn unknown_method(path: &str, headers: &HeaderMap) -> Option<Response> {
    is_grpc(headers).then(|| refuse(Failure::no_method(path)))
}

/// Whether a request speaks gRPC.
fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind == "application/grpc" || kind.starts_with("application/grpc+") || kind.starts_with("application/grpc;")
}

impl Gate {
    async fn call(&self, path: &str, request: Request, next: Next) -> Result<Response, Failure> {
        // Whoever came by REST was let in there, before its body was read. Nothing outside can make such a thing.
        let admitted = match request.extensions().get::<Admitted>() {
            Some(admitted) => admitted.clone(),
            None => self.entrance.admit(path, request.headers()).await?,
        };
        let (time_left, id, called) = (admitted.time_left, admitted.ctx.request.clone(), admitted.called.clone());
        let answered = tokio::time::timeout(time_left, self.answer(path, request, next, admitted)).await;
        let answered = answered.unwrap_or_else(|_| Err(Failure::too_late()));
        answered.map_err(|failure| called.failed(failure, self.app.now()).of(&id))
    }

    /// Reads the body, looks again who asks if that took long, checks the rules, and calls the method.
    async fn answer(&self, path: &str, request: Request, next: Next, mut by: Admitted) -> Result<Response, Failure> {
        let gone = CancellationToken::new();
        let _told_when_dropped = gone.clone().drop_guard();
        let (mut head, body) = request.into_parts();
        // Whoever makes JSON of the answer came with this.
        let to = if head.extensions.get::<Admitted>().is_some() { To::Json } else { To::Wire };
        let read = self.limit.read(&by.ctx, body, head.extensions.remove()).await;
        let (body, mut asked) = read.map_err(|unread| match unread {
            Unread::NotWhole => Failure::too_large(self.limit.most),
            Unread::Full(failure) => failure,
        })?;
        self.entrance.before(&mut by).await?;
        self.check(path, &body, &by.ctx, &mut asked).await?;
        head.extensions.insert(Ctx { cancellation: Arc::new(Caller(gone)), ..by.ctx.clone() });
        head.extensions.insert(asked);
        head.extensions.insert(by.called.clone());
        let response = next.run(Request::from_parts(head, Body::from(body))).await;
        self.entrance.after(path, &mut by).await?;
        let reads = self.contract.method(path).is_some_and(|method| method.reads());
        let asked = if reads { Asked::Read } else { Asked::Done };
        given::written(&self.app, &by.ctx, asked, to, response).await
    }

    async fn check(&self, path: &str, body: &Bytes, ctx: &Ctx, asked: &mut RequestMemory) -> Result<(), Failure> {
        let method = self.contract.method(path).ok_or_else(|| Failure::no_method(path))?;
        let (of, message) = (method.descriptor.input(), frame::unwrap(body)?);
        let values = weigh::check(&of, &message)?;
        self.limit.fit(ctx, asked, message.len(), values).await?;
        let message = DynamicMessage::decode(of, message);
        let message = message.map_err(|why| Failure::invalid(format!("the request is no {path} message: {why}")))?;
        rules::check(&self.contract.rules, &message)
    }
}

/// Knows when the call was dropped: the client hung up, or its time ran out.
struct Caller(CancellationToken);

impl Cancellation for Caller {
    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

fn refuse(failure: Failure) -> Response {
    Status::from(failure).into_http()
}

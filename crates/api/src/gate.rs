//! The gate before every method: who asks, until when, and whether the request keeps its rules. A handler behind it
//! finds a [`Ctx`] and a request that was checked; it cannot be reached any other way, REST included.

use crate::body::BodyLimit;
use crate::contract::Contract;
use crate::failure::Failure;
use crate::{bearer, deadline, frame, route};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use prost_reflect::DynamicMessage;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use valetkey_app::{App, doors};
use valetkey_domain::ctx::Cancellation;
use valetkey_domain::{Ctx, Kind};

/// What the gate needs to decide.
#[derive(Clone)]
pub(crate) struct Gate {
    /// The system.
    pub(crate) app: App,
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
    let response = gate.call(&path, request, next).await;
    if known { route::by(&path, response) } else { response }
}

impl Gate {
    async fn call(&self, path: &str, request: Request, next: Next) -> Response {
        let (ctx, patience) = match self.admit(path, request.headers()).await {
            Ok(admitted) => admitted,
            Err(failure) => return refuse(failure),
        };
        let gone = CancellationToken::new();
        let _told_when_dropped = gone.clone().drop_guard();
        let ctx = Ctx { cancellation: Arc::new(Caller(gone)), ..ctx };
        let called = async {
            match self.checked(path, request, &ctx).await {
                Ok(request) => next.run(request).await,
                Err(failure) => refuse(failure.of(&ctx.request)),
            }
        };
        match tokio::time::timeout(patience, called).await {
            Ok(response) => response,
            Err(_) => refuse(too_late().of(&ctx.request)),
        }
    }
}

/// Lets anyone with a client's token through, whatever is asked: for services that show nothing of an environment.
pub(crate) async fn client(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    match gate.client(request.headers()).await {
        Ok(_) => next.run(request).await,
        Err(failure) => refuse(failure),
    }
}

/// What a gRPC call gets whose path nobody knows; none if it isn't one.
#[must_use]
pub fn unknown_method(path: &str, headers: &HeaderMap) -> Option<Response> {
    is_grpc(headers).then(|| refuse(no_such_method(path)))
}

/// Whether a request speaks gRPC.
fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind == "application/grpc" || kind.starts_with("application/grpc+") || kind.starts_with("application/grpc;")
}

impl Gate {
    /// Unknown methods first, for they are told to anyone; then the caller; then what isn't offered yet.
    async fn admit(&self, path: &str, headers: &HeaderMap) -> Result<(Ctx, Duration), Failure> {
        let method = self.contract.method(path).ok_or_else(|| no_such_method(path))?;
        let ctx = self.client(headers).await?;
        if !method.implemented {
            let message = format!("{} is not implemented by this server", path.trim_start_matches('/'));
            return Err(Failure::new(Kind::Unimplemented, message).of(&ctx.request));
        }
        let patience = deadline::patience(headers, self.app.settings.bounds.api_time)
            .map_err(|failure| failure.of(&ctx.request))?;
        if patience.is_zero() {
            return Err(too_late().of(&ctx.request));
        }
        Ok((Ctx { deadline: self.app.now() + patience, ..ctx }, patience))
    }

    async fn client(&self, headers: &HeaderMap) -> Result<Ctx, Failure> {
        let token = bearer::token(headers)?;
        doors::client_token(&self.app, token).await.map_err(|error| Failure::from_app(&error, None))
    }

    /// Reads the body, checks the rules, and puts it back together with the caller's context.
    async fn checked(&self, path: &str, request: Request, ctx: &Ctx) -> Result<Request, Failure> {
        let (mut head, body) = request.into_parts();
        let body = self.limit.read(body).await.ok_or_else(|| too_large(self.limit.most))?;
        self.check(path, &body)?;
        head.extensions.insert(ctx.clone());
        Ok(Request::from_parts(head, Body::from(body)))
    }

    fn check(&self, path: &str, body: &Bytes) -> Result<(), Failure> {
        let method = self.contract.method(path).ok_or_else(|| no_such_method(path))?;
        let message = DynamicMessage::decode(method.descriptor.input(), frame::unwrap(body)?);
        let message = message.map_err(|why| Failure::invalid(format!("the request is no {path} message: {why}")))?;
        self.contract.rules.check(&message)
    }
}

/// Knows when the call was dropped: the client hung up, or its time ran out.
struct Caller(CancellationToken);

impl Cancellation for Caller {
    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

fn no_such_method(path: &str) -> Failure {
    Failure::new(Kind::Unimplemented, format!("there is no method {}", path.trim_start_matches('/')))
}

fn too_late() -> Failure {
    Failure::new(Kind::DeadlineExceeded, "no answer within the caller's time")
}

fn too_large(most: usize) -> Failure {
    Failure::new(Kind::ResourceExhausted, format!("a request may have {most} bytes at most"))
}

fn refuse(failure: Failure) -> Response {
    Status::from(failure).into_http()
}

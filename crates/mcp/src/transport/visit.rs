//! One POST, from its door to its answer.

use super::door::{Door, json};
use super::{Desk, body, call, words};
use crate::protocol::fault::{INTERNAL_ERROR, INVALID_REQUEST};
use crate::protocol::message::{self, Refused};
use crate::protocol::{Ask, Body, Fault, Id, Message, Mirror, Reply, Request, Version, ask, envelope};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::future::join_all;
use serde_json::{Map, Value};
use valetkey_app::served::Served;
use valetkey_domain::Ctx;

/// Who came, to what, and with which headers.
pub(super) struct Visit<'a> {
    pub(super) desk: &'a Desk,
    pub(super) ctx: Ctx,
    pub(super) served: Served,
    pub(super) headers: HeaderMap,
}

/// Answers a POST.
pub(super) async fn receive(desk: &Desk, door: Door, request: axum::extract::Request) -> Response {
    let (ctx, served) = match door.open(desk).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let (parts, posted) = request.into_parts();
    let bytes = match body::read(&desk.app, posted).await {
        Ok(bytes) => bytes,
        Err(reply) => return json(reply),
    };
    let visit = Visit { desk, ctx, served, headers: parts.headers };
    match message::read(&bytes) {
        Ok(Body::One(Message::Request(request))) => visit.request(door, request).await,
        Ok(Body::One(other)) => visit.told(&other),
        Ok(Body::Batch(items)) => visit.batch(items).await,
        Err(Refused { id, fault }) => json(Reply::fault(id.as_ref(), &fault)),
    }
}

impl Visit<'_> {
    async fn request(&self, door: Door, request: Request) -> Response {
        let Request { id, method, params } = request;
        match self.read(&method, params) {
            Ok((version, Ask::Call(call))) => call::answer(self, door, id, version, call).await,
            Ok((version, ask)) => json(self.reply(&id, version, ask).await),
            Err(fault) => json(Reply::fault(Some(&id), &fault)),
        }
    }

    fn read(&self, method: &str, params: Map<String, Value>) -> Result<(Version, Ask), Fault> {
        let mirror = Mirror::of(&self.headers);
        let version = envelope::version(&mirror, method, &params, self.desk.settings.tolerance)?;
        Ok((version, ask::read(version, method, params)?))
    }

    async fn reply(&self, id: &Id, version: Version, ask: Ask) -> Reply {
        match ask {
            Ask::Initialize(agreed) => match self.instructions(version).await {
                Ok(words) => Reply::initialized(id, agreed, &words),
                Err(fault) => Reply::fault(Some(id), &fault),
            },
            Ask::Discover => match self.instructions(version).await {
                Ok(words) => Reply::discovered(id, &words),
                Err(fault) => Reply::fault(Some(id), &fault),
            },
            Ask::Ping => Reply::pong(id),
            Ask::List => Reply::listed(id, version, &self.served.set.listed),
            Ask::Call(call) => call::whole(self, id, version, call).await,
        }
    }

    async fn instructions(&self, version: Version) -> Result<String, Fault> {
        words::instructions(&self.desk.app, &self.ctx, &self.served).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "an opening could not be answered");
            Fault::of(version, INTERNAL_ERROR, "the server cannot answer right now: try again in a moment")
        })
    }

    /// A message that wants no answer.
    fn told(&self, message: &Message) -> Response {
        let mirror = Mirror::of(&self.headers);
        if let Err(fault) = envelope::notified(&mirror) {
            return json(Reply::fault(None, &fault));
        }
        let modern = mirror.version.and_then(Version::parse).is_some_and(Version::modern);
        match message {
            Message::Response if modern => {
                let fault =
                    Fault::bad(INVALID_REQUEST, "nothing was asked from here, so there is nothing to respond to");
                return json(Reply::fault(None, &fault));
            }
            Message::Notification { method, params } if method == "notifications/cancelled" && !modern => {
                self.cancelled(params);
            }
            _ => {}
        }
        StatusCode::ACCEPTED.into_response()
    }

    fn cancelled(&self, params: &Map<String, Value>) {
        if let Some(id) = params.get("requestId").and_then(Id::read) {
            self.desk.flights.cancel(&self.served.instance.id, &id);
        }
    }

    /// Several messages at once, which only the first revision has.
    async fn batch(&self, items: Vec<Result<Message, Refused>>) -> Response {
        let mirror = Mirror::of(&self.headers);
        if mirror.version.is_some_and(|header| header != Version::V2025_03_26.as_str()) {
            let fault =
                Fault::bad(INVALID_REQUEST, "batches are part of protocol version 2025-03-26 only: send one message");
            return json(Reply::fault(None, &fault));
        }
        let replies = join_all(items.into_iter().map(|item| self.in_batch(item))).await;
        let replies: Vec<_> = replies.into_iter().flatten().map(|reply| reply.body).collect();
        if replies.is_empty() {
            return StatusCode::ACCEPTED.into_response();
        }
        let body = [&b"["[..], &replies.join(&b","[..]), b"]"].concat();
        ([(header::CONTENT_TYPE, "application/json")], body).into_response()
    }

    async fn in_batch(&self, item: Result<Message, Refused>) -> Option<Reply> {
        let request = match item {
            Ok(Message::Request(request)) => request,
            Ok(told) => {
                self.told(&told);
                return None;
            }
            Err(Refused { id, fault }) => return Some(Reply::fault(id.as_ref(), &fault)),
        };
        Some(match self.read(&request.method, request.params) {
            Ok((_, Ask::Initialize(_))) => {
                let fault = Fault::bad(INVALID_REQUEST, "'initialize' must come alone");
                Reply::fault(Some(&request.id), &fault)
            }
            Ok((version, ask)) => self.reply(&request.id, version, ask).await,
            Err(fault) => Reply::fault(Some(&request.id), &fault),
        })
    }
}

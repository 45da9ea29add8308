//! One POST, from its door to its answer.
//!
//! The door is opened on the headers alone, before a byte of the body is read. A client may keep us waiting with the
//! body, and its URL may be revoked meanwhile: so what the door said stands for [`DOOR_VALID_FOR`], and is asked again before
//! anything is done.

use super::accept::Accepts;
use super::answer::{json, one, several};
use super::authorized_post::AuthorizedPost;
use super::call::Client;
use super::door::{Behind, Door};
use super::state::TransportState;
use super::{body, call, guidance};
use crate::protocol::elicit::{self, Capabilities, SESSION_HEADER};
use crate::protocol::fault::{INTERNAL_ERROR, INVALID_REQUEST};
use crate::protocol::message::{self, Refused};
use crate::protocol::{Ask, Body, Elicits, Fault, Id, Message, Mirror, Reply, Request, Version, ask, envelope};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::future::join_all;
use serde_json::{Map, Value};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use valetkey_app::calls::RequestMemory;
use valetkey_app::servers::remote;

/// How long what the door said stands until something is done.
const DOOR_VALID_FOR: Duration = Duration::from_millis(100);

/// Answers a POST.
pub(super) async fn receive(state: &TransportState, door: Door, request: axum::extract::Request) -> Response {
    let opened = Instant::now();
    let (ctx, behind) = match door.open(state).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let (parts, posted) = request.into_parts();
    let read = body::read(&state.app, &ctx, &parts.headers, posted).await;
    let accepts = Accepts::of(&parts.headers);
    let mut post =
        AuthorizedPost { state, door, ctx, behind, headers: parts.headers, accepts, asked: RequestMemory::default() };
    if opened.elapsed() > DOOR_VALID_FOR {
        match post.again().await {
            Ok(behind) => post.behind = behind,
            Err(refusal) => return refusal,
        }
    }
    let read = read.map(|(bytes, asked)| {
        post.asked = asked;
        message::read(&bytes)
    });
    match read {
        Ok(Ok(Body::One(Message::Request(request)))) => post.request(request).await,
        Ok(Ok(Body::One(other))) => post.acknowledge(&other),
        Ok(Ok(Body::Batch(items))) => post.batch(items).await,
        Ok(Err(Refused { id, fault })) => one(accepts, Reply::fault(id.as_ref(), &fault)),
        Err(reply) => json(reply),
    }
}

impl AuthorizedPost<'_> {
    async fn request(&self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let declared = Capabilities::of(&method, &params);
        let opens = declared.questions.pages;
        match self.read(&method, params) {
            Ok((version, Ask::Call(call))) => {
                let elicits = Elicits::of(version, &self.headers, opens);
                call::answer(self, id, Client { version, elicits, declared }, call).await
            }
            Ok((version, Ask::Initialize(agreed))) => match self.reply(&id, version, Ask::Initialize(agreed)).await {
                Ok(reply) => remembered(one(self.accepts, reply), elicit::session(agreed, opens)),
                Err(refusal) => refusal,
            },
            Ok((version, ask)) => match self.reply(&id, version, ask).await {
                Ok(reply) => one(self.accepts, reply),
                Err(refusal) => refusal,
            },
            Err(fault) => one(self.accepts, Reply::fault(Some(&id), &fault)),
        }
    }

    fn read(&self, method: &str, params: Map<String, Value>) -> Result<(Version, Ask), Fault> {
        let mirror = Mirror::of(&self.headers);
        let version = envelope::version(&mirror, method, &params, self.state.settings.tolerance)?;
        Ok((version, ask::read(version, method, params)?))
    }

    async fn reply(&self, id: &Id, version: Version, ask: Ask) -> Result<Reply, Response> {
        Ok(match ask {
            Ask::Initialize(agreed) => match self.instructions(version).await {
                Ok(words) => Reply::initialized(id, agreed, &words),
                Err(fault) => Reply::fault(Some(id), &fault),
            },
            Ask::Discover => match self.instructions(version).await {
                Ok(words) => Reply::discovered(id, &words),
                Err(fault) => Reply::fault(Some(id), &fault),
            },
            Ask::Ping => Reply::pong(id),
            Ask::List => match self.listed(id, version).await {
                Ok(reply) => reply,
                Err(error) => Reply::fault(Some(id), &unanswered(version, &error)),
            },
            Ask::Call(call) => {
                let client = Client { version, elicits: Elicits::InWords, declared: Capabilities::default() };
                return call::as_one_reply(self, id, client, call).await;
            }
        })
    }

    async fn listed(&self, id: &Id, version: Version) -> valetkey_app::Result<Reply> {
        match &self.behind {
            Behind::User(served) => {
                let listing = remote::listed(&self.state.app, &self.ctx, served).await?;
                Ok(Reply::listed(id, version, listing.tools, &listing.missing))
            }
            Behind::Control(plane, _) => Ok(Reply::listed(id, version, plane.tools()?, &[])),
        }
    }

    async fn instructions(&self, version: Version) -> Result<String, Fault> {
        let words = match &self.behind {
            Behind::User(served) => guidance::instructions(&self.state.app, &self.ctx, served).await,
            Behind::Control(plane, _) => Ok(plane.instructions().to_owned()),
        };
        words.map_err(|error| unanswered(version, &error))
    }

    /// A message that wants no answer.
    fn acknowledge(&self, message: &Message) -> Response {
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
            self.state.flights.cancel(&self.behind.id(), &id);
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
        let room = AtomicUsize::new(self.state.app.settings().bounds.answer_bytes);
        let replies = join_all(items.into_iter().map(|item| self.in_batch(item, &room))).await;
        let replies = match replies.into_iter().collect::<Result<Vec<_>, Response>>() {
            Ok(replies) => replies.into_iter().flatten().collect::<Vec<_>>(),
            Err(refusal) => return refusal,
        };
        if replies.is_empty() { StatusCode::ACCEPTED.into_response() } else { several(self.accepts, replies) }
    }

    async fn in_batch(&self, item: Result<Message, Refused>, room: &AtomicUsize) -> Result<Option<Reply>, Response> {
        let request = match item {
            Ok(Message::Request(request)) => request,
            Ok(acknowledge) => {
                self.acknowledge(&acknowledge);
                return Ok(None);
            }
            Err(Refused { id, fault }) => return Ok(Some(Reply::fault(id.as_ref(), &fault))),
        };
        let reply = match self.read(&request.method, request.params) {
            Ok((_, Ask::Initialize(_))) => {
                let fault = Fault::bad(INVALID_REQUEST, "'initialize' must come alone");
                Reply::fault(Some(&request.id), &fault)
            }
            Ok((version, ask)) => self.reply(&request.id, version, ask).await?,
            Err(fault) => Reply::fault(Some(&request.id), &fault),
        };
        Ok(Some(within(room, &request.id, reply)))
    }
}

/// The opening's answer, with the session id that brings back what the client said of itself.
fn remembered(mut opened: Response, session: Option<&'static str>) -> Response {
    if let Some(session) = session {
        opened.headers_mut().insert(SESSION_HEADER, HeaderValue::from_static(session));
    }
    opened
}

fn unanswered(version: Version, error: &valetkey_app::Error) -> Fault {
    tracing::error!(error = error as &dyn std::error::Error, "a request could not be answered");
    Fault::of(version, INTERNAL_ERROR, "the server cannot answer right now: try again in a moment")
}

/// A reply of a batch, if there is room for it beside the others: fifty small questions can have fifty large answers.
fn within(room: &AtomicUsize, id: &Id, reply: Reply) -> Reply {
    let size = reply.length();
    if room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(size)).is_ok() {
        return reply;
    }
    let message = "the answers of this batch are too long together, so this one was left out (a call was carried out \
                   all the same): send the request alone";
    Reply::fault(Some(id), &Fault::bad(INTERNAL_ERROR, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_78_fifty_small_questions_do_not_get_fifty_large_answers() {
        let (room, id) = (AtomicUsize::new(1_000), Id::Text("a".into()));
        let listed = |id: &Id| Reply::listed(id, Version::V2025_03_26, [b' '; 300][..].into(), &[]);
        let replies: Vec<_> = (0..50).map(|_| within(&room, &id, listed(&id))).collect();
        let as_one_reply = replies.iter().filter(|reply| reply.length() > 300).count();
        assert_eq!(as_one_reply, 2, "as many as there is room for");
        let left_out = String::from_utf8_lossy(&replies[2].body[0]);
        assert!(left_out.contains("left out") && left_out.contains(r#""id":"a""#), "{left_out}");
    }
}

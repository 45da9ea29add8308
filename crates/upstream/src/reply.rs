//! The answer to one POST: JSON, or a stream of events in which it comes.

use crate::carrier::Carrier;
use crate::error::Error;
use crate::measured::Measured;
use crate::message::{self, Id, Incoming};
use crate::stream::{Events, Resume, broken};
use crate::text::{Rooms, Text};
use crate::words;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http::{Response, StatusCode, header};
use http_body::Body;
use std::pin::Pin;

/// How much of a failure's body is read.
const WORDS: usize = 16 * 1024;
/// How many messages that are no answer a stream may bring.
const MOST_MESSAGES: usize = 10_000;

/// What becomes of one message.
pub(crate) enum Told<R> {
    /// The result, and the room that it takes.
    Answer(serde_json::Value, Rooms<R>),
    /// What is to be answered to the server, and whether it asked the user something.
    Asked(Bytes, bool),
    /// How far it is.
    Progress(f64, Option<f64>, String),
    /// It has other tools by now.
    ToolsChanged,
    /// The stream ended before the answer came; the last event that it named, to go on from.
    Ended(Option<Resume>),
}

/// An answer under way.
#[expect(clippy::large_enum_variant, reason = "one for each request, on the stack of its task")]
pub(crate) enum Reply<'a, C: Carrier> {
    /// JSON.
    Whole(&'a C, Measured<'a, C>),
    /// Events.
    Events(&'a C, Events<'a, C>),
}

impl<'a, C: Carrier> Reply<'a, C> {
    /// Looks what sort of answer it is. `named` says whether a session was named in the request.
    pub(crate) async fn of(carrier: &'a C, answer: Response<C::Body>, named: bool) -> Result<Self, Error<C::Fault>> {
        let status = answer.status();
        if !status.is_success() {
            return Err(failure::<C>(answer, named).await);
        }
        let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "text/event-stream" => Ok(Self::Events(carrier, Events::new(carrier, answer.into_body()))),
            "application/json" => Ok(Self::Whole(carrier, Measured::whole(carrier, answer.into_body()))),
            _ if status == StatusCode::ACCEPTED || status == StatusCode::NO_CONTENT => {
                Err(Error::nonsense("it accepted the request without an answer"))
            }
            other => Err(Error::nonsense(format!("it is '{}', not JSON and no stream of events", words::shown(other)))),
        }
    }

    /// The next that concerns this request.
    pub(crate) async fn next(&mut self, id: Id) -> Result<Told<C::Room>, Error<C::Fault>> {
        match self {
            Self::Whole(carrier, body) => {
                let bytes = collect(body, usize::MAX).await.map_err(Error::Unsent)?;
                let text = Text { bytes, room: body.held().take() };
                match text.read(*carrier, id).await? {
                    (Incoming::Answer(value), rooms) => Ok(Told::Answer(value, rooms)),
                    (Incoming::Refusal(refusal), _) => Err(refusal.into()),
                    _ => Err(Error::nonsense("it is no answer to the request")),
                }
            }
            Self::Events(carrier, events) => next_event(*carrier, events, id).await,
        }
    }
}

/// Reads events until one concerns the request.
async fn next_event<C: Carrier>(
    carrier: &C,
    events: &mut Events<'_, C>,
    id: Id,
) -> Result<Told<C::Room>, Error<C::Fault>> {
    loop {
        // Many small events that are there at once keep no thread.
        tokio::task::coop::consume_budget().await;
        let Some(event) = events.inner.next().await else { return Ok(Told::Ended(events.resume.clone())) };
        let room = events.held.take();
        let event = event.map_err(broken)?;
        events.remember(&event);
        let data = event.data.filter(|data| !data.is_empty());
        let Some(data) = data.filter(|_| matches!(event.event.as_deref(), None | Some("message"))) else { continue };
        events.seen += 1;
        if events.seen > MOST_MESSAGES {
            return Err(Error::TooMuch { what: "messages before its answer", most: MOST_MESSAGES });
        }
        let (incoming, rooms) = Text { bytes: data.into(), room }.read(carrier, id).await?;
        match incoming {
            Incoming::Answer(value) => return Ok(Told::Answer(value, rooms)),
            Incoming::Refusal(refusal) => return Err(refusal.into()),
            Incoming::Asked(answer, user) => return Ok(Told::Asked(answer, user)),
            Incoming::Progress { done, total, message } => return Ok(Told::Progress(done, total, message)),
            Incoming::ToolsChanged => return Ok(Told::ToolsChanged),
            Incoming::Other => {}
        }
    }
}

/// What a status that is no success means. The modern era's errors ride on 400 and 404, and are what their body says.
pub(crate) async fn failure<C: Carrier>(answer: Response<C::Body>, named: bool) -> Error<C::Fault> {
    let (parts, mut body) = answer.into_parts();
    let status = parts.status;
    let body = collect(&mut body, WORDS).await.unwrap_or_default();
    let said = words::of_failure(&body);
    let of_session = status == StatusCode::NOT_FOUND
        || status == StatusCode::BAD_REQUEST && said.to_ascii_lowercase().contains("session");
    let challenge =
        parts.headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if status == StatusCode::UNAUTHORIZED {
        return Error::Unauthorized { challenge };
    }
    if named && of_session {
        return Error::SessionEnded;
    }
    let may_refuse = matches!(status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND);
    if let Some(refusal) = message::refusal_of(&body).filter(|_| may_refuse) {
        return refusal.into();
    }
    let retry_after = words::pause(parts.headers.get(header::RETRY_AFTER));
    Error::Status { status: status.as_u16(), words: said, challenge, retry_after }
}

/// A body, no more than `most` bytes of it.
async fn collect<B>(body: &mut B, most: usize) -> Result<Bytes, B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut whole = BytesMut::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
        let Ok(data) = frame?.into_data() else { continue };
        let room = most - whole.len();
        whole.extend_from_slice(data.get(..room).unwrap_or(&data));
        if whole.len() >= most {
            break;
        }
    }
    Ok(whole.freeze())
}

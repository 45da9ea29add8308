//! Long answers of methods. They are counted before they are written, and written off the async threads; over gRPC each
//! keeps its room until it was sent, by REST it hands that on to the JSON that is made of it.

use crate::failure::Failure;
use crate::hinted;
use axum::body::HttpBody as _;
use axum::response::Response;
use futures::{FutureExt as _, stream};
use http_body::Frame;
use http_body_util::BodyExt as _;
use prost::Message;
use std::sync::{Arc, Mutex, PoisonError};
use valetkey_app::App;
use valetkey_app::calls::{AnswerRoom, Asked, LONG, make_room};
use valetkey_domain::{Ctx, Kind};

/// How much room is made for the JSON of a message, for each of its bytes.
const AS_JSON: usize = 3;

/// An answer that is a long one, and the room that it has already.
#[derive(Clone, Debug)]
pub(crate) struct LongAnswer {
    bytes: usize,
    room: Arc<Mutex<AnswerRoom>>,
}

impl LongAnswer {
    /// What there is to be said of an answer before it is written: something, if it is a long one.
    pub(crate) fn of(message: &impl Message, room: AnswerRoom) -> Option<Self> {
        let bytes = message.encoded_len();
        (bytes > LONG).then(|| Self { bytes, room: Arc::new(Mutex::new(room)) })
    }

    /// Its room, which the first who asks has.
    pub(crate) fn room(&self) -> AnswerRoom {
        std::mem::take(&mut self.room.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Who gets an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// A client, as it is.
    Wire,
    /// Who makes JSON of it.
    Json,
}

/// Writes a method's answer, if it is a long one, once there is room for it.
///
/// # Errors
/// There is none in time.
pub(crate) async fn written(
    app: &App,
    ctx: &Ctx,
    asked: Asked,
    to: To,
    mut response: Response,
) -> Result<Response, Failure> {
    let Some(long) = response.extensions_mut().remove::<LongAnswer>() else { return Ok(response) };
    let mut room = long.room();
    match to {
        To::Json if room.is_some() => {}
        To::Json => fit(app, ctx, &mut room, long.bytes * AS_JSON, asked).await?,
        To::Wire => fit(app, ctx, &mut room, long.bytes, asked).await?,
    }
    let (mut head, body) = response.into_parts();
    let length = body.size_hint();
    // One message that is there: nothing in it waits.
    let writing = app.tasks().spawn_blocking(move || body.collect().now_or_never());
    let Ok(Some(Ok(whole))) = writing.await else {
        return Err(Failure::new(Kind::Internal, "the call was made, but its answer can't be written"));
    };
    let trailers = whole.trailers().cloned().map(Frame::trailers);
    let mut message = whole.to_bytes();
    match to {
        To::Wire => message = room.hold(message),
        To::Json => drop(head.extensions.insert(LongAnswer { bytes: message.len(), room: Arc::new(Mutex::new(room)) })),
    }
    let frames = [Frame::data(message)].into_iter().chain(trailers).map(Ok);
    Ok(Response::from_parts(head, hinted::body(stream::iter(frames), length)))
}

/// Makes an answer's room fit.
///
/// # Errors
/// There is not so much of it.
pub(crate) async fn fit(
    app: &App,
    ctx: &Ctx,
    room: &mut AnswerRoom,
    bytes: usize,
    asked: Asked,
) -> Result<(), Failure> {
    make_room(app, ctx, room, bytes, asked).await.map_err(|error| Failure::from_app(&error, Some(&ctx.request)))
}

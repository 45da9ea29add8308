//! The body of an app's answer, on its way to the caller.

use crate::calls::limits::{CallSlot, HostSlot};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use valetkey_core::AnswerRoom;
use valetkey_outbound::{Download, Error};

/// The body of an app's answer. As long as it is there, its request counts as in flight.
pub struct Answered {
    body: Part,
    _turn: Option<HostSlot>,
    _in_flight: Option<CallSlot>,
}

enum Part {
    /// Handed on as it comes.
    Streamed(Download),
    /// Looked through.
    Whole(Bytes),
}

impl Answered {
    pub(super) fn streamed(body: Download, turn: HostSlot) -> Self {
        Self { body: Part::Streamed(body), _turn: Some(turn), _in_flight: None }
    }

    pub(super) fn whole(body: Bytes, room: AnswerRoom) -> Self {
        Self { body: Part::Whole(room.hold(body)), _turn: None, _in_flight: None }
    }

    /// The same, keeping a place among the calls in flight.
    pub(super) fn holding(self, in_flight: CallSlot) -> Self {
        Self { _in_flight: Some(in_flight), ..self }
    }
}

impl Body for Answered {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.body {
            Part::Streamed(body) => Pin::new(body).poll_frame(cx),
            Part::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Part::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.body {
            Part::Streamed(body) => body.is_end_stream(),
            Part::Whole(bytes) => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Part::Streamed(body) => body.size_hint(),
            Part::Whole(bytes) => SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
        }
    }
}

//! A stream of events, and where it can be taken up again.

use crate::carrier::Carrier;
use crate::error::Error;
use crate::measured::{Held, Measured};
use sse_stream::{Sse, SseStream};

/// The pause before a stream is taken up again, where the server names none, and the longest that is waited.
const PAUSE: u64 = 1_000;
const LONGEST_PAUSE: u64 = 10_000;
/// The longest id of an event that is sent back.
const LONGEST_ID: usize = 1_024;

/// Where an answer that broke off goes on.
#[derive(Clone, Debug)]
pub(crate) struct Resume {
    /// The last event's id.
    pub(crate) after: String,
    /// How long to wait before asking, in milliseconds.
    pub(crate) pause: u64,
}

/// The events of one answer.
pub(crate) struct Events<'a, C: Carrier> {
    pub(crate) inner: SseStream<Measured<'a, C>>,
    /// What is held of the event that is being read.
    pub(crate) held: Held<C::Room>,
    /// Where to go on, once an event had an id.
    pub(crate) resume: Option<Resume>,
    /// How many messages came.
    pub(crate) seen: usize,
    pause: u64,
}

impl<'a, C: Carrier> Events<'a, C> {
    pub(crate) fn new(carrier: &'a C, body: C::Body) -> Self {
        let body = Measured::in_parts(carrier, body);
        Self { held: body.held(), inner: SseStream::new(body), resume: None, seen: 0, pause: PAUSE }
    }

    /// Keeps what an event says of where to go on.
    pub(crate) fn remember(&mut self, event: &Sse) {
        self.pause = event.retry.unwrap_or(self.pause).min(LONGEST_PAUSE);
        if let Some(id) = event.id.as_ref().filter(|id| !id.is_empty() && id.len() <= LONGEST_ID) {
            self.resume = Some(Resume { after: id.clone(), pause: self.pause });
        } else if let Some(resume) = &mut self.resume {
            resume.pause = self.pause;
        }
    }
}

/// Why a stream ended with no end of its own.
pub(crate) fn broken<F: crate::carrier::Fault>(error: sse_stream::Error) -> Error<F> {
    match error {
        sse_stream::Error::Body(cause) => match cause.downcast::<F>() {
            Ok(fault) => Error::Unsent(*fault),
            Err(other) => Error::Nonsense(other.to_string()),
        },
        other => Error::Nonsense(other.to_string()),
    }
}

//! The body of an answer, for which room is asked before more than a little of it is held.

use crate::carrier::Carrier;
use bytes::Bytes;
use http_body::{Body, Frame};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

/// So much is held without asking; the requests that may be under way bound it.
pub(crate) const SHORT: usize = 64 * 1024;

type Asking<'a, C> = Pin<Box<dyn Future<Output = Result<<C as Carrier>::Room, <C as Carrier>::Fault>> + Send + 'a>>;

/// A body that asks for room before each part, once more than a little is held of it.
pub(crate) struct Measured<'a, C: Carrier> {
    carrier: &'a C,
    body: C::Body,
    /// How long it is, if something says so.
    length: Option<usize>,
    held: Held<C::Room>,
    asking: Option<Asking<'a, C>>,
}

/// What is held of a body: all that came since somebody took something out of it.
pub(crate) struct Held<R>(Arc<Mutex<State<R>>>);

struct State<R> {
    bytes: usize,
    room: Option<R>,
}

impl<R> Clone for Held<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R> Held<R> {
    /// Takes the room of what was read, which is somebody else's from now on.
    pub(crate) fn take(&self) -> Option<R> {
        let mut state = self.state();
        state.bytes = 0;
        state.room.take()
    }

    fn lacks_room(&self) -> bool {
        let state = self.state();
        state.bytes > SHORT && state.room.is_none()
    }

    fn state(&self) -> MutexGuard<'_, State<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a, C: Carrier> Measured<'a, C> {
    /// All of it is held until it has ended.
    pub(crate) fn whole(carrier: &'a C, body: C::Body) -> Self {
        let length = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
        Self { length, ..Self::in_parts(carrier, body) }
    }

    /// It is held part by part, and how long each is nobody knows.
    pub(crate) fn in_parts(carrier: &'a C, body: C::Body) -> Self {
        let held = Held(Arc::new(Mutex::new(State { bytes: 0, room: None })));
        Self { carrier, body, length: None, held, asking: None }
    }

    /// What is held of it.
    pub(crate) fn held(&self) -> Held<C::Room> {
        self.held.clone()
    }
}

impl<C: Carrier> Body for Measured<'_, C> {
    type Data = Bytes;
    type Error = C::Fault;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, C::Fault>>> {
        let this = &mut *self;
        if this.held.lacks_room() {
            let (carrier, length) = (this.carrier, this.length);
            let asking = this.asking.get_or_insert_with(|| Box::pin(carrier.room_to_read(length)));
            let made = ready!(asking.as_mut().poll(cx));
            this.asking = None;
            match made {
                Ok(room) => this.held.state().room = Some(room),
                Err(fault) => return Poll::Ready(Some(Err(fault))),
            }
        }
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            this.held.state().bytes += frame.data_ref().map_or(0, Bytes::len);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }
}

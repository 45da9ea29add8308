//! Connections that nobody uses. HTTP/1.1 has a timer of its own for a request's head; an HTTP/2 connection may live on
//! pings and half a head, so the requests that are open on it are counted.

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The requests that are open on one connection.
#[derive(Clone)]
pub(super) struct Requests(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    begun: Notify,
}

struct State {
    open: usize,
    /// When the last one ended, or the connection began.
    since: Instant,
}

impl Requests {
    /// Of a connection that begins now.
    pub(super) fn none() -> Self {
        let state = Mutex::new(State { open: 0, since: Instant::now() });
        Self(Arc::new(Shared { state, begun: Notify::new() }))
    }

    /// One more, until what this gives is dropped.
    pub(super) fn begin(&self) -> Open {
        self.locked().open += 1;
        self.0.begun.notify_waiters();
        Open(self.clone())
    }

    /// Returns when a request is open, or else after so long.
    pub(super) async fn one_within(&self, limit: Duration) {
        let mut begun = pin!(self.0.begun.notified());
        // From here on none is missed.
        begun.as_mut().enable();
        if self.none_since().is_some() {
            let _ = tokio::time::timeout(limit, begun).await;
        }
    }

    /// Returns when no request was open for so long.
    pub(super) async fn none_for(&self, limit: Duration) {
        loop {
            let free_at = {
                let state = self.locked();
                if state.open == 0 { state.since + limit } else { Instant::now() + limit }
            };
            if free_at <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(free_at).await;
        }
    }

    /// Since when none is open; none if one is.
    pub(super) fn none_since(&self) -> Option<Instant> {
        let state = self.locked();
        (state.open == 0).then_some(state.since)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open request.
pub(super) struct Open(Requests);

impl Open {
    /// The answer's body, with whose end the request ends.
    pub(super) fn until_the_end_of(self, body: Body) -> Body {
        Body::new(Counted { body, _open: self })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.0.locked();
        state.open = state.open.saturating_sub(1);
        state.since = Instant::now();
    }
}

struct Counted {
    body: Body,
    _open: Open,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

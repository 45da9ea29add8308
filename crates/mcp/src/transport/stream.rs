//! An answer as a stream of events: progress, a sign of life now and then, and the outcome as its last event.

use super::Desk;
use super::call::Pending;
use super::door::Door;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use valetkey_app::metrics::Streaming;

/// A stream that is being written.
pub(super) struct Live {
    desk: Desk,
    door: Door,
    pending: Pending,
    first: Option<Bytes>,
    alive: Interval,
    recheck: Interval,
    _counted: Streaming,
}

impl Live {
    /// A stream that begins with `first`, if there is that much to tell already.
    pub(super) fn new(desk: Desk, door: Door, pending: Pending, first: Option<Bytes>) -> Self {
        let (alive, recheck) = (every(desk.settings.patience.alive), every(desk.settings.patience.recheck));
        let counted = desk.app.metrics.streaming();
        Self { desk, door, pending, first, alive, recheck, _counted: counted }
    }

    /// The next piece, and the stream to go on with; none once the URL was revoked.
    async fn next(mut self) -> Option<(Bytes, Option<Self>)> {
        if let Some(first) = self.first.take() {
            return Some((event(&first), Some(self)));
        }
        loop {
            tokio::select! {
                biased;
                Some(line) = self.pending.news.recv() => return Some((event(&line), Some(self))),
                reply = self.pending.outcome.end() => return Some((event(&reply.body), None)),
                _ = self.alive.tick() => return Some((Bytes::from_static(b": still at work\n\n"), Some(self))),
                _ = self.recheck.tick() => {
                    if !self.door.holds(&self.desk).await {
                        self.pending.outcome.cancel();
                        return None;
                    }
                }
            }
        }
    }
}

/// The stream as an answer that no proxy holds back.
pub(super) fn response(live: Live) -> Response {
    let pieces = stream::unfold(Some(live), |live| async {
        let (piece, rest) = live?.next().await?;
        Some((Ok::<_, Infallible>(piece), rest))
    });
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// One event. A JSON message has no line breaks of its own.
fn event(message: &[u8]) -> Bytes {
    [b"event: message\ndata: ", message, b"\n\n"].concat().into()
}

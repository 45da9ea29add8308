//! An answer as a stream of events: progress, a sign of life now and then, and the outcome as its last event.

use super::answer::{event, events, in_few};
use super::door::Door;
use super::pending::Pending;
use super::state::TransportState;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use valetkey_app::Streaming;

/// A stream that is being written.
pub(super) struct Live {
    state: TransportState,
    door: Door,
    pending: Pending,
    first: Option<Bytes>,
    alive: Interval,
    recheck: Interval,
    _counted: Streaming,
}

impl Live {
    /// A stream that begins with `first`, if there is that much to tell already.
    pub(super) fn new(state: TransportState, door: Door, pending: Pending, first: Option<Bytes>) -> Self {
        let (alive, recheck) = (every(state.settings.timing.alive), every(state.settings.timing.recheck));
        let counted = state.app.metrics().streaming();
        Self { state, door, pending, first, alive, recheck, _counted: counted }
    }

    /// The next event in its pieces, and the stream to go on with; none once the URL was revoked.
    async fn next(mut self) -> Option<(Vec<Bytes>, Option<Self>)> {
        loop {
            tokio::select! {
                // First of all, so that a reader who let the stream lie, and whose tick is due, gets nothing unchecked.
                biased;
                _ = self.recheck.tick() => {
                    if !self.door.holds(&self.state).await {
                        self.pending.outcome.cancel();
                        return None;
                    }
                }
                Some(line) = next_progress(&mut self.first, &mut self.pending.news) => return Some((event(vec![line]), Some(self))),
                reply = self.pending.outcome.end() => return Some((event(reply.body), None)),
                _ = self.alive.tick() => return Some((vec![Bytes::from_static(b": still at work\n\n")], Some(self))),
            }
        }
    }
}

/// The next line of progress.
async fn next_progress(first: &mut Option<Bytes>, news: &mut mpsc::Receiver<Bytes>) -> Option<Bytes> {
    match first.take() {
        Some(line) => Some(line),
        None => news.recv().await,
    }
}

/// The stream as an answer.
pub(super) fn response(live: Live) -> Response {
    let pieces = stream::unfold(Some(live), |live| async { live?.next().await });
    events(Body::from_stream(pieces.flat_map(|event| stream::iter(in_few(event).into_iter().map(Ok::<_, Infallible>)))))
}

/// Ticks this often, for the first time after one period; a tick that comes late moves those after it.
pub(super) fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

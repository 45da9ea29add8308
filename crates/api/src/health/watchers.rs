//! Those who watch. Anyone may, without a token, and a watch has no end of its own: their number is bound, and where one
//! more comes the one that has watched longest goes. Nobody is kept out by those who came first.

use futures::channel::oneshot;
use futures::stream::{self, BoxStream, StreamExt as _};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tonic::{Code, Request, Response, Status, async_trait};
use tonic_health::pb::health_server::Health;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_health::server::HealthService;

/// How many may watch at a time.
const MOST: usize = 100;

/// What is said to one that goes. It is what clients watch again after.
const EVICTED: &str = "as many watch as may, and this watch was the oldest: watch again, or ask with Check";

/// The health service with a bound number of watchers.
pub(super) struct Bounded {
    inner: HealthService,
    watchers: Watchers,
}

impl Bounded {
    /// Of this service.
    pub(super) fn of(inner: HealthService) -> Self {
        Self { inner, watchers: Watchers::default() }
    }
}

#[async_trait]
impl Health for Bounded {
    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        self.inner.check(request).await
    }

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let updates = self.inner.watch(request).await?;
        Ok(updates.map(|updates| {
            let (slot, evicted) = self.watchers.enter();
            let last = stream::once(async { Err(Status::new(Code::Unavailable, EVICTED)) });
            let updates = updates.take_until(evicted).chain(last);
            updates.inspect(move |_| _ = &slot).boxed()
        }))
    }
}

/// The watchers by their turn, the one that has watched longest first. Clones are the same.
#[derive(Clone, Default)]
struct Watchers(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    turn: u64,
    there: BTreeMap<u64, oneshot::Sender<()>>,
}

impl Watchers {
    /// One more, until the place is dropped; what is given beside it comes to pass when it has to go.
    fn enter(&self) -> (WatcherSlot, oneshot::Receiver<()>) {
        let (go, evicted) = oneshot::channel();
        let mut state = self.locked();
        if state.there.len() >= MOST {
            state.there.pop_first();
        }
        state.turn += 1;
        let turn = state.turn;
        state.there.insert(turn, go);
        (WatcherSlot { watchers: self.clone(), turn }, evicted)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A watcher's place.
struct WatcherSlot {
    watchers: Watchers,
    turn: u64,
}

impl Drop for WatcherSlot {
    fn drop(&mut self) {
        self.watchers.locked().there.remove(&self.turn);
    }
}

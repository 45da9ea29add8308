//! Those who watch. Anyone may, without a token, and a watch has no end of its own: their number is bound, and where one
//! more comes whoever has most of them loses one ([`Stays`]).

use futures::stream::{self, BoxStream, StreamExt as _};
use tonic::{Code, Request, Response, Status, async_trait};
use tonic_health::pb::health_server::Health;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_health::server::HealthService;
use valetkey_app::stays::{Peer, Stays};

/// How many may watch at a time.
const MOST: usize = 100;

/// What is said to one that goes. It is what clients watch again after.
const EVICTED: &str = "as many watch as may, and this watch had to go: watch again, or ask with Check";

/// The health service with a bound number of watchers.
pub(super) struct Bounded {
    inner: HealthService,
    watchers: Stays,
}

impl Bounded {
    /// Of this service.
    pub(super) fn of(inner: HealthService) -> Self {
        Self { inner, watchers: Stays::of(MOST) }
    }
}

#[async_trait]
impl Health for Bounded {
    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        self.inner.check(request).await
    }

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let peer = request.extensions().get::<Peer>().copied();
        let updates = self.inner.watch(request).await?;
        Ok(updates.map(|updates| {
            let (stay, evicted) = self.watchers.enter(peer);
            let last = stream::once(async { Err(Status::new(Code::Unavailable, EVICTED)) });
            let updates = updates.take_until(evicted).chain(last);
            updates.inspect(move |_| _ = &stay).boxed()
        }))
    }
}

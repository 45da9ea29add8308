//! Connections, each environment's apart: a connection carries a hundred streams of HTTP/2 at most, and one environment
//! must not hold them all while another waits. It also keeps what a provider remembers of a connection apart.

use crate::cause;
use crate::client::{self, Connections};
use crate::error::Error;
use crate::policy::Policy;
use crate::resolve::{Guarded, Resolve};
use crate::timeouts::Timeouts;
use moka::sync::Cache;
use rustls::ClientConfig;
use std::sync::Arc;
use std::time::Duration;
use valetkey_domain::id::EnvironmentId;

/// Environments whose connections are kept at a time; beyond that the one unused longest starts anew.
const KEPT: u64 = 1_024;
/// How long clients are kept that nobody uses.
const UNUSED: Duration = Duration::from_secs(10 * 60);

/// The clients of one environment.
#[derive(Clone)]
pub(crate) struct Clients {
    /// For public addresses and the networks that the operator allowed.
    pub(crate) public: reqwest::Client,
    /// For the endpoints that the operator allowed by host and port, wherever their names lead.
    pub(crate) endpoints: reqwest::Client,
}

impl Clients {
    fn build(ground: &Ground, connections: Connections) -> Result<Self, Error> {
        let client = |endpoints_only| {
            let guarded = Guarded::new(ground.resolver.clone(), ground.policy.clone(), endpoints_only);
            client::build(guarded, ground.tls.clone(), ground.connect, connections)
        };
        Ok(Self { public: client(false)?, endpoints: client(true)? })
    }
}

/// What all clients stand on.
struct Ground {
    policy: Arc<Policy>,
    resolver: Arc<dyn Resolve>,
    tls: ClientConfig,
    connect: Duration,
}

/// The clients of all environments.
pub(crate) struct Pools {
    ground: Ground,
    kept: Cache<Option<EnvironmentId>, Clients>,
    none: Clients,
}

impl Pools {
    /// Makes the clients of what is done for no environment; the others are made when they are needed.
    pub(crate) fn new(policy: Arc<Policy>, resolver: Arc<dyn Resolve>, timeouts: Timeouts) -> Result<Self, Error> {
        let kept = Cache::builder().max_capacity(KEPT).time_to_idle(UNUSED).build();
        let ground = Ground { policy, resolver, tls: client::tls()?, connect: timeouts.connect };
        let pools = Self { none: Clients::build(&ground, Connections::New)?, ground, kept };
        pools.of(None)?;
        Ok(pools)
    }

    /// An environment's clients, or those of none.
    pub(crate) fn of(&self, environment: Option<&EnvironmentId>) -> Result<Clients, Error> {
        let made = self.kept.try_get_with(environment.cloned(), || Clients::build(&self.ground, Connections::Kept));
        made.map_err(|error| Error::Setup(cause::root(&*error)))
    }

    /// Clients that keep no connection, and so are anybody's.
    pub(crate) const fn none(&self) -> &Clients {
        &self.none
    }
}

//! What every request needs, and what the operator chose.

use super::flights::Flights;
use crate::protocol::Tolerance;
use std::sync::Arc;
use std::time::Duration;
use valetkey_app::App;

/// What the operator chose for MCP.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Origins of web pages that may call, beside the server's own: `https://host[:port]`.
    pub allowed_origins: Vec<String>,
    /// Whether a known bug of clients is forgiven.
    pub tolerance: Tolerance,
    /// What happens when during a long call.
    pub timing: Timing,
}

/// What happens when during a long call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// After this long a client that takes streams gets one, before something on the way loses patience.
    pub soon: Duration,
    /// How often a stream gets a sign of life while there is nothing to tell.
    pub alive: Duration,
    /// How often it is looked whether the URL of a call still holds: a revoked one must not go on being answered.
    pub recheck: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { soon: seconds(10), alive: seconds(15), recheck: seconds(2) }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { allowed_origins: Vec::new(), tolerance: Tolerance::StaleHeader, timing: Timing::default() }
    }
}

/// What every request needs.
#[derive(Clone)]
pub(super) struct TransportState(Arc<Parts>);

/// The parts of it.
pub(super) struct Parts {
    pub(super) app: App,
    pub(super) settings: Settings,
    pub(super) flights: Flights,
}

impl TransportState {
    pub(super) fn new(app: App, settings: Settings) -> Self {
        Self(Arc::new(Parts { app, settings, flights: Flights::default() }))
    }
}

impl std::ops::Deref for TransportState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

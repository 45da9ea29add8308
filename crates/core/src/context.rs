//! How a [`Ctx`] is made. A door looks at a credential and then calls [`enter`]; what runs on its own account has an
//! actor of its own.

use crate::{Core, Error, Result};
use std::sync::Arc;
use std::time::Duration;
use valetkey_domain::ctx::{Actor, Detached};
use valetkey_domain::id::{EnvironmentId, RequestId};
use valetkey_domain::{Ctx, Kind};

/// How long a control-plane caller waits if it doesn't say (the SDKs' own default is 20 s, 60 s for tools).
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// A context for this actor with a new request id and the default patience.
///
/// What is logged and traced of this request from here on says so; the span is the surface's.
pub fn enter(core: &Core, environment: EnvironmentId, actor: Actor) -> Ctx {
    let request = RequestId::new(core.clock.as_ref(), core.rng.as_ref());
    let span = tracing::Span::current();
    span.record("request", request.as_str()).record("environment", environment.as_str());
    span.record("actor", actor.text());
    Ctx {
        environment,
        actor,
        request,
        deadline: core.now() + DEFAULT_TIMEOUT,
        cancellation: Arc::new(Detached),
        progress: Arc::new(Detached),
    }
}

/// The operator at the command line of this machine, in one environment.
#[must_use]
pub fn operator(core: &Core, environment: &EnvironmentId) -> Ctx {
    enter(core, environment.clone(), Actor::Operator)
}

/// The operator, or the server itself, where the whole installation is concerned: its journal is no environment's.
#[must_use]
pub fn installation(core: &Core, actor: Actor) -> Ctx {
    enter(core, EnvironmentId::installation(), actor)
}

/// Nobody comes in while the clock that everything is decided by has not been heard: whether a token has ended, a link
/// still opens or a lease holds could not be said.
///
/// # Errors
/// `UNAVAILABLE` then.
pub fn time_is_known(core: &Core) -> Result<()> {
    if core.clock.sure() {
        return Ok(());
    }
    Err(Error::new(Kind::Unavailable, "the database's clock has not been heard for seconds: try again in a moment"))
}

//! To whom which link was shown a moment ago: the journal tells it once a minute, however often it is asked for. A call that
//! finds nobody signed in answers with a link each time, and may be repeated as fast as a caller can.

use moka::sync::Cache;
use std::time::Duration;
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::AuthorizationId;
use valetkey_domain::{Ctx, Timestamp};

/// How long one record stands for all that follow.
const STANDS: Duration = Duration::from_secs(60);

/// How many are remembered. One that is forgotten is recorded again.
const MOST: u64 = 10_000;

/// When a link was recorded as shown to somebody last.
pub(crate) struct ShownLinks(Cache<(AuthorizationId, Actor), Timestamp>);

impl Default for ShownLinks {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl ShownLinks {
    /// Whether the journal has told of it within the last minute.
    pub(super) fn told(&self, ctx: &Ctx, link: &AuthorizationId, now: Timestamp) -> bool {
        let told = self.0.get(&(link.clone(), ctx.actor.clone()));
        told.is_some_and(|at| at <= now && at + STANDS > now)
    }

    /// The journal has told of it now.
    pub(super) fn keep(&self, ctx: &Ctx, link: AuthorizationId, now: Timestamp) {
        self.0.insert((link, ctx.actor.clone()), now);
    }
}

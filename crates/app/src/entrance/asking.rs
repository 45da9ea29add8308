//! Who asks OpenID providers at this moment, and what they said of themselves some minutes ago.

use crate::in_flight::{End, InFlight};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use url::Url;
use valetkey_core::queue::{NotAdmitted, Queues, Share, locked};
use valetkey_domain::Timestamp;
use valetkey_domain::id::EnvironmentId;
use valetkey_outbound::oauth::AuthorizationServer;

/// How many codes are exchanged at once for each environment (members count as one): anybody may bring one, good or bad, and
/// one environment's provider may be slow.
pub(super) const AT_ONCE: usize = 32;

/// How many wait for their turn.
const LONGEST: usize = 2_000;

/// For how long what the provider says of itself is kept.
pub(super) const KEPT: Duration = Duration::from_secs(5 * 60);

/// What the provider says of itself; or, for those who waited, that it says nothing, in our words.
pub(super) type Said = Result<AuthorizationServer, String>;

/// Who asks the providers at this moment, and what they said: as many as the settings name.
pub(crate) struct Asking {
    turns: Queues<EnvironmentId>,
    /// One question to the provider, which all wait for who need its answer.
    pub(super) fetched: InFlight<Url, Said>,
    kept: Mutex<HashMap<Url, (AuthorizationServer, Timestamp)>>,
}

impl Default for Asking {
    fn default() -> Self {
        Self { turns: Queues::of(AT_ONCE, LONGEST), fetched: InFlight::default(), kept: Mutex::default() }
    }
}

impl Asking {
    /// What a provider said of itself, if that is not too long ago.
    pub(super) fn kept(&self, issuer: &Url, now: Timestamp) -> Option<AuthorizationServer> {
        let kept = locked(&self.kept);
        kept.get(issuer).filter(|(_, until)| *until > now).map(|(server, _)| server.clone())
    }

    /// Keeps what it says.
    pub(super) fn keep(&self, issuer: &Url, server: &AuthorizationServer, now: Timestamp) {
        locked(&self.kept).insert(issuer.clone(), (server.clone(), now + KEPT));
    }

    /// A turn to exchange a code, as soon as there is one; whoever came first has it first.
    pub(super) async fn turn(
        &self,
        of: &EnvironmentId,
        timeout: Duration,
    ) -> Result<Share<EnvironmentId>, NotAdmitted> {
        self.turns.wait(of.clone(), 1, timeout).await
    }
}

impl End for Said {
    fn broken() -> Self {
        Err("asking it failed".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;

    #[tokio::test]
    async fn attack_74_a_provider_that_is_slow_for_one_environment_keeps_no_other_waiting() {
        let asking = Asking::default();
        let [slow, other] = ["env_slow", "env_other"].map(|id| EnvironmentId::parse(id).unwrap());
        let held = join_all((0..AT_ONCE).map(|_| asking.turn(&slow, Duration::ZERO))).await;
        assert!(held.iter().all(Result::is_ok));
        assert!(asking.turn(&slow, Duration::ZERO).await.is_err());
        assert!(asking.turn(&other, Duration::ZERO).await.is_ok());
    }
}

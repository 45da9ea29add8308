//! What the writer's task works with. `group` has the task, `segment` the upkeep of its chain.

use super::queue::{Order, Waiting};
use super::seal::Sealer;
use crate::keyring::Keyring;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::mpsc;
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::RecordId;
use valetkey_domain::journal::{Entry, Head, Phase};
use valetkey_domain::{Clock, Rng, time};
use valetkey_storage::Store;

/// What the writer's task owns.
pub(super) struct WriterTask {
    pub(super) store: Store,
    pub(super) keyring: Keyring,
    pub(super) sealer: Arc<Sealer>,
    pub(super) waiting: mpsc::Receiver<Waiting>,
    pub(super) orders: mpsc::Receiver<Order>,
    /// Outcomes whose commit failed; the next commit takes them along.
    pub(super) unsaved: Vec<Waiting>,
    /// Whether the segment has records behind its newest checkpoint.
    pub(super) fresh: bool,
    /// The head that a commit would have led to whose end is not known.
    pub(super) doubt: Option<Head>,
    pub(super) healthy: Arc<AtomicBool>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
}

impl WriterTask {
    /// What the journal says of itself.
    pub(super) fn own_entry(
        &self,
        environment: &str,
        action: &str,
        subject: &str,
        detail: Map<String, Value>,
    ) -> Entry {
        Entry {
            id: RecordId::new(self.clock.as_ref(), self.rng.as_ref()).to_string(),
            environment: environment.to_owned(),
            at: time::to_millis(self.clock.now()),
            actor: Actor::System.text(),
            request: String::new(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            phase: Phase::Fact.as_str().to_owned(),
            detail: Value::Object(detail).to_string(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One that is asked directly and has no task.
    pub(in crate::journal) fn writer_task<C: Clock + 'static, R: Rng + 'static>(
        store: &Store,
        keyring: &Keyring,
        sealer: &Arc<Sealer>,
        clock: &Arc<C>,
        rng: &Arc<R>,
    ) -> WriterTask {
        WriterTask {
            store: store.clone(),
            keyring: keyring.clone(),
            sealer: sealer.clone(),
            waiting: mpsc::channel(1).1,
            orders: mpsc::channel(1).1,
            unsaved: Vec::new(),
            fresh: false,
            doubt: None,
            healthy: Arc::new(AtomicBool::new(true)),
            clock: clock.clone(),
            rng: rng.clone(),
        }
    }

    impl WriterTask {
        /// An outcome that nobody waits for.
        pub(in crate::journal) fn outcome(&self, subject: &str) -> Waiting {
            let entry = self.own_entry("env_ours", "tool.call", subject, Map::new());
            Waiting { seal: self.sealer.seal(&entry), entry, committed: None, counted: Arc::default() }
        }
    }
}

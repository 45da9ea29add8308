//! What a rotation of data keys left when it was cut off. Its intent in the journal names the keys that are to have
//! successors; those that have none are still to be made.

use super::selection::KeySelection;
use super::told::{DATA_KEYS, SUBJECT};
use crate::{App, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use valetkey_core::{context, journal};
use valetkey_domain::ctx::Actor;
use valetkey_storage::data_keys::StoredKey;
use valetkey_storage::journal as records;
use valetkey_vault::Purpose;

/// The newest records of a rotation that are looked at: nothing is told of one after it has ended whole.
const LOOKED_AT: u32 = 10;

/// How often, and with what pauses, it is looked whether what was queued is committed.
const LOOKS: (u32, Duration) = (100, Duration::from_millis(10));

/// A rotation that has not ended whole: its process died, it failed, or its caller went away.
pub(super) struct Left {
    id: String,
    meant: Map<String, Value>,
}

impl Left {
    /// The newest rotation, unless it ended whole. An older one needs no look: the newer one has meant what that left too.
    pub(super) async fn newest(app: &App) -> Result<Option<Self>> {
        committed(app).await;
        let ctx = context::installation(&app.core, Actor::System);
        let mut tx = app.core.store.read().await?;
        let Some(intent) = records::newest_intent(&ctx, &mut tx, DATA_KEYS, SUBJECT).await? else { return Ok(None) };
        let told = records::newest(&ctx, &mut tx, Some(&intent.subject), LOOKED_AT).await?;
        let whole =
            told.iter().any(|record| record.phase == "outcome" && record.detail.get("ended") == Some(&json!("whole")));
        Ok((!whole).then_some(Self { id: intent.subject, meant: intent.detail }))
    }

    /// What the journal calls this one.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Whether it is the one that is asked for.
    pub(super) fn was_asked_for(&self, which: &KeySelection) -> bool {
        which.told().iter().all(|(name, value)| self.meant.get(*name) == Some(value))
    }

    /// Whether this key is to have a successor.
    pub(super) fn names(&self, key: &StoredKey) -> bool {
        self.of(&key.purpose).and_then(|keys| keys.get(key.id.as_str())).is_some()
    }

    /// Whether instance URLs change with it.
    pub(super) fn changes_urls(&self) -> bool {
        self.of(Purpose::Url.as_str()).is_some()
    }

    fn of(&self, purpose: &str) -> Option<&Value> {
        self.meant.get("keys")?.get(purpose)
    }
}

/// Outcomes are queued: waits until the one that was told a moment ago can be read. What was queued longer ago than this
/// waits is committed, or the journal does not work and nothing begins.
async fn committed(app: &App) {
    for _ in 0..LOOKS.0 {
        if app.core.journal.waiting() == 0 {
            return;
        }
        tokio::time::sleep(LOOKS.1).await;
    }
}

/// What a rotation is to do: the keys that are to have successors, by purpose, with their generations; and what was asked.
pub(super) fn meant(which: &KeySelection, selected: &[&StoredKey]) -> Map<String, Value> {
    let mut keys = BTreeMap::<&str, BTreeMap<&str, i64>>::new();
    for key in selected {
        keys.entry(&key.purpose).or_default().insert(key.id.as_str(), key.generation);
    }
    let [environment, purposes] = which.told();
    journal::detail([("keys", json!(keys)), environment, purposes])
}

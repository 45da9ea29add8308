//! Which data keys an operator wants changed.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use valetkey_domain::id::EnvironmentId;
use valetkey_storage::data_keys::StoredKey;
use valetkey_vault::Purpose;

/// Which data keys to change.
#[derive(Clone, Debug, Default)]
pub struct KeySelection {
    /// Of one environment only, by name.
    pub environment: Option<String>,
    /// Of these purposes; none means all but `url`, whose change breaks every URL.
    pub purposes: Vec<Purpose>,
}

impl KeySelection {
    /// Whether this key is among them, where `environment` is the one that is named.
    pub(super) fn takes(&self, environment: Option<&EnvironmentId>, key: &StoredKey) -> bool {
        let here = environment.is_none_or(|selected| selected.as_str() == key.environment);
        let purpose = Purpose::from_name(&key.purpose);
        let asked = match self.purposes.as_slice() {
            [] => purpose != Some(Purpose::Url),
            some => purpose.is_some_and(|purpose| some.contains(&purpose)),
        };
        here && asked
    }

    /// What the journal says of it: the same for what is the same.
    pub(super) fn told(&self) -> [(&'static str, Value); 2] {
        let purposes: BTreeSet<&str> = self.purposes.iter().map(|purpose| purpose.as_str()).collect();
        [("environment", json!(self.environment)), ("purposes", json!(purposes))]
    }
}

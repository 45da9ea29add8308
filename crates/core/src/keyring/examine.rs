//! Whether keys and values open, for who has to say so. What was opened is forgotten at once.

use super::Keyring;
use super::data_keys::from_row;
use super::signing;
use crate::{Error, Result};
use valetkey_domain::Sealed;
use valetkey_domain::id::EnvironmentId;
use valetkey_storage::data_keys::StoredKey;
use valetkey_storage::signing_keys;
use valetkey_vault::{Place, Purpose};

impl Keyring {
    /// Unwraps a data key, whether or not it is held opened.
    ///
    /// # Errors
    /// It does not open; the cause says why.
    pub async fn try_key(&self, stored: StoredKey) -> Result<()> {
        self.0.keys.roots.unwrap(&from_row(stored)?).await.map(drop)
    }

    /// Opens a value in its place, whether or not the database is in quarantine.
    ///
    /// # Errors
    /// It does not open; the cause says why.
    pub async fn try_value(
        &self,
        environment: &EnvironmentId,
        purpose: Purpose,
        place: &Place<'_>,
        sealed: &Sealed,
    ) -> Result<()> {
        self.open_whatever(environment, purpose, place, sealed).await.map(drop)
    }

    /// Opens the private half of every signing key; gives how many there are, and those that do not open.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn try_signing(&self) -> Result<(u64, Vec<(String, Error)>)> {
        let keys = &self.0.keys;
        let stored = signing_keys::all(&mut keys.store.glance().await?).await?;
        let mut shut = Vec::new();
        for row in &stored {
            if let Err(error) = signing::open(keys, row).await {
                shut.push((row.id.to_string(), error));
            }
        }
        Ok((u64::try_from(stored.len()).unwrap_or(u64::MAX), shut))
    }
}

//! Keys that rest in a file and not in the database: a backup has one of its own.

use super::{Keyring, Roots};
use crate::{Error, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use valetkey_domain::id::DataKeyId;
use valetkey_vault::{DataKey, Purpose, Wrapped};

/// A wrapped key in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WrappedKey {
    /// Its id.
    pub id: DataKeyId,
    /// The version of the root that wrapped it.
    pub root_version: String,
    /// As base64.
    pub wrapped: String,
}

impl Keyring {
    /// A new key for one backup, wrapped and opened.
    pub async fn for_a_file(&self) -> Result<(WrappedKey, DataKey)> {
        let keys = &self.0.keys;
        let id = DataKeyId::new(keys.clock.as_ref(), keys.rng.as_ref());
        let key = DataKey::generate(id, None, Purpose::Backup, 1)?;
        let wrapped = keys.roots.wrap(&keys.wrapping_root().await?, &key).await?;
        let text = BASE64_STANDARD.encode(&wrapped.bytes);
        Ok((WrappedKey { id: wrapped.id, root_version: wrapped.root_version, wrapped: text }, key))
    }

    /// The key of a backup, opened with one of these roots.
    ///
    /// # Errors
    /// It was wrapped under another root; both are named.
    pub async fn of_a_file(roots: &Roots, key: &WrappedKey) -> Result<DataKey> {
        let bytes = BASE64_STANDARD.decode(&key.wrapped).map_err(|_| Error::invalid("the backup has no key"))?;
        let wrapped = Wrapped {
            id: key.id.clone(),
            environment: None,
            purpose: Purpose::Backup,
            generation: 1,
            root_version: key.root_version.clone(),
            bytes,
        };
        roots.unwrap(&wrapped).await
    }
}

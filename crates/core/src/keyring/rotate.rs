//! What changes keys while they are in use. Everything here is one step that may be cut off at any point: what is left
//! to do is read off the rows, never remembered.

use super::Keyring;
use super::data_keys::from_row;
use super::roots::Root;
use super::signing;
use crate::{Error, Result, places};
use valetkey_domain::Sealed;
use valetkey_domain::id::{DataKeyId, EnvironmentId};
use valetkey_storage::data_keys::StoredKey;
use valetkey_storage::signing_keys::{self, StoredSigningKey};
use valetkey_vault::transit::root_of;
use valetkey_vault::{Place, Purpose, key_of};

impl Keyring {
    /// The names of the roots at hand.
    #[must_use]
    pub fn roots(&self) -> Vec<String> {
        self.0.keys.roots.names()
    }

    /// Takes one more root, to open with.
    pub fn learn(&self, root: Root) {
        self.0.keys.roots.learn(root);
    }

    /// The root that wraps new data keys.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn wrapping_root(&self) -> Result<String> {
        self.0.keys.wrapping_root().await
    }

    /// The version under which a root at hand wraps now.
    pub async fn newest_version(&self, root: &str) -> Result<String> {
        self.0.keys.roots.named(root)?.newest().await
    }

    /// A stored data key wrapped anew under another root: its version and the wrapped bytes.
    pub async fn rewrapped(&self, stored: StoredKey, root: &str) -> Result<(String, Vec<u8>)> {
        let key = self.0.keys.roots.unwrap(&from_row(stored)?).await?;
        let wrapped = self.0.keys.roots.wrap(root, &key).await?;
        Ok((wrapped.root_version, wrapped.bytes))
    }

    /// A data key of this generation as a row that is not stored yet, and the root it is wrapped under.
    pub async fn draft(
        &self,
        environment: Option<&EnvironmentId>,
        purpose: Purpose,
        generation: i64,
    ) -> Result<(StoredKey, String)> {
        let draft = self.0.keys.draft(environment, purpose, generation).await?;
        let root = root_of(&draft.root_version).to_owned();
        Ok((draft, root))
    }

    /// A signing key as a row that is not stored yet.
    pub async fn draft_signing(&self) -> Result<StoredSigningKey> {
        let sealer = self.0.keys.newest(None, Purpose::Signing).await?;
        signing::draft(&self.0.keys, &sealer)
    }

    /// The same, sealed under a data key that is not stored yet either.
    pub async fn draft_signing_under(&self, draft: &StoredKey) -> Result<StoredSigningKey> {
        let sealer = self.0.keys.roots.unwrap(&from_row(draft.clone())?).await?;
        signing::draft(&self.0.keys, &sealer)
    }

    /// Forgets which keys are the newest, and these keys altogether.
    pub fn forget(&self, gone: &[DataKeyId]) {
        self.0.keys.forget(gone);
    }

    /// The key that an environment's values of this purpose are sealed under from now on.
    pub async fn newest(&self, environment: &EnvironmentId, purpose: Purpose) -> Result<DataKeyId> {
        Ok(self.0.keys.newest(Some(environment), purpose).await?.id().clone())
    }

    /// A value sealed again under the newest key; none if it is already.
    ///
    /// # Errors
    /// The value does not open in its place, or a key cannot be had.
    pub async fn resealed(
        &self,
        environment: &EnvironmentId,
        purpose: Purpose,
        place: &Place<'_>,
        sealed: &Sealed,
    ) -> Result<Option<Sealed>> {
        if key_of(sealed)? == self.newest(environment, purpose).await? {
            return Ok(None);
        }
        let opened = self.open_whatever(environment, purpose, place, sealed).await?;
        self.seal_whatever(environment, purpose, place, opened.expose()).await.map(Some)
    }

    /// Seals the private halves of the signing keys again that are not under the newest key. Says how many were.
    ///
    /// # Errors
    /// One does not open, or the database cannot be written.
    pub async fn reseal_signing(&self) -> Result<u64> {
        let keys = &self.0.keys;
        let newest = keys.newest(None, Purpose::Signing).await?;
        let mut done = 0;
        for row in signing_keys::all(&mut keys.store.read().await?).await? {
            let under = key_of(&row.private_sealed)?;
            if &under == newest.id() {
                continue;
            }
            let was = keys.by_id(&under).await?.ok_or_else(|| Error::internal(format!("no data key {under}")))?;
            let place = places::signing_key(&row.id);
            let sealed = newest.seal(&place, was.open(&place, &row.private_sealed)?.expose())?;
            let mut tx = keys.store.write().await?;
            done += u64::from(signing_keys::reseal(&mut tx, &row.id, &row.private_sealed, &sealed).await?);
            tx.commit().await?;
        }
        Ok(done)
    }
}

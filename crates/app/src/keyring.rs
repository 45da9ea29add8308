//! The keys in use: what is sealed and opened, which instance URLs are ours, which tokens.
//!
//! Data keys rest wrapped under the root key and are held opened, in memory alone, for ten minutes at a time. A purpose
//! of an environment gets its first key when it is first needed. Sealed values and opened secrets are never held here.
//!
//! None of these may be called while the caller holds a write transaction: a first use writes the new key, and would
//! wait for that transaction.

mod data_keys;
mod signing;
#[cfg(test)]
mod tests;

use crate::{Error, Result};
use data_keys::DataKeys;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use signing::Signing;
use std::sync::Arc;
use valetkey_domain::id::EnvironmentId;
use valetkey_domain::instance::McpInstance;
use valetkey_domain::{Clock, Kind, Rng, Sealed, Secret};
use valetkey_storage::{Store, data_keys as rows, environments};
use valetkey_vault::url::Claim;
use valetkey_vault::{Place, Purpose, RootKey, jwt, url};

/// The keys in use. Cheap to clone.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    keys: DataKeys,
    signing: Signing,
}

impl Keyring {
    /// Checks the root key against the database and loads the signing keys; a new database gets its first ones.
    ///
    /// The check is a real opening: the key that all environments share for signing is unwrapped.
    ///
    /// # Errors
    /// The root key is not the one this database was sealed under (both are named by fingerprint), or the database
    /// cannot be read or written.
    pub async fn start(store: Store, root: RootKey, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self> {
        let keys = DataKeys::new(store, root, clock, rng);
        let sealer = keys.newest(None, Purpose::Signing).await?;
        let signing = Signing::load(&keys, &sealer).await?;
        Ok(Self(Arc::new(Inner { keys, signing })))
    }

    /// Whether a root key may be made for this database: only while nothing in it could have been sealed under another.
    ///
    /// # Errors
    /// The database isn't empty, or cannot be read.
    pub async fn may_start_afresh(store: &Store) -> Result<()> {
        let mut tx = store.read().await?;
        if rows::any(&mut tx).await? || !environments::all(&mut tx).await?.is_empty() {
            let message = "this database was sealed under a root key that is not here: bring that key back. None is \
                           made in its place, for it could open nothing of what is stored";
            return Err(Error::new(Kind::FailedPrecondition, message));
        }
        Ok(())
    }

    /// Seals a value under the environment's newest key of this purpose.
    ///
    /// # Errors
    /// The key cannot be had, or `place` is in another environment.
    pub async fn seal(
        &self,
        environment: &EnvironmentId,
        purpose: Purpose,
        place: &Place<'_>,
        plaintext: &[u8],
    ) -> Result<Sealed> {
        check_place(environment, place)?;
        let key = self.0.keys.newest(Some(environment), purpose).await?;
        Ok(key.seal(place, plaintext)?)
    }

    /// Opens a value with the key it names, if that is one of this environment and purpose.
    ///
    /// # Errors
    /// The value is damaged, was sealed for another place or audience, or under a key of another environment or
    /// purpose.
    pub async fn open(
        &self,
        environment: &EnvironmentId,
        purpose: Purpose,
        place: &Place<'_>,
        sealed: &Sealed,
    ) -> Result<Secret<[u8]>> {
        check_place(environment, place)?;
        let id = valetkey_vault::key_of(sealed)?;
        let key = self.0.keys.by_id(&id).await?;
        let key = key.filter(|key| key.purpose() == purpose && key.environment() == environment.as_str());
        let key =
            key.ok_or_else(|| Error::internal(format!("no such {} key of {environment}: {id}", purpose.as_str())))?;
        Ok(key.open(place, sealed)?)
    }

    /// What the journal keeps of a text that it may not keep: its digest under the environment's journal key, as
    /// hexadecimal digits.
    ///
    /// # Errors
    /// The key cannot be had.
    pub async fn digest(&self, environment: &EnvironmentId, salt: &str, text: &[u8]) -> Result<String> {
        let key = self.0.keys.newest(Some(environment), Purpose::Journal).await?;
        let digest = key.digest(salt, text)?;
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The token at the end of an instance's URL.
    ///
    /// # Errors
    /// The environment's url key cannot be had.
    pub async fn url_mint(&self, instance: &McpInstance) -> Result<Secret<str>> {
        let key = self.0.keys.newest(Some(&instance.environment), Purpose::Url).await?;
        Ok(url::mint(&key, instance)?)
    }

    /// What a URL's token says and the environment it was made for, if we made it; none for a forgery. A key in memory
    /// answers without the database.
    ///
    /// Whether its instance is still there, in that environment and the one that it opens, is the caller's to look at.
    ///
    /// # Errors
    /// The key it names cannot be read.
    pub async fn url_check(&self, token: &str) -> Result<Option<(EnvironmentId, Claim)>> {
        let Some(claim) = url::read(token) else { return Ok(None) };
        let Some(key) = self.0.keys.url_key(&claim.key).await? else { return Ok(None) };
        let environment = EnvironmentId::parse(key.environment())?;
        Ok(url::verify(&key, &environment, &claim).then_some((environment, claim)))
    }

    /// Signs claims as a token of this type with the newest key.
    ///
    /// # Errors
    /// The claims are no JSON object.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String> {
        self.0.signing.sign(typ, claims)
    }

    /// The claims of a token of ours that is valid now.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, whatever is wrong with it.
    pub fn verify<T: DeserializeOwned>(&self, token: &str, expect: &jwt::Expect) -> Result<T> {
        self.0.signing.verify(token, expect)
    }

    /// The public keys, as `/keys` shows them (RFC 7517 §5).
    #[must_use]
    pub fn jwks(&self) -> Value {
        self.0.signing.jwks()
    }
}

fn check_place(environment: &EnvironmentId, place: &Place<'_>) -> Result<()> {
    if place.environment == environment.as_str() {
        return Ok(());
    }
    Err(Error::internal(format!("a place of {} with a key of {environment}", place.environment)))
}

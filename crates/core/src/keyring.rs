//! The keys in use: what is sealed and opened, which instance URLs are ours, which tokens.
//!
//! Data keys rest wrapped under the root key and are held opened, in memory alone, for ten minutes at a time. A purpose
//! of an environment gets its first key when it is first needed. Sealed values and opened secrets are never held here.
//!
//! None of these may be called while the caller holds a write transaction: a first use writes the new key, and would
//! wait for that transaction.

mod data_keys;
mod examine;
mod file_key;
mod roots;
mod rotate;
mod row_macs;
mod signing;
#[cfg(test)]
mod tests;
mod transit;

pub use file_key::WrappedKey;
pub use roots::{Root, Roots};
pub use row_macs::{DoorRow, RowMacs};
pub use transit::{Login, Transit};

use crate::{Error, Result};
use data_keys::DataKeys;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use signing::Signing;
use std::sync::{Arc, PoisonError, RwLock};
use valetkey_domain::id::{ApprovalId, AuthorizationId, DataKeyId, EnvironmentId};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::{Clock, Kind, Rng, Sealed, Secret, Timestamp};
use valetkey_storage::{Store, data_keys as rows, environments, meta};
use valetkey_vault::page::PageClaim;
use valetkey_vault::transit::root_of;
use valetkey_vault::url::Claim;
use valetkey_vault::{DataKey, Place, Purpose, jwt, link, page, url};

/// What strangers are told too, so it names nothing of the installation's.
const QUARANTINE: &str = "this server is in quarantine: its database may not be the one that it served. Its operator \
    decides: `valetkey restore --takeover` where this is now the one, `valetkey restore --as-copy` where another goes on; \
    `valetkey doctor` and the server's log say why";

/// The keys in use. Cheap to clone.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    keys: DataKeys,
    signing: Signing,
    /// Why nothing may be opened, while the database is in quarantine.
    closed: RwLock<Option<String>>,
}

impl Keyring {
    /// Checks the roots against the database and loads the signing keys; a new database gets its first ones.
    ///
    /// Every root that a stored key names must be at hand. And the check is a real opening: the key that all
    /// environments share for signing is unwrapped.
    ///
    /// # Errors
    /// A root key is not the one this database was sealed under (both are named by fingerprint), its KMS does not
    /// answer or refuses, or the database cannot be read or written.
    pub async fn start(
        store: Store,
        roots: impl Into<Roots>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self> {
        let keys = DataKeys::new(store, roots.into(), clock, rng);
        check_roots(&keys).await?;
        keys.newest(None, Purpose::Signing).await?;
        row_macs::ensure(&keys).await?;
        let signing = Signing::load(&keys).await?;
        Ok(Self(Arc::new(Inner { keys, signing, closed: RwLock::default() })))
    }

    /// Opens nothing any more, and says why to the operator: the database may not be the one that users' accounts are on.
    pub fn close(&self, why: &str) {
        *self.0.closed.write().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }

    /// Opens again.
    pub fn reopen(&self) {
        *self.0.closed.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether secrets may be opened.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` with the code `QUARANTINE`, saying what the operator has to do. Why it is, which names the
    /// database and where it was, is the source: for the operator alone.
    pub fn check_open(&self) -> Result<()> {
        match self.0.closed.read().unwrap_or_else(PoisonError::into_inner).as_deref() {
            None => Ok(()),
            Some(why) => {
                Err(Error::new(Kind::FailedPrecondition, QUARANTINE).with_code("QUARANTINE").because(why.to_owned()))
            }
        }
    }

    /// Whether keys can be had: the one that all environments share is opened, if it was not within ten minutes. Where a
    /// KMS has just refused or was not reached, it is asked again.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub async fn check(&self) -> Result<()> {
        if self.0.keys.roots.trouble().is_none() {
            return self.0.keys.newest(None, Purpose::Signing).await.map(drop);
        }
        let stored = rows::newest(&mut self.0.keys.store.glance().await?, "", Purpose::Signing.as_str()).await?;
        let stored = stored.ok_or_else(|| Error::internal("there is no data key for signing"))?;
        self.0.keys.unwrap(stored).await.map(drop)
    }

    /// Looks at what other processes may have changed.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn look_again(&self) -> Result<()> {
        self.0.signing.look_again(&self.0.keys).await
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
        self.check_open()?;
        self.seal_whatever(environment, purpose, place, plaintext).await
    }

    /// Seals a value whether or not the database is in quarantine: one that was sealed before.
    async fn seal_whatever(
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
        self.check_open()?;
        self.open_whatever(environment, purpose, place, sealed).await
    }

    /// Opens a value whether or not the database is in quarantine: to seal it again, not to use it.
    async fn open_whatever(
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
        Ok(hex::encode(key.digest(salt, text)?))
    }

    /// The newest of the keys that seal the journal's records, which environments share.
    ///
    /// # Errors
    /// The key cannot be had.
    pub async fn journal_key(&self) -> Result<Arc<DataKey>> {
        self.0.keys.newest(None, Purpose::Journal).await
    }

    /// The key of this id, if it is one of those that seal the journal's records.
    ///
    /// # Errors
    /// The key cannot be read.
    pub async fn journal_key_of(&self, id: &DataKeyId) -> Result<Option<Arc<DataKey>>> {
        let key = self.0.keys.by_id(id).await?;
        Ok(key.filter(|key| key.purpose() == Purpose::Journal && key.environment().is_empty()))
    }

    /// The token at the end of an instance's URL.
    ///
    /// # Errors
    /// The environment's url key cannot be had.
    pub async fn url_mint(&self, instance: &McpInstance) -> Result<Secret<str>> {
        let key = self.0.keys.newest(Some(&instance.environment), Purpose::Url).await?;
        Ok(url::mint(&key, instance)?)
    }

    /// The id of the key that an environment's URLs are made with now.
    ///
    /// # Errors
    /// It cannot be had.
    pub async fn url_key(&self, environment: &EnvironmentId) -> Result<DataKeyId> {
        Ok(self.0.keys.newest(Some(environment), Purpose::Url).await?.id().clone())
    }

    /// The token at the end of a consent's link.
    ///
    /// # Errors
    /// The environment's url key cannot be had.
    pub async fn link_mint(&self, environment: &EnvironmentId, id: &AuthorizationId) -> Result<Secret<str>> {
        let key = self.0.keys.newest(Some(environment), Purpose::Url).await?;
        Ok(link::mint(&key, environment, id))
    }

    /// The token at the end of an approval's link.
    ///
    /// # Errors
    /// The environment's url key cannot be had.
    pub async fn approval_mint(&self, environment: &EnvironmentId, id: &ApprovalId) -> Result<Secret<str>> {
        let key = self.0.keys.newest(Some(environment), Purpose::Url).await?;
        Ok(link::approval(&key, environment, id))
    }

    /// The name under which an app confirms a sign-in.
    ///
    /// # Errors
    /// The environment's url key cannot be had.
    pub async fn request_mint(&self, environment: &EnvironmentId, id: &AuthorizationId) -> Result<Secret<str>> {
        let key = self.0.keys.newest(Some(environment), Purpose::Url).await?;
        Ok(link::request(&key, environment, id))
    }

    /// The sign-in that such a name is of, if we made it for this environment; none for a forgery.
    ///
    /// # Errors
    /// The environment's url key cannot be had.
    pub async fn request_check(&self, environment: &EnvironmentId, request: &str) -> Result<Option<AuthorizationId>> {
        let Some(id) = link::authorization_of(request) else { return Ok(None) };
        let made = self.request_mint(environment, &id).await?;
        Ok(valetkey_vault::same(made.bytes(), request.trim_end_matches('=').as_bytes()).then_some(id))
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

    /// The keys to make the MACs of rows with that let somebody in; to be had before a transaction begins.
    ///
    /// # Errors
    /// A key cannot be had.
    pub async fn row_macs(&self) -> Result<RowMacs> {
        row_macs::keys(&self.0.keys).await
    }

    /// Whether a row that is to let somebody in is as this server wrote it. Where it is not, the log says so: the caller is
    /// told what strangers are told.
    ///
    /// # Errors
    /// The key that its MAC names cannot be had.
    pub async fn wrote(&self, row: DoorRow<'_>, mac: Option<&[u8]>) -> Result<bool> {
        row_macs::wrote(&self.0.keys, row, mac).await
    }

    /// The token at the end of a link to an instance's page, good until then.
    ///
    /// # Errors
    /// The environment's url key cannot be had.
    pub async fn page_mint(&self, instance: &McpInstance, until: Timestamp) -> Result<Secret<str>> {
        let key = self.0.keys.newest(Some(&instance.environment), Purpose::Url).await?;
        Ok(page::mint(&key, instance, until)?)
    }

    /// What such a token says, and of which environment, if we made it; whether it is over is for the caller to see.
    ///
    /// # Errors
    /// The key that it names cannot be had.
    pub async fn page_check(&self, token: &str) -> Result<Option<(EnvironmentId, PageClaim)>> {
        let Some(claim) = page::read(token) else { return Ok(None) };
        let Some(key) = self.0.keys.url_key(&claim.key).await? else { return Ok(None) };
        let environment = EnvironmentId::parse(key.environment())?;
        Ok(page::verify(&key, &environment, &claim).then_some((environment, claim)))
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
    pub async fn verify<T: DeserializeOwned>(&self, token: &str, expect: &jwt::Expect) -> Result<T> {
        self.0.signing.verify(&self.0.keys, token, expect).await
    }

    /// The public keys, as `/keys` shows them (RFC 7517 §5).
    #[must_use]
    pub fn jwks(&self) -> Value {
        self.0.signing.jwks()
    }
}

/// Whether every root that the database names is at hand; a database that names none is told which wraps.
async fn check_roots(keys: &DataKeys) -> Result<()> {
    let mut tx = keys.store.write().await?;
    let stored = rows::all(&mut tx).await?;
    let newest = stored.iter().max_by_key(|key| &key.id).map(|key| root_of(&key.root_version).to_owned());
    let first = newest.or_else(|| keys.roots.names().into_iter().next());
    let first = first.ok_or_else(|| Error::new(Kind::FailedPrecondition, "there is no root key"))?;
    let wraps = meta::ensure(&mut tx, meta::ROOT, &first).await?;
    tx.commit().await?;
    keys.roots.named(&wraps)?;
    for key in &stored {
        keys.roots.named(&key.root_version)?;
    }
    Ok(())
}

fn check_place(environment: &EnvironmentId, place: &Place<'_>) -> Result<()> {
    if place.environment == environment.as_str() {
        return Ok(());
    }
    Err(Error::internal(format!("a place of {} with a key of {environment}", place.environment)))
}

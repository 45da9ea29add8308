//! The keys that sign our tokens: loaded at start, the first made there. The newest signs; all are taken until the last
//! token that they signed has ended.

use super::data_keys::DataKeys;
use crate::{Error, Result, places};
use moka::sync::Cache;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use valetkey_domain::id::SigningKeyId;
use valetkey_domain::{Kind, Timestamp};
use valetkey_storage::signing_keys::{self as rows, StoredSigningKey};
use valetkey_vault::jwt::{self, PublicKey, Signed, SigningKey};
use valetkey_vault::{DataKey, Purpose};

/// The signing keys, ready for use.
pub(super) struct Signing {
    keys: RwLock<Arc<Keys>>,
    looked_at: Mutex<Option<Timestamp>>,
    /// Tokens whose signature was good, by their SHA-256: a client sends the same one with every request. Whether the
    /// key is still taken, and what the claims say, is looked at each time.
    signed: Cache<[u8; 32], Arc<Signed>>,
}

/// The keys as they were read last.
struct Keys {
    newest: SigningKey,
    public: Vec<PublicKey>,
}

/// How many tokens' signatures are remembered; each takes about a kilobyte.
const MOST_SIGNED: u64 = 1_000;

/// How often tokens that name a key we don't know may make us look for it.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Signing {
    /// Loads the keys, making the first one if there is none.
    pub(super) async fn load(keys: &DataKeys) -> Result<Self> {
        if rows::all(&mut keys.store.glance().await?).await?.is_empty() {
            let sealer = keys.newest(None, Purpose::Signing).await?;
            let first = draft(keys, &sealer)?;
            let mut tx = keys.store.write().await?;
            rows::insert_first(&mut tx, &first).await?;
            tx.commit().await?;
        }
        let (loaded, signed) = (RwLock::new(Arc::new(read(keys).await?)), Cache::new(MOST_SIGNED));
        Ok(Self { keys: loaded, looked_at: Mutex::default(), signed })
    }

    /// Reads the keys again: another process may have made one.
    pub(super) async fn look_again(&self, keys: &DataKeys) -> Result<()> {
        let fresh = Arc::new(read(keys).await?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        self.signed.invalidate_all();
        Ok(())
    }

    pub(super) fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String> {
        Ok(self.keys().newest.sign(typ, claims)?)
    }

    /// The claims of a token that is valid now. A key that we don't know is looked for, once a second at most.
    pub(super) async fn verify<T: DeserializeOwned>(
        &self,
        keys: &DataKeys,
        token: &str,
        expect: &jwt::Expect,
    ) -> Result<T> {
        let mut signed = self.signed(token);
        if matches!(signed, Err(valetkey_vault::Error::UnknownKey)) && self.may_look(expect.now) {
            self.look_again(keys).await?;
            signed = self.signed(token);
        }
        let claims = signed.and_then(|signed| signed.claims(expect));
        claims.map_err(|error| Error::new(Kind::Unauthenticated, "the token is not valid").because(error))
    }

    fn signed(&self, token: &str) -> std::result::Result<Arc<Signed>, valetkey_vault::Error> {
        let hash = valetkey_vault::sha256(token.as_bytes());
        if let Some(signed) = self.signed.get(&hash) {
            return Ok(signed);
        }
        let signed = Arc::new(jwt::signed(token, &self.keys().public)?);
        self.signed.insert(hash, Arc::clone(&signed));
        Ok(signed)
    }

    pub(super) fn jwks(&self) -> Value {
        json!({"keys": self.keys().public.iter().map(PublicKey::jwk).collect::<Vec<_>>()})
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn may_look(&self, now: Timestamp) -> bool {
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let may = looked_at.is_none_or(|at| now.duration_since(at).unsigned_abs() >= LOOK_AGAIN);
        if may {
            *looked_at = Some(now);
        }
        may
    }
}

/// The public halves are made of the private ones: the column that shows one is no witness, for who writes the database
/// could put there what takes tokens of their own.
async fn read(keys: &DataKeys) -> Result<Keys> {
    let stored = rows::all(&mut keys.store.read().await?).await?;
    let signs = stored.iter().find(|row| row.retired_at.is_none());
    let signs = signs.ok_or_else(|| Error::internal("every signing key is retired"))?;
    let newest = open(keys, signs).await?;
    let mut public = vec![newest.public().clone()];
    for row in stored.iter().filter(|row| row.id != signs.id) {
        match open(keys, row).await {
            Ok(key) => public.push(key.public().clone()),
            Err(error) => {
                tracing::error!(key = %row.id, %error, "a signing key does not open: its tokens are not taken");
            }
        }
    }
    Ok(Keys { newest, public })
}

pub(super) async fn open(keys: &DataKeys, row: &StoredSigningKey) -> Result<SigningKey> {
    let sealer = keys.by_id(&valetkey_vault::key_of(&row.private_sealed)?).await?;
    let sealer = sealer.filter(|key| key.purpose() == Purpose::Signing && key.environment().is_empty());
    let sealer = sealer.ok_or_else(|| Error::internal("the data key of the signing key is gone"))?;
    let der = sealer.open(&places::signing_key(&row.id), &row.private_sealed)?;
    Ok(SigningKey::from_der(row.id.clone(), &der)?)
}

/// A new key as a row that is not stored yet, sealed under this data key.
pub(super) fn draft(keys: &DataKeys, sealer: &DataKey) -> Result<StoredSigningKey> {
    let id = SigningKeyId::new(keys.clock.as_ref(), keys.rng.as_ref());
    let key = SigningKey::generate(id.clone())?;
    Ok(StoredSigningKey {
        private_sealed: sealer.seal(&places::signing_key(&id), key.private_der().expose())?,
        public_jwk: key.public().jwk(),
        id,
        created_at: keys.clock.now(),
        retired_at: None,
    })
}

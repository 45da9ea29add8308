//! The keys that sign our tokens: loaded at start, the first made there. The newest signs, all are taken.

use super::data_keys::DataKeys;
use crate::{Error, Result};
use moka::sync::Cache;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use valetkey_domain::Kind;
use valetkey_domain::id::SigningKeyId;
use valetkey_storage::signing_keys::{self as rows, StoredSigningKey};
use valetkey_vault::jwt::{self, PublicKey, Signed, SigningKey};
use valetkey_vault::{DataKey, Holder, Place};

/// The signing keys, ready for use.
pub(super) struct Signing {
    newest: SigningKey,
    public: Vec<PublicKey>,
    /// Tokens whose signature was good, by their SHA-256: a client sends the same one with every request. The keys
    /// don't change while the process runs, and claims are looked at each time.
    signed: Cache<[u8; 32], Arc<Signed>>,
}

/// How many tokens' signatures are remembered; each takes about a kilobyte.
const MOST_SIGNED: u64 = 1_000;

impl Signing {
    /// Loads the keys, making the first one if there is none. `sealer` is the key that all environments share.
    pub(super) async fn load(keys: &DataKeys, sealer: &DataKey) -> Result<Self> {
        let mut stored = rows::all(&mut keys.store.read().await?).await?;
        if stored.is_empty() {
            stored = make(keys, sealer).await?;
        }
        let newest = stored.iter().find(|key| key.retired_at.is_none());
        let newest = newest.ok_or_else(|| Error::internal("every signing key is retired"))?;
        let der = sealer.open(&place(&newest.id), &newest.private_sealed)?;
        let newest = SigningKey::from_der(newest.id.clone(), &der)?;
        let public = stored.iter().map(|key| Ok(PublicKey::from_jwk(&key.public_jwk)?)).collect::<Result<_>>()?;
        Ok(Self { newest, public, signed: Cache::new(MOST_SIGNED) })
    }

    pub(super) fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String> {
        Ok(self.newest.sign(typ, claims)?)
    }

    pub(super) fn verify<T: DeserializeOwned>(&self, token: &str, expect: &jwt::Expect) -> Result<T> {
        let claims = self.signed(token).and_then(|signed| signed.claims(expect));
        claims.map_err(|error| Error::new(Kind::Unauthenticated, "the token is not valid").because(error))
    }

    fn signed(&self, token: &str) -> std::result::Result<Arc<Signed>, valetkey_vault::Error> {
        let hash = valetkey_vault::sha256(token.as_bytes());
        if let Some(signed) = self.signed.get(&hash) {
            return Ok(signed);
        }
        let signed = Arc::new(jwt::signed(token, &self.public)?);
        self.signed.insert(hash, Arc::clone(&signed));
        Ok(signed)
    }

    pub(super) fn jwks(&self) -> Value {
        json!({"keys": self.public.iter().map(PublicKey::jwk).collect::<Vec<_>>()})
    }
}

async fn make(keys: &DataKeys, sealer: &DataKey) -> Result<Vec<StoredSigningKey>> {
    let id = SigningKeyId::new(keys.clock.as_ref(), keys.rng.as_ref());
    let key = SigningKey::generate(id.clone())?;
    let row = StoredSigningKey {
        private_sealed: sealer.seal(&place(&id), key.private_der().expose())?,
        public_jwk: key.public().jwk(),
        id,
        created_at: keys.clock.now(),
        retired_at: None,
    };
    let mut tx = keys.store.write().await?;
    rows::insert_first(&mut tx, &row).await?;
    let stored = rows::all(&mut tx).await?;
    tx.commit().await?;
    Ok(stored)
}

fn place(id: &SigningKeyId) -> Place<'_> {
    let (table, column) = ("signing_keys", "private_sealed");
    Place { environment: "", table, row: id.as_str(), column, generation: 0, audience: &[], holder: Holder::default() }
}

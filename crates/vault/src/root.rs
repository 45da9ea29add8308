//! The root key: it wraps data keys and nothing else, so that changing it touches a handful of rows.
//!
//! ```text
//! root key ──wraps──> data key of (environment, purpose, generation) ──HKDF──> key of one row ──seals──> value
//! ```
//! Its version is a fingerprint that gives nothing away; rows name it, so that the wrong key is told by name.

use crate::parts::{derive, lengths, mac, mac_key};
use crate::{DataKey, Error, Purpose, random};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use valetkey_domain::Secret;
use valetkey_domain::id::{DataKeyId, EnvironmentId};
use zeroize::Zeroizing;

/// The key at the root of all others.
pub struct RootKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RootKey({})", self.version())
    }
}

/// A data key as it rests in the database.
#[derive(Clone, Debug)]
pub struct Wrapped {
    /// Its id.
    pub id: DataKeyId,
    /// The environment it serves; none if all share it.
    pub environment: Option<EnvironmentId>,
    /// What it is for.
    pub purpose: Purpose,
    /// Which in the row of its purpose's keys it is.
    pub generation: i64,
    /// The version of the root key that wrapped it.
    pub root_version: String,
    /// Nonce, ciphertext and tag.
    pub bytes: Vec<u8>,
}

impl Wrapped {
    /// The row of a key that is about to be wrapped under a root of this version.
    pub(crate) fn unfilled(key: &DataKey, root_version: String) -> Result<Self, Error> {
        let environment = match key.environment() {
            "" => None,
            text => Some(EnvironmentId::parse(text).map_err(|_| Error::Library("an environment id"))?),
        };
        Ok(Self {
            id: key.id().clone(),
            environment,
            purpose: key.purpose(),
            generation: key.generation(),
            root_version,
            bytes: vec![],
        })
    }

    /// The data key of this row, whose bytes were found inside.
    pub(crate) fn opened(&self, key: Zeroizing<[u8; 32]>) -> DataKey {
        let environment = self.environment.as_ref().map(EnvironmentId::to_string).unwrap_or_default();
        DataKey::from_parts(self.id.clone(), environment, self.purpose, self.generation, key)
    }
}

impl RootKey {
    /// A new one.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn generate() -> Result<Self, Error> {
        Ok(Self(Zeroizing::new(random::bytes()?)))
    }

    /// Reads one: 32 bytes as hexadecimal digits or as base64 (either alphabet, padded or not).
    ///
    /// # Errors
    /// The text is neither.
    pub fn from_text(text: &Secret<str>) -> Result<Self, Error> {
        let text = text.expose().trim();
        let digits = hex::decode(text).ok().filter(|bytes| bytes.len() == 32);
        let bytes = Zeroizing::new(digits.or_else(|| base64(text)).ok_or(Error::NoRootKey)?);
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| Error::NoRootKey)?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// The key as base64, for the one file it is kept in.
    #[must_use]
    pub fn to_text(&self) -> Secret<str> {
        Secret::from(BASE64_STANDARD.encode(self.0.as_slice()))
    }

    /// A fingerprint that names the key and gives nothing of it away.
    #[must_use]
    pub fn version(&self) -> String {
        let tag = mac(&mac_key(&self.0), [b"valetkey root key version".as_slice()]);
        BASE64_URL_SAFE_NO_PAD.encode(tag.as_ref().get(..9).unwrap_or_default())
    }

    /// Wraps a data key.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn wrap(&self, key: &DataKey) -> Result<Wrapped, Error> {
        let mut wrapped = Wrapped::unfilled(key, self.version())?;
        let nonce: [u8; 12] = random::bytes()?;
        let mut text = Zeroizing::new(key.bytes().to_vec());
        let associated = associated(&wrapped);
        let tag = self
            .wrapping()?
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), associated, text.as_mut_slice())
            .map_err(|_| Error::Library("wrapping"))?;
        wrapped.bytes = [nonce.as_slice(), text.as_slice(), tag.as_ref()].concat();
        Ok(wrapped)
    }

    /// Opens a data key.
    ///
    /// # Errors
    /// It was wrapped under another root key, is damaged, or was moved from another row.
    pub fn unwrap(&self, wrapped: &Wrapped) -> Result<DataKey, Error> {
        if wrapped.root_version != self.version() {
            return Err(Error::WrongRootKey { sealed_under: wrapped.root_version.clone(), given: self.version() });
        }
        let damaged = || Error::DoesNotOpen { what: format!("data key {}", wrapped.id) };
        let (nonce, text) = wrapped.bytes.split_at_checked(12).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut text = Zeroizing::new(text.to_vec());
        let opened = self.wrapping()?.open_in_place(nonce, associated(wrapped), &mut text).map_err(|_| damaged())?;
        let key = Zeroizing::new(<[u8; 32]>::try_from(&*opened).map_err(|_| damaged())?);
        Ok(wrapped.opened(key))
    }

    fn wrapping(&self) -> Result<LessSafeKey, Error> {
        let key = derive(&self.0, b"valetkey root", b"wrap data keys")?;
        let unbound = UnboundKey::new(&AES_256_GCM, key.as_slice()).map_err(|_| Error::Library("AES-256-GCM key"))?;
        Ok(LessSafeKey::new(unbound))
    }
}

fn associated(wrapped: &Wrapped) -> Aad<Vec<u8>> {
    let environment = wrapped.environment.as_ref().map(EnvironmentId::as_str).unwrap_or_default();
    let generation = wrapped.generation.to_be_bytes();
    let parts: [&[u8]; 6] = [
        b"valetkey data key 1",
        wrapped.id.as_str().as_bytes(),
        environment.as_bytes(),
        wrapped.purpose.as_str().as_bytes(),
        &generation,
        wrapped.root_version.as_bytes(),
    ];
    Aad::from(lengths(parts))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let plain = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    BASE64_URL_SAFE_NO_PAD.decode(plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_testkit::{ManualClock, SeededRng};

    fn data_key() -> DataKey {
        let environment = EnvironmentId::parse("env_1").unwrap();
        let id = DataKeyId::new(&ManualClock::default(), &SeededRng::new(2));
        DataKey::generate(id, Some(&environment), Purpose::Url, 3).unwrap()
    }

    #[test]
    fn a_data_key_comes_back_out() {
        let (root, key) = (RootKey::generate().unwrap(), data_key());
        let again = root.unwrap(&root.wrap(&key).unwrap()).unwrap();
        assert_eq!(again.bytes(), key.bytes());
        assert_eq!((again.id(), again.generation(), again.environment()), (key.id(), 3, "env_1"));
    }

    #[test]
    fn the_wrong_root_key_is_told_by_name() {
        let (one, other) = (RootKey::generate().unwrap(), RootKey::generate().unwrap());
        let why = other.unwrap(&one.wrap(&data_key()).unwrap()).unwrap_err().to_string();
        assert!(why.contains(&one.version()) && why.contains(&other.version()), "{why}");
    }

    #[test]
    fn a_wrapped_key_opens_for_nothing_else() {
        let root = RootKey::generate().unwrap();
        let wrapped = root.wrap(&data_key()).unwrap();
        let other = [
            Wrapped { environment: EnvironmentId::parse("env_2").ok(), ..wrapped.clone() },
            Wrapped { environment: None, ..wrapped.clone() },
            Wrapped { purpose: Purpose::Credential, ..wrapped.clone() },
            Wrapped { generation: 4, ..wrapped.clone() },
            Wrapped { id: DataKeyId::parse("key_x").unwrap(), ..wrapped.clone() },
            Wrapped { bytes: vec![], ..wrapped },
        ];
        for wrong in other {
            assert!(root.unwrap(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn reads_every_usual_form_and_no_other() {
        let key = RootKey::generate().unwrap();
        let digits = hex::encode(key.0.as_slice());
        let url_safe = key.to_text().expose().replace('+', "-").replace('/', "_");
        for text in [key.to_text().expose(), digits.as_str(), url_safe.trim_end_matches('='), &format!("{digits}\n")] {
            assert_eq!(RootKey::from_text(&text.into()).unwrap().version(), key.version());
        }
        for wrong in ["", "hunter2", &digits[2..], &format!("{digits}00"), "é"] {
            assert!(RootKey::from_text(&wrong.into()).is_err(), "{wrong}");
        }
    }
}

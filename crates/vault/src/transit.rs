//! A root key that stays in a KMS: the `transit` engine of OpenBao or Vault wraps data keys and opens them. Here are
//! the requests and what their answers mean; sending them is somebody else's.
//!
//! A wrapped key rests as the KMS wrote it, `vault:vN:..`; its root version is `transit:MOUNT/KEY:vN`. Which data key it
//! is (environment, purpose, generation) is associated data, so that the KMS opens it for nothing else.

use crate::parts::lengths;
use crate::{DataKey, Error, Wrapped};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use valetkey_domain::Secret;
use valetkey_domain::id::EnvironmentId;
use zeroize::Zeroizing;

/// What root versions of a KMS begin with; fingerprints of root keys never have a colon.
const PREFIX: &str = "transit:";

/// One key of a `transit` engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitKey {
    mount: String,
    key: String,
}

/// A request to the KMS: a path under its address, and a body where it is a POST.
#[derive(Debug)]
pub struct Ask {
    /// Begins with a slash.
    pub path: String,
    /// JSON; none for a GET.
    pub body: Option<Secret<[u8]>>,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    ciphertext: Option<String>,
    plaintext: Option<String>,
    latest_version: Option<i64>,
    supports_encryption: Option<bool>,
}

impl TransitKey {
    /// The key of this name under this mount.
    #[must_use]
    pub fn new(mount: &str, key: &str) -> Self {
        Self { mount: mount.trim_matches('/').to_owned(), key: key.to_owned() }
    }

    /// What names it among root keys: `transit:MOUNT/KEY`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{PREFIX}{}/{}", self.mount, self.key)
    }

    /// Asks whether the key is there, and its newest version. The KMS would make a missing one silently when asked to
    /// encrypt.
    #[must_use]
    pub fn look(&self) -> Ask {
        Ask { path: format!("/v1/{}/keys/{}", self.mount, self.key), body: None }
    }

    /// The newest root version, from the answer to [`TransitKey::look`].
    ///
    /// # Errors
    /// The answer is none, or of a key that cannot encrypt.
    pub fn newest(&self, answer: &[u8]) -> Result<String, Error> {
        let data = read(answer)?;
        if data.supports_encryption == Some(false) {
            return Err(Error::Kms("the key cannot encrypt: make one of type aes256-gcm96"));
        }
        let version = data.latest_version.ok_or(Error::Kms("an answer without latest_version"))?;
        Ok(format!("{}:v{version}", self.name()))
    }

    /// Asks it to wrap a data key.
    #[must_use]
    pub fn encrypt(&self, key: &DataKey) -> Ask {
        let plaintext = Zeroizing::new(BASE64_STANDARD.encode(key.bytes()));
        let associated = associated(key.id().as_str(), key.environment(), key.purpose().as_str(), key.generation());
        let body = json!({"plaintext": plaintext.as_str(), "associated_data": associated});
        self.post("encrypt", &body)
    }

    /// The wrapped key, from the answer to [`TransitKey::encrypt`].
    ///
    /// # Errors
    /// The answer is none.
    pub fn encrypted(&self, key: &DataKey, answer: &[u8]) -> Result<Wrapped, Error> {
        let text = read(answer)?.ciphertext.ok_or(Error::Kms("an answer without ciphertext"))?;
        let version = text.strip_prefix("vault:").and_then(|rest| rest.split_once(':')).map(|(version, _)| version);
        let version = version.ok_or(Error::Kms("a ciphertext that does not begin with vault:vN:"))?;
        let root = format!("{}:{version}", self.name());
        Ok(Wrapped { bytes: text.clone().into_bytes(), ..Wrapped::unfilled(key, root)? })
    }

    /// Asks it to open a data key.
    ///
    /// # Errors
    /// The bytes are not what a KMS wrote.
    pub fn decrypt(&self, wrapped: &Wrapped) -> Result<Ask, Error> {
        let ciphertext = std::str::from_utf8(&wrapped.bytes).map_err(|_| damaged(wrapped))?;
        let environment = wrapped.environment.as_ref().map(EnvironmentId::as_str).unwrap_or_default();
        let associated = associated(wrapped.id.as_str(), environment, wrapped.purpose.as_str(), wrapped.generation);
        Ok(self.post("decrypt", &json!({"ciphertext": ciphertext, "associated_data": associated})))
    }

    /// The opened key, from the answer to [`TransitKey::decrypt`].
    ///
    /// # Errors
    /// The answer is none, or no key of 32 bytes.
    pub fn decrypted(&self, wrapped: &Wrapped, answer: &[u8]) -> Result<DataKey, Error> {
        let text = read(answer)?.plaintext.map(Zeroizing::new).ok_or(Error::Kms("an answer without plaintext"))?;
        let bytes = BASE64_STANDARD.decode(text.as_bytes()).map(Zeroizing::new).map_err(|_| damaged(wrapped))?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| damaged(wrapped))?;
        Ok(wrapped.opened(key))
    }

    fn post(&self, verb: &str, body: &Value) -> Ask {
        let body = Secret::from(body.to_string().into_bytes());
        Ask { path: format!("/v1/{}/{verb}/{}", self.mount, self.key), body: Some(body) }
    }
}

/// The root that a root version is of: the version without the number that a KMS counts up.
#[must_use]
pub fn root_of(version: &str) -> &str {
    match version.rsplit_once(":v") {
        Some((name, _)) if version.starts_with(PREFIX) => name,
        _ => version,
    }
}

fn associated(id: &str, environment: &str, purpose: &str, generation: i64) -> String {
    let generation = generation.to_be_bytes();
    let parts: [&[u8]; 5] =
        [b"valetkey data key 1", id.as_bytes(), environment.as_bytes(), purpose.as_bytes(), &generation];
    BASE64_STANDARD.encode(lengths(parts))
}

fn read(answer: &[u8]) -> Result<Data, Error> {
    let answer: Answer =
        serde_json::from_slice(answer).map_err(|_| Error::Kms("an answer that is none of transit's"))?;
    Ok(answer.data)
}

fn damaged(wrapped: &Wrapped) -> Error {
    Error::DoesNotOpen { what: format!("data key {}", wrapped.id) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Purpose;
    use valetkey_testkit::{ManualClock, SeededRng};

    fn key() -> DataKey {
        let id = valetkey_domain::id::DataKeyId::new(&ManualClock::default(), &SeededRng::new(2));
        DataKey::generate(id, EnvironmentId::parse("env_1").ok().as_ref(), Purpose::Credential, 3).unwrap()
    }

    fn body(ask: &Ask) -> Value {
        serde_json::from_slice(ask.body.as_ref().unwrap().expose()).unwrap()
    }

    #[test]
    fn what_was_wrapped_is_asked_for_with_the_same_place() {
        let (transit, key) = (TransitKey::new("transit/", "valetkey"), key());
        let ask = transit.encrypt(&key);
        assert_eq!(ask.path, "/v1/transit/encrypt/valetkey");
        let wrapped = transit.encrypted(&key, br#"{"data":{"ciphertext":"vault:v7:abc","key_version":7}}"#).unwrap();
        assert_eq!(wrapped.root_version, "transit:transit/valetkey:v7");
        let open = transit.decrypt(&wrapped).unwrap();
        assert_eq!(body(&open)["ciphertext"], "vault:v7:abc");
        assert_eq!(body(&open)["associated_data"], body(&ask)["associated_data"]);
        let plaintext = body(&ask)["plaintext"].clone();
        let answer = json!({"data": {"plaintext": plaintext}}).to_string();
        let opened = transit.decrypted(&wrapped, answer.as_bytes()).unwrap();
        assert_eq!((opened.bytes(), opened.id(), opened.generation()), (key.bytes(), key.id(), 3));
    }

    #[test]
    fn another_purpose_or_generation_is_another_place() {
        let (transit, key) = (TransitKey::new("transit", "valetkey"), key());
        let wrapped = transit.encrypted(&key, br#"{"data":{"ciphertext":"vault:v1:abc"}}"#).unwrap();
        let place = |wrapped: &Wrapped| body(&transit.decrypt(wrapped).unwrap())["associated_data"].clone();
        for other in [
            Wrapped { purpose: Purpose::Client, ..wrapped.clone() },
            Wrapped { generation: 4, ..wrapped.clone() },
            Wrapped { environment: None, ..wrapped.clone() },
        ] {
            assert_ne!(place(&other), place(&wrapped));
        }
    }

    #[test]
    fn answers_that_are_none_are_refused() {
        let (transit, key) = (TransitKey::new("transit", "valetkey"), key());
        for answer in ["", "{}", r#"{"data":{}}"#, r#"{"data":{"ciphertext":"abc"}}"#, r#"{"errors":["x"]}"#] {
            assert!(transit.encrypted(&key, answer.as_bytes()).is_err(), "{answer}");
            assert!(transit.newest(answer.as_bytes()).is_err(), "{answer}");
        }
        let signing = br#"{"data":{"latest_version":1,"supports_encryption":false}}"#;
        assert!(transit.newest(signing).is_err());
    }

    #[test]
    fn versions_of_a_kms_are_of_one_root() {
        assert_eq!(root_of("transit:transit/valetkey:v12"), "transit:transit/valetkey");
        assert_eq!(root_of("1qynLZw_zexS"), "1qynLZw_zexS");
    }
}

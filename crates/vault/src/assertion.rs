//! Assertions that are signed with somebody else's key, a service account's or one half of a key pair (RFC 7523).

use crate::{Error, sha256};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value};
use valetkey_domain::Secret;

/// A private key, which says itself how it signs: an RSA key RS256, one of P-256 ES256.
pub struct Key {
    signs: EncodingKey,
    algorithm: Algorithm,
}

impl Key {
    /// Reads an RSA key in PEM (PKCS#1 or PKCS#8).
    ///
    /// # Errors
    /// The text is none that signs.
    pub fn rsa(pem: &Secret<str>) -> Result<Self, Error> {
        let wrong = Error::Library("an RSA key in PEM");
        let Ok(signs) = EncodingKey::from_rsa_pem(pem.bytes()) else { return Err(wrong) };
        let key = Self { signs, algorithm: Algorithm::RS256 };
        key.sign(None, &Map::new()).map(|_| key).map_err(|_| wrong)
    }

    /// Reads an RSA key, or one of P-256 in PKCS#8, in PEM.
    ///
    /// # Errors
    /// The text is none that signs.
    pub fn read(pem: &Secret<str>) -> Result<Self, Error> {
        Self::rsa(pem).or_else(|_| Self::p256(pem))
    }

    fn p256(pem: &Secret<str>) -> Result<Self, Error> {
        let wrong = Error::Library("an RSA or P-256 key in PEM");
        let Ok(signs) = EncodingKey::from_ec_pem(pem.bytes()) else { return Err(wrong) };
        let key = Self { signs, algorithm: Algorithm::ES256 };
        key.sign(None, &Map::new()).map(|_| key).map_err(|_| wrong)
    }

    /// Signs claims. `key_id` is the header's `kid`.
    ///
    /// # Errors
    /// The library refuses what it took when the key was read.
    pub fn sign(&self, key_id: Option<&str>, claims: &Map<String, Value>) -> Result<Secret<str>, Error> {
        let header = Header { kid: key_id.map(str::to_owned), ..Header::new(self.algorithm) };
        let signed = jsonwebtoken::encode(&header, claims, &self.signs);
        signed.map(Secret::from).map_err(|_| Error::Library("signing an assertion"))
    }

    /// The SHA-256 of its public half (SubjectPublicKeyInfo in DER), in Base64, as some apps name keys.
    ///
    /// # Errors
    /// The library refuses what it took when the key was read.
    pub fn public_sha256(&self) -> Result<String, Error> {
        let der = self.public().map_err(|()| Error::Library("the public half of a key"))?;
        Ok(BASE64_STANDARD.encode(sha256(der.as_ref())))
    }

    fn public(&self) -> Result<PublicKeyX509Der<'static>, ()> {
        let key = self.signs.as_bytes();
        if self.algorithm == Algorithm::RS256 {
            let pair = aws_lc_rs::rsa::KeyPair::from_der(key).map_err(|_| ())?;
            return pair.public_key().as_der().map_err(|_| ());
        }
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key).map_err(|_| ())?;
        pair.public_key().as_der().map_err(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_told() {
        for odd in ["", "hunter2", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            let Err(refused) = Key::read(&Secret::from(odd)) else { panic!("{odd}") };
            assert!(!format!("{refused:?}").contains("hunter2"));
        }
    }
}

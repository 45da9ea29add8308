//! Assertions that are signed with somebody else's key, a service account's: RS256 (RFC 7523).

use crate::Error;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value};
use valetkey_domain::Secret;

/// Signs claims with an RSA key in PEM. `key_id` is the header's `kid`.
///
/// # Errors
/// The text is no RSA key in PEM.
pub fn sign(pem: &Secret<str>, key_id: Option<&str>, claims: &Map<String, Value>) -> Result<Secret<str>, Error> {
    let header = Header { kid: key_id.map(str::to_owned), ..Header::new(Algorithm::RS256) };
    let signed = jsonwebtoken::encode(&header, claims, &key(pem)?);
    signed.map(Secret::from).map_err(|_| Error::Library("signing an assertion"))
}

/// Whether a text is an RSA key in PEM that signs.
///
/// # Errors
/// It is not.
pub fn check(pem: &Secret<str>) -> Result<(), Error> {
    sign(pem, None, &Map::new()).map(drop)
}

fn key(pem: &Secret<str>) -> Result<EncodingKey, Error> {
    EncodingKey::from_rsa_pem(pem.bytes()).map_err(|_| Error::Library("an RSA key in PEM"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_told() {
        for odd in ["", "hunter2", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            let refused = check(&Secret::from(odd)).unwrap_err();
            assert!(!format!("{refused:?}").contains("hunter2"));
        }
    }
}

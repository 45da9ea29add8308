//! Bearer secrets and PKCE verifiers, from the system's source of randomness.

use crate::{Error, sha256};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use valetkey_domain::Secret;

/// That many random bytes.
///
/// # Errors
/// The system has no randomness to give: nothing may go on without.
pub fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::Library("no randomness"))?;
    Ok(bytes)
}

/// A bearer secret: the prefix, then 256 random bits as base64url.
///
/// # Errors
/// The system has no randomness to give.
pub fn bearer(prefix: &str) -> Result<Secret<str>, Error> {
    Ok(Secret::from(format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes::<32>()?))))
}

/// A PKCE verifier and its S256 challenge (RFC 7636 §4.1, §4.2).
///
/// # Errors
/// The system has no randomness to give.
pub fn pkce() -> Result<(Secret<str>, String), Error> {
    let verifier = bearer("")?;
    let challenge = challenge(&verifier);
    Ok((verifier, challenge))
}

/// The S256 challenge of a verifier that was made of something else.
#[must_use]
pub fn challenge(verifier: &Secret<str>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(sha256(verifier.bytes()))
}

/// The nonce of an authorization request (OpenID Connect Core §15.5.2), made of the request's PKCE verifier: it is bound
/// to it, nobody can guess it or get from it to the verifier, and it need not be kept.
#[must_use]
pub fn nonce(verifier: &Secret<str>) -> Secret<str> {
    let bound = [b"valetkey nonce\0".as_slice(), verifier.bytes()].concat();
    Secret::from(BASE64_URL_SAFE_NO_PAD.encode(sha256(&bound)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_never_come_twice() {
        let (one, other) = (bearer("vks_").unwrap(), bearer("vks_").unwrap());
        assert_eq!(one.expose().len(), 4 + 43);
        assert_ne!(one.expose(), other.expose());
    }

    #[test]
    fn the_challenge_is_the_verifiers_hash() {
        let (verifier, challenge) = pkce().unwrap();
        assert!((43..=128).contains(&verifier.expose().len()), "RFC 7636 §4.1");
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(challenge).unwrap(), sha256(verifier.bytes()));
    }

    #[test]
    fn a_nonce_is_its_verifiers_and_tells_nothing_of_it() {
        let ((verifier, challenge), (other, _)) = (pkce().unwrap(), pkce().unwrap());
        let made = nonce(&verifier);
        assert_eq!(made.expose(), nonce(&verifier).expose());
        assert_eq!(made.expose().len(), 43);
        for different in [&challenge, verifier.expose(), nonce(&other).expose()] {
            assert_ne!(made.expose(), different);
        }
    }
}

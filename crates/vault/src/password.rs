//! Members' passwords: Argon2id with the library's defaults, which are OWASP's (19 MiB, two passes). The only slow hash
//! here: all other secrets have 256 random bits.

use crate::{Error, random};
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use valetkey_domain::Secret;

/// The hash to keep, in PHC's text form, which names its own parameters. Takes some 30 ms: not for an async thread.
///
/// # Errors
/// The system has no randomness to give.
pub fn hash(password: &Secret<str>) -> Result<String, Error> {
    let salt = SaltString::encode_b64(&random::bytes::<16>()?).map_err(|_| Error::Library("a salt"))?;
    let hash = Argon2::default().hash_password(password.bytes(), &salt);
    Ok(hash.map_err(|_| Error::Library("a password's hash"))?.to_string())
}

/// Whether the password is the one that the hash was made of. None to hold it against takes as long and fits nothing, so
/// that nobody learns from the time which names there are. Not for an async thread.
#[must_use]
pub fn fits(password: &Secret<str>, hash: Option<&str>) -> bool {
    /// Of a password that was thrown away.
    const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGhlcmU$\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODYS)) else { return false };
    let fits = Argon2::default().verify_password(password.bytes(), &parsed).is_ok();
    fits && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_fits_its_password_alone_and_says_its_parameters() {
        let (one, other) = (Secret::from("correct horse"), Secret::from("correct horsf"));
        let kept = hash(&one).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(fits(&one, Some(&kept)) && !fits(&other, Some(&kept)) && !fits(&one, None));
        assert!(!fits(&one, Some("nonsense")));
        assert_ne!(kept, hash(&one).unwrap(), "each has a salt of its own");
    }

    #[test]
    fn nobodys_hash_is_one_that_can_be_read() {
        // Otherwise a name that isn't there would be answered at once.
        let start = "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGhlcmU$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(PasswordHash::new(start).is_ok());
    }
}

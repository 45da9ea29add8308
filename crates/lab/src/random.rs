//! Names nobody guesses, from the system's random source, and the digest under which the state file knows them.

use crate::Error;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// This many random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::Random(error.to_string()))?;
    Ok(bytes)
}

/// A bearer secret with 256 random bits behind a prefix that says what it is.
pub(crate) fn secret(prefix: &str) -> Result<String, Error> {
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes::<32>()?)))
}

/// Sixteen hexadecimal digits, the form of Gmail's message ids.
pub(crate) fn hex16() -> Result<String, Error> {
    Ok(format!("{:016x}", u64::from_be_bytes(bytes()?)))
}

/// Twenty-six letters and digits of the base32hex alphabet in lower case, the form of Calendar's event ids.
pub(crate) fn base32hex() -> Result<String, Error> {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).map_or('0', |&letter| char::from(letter));
    Ok(bytes::<26>()?.iter().map(letter).collect())
}

/// The name under which the state file holds a secret: it never holds the secret itself.
pub(crate) fn digest(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
}

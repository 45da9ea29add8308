//! Texts made of parts, so that no two lists of parts make one text; and what is derived from such texts.

use crate::Error;
use aws_lc_rs::{hkdf, hmac};
use zeroize::Zeroizing;

/// HKDF-SHA256 (RFC 5869) to 32 bytes.
pub(crate) fn derive(key: &[u8; 32], salt: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
    let failed = |_| Error::Library("HKDF");
    let mut derived = Zeroizing::new([0; 32]);
    let pseudorandom = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(key);
    let info = [info];
    pseudorandom.expand(&info, hkdf::HKDF_SHA256).map_err(failed)?.fill(derived.as_mut_slice()).map_err(failed)?;
    Ok(derived)
}

/// A key made ready for [`mac`], which takes longer than the MAC of a few hundred bytes.
pub(crate) fn mac_key(key: &[u8; 32]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key)
}

/// HMAC-SHA256 over length-prefixed parts, so that no two lists of parts share one text.
pub(crate) fn mac<'a>(key: &hmac::Key, parts: impl IntoIterator<Item = &'a [u8]>) -> hmac::Tag {
    hmac::sign(key, &lengths(parts))
}

/// The parts one after the other, each behind its length.
pub(crate) fn lengths<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut text = Vec::new();
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part);
    }
    text
}

/// A part of at most 255 bytes behind one byte of length.
pub(crate) fn push_short(blob: &mut Vec<u8>, part: &[u8]) -> Result<(), Error> {
    blob.push(u8::try_from(part.len()).map_err(|_| Error::Library("an id of more than 255 bytes"))?);
    blob.extend_from_slice(part);
    Ok(())
}

/// What [`push_short`] wrote, and what comes after it.
pub(crate) fn take_short(blob: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = blob.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

//! Base64 as messages have it.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Base64url as Gmail writes it; padding and the other alphabet are taken as well.
pub(super) fn bytes(data: &str) -> Option<Vec<u8>> {
    let data: Vec<u8> = data.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(in_url_alphabet).collect();
    LENIENT.decode(data).ok()
}

/// What can be read of base64 that may be damaged: what is no part of it is passed over.
pub(super) fn readable_bytes(data: &[u8]) -> Vec<u8> {
    let kept = data.iter().copied().map(in_url_alphabet);
    let mut kept: Vec<u8> = kept.filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).collect();
    if kept.len() % 4 == 1 {
        kept.pop();
    }
    LENIENT.decode(kept).unwrap_or_default()
}

const fn in_url_alphabet(byte: u8) -> u8 {
    match byte {
        b'+' => b'-',
        b'/' => b'_',
        other => other,
    }
}

//! Whether a text repeats what we sent, as it was or in one of the usual encodings. A provider that quotes the token
//! it refuses must not get it into a log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::percent_decode_str;
use std::collections::HashSet;

/// So many letters and digits in a row of a secret are a repetition of it; shorter secrets count as a whole.
const PIECE: usize = 12;

/// Whether `text` repeats one of `secrets`, or a piece of one. Both are bounded by whoever calls: the text to some
/// thousand characters, the secrets to what an answer may hold.
pub(super) fn repeats(text: &str, secrets: &[&str]) -> bool {
    let decoded = percent_decode_str(text).decode_utf8_lossy();
    let shown = [plain(text), plain(&decoded)];
    let pieces: HashSet<&[u8]> = shown.iter().flat_map(|text| text.windows(PIECE)).collect();
    secrets.iter().filter(|secret| !secret.is_empty()).any(|secret| {
        text.contains(secret)
            || decoded.contains(secret)
            || forms(secret).iter().any(|form| holds(&shown, &pieces, form))
    })
}

fn holds(shown: &[Vec<u8>], pieces: &HashSet<&[u8]>, form: &[u8]) -> bool {
    if form.len() >= PIECE {
        return form.windows(PIECE).any(|piece| pieces.contains(piece));
    }
    // Three letters stand in any sentence by chance.
    form.len() > 3 && shown.iter().any(|text| text.windows(form.len()).any(|piece| piece == form))
}

/// Letters and digits alone, small: what is left of a text whatever is put between them.
fn plain(text: &str) -> Vec<u8> {
    text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).collect()
}

/// A secret as it is, backwards, in hexadecimal, and in Base64 as it looks at each of the three places where it can
/// begin within something longer.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let hex =
        secret.bytes().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|half| char::from_digit(half.into(), 16));
    let mut forms =
        vec![plain(secret), plain(&secret.chars().rev().collect::<String>()), plain(&hex.collect::<String>())];
    for before in 0..3 {
        let encoded = STANDARD_NO_PAD.encode([vec![0; before], secret.as_bytes().to_vec()].concat());
        // The characters that also depend on what stands before and after.
        let inner = encoded.get(before + 1..encoded.len().saturating_sub(1)).unwrap_or_default();
        forms.push(plain(inner));
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    const SECRET: &str = "1//0gHunter-2_s3cr3t~";

    #[test]
    fn attack_49_a_secret_is_known_again_in_the_usual_disguises() {
        let percent: String = SECRET.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
        for shown in [
            SECRET.to_owned(),
            SECRET.to_uppercase(),
            SECRET.chars().rev().collect(),
            SECRET.chars().map(|c| format!("{c} ")).collect(),
            SECRET[..17].to_owned(),
            SECRET[4..].to_owned(),
            percent,
            hex,
            STANDARD.encode(SECRET),
            URL_SAFE.encode(format!("my-client:{SECRET}")),
            STANDARD.encode(format!("id:{SECRET}")),
            STANDARD.encode(format!("i:{SECRET}; x")),
        ] {
            assert!(repeats(&format!("token '{shown}' is spent"), &["other", SECRET]), "{shown}");
        }
    }

    #[test]
    fn ordinary_words_repeat_nothing() {
        for words in ["The refresh token has expired or was revoked.", "AADSTS70008: expired", ""] {
            assert!(!repeats(words, &[SECRET, "", "id", "hunter2"]), "{words}");
        }
        assert!(repeats("bad password x9", &["x9"]), "a short secret counts as it is");
        assert!(repeats("bad password Hunter 2", &["hunter2"]));
    }
}

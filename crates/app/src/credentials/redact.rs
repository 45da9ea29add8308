//! Takes access tokens out of what an app answered: some echo the request's headers, as they are or encoded.
//!
//! Of each form that a token is looked for in, only the beginning is: where it stands, as much goes as agrees with the
//! form. So the search is small whatever the token's length, and one pass over a text whatever the number of forms.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::Arc;
use valetkey_domain::Secret;

const MARK: &str = "[redacted credential]";
/// How much of the beginning of a form is looked for.
const BEGINNING: usize = 24;
/// Shorter secrets are looked for as they are only: their encodings stand in other texts by chance.
const ENCODED: usize = 8;

/// Knows some secrets in every form that it looks for.
#[derive(Clone)]
pub(crate) struct Redactor {
    /// Finds beginnings, whatever the case of their letters; none if there is nothing to look for.
    search: Option<AhoCorasick>,
    forms: Arc<[String]>,
}

impl Redactor {
    /// One for these secrets.
    pub(crate) fn of(secrets: &[&Secret<str>]) -> Self {
        let secrets = secrets.iter().map(|secret| secret.expose()).filter(|secret| !secret.is_empty());
        let mut forms: Vec<String> = secrets.flat_map(forms).collect();
        forms.sort();
        forms.dedup();
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .ascii_case_insensitive(true)
            .build(forms.iter().map(|form| form.as_bytes().get(..BEGINNING).unwrap_or(form.as_bytes())));
        // Were it to fail, the call ends by the defect: nothing leaves in which nobody has looked.
        #[expect(clippy::expect_used, reason = "a few beginnings of 24 bytes are far below the library's limits")]
        let search = search.expect("the forms of a few tokens");
        Self { search: (!forms.is_empty()).then_some(search), forms: forms.into() }
    }

    /// Replaces every occurrence in the texts of a value, member names included.
    pub(crate) fn value(&self, value: &mut Value) {
        match value {
            Value::String(held) => self.text(held),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(members) => {
                members.values_mut().for_each(|member| self.value(member));
                if members.keys().any(|name| self.is_in(name)) {
                    *members =
                        std::mem::take(members).into_iter().map(|(name, held)| (self.name(name), held)).collect();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Replaces every occurrence in a text.
    pub(crate) fn text(&self, text: &mut String) {
        let Some(search) = &self.search else { return };
        let (mut rest, mut kept) = (text.as_str(), None::<String>);
        while let Some(found) = search.find(rest) {
            let (before, from) = rest.split_at_checked(found.start()).unwrap_or((rest, ""));
            let kept = kept.get_or_insert_default();
            kept.push_str(before);
            kept.push_str(MARK);
            let end = self.end(from, found.len());
            rest = from.get(end..).unwrap_or_default();
        }
        if let Some(kept) = kept {
            *text = kept + rest;
        }
    }

    /// Replaces every occurrence in a body of whatever kind.
    pub(crate) fn bytes(&self, body: Bytes) -> Bytes {
        if !self.is_in_bytes(&body) {
            return body;
        }
        // Each byte as the character of its number, and back: what is no text stays what it was.
        let mut text: String = body.iter().copied().map(char::from).collect();
        self.text(&mut text);
        text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect()
    }

    /// Whether the bytes of a header or a body have an occurrence in them.
    pub(crate) fn is_in_bytes(&self, bytes: &[u8]) -> bool {
        self.search.as_ref().is_some_and(|search| search.is_match(bytes))
    }

    /// Where what agrees with a form ends; several forms can begin alike.
    fn end(&self, text: &str, found: usize) -> usize {
        let agreed = self.forms.iter().map(|form| agreement(form, text)).max().unwrap_or(0).max(found);
        (agreed..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
    }

    fn name(&self, mut name: String) -> String {
        self.text(&mut name);
        name
    }

    fn is_in(&self, name: &str) -> bool {
        self.search.as_ref().is_some_and(|search| search.is_match(name))
    }
}

/// How much of a text agrees with the beginning of a form, whichever of its characters are percent-encoded.
fn agreement(form: &str, text: &str) -> usize {
    let (text, mut at) = (text.as_bytes(), 0);
    for byte in form.bytes() {
        match text.get(at..) {
            Some([plain, ..]) if plain.eq_ignore_ascii_case(&byte) => at += 1,
            Some([b'%', high, low, ..]) if hex::decode([*high, *low]).is_ok_and(|found| found == [byte]) => at += 3,
            _ => break,
        }
    }
    at
}

/// A secret as it is and in the usual encodings. Base64 looks different at each of the three places where a secret can
/// begin within something longer (`Bearer …` for instance).
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    if secret.len() < ENCODED {
        return forms;
    }
    forms.push(secret.chars().rev().collect());
    forms.push(hex::encode(secret));
    forms.push(percent(secret, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)));
    forms.push(percent(secret, |byte| byte.is_ascii_alphanumeric() || b"*-._".contains(&byte)));
    forms.push(percent(secret, |byte| byte.is_ascii_alphanumeric()));
    forms.push(percent(secret, |_| false));
    let json = Value::from(secret).to_string();
    forms.push(json.get(1..json.len() - 1).unwrap_or_default().to_owned());
    forms.push(json.trim_matches('"').replace('/', "\\/"));
    for before in 0..3 {
        let bytes = [vec![0; before], secret.as_bytes().to_vec()].concat();
        for encoded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            // Without the characters that also depend on what stands before and after.
            let inner = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
            forms.push(encoded.get(inner).unwrap_or_default().to_owned());
        }
    }
    forms.retain(|form| !form.is_empty());
    forms
}

fn percent(secret: &str, plain: impl Fn(u8) -> bool) -> String {
    secret.bytes().fold(String::new(), |mut text, byte| {
        if plain(byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            write!(text, "%{byte:02X}").ok();
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use serde_json::json;
    use std::time::{Duration, Instant};

    const SECRET: &str = "ya29.a0/Hunter+2_s3cr3t~é\"quoted-and-long-enough-to-go-on";

    fn cleaned(text: &str) -> String {
        let mut text = text.to_owned();
        Redactor::of(&[&Secret::from(SECRET)]).text(&mut text);
        text
    }

    #[test]
    fn no_trace_is_left_in_values_or_names() {
        let (old, new) = (Secret::<str>::from("ya29.old"), Secret::<str>::from("ya29.new"));
        let mut echoed = json!({ "headers": ["Bearer ya29.old", { "ya29.new": 1 }], "n": 3, "t": "fine" });
        Redactor::of(&[&old, &new]).value(&mut echoed);
        assert_eq!(
            echoed,
            json!({ "headers": ["Bearer [redacted credential]", { "[redacted credential]": 1 }], "n": 3, "t": "fine" })
        );
    }

    #[test]
    fn attack_49_a_token_is_known_again_in_the_usual_encodings() {
        let bearer = |before: &str, after: &str| format!("{before}{SECRET}{after}");
        let mut disguised = vec![
            SECRET.to_owned(),
            SECRET.to_uppercase().replace('É', "é"),
            SECRET.chars().rev().collect(),
            hex::encode(SECRET),
            hex::encode_upper(SECRET),
            url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect(),
            percent(SECRET, |_| false).to_lowercase(),
            json!(SECRET).to_string(),
            json!({ "nested": json!(SECRET).to_string() })["nested"].as_str().unwrap().to_owned(),
        ];
        for before in ["", "B", "Be", "Bearer ", "user:"] {
            for after in ["", "!", ":x", "\r\nHost: a"] {
                let whole = bearer(before, after);
                disguised.extend([STANDARD.encode(&whole), URL_SAFE.encode(&whole), STANDARD_NO_PAD.encode(&whole)]);
            }
        }
        for text in disguised {
            let framed = format!("it said <{text}> twice: <{text}>");
            let cleaned = cleaned(&framed);
            assert_eq!(cleaned.matches(MARK).count(), 2, "{text}: {cleaned}");
            let left = cleaned.replace(MARK, "").len();
            assert!(left < "it said <> twice: <>".len() + 2 * 40, "{cleaned}");
        }
    }

    #[test]
    fn what_only_looks_like_a_token_stays() {
        for text in ["ya29", "ya29.a0/Hunter", "Hunter", "", "é", "s3cr3t~é"] {
            assert_eq!(cleaned(text), text);
        }
        let mut text = "at-1 and YXQtMQ".to_owned();
        Redactor::of(&[&Secret::from("at-1"), &Secret::from("")]).text(&mut text);
        assert_eq!(text, "[redacted credential] and YXQtMQ", "short ones are looked for as they are");
    }

    #[test]
    fn a_body_that_is_no_text_keeps_its_other_bytes() {
        let redactor = Redactor::of(&[&Secret::from("ya29.old")]);
        let plain = Bytes::from_static(&[0, 255, 128, b'a', 0xC3, 0xA9]);
        assert_eq!(redactor.bytes(plain.clone()), plain);
        let echoed = [&plain, b"Bearer ya29.old;".as_slice(), &plain].concat();
        let wanted = [&plain, b"Bearer [redacted credential];".as_slice(), &plain].concat();
        assert_eq!(redactor.bytes(echoed.into()), wanted);
    }

    #[test]
    fn beginnings_over_and_over_cost_no_squares() {
        let begun = Instant::now();
        let beginning: String = SECRET.chars().take(BEGINNING - 1).collect();
        let text = beginning.repeat(400_000);
        assert_eq!(cleaned(&text).len(), text.len());
        let whole = SECRET.repeat(100_000);
        assert_eq!(cleaned(&whole), MARK.repeat(100_000));
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}

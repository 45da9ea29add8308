//! Takes access tokens out of what an app answered: some echo the request's headers, as they are or encoded.
//!
//! Of each form that a token is looked for in, only the beginning is: where it stands, as much goes as agrees with the
//! form. So the search is small whatever the token's length, and one pass over a text: at each place the first two bytes say
//! which beginnings are compared at all. It is made anew for each call, which has to cost little: an automaton of
//! all forms takes a hundred times as long to make.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde_json::Value;
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
    forms: Arc<[String]>,
    places: Arc<Places>,
}

/// Where a form may begin: which forms have a byte as their first and as their second, in either case, each form a bit. Of more
/// than 64 forms some share one.
struct Places {
    first: [u64; 256],
    second: [u64; 256],
    /// The forms of one byte, which have no second.
    single: u64,
}

impl Redactor {
    /// One for these secrets.
    pub(crate) fn of(secrets: &[&Secret<str>]) -> Self {
        let secrets = secrets.iter().map(|secret| secret.expose()).filter(|secret| !secret.is_empty());
        let mut forms: Vec<String> = secrets.flat_map(forms).collect();
        forms.sort();
        forms.dedup();
        Self { places: Arc::new(Places::of(&forms)), forms: forms.into() }
    }

    /// Replaces every occurrence in the texts of a value, member names included.
    pub(crate) fn value(&self, value: &mut Value) {
        match value {
            Value::String(held) => self.text(held),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(members) => {
                members.values_mut().for_each(|member| self.value(member));
                if members.keys().any(|name| self.is_in_bytes(name.as_bytes())) {
                    *members =
                        std::mem::take(members).into_iter().map(|(name, held)| (self.name(name), held)).collect();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Replaces every occurrence in a text.
    pub(crate) fn text(&self, text: &mut String) {
        let (mut rest, mut kept) = (text.as_str(), None::<String>);
        while let Some(found) = self.find(rest.as_bytes()) {
            let (before, from) = rest.split_at_checked(found).unwrap_or((rest, ""));
            let kept = kept.get_or_insert_default();
            kept.push_str(before);
            kept.push_str(MARK);
            rest = from.get(self.end(from)..).unwrap_or_default();
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
        self.find(bytes).is_some()
    }

    /// The first place at which a form begins, whatever the case of its letters.
    fn find(&self, bytes: &[u8]) -> Option<usize> {
        (0..bytes.len()).find(|at| {
            let here = bytes.get(*at..).unwrap_or_default();
            let begun = self.places.begun_at(here);
            begun != 0 && self.begins(here, begun)
        })
    }

    /// Whether one of these forms begins here.
    fn begins(&self, here: &[u8], begun: u64) -> bool {
        self.forms.iter().enumerate().filter(|(number, _)| bit(*number) & begun != 0).any(|(_, form)| {
            let form = beginning(form);
            here.get(..form.len()).is_some_and(|here| here.eq_ignore_ascii_case(form))
        })
    }

    /// Where what agrees with a form ends; several forms can begin alike.
    fn end(&self, text: &str) -> usize {
        let agreed = self.forms.iter().map(|form| agreement(form, text)).max().unwrap_or(text.len());
        (agreed..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
    }

    fn name(&self, mut name: String) -> String {
        self.text(&mut name);
        name
    }
}

impl Places {
    fn of(forms: &[String]) -> Self {
        let mut places = Self { first: [0; 256], second: [0; 256], single: 0 };
        let note = |of: &mut [u64; 256], byte: u8, number: usize| {
            for byte in [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
                of.iter_mut().skip(byte.into()).take(1).for_each(|forms| *forms |= bit(number));
            }
        };
        for (number, form) in forms.iter().enumerate() {
            let mut bytes = form.bytes();
            if let Some(byte) = bytes.next() {
                note(&mut places.first, byte, number);
            }
            match bytes.next() {
                Some(byte) => note(&mut places.second, byte, number),
                None => places.single |= bit(number),
            }
        }
        places
    }

    /// The forms that may begin here, for all that the first two bytes say.
    fn begun_at(&self, here: &[u8]) -> u64 {
        let of = |forms: &[u64; 256], byte: Option<&u8>| {
            byte.and_then(|byte| forms.get(usize::from(*byte))).copied().unwrap_or(0)
        };
        match of(&self.first, here.first()) {
            0 => 0,
            first => first & (self.single | of(&self.second, here.get(1))),
        }
    }
}

/// The bit of a form, which it may share.
const fn bit(number: usize) -> u64 {
    1 << (number % 64)
}

/// How much of a form is looked for.
fn beginning(form: &str) -> &[u8] {
    form.as_bytes().get(..BEGINNING).unwrap_or(form.as_bytes())
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
    secret.bytes().fold(String::with_capacity(3 * secret.len()), |mut text, byte| {
        if plain(byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.extend([byte >> 4, byte & 15].into_iter().filter_map(|half| char::from_digit(half.into(), 16)));
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
            percent(SECRET, |_| false).to_uppercase(),
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
    fn the_first_place_at_which_a_form_begins_is_found_whatever_their_number() {
        let long = (0..7).map(|number| format!("{}9.one/of+many-\u{e9}-{number}", ["ya", "Yb"][number % 2]));
        let secrets: Vec<Secret<str>> =
            ["a", "Ab", "aab"].map(str::to_owned).into_iter().chain(long).map(Secret::from).collect();
        for count in 1..=secrets.len() {
            let redactor = Redactor::of(&secrets.iter().take(count).collect::<Vec<_>>());
            assert!(count < secrets.len() || redactor.forms.len() > 64, "some share a bit");
            let mut seed = 7_u64;
            let mut next = |below: usize| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                usize::try_from(seed >> 33).unwrap() % below
            };
            for _ in 0..3_000 {
                // Pieces of forms in any case, so that most places are almost one.
                let mut text = Vec::new();
                for _ in 0..next(6) {
                    let form = redactor.forms[next(redactor.forms.len())].as_bytes();
                    let piece = &form[..form.len().min(next(30))];
                    text.extend(if next(2) == 0 { piece.to_ascii_uppercase() } else { piece.to_vec() });
                }
                let begins = |at: &usize| {
                    redactor.forms.iter().map(|form| beginning(form)).any(|form| {
                        text.len() >= at + form.len() && text[*at..at + form.len()].eq_ignore_ascii_case(form)
                    })
                };
                let wanted = (0..text.len()).find(begins);
                assert_eq!(redactor.find(&text), wanted, "{:?}", String::from_utf8_lossy(&text));
            }
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
        // A token that is alike at all of its places.
        let mut text = format!("{}b", "a".repeat(BEGINNING - 1)).repeat(100_000);
        let length = text.len();
        Redactor::of(&[&Secret::from("a".repeat(100))]).text(&mut text);
        assert_eq!(text.len(), length);
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}

//! Headers as Gmail gives them: a list of name and value under a part, mostly decoded, sometimes not (folded lines and
//! RFC 2047 words of whatever charset come through from senders that broke the rules).

use super::encoded::{self, Finder};
use super::scope::member;
use serde_json::Value;

/// The longest header that is decoded, in bytes.
const MAX_HEADER: usize = 64 << 10;

/// The first header of a name, whatever its case.
pub(super) fn find<'v>(part: &'v Value, name: &str) -> Option<&'v str> {
    part.get("headers")?
        .as_array()?
        .iter()
        .find(|header| member(header, "name").is_some_and(|found| found.eq_ignore_ascii_case(name)))
        .and_then(|header| member(header, "value"))
}

/// A header of free text on one line, with its encoded words decoded.
pub(super) fn decoded(value: &str) -> String {
    clean(&encoded::decoded(&line(value)))
}

/// A header of addresses on one line, decoded name by name: a comma inside an encoded name must not become one between
/// two people.
pub(super) fn decoded_addresses(value: &str) -> String {
    let line = line(value);
    if !line.contains("=?") {
        return clean(&line);
    }
    let shown: Vec<String> = pieces(&line).into_iter().map(mailbox).filter(|shown| !shown.is_empty()).collect();
    shown.join(", ")
}

/// Splits at the commas outside quotes, brackets and encoded words.
fn pieces(line: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut at) = (Vec::new(), 0, 0);
    let (mut quoted, mut angle, mut finder) = (false, false, Finder::default());
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some((_, after)) = finder.word(rest) {
            at = line.len() - after.len();
            continue;
        }
        let c = rest.chars().next().unwrap_or_default();
        match c {
            // The next character stands for itself.
            '\\' if quoted => at += rest.chars().nth(1).map_or(0, char::len_utf8),
            '"' => quoted = !quoted,
            '<' if !quoted => angle = true,
            '>' if !quoted => angle = false,
            ',' if !quoted && !angle => {
                pieces.push(line.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    pieces.push(line.get(start..).unwrap_or_default());
    pieces
}

/// One address with its name decoded, in quotes where it needs them.
fn mailbox(piece: &str) -> String {
    let Some((name, address)) = piece.rsplit_once('<').filter(|(name, _)| name.contains("=?")) else {
        return decoded(piece);
    };
    let name = name.trim();
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    let (name, address) = (decoded(name), clean(address));
    if name.contains([',', '"', '<', '>', ';', '@', '(', ')', '\\']) {
        return format!("\"{}\" <{address}", name.replace('\\', "\\\\").replace('"', "\\\""));
    }
    format!("{name} <{address}").trim_start().to_owned()
}

/// Unfolded (RFC 5322, 2.2.3) and bounded.
pub(super) fn line(value: &str) -> String {
    let value = value.get(..value.floor_char_boundary(MAX_HEADER)).unwrap_or_default();
    value.replace(['\r', '\n'], " ")
}

/// What was encoded may hold line breaks and controls too; blanks in a row are what folding left.
fn clean(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_found_in_any_case() {
        let part = json!({"headers": [{"name": "SUBJECT", "value": "a"}, {"name": "Subject", "value": "b"}, 7, {"name": "X"}]});
        assert_eq!(find(&part, "subject"), Some("a"));
        assert_eq!(find(&part, "x"), None);
        assert_eq!(find(&json!({"headers": "no"}), "x"), None);
    }

    #[test]
    fn words_in_every_charset() {
        for (value, expected) in [
            ("plain", "plain"),
            ("=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
            ("=?utf-8?B?8J+OiQ==?= party =?UTF-8?q?=F0=9F=8E=82?=", "🎉 party 🎂"),
            ("=?ISO-8859-1?Q?caf=E9?=", "café"),
            ("=?windows-1251?B?z/Do4uXy?=", "Привет"),
            ("=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=", "日本語"),
            ("=?Shift_JIS?B?k/qWe4zq?=", "日本語"),
            ("=?GB2312?B?xOO6ww==?=", "你好"),
            ("=?EUC-KR?B?vsiz5w==?=", "안녕"),
            ("=?Big5?B?p0Gmbg==?=", "你好"),
            ("=?UTF-8?Q?one?=\r\n =?UTF-8?Q?two?=", "onetwo"),
            ("folded\r\n  line", "folded line"),
            ("=?UTF-8?Q?half", "=?UTF-8?Q?half"),
            ("=?x-unknown?Q?abc?=", "abc"),
            ("=?utf-8?B?YQ0KQmNjOiB4?=", "a Bcc: x"),
            ("Ünïcode as it is 👩‍👩‍👧", "Ünïcode as it is 👩‍👩‍👧"),
            ("", ""),
        ] {
            assert_eq!(decoded(value), expected, "{value}");
        }
    }

    #[test]
    fn an_encoded_comma_stays_inside_its_name() {
        assert_eq!(
            decoded_addresses("=?utf-8?Q?M=C3=BCller=2C_Anna?= <anna@example.com>, Bob <bob@example.com>"),
            "\"Müller, Anna\" <anna@example.com>, Bob <bob@example.com>"
        );
        assert_eq!(decoded_addresses("\"Doe, John\" <j@example.com>"), "\"Doe, John\" <j@example.com>");
        // The comma of an encoded word that wrote it as it is, a name cut inside a character, one in quotes.
        assert_eq!(decoded_addresses("=?utf-8?Q?a,_b?= <a@x>, <b@x>"), "\"a, b\" <a@x>, <b@x>");
        assert_eq!(decoded_addresses("=?utf-8?B?SsO2csM=?= =?utf-8?B?vA==?= <j@x>"), "Jörü <j@x>");
        assert_eq!(
            decoded_addresses("\"=?utf-8?Q?J=C3=B6rg?=\" <j@x>, \"a\\\", b\" <c@x>"),
            "Jörg <j@x>, \"a\\\", b\" <c@x>"
        );
        assert_eq!(decoded_addresses("=?utf-8?Q?only_words?="), "only words");
        assert_eq!(decoded_addresses("undisclosed-recipients:;"), "undisclosed-recipients:;");
    }
}

//! Headers as Gmail gives them: a list of name and value under a part, mostly decoded, sometimes not (folded lines and
//! RFC 2047 words of whatever charset come through from senders that broke the rules).

use super::scope::member;
use mail_parser::parsers::MessageStream;
use mail_parser::{Addr, Address, HeaderValue};
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
    let line = line(value);
    match MessageStream::new(format!("{line}\n").as_bytes()).parse_unstructured() {
        HeaderValue::Text(text) => clean(&text),
        _ => String::new(),
    }
}

/// A header of addresses on one line, decoded name by name: a comma inside an encoded name must not become one between
/// two people.
pub(super) fn decoded_addresses(value: &str) -> String {
    let line = line(value);
    if !line.contains("=?") {
        return clean(&line);
    }
    let shown = match MessageStream::new(format!("{line}\n").as_bytes()).parse_address() {
        HeaderValue::Address(Address::List(list)) => joined(&list),
        HeaderValue::Address(Address::Group(groups)) => groups
            .iter()
            .map(|group| joined(&group.addresses))
            .filter(|list| !list.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
        _ => String::new(),
    };
    if shown.is_empty() { decoded(value) } else { clean(&shown) }
}

fn joined(list: &[Addr<'_>]) -> String {
    list.iter().filter_map(mailbox).collect::<Vec<_>>().join(", ")
}

fn mailbox(addr: &Addr<'_>) -> Option<String> {
    match (addr.name.as_deref(), addr.address.as_deref()) {
        (None, None) => None,
        (Some(name), None) => Some(name.to_owned()),
        (None, Some(address)) => Some(address.to_owned()),
        (Some(name), Some(address)) if name.contains([',', '"', '<', '>', ';', '@', '(', ')', '\\']) => {
            Some(format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\"")))
        }
        (Some(name), Some(address)) => Some(format!("{name} <{address}>")),
    }
}

/// Unfolded (RFC 5322, 2.2.3) and bounded.
fn line(value: &str) -> String {
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

/// The message ids in a header such as References, without their brackets and in their order.
///
/// Ids with blanks or line breaks inside are left out: they cannot be written into a header again.
pub(super) fn message_ids(value: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for piece in value.split('<').skip(1) {
        let Some((id, _)) = piece.split_once('>') else { continue };
        if is_message_id(id) && !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    ids
}

fn is_message_id(id: &str) -> bool {
    id.contains('@') && id.len() <= 900 && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<')
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
        assert_eq!(decoded_addresses("=?utf-8?Q?only_words?="), "only words");
        assert_eq!(decoded_addresses("undisclosed-recipients:;"), "undisclosed-recipients:;");
    }

    #[test]
    fn message_ids_are_read_and_checked() {
        assert_eq!(message_ids("<a@x>\r\n\t<b@y> (comment) <a@x> <no-at> <bad id@x> <c@z"), ["a@x", "b@y"]);
        assert_eq!(message_ids("<ev\r\nil@x>"), Vec::<String>::new());
    }
}

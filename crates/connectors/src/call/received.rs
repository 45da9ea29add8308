//! An answer that is a file: its bytes as a value.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use serde_json::{Map, Value};

/// The longest media type that is shown, in characters.
const MAX_TYPE: usize = 200;

/// `type`, `size` in bytes, and the content: `text` where it is text in UTF-8, else `data` in base64. None where the
/// base64 would be longer than `most`: half of it is worth nothing, so it is not even made.
pub(super) fn file(headers: &HeaderMap, body: &[u8], most: usize) -> Option<Value> {
    let mut members = Map::new();
    if let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) {
        members.insert("type".to_owned(), kind.chars().take(MAX_TYPE).collect::<String>().into());
    }
    members.insert("size".to_owned(), body.len().into());
    let (name, content) = match text(body) {
        Some(text) => ("text", text.to_owned()),
        None if base64::encoded_len(body.len(), true).is_none_or(|length| length > most) => return None,
        None => ("data", STANDARD.encode(body)),
    };
    members.insert(name.to_owned(), content.into());
    Some(Value::Object(members))
}

/// The body as text, without a byte order mark. Characters that no text has say that it is something else, whatever
/// it is called.
fn text(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    let odd = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}' | '\u{85}');
    (!text.contains(odd)).then(|| text.strip_prefix('\u{feff}').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(kind: &str, body: &[u8], most: usize) -> Option<Value> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        file(&headers, body, most)
    }

    #[test]
    fn text_is_text_and_the_rest_is_base64() {
        let text = of("text/csv", "\u{feff}a,ü\r\n".as_bytes(), 10).unwrap();
        assert_eq!(text, json!({"type": "text/csv", "size": 9, "text": "a,ü\r\n"}));
        let bytes = of("text/plain", b"a\0b", 10).unwrap();
        assert_eq!(bytes, json!({"type": "text/plain", "size": 3, "data": "YQBi"}));
        assert_eq!(of("image/png", b"\x89PNG", 10).unwrap()["data"], "iVBORw==");
        assert_eq!(file(&HeaderMap::new(), b"", 10).unwrap(), json!({"size": 0, "text": ""}));
    }

    #[test]
    fn bytes_that_would_be_cut_are_not_made() {
        assert!(of("image/png", &[0xff; 30], 40).is_some());
        assert!(of("image/png", &[0xff; 31], 40).is_none());
        assert!(of("text/plain", &[b'a'; 3_000], 40).is_some(), "text is cut where an answer is");
    }
}

//! Bodies as token endpoints and their neighbours send them: JSON or a form, a byte-order mark before either.

use serde_json::{Map, Value};

/// A body without the byte-order mark that some frameworks put before it.
pub(super) fn unmarked(body: &[u8]) -> &[u8] {
    let trimmed = body.trim_ascii_start();
    trimmed.strip_prefix(b"\xef\xbb\xbf").unwrap_or(trimmed)
}

/// The members of a JSON object or of a form; the content type is not asked, for it is often wrong. It is read as
/// tolerantly as can be: a new refresh token may stand in it.
pub(super) fn members(body: &[u8]) -> Option<Map<String, Value>> {
    let body = unmarked(body);
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => return Some(members),
        Ok(_) => return None,
        Err(_) => {}
    }
    let text = std::str::from_utf8(body).ok().map(str::trim)?;
    let looks_like_form = text.contains('=') && !text.contains(['<', '{', '\n', ' ']);
    let pairs = form_urlencoded::parse(text.as_bytes());
    looks_like_form.then(|| pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect())
}

/// What a body that is neither says to people: a page's title, or a text that is no page. Empty if neither.
pub(super) fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(unmarked(body));
    if !text.contains('<') {
        return if text.starts_with(['{', '[']) { String::new() } else { text.into_owned() };
    }
    // Lower case of ASCII keeps every position.
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|at| {
        let begin = at + lower.get(at..)?.find('>')? + 1;
        let end = begin + lower.get(begin..)?.find("</title")?;
        text.get(begin..end)
    });
    title.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_body() {
        for body in ["\u{feff}{\"a\":\"1\"}", " \n\u{feff} {\"a\":\"1\"}\n", "\u{feff}a=1", "\u{feff}\r\n{\"a\":\"1\"}"]
        {
            assert_eq!(members(body.as_bytes()).unwrap()["a"], "1", "{body:?}");
        }
        assert_eq!(members("\u{feff}".as_bytes()), None);
        assert_eq!(members(b"\xef\xbb"), None);
    }

    #[test]
    fn words_are_a_title_or_a_plain_text() {
        assert_eq!(words(b"<!DOCTYPE html><TITLE lang=en>401 No</title><p>x"), "401 No");
        assert_eq!(words("\u{feff}token is gone".as_bytes()), "token is gone");
        for none in ["", "<title>", "<title>x", "<p>", "</title><title", "{\"a\":", "[1]"] {
            assert_eq!(words(none.as_bytes()), "", "{none}");
        }
        assert_eq!(words("<title>\u{130}\u{e9}</title>".as_bytes()), "\u{130}\u{e9}");
    }
}

//! Parameters of headers such as Content-Type, with the continuations and charsets of RFC 2231.

use super::charset;
use super::headers::{find, line};
use serde_json::Value;

/// The most pieces that a parameter may be cut into.
const MAX_PIECES: usize = 500;

/// One piece of a parameter.
struct Piece {
    number: usize,
    /// Written with `%`, after a charset in the first piece.
    extended: bool,
    text: String,
}

/// A parameter of a header of this part.
pub(super) fn parameter(part: &Value, header: &str, name: &str) -> Option<String> {
    let line = line(find(part, header)?);
    let (mut plain, mut pieces) = (None, Vec::new());
    for (key, text) in pairs(&line) {
        let Some(rest) = strip_ignoring_case(key, name) else { continue };
        if rest.is_empty() {
            plain = plain.or(Some(text));
        } else if let Some((number, extended)) = numbered(rest)
            && pieces.len() < MAX_PIECES
        {
            pieces.push(Piece { number, extended, text });
        }
    }
    if pieces.is_empty() { plain } else { Some(joined(pieces)) }
}

fn strip_ignoring_case<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

/// `*`, `*0`, `*0*`.
fn numbered(rest: &str) -> Option<(usize, bool)> {
    let rest = rest.strip_prefix('*')?;
    let (number, extended) = rest.strip_suffix('*').map_or((rest, rest.is_empty()), |number| (number, true));
    if number.is_empty() { Some((0, true)) } else { Some((number.parse().ok()?, extended)) }
}

fn joined(mut pieces: Vec<Piece>) -> String {
    pieces.sort_by_key(|piece| piece.number);
    let (mut bytes, mut label) = (Vec::new(), None);
    for piece in pieces {
        let mut text = piece.text.as_str();
        if piece.extended && label.is_none() {
            let mut said = text.splitn(3, '\'');
            if let (Some(charset), Some(_), Some(rest)) = (said.next(), said.next(), said.next()) {
                (label, text) = (Some(charset.to_owned()), rest);
            }
        }
        if piece.extended {
            bytes.extend(percent_encoding::percent_decode_str(text));
        } else {
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    charset::to_text(&bytes, label.as_deref())
}

/// Names and values after the first `;`.
fn pairs(line: &str) -> Vec<(&str, String)> {
    let mut pairs = Vec::new();
    let mut rest = line.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        // A word without a value, and what stands before it.
        let name = name.rsplit(';').next().unwrap_or_default().trim();
        let (value, after) = value(after.trim_start());
        pairs.push((name, value));
        rest = after.split_once(';').map_or("", |(_, rest)| rest);
    }
    pairs
}

/// A value, quoted or not, and what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        // Blanks belong into quotes; names of files are sent with them all the same.
        let end = text.find(';').unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.trim().to_owned(), rest);
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in quoted.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            _ => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_in_every_form() {
        let name = |value: &str| {
            let part = json!({"headers": [{"name": "content-disposition", "value": value}]});
            parameter(&part, "Content-Disposition", "filename")
        };
        for (value, expected) in [
            ("attachment; filename=a.pdf", "a.pdf"),
            ("attachment; FileName = \"a \\\"b\\\"; c.pdf\"; size=3", "a \"b\"; c.pdf"),
            ("attachment; filename=my file.pdf; size=3", "my file.pdf"),
            ("attachment; filename*=UTF-8''na%C3%AFve.png", "naïve.png"),
            ("attachment; filename*=iso-8859-1'en'%A3.txt; filename=x.txt", "£.txt"),
            ("inline; filename*1=\".png\";\r\n filename*0*=UTF-8''na%C3%AFve", "naïve.png"),
            ("inline; filename*0*=utf-8''%E6%97; filename*1*=%A5.txt", "日.txt"),
            ("inline; filename*0=\"long\"; filename*1=\"er.txt\"", "longer.txt"),
            ("inline; flag; filename=x", "x"),
        ] {
            assert_eq!(name(value).as_deref(), Some(expected), "{value}");
        }
        for value in ["attachment", "attachment; name=x", "", "filename=x", "a; filename*x=1"] {
            assert_eq!(name(value), None, "{value}");
        }
    }
}

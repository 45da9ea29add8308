//! Message ids in a header such as References.
//!
//! RFC 5322 has `<left@right>`. What is sent has ids without an `@`, without brackets, with blanks in them; whoever
//! answers has to repeat them as they are, or the answer leaves its thread.

use std::collections::HashSet;

/// The longest id that fits on one line of a header.
const MAX_ID: usize = 900;

/// The ids in a header, without their brackets, in their order, each once. Left out is what cannot be written into a
/// header again.
pub(super) fn message_ids(value: &str) -> Vec<String> {
    let value = value.replace("\r\n ", " ").replace("\r\n\t", " ");
    let found = if value.contains('<') { bracketed(&value) } else { bare(&value) };
    let mut known = HashSet::with_capacity(found.len());
    let mut ids = Vec::new();
    for id in found.into_iter().map(str::trim).filter(|id| is_writable(id)) {
        if known.insert(id) {
            ids.push(id.to_owned());
        }
    }
    ids
}

/// What stands in brackets; the last may lack its second one.
fn bracketed(value: &str) -> Vec<&str> {
    let mut ids = Vec::new();
    let mut pieces = value.split('<').skip(1).peekable();
    while let Some(piece) = pieces.next() {
        match piece.split_once('>') {
            Some((id, _)) => ids.push(id),
            None if pieces.peek().is_none() => ids.push(piece),
            None => {}
        }
    }
    ids
}

/// Words that look like ids. Old programs wrote phrases into In-Reply-To, so a word needs an `@` unless it is alone.
fn bare(value: &str) -> Vec<&str> {
    let words: Vec<&str> =
        value.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [_] => words,
        _ => words.into_iter().filter(|word| word.contains('@')).collect(),
    }
}

fn is_writable(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_ID
        && id.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'<' && byte != b'>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_sent() {
        for (value, expected) in [
            ("<a@x>\r\n\t<b@y> (comment) <a@x> <c@z>", &["a@x", "b@y", "c@z"][..]),
            // Not of RFC 5322's form, and sent all the same.
            ("<20261122.ABC>", &["20261122.ABC"]),
            ("<a@b@c> <x y@z> <[1.2.3.4]:\"q\"@h>", &["a@b@c", "x y@z", "[1.2.3.4]:\"q\"@h"]),
            ("a@x", &["a@x"]),
            ("no-at-and-no-brackets", &["no-at-and-no-brackets"]),
            ("a@x b@y,c@z", &["a@x", "b@y", "c@z"]),
            ("<a@x> <cut@off", &["a@x", "cut@off"]),
            ("Your message of Tuesday <a@x>", &["a@x"]),
            ("Your message of Tuesday", &[]),
            (" ", &[]),
            ("<>", &[]),
            // What would break out of its line is never written.
            ("<ev\r\nil@x> <ok@x>", &["ok@x"]),
            ("<b\nBcc: e@x>", &[]),
            ("<\0@x>", &[]),
        ] {
            assert_eq!(message_ids(value), expected, "{value}");
        }
        assert!(message_ids(&format!("<{}@x>", "a".repeat(900))).is_empty());
    }
}

//! Encoded words (RFC 2047), as they are sent: cut inside characters, in unknown charsets, with blanks in them.

use super::{base64_text, charset};

/// The longest name of a charset, in bytes.
const MAX_CHARSET: usize = 60;

/// Finds encoded words, and remembers that there is none any more: looking for the end of each anew would take time
/// that grows with the square of the text.
#[derive(Default)]
pub(super) struct Finder {
    no_more_ends: bool,
}

/// One encoded word.
#[derive(Clone, Copy)]
pub(super) struct Word<'t> {
    charset: &'t str,
    base64: bool,
    data: &'t str,
}

impl Finder {
    /// The word that begins a text, and what follows it.
    pub(super) fn word<'t>(&mut self, text: &'t str) -> Option<(Word<'t>, &'t str)> {
        let inner = text.strip_prefix("=?").filter(|_| !self.no_more_ends)?;
        let head = inner.get(..inner.floor_char_boundary(MAX_CHARSET)).unwrap_or_default();
        let charset = head.split('?').next().filter(|name| name.len() < head.len() && !name.is_empty())?;
        if charset.contains(|c: char| c.is_whitespace() || c == '=') {
            return None;
        }
        let coded = inner.get(charset.len() + 1..)?;
        let base64 = match coded.as_bytes() {
            [b'B' | b'b', b'?', ..] => true,
            [b'Q' | b'q', b'?', ..] => false,
            _ => return None,
        };
        let Some((data, rest)) = coded.get(2..)?.split_once("?=") else {
            self.no_more_ends = true;
            return None;
        };
        // RFC 2231, 5: a language may follow the charset.
        let charset = charset.split('*').next().unwrap_or_default();
        Some((Word { charset, base64, data }, rest))
    }
}

/// Words in a row of one charset. Their bytes are put together before they are read, for senders cut between the bytes
/// of a character, and even between the bits of one.
#[derive(Default)]
struct Row<'t> {
    charset: &'t str,
    bytes: Vec<u8>,
    /// Base64 that the next word may go on.
    open: Vec<u8>,
}

impl<'t> Row<'t> {
    fn add(&mut self, word: Word<'t>, text: &mut String) {
        if !word.charset.eq_ignore_ascii_case(self.charset) {
            self.end(text);
            self.charset = word.charset;
        }
        if word.base64 {
            self.open.extend(word.data.bytes().filter(|byte| !byte.is_ascii_whitespace()));
            if self.open.len().is_multiple_of(4) || self.open.ends_with(b"=") {
                self.close();
            }
        } else {
            self.close();
            quoted(word.data.as_bytes(), &mut self.bytes);
        }
    }

    fn close(&mut self) {
        self.bytes.extend(base64_text::readable_bytes(&self.open));
        self.open.clear();
    }

    fn end(&mut self, text: &mut String) {
        self.close();
        if !self.bytes.is_empty() {
            text.push_str(&charset::to_text(&self.bytes, Some(self.charset)));
            self.bytes.clear();
        }
    }
}

fn quoted(data: &[u8], bytes: &mut Vec<u8>) {
    let mut rest = data;
    while let Some((first, after)) = rest.split_first() {
        let coded = after.get(..2).filter(|_| *first == b'=').and_then(|pair| std::str::from_utf8(pair).ok());
        let coded = coded.filter(|pair| !pair.starts_with('+')).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(coded.unwrap_or(if *first == b'_' { b' ' } else { *first }));
        rest = if coded.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
}

/// A text with its encoded words decoded. Blanks between two of them are no part of it.
pub(super) fn decoded(text: &str) -> String {
    let (mut shown, mut row, mut finder) = (String::with_capacity(text.len()), Row::default(), Finder::default());
    let (mut plain, mut rest) = (text, text);
    let mut after_word = false;
    while let Some(at) = rest.find("=?") {
        rest = rest.get(at..).unwrap_or_default();
        let Some((word, after)) = finder.word(rest) else {
            rest = rest.get(2..).unwrap_or_default();
            continue;
        };
        let between = plain.get(..plain.len() - rest.len()).unwrap_or_default();
        if !(after_word && between.trim().is_empty()) {
            row.end(&mut shown);
            shown.push_str(between);
        }
        row.add(word, &mut shown);
        (plain, rest, after_word) = (after, after, true);
    }
    row.end(&mut shown);
    shown.push_str(plain);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cut_inside_a_character_are_put_together() {
        for (text, expected) in [
            // Between the bytes of a character, in either encoding and both.
            ("=?UTF-8?Q?Gr=C3?= =?UTF-8?Q?=BC=C3=9Fe?=", "Grüße"),
            ("=?utf-8?B?4pyF8J+O?=\r\n =?UTF-8?B?iQ==?=", "✅🎉"),
            ("=?utf-8?Q?=E6=97?= =?utf-8?B?pQ==?=", "日"),
            ("=?Shift_JIS?B?k/qW?= =?Shift_JIS?B?e4zq?=", "日本語"),
            // Between the bits of base64.
            ("=?utf-8?B?R3LDvMOf?= =?utf-8?B?ZQ==?=", "Grüße"),
            ("=?utf-8?B?R3L?= =?utf-8?B?DvMOfZQ?=", "Grüße"),
            // Escape sequences that go on.
            ("=?ISO-2022-JP?B?GyRCRnw=?= =?ISO-2022-JP?B?S1w4bBsoQg==?=", "日本語"),
            // Another charset is another word.
            ("=?utf-8?Q?=C3=A9?= =?iso-8859-1?Q?=E9?=", "éé"),
            // A word with blanks in it, one that touches its neighbours, one with a language.
            ("=?utf-8?Q?two words?=", "two words"),
            ("a=?utf-8?Q?b?=c =?utf-8*de?Q?d?= e", "abc d e"),
            // What is none.
            ("=?utf-8?Q?half", "=?utf-8?Q?half"),
            ("=?utf-8?X?a?= =?? =?", "=?utf-8?X?a?= =?? =?"),
            ("1 =? 2 =?utf-8?Q?=C3=9F?=", "1 =? 2 ß"),
            ("=?utf-8?Q?a=?=", "a="),
            ("=?utf-8?B?****?=", ""),
            ("=?utf-8?Q?=+1=C3=A9?=", "=+1é"),
        ] {
            assert_eq!(decoded(text), expected, "{text}");
        }
    }
}

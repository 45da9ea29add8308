//! Pages of lists: by id, so that a page stays where it is while rows come and go.
//!
//! A page token is the tail of the id (the ULID) behind which the page begins, and some characters that show that it is
//! one, and of this list; `walk.rs` has what names the beginning, which a "previous" token must be able to say. The row
//! itself may be gone by then.

use crate::{Error, Row};
use valetkey_domain::id::MAX_LEN;

/// How many characters show that a token is one: what is left of 32 behind the longest tail.
const CHECK: usize = 3;

/// Their alphabet, five bits for each.
const ALPHABET: [u8; 32] = *b"0123456789abcdefghjkmnpqrstvwxyz";

/// The most rows on one page, whatever is asked.
pub(crate) const MAX_SIZE: u32 = 1_000;

/// Which page of a list is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// How many rows at most; at least one is taken, at most a thousand.
    pub size: u32,
    /// The token of the page as an earlier answer gave it; none for the first.
    pub after: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows, in the list's order. Where many rows are looked at for few that fit there may be fewer than asked, or none,
    /// and more behind them.
    pub items: Vec<T>,
    /// The token of the page after this one, if there is one. At most 32 characters.
    pub next: Option<String>,
    /// The token of the page before this one, if there is one. At most 32 characters.
    pub previous: Option<String>,
    /// How many rows match; 0 where a filter leaves more than a thousand, or where it cannot be known without looking at more
    /// rows than a page does.
    pub total: u64,
}

impl Listed<Row> {
    /// The same page with nouns for rows.
    pub(crate) fn read<T>(self, read: impl Fn(&Row) -> Result<T, Error>) -> Result<Listed<T>, Error> {
        let items = self.items.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Listed { items, next: self.next, previous: self.previous, total: self.total })
    }
}

/// The token of the page after the id with this tail.
pub(crate) fn token(prefix: &str, tail: &str) -> String {
    format!("{tail}{}", check(prefix, tail))
}

/// The tail that a token is made of; none if it is no token of such ids.
pub(crate) fn tail<'a>(prefix: &str, token: &'a str) -> Option<&'a str> {
    let (tail, given) = token.split_at_checked(token.len().checked_sub(CHECK)?)?;
    let fits = (1..=MAX_LEN).contains(&tail.len()) && tail.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (fits && given == check(prefix, tail)).then_some(tail)
}

/// What shows that a token is one, against what was typed, cut off or meant for another list: it is no secret.
fn check(prefix: &str, tail: &str) -> String {
    // FNV-1a, which is the same in every build.
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = prefix.bytes().chain(tail.bytes()).fold(0x811c_9dc5, step);
    let mixed = hash ^ (hash >> 15);
    let character = |at: usize| {
        let index = usize::try_from((mixed >> (5 * at)) & 31).unwrap_or_default();
        char::from(ALPHABET.get(index).copied().unwrap_or(b'0'))
    };
    (0..CHECK).map(character).collect()
}

/// Text as it is kept for searching: lower case, so that a search ignores case in every script that has it.
pub(crate) fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// A `LIKE` pattern (escape character `\`) for text that holds this somewhere, in folded text.
pub(crate) fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in folded(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The texts that begin with this one lie from it up to, and without, the second.
pub(crate) fn beginning(text: &str) -> [String; 2] {
    [text.to_owned(), format!("{text}{}", char::MAX)]
}

/// Up to how many rows of an environment are looked at for a text inside of names before those that begin with it: so many
/// are looked at at once.
pub(crate) const FEW: u64 = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_what_was_typed() {
        assert_eq!(containing("50%_A\\"), "%50\\%\\_a\\\\%");
    }

    #[test]
    fn a_token_is_told_from_garbage_whether_or_not_its_row_is_there() {
        for of in ["01k6z3v2m4q8r5s7t9w0x1y2z3", "88630864544790977", "0", &"x".repeat(29)] {
            let good = token("ca_", of);
            assert!(good.len() <= 32, "the wire's rule: {good}");
            assert_eq!(tail("ca_", &good), Some(of));
            assert_eq!(tail("conn_", &good), None, "it is of another list");
            assert_eq!(tail("ca_", of), None, "an id's tail is no token");
            assert_eq!(tail("ca_", &good[1..]), None, "cut off in front");
            assert_eq!(tail("ca_", &good[..good.len() - 1]), None, "cut off behind");
            assert_eq!(tail("ca_", &format!("{good}0")), None);
            assert_eq!(tail("ca_", &good.to_uppercase()).is_some(), good == good.to_uppercase());
        }
        for garbage in ["", "0", "garbage", "next", "ca_1", "\u{e9}\u{e9}\u{e9}", "a'; DROP TABLE t", &"0".repeat(200)]
        {
            assert_eq!(tail("ca_", garbage), None, "{garbage}");
        }
    }

    #[test]
    fn what_is_typed_passes_for_a_token_hardly_ever() {
        let passed = (0..20_000).filter(|n| tail("ca_", &format!("page{n}")).is_some()).count();
        assert!(passed < 20, "{passed} of 20,000");
    }
}

//! What a caller sent, inside words of ours: cut, so that no answer is larger for it. An error tells where to look, not
//! all that was found there.

use std::borrow::Cow;

/// The most bytes of a value, a name or a path that is repeated to whoever sent it.
const QUOTED: usize = 120;

/// A value, a name or a path, as a message may repeat it.
pub(crate) fn quoted(text: &str) -> Cow<'_, str> {
    cut(text, QUOTED)
}

/// A text of at most so many bytes; what was cut off is shown by an ellipsis.
pub(crate) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.get(..text.floor_char_boundary(most)) {
        Some(kept) if kept.len() < text.len() => format!("{kept}…").into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters_and_say_so() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "abc…");
        assert_eq!(cut("aéé", 2), "a…");
        assert_eq!(cut("é", 0), "…");
        assert_eq!(quoted(&"x".repeat(1_000_000)).len(), QUOTED + '…'.len_utf8());
    }
}

//! Characters that nobody sees: the one table, for names and for words that are passed on. With them two names look
//! alike and are not, and a text says one thing to a person and another to a program.
//!
//! Unicode's Default_Ignorable_Code_Point covers marks of direction, joiners, variation selectors, tags, the fillers of
//! Hangul and of Khmer. Beside it stand what breaks lines or frames annotations, and letters that are drawn as nothing.

use icu_properties::props::{BinaryProperty, DefaultIgnorableCodePoint};

/// What stands for the rest of a text that was cut.
const CUT: char = '…';

/// Whether the character changes nothing that one can see, turns the reading direction, or is a blank that no reader
/// takes for one. What every program takes for a blank (`char::is_whitespace`) is none of them, but for ends of lines.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control() || DefaultIgnorableCodePoint::for_char(c) || is_unseen(c) || is_private(c)
}

/// What Unicode does not call ignorable, and is not seen all the same.
const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        // Ends of lines and paragraphs; annotations and what objects leave behind; no characters at all.
        '\u{2028}' | '\u{2029}' | '\u{FFF9}'..='\u{FFFC}' | '\u{FFFE}' | '\u{FFFF}'
        // Empty cells of Braille, Khitan and hieroglyphs, a note head without a head; what joins hieroglyphs.
        | '\u{2800}' | '\u{16FE4}' | '\u{13441}' | '\u{13442}' | '\u{1D159}' | '\u{13430}'..='\u{1343F}'
    )
}

/// Private use: what they show depends on who looks, mostly nothing.
const fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// A stranger's text on one line, to be quoted: what breaks lines is a blank, what is not seen is left out, and `most`
/// characters at most are kept, with a sign where there were more.
#[must_use]
pub fn shown(text: &str, most: usize) -> String {
    // So that a text of nothing but unseen characters is not read to its end.
    let looked_at = most.saturating_mul(16);
    let breaks = |c: char| c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}');
    let mut seen = text.chars().take(looked_at).filter(|c| breaks(*c) || !is_invisible(*c));
    let mut kept: String = seen.by_ref().take(most).map(|c| if breaks(c) { ' ' } else { c }).collect();
    if seen.next().is_some() || text.chars().nth(looked_at).is_some() {
        kept.push(CUT);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_known() {
        let unseen = "\u{0}\u{7f}\u{85}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}\u{180e}\u{200b}\u{200d}\
            \u{200f}\u{2028}\u{202e}\u{2060}\u{2064}\u{2069}\u{206f}\u{2800}\u{3164}\u{fe00}\u{fe0f}\u{feff}\u{ffa0}\u{fff9}\
            \u{fffc}\u{1bca0}\u{1d159}\u{1d173}\u{13441}\u{e0001}\u{e0041}\u{e007f}\u{e0100}\u{e01ef}";
        for c in unseen.chars() {
            assert!(is_invisible(c), "{c:?}");
        }
    }

    #[test]
    fn what_is_seen_is_left_alone() {
        for c in " aZ0-_é\u{301}ßжกあ漢한ﾡ👋❤\u{a0}\u{3000}\u{600}\u{e9}".chars() {
            assert!(!is_invisible(c), "{c:?}");
        }
    }

    #[test]
    fn attack_85_what_nobody_sees_is_told_from_what_people_write() {
        for hidden in [
            '\0',
            '\n',
            '\u{7f}',
            '\u{85}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{17b4}',
            '\u{180e}',
            '\u{200b}',
            '\u{200d}',
            '\u{2028}',
            '\u{202e}',
            '\u{2060}',
            '\u{206a}',
            '\u{2800}',
            '\u{3164}',
            '\u{e000}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{16fe4}',
            '\u{1bca0}',
            '\u{1d159}',
            '\u{1d173}',
            '\u{e0041}',
            '\u{e0100}',
            '\u{f0000}',
            '\u{10fffd}',
        ] {
            assert!(is_invisible(hidden), "{hidden:?}");
        }
        let written = "Zoë Ångström 山田太郎 한국 ไทย हिन्दी עברית العربية ខ្មែរ 👋🏽 “x” – … €";
        assert_eq!(written.chars().find(|c| is_invisible(*c)), None);
    }

    #[test]
    fn a_text_is_shown_on_one_line_and_not_without_end() {
        assert_eq!(shown("a\r\nb\u{2028}c\u{202e}d\u{e0041}\u{1b}[31m", 64), "a  b cd[31m");
        assert_eq!(shown("abcdef", 3), "abc…");
        assert_eq!(shown("abc", 3), "abc");
        let hidden = format!("{}x", "\u{200b}".repeat(1024));
        assert_eq!(shown(&hidden, 64), "…", "so far and no further");
        let nothing = "\u{200b}".repeat(4_000_000);
        assert_eq!(shown(&nothing, 64), "…");
    }
}

//! The one table of characters that nobody sees. With them two names look alike and are not, and a text says one thing
//! to a person and another to a program.

/// Whether a character shows nothing, or changes how the ones beside it are shown: controls, line and paragraph
/// separators, everything that Unicode calls default-ignorable (joiners, directions, fillers, variation selectors, tags),
/// and the few letters and symbols whose picture is empty. Blanks are not among them.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_control() || is_ignorable(c) || is_empty(c) || is_private(c)
}

/// Default-ignorable code points, the format characters that aren't, and the separators of lines.
const fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Letters and symbols with an empty picture: Hangul fillers, inherent vowels of Khmer, the Braille blank, a musical
/// note without a head, a filler of Khitan.
const fn is_empty(c: char) -> bool {
    matches!(
        c,
        '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FFA0}'
            | '\u{16FE4}'
            | '\u{1D159}'
    )
}

/// Private use: what they show depends on who looks, mostly nothing.
const fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

#[cfg(test)]
mod tests {
    use super::*;

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
}

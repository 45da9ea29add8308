//! Names of files, compared as people see them.

use super::encoded;
use unicode_normalization::UnicodeNormalization;
use valetkey_domain::invisible::is_invisible;

/// What two spellings of one name have in common: composed or not, wide or narrow, in whatever case and with whatever
/// blanks and marks nobody sees; encoded words and percents are undone.
pub(super) fn key(name: &str) -> String {
    let plain = encoded::decoded(name);
    let plain = percent_encoding::percent_decode_str(&plain).decode_utf8().unwrap_or_default();
    // Through upper case, for some letters have no small form of their own: ß is SS.
    let folded: String = plain.nfkc().collect::<String>().to_uppercase().to_lowercase().nfkc().collect();
    let words = folded.split_whitespace().map(|word| word.chars().filter(|c| !is_invisible(*c)).collect::<String>());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name() {
        for (one, other) in [
            ("Résumé.pdf", "Re\u{301}sume\u{301}.PDF"),
            ("ﬁle①.txt", "file1.txt"),
            ("ＡＢＣ.txt", "abc.txt"),
            ("straße.doc", "STRASSE.DOC"),
            ("a\u{a0}b  c.txt", "a b c.txt"),
            ("x\u{200b}.txt", "x.txt"),
            // Of each block that nobody sees.
            ("a\u{3164}b\u{e0041}c\u{2800}d\u{17b4}e\u{fe0f}f.txt", "abcdef.txt"),
            ("a \u{2063} b.txt", "a b.txt"),
            (" a.txt ", "a.txt"),
            ("=?utf-8?Q?caf=C3=A9.txt?=", "café.txt"),
            ("caf%C3%A9%20x.txt", "café x.txt"),
            ("ガ.txt", "カ\u{3099}.txt"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        assert_ne!(key("a.txt"), key("á.txt"));
        assert_ne!(key("100%.txt"), key("100.txt"));
    }
}

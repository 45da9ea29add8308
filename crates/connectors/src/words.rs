//! An app's own words, passed on to a model: told from ours, and leading nowhere.

use std::net::Ipv4Addr;
use unicode_normalization::UnicodeNormalization;
use valetkey_domain::invisible::shown;

/// The most of an app's own words that are passed on.
const MAX_WORDS: usize = 300;

/// An app's words, so that they can be passed on: nothing unseen, no addresses that could pass for a link of ours, not
/// too long.
#[must_use]
pub fn quoted(words: &str) -> String {
    let seen = shown(words, MAX_WORDS);
    let words = seen.split_whitespace().map(|word| if is_link(word) { "[link left out]" } else { word });
    let joined = words.collect::<Vec<_>>().join(" ").replace('"', "'");
    let cut: String = joined.chars().take(MAX_WORDS).collect();
    cut.trim_end_matches('.').to_owned()
}

/// The same of a text of several lines, of which `most` characters are kept: what an app's own tool says of its failure.
#[must_use]
pub fn quoted_lines(text: &str, most: usize) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        let left = most.saturating_sub(kept.chars().count());
        if left == 0 {
            break;
        }
        if !kept.is_empty() {
            kept.push('\n');
        }
        let seen = shown(line, left);
        let words = seen.split(' ').map(|word| if is_link(word) { "[link left out]" } else { word });
        kept.push_str(&words.collect::<Vec<_>>().join(" "));
    }
    kept
}

/// Whether a reader, or what shows it to one, may take a word for an address: `https:`, `//host`, `[word](address)`, and
/// `host.name/path` without a scheme. Browsers read backslashes as slashes, and wide letters and dots as narrow ones.
fn is_link(word: &str) -> bool {
    let word = word.nfkc().collect::<String>().to_lowercase().replace('\\', "/").replace('。', ".");
    let schemes = [
        "http:",
        "https:",
        "javascript:",
        "vbscript:",
        "data:",
        "blob:",
        "file:",
        "mailto:",
        "tel:",
        "sms:",
        "www.",
        "//",
        "](",
    ];
    if schemes.iter().any(|scheme| word.contains(scheme)) {
        return true;
    }
    let Some((host, _)) = word.split_once(['/', '?', '#']) else { return false };
    let host = host.split(':').next().unwrap_or_default();
    let last = host.trim_end_matches('.').rsplit_once('.').map(|(_, last)| last);
    // Also one in Punycode, and an address of numbers.
    let is_name = |last: &str| last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
    last.is_some_and(|last| is_name(last) || last.starts_with("xn--")) || host.parse::<Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_lines_and_are_cut_as_a_whole() {
        let said = "Not found:\n  item 7 (see https://evil.example/x)\u{200b}\n\n\u{e0041}Try again.";
        assert_eq!(quoted_lines(said, 1_000), "Not found:\n  item 7 (see [link left out]\n\nTry again.");
        let cut = quoted_lines(&"0123456789\n".repeat(1_000_000), 45);
        assert!(cut.starts_with("0123456789\n0123456789\n") && cut.chars().count() < 50, "{cut}");
        assert_eq!(quoted_lines("", 10), "");
    }

    #[test]
    fn no_form_of_an_address_is_passed_on_and_plain_words_are() {
        for link in [
            "evil.example/path",
            "[click](//evil)",
            "HTTPS:\\\\evil.example",
            "https:evil.example",
            "//evil.example",
            "www.evil.example",
            "evil.example:8080/x",
            "evil.example?x=1",
            "ht\u{200b}tps://evil.example",
            "evil\u{3164}.example/a",
            "(evil.example/a)",
            "evil.xn--p1ai/a",
            "evil.example./a",
            "10.0.0.1/a",
            "evil。example/a",
            "ｅｖｉｌ．ｅｘａｍｐｌｅ／ａ",
            "ｈｔｔｐｓ：evil.example",
            "mailto:ann@evil.example",
            "vbscript:x",
        ] {
            assert_eq!(quoted(&format!("Open {link} now")), "Open [link left out] now", "{link}");
        }
        let words = "Invalid value 'a/b' for users.messages.list, and/or 1.5/2; ann@evil.example (see item #3).";
        assert_eq!(quoted(words), words.trim_end_matches('.'));
        assert_eq!(quoted("a\u{202e}b\u{e0041}c\u{2800}"), "abc");
        assert!(quoted(&"x".repeat(4_000_000)).chars().count() <= MAX_WORDS + 1);
    }
}

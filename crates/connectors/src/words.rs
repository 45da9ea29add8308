//! An app's own words, passed on to a model: told from ours, and leading nowhere.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use unicode_normalization::UnicodeNormalization;
use valetkey_domain::invisible::shown;

/// Endings of hosts that a link is made of without a scheme, those of countries aside.
const GENERIC: [&str; 42] = [
    "aero", "app", "art", "asia", "biz", "blog", "cat", "click", "cloud", "club", "com", "coop", "dev", "edu", "fun",
    "gov", "info", "int", "jobs", "link", "live", "mil", "mobi", "museum", "net", "online", "org", "page", "pro",
    "shop", "site", "space", "store", "tech", "tel", "top", "travel", "vip", "website", "work", "xxx", "xyz",
];

/// The most of an app's own words that are passed on.
const MAX_WORDS: usize = 300;

/// An app's words, so that they can be passed on: nothing unseen, no addresses that could pass for a link of ours, not
/// too long.
#[must_use]
pub fn quoted(words: &str) -> String {
    let seen = shown(words, MAX_WORDS);
    let words = seen.split_whitespace().map(without_links);
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
        let words = seen.split(' ').map(without_links);
        kept.extend(words.collect::<Vec<_>>().join(" ").chars().take(left));
    }
    kept
}

/// A word that leads nowhere: an address is left out, and a name that could be a host's is shown so that nothing makes a
/// link of it, since many that look the same are a field's or a file's.
fn without_links(word: &str) -> Cow<'_, str> {
    if is_link(word) {
        return "[link left out]".into();
    }
    let narrow = narrow(word);
    if narrow.split(|c: char| !c.is_alphanumeric() && !"-._@".contains(c)).any(is_host) {
        return narrow.replace('.', "[.]").into();
    }
    word.into()
}

/// Whether what shows words to people may make a link of this one: their rules take the old generic names, those of
/// countries, and some new names that strangers like.
fn is_host(name: &str) -> bool {
    let name = name.trim_matches(['.', '-', '_']);
    let Some((_, last)) = name.rsplit_once('.').filter(|_| !name.contains('@')) else { return false };
    let of_a_country = last.len() == 2 && last.bytes().all(|b| b.is_ascii_alphabetic());
    of_a_country
        || GENERIC.contains(&last)
        || last.starts_with("xn--")
        || (!last.is_ascii() && last.chars().all(char::is_alphabetic))
        || name.parse::<Ipv4Addr>().is_ok()
}

/// As browsers read it: backslashes as slashes, wide letters and dots as narrow ones.
fn narrow(word: &str) -> String {
    word.nfkc().collect::<String>().to_lowercase().replace('\\', "/").replace('。', ".")
}

/// Whether a reader, or what shows it to one, may take a word for an address: `https:`, `//host`, `[word](address)`, and
/// `host.name/path` without a scheme.
fn is_link(word: &str) -> bool {
    let word = narrow(word);
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
        for (host, shown) in [
            ("evil.com", "evil[.]com"),
            ("(WWW2.Evil.COM),", "(www2[.]evil[.]com),"),
            ("evil.co.uk:", "evil[.]co[.]uk:"),
            ("see:evil.xyz", "see:evil[.]xyz"),
            ("[evil.dev]", "[evil[.]dev]"),
            ("evil。com", "evil[.]com"),
            ("evil.xn--p1ai", "evil[.]xn--p1ai"),
            ("вред.рф", "вред[.]рф"),
            ("10.0.0.1", "10[.]0[.]0[.]1"),
            ("event.id", "event[.]id"),
        ] {
            assert_eq!(quoted(&format!("Open {host} now")), format!("Open {shown} now"));
            assert_eq!(quoted_lines(&format!("Open {host} now"), 100), format!("Open {shown} now"));
        }
        let words = "Invalid value 'a/b' for users.messages.list, and/or 1.5/2; ann@evil.com, calendar.timeZone 2.0 e.g. \
                     (see item #3).";
        assert_eq!(quoted(words), words.trim_end_matches('.'));
        assert_eq!(quoted("a\u{202e}b\u{e0041}c\u{2800}"), "abc");
        assert!(quoted(&"x".repeat(4_000_000)).chars().count() <= MAX_WORDS + 1);
    }
}

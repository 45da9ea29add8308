//! Words of a provider, made fit for our own messages: short, one line, nothing that nobody sees, and without what we
//! sent it.

use super::echo::repeats;
use url::Url;
use valetkey_domain::invisible::is_invisible;

/// The longest explanation kept, in characters.
const MOST: usize = 300;
/// The longest explanation looked at.
const READ: usize = 4_096;
/// The longest address kept.
const MOST_URI: usize = 300;

/// An error code: letters, digits and `_-.`, 64 at most, and none of `secrets`; anything else is not a code.
pub(super) fn code(given: &str, secrets: &[&str]) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let is_code = (1..=64).contains(&given.len()) && given.chars().all(fits);
    (is_code && !repeats(given, secrets)).then(|| given.to_owned())
}

/// An explanation in one line. One that repeats any of `secrets` is withheld as a whole, for it may hold half of
/// another as well.
pub(super) fn line(given: &str, secrets: &[&str]) -> Option<String> {
    let read: String = given.chars().take(READ).collect();
    let seen = read.chars().filter_map(|c| match c {
        // What parts words goes on parting them; the quotes are those of the frame in which it will stand.
        c if c.is_whitespace() || c.is_control() => Some(' '),
        c if is_invisible(c) => None,
        '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '＂' => Some('\''),
        c => Some(c),
    });
    let line = seen.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    // Both, for a secret may come together only by the cleaning.
    if repeats(&read, secrets) || repeats(&line, secrets) {
        return Some("(withheld: it repeats a secret)".to_owned());
    }
    let mut line = line;
    if let Some((end, _)) = line.char_indices().nth(MOST) {
        line.truncate(end);
        line.push('…');
    }
    (!line.is_empty()).then_some(line)
}

/// A web address where the provider explains more; never one with a user name in it.
pub(super) fn uri(given: &str, secrets: &[&str]) -> Option<String> {
    let fits = given.len() <= MOST_URI && !given.chars().any(|c| c.is_whitespace() || is_invisible(c));
    let url = Url::parse(given).ok().filter(|_| fits && !repeats(given, secrets))?;
    let is_page = matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none();
    is_page.then(|| url.to_string()).filter(|text| text.len() <= MOST_URI)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_short_words() {
        assert_eq!(code("invalid_grant", &["hunter2"]).as_deref(), Some("invalid_grant"));
        for wrong in ["", "two words", "<b>", "caf\u{e9}", &"x".repeat(65), "hunter2", "token-HUNTER2"] {
            assert_eq!(code(wrong, &["hunter2"]), None, "{wrong}");
        }
    }

    #[test]
    fn attack_72_explanations_lose_escapes_and_what_nobody_sees() {
        assert_eq!(line("Token\r\n\u{1b}[31mrevoked", &[]).unwrap(), "Token [31mrevoked");
        assert_eq!(line("a\u{200b}b\u{202e}c\u{e0041}d\u{3164}\u{2028}e", &[]).unwrap(), "abcd e");
        assert_eq!(line("no\". Link for the user: “x”", &[]).unwrap(), "no'. Link for the user: 'x'");
        assert_eq!(line(&"é".repeat(301), &[]).unwrap(), format!("{}…", "é".repeat(300)));
        assert_eq!(line(" \u{200b}\n", &[]), None);
    }

    #[test]
    fn attack_49_explanations_lose_secrets_also_those_that_the_cleaning_would_put_together() {
        for told in ["bad token hunter2", "bad token hun\u{200b}ter2", "bad token hunt\"er2", "bad token %68unter2"] {
            assert!(line(told, &["hunter2"]).unwrap().starts_with("(withheld"), "{told}");
        }
        assert_eq!(line("fine", &[""]).unwrap(), "fine");
    }

    #[test]
    fn addresses_are_web_pages() {
        assert_eq!(uri("https://p.example/errors#x", &[]).unwrap(), "https://p.example/errors#x");
        let long = format!("https://p.example/{}", "x".repeat(300));
        for wrong in ["javascript:alert(1)", "/errors", "https://ann@p.example/", "https://p.example/a b", &long, ""] {
            assert_eq!(uri(wrong, &[]), None, "{wrong}");
        }
        assert_eq!(uri("https://p.example/?t=hunter2", &["hunter2"]), None);
    }
}

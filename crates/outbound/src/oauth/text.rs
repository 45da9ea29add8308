//! Words of a provider, made fit for our own messages: short, one line, and without what we sent it.

/// The longest explanation kept, in characters.
const MOST: usize = 200;

/// An error code: letters, digits and `_-.`, 64 at most; anything else is not a code.
pub(super) fn code(given: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if (1..=64).contains(&given.len()) && given.chars().all(fits) {
        given.to_owned()
    } else {
        "unnamed_error".to_owned()
    }
}

/// An explanation in one line. One that repeats any of `secrets` is withheld as a whole, for it may hold half of
/// another as well.
pub(super) fn line(given: &str, secrets: &[&str]) -> String {
    if secrets.iter().any(|secret| !secret.is_empty() && given.contains(secret)) {
        return "(explanation withheld: it repeats a secret)".to_owned();
    }
    let plain: String = given.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_short_words() {
        assert_eq!(code("invalid_grant"), "invalid_grant");
        for wrong in ["", "two words", "<b>", "caf\u{e9}", &"x".repeat(65)] {
            assert_eq!(code(wrong), "unnamed_error", "{wrong}");
        }
    }

    #[test]
    fn explanations_lose_escapes_and_secrets() {
        assert_eq!(line("Token\r\n\u{1b}[31mrevoked", &[]), "Token [31mrevoked");
        assert_eq!(line(&"x".repeat(300), &[]).len(), 200);
        assert!(!line("bad token hunter2", &["hunter2"]).contains("hunter2"));
        assert_eq!(line("fine", &[""]), "fine");
    }
}

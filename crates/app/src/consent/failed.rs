//! A consent that brought nothing: how it ended, and what the provider said of it. The operator reads all of that in the
//! log and in the journal, the person the explanation alone, as the provider's own words.

use serde_json::{Map, Value, json};
use valetkey_core::journal;
use valetkey_domain::authorization::Outcome;
use valetkey_outbound::oauth::{ProviderWords, TokenError};
use valetkey_storage::authorizations::ConsentEnd;

/// How it ended.
pub(super) struct Failed {
    pub(super) outcome: Outcome,
    said: ProviderWords,
    words: Option<String>,
}

impl Failed {
    pub(super) fn new(outcome: Outcome, said: ProviderWords) -> Self {
        let words = said.description.as_deref().map(without_addresses);
        Self { outcome, said, words }
    }

    /// What a failure of the provider's token endpoint means for the person.
    pub(super) fn of(error: &TokenError) -> Self {
        let outcome = match error {
            TokenError::InvalidGrant(_) => Outcome::Refused("invalid_grant".into()),
            TokenError::Refused { code, .. } => Outcome::Refused(code.clone()),
            TokenError::RefusedUnclear { said, .. } => {
                Outcome::Refused(said.code.clone().unwrap_or_else(|| "unnamed_error".to_owned()))
            }
            TokenError::RateLimited { .. }
            | TokenError::Unavailable(_)
            | TokenError::Unreachable(_)
            | TokenError::Lost(_)
            | TokenError::Nonsense(_) => Outcome::ProviderFailed,
        };
        Self::new(outcome, error.said().cloned().unwrap_or_default())
    }

    /// For the row: what the person may read.
    pub(super) fn ended(&self) -> ConsentEnd<'_> {
        ConsentEnd { outcome: &self.outcome, words: self.words.as_deref() }
    }

    /// For the journal.
    pub(super) fn detail(&self) -> Map<String, Value> {
        let mut detail = journal::detail([("outcome", json!(self.outcome.as_str()))]);
        let ProviderWords { code, description, uri } = &self.said;
        for (name, said) in [("provider_code", code), ("provider_says", description), ("provider_uri", uri)] {
            if let Some(said) = said {
                detail.insert(name.to_owned(), json!(said));
            }
        }
        detail
    }
}

impl From<Outcome> for Failed {
    fn from(outcome: Outcome) -> Self {
        Self::new(outcome, ProviderWords::default())
    }
}

/// A provider's words without any that could be read as an address: whoever made the page's text must send nobody
/// anywhere. The operator has them whole.
fn without_addresses(words: &str) -> String {
    let shown = |word: &'_ str| if is_address(word) { "[…]".to_owned() } else { word.to_owned() };
    words.split_whitespace().map(shown).collect::<Vec<_>>().join(" ")
}

fn is_address(word: &str) -> bool {
    let dots_within = || {
        let trimmed = word.trim_matches(|c: char| !c.is_alphanumeric());
        trimmed.contains(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}', '\u{2024}'])
    };
    word.contains(['/', '\\', '@', '\u{2044}', '\u{2215}', '\u{ff0f}', '\u{ff20}']) || dots_within()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_72_a_person_is_sent_nowhere_by_a_providers_words() {
        for lure in [
            "https://evil.example",
            "evil.example",
            "(evil.example)",
            "HTTPS:\\\\evil",
            "[here](//evil)",
            "evil\u{3002}example",
            "help@evil",
            "<a href=//evil>",
            "localhost/x",
            "evil\u{ff0f}x",
        ] {
            let shown = without_addresses(&format!("Go to {lure} now."));
            assert!(!shown.contains("evil") && !shown.contains("localhost"), "{shown}");
            assert!(shown.starts_with("Go to ") && shown.ends_with(" now."), "{shown}");
        }
        assert_eq!(
            without_addresses("The client is unknown: \'x\', ask an admin."),
            "The client is unknown: \'x\', ask an admin."
        );
    }
}

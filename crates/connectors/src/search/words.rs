//! Text as stems of words: lower case, without endings, without words that tell nothing.

use rust_stemmers::{Algorithm, Stemmer};
use std::collections::HashSet;

/// Words that stand everywhere and tell nothing of what is wanted.
const EMPTY: &str = "a about after also am an and any anybody anyone are as at be been but by can could did do \
    does done either exactly for forth from full had has have he her here him his how i if in into is it its \
    just may me might mine my need no not of on one or our out particular please she should so some \
    somebody someone something than that the their them then there these they this those to up us want was we \
    were what when where whole will with would you your";

/// Reads words.
pub(super) struct Words {
    stemmer: Stemmer,
    empty: HashSet<&'static str>,
}

impl Default for Words {
    fn default() -> Self {
        Self { stemmer: Stemmer::create(Algorithm::English), empty: EMPTY.split_ascii_whitespace().collect() }
    }
}

impl Words {
    /// All stems of a text, in order.
    pub(super) fn of(&self, text: &str) -> Vec<String> {
        // Both are written, and mean one thing.
        let text = text.to_lowercase().replace("e-mail", "email");
        let words = text.split(|letter: char| !letter.is_alphanumeric());
        words.filter(|word| !word.is_empty() && !self.empty.contains(word)).map(|word| self.stem(word)).collect()
    }

    /// The stems of a query, each once.
    pub(super) fn asked(&self, query: &str) -> Vec<String> {
        let mut seen = HashSet::new();
        self.of(query).into_iter().filter(|stem| seen.insert(stem.clone())).collect()
    }

    /// A word without its ending.
    pub(super) fn stem(&self, word: &str) -> String {
        self.stemmer.stem(word).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_and_empty_words_go() {
        let words = Words::default();
        assert_eq!(words.of("The e-mails of my INBOX_messages"), ["email", "inbox", "messag"]);
        assert_eq!(words.asked("labels label labelling"), ["label"]);
        assert_eq!(words.of("  ...  "), Vec::<String>::new());
        assert_eq!(words.of("Überweisung 日本"), ["überweisung", "日本"]);
    }
}

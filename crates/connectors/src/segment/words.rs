//! Text as stems of words: lower case, without endings, without words that tell nothing.

use super::phrases::Phrases;
use rust_stemmers::{Algorithm, Stemmer};
use std::collections::HashSet;
use std::sync::LazyLock;

/// Words that stand everywhere and tell nothing of what is wanted.
const EMPTY: &str = "a about after also am an and any anybody anyone are as at be been but by can could did do \
    does done either exactly for forth from full had has have he her here him his how i if in into is it its \
    just may me might mine my need no not of on one or our out particular please she should so some \
    somebody someone something than that the their them then there these they this those to up us want was we \
    were what when where whole will with would you your";

/// What stands behind these is what is told or written, and not what is wanted.
const CIRCUMSTANCES: [&str; 4] = ["that", "because", "saying", "about"];
/// What a word there is worth.
const LESS: f64 = 0.6;

/// Words that a question begins with: whoever asks wants to see something, and change nothing.
const ASKING: &str = "what who which when where how did is are does do has have was were show list find read see look search \
    whose why any";

/// The one who reads words.
pub(crate) static WORDS: LazyLock<Words> = LazyLock::new(Words::default);

/// Reads words.
pub(crate) struct Words {
    stemmer: Stemmer,
    empty: HashSet<&'static str>,
    asking: HashSet<&'static str>,
    phrases: Phrases,
}

/// A query, read.
pub(crate) struct Asked {
    /// Its stems, each once, with what they are worth.
    pub(crate) stems: Vec<(String, f64)>,
    /// Whether it is a question.
    pub(crate) is_question: bool,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            stemmer: Stemmer::create(Algorithm::English),
            empty: EMPTY.split_ascii_whitespace().collect(),
            asking: ASKING.split_ascii_whitespace().collect(),
            phrases: Phrases::default(),
        }
    }
}

impl Words {
    /// Whether a word stands everywhere and tells nothing.
    pub(crate) fn is_empty(&self, word: &str) -> bool {
        self.empty.contains(word)
    }

    /// What a query asks for.
    pub(crate) fn asked(&self, query: &str) -> Asked {
        let mut lower = String::new();
        let words: Vec<&str> = split(lowered(query, &mut lower)).collect();
        let (mut seen, mut stems, mut worth) = (HashSet::new(), Vec::new(), 1.0);
        for word in self.phrases.read(&words) {
            if CIRCUMSTANCES.contains(&word) && !stems.is_empty() {
                worth = LESS;
            }
            if self.is_empty(word) {
                continue;
            }
            let stem = self.stem(word);
            if seen.insert(stem.clone()) {
                stems.push((stem, worth));
            }
        }
        Asked { stems, is_question: words.first().is_some_and(|first| self.asking.contains(first)) }
    }

    /// A word without its ending.
    pub(crate) fn stem(&self, word: &str) -> String {
        self.stemmer.stem(word).into_owned()
    }
}

/// A text in lower case, in a place that is used again.
pub(crate) fn lowered<'a>(text: &str, lower: &'a mut String) -> &'a str {
    lower.clear();
    if text.is_ascii() {
        lower.push_str(text);
        lower.make_ascii_lowercase();
    } else {
        *lower = text.to_lowercase();
    }
    // Both are written, and mean one thing. Most texts have no hyphen at all, which is seen at once.
    if lower.contains('-') && lower.contains("e-mail") {
        *lower = lower.replace("e-mail", "email");
    }
    lower
}

/// The words of a text in lower case, in order.
pub(crate) fn split(lower: &str) -> impl Iterator<Item = &str> {
    let (mut rest, is_ascii) = (lower, lower.is_ascii());
    std::iter::from_fn(move || {
        let (word, behind) = if is_ascii { first_of_bytes(rest) } else { first_of_letters(rest) };
        rest = behind;
        (!word.is_empty()).then_some(word)
    })
}

/// The first word of a text, and what is behind it.
fn first_of_letters(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    text.split_at(text.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(text.len()))
}

/// The same where each letter is a byte, as in nearly all texts: in a third of the time.
fn first_of_bytes(text: &str) -> (&str, &str) {
    let from = text.bytes().position(|byte| byte.is_ascii_alphanumeric()).unwrap_or(text.len());
    let text = text.get(from..).unwrap_or_default();
    text.split_at(text.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_and_empty_words_go() {
        let words = Words::default();
        let asked = |query: &str| words.asked(query).stems.into_iter().map(|(stem, _)| stem).collect::<Vec<_>>();
        assert_eq!(asked("The e-mails of my INBOX_messages"), ["email", "inbox", "messag"]);
        assert_eq!(asked("labels label labelling"), ["label"]);
        assert_eq!(asked("call off the stand-up"), ["cancel", "meet"]);
        let told = words.asked("tell them that lunch is ready");
        assert_eq!(told.stems, [("tell".to_owned(), 1.0), ("lunch".to_owned(), LESS), ("readi".to_owned(), LESS)]);
        assert!(!told.is_question && words.asked("Which mails are new?").is_question);
        assert_eq!(asked("  ...  "), Vec::<String>::new());
        assert_eq!(asked("Überweisung 日本 E-Mail"), ["überweisung", "日本", "email"]);
    }
}

//! Words of the shipped connector files that users read: what scopes allow, what a credential is called and where it is found.
//! The files have them in English; `locales/catalogue.tsv` in the pages' other languages, a line for each, in the order of
//! [`LANGUAGES`]. What an operator's own file says stays as it is, and the page says in which language that is.

const WORDS: &str = include_str!("../../locales/catalogue.tsv");

/// What stands behind the English words in a line.
const LANGUAGES: [&str; 3] = ["de", "fr", "es"];

/// The words in a page's language; none where nobody has translated them.
pub(super) fn in_language(language: &str, english: &str) -> Option<&'static str> {
    let column = LANGUAGES.iter().position(|code| *code == language)? + 1;
    let mut lines = WORDS.lines().map(|line| line.split('\t'));
    let mut line = lines.find(|line| line.clone().next() == Some(english))?;
    line.nth(column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;
    use std::collections::BTreeSet;
    use valetkey_connectors::Catalog;

    #[test]
    fn what_nobody_has_translated_says_in_which_language_it_is() {
        let pages: Vec<_> = crate::samples(Language::German).unwrap();
        let of = |words: &str| pages.iter().filter(|(_, html)| html.contains(words)).collect::<Vec<_>>();
        let own = of("<span lang=\"en\">Read what Acme has</span>");
        assert!(!own.is_empty() && own.iter().all(|(_, html)| html.contains("gibt es nur auf Englisch")));
        let shipped = of("Alle Ihre E-Mails lesen");
        assert!(!shipped.is_empty() && shipped.iter().all(|(_, html)| !html.contains("nur auf Englisch")));
    }

    #[test]
    fn every_word_of_a_shipped_connector_that_users_read_is_there_in_every_language() {
        let mut wanted = BTreeSet::new();
        for connector in Catalog::shipped().unwrap().connectors() {
            wanted.extend(connector.scope_words.values().cloned());
            let fields = connector.ways.iter().flat_map(|way| way.fields().iter()).chain(&connector.account_fields);
            wanted.extend(fields.flat_map(|field| [Some(field.label.clone()), field.hint.clone()]).flatten());
        }
        assert!(wanted.len() > 90);
        let languages = Language::ALL.iter().filter(|language| **language != Language::English);
        assert_eq!(languages.clone().count(), LANGUAGES.len());
        for language in languages {
            for words in &wanted {
                let told = in_language(language.code(), words);
                assert!(told.is_some_and(|told| !told.is_empty()), "{}: {words}", language.code());
            }
        }
        let known: Vec<&str> = WORDS.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(known.iter().collect::<BTreeSet<_>>().len(), known.len(), "a line stands twice");
        let left: Vec<_> = known.iter().filter(|words| !wanted.contains(**words)).collect();
        assert!(left.is_empty(), "nothing says this any more: {left:?}");
        assert!(WORDS.lines().all(|line| line.split('\t').count() == 1 + LANGUAGES.len()));
        assert_eq!((in_language("en", "API key"), in_language("de", "of their own")), (None, None));
    }
}

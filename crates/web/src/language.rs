//! The languages of the pages: which one a browser gets, and the texts.
//!
//! Texts are Fluent files in `locales/`, one for each language; a test holds them to the same keys.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use http::{HeaderMap, header};

/// A language that every page is there in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, which also is what everybody else gets.
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::English, Self::German, Self::French, Self::Spanish];

    /// The code, as in `<html lang>`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
        }
    }

    /// Which way it is written, as in `<html dir>`.
    #[must_use]
    pub const fn direction(self) -> &'static str {
        match self {
            Self::English | Self::German | Self::French | Self::Spanish => "ltr",
        }
    }

    /// The texts as written.
    pub(crate) const fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("../locales/en.ftl"),
            Self::German => include_str!("../locales/de.ftl"),
            Self::French => include_str!("../locales/fr.ftl"),
            Self::Spanish => include_str!("../locales/es.ftl"),
        }
    }

    /// The one that `Accept-Language` likes best (RFC 9110, section 12.5.4). Here, and not by fluent-langneg: that one
    /// takes the header's languages in their order and passes over the weights, by which a language can also be refused.
    pub(crate) fn chosen(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        let mut best = (0, Self::English);
        for (language, weight) in values.flat_map(|value| value.split(',')).filter_map(wish) {
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }
}

/// One item of the header: the language, if there are pages in it, and its weight in thousandths.
fn wish(item: &str) -> Option<(Language, u16)> {
    let (range, parameter) = item.split_once(';').unwrap_or((item, "q=1"));
    let primary = range.trim().split('-').next()?;
    let language = Language::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(primary))?;
    let quality: f32 = parameter.trim().strip_prefix("q=")?.parse().ok()?;
    // The header allows 0 to 1; the cast clamps what is not.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000 before")]
    let weight = (quality.clamp(0.0, 1.0) * 1000.0) as u16;
    Some((language, weight))
}

/// Why a text could not be given: always a defect of ours.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file doesn't parse, or has a key twice.
    #[error("locales/{0}.ftl: {1}")]
    Source(&'static str, String),
    /// There is no text with this key.
    #[error("locales/{0}.ftl has no text '{1}'")]
    Missing(&'static str, String),
    /// The text wants a word that wasn't given.
    #[error("locales/{0}.ftl, '{1}': {2}")]
    Text(&'static str, String, String),
}

/// The texts of one language, ready for use.
pub(crate) struct Texts {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl Texts {
    /// Reads the texts of this language.
    pub(crate) fn of(language: Language) -> Result<Self, Error> {
        Self::read(language, language.source())
    }

    /// Reads texts that stand for those of this language.
    pub(crate) fn read(language: Language, source: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::Source(language.code(), why);
        let resource = FluentResource::try_new(source.into()).map_err(|(_, all)| wrong(format!("{all:?}")))?;
        let code = language.code().parse().map_err(|why| wrong(format!("{why:?}")))?;
        let mut bundle = FluentBundle::new_concurrent(vec![code]);
        // The marks would be copied along with names and addresses; the templates set those apart with <bdi>.
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).map_err(|all| wrong(format!("{all:?}")))?;
        Ok(Self { language, bundle })
    }

    /// The text with this key and these words in it, as plain text.
    pub(crate) fn text(&self, key: &str, words: &FluentArgs<'_>) -> Result<String, Error> {
        let message = self.bundle.get_message(key).and_then(|message| message.value());
        let pattern = message.ok_or_else(|| Error::Missing(self.language.code(), key.into()))?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(words), &mut errors);
        if errors.is_empty() {
            return Ok(text.into_owned());
        }
        Err(Error::Text(self.language.code(), key.into(), format!("{errors:?}")))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn chosen(accept: &str) -> &'static str {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, accept.parse().unwrap());
        Language::chosen(&headers).code()
    }

    #[test]
    fn best_wish_wins_and_english_is_the_rest() {
        assert_eq!(chosen("de-CH,de;q=0.9,en;q=0.8"), "de");
        assert_eq!(chosen("ja,fr-CA;q=0.7,en;q=0.3"), "fr");
        assert_eq!(chosen("en;q=0.2, DE;q=0.9"), "de");
        assert_eq!(chosen("es-MX, es;q=0.9, en;q=0.8"), "es");
        assert_eq!(chosen("de;q=0, ja"), "en");
        assert_eq!(chosen("fr;q=x, *;q=0.5"), "en");
        assert_eq!(Language::chosen(&HeaderMap::new()).code(), "en");
    }

    /// Keys of a file: what stands before ` =` at the beginning of a line.
    pub(crate) fn keys(language: Language) -> BTreeSet<&'static str> {
        let line = |line: &'static str| line.split_once(" =").map(|(key, _)| key);
        let begins = |line: &&str| line.starts_with(|first: char| first.is_ascii_lowercase());
        language.source().lines().filter(begins).filter_map(line).collect()
    }

    #[test]
    fn every_key_is_there_in_every_language() {
        let english = keys(Language::English);
        assert!(english.len() > 30, "the reader of keys works");
        for language in Language::ALL {
            let texts = Texts::of(language).unwrap();
            assert_eq!(keys(language), english, "{}", language.code());
            for key in &english {
                assert!(texts.bundle.has_message(key), "{key}");
            }
        }
    }

    #[test]
    fn missing_key_and_missing_word_are_errors() {
        let texts = Texts::of(Language::English).unwrap();
        assert!(matches!(texts.text("nothing", &FluentArgs::new()), Err(Error::Missing(..))));
        assert!(matches!(texts.text("consent-title", &FluentArgs::new()), Err(Error::Text(..))));
    }
}

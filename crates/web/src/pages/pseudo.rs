//! A language that nobody has translated, written from right to left: English between marks, its letters turned round.
//! What stands in a template instead of the catalogue has no marks, and what leans to one side shows.

use super::{Error, Pages, samples_of, with_texts};
use crate::language::{Language, Texts};
use std::sync::Arc;

/// Its texts.
pub(super) fn source() -> String {
    let marked = |line: &str| match line.split_once(" = ") {
        // Letters run from right to left between these two characters (Unicode's bidirectional algorithm, RLO and PDF).
        Some((key, text)) if line.starts_with(|first: char| first.is_ascii_lowercase()) && key != "date" => {
            format!("{key} = ⟦\u{202e}{text}\u{202c}⟧")
        }
        _ => line.to_owned(),
    };
    Language::English.source().lines().map(marked).collect::<Vec<_>>().join("\n")
}

/// The pages in it.
pub(super) fn pages() -> Result<Pages, Error> {
    let texts = Texts::read(Language::English, &source())?;
    let environment = with_texts(texts, "qps", "rtl", "");
    Ok(Pages(Arc::new([(Language::English, environment)])))
}

/// Every sample of every page in it: a name and the HTML.
///
/// # Errors
/// A template or text is wrong.
pub fn pseudo_samples() -> Result<Vec<(String, String)>, Error> {
    samples_of(&pages()?, Language::English)
}

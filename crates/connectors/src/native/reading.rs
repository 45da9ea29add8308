//! What a message says to a person, as one text.

use super::part::{MAX_DEPTH, children, decoded_body, is_attachment, weight};
use super::scope::member;
use super::work::Work;
use super::{flowed, html};
use crate::Failure;
use serde_json::Value;
use std::collections::HashSet;

/// What one part says.
#[derive(Debug)]
struct Said {
    text: String,
    plain: bool,
}

/// The text of a message. `None` where no text came along.
///
/// A mail program shows the page where there is one. The plain text beside it is easier to read, and stands for it if
/// it says the same; often it only says that there is a page to look at. Texts that stand beside each other (not as
/// alternatives) are put one after another.
pub(super) fn text(payload: &Value, work: &Work) -> Result<Option<String>, Failure> {
    Ok(said(payload, MAX_DEPTH, work)?.map(|said| said.text))
}

fn said(part: &Value, depth: usize, work: &Work) -> Result<Option<Said>, Failure> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(None) };
    work.spend(weight(part))?;
    let kind = member(part, "mimeType").unwrap_or("text/plain");
    if is_attachment(part) {
        return Ok(None);
    }
    match kind {
        "text/plain" | "" => {
            let Some(body) = decoded_body(part, work)? else { return Ok(None) };
            let text = flowed::joined(part, body, work)?;
            Ok(Some(Said { text: text.trim_end().to_owned(), plain: true }))
        }
        "text/html" => match decoded_body(part, work)? {
            Some(page) => Ok(Some(Said { text: html::to_text(&page, work)?, plain: false })),
            None => Ok(None),
        },
        _ if kind.starts_with("multipart/") => {
            let mut all = Vec::new();
            for part in children(part) {
                all.extend(said(part, depth, work)?);
            }
            if kind == "multipart/alternative" { best(all, work) } else { Ok(joined(all)) }
        }
        _ => Ok(None),
    }
}

fn best(mut alternatives: Vec<Said>, work: &Work) -> Result<Option<Said>, Failure> {
    let filled = |plain: bool| move |said: &Said| said.plain == plain && !said.text.trim().is_empty();
    let plain = alternatives.iter().position(filled(true));
    let page = alternatives.iter().position(filled(false));
    let at = match (plain, page) {
        (Some(plain), Some(page)) => {
            let (text, shown) = (alternatives.get(plain), alternatives.get(page));
            let (text, shown) = (text.map_or("", |said| &said.text), shown.map_or("", |said| &said.text));
            work.spend(text.len() + shown.len())?;
            if stands_for(text, shown) { plain } else { page }
        }
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) if alternatives.is_empty() => return Ok(None),
        (None, None) => 0,
    };
    Ok(Some(alternatives.swap_remove(at)))
}

/// Whether a plain text says what the page beside it says: three of four of its words, and its links.
fn stands_for(plain: &str, page: &str) -> bool {
    if page.contains("://") && !plain.contains("://") {
        return false;
    }
    let known: HashSet<String> = words(plain).collect();
    let wanted: HashSet<String> = words(page).collect();
    let found = wanted.iter().filter(|word| known.contains(*word)).count();
    found * 4 >= wanted.len() * 3
}

/// Words in small letters, without addresses. Each sign of a script without blanks is a word.
fn words(text: &str) -> impl Iterator<Item = String> {
    let pieces = text.split_whitespace().filter(|piece| !piece.contains("://"));
    let words = pieces.flat_map(|piece| piece.split(|c: char| !c.is_alphanumeric())).filter(|word| !word.is_empty());
    words.flat_map(|word| {
        let signs = word.chars().any(|c| c > '\u{2e7f}');
        let (whole, each) =
            if signs { (None, Some(word.chars().map(String::from))) } else { (Some(word.to_lowercase()), None) };
        whole.into_iter().chain(each.into_iter().flatten())
    })
}

fn joined(pieces: Vec<Said>) -> Option<Said> {
    if pieces.is_empty() {
        return None;
    }
    let plain = pieces.iter().all(|said| said.plain || said.text.trim().is_empty());
    let texts: Vec<_> = pieces.into_iter().map(|said| said.text).filter(|text| !text.trim().is_empty()).collect();
    Some(Said { text: texts.join("\n\n"), plain })
}

//! HTML to text, for letters that go out and for messages that come in.
//!
//! One walk over the tokens of another's tokenizer ([`walk`]) that keeps which elements are open ([`open`]) and writes
//! lines ([`layout`]). No tree is made, nothing is looked at twice, and what is open is found by its name at once, so
//! that time grows with the text however its elements nest, whether they are closed or not.

mod elements;
mod layout;
mod open;
mod walk;

use super::work::Work;
use crate::Failure;

/// The width that plain-text letters are wrapped at.
const LETTER_WIDTH: usize = 76;
/// The widest beginning of a line that is repeated when the line is wrapped.
const MAX_INDENT: usize = 36;

/// The text beside an HTML letter: the same as a model reads, wrapped for people.
pub(super) fn to_letter(html: &str, work: &Work) -> Result<String, Failure> {
    let text = to_text(html, work)?;
    work.spend(text.len())?;
    let mut wrapped = String::with_capacity(text.len() + text.len() / 32);
    for line in text.lines() {
        wrap(line, &mut wrapped);
        wrapped.push('\n');
    }
    wrapped.truncate(wrapped.trim_end().len());
    Ok(wrapped)
}

/// What an HTML page says to whoever reads it: lines, lists and quotations, without what is hidden, with each link's
/// address behind its words.
pub(super) fn to_text(html: &str, work: &Work) -> Result<String, Failure> {
    walk::run(html, work)
}

fn wrap(line: &str, wrapped: &mut String) {
    let indent = line.len() - line.trim_start_matches(['>', ' ']).len();
    let (indent, words) = line.split_at(indent);
    wrapped.push_str(indent);
    let indent = indent.get(..MAX_INDENT).unwrap_or(indent);
    let mut width = indent.chars().count();
    let mut first = true;
    for word in words.split(' ') {
        let length = word.chars().count();
        if !first && width + 1 + length > LETTER_WIDTH {
            wrapped.truncate(wrapped.trim_end_matches(' ').len());
            wrapped.push('\n');
            wrapped.push_str(indent);
            width = indent.chars().count();
        } else if !first {
            wrapped.push(' ');
            width += 1;
        }
        wrapped.push_str(word);
        width += length;
        first = false;
    }
}

#[cfg(test)]
mod tests;

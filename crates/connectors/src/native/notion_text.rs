//! Notion's rich text: a list of pieces, each with its text and what it looks like.

use super::scope::member;
use serde_json::Value;

/// The text alone. A single piece is taken too: a property that is read by itself has its pieces one by one.
pub(super) fn plain(pieces: &Value) -> String {
    each(pieces).filter_map(|piece| member(piece, "plain_text")).collect()
}

/// The text, with links as Markdown has them.
pub(super) fn rich(pieces: &Value) -> String {
    let mut text = String::new();
    for piece in each(pieces) {
        let said = member(piece, "plain_text").unwrap_or_default();
        match member(piece, "href").filter(|href| *href != said && member(piece, "type") == Some("text")) {
            Some(href) => text.extend(["[", said, "](", href, ")"]),
            None => text.push_str(said),
        }
    }
    text
}

fn each(pieces: &Value) -> impl Iterator<Item = &Value> {
    let list = pieces.as_array().map(Vec::as_slice);
    list.unwrap_or_else(|| std::slice::from_ref(pieces)).iter()
}

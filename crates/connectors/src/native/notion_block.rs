//! Notion's blocks: paragraphs, headings, lists, tables, files and all the rest of what stands in a page.

use super::notion_property::address;
use super::notion_text::{plain, rich};
use super::scope::member;
use serde_json::{Map, Value};

/// Members of a block's own part that are shown as they are.
const KEPT: [&str; 12] = [
    "checked",
    "language",
    "url",
    "expression",
    "title",
    "page_id",
    "database_id",
    "comment_id",
    "synced_from",
    "table_width",
    "status",
    "name",
];

/// `{id, type, text}` and what the type has beside it; `has_children` where there is more inside.
pub(super) fn shown(block: &Value) -> Value {
    let mut row = Map::new();
    let mut say = |name: &str, value: Value| {
        if !value.is_null() {
            row.insert(name.to_owned(), value);
        }
    };
    let kind = member(block, "type").unwrap_or_default();
    let inner = block.get(kind).unwrap_or(&Value::Null);
    say("id", block.get("id").cloned().unwrap_or_default());
    say("type", kind.into());
    if let Some(text) = inner.get("rich_text") {
        say("text", rich(text).into());
    }
    if let Some(caption) = inner.get("caption").map(rich).filter(|caption| !caption.is_empty()) {
        say("caption", caption.into());
    }
    if let Some(cells) = inner.get("cells").and_then(Value::as_array) {
        say("cells", cells.iter().map(rich).collect());
    }
    say("url", address(inner));
    for name in KEPT {
        let value = inner.get(name).cloned().unwrap_or_default();
        // Of a meeting the title is a text of many pieces.
        say(name, if value.is_array() { plain(&value).into() } else { value });
    }
    // The second is its name before version 2026-03-11 of the API.
    if matches!(kind, "meeting_notes" | "transcription") {
        say("created_time", block.get("created_time").cloned().unwrap_or_default());
        for name in ["children", "calendar_event", "recording"] {
            say(name, inner.get(name).cloned().unwrap_or_default());
        }
    }
    for name in ["has_children", "in_trash"] {
        if block.get(name) == Some(&Value::Bool(true)) {
            say(name, true.into());
        }
    }
    Value::Object(row)
}

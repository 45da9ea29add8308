//! A document's text as a value, within bounds: JSON, or YAML without aliases.

use serde_json::Value;
use serde_saphyr::{Options, alias_limits, budget, options};
use valetkey_domain::json;

/// The longest document, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;
/// What a value takes in memory, and a part of a schema.
const VALUE: usize = 240;
const PART: usize = 700;
/// The most parts of schemas that are read of a document.
const PARTS: usize = 100_000;

/// The most memory that reading a document of so many bytes takes.
#[must_use]
pub const fn memory_needed(bytes: usize) -> usize {
    let values = if bytes < json::MAX_VALUES { bytes } else { json::MAX_VALUES };
    bytes * 4 + values * VALUE + PARTS * PART
}

/// Reads a document.
///
/// # Errors
/// It is neither JSON nor YAML, or too much, in words with line and column.
pub(super) fn read(text: &str) -> Result<Value, String> {
    if text.len() > MAX_BYTES {
        return Err(format!(
            "the document has {} bytes, and may have {MAX_BYTES}: cut it down to the operations that are wanted",
            text.len()
        ));
    }
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err("there is no document: choose a file, or paste its text".to_owned());
    }
    let value = if text.starts_with('{') { of_json(text) } else { of_yaml(text) }?;
    if value.is_object() { Ok(value) } else { Err("the document is no OpenAPI document: it is no object".to_owned()) }
}

fn of_json(text: &str) -> Result<Value, String> {
    json::parse(text.as_bytes()).map_err(|error| format!("the document can't be read as JSON: {error}"))
}

/// No aliases: they are how a small text becomes a large value.
fn of_yaml(text: &str) -> Result<Value, String> {
    let bounds: Options = options! {
        budget: budget! {
            max_events: 2 * json::MAX_VALUES, max_aliases: 0, max_anchors: 0, max_depth: json::MAX_DEPTH, max_documents: 1,
        },
        alias_limits: alias_limits! { max_total_replayed_events: 0, max_replay_stack_depth: 0 },
        with_snippet: false,
        reject_unsupported_tags: true,
    };
    let read: Result<Value, _> = serde_saphyr::from_str_with_options(text, bounds);
    read.map_err(|error| format!("the document can't be read as YAML: {}", error.without_snippet()))
}

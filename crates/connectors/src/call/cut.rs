//! An answer within its budget. A larger one is cut at the borders of its list's elements, then its longest texts are
//! shortened; either way it says what was left out and how to get it.

use crate::failure::{Failure, FailureKind};
use crate::file::Over;
use crate::plan::Output;
use serde_json::{Value, json};

/// The member that says what was left out.
const NOTE: &str = "truncated";
/// Room kept for that member, in bytes, beside the ids that it names.
const NOTE_ROOM: usize = 600;
/// The most ids that are named of what was left out.
const MAX_IDS: usize = 50;
/// Texts up to this length, in characters, are kept as long as leaving out elements helps.
const LONG: usize = 2000;
/// Texts up to this length, in characters, are never shortened: they are ids, names, dates.
const SHORT: usize = 200;

/// Makes an answer fit.
///
/// # Errors
/// It is too large, and the tool says that half of it is worth nothing.
pub(super) fn fit(value: Value, output: &Output) -> Result<Value, Failure> {
    let size = size(&value);
    if size <= output.max_bytes {
        return Ok(value);
    }
    if output.over == Over::Refuse {
        let message = format!(
            "the answer has {size} bytes, more than the {} that this tool gives. {}",
            output.max_bytes, output.read_on
        );
        return Err(Failure::new(FailureKind::InvalidInput, message.trim_end()));
    }
    let budget = output.max_bytes.saturating_sub(NOTE_ROOM + output.read_on.len());
    let mut value = value;
    let spared = drop_members(&mut value, &output.spare);
    let shortened = shorten_texts(&mut value, budget, LONG);
    let left_out = output.list.as_deref().map(|list| shorten_list(&mut value, list, budget)).unwrap_or_default();
    let shortened = shortened.max(shorten_texts(&mut value, budget, SHORT));
    Ok(noted(value, Cut { spared, left_out, shortened }, output))
}

/// What was taken away.
struct Cut {
    /// Members that the tool can spare.
    spared: usize,
    /// The ids of elements, null for one without.
    left_out: Vec<Value>,
    /// Texts.
    shortened: usize,
}

/// Takes away every member of one of these names, at any depth, and counts them.
fn drop_members(value: &mut Value, names: &[String]) -> usize {
    match value {
        Value::Array(items) => items.iter_mut().map(|item| drop_members(item, names)).sum(),
        Value::Object(members) => {
            let before = members.len();
            members.retain(|name, _| !names.contains(name));
            let dropped = before - members.len();
            dropped + members.values_mut().map(|member| drop_members(member, names)).sum::<usize>()
        }
        _ => 0,
    }
}

fn size(value: &Value) -> usize {
    serde_json::to_vec(value).map_or(0, |bytes| bytes.len())
}

/// Drops elements from the end until the rest fits; one always stays. What is left out is named by its ids.
fn shorten_list(value: &mut Value, list: &str, budget: usize) -> Vec<Value> {
    let mut total = size(value);
    let Some(elements) = value.get_mut(list).and_then(Value::as_array_mut) else { return Vec::new() };
    let mut left_out = Vec::new();
    while total > budget && elements.len() > 1 {
        let Some(element) = elements.pop() else { break };
        let id = element.get("id").cloned().unwrap_or(Value::Null);
        // The first ids come back in the note.
        let named = if left_out.len() < MAX_IDS { size(&id) + 1 } else { 0 };
        total = total.saturating_sub(size(&element) + 1) + named;
        left_out.push(id);
    }
    left_out.reverse();
    left_out
}

/// Shortens the longest texts until the value fits, none below `floor` characters, and counts them.
fn shorten_texts(value: &mut Value, budget: usize, floor: usize) -> usize {
    let mut most = usize::MAX;
    let mut shortened = 0;
    while size(value) > budget && most > floor {
        most = (longest_text(value).min(most) / 2).max(floor);
        shortened = shorten(value, most);
    }
    shortened
}

fn longest_text(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.iter().map(longest_text).max().unwrap_or(0),
        Value::Object(members) => members.values().map(longest_text).max().unwrap_or(0),
        _ => 0,
    }
}

/// Shortens every text that is longer than that; counts those that are marked as shortened afterwards.
fn shorten(value: &mut Value, most: usize) -> usize {
    match value {
        Value::String(text) => {
            if text.chars().count() > most {
                let kept: String = text.trim_end_matches(MARK).chars().take(most.saturating_sub(MARK.len())).collect();
                *text = kept + MARK;
            }
            usize::from(text.ends_with(MARK))
        }
        Value::Array(items) => items.iter_mut().map(|item| shorten(item, most)).sum(),
        Value::Object(members) => members.values_mut().map(|member| shorten(member, most)).sum(),
        _ => 0,
    }
}

/// The end of a text that was shortened.
const MARK: &str = " [cut here]";

fn noted(value: Value, cut: Cut, output: &Output) -> Value {
    let mut note = json!({"reason": "The answer was larger than this tool gives at once."});
    let mut say = |key: &str, value: Value| note.as_object_mut().map(|note| note.insert(key.to_owned(), value));
    if cut.spared > 0 {
        say("without_members", json!(output.spare));
    }
    if !cut.left_out.is_empty() {
        say("left_out", json!(cut.left_out.len()));
        say("left_out_ids", cut.left_out.into_iter().filter(|id| !id.is_null()).take(MAX_IDS).collect());
    }
    if cut.shortened > 0 {
        say("shortened_texts", json!(cut.shortened));
    }
    if !output.read_on.is_empty() {
        say("read_on", json!(output.read_on));
    }
    match value {
        Value::Object(mut members) => {
            members.insert(NOTE.to_owned(), note);
            Value::Object(members)
        }
        other => json!({"data": other, NOTE: note}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(max_bytes: usize, over: Over) -> Output {
        let read_on = "Ask for fewer.".to_owned();
        Output {
            shape: None,
            max_bytes,
            list: Some("items".to_owned()),
            spare: vec!["raw".to_owned()],
            over,
            read_on,
            next: None,
        }
    }

    fn items(count: usize, length: usize) -> Value {
        let items: Vec<Value> = (0..count).map(|id| json!({"id": id, "text": "x".repeat(length)})).collect();
        json!({"items": items, "next_page_token": "t"})
    }

    #[test]
    fn what_fits_is_left_alone() {
        let value = items(3, 10);
        assert_eq!(fit(value.clone(), &output(1000, Over::Cut)).unwrap(), value);
    }

    #[test]
    fn a_list_is_cut_between_elements_and_says_so() {
        let cut = fit(items(50, 100), &output(3000, Over::Cut)).unwrap();
        let kept = cut["items"].as_array().unwrap().len();
        assert!(size(&cut) <= 3000 && kept > 10, "{kept} kept in {} bytes", size(&cut));
        assert_eq!(cut["items"][0]["text"].as_str().unwrap().len(), 100);
        assert_eq!(cut["truncated"]["left_out"], 50 - kept);
        assert_eq!(cut["truncated"]["left_out_ids"][0], kept);
        assert_eq!(cut["truncated"]["read_on"], "Ask for fewer.");
        assert_eq!(cut["next_page_token"], "t");
    }

    #[test]
    fn one_element_that_is_too_large_is_shortened_and_says_so() {
        let cut = fit(items(1, 50_000), &output(3000, Over::Cut)).unwrap();
        assert!(size(&cut) <= 3000);
        assert!(cut["items"][0]["text"].as_str().unwrap().ends_with(MARK));
        assert_eq!(cut["truncated"]["shortened_texts"], 1);
    }

    #[test]
    fn what_can_be_spared_goes_first() {
        let value = json!({"items": [{"id": 1, "raw": "x".repeat(5000), "text": "kept"}, {"id": 2, "text": "kept"}]});
        let cut = fit(value, &output(3000, Over::Cut)).unwrap();
        assert_eq!(cut["items"], json!([{"id": 1, "text": "kept"}, {"id": 2, "text": "kept"}]));
        assert_eq!(cut["truncated"]["without_members"], json!(["raw"]));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let cut = fit(json!({"items": [{"text": "ü🦀".repeat(4000)}]}), &output(2000, Over::Cut)).unwrap();
        assert!(cut["items"][0]["text"].as_str().unwrap().starts_with("ü🦀ü🦀"));
    }

    #[test]
    fn what_is_worth_nothing_in_halves_is_refused() {
        let refused = fit(items(1, 5000), &output(1000, Over::Refuse)).unwrap_err();
        assert!(refused.message.contains("Ask for fewer."), "{}", refused.message);
    }
}

//! An answer within its budget. A larger one is cut at the borders of its list's elements, then its longest texts are
//! shortened, then whatever else it is made of is; each time it says what was left out and how to get it.

use super::not_read;
use super::squeeze::{Squeezed, size, squeeze};
use crate::failure::{Failure, FailureKind};
use crate::file::Over;
use crate::plan::Output;
use serde_json::{Map, Value, json};

/// The member that says what was left out.
const NOTE: &str = "truncated";
/// Room kept for that member, in bytes, beside the ids and members that it names.
const NOTE_ROOM: usize = 600;
/// The part of the budget that names of what was left out may take.
const NAMED: usize = 8;
/// The most ids that are named of what was left out.
const MAX_IDS: usize = 50;
/// Texts up to this length, in characters, are kept as long as leaving out elements helps.
const LONG: usize = 2000;
/// Texts up to this length, in characters, are never shortened: they are ids, names, dates.
const SHORT: usize = 200;

/// What is told beside an answer.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// How many elements at the end of the list were not even read.
    pub(super) unread: usize,
    /// What was asked for in vain.
    pub(super) not_read: Option<Value>,
}

/// Makes an answer fit, whatever it is, and says what was left out. `done` is whether the call has changed something.
///
/// # Errors
/// It is too large, and half of it is worth nothing or cannot be had.
pub(super) fn fit(value: Value, output: &Output, beside: Beside, done: bool) -> Result<Value, Failure> {
    let told = beside.not_read.as_ref().map_or(0, |note| size(note) + not_read::MEMBER.len() + 4);
    let most = output.max_bytes.saturating_sub(told);
    let size_before = size(&value);
    if size_before <= most && beside.unread == 0 {
        return Ok(with(value, not_read::MEMBER, beside.not_read));
    }
    if output.over == Over::Refuse {
        return too_large(size_before, output, done);
    }
    let budget = most.saturating_sub(NOTE_ROOM + size(&json!(output.read_on)) + size(&json!(output.spare)));
    let mut value = value;
    let mut cut = Cut { unread: beside.unread, too_large: size_before > most, ..Cut::default() };
    if cut.too_large {
        cut.make(&mut value, output, budget);
    }
    let value = with(value, NOTE, Some(cut.note(output)));
    let value = with(value, not_read::MEMBER, beside.not_read);
    // Whatever came of it: nothing that is larger leaves here.
    if size(&value) <= output.max_bytes { Ok(value) } else { too_large(size_before, output, done) }
}

/// An answer of which no part is given. A call that changed something has still done so.
fn too_large(size: usize, output: &Output, done: bool) -> Result<Value, Failure> {
    let most = output.max_bytes;
    if done {
        let reason = format!(
            "It was done. Its answer has {size} bytes, more than the {most} that this tool gives, and is left out."
        );
        return Ok(json!({NOTE: {"reason": reason}}));
    }
    let message = format!(
        "the answer has {size} bytes, more than the {most} that this tool gives, and no part of it can be given. {}",
        if output.read_on.is_empty() { "Ask for less." } else { &output.read_on }
    );
    Err(Failure::new(FailureKind::InvalidInput, message.trim_end()))
}

/// What was taken away.
#[derive(Default)]
struct Cut {
    /// Whether it was larger than the tool gives.
    too_large: bool,
    /// Members that the tool can spare.
    spared: usize,
    /// The ids of elements of the list, null for one without.
    left_out: Vec<Value>,
    /// Elements at its end that were not even read.
    unread: usize,
    /// Texts.
    shortened: usize,
    /// What else.
    squeezed: Squeezed,
    /// How many bytes the ids in the note may have.
    named: usize,
}

impl Cut {
    fn make(&mut self, value: &mut Value, output: &Output, budget: usize) {
        let marked_before = marked(value);
        self.spared = drop_members(value, &output.spare);
        shorten_texts(value, budget, LONG);
        self.left_out = output.list.as_deref().map(|list| shorten_list(value, list, budget)).unwrap_or_default();
        let budget = if self.left_out.is_empty() { budget } else { budget - budget / NAMED };
        shorten_texts(value, budget, SHORT);
        self.named = budget / NAMED;
        self.squeezed = squeeze(value, budget, self.named);
        // Those that are still there; an app may end its own texts in the same way.
        self.shortened = marked(value).saturating_sub(marked_before);
    }

    fn note(self, output: &Output) -> Value {
        let reason = if self.too_large {
            "The answer was larger than this tool gives at once."
        } else {
            "The answer has more values than are read at once."
        };
        let mut note = Map::from_iter([("reason".to_owned(), json!(reason))]);
        let mut say = |key: &str, value: Value| drop(note.insert(key.to_owned(), value));
        if self.spared > 0 {
            say("without_members", json!(output.spare));
        }
        let left_out = self.left_out.len() + self.unread;
        if left_out > 0 {
            say("left_out", json!(left_out));
            say("left_out_ids", named(self.left_out, self.named));
        }
        if self.shortened > 0 {
            say("shortened_texts", json!(self.shortened));
        }
        if self.squeezed.elements > 0 {
            say("left_out_of_lists", json!(self.squeezed.elements));
        }
        if self.squeezed.members > 0 {
            say("left_out_members", json!(self.squeezed.members));
            say("left_out_member_names", json!(self.squeezed.names));
        }
        if !output.read_on.is_empty() {
            say("read_on", json!(output.read_on));
        }
        Value::Object(note)
    }
}

/// The first ids, in so many bytes.
fn named(ids: Vec<Value>, mut room: usize) -> Value {
    let fits = |id: &Value| {
        let left = room.checked_sub(size(id) + 1);
        room = left.unwrap_or_default();
        left.is_some()
    };
    ids.into_iter().filter(|id| !id.is_null()).take(MAX_IDS).take_while(fits).collect()
}

/// The value with one more member, if there is one; what is no object is put into one.
fn with(value: Value, name: &str, member: Option<Value>) -> Value {
    let Some(member) = member else { return value };
    match value {
        Value::Object(mut members) => {
            members.insert(name.to_owned(), member);
            Value::Object(members)
        }
        other => json!({"data": other, name: member}),
    }
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

/// Drops elements from the end until the rest fits; one always stays. What is left out is named by its ids.
fn shorten_list(value: &mut Value, list: &str, budget: usize) -> Vec<Value> {
    let mut total = size(value);
    let Some(elements) = value.get_mut(list).and_then(Value::as_array_mut) else { return Vec::new() };
    let mut left_out = Vec::new();
    // What is left out is named in the note, for which there must be room.
    let budget = if total > budget { budget - budget / NAMED } else { budget };
    while total > budget && elements.len() > 1 {
        let Some(element) = elements.pop() else { break };
        total = total.saturating_sub(size(&element) + 1);
        left_out.push(not_read::name(&element));
    }
    left_out.reverse();
    left_out
}

/// Shortens the longest texts until the value fits, none below `floor` characters.
fn shorten_texts(value: &mut Value, budget: usize, floor: usize) {
    // None that is longer than all of the budget can stay.
    let mut most = budget.saturating_mul(2);
    while size(value) > budget && most > floor {
        most = (longest_text(value).min(most) / 2).max(floor);
        shorten(value, most);
    }
}

/// The bytes of the longest text.
fn longest_text(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(longest_text).max().unwrap_or(0),
        Value::Object(members) => members.values().map(longest_text).max().unwrap_or(0),
        _ => 0,
    }
}

/// Shortens every text that is longer than that, in characters.
fn shorten(value: &mut Value, most: usize) {
    match value {
        Value::String(text) if text.chars().nth(most).is_some() => {
            let kept: String = text.trim_end_matches(MARK).chars().take(most.saturating_sub(MARK.len())).collect();
            *text = kept + MARK;
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, most)),
        Value::Object(members) => members.values_mut().for_each(|member| shorten(member, most)),
        _ => {}
    }
}

/// How many texts end as those do that were shortened.
fn marked(value: &Value) -> usize {
    match value {
        Value::String(text) => usize::from(text.ends_with(MARK)),
        Value::Array(items) => items.iter().map(marked).sum(),
        Value::Object(members) => members.values().map(marked).sum(),
        _ => 0,
    }
}

/// The end of a text that was shortened.
const MARK: &str = " [cut here]";

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

    fn fitted(value: Value, output: &Output) -> Result<Value, Failure> {
        fit(value, output, Beside::default(), false)
    }

    fn items(count: usize, length: usize) -> Value {
        let items: Vec<Value> = (0..count).map(|id| json!({"id": id, "text": "x".repeat(length)})).collect();
        json!({"items": items, "next_page_token": "t"})
    }

    #[test]
    fn what_fits_is_left_alone() {
        let value = items(3, 10);
        assert_eq!(fitted(value.clone(), &output(1000, Over::Cut)).unwrap(), value);
    }

    #[test]
    fn a_list_is_cut_between_elements_and_says_so() {
        let cut = fitted(items(50, 100), &output(3000, Over::Cut)).unwrap();
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
        let cut = fitted(items(1, 50_000), &output(3000, Over::Cut)).unwrap();
        assert!(size(&cut) <= 3000);
        assert!(cut["items"][0]["text"].as_str().unwrap().ends_with(MARK));
        assert_eq!(cut["truncated"]["shortened_texts"], 1);
    }

    #[test]
    fn what_can_be_spared_goes_first() {
        let value = json!({"items": [{"id": 1, "raw": "x".repeat(5000), "text": "kept"}, {"id": 2, "text": "kept"}]});
        let cut = fitted(value, &output(3000, Over::Cut)).unwrap();
        assert_eq!(cut["items"], json!([{"id": 1, "text": "kept"}, {"id": 2, "text": "kept"}]));
        assert_eq!(cut["truncated"]["without_members"], json!(["raw"]));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let cut = fitted(json!({"items": [{"text": "ü🦀".repeat(4000)}]}), &output(2000, Over::Cut)).unwrap();
        assert!(cut["items"][0]["text"].as_str().unwrap().starts_with("ü🦀ü🦀"));
    }

    #[test]
    fn what_is_worth_nothing_in_halves_is_refused() {
        let refused = fitted(items(1, 5000), &output(1000, Over::Refuse)).unwrap_err();
        assert!(refused.message.contains("Ask for fewer."), "{}", refused.message);
    }

    /// Whatever an answer is made of: it fits afterwards, and what the note says was left out is missing.
    #[test]
    fn an_answer_without_a_list_fits_too_and_says_what_is_missing() {
        let long = |n: usize| "x".repeat(n);
        let numbers: Vec<Value> = (0..300_000).map(Value::from).collect();
        let many: Map<String, Value> = (0..50_000).map(|n| (format!("m{n}"), n.into())).collect();
        let texts: Vec<Value> = (0..5_000).map(|_| json!(long(150))).collect();
        let cases = [
            ("left_out_of_lists", json!(numbers)),
            ("left_out_of_lists", json!({"id": "i", "deep": {"deeper": [texts]}})),
            ("left_out_members", json!({"id": "i", "map": many})),
            ("left_out_members", Value::Object(many.clone())),
            ("left_out_members", json!([many])),
            ("shortened_texts", json!(long(9_600_000))),
            ("shortened_texts", json!({"id": "i", "text": long(9_600_000)})),
            ("left_out_of_lists", json!({"items": "no list", "id": "i", "rows": [[texts], {"a": 1}]})),
            ("left_out_members", json!({long(5_000): 1, long(5_001): 2, "id": "i"})),
        ];
        for (said, value) in cases {
            let before = value.to_string();
            let cut = fitted(value, &output(2_000, Over::Cut)).unwrap();
            let text = cut.to_string();
            assert!(text.len() <= 2_000, "{} bytes of {}", text.len(), &before[..40]);
            let note = cut["truncated"].as_object().unwrap();
            assert!(note.get(said).and_then(Value::as_u64) > Some(0), "{said} is not in {note:?}");
            assert!(!before.contains("\"id\":\"i\"") || cut["id"] == "i", "what fits stays: {text}");
        }
    }

    #[test]
    fn texts_that_end_as_ours_do_were_not_shortened_by_us() {
        let theirs = json!({"rows": [{"text": format!("a{MARK}")}, {"text": "x".repeat(5_000)}]});
        assert_eq!(fitted(theirs, &output(2_000, Over::Cut)).unwrap()["truncated"]["shortened_texts"], 1);
        let theirs = json!({"rows": vec![format!("a{MARK}"); 1_000]});
        assert!(fitted(theirs, &output(2_000, Over::Cut)).unwrap()["truncated"].get("shortened_texts").is_none());
    }

    #[test]
    fn what_is_counted_is_what_is_gone() {
        let cut = fitted((0..100_000).collect(), &output(2_000, Over::Cut)).unwrap();
        let kept = cut["data"].as_array().unwrap().len();
        assert!(kept > 100, "{kept}");
        assert_eq!(cut["truncated"]["left_out_of_lists"], 100_000 - kept);
        let many: Map<String, Value> = (0..50_000).map(|n| (format!("m{n}"), n.into())).collect();
        let cut = fitted(Value::Object(many), &output(2_000, Over::Cut)).unwrap();
        assert_eq!(cut["truncated"]["left_out_members"], 50_000 - (cut.as_object().unwrap().len() - 1));
        assert!(cut["truncated"].get("shortened_texts").is_none() && cut["truncated"].get("left_out").is_none());
    }

    #[test]
    fn what_cannot_be_cut_is_refused_and_a_change_is_not_taken_back() {
        // Large in too many places for any of them to matter.
        let scattered: Vec<Value> = (0..40).map(|_| json!([long_number()])).collect();
        let one = scattered.into_iter().fold(Value::Null, |inner, part| json!([[part, inner]]));
        let refused = fitted(one.clone(), &output(2_000, Over::Cut));
        let kept = fit(one, &output(2_000, Over::Refuse), Beside::default(), true).unwrap();
        assert!(refused.map_or(true, |cut| size(&cut) <= 2_000));
        assert!(kept["truncated"]["reason"].as_str().unwrap().starts_with("It was done."), "{kept}");
    }

    fn long_number() -> Value {
        json!((0..40).map(|n| 1e300 + f64::from(n)).collect::<Vec<_>>())
    }

    #[test]
    fn what_was_not_even_read_is_counted_and_what_is_missing_has_its_room() {
        let beside = Beside { unread: 7, not_read: None };
        let cut = fit(items(3, 10), &output(2_000, Over::Cut), beside, false).unwrap();
        assert_eq!(cut["truncated"]["left_out"], 7);
        assert!(cut["truncated"]["reason"].as_str().unwrap().contains("more values than are read at once"));
        let beside = Beside { unread: 7, not_read: Some(json!({"ids": vec!["an id of some length"; 30]})) };
        let cut = fit(items(50, 100), &output(3_000, Over::Cut), beside, false).unwrap();
        let kept = cut["items"].as_array().unwrap().len();
        assert!(size(&cut) <= 3_000 && cut["not_read"]["ids"].as_array().unwrap().len() == 30);
        assert_eq!(cut["truncated"]["left_out"], 50 - kept + 7);
    }
}

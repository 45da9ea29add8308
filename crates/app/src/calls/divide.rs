//! An answer that is longer than its config gives at once, divided at the borders of its elements: of its largest list,
//! else of its lines, else of its characters. Nothing is left out, and pictures and other content that is no text stays
//! whole beside what is given.

use serde_json::{Map, Value, json};
use std::io::{Result as IoResult, Write};
use valetkey_domain::json as strict;

/// An answer in parts.
#[derive(Debug, PartialEq)]
pub(super) struct Divided {
    /// What is given at once.
    pub(super) first: Value,
    /// The rest, each part no longer than what is given at once.
    pub(super) rest: Vec<String>,
}

/// Divides what a tool of ours answers.
pub(super) fn data(value: Value, most: usize) -> Divided {
    if size(&value) <= most {
        return Divided { first: value, rest: Vec::new() };
    }
    match by_list(value, most) {
        Ok(divided) => divided,
        Err(whole) => {
            let mut pieces = pieces(&whole.to_string(), most).into_iter();
            let first = json!({ "beginning": pieces.next().unwrap_or_default() });
            Divided { first, rest: pieces.collect() }
        }
    }
}

/// Divides a remote server's result. What stands in `structuredContent` is given there only if all of it fits: else it is
/// among the texts.
pub(super) fn result(mut value: Value, most: usize) -> Divided {
    let (mut rest, mut left, mut kept) = (Vec::new(), most, Vec::new());
    let Some(Value::Array(mut content)) = value.get_mut("content").map(Value::take) else {
        return Divided { first: value, rest };
    };
    let structured = value.get("structuredContent").filter(|structured| size(structured) > most);
    let structured = structured.filter(|structured| !is_said(structured, &mut content)).cloned();
    for mut part in content {
        let Some(text) = text_of(&mut part) else {
            kept.push(part);
            continue;
        };
        let whole = std::mem::take(text);
        if whole.len() <= left {
            left -= whole.len();
            *text = whole;
            kept.push(part);
        } else if left == most {
            let (first, more) = divided_text(whole, most);
            *text = first;
            left = 0;
            rest.extend(more);
            kept.push(part);
        } else {
            // What comes behind something that was put off is put off too: the order stays.
            left = 0;
            let (first, more) = divided_text(whole, most);
            rest.push(first);
            rest.extend(more);
        }
    }
    if let Some(structured) = structured {
        let (first, more) = divided_text(structured.to_string(), most);
        rest.push(first);
        rest.extend(more);
    }
    if let Some(members) = value.as_object_mut() {
        members.insert("content".to_owned(), Value::Array(kept));
        if !rest.is_empty() {
            members.remove("structuredContent");
        }
    }
    Divided { first: value, rest }
}

/// Whether the texts say what is in `structuredContent`, as they should: all of it, or the one value or the elements that
/// frameworks put into an object of their own.
fn is_said(structured: &Value, content: &mut [Value]) -> bool {
    let texts: Vec<String> = content.iter_mut().filter_map(|part| text_of(part).map(|text| text.clone())).collect();
    let says = |text: &String, value: &Value| match value {
        Value::String(wanted) => text == wanted,
        wanted => strict::parse(text.as_bytes()).is_ok_and(|said| said == *wanted),
    };
    let only = structured.as_object().filter(|members| members.len() == 1).and_then(|members| members.values().next());
    let each = |value: &Value| {
        let elements = value.as_array().filter(|elements| elements.len() == texts.len());
        elements.is_some_and(|elements| texts.iter().zip(elements).all(|(text, element)| says(text, element)))
    };
    let said = |value: &Value| texts.iter().any(|text| says(text, value)) || each(value);
    said(structured) || only.is_some_and(said)
}

/// The text of a part of content, also where it stands in an embedded resource.
fn text_of(part: &mut Value) -> Option<&mut String> {
    let place = match part.get("type").and_then(Value::as_str) {
        Some("text") => part.get_mut("text"),
        Some("resource") => part.get_mut("resource").and_then(|resource| resource.get_mut("text")),
        _ => None,
    };
    match place {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// A text in parts; one that is JSON with a long list stays JSON in each.
fn divided_text(text: String, most: usize) -> (String, Vec<String>) {
    if text.len() <= most {
        return (text, Vec::new());
    }
    let begins = text.trim_start().starts_with(['{', '[']);
    if let Some(Ok(Divided { first, rest })) =
        strict::parse(text.as_bytes()).ok().filter(|_| begins).map(|value| by_list(value, most))
    {
        return (first.to_string(), rest);
    }
    let mut pieces = pieces(&text, most).into_iter();
    (pieces.next().unwrap_or_default(), pieces.collect())
}

/// Divides a value behind some element of its largest list.
///
/// # Errors
/// The value itself: it would not fit without all of that list.
fn by_list(mut value: Value, most: usize) -> Result<Divided, Value> {
    let (whole, found) = measured(&value);
    let Some((list, path)) = found.filter(|(list, _)| whole - list < most) else { return Err(value) };
    let Some(Value::Array(elements)) = at(&mut value, &path).map(Value::take) else { return Err(value) };
    let mut room = most - (whole - list);
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    let mut elements = elements.into_iter().peekable();
    while let Some(element) = elements.next_if(|element| size(element) < room) {
        room -= size(&element) + 1;
        first.push(element);
    }
    let mut part = String::new();
    for element in elements {
        let text = element.to_string();
        if part.len() + text.len() + 2 > most && !part.is_empty() {
            rest.push(std::mem::take(&mut part) + "]");
        }
        if text.len() + 2 > most {
            rest.extend(pieces(&text, most));
            continue;
        }
        part.push(if part.is_empty() { '[' } else { ',' });
        part.push_str(&text);
    }
    if !part.is_empty() {
        rest.push(part + "]");
    }
    if let Some(place) = at(&mut value, &path) {
        *place = Value::Array(first);
    }
    Ok(Divided { first: value, rest })
}

/// How long a value's text is, and its longest list that lies in objects alone, with the way to it. Each value is measured
/// once.
fn measured(value: &Value) -> (usize, Option<(usize, Vec<String>)>) {
    match value {
        Value::Array(_) => {
            let size = size(value);
            (size, Some((size, Vec::new())))
        }
        Value::Object(members) => {
            let (mut whole, mut longest) = (2 + members.len().saturating_sub(1), None::<(usize, Vec<String>)>);
            for (name, member) in members {
                let (size, list) = measured(member);
                whole += self::size(&Value::String(name.clone())) + 1 + size;
                if let Some((list, mut path)) = list
                    && longest.as_ref().is_none_or(|(known, _)| list > *known)
                {
                    path.push(name.clone());
                    longest = Some((list, path));
                }
            }
            (whole, longest)
        }
        other => (size(other), None),
    }
}

/// What lies at a way, of which the last step comes first.
fn at<'a>(value: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter()
        .rev()
        .try_fold(value, |value, name| value.as_object_mut().and_then(|members: &mut Map<_, _>| members.get_mut(name)))
}

/// A text in pieces of at most so many bytes, each ending with a line or a word if one ends in its last quarter.
fn pieces(text: &str, most: usize) -> Vec<String> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while rest.len() > most {
        let end = (0..=most).rev().find(|&at| rest.is_char_boundary(at)).filter(|&at| at > 0).unwrap_or(rest.len());
        let (piece, _) = rest.split_at(end);
        let border = |c: char| piece.rfind(c).map(|at| at + c.len_utf8()).filter(|&at| at > end - end / 4);
        let end = border('\n').or_else(|| border(' ')).unwrap_or(end);
        let (piece, behind) = rest.split_at(end);
        pieces.push(piece.to_owned());
        rest = behind;
    }
    pieces.push(rest.to_owned());
    pieces
}

/// How many bytes a value's text has.
pub(super) fn size(value: &Value) -> usize {
    struct Count(usize);
    impl Write for Count {
        fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> IoResult<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Only a map whose keys are no texts can't be written, and a value has none.
    drop(serde_json::to_writer(&mut count, value));
    count.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(result: &Value) -> Vec<&str> {
        result["content"].as_array().unwrap().iter().filter_map(|part| part["text"].as_str()).collect()
    }

    #[test]
    fn a_list_is_divided_behind_an_element_and_its_frame_stays() {
        let items: Vec<Value> = (0..100).map(|n| json!({ "id": n, "text": "x".repeat(40) })).collect();
        let whole = json!({ "next": "token", "found": { "items": items, "few": [1, 2] } });
        let Divided { first, rest } = data(whole, 1_000);
        assert!(size(&first) <= 1_000 && rest.iter().all(|part| part.len() <= 1_000));
        assert_eq!((&first["next"], &first["found"]["few"]), (&json!("token"), &json!([1, 2])));
        let mut ids: Vec<Value> = first["found"]["items"].as_array().unwrap().clone();
        ids.extend(rest.iter().flat_map(|part| serde_json::from_str::<Vec<Value>>(part).unwrap()));
        assert_eq!(ids, items, "each element once, in its order");
    }

    #[test]
    fn what_fits_is_not_touched_and_what_is_no_text_stays() {
        let picture = json!({ "type": "image", "data": "A".repeat(5_000), "mimeType": "image/png" });
        let small = json!({ "content": [picture, { "type": "text", "text": "ok" }], "structuredContent": { "a": 1 } });
        assert_eq!(result(small.clone(), 1_000), Divided { first: small, rest: vec![] });
        let long = "word ".repeat(1_000);
        let Divided { first, rest } = result(json!({ "content": [picture, { "type": "text", "text": long }] }), 1_000);
        assert_eq!(first["content"][0], picture);
        assert_eq!(texts(&first).concat() + &rest.concat(), long);
        assert!(rest.iter().all(|part| part.ends_with(' ')), "behind a word");
    }

    #[test]
    fn structured_content_that_does_not_fit_is_read_as_text() {
        let structured = json!({ "result": (0..1_000).collect::<Vec<_>>() });
        let same =
            json!({ "content": [{ "type": "text", "text": structured.to_string() }], "structuredContent": structured });
        let Divided { first, rest } = result(same, 1_000);
        assert!(first.get("structuredContent").is_none());
        let numbers = rest.iter().map(|part| serde_json::from_str::<Vec<u32>>(part).unwrap().len()).sum::<usize>();
        let given: Value = serde_json::from_str(texts(&first)[0]).unwrap();
        assert_eq!(given["result"].as_array().unwrap().len() + numbers, 1_000, "given once");
        let beside = json!({ "content": [{ "type": "text", "text": "short" }], "structuredContent": structured });
        let Divided { first, rest } = result(beside, 1_000);
        assert_eq!(texts(&first), ["short"]);
        assert!(rest[0].starts_with("{\"result\":[0,1,"), "{}", rest[0]);
    }

    #[test]
    fn what_frameworks_wrap_is_given_once() {
        let list: Vec<Value> = (0..400).map(Value::from).collect();
        let text = |value: &Value| json!({ "type": "text", "text": value.as_str().map_or_else(|| value.to_string(), str::to_owned) });
        let line = json!("line ".repeat(400));
        let each = list.iter().map(text).collect::<Vec<_>>();
        for (content, wrapped) in
            [(vec![text(&json!(list))], json!(list)), (vec![text(&line)], line), (each, json!(list))]
        {
            let whole = json!({ "content": content, "structuredContent": { "result": wrapped } });
            let Divided { first, rest } = result(whole, 1_000);
            assert!(first.get("structuredContent").is_none() || rest.is_empty());
            assert!(rest.iter().all(|part| !part.contains("result")), "{rest:?}");
        }
    }

    #[test]
    fn texts_behind_one_that_was_put_off_wait_too() {
        let part = |text: String| json!({ "type": "text", "text": text });
        let content = [part("a".repeat(600)), part("b".repeat(600)), part("c".into())];
        let Divided { first, rest } = result(json!({ "content": content }), 1_000);
        assert_eq!((texts(&first), rest), (vec![&*"a".repeat(600)], vec!["b".repeat(600), "c".into()]));
    }

    proptest! {
        #[test]
        fn no_piece_is_too_long_and_together_they_are_the_text(text in "\\PC{0,400}", most in 4_usize..50) {
            let pieces = pieces(&text, most);
            prop_assert!(pieces.iter().all(|piece| piece.len() <= most));
            prop_assert_eq!(pieces.concat(), text);
        }

        #[test]
        fn nothing_of_a_list_is_lost(lengths in proptest::collection::vec(0_usize..300, 0..60), most in 60_usize..400) {
            let items: Vec<Value> = lengths.iter().map(|length| Value::String("é".repeat(*length))).collect();
            let whole = json!({ "items": items });
            let Divided { first, rest } = data(whole.clone(), most);
            prop_assert!(rest.iter().all(|part| part.len() <= most));
            let kept: usize = rest.iter().map(|part| part.matches('é').count()).sum();
            prop_assert_eq!(first.to_string().matches('é').count() + kept, whole.to_string().matches('é').count());
        }
    }
}

mod agree;
mod attacks;

use super::compiled::{Way, on_deep_stack};
use super::*;
use serde_json::{Value, json};

/// Enough for what these tests do, and soon used up by what never ends.
const LITTLE: usize = 50_000;

fn apply(text: &str, value: &Value) -> Result<Value, Error> {
    Shape::compile(text)?.apply_within(value, LITTLE)
}

/// The same text by jaq alone.
fn jaq(text: &str) -> Shape {
    let program = on_deep_stack(|| program::Program::compile(text::parse(text).unwrap()).unwrap());
    Shape { text: text.into(), way: Way::Program(program) }
}

fn by_jaq(text: &str, value: &Value) -> Result<Value, Error> {
    jaq(text).apply_within(value, LITTLE)
}

#[test]
fn selections_objects_and_arrays_are_projections() {
    let answer = json!({"items": [{"id": 1, "start": {"date": "2026-01-01"}}, {"id": 2}], "nextPageToken": "t"});
    for (text, expected) in [
        (".", answer.clone()),
        (
            "{events: .items, next_page_token: .nextPageToken}",
            json!({"events": answer["items"], "next_page_token": "t"}),
        ),
        ("[.items[].id]", json!([1, 2])),
        (".items | map({id, day: .start.date})", json!([{"id": 1, "day": "2026-01-01"}, {"id": 2, "day": null}])),
        (".items[0].id", json!(1)),
        (".items[-1][\"id\"]", json!(2)),
        (".items[7]", Value::Null),
        (".gone.deeper", Value::Null),
        (".nextPageToken.deeper?", Value::Null),
        (".absent // \"none\"", json!("none")),
        ("{ok: true, n: 3, \"odd key\": null}", json!({"ok": true, "n": 3, "odd key": null})),
        ("[.items[] | [.id, .id]]", json!([[1, 1], [2, 2]])),
        ("[]", json!([])),
    ] {
        let shape = Shape::compile(text).unwrap();
        assert!(!shape.heavy(), "{text}");
        assert_eq!(shape.apply(&answer).unwrap(), expected, "{text}");
    }
}

#[test]
fn the_rest_of_jq_is_there_and_heavy() {
    let answer = json!({"items": [{"id": 2, "ok": true, "t": "B"}, {"id": 1, "ok": false, "t": "a"}], "n": 4, "k": {"x": 1, "y": 2}});
    for (text, expected) in [
        ("[.items[] | select(.ok) | .id]", json!([2])),
        (".items | sort_by(.id) | map(.t)", json!(["a", "B"])),
        (".items | length", json!(2)),
        ("\"\\(.n) items\"", json!("4 items")),
        (".n * 2 + 1", json!(9)),
        (".n * 0.5", json!(2.0)),
        ("if .n > 3 then \"many\" else \"few\" end", json!("many")),
        ("del(.items, .n)", json!({"k": {"x": 1, "y": 2}})),
        (".items |= map(.id)", json!({"items": [2, 1], "n": 4, "k": {"x": 1, "y": 2}})),
        ("del(.items[].t) | .items[0]", json!({"id": 2, "ok": true})),
        (".k | to_entries | map(.key) | join(\"-\")", json!("x-y")),
        (".k | with_entries(.value += 0 // .)", Value::Null),
        ("reduce .items[].id as $id (0; . + $id)", json!(3)),
        (".k as {x: $x} | $x", json!(1)),
        ("[.items[] as {id: $i, t: $t} | {($t): $i}] | add", json!({"B": 2, "a": 1})),
        ("try error(\"x\") catch .", json!("x")),
        (".items | group_by(.ok) | map(length)", json!([1, 1])),
        ("[limit(2; range(9))]", json!([0, 1])),
        (".items | map(.t | ascii_downcase) | unique", json!(["a", "b"])),
        ("walk(if type == \"number\" then tostring else . end) | .k", json!({"x": "1", "y": "2"})),
        ("[.. | numbers]", json!([2, 1, 4, 1, 2])),
        ("[.n, .k.x] | max", json!(4)),
        ("{\"k\\(\"\")\"}", json!({"k": {"x": 1, "y": 2}})),
        ("\"a-b\" / \"-\"", json!(["a", "b"])),
        ("\"a-b\" | split(\"-\") | first", json!("a")),
        (".n / 8", json!(0.5)),
        (".k | keys", json!(["x", "y"])),
        ("{a: .items[].id} | .a | select(. == 1)", json!(1)),
        ("@json \"v=\\(.k)\"", json!("v={\"x\":1,\"y\":2}")),
    ] {
        if text.contains("+=") {
            assert!(matches!(Shape::compile(text), Err(Error::NotOffered(_))), "{text}");
            continue;
        }
        let shape = Shape::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(shape.heavy(), "{text}");
        assert_eq!(shape.apply(&answer).unwrap(), expected, "{text}");
    }
}

#[test]
fn every_offered_filter_compiles() {
    for (name, arity) in closed::OFFERED {
        let arguments = vec!["."; *arity].join("; ");
        let text = if *arity == 0 { format!("1 + 1 | {name}") } else { format!("1 + 1 | {name}({arguments})") };
        if let Err(error) = Shape::compile(&text) {
            panic!("{text}: {error}");
        }
    }
}

#[test]
fn messages_stay_short_whatever_the_value() {
    let big = json!({"a": "secret".repeat(100_000)});
    let message = apply("[.a[] | select(true)]", &big).unwrap_err().to_string();
    assert!(message.len() < 300, "{}", message.len());
}

#[test]
fn several_outputs_are_an_error_and_none_is_null() {
    assert_eq!(apply(".[]", &json!([1, 2])), Err(Error::Several));
    assert_eq!(apply(".[] | select(. > 0)", &json!([1, 2])), Err(Error::Several));
    assert_eq!(apply(".[]", &json!([])), Ok(Value::Null));
    assert_eq!(apply("empty", &json!([])), Ok(Value::Null));
    assert_eq!(apply(".[]", &json!([7])), Ok(json!(7)));
}

#[test]
fn numbers_survive() {
    for number in ["9007199254740993", "18446744073709551615", "-9223372036854775808", "1.5", "1.0", "1e300", "-0.0"] {
        let value: Value = serde_json::from_str(number).unwrap();
        assert_eq!(by_jaq(".", &value).unwrap().to_string(), value.to_string());
        assert_eq!(apply(".", &value).unwrap().to_string(), value.to_string());
    }
}

#[test]
fn a_shape_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Shape>();
}

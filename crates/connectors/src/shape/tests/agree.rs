//! Projections mean what jaq means.

use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;

const PROJECTIONS: &[&str] = &[
    ".",
    ".a",
    ".a.b",
    ".a?",
    ".a.b?",
    ".a?.b",
    ".[0]",
    ".[-1]",
    ".[0]?",
    ".[1].a",
    ".a[0]",
    ".a[0]?.b",
    "[.[]]",
    "[.[]?]",
    "[.[].a]",
    "[.[]?.a?]",
    "[.a[].b]",
    "[.a[]?.b?]",
    "{a, b}",
    "{x: .a, y: .b}",
    "{a: .a?, b: .b.a?}",
    "{a: .a.b, a: .b}",
    "map(.)",
    "map(.a)",
    "map(.a?)",
    "map({a, n: 1})",
    "map(map(.))",
    ".a | map(.b)",
    "[.a, .b]",
    "[.a, .b?, .c.a?]",
    "[[.a], {b}]",
    ". | .a | .b",
    "{\"a\\nb\": .a}",
    "\"x\"",
    "1",
    "true",
    "null",
    "{ok: true, none: null, s: \"\\u00e9\"}",
    ".a // .b",
    ".a // \"x\"",
    "[.[]?] // 1",
    ".a? // .b? // 2",
    "{a: (.a // 0)}",
    ".[\"a\"]",
    ".\"a\"",
    ".a[\"b\"]",
    "[.[]?[]?]",
    "[.[]? | {a: .a?}]",
    "[.[]? | [.]]",
    "[.a?, .b?] | .[1]",
    "{a: .} | .a",
    "[.] | .[0]",
    "{a: ., b: .} | {b, c: .a}",
    "[., .] | map([.])",
    ".[]",
    ".[]?",
    ".a[]?",
    "[.[]? , .a?]",
    "{a: .a?, b: .b}",
    "{a: .b, b: .a?}",
    "[] | .[0]",
    "{} | .a",
    "[.a[1:]?]",
];

static BOTH_WAYS: LazyLock<Vec<(Shape, Shape)>> =
    LazyLock::new(|| PROJECTIONS.iter().map(|text| (Shape::compile(text).unwrap(), jaq(text))).collect());

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e6..1e6).prop_map(Value::from),
        "[a-c é😀\\n\"]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[abc]", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Programs of the whole dialect, most of which make little sense of most values.
fn program() -> impl Strategy<Value = String> {
    let numbers = ["0", "-1", "1.5", "9223372036854775807", "-9223372036854775808", "1e400", "99999999999999999999"];
    let leaf = prop_oneof![
        Just(".".to_owned()),
        Just(".[]".to_owned()),
        Just("..".to_owned()),
        prop::sample::select(PROJECTIONS).prop_map(str::to_owned),
        prop::sample::select(numbers.to_vec()).prop_map(str::to_owned),
        "\"[a-c é😀]{0,4}\"",
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operators = ["|", ",", "//", "+", "-", "*", "/", "%", "==", "<", "and", "or", "|=", "="];
        prop_oneof![
            (inner.clone(), prop::sample::select(operators.to_vec()), inner.clone())
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (prop::sample::select(closed::OFFERED), prop::collection::vec(inner.clone(), 2)).prop_map(
                |((name, arity), args)| {
                    if arity == 0 { name.to_owned() } else { format!("{name}({})", args[..arity].join("; ")) }
                }
            ),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("(if {a} then {b} else {c} end)")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(reduce {a} as $x (.; {b}))")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(.[{a}:{b}])")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("([{a}] | .[{b}]?)")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(try {a} catch {b})")),
            inner.clone().prop_map(|a| format!("\"x\\({a})\"")),
            inner.prop_map(|a| format!("(-{a})")),
        ]
    })
}

/// A value as it is read where this is demanded of it.
fn pruned(value: &Value, demand: &Demand) -> Value {
    match value {
        Value::String(_) if !demand.is_whole() => Value::String(String::new()),
        Value::Array(items) => {
            let Some(element) = demand.element() else { return Value::Array(Vec::new()) };
            items.iter().map(|item| pruned(item, element)).collect()
        }
        Value::Object(members) => {
            let kept =
                members.iter().filter_map(|(name, item)| Some((name.clone(), pruned(item, demand.member(name)?))));
            Value::Object(kept.collect())
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn projection_and_jaq_agree(value in json_value()) {
        for (projection, program) in BOTH_WAYS.iter() {
            let text = projection.text();
            let (ours, theirs) = (projection.apply_within(&value, LITTLE), program.apply_within(&value, LITTLE));
            match (&ours, &theirs) {
                (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours.to_string(), theirs.to_string(), "{} of {}", text, value),
                (Err(ours), Err(theirs)) => prop_assert_eq!(
                    std::mem::discriminant(ours), std::mem::discriminant(theirs), "{} of {}: {} / {}", text, value, ours, theirs
                ),
                _ => prop_assert!(false, "{} of {}: {:?} / {:?}", text, value, ours, theirs),
            }
        }
    }

    /// Without what it doesn't read a value comes to the same. (That is read from text: see `call::answer`.)
    #[test]
    fn what_is_not_demanded_changes_nothing(value in json_value()) {
        for (projection, _) in BOTH_WAYS.iter() {
            let kept = pruned(&value, &projection.demand());
            let (full, little) = (projection.apply_within(&value, LITTLE), projection.apply_within(&kept, LITTLE));
            prop_assert_eq!(full, little, "{} of {}, kept {}", projection.text(), value, kept);
        }
    }

    #[test]
    fn no_program_panics(text in program(), value in json_value()) {
        if let Ok(shape) = Shape::compile(&text) {
            let _ = shape.apply_within(&value, 5_000);
        }
    }

    #[test]
    fn no_text_panics(text in "[.a-c\\[\\]{}()|,:?$\"0-9 /+*=-]{0,40}", value in json_value()) {
        let _ = apply(&text, &value);
    }
}

#[test]
fn the_projections_of_the_property_test_are_projections() {
    let heavy: Vec<_> = PROJECTIONS.iter().filter(|text| Shape::compile(text).unwrap().heavy()).collect();
    assert_eq!(heavy, [&"[.a[1:]?]"]);
}

//! Attack 64: shapes that reach outside, never end, or eat all memory.

use super::*;

/// Shapes that would reach outside, or loop.
const OUTSIDE_OR_ENDLESS: &[&str] = &[
    "env",
    "$ENV",
    "$ENV.PATH",
    "env.PATH",
    "{e: env}",
    "[.[] | $ENV]",
    "input",
    "inputs",
    "[inputs]",
    "now",
    "debug",
    "debug(.)",
    "stderr",
    "halt",
    "halt(1)",
    "halt_error",
    "input_filename",
    "input_line_number",
    "$__prog_args",
    "$__loc__",
    "get_search_list",
    "import \"a\" as a; .",
    "include \"a\"; .",
    "repeat(.)",
    "while(true; .)",
    "until(false; .)",
    "recurse(.)",
    "recurse(.; true)",
    "def f: f; f",
    "label $x | break $x",
    "range(0; 1; 0)",
    "combinations",
    "fromjson",
    "transpose",
    "!step",
    "!made",
    ". as {\"\\([range(1e18)])\": $x} | $x",
    ". as {([range(1e18)] | length): $x} | $x",
    "reduce . as {\"\\([range(1e18)])\": $x} (0; .)",
    "!letters",
    "shape__",
    "error_empty",
    "path(..)",
    "@base64",
    "@base64 \"x\"",
    "splits(\"a\")",
    ". as {(env): $x} | $x",
    ". as {\"\\(env)\": $x} | $x",
    "if env then 1 else 2 end",
    "try env",
    "\"\\(env)\"",
    ".[env]",
    ".[env:]",
    "reduce env as $x (0; .)",
    "foreach .[] as $x (0; env)",
    "{(env): 1}",
    ". |= env",
    "-env",
    ". // env",
    "limit(1; env)",
    "ltrimstr(env)",
    "getpath(env)",
];

/// Attack 64: nothing of the process or its surroundings can be read, and no loop can be written.
#[test]
fn what_reaches_outside_or_loops_is_refused() {
    for text in OUTSIDE_OR_ENDLESS {
        assert!(Shape::compile(text).is_err(), "{text} compiles");
    }
}

#[test]
fn refusals_name_the_culprit() {
    let error = |text: &str| Shape::compile(text).unwrap_err().to_string();
    assert_eq!(error(". | env"), "a shape may not use the filter `env/0`");
    assert_eq!(error("def f: f; f"), "a shape may not use definitions (`def`)");
    assert_eq!(error("{a: }"), "the shape is not valid jq: expected term at byte 4, near `}`");
    assert!(error("$nothing").contains("`$nothing`"), "{}", error("$nothing"));
    assert!(error("\"abc").contains("closing quote"));
}

/// Attack 64: what would run for ever or eat all memory is stopped, whether or not the shape catches errors.
#[test]
fn endless_and_exploding_shapes_are_stopped() {
    let answer = json!({"items": (0..2000).collect::<Vec<_>>(), "text": "x".repeat(1000)});
    for text in [
        "[range(1e18)]",
        "last(range(1e18))",
        "[range(1e18)?] | length",
        "reduce range(1e18) as $x (0; .)",
        "[.items[] as $a | .items[] as $b | .items[] as $c | 1] | length",
        "[.items[] as $a | .items[] as $b | try (.items[]) catch 1] | length",
        "reduce range(60) as $x (.text; . + .)",
        "reduce range(60) as $x (\"ab\"; \"\\(.)\\(.)\")",
        "reduce range(60) as $x (1; [., .]) | tojson",
        "reduce range(60) as $x ([1]; . + .)",
        "reduce range(100000) as $x (1; [.])",
        "reduce range(100000) as $x ({}; {a: .})",
        "reduce range(100000) as $x ({}; .a = .)",
        "[[range(3000)] | .[] as $a | .[] as $b | [$a, $b]]",
        "[limit(1e18; range(1e18))]",
        "first(range(1e18) | select(. < 0))",
        "isempty(range(1e18) | empty)",
        "any(range(1e18); false)",
        "[foreach range(1e18) as $x (0; . + $x)]",
        "reduce range(64) as $x (.; try ([., .]) catch .)",
        "[range(1e18)] // 1",
        "{\"\\([range(1e18)])\"}",
        "{([range(1e18)] | tostring): 1}",
        ".[[range(1e18)] | length]",
        ".[[range(1e18)] | length:]",
        "[range(70)] | map(\"abcdefghij\") | join(\"\") | . + . + . + . + . + . | . + . + . + . + . + . | . + . | . / \"\" | length",
        "[range(70)] | map(\"abcdefghij\") | join(\"\") | . + . + . + . + . + . | . + . + . + . + . + . | . + . | split(\"\") | length",
        ".items |= map([range(1e18)])",
        ".items[] |= [range(1e18)]",
        "del(.items[[range(1e18)] | length])",
        ".items | sort_by([range(1e18)])",
        ".items | group_by([range(1e18)])",
        ".items | map(. as $x | [range(1e6)]) | length",
        "reduce range(3000) as $x (9223372036854775807; . + .)| tostring | . + . | length | [range(1e18)]",
    ] {
        match apply(text, &answer) {
            Err(Error::Stopped(_)) => {}
            other => panic!("{text}: {:?}", other.map(|value| value.to_string().chars().take(80).collect::<String>())),
        }
    }
}

#[test]
fn commas_and_pipes_cannot_double_for_ever() {
    let twice = vec!["(1, 1)"; 60].join(" | ");
    assert!(matches!(apply(&format!("[{twice}]"), &Value::Null), Err(Error::Stopped(_))));
    assert!(matches!(by_jaq(&format!("[{twice}]"), &Value::Null), Err(Error::Stopped(_))));
    let copies = vec!["[., .]"; 60].join(" | ");
    assert!(matches!(apply(&copies, &Value::Null), Err(Error::Stopped(_))));
    assert!(matches!(by_jaq(&copies, &Value::Null), Err(Error::Stopped(_))));
    let caught = vec!["(try (1, 1))"; 40].join(" | ");
    assert!(matches!(apply(&format!("[{caught}]"), &Value::Null), Err(Error::Stopped(_))));
}

#[test]
fn strings_are_not_repeated_and_integers_not_squared_without_end() {
    assert!(matches!(apply("\"ab\" * 1000000000", &Value::Null), Err(Error::Unfit(_))));
    assert!(matches!(apply("1000000000 * \"ab\"", &Value::Null), Err(Error::Unfit(_))));
    let squared = apply("reduce range(40) as $x (10; . * .)", &Value::Null).unwrap();
    assert_eq!(squared, Value::Null, "infinite, which JSON cannot say");
    assert_eq!(apply("[(1, 2) * (3, 4)]", &Value::Null).unwrap(), json!([3, 6, 4, 8]));
    assert_eq!(apply(". * {b: 2}", &json!({"a": 1})).unwrap(), json!({"a": 1, "b": 2}));
}

/// Deep texts, on a stack as small as the smallest thread's.
#[test]
fn deep_recursion_is_refused_or_survived() {
    let texts = [
        "(".repeat(2000),
        format!("{}1{}", "(".repeat(2000), ")".repeat(2000)),
        format!("{}1", "-".repeat(4000)),
        format!("{}1", "try ".repeat(1000)),
        format!(".{}", "|.".repeat(2000)),
        format!(".{}", ",.".repeat(2000)),
        format!(".{}", "|.".repeat(127)),
        format!("[.{}]", ",.".repeat(126)),
        format!("{}1", "-".repeat(127)),
        format!("{}.{}", "[".repeat(32), "]".repeat(32)),
        format!("{}1{}", "if 1 then ".repeat(120), " end".repeat(120)),
        format!("{}1", "1 as $x | ".repeat(60)),
        ".a".repeat(2000),
        ".a".repeat(32),
        format!(".{}", "[]?".repeat(1300)),
        format!(".{}", "[]?".repeat(32)),
        format!("\"{}\"", "\\(1)".repeat(1000)),
        "\"\\(".repeat(1000),
        "x".repeat(5000),
        format!("1{}", "//1".repeat(127)),
        format!("1{}", "+1".repeat(127)),
    ];
    let deep = serde_json::from_str::<Value>(&format!("{}{}", "[".repeat(120), "]".repeat(120))).unwrap();
    let work = move || {
        for text in texts {
            if let Ok(shape) = Shape::compile(&text) {
                let _ = shape.apply(&Value::Null);
            }
        }
        assert!(apply("[..] | length", &deep).is_ok());
        assert!(apply("walk(.)", &deep).is_ok());
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn the_ends_of_the_integers_are_survived() {
    for value in [json!(i64::MIN), json!(i64::MAX), json!(u64::MAX), json!(f64::MAX)] {
        for text in [
            "-.",
            "length",
            "abs",
            ". - 1",
            ". + .",
            ". * -1",
            ". % -1",
            ". / -1",
            "floor",
            "[.] | .[.[0]]?",
            "[1, 2][:.]?",
            "\"abc\"[.:]?",
            "[limit(.; 1, 2)]",
            "[skip(.; 1, 2)]",
            "[[1]] | flatten(9)",
            "(. + 1) - 1 | -.",
            "(. + 1) - 1 | length",
        ] {
            let _ = apply(&format!("({text}) | ."), &value);
        }
    }
}

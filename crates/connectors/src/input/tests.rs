use super::*;
use crate::thread_time;
use serde_json::json;

fn input() -> Input {
    compiled(json!({
        "query": {"type": "string", "description": "q", "map": "query.q"},
        "max_results": {"type": "integer", "description": "n", "default": 10, "minimum": 1, "maximum": 50, "map": "query.n"},
        "sizes": {"type": "array", "description": "s", "items": {"type": "integer"}, "map": "query.s"},
        "since": {"type": "string", "description": "s", "format": "date-time", "map": "query.since"},
        "kind": {"type": "string", "description": "k", "enum": ["a", "b", "d", "e"], "pattern": "^(a+)+$", "map": "query.k"},
        "id": {"type": "string", "description": "i", "required": true, "map": "path.id"}
    }))
    .unwrap()
}

fn compiled(fields: Value) -> Result<Input, String> {
    Input::compile(&serde_json::from_value(fields).unwrap(), true, &[])
}

#[test]
fn a_schema_that_is_none_is_no_sound_one_and_lets_no_call_through() {
    let wrong =
        compiled(json!({"x": {"type": "string", "description": "x", "pattern": "(", "map": "query.x"}})).unwrap();
    assert!(wrong.sound().is_err());
    assert!(checked(&wrong, &json!({"x": "a"})).unwrap_err().contains("can't be called"));
    input().sound().unwrap();
}

#[test]
fn of_arguments_that_exclude_each_other_exactly_one_is_taken() {
    let fields = json!({
        "page": {"type": "string", "description": "p", "map": "body.page"},
        "source": {"type": "string", "description": "s", "map": "body.source"},
        "other": {"type": "string", "description": "o", "map": "body.other"}
    });
    let one_of = [vec!["page".to_owned(), "source".to_owned()]];
    let input = Input::compile(&serde_json::from_value(fields).unwrap(), true, &one_of).unwrap();
    assert!(checked(&input, &json!({"page": "1", "source": ""})).is_ok(), "a placeholder means absent");
    for wrong in [json!({"page": "1", "source": "2"}), json!({"other": "x"}), json!({"page": null})] {
        let said = checked(&input, &wrong).unwrap_err();
        assert!(said.contains("exactly one of `page`, `source` is to be given"), "{said}");
    }
}

fn checked(input: &Input, arguments: &Value) -> Result<Value, String> {
    let checked = input.check("the_tool", arguments.as_object().unwrap());
    checked.map(Value::Object).map_err(|failure| failure.message)
}

fn check(arguments: &Value) -> Result<Value, String> {
    checked(&input(), arguments)
}

#[test]
fn what_is_listed_is_open_and_what_is_checked_is_closed() {
    let listed = input().listed().clone();
    assert_eq!(listed["type"], "object");
    assert_eq!(listed["required"], json!(["id"]));
    assert_eq!(listed.get("additionalProperties"), None);
    assert_eq!(listed["properties"]["max_results"]["description"], "n From 1 to 50. If it is left out: 10.");
    assert!(check(&json!({"id": "x", "other": 1})).is_err());
    assert!(check(&json!({"id": "x", "max_results": 51})).is_err());
}

#[test]
fn good_arguments_are_coerced_and_filled() {
    let given = json!({"id": "x", "sizes": [1.0, 2], "query": null, "schema_version": "1"});
    assert_eq!(check(&given).unwrap(), json!({"id": "x", "sizes": [1, 2], "max_results": 10}));
    assert_eq!(check(&json!({"id": "x", "max_results": 3.0})).unwrap()["max_results"].to_string(), "3");
}

#[test]
fn an_unknown_argument_is_named_with_the_nearest() {
    let said = check(&json!({"id": "x", "maxResults": 3})).unwrap_err();
    assert!(said.contains("`maxResults`") && said.ends_with("Did you mean `max_results`?"), "{said}");
    let said = check(&json!({"id": "x", "until": 3})).unwrap_err();
    assert!(said.contains("`until`; it takes query, ") && !said.contains("Did you mean"), "{said}");
}

#[test]
fn everything_wrong_is_told_at_once() {
    let said = check(&json!({"max_results": 99, "since": "2026-11-22T09:00:00", "kind": "c"})).unwrap_err();
    for part in [
        "`id` is required",
        "`max_results` must be 50 or less, not 99",
        "`since` must be an RFC 3339 time",
        r#"`kind` must be one of "a", "b", "d", "e""#,
    ] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert_eq!(
        check(&json!({"id": 1.5})).unwrap_err(),
        "the_tool: `id` must be a text, not 1.5. Correct the arguments and call again."
    );
    assert!(check(&json!({"id": "x", "max_results": 2.5})).unwrap_err().contains("must be a whole number, not 2.5"));
    assert!(check(&json!({"id": null})).unwrap_err().contains("`id` is required"));
}

#[test]
fn a_pattern_takes_linear_time() {
    let long = "a".repeat(8_000) + "b";
    assert!(check(&json!({"id": "x", "kind": long})).is_err());
}

#[test]
fn ten_faults_are_told_and_how_many_more() {
    let many: Vec<Value> = (0..900).map(|_| json!({"x".repeat(1_000): 1})).collect();
    let said = check(&json!({"id": "x", "sizes": many})).unwrap_err();
    assert!(
        said.contains("`sizes.9` must be") && !said.contains("`sizes.10`") && said.contains("and 890 more"),
        "{said}"
    );
    let unknown: Map<String, Value> = (0..50_000).map(|n| (format!("{n}{}", "y".repeat(200)), json!(1))).collect();
    let begun = thread_time::now();
    let refusal = check(&Value::Object(unknown)).unwrap_err();
    assert!(refusal.contains("and 49990 more") && refusal.len() < 2_000, "{refusal}");
    assert!(thread_time::since(begun).as_millis() < 1_000, "{:?}", thread_time::since(begun));
}

#[test]
fn what_a_caller_wrote_is_said_back_in_a_few_words() {
    let long = "\u{202e}a\n".repeat(1_000_000);
    for arguments in [
        json!({"id": "x", "since": long}),
        json!({"id": long}),
        json!({"id": "x", "max_results": long}),
        json!({"id": "x", "kind": long}),
        json!({"id": "x", "sizes": [[long]]}),
        json!({"id": "x", "sizes": {&long: 1}}),
        json!({"id": "x", &long: 1}),
        json!({"id": "x", "max_results": {&long: long}}),
        json!({"id": "x", "sizes": long}),
    ] {
        let said = check(&arguments).unwrap_err();
        assert!(said.len() < 600 && !said.contains(['\u{202e}', '\n']), "{} {:.600}", said.len(), said);
    }
}

#[test]
fn a_long_text_is_refused_by_name_and_with_its_bound() {
    let input = compiled(json!({
        "day": {"type": "string", "description": "d", "format": "date", "map": "expression"},
        "to": {"type": "array", "description": "t", "items": {"type": "string", "format": "email"}, "map": "body.to"},
        "zone": {"type": "string", "description": "z", "map": "expression"},
        "id": {"type": "string", "description": "i", "map": "path.id"},
        "word": {"type": "string", "description": "w", "map": "query.w"},
        "own": {"type": "string", "description": "o", "max_length": 500_000, "map": "expression"},
        "text": {"type": "string", "description": "t", "map": "body.text"}
    }))
    .unwrap();
    let long = "2".repeat(4_000_000);
    let said = |arguments: Value| checked(&input, &arguments).unwrap_err();
    let begun = thread_time::now();
    assert!(said(json!({"day": long})).contains("`day` is too long: it has 10 characters at most, as any date has"));
    assert!(said(json!({"to": ["a@b.example", long]})).contains("`to.1` is too long: it has 320 characters at most"));
    assert!(said(json!({"to": long})).contains("`to.0` is too long: it has 320 characters at most"));
    assert!(said(json!({"zone": long})).contains("`zone` is too long: it has 100000 characters at most"));
    assert!(said(json!({"id": long})).contains("`id` is too long: it has 1024 characters at most"));
    assert!(said(json!({"word": long})).contains("`word` is too long: it has 8192 characters at most"));
    assert!(said(json!({"own": long})).contains("500000"));
    assert!(said(json!({"to": vec!["a@b.example"; 1_001]})).contains("`to` has 1001 elements; it has 1000 at most"));
    assert!(thread_time::since(begun).as_millis() < 3_000, "{:?}", thread_time::since(begun));
    assert!(checked(&input, &json!({"text": long, "own": "x".repeat(400_000)})).is_ok());
    let umlauts = "ä".repeat(1_024);
    assert!(checked(&input, &json!({"id": umlauts})).is_ok(), "characters are counted, not bytes");
}

fn form() -> Input {
    compiled(json!({
        "need": {"type": "string", "description": "n", "required": true, "map": "body.need"},
        "least": {"type": "integer", "description": "n", "required": true, "minimum": 1, "map": "body.least"},
        "list": {"type": "array", "description": "l", "required": true, "items": {"type": "string"}, "map": "body.list"},
        "text": {"type": "string", "description": "t", "map": "body.text"},
        "wiped": {"type": "string", "description": "w", "empty": "kept", "map": "body.wiped"},
        "note": {"type": "string", "description": "n", "empty": "by_clear", "map": "body.note"},
        "tags": {"type": "array", "description": "t", "items": {"type": "string"}, "empty": "by_clear", "map": "body.tags"},
        "size": {"type": "integer", "description": "s", "minimum": 1, "map": "body.size"},
        "page": {"type": "integer", "description": "p", "default": 3, "map": "body.page"},
        "from": {"type": "integer", "description": "f", "minimum": 0, "default": 5, "map": "body.from"},
        "share": {"type": "number", "description": "s", "map": "body.share"},
        "on": {"type": "boolean", "description": "o", "default": true, "map": "body.on"},
        "sort": {"type": "string", "description": "s", "enum": ["up", "down"], "map": "body.sort"},
        "blank": {"type": "string", "description": "b", "enum": ["", "x"], "map": "body.blank"},
        "when": {"type": "string", "description": "w", "format": "date-time", "map": "body.when"},
        "ids": {"type": "array", "description": "i", "items": {"type": "integer"}, "map": "body.ids"},
        "rows": {"type": "array", "description": "r", "items": {"type": "object"}, "map": "body.rows"},
        "free": {"type": "object", "description": "f", "map": "body.free"},
        "size_kept": {"type": "integer", "description": "k", "empty": "kept", "map": "body.size"},
        "nulled": {"type": "string", "description": "n", "empty": "as_null", "map": "body.nulled"}
    }))
    .unwrap()
}

/// What becomes of one argument beside the required ones and the defaults.
fn becomes(name: &str, value: &Value) -> Result<Option<Value>, String> {
    let arguments = json!({"need": "", "least": 1, "list": [], name: value});
    checked(&form(), &arguments).map(|taken| taken.get(name).cloned())
}

#[test]
fn a_placeholder_of_an_optional_argument_means_absent() {
    for (name, value) in [
        ("text", json!("")),
        ("text", json!("  ")),
        ("text", json!(null)),
        ("size", json!(0)),
        ("size", json!(0.0)),
        ("size", json!("0")),
        ("size", json!("")),
        ("size", json!("null")),
        ("share", json!("")),
        ("sort", json!("")),
        ("when", json!("")),
        ("tags", json!([])),
        ("tags", json!([""])),
        ("tags", json!([null, " "])),
        ("tags", json!("[]")),
        ("tags", json!("")),
        ("tags", json!("null")),
        ("ids", json!("")),
        ("ids", json!([])),
        ("free", json!({})),
        ("free", json!("{}")),
        ("free", json!("")),
        ("rows", json!([])),
        ("note", json!("")),
        ("wiped", json!(null)),
        // A text can't be one, whatever emptiness means otherwise.
        ("size_kept", json!(" ")),
    ] {
        assert_eq!(becomes(name, &value), Ok(None), "{name}: {value}");
    }
    assert_eq!(becomes("nulled", &json!("")), Ok(Some(json!(null))), "the app is told that there shall be none");
    assert_eq!(becomes("page", &json!(0)), Ok(Some(json!(3))), "the default, where zero is not said to be a value");
    assert_eq!(becomes("on", &json!("")), Ok(Some(json!(true))));
    assert_eq!(becomes("on", &json!(null)), Ok(Some(json!(true))));
}

#[test]
fn a_value_that_one_would_choose_stays() {
    for (name, value) in [
        ("wiped", json!("")),
        ("from", json!(0)),
        ("share", json!(0)),
        ("on", json!(false)),
        ("blank", json!("")),
        ("tags", json!(["", "x"])),
        ("text", json!("null")),
        ("text", json!("[]")),
        ("text", json!("0")),
        ("rows", json!([{}])),
        ("free", json!({"a": null})),
        ("need", json!("")),
        ("list", json!([])),
    ] {
        assert_eq!(becomes(name, &value), Ok(Some(value.clone())), "{name}");
    }
}

#[test]
fn what_can_mean_only_one_thing_is_taken_for_it() {
    for (name, given, taken) in [
        ("size", json!("5"), json!(5)),
        ("size", json!(" 5.0 "), json!(5)),
        ("share", json!("1.5"), json!(1.5)),
        ("on", json!("false"), json!(false)),
        ("on", json!("True"), json!(true)),
        ("tags", json!("a"), json!(["a"])),
        ("tags", json!("[\"a\", \"b\"]"), json!(["a", "b"])),
        ("tags", json!("[draft] a"), json!(["[draft] a"])),
        ("tags", json!("[1]"), json!(["[1]"])),
        ("ids", json!("[1, \"2\"]"), json!([1, 2])),
        ("ids", json!(7), json!([7])),
        ("ids", json!("7"), json!([7])),
        ("ids", json!(["7", 8.0]), json!([7, 8])),
        ("free", json!("{\"a\": 1}"), json!({"a": 1})),
        ("rows", json!("[{\"a\": 1}]"), json!([{"a": 1}])),
        ("rows", json!({"a": 1}), json!([{"a": 1}])),
        ("rows", json!("{\"a\": 1}"), json!([{"a": 1}])),
        ("list", json!("a"), json!(["a"])),
        ("least", json!("2"), json!(2)),
        ("text", json!(5), json!("5")),
        ("text", json!(-5.0), json!("-5")),
        ("text", json!(18_446_744_073_709_551_615_u64), json!("18446744073709551615")),
        ("need", json!(0), json!("0")),
        ("tags", json!([1, "a", 2.0]), json!(["1", "a", "2"])),
        ("tags", json!(7), json!(["7"])),
    ] {
        assert_eq!(becomes(name, &given), Ok(Some(taken)), "{name}: {given}");
    }
}

#[test]
fn what_may_mean_several_things_is_refused_by_name() {
    for (name, given, words) in [
        ("size", json!("five"), "`size` must be a whole number, not the text \"five\""),
        ("size", json!("2.5"), "`size` must be a whole number"),
        ("size", json!(true), "`size` must be a whole number, not true"),
        ("on", json!(1), "`on` must be true or false, not 1"),
        ("on", json!("yes"), "`on` must be true or false"),
        ("text", json!(1.1), "`text` must be a text, not 1.1"),
        ("text", json!(1e300), "`text` must be a text"),
        ("text", json!(0), "`text` must be a text, not 0"),
        ("text", json!(true), "`text` must be a text, not true"),
        ("text", json!([5]), "`text` must be a text"),
        ("when", json!(2026), "`when` must be an RFC 3339 time"),
        ("free", json!("[1]"), "`free` must be an object"),
        ("free", json!("{\"a\": 1, \"a\": 2}"), "`free` must be an object"),
        ("ids", json!("a, b"), "`ids` must be a list"),
        ("tags", json!([1.5]), "`tags.0` must be a text, not 1.5"),
        ("sort", json!("UP"), "`sort` must be one of \"up\", \"down\""),
        ("need", json!(null), "`need` is required"),
        ("least", json!(0), "`least` must be 1 or more, not 0"),
        ("least", json!(""), "`least` must be a whole number"),
        ("list", json!(""), "`list` must be a list"),
        ("clear", json!(["text"]), "`clear.0` must be one of \"note\", \"tags\""),
    ] {
        let said = becomes(name, &given).unwrap_err();
        assert!(said.contains(words), "{name}: {said}");
    }
}

#[test]
fn what_is_named_in_clear_is_emptied() {
    let input = form();
    let with = |more: Value| {
        let mut arguments = json!({"need": "x", "least": 1, "list": ["a"]});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        checked(&input, &arguments)
    };
    let taken = with(json!({"clear": ["note", "tags"], "note": "", "tags": []})).unwrap();
    assert_eq!((&taken["note"], &taken["tags"], taken.get("clear")), (&json!(""), &json!([]), None));
    assert_eq!(with(json!({"clear": "note"})).unwrap()["note"], "");
    for nothing in [json!([]), json!(null), json!(""), json!([""])] {
        assert_eq!(with(json!({"clear": nothing})).unwrap().get("note"), None);
    }
    let said = with(json!({"clear": ["note"], "note": "y"})).unwrap_err();
    assert!(said.contains("`note` is both given and named in `clear`"), "{said}");
    assert_eq!(input.listed()["properties"]["clear"]["items"]["enum"], json!(["note", "tags"]));
}

#[test]
fn a_field_that_cannot_work_is_refused_when_the_file_is_read() {
    let field = |more: Value| {
        let mut field = json!({"type": "string", "description": "x", "map": "body.x"});
        field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        field
    };
    for (name, wrong) in [
        ("a b", field(json!({}))),
        ("größe", field(json!({}))),
        ("x", field(json!({"empty": "by_clear", "required": true}))),
        ("x", field(json!({"empty": "by_clear", "type": "integer"}))),
        ("x", field(json!({"empty": "by_clear", "min_length": 1}))),
        ("x", field(json!({"empty": "kept", "default": "a"}))),
        ("x", field(json!({"empty": "by_clear", "format": "date"}))),
    ] {
        assert!(compiled(json!({name: wrong})).unwrap_err().contains(name), "{wrong}");
    }
    let both = json!({"x": field(json!({"empty": "by_clear"})), "clear": field(json!({}))});
    assert!(compiled(both).unwrap_err().contains("`clear`"));
}

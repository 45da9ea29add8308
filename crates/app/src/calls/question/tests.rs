use super::*;
use proptest::prelude::*;
use serde_json::json;
use valetkey_upstream::QuestionKinds;

const SENT: &str = "tok-0123456789abcdef";

fn shown_to(kinds: QuestionKinds, params: &Value) -> Result<Value, Withheld> {
    shown_by((kinds, "q"), params)
}

fn shown_by((kinds, name): (QuestionKinds, &str), params: &Value) -> Result<Value, Withheld> {
    let ours = Url::parse("https://valetkey.example:8443/").unwrap();
    let redact = |text: &mut String| *text = text.replace(SENT, "[redacted]");
    let asker = Asker { name: "Acme (connection 'ACME', mcp.acme.example)", kinds, ours: &ours, redact: &redact };
    asker.shown(name, &json!({ "method": "elicitation/create", "params": params }))
}

fn shown(params: &Value) -> Result<Value, Withheld> {
    shown_to(QuestionKinds { forms: true, pages: true }, params)
}

/// A form of one field.
fn form(message: &str, name: &str, field: Value) -> Value {
    let mut schema = json!({ "type": "object", "required": [name] });
    schema["properties"][name] = field;
    json!({ "message": message, "requestedSchema": schema })
}

/// A form of several.
fn forms(message: &str, fields: Value) -> Value {
    let mut schema = json!({ "type": "object" });
    schema["properties"] = fields;
    json!({ "message": message, "requestedSchema": schema })
}

#[test]
fn a_form_is_made_anew_of_what_is_understood_and_says_whose_it_is() {
    let asked = json!({
        "mode": "form",
        "message": "How many?\u{202e} See https://evil.example/x, or evil.com.",
        "requestedSchema": {
            "type": "object", "$schema": "x", "additionalProperties": true, "title": "Valetkey",
            "properties": {
                "count": { "type": "integer", "minimum": 1, "maximum": 9, "default": 2, "title": "Count\nhere", "x": "y" },
                "when": { "type": "string", "format": "date", "minLength": 10, "pattern": "(a+)+$" },
                "odd": { "type": "string", "format": "regex", "maxLength": "x", "default": "see https://evil.example/" },
                "size": { "type": "string", "enum": ["s", "m"], "enumNames": ["Small", "evil.com"], "default": "xl" },
                "colour": { "type": "string", "oneOf": [{ "const": "r", "title": "Red", "x": 1 }], "default": "r" },
                "days": { "type": "array", "minItems": 1, "items": { "type": "string", "enum": ["mo", "tu"] }, "default": ["mo"] },
                "rooms": { "type": "array", "items": { "anyOf": [{ "const": "1", "title": "First" }] } },
                "sure": { "type": "boolean", "default": false },
            },
            "required": ["when", "gone", "count"],
        },
    });
    let words = "Acme (connection 'ACME', mcp.acme.example) asks: How many? See [link left out] or evil[.]com[.]";
    let expected = json!({
        "mode": "form",
        "message": words,
        "requestedSchema": {
            "type": "object",
            "properties": {
                "count": { "type": "integer", "title": "Count here", "minimum": 1, "maximum": 9, "default": 2 },
                "when": { "type": "string", "minLength": 10, "format": "date" },
                "odd": { "type": "string" },
                "size": { "type": "string", "enum": ["s", "m"], "enumNames": ["Small", "evil[.]com"] },
                "colour": { "type": "string", "oneOf": [{ "const": "r", "title": "Red" }], "default": "r" },
                "days": { "type": "array", "items": { "type": "string", "enum": ["mo", "tu"] }, "minItems": 1, "default": ["mo"] },
                "rooms": { "type": "array", "items": { "anyOf": [{ "const": "1", "title": "First" }] } },
                "sure": { "type": "boolean", "default": false },
            },
            "required": ["count", "when"],
        },
    });
    assert_eq!(shown(&asked), Ok(expected));
}

#[test]
fn attack_72_no_question_for_a_secret_is_passed_on_whatever_it_is_called() {
    let text = json!({ "type": "string" });
    for asked in [
        form("Sign in", "password", text.clone()),
        form("Sign in", "value", json!({ "type": "string", "title": "API key" })),
        form("Sign in", "value", json!({ "type": "string", "description": "the one-time code that you got" })),
        form("Enter your Google passw\u{200b}ord", "value", text.clone()),
        form("Your PIN, please", "value", json!({ "type": "integer" })),
        form("Confirm", "token", json!({ "type": "boolean" })),
        form("Pick one", "secret", json!({ "type": "string", "enum": ["a"] })),
        form("Sign in", "value", json!({ "type": "string", "default": "type your password here" })),
        forms("Sign in", json!({ "a": { "type": "string", "enum": ["Enter the password below"] }, "b": text })),
        forms(
            "Go on",
            json!({ "a": { "type": "string", "oneOf": [{ "const": "x", "title": "Your PIN:" }] }, "b": text }),
        ),
        forms(
            "Go on",
            json!({ "a": { "type": "array", "items": { "type": "string", "enum": ["API key:"] } }, "b": text }),
        ),
    ] {
        assert_eq!(shown(&asked), Err(Withheld::Secret), "{asked}");
    }
    for asked in [
        form("Reset the password of ann?", "sure", json!({ "type": "boolean" })),
        form("Whose password is to be reset?", "who", json!({ "type": "string", "enum": ["ann", "bob"] })),
        form("What is to be reset?", "what", json!({ "type": "string", "enum": ["the password", "nothing"] })),
        form("What is your name?", "name", text),
    ] {
        assert!(shown(&asked).is_ok(), "{asked}");
    }
}

#[test]
fn attack_78_a_form_of_anything_but_a_few_plain_fields_is_not_passed_on() {
    let many: Map<String, Value> = (0..21).map(|n| (format!("f{n}"), json!({ "type": "boolean" }))).collect();
    let choices: Vec<String> = (0..101).map(|n| n.to_string()).collect();
    for schema in [
        json!({ "type": "object", "properties": many }),
        json!({ "type": "object" }),
        json!({ "properties": {} }),
        json!([]),
    ] {
        let asked = json!({ "message": "?", "requestedSchema": schema });
        assert_eq!(shown(&asked), Err(Withheld::Unknown), "{asked}");
    }
    for (name, field) in [
        ("a", json!({ "type": "object", "properties": {} })),
        ("a", json!({ "type": ["string", "null"] })),
        ("a", json!({ "$ref": "#" })),
        ("a", json!({ "type": "string", "enum": choices })),
        ("a", json!({ "type": "string", "enum": [] })),
        ("a", json!({ "type": "string", "enum": [1] })),
        ("a", json!({ "type": "string", "enum": ["see https://evil.example/"] })),
        ("a", json!({ "type": "string", "enum": ["a\u{202e}b"] })),
        ("a", json!({ "type": "string", "enum": [SENT] })),
        ("a", json!({ "type": "string", "enum": ["x".repeat(201)] })),
        ("a", json!({ "type": "string", "oneOf": [{ "title": "no value" }] })),
        ("a", json!({ "type": "array", "items": { "type": "string" } })),
        ("a", json!({ "type": "array", "items": { "type": "array" } })),
        ("a b", json!({ "type": "boolean" })),
        ("", json!({ "type": "boolean" })),
        ("\u{440}", json!({ "type": "boolean" })),
        (&"n".repeat(65), json!({ "type": "boolean" })),
    ] {
        let asked = form("?", name, field);
        assert_eq!(shown(&asked), Err(Withheld::Unknown), "{asked}");
    }
    let long = shown(&form(&"x ".repeat(1_000_000), "a", json!({ "type": "boolean" }))).unwrap();
    assert!(long.to_string().len() < 1_000);
}

#[test]
fn attack_49_what_the_server_was_sent_is_not_shown_again() {
    let asked = form(&format!("You sent {SENT}"), "a", json!({ "type": "string", "title": SENT, "default": SENT }));
    let said = shown(&asked).unwrap().to_string();
    assert!(!said.contains(SENT) && said.contains("[redacted]"), "{said}");
    let page = json!({ "mode": "url", "url": format!("https://acme.example/?t={SENT}"), "message": "Open" });
    assert_eq!(shown(&page), Err(Withheld::Secret));
    let kinds = QuestionKinds { forms: true, pages: true };
    let plain = form("?", "a", json!({ "type": "boolean" }));
    assert_eq!(shown_by((kinds, &format!("q-{SENT}")), &plain), Err(Withheld::Secret), "nor as the question's name");
}

#[test]
fn attack_84_a_page_is_one_of_the_web_and_never_ours_and_is_named_by_its_host() {
    let page = |url: &str| shown(&json!({ "mode": "url", "url": url, "message": "Pay here: https://evil.example/" }));
    let expected = json!({
        "mode": "url",
        "url": "https://pay.acme.example/x?y=1",
        "message": "Acme (connection 'ACME', mcp.acme.example) asks you to open a page at pay.acme.example: Pay here: [link left out]",
    });
    assert_eq!(page("https://pay.acme.example/x?y=1"), Ok(expected));
    let punycode = page("https://\u{430}cme.example/").unwrap()["message"].as_str().unwrap().to_owned();
    assert!(punycode.contains("at xn--"), "{punycode}");
    for url in [
        "https://valetkey.example:8443/connect/x",
        "https://valetkey.example/connect/x",
        "https://VALETKEY.example.:8443/connect/x",
        "https://valetkey\u{3002}example:8443/connect/x",
        "https://ann@acme.example/",
        "https://ann:pw@acme.example/",
        "http://acme.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://localhost/",
        "https://a.localhost/",
        "https://127.0.0.1/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://router/",
        "https://printer.local/",
        "//acme.example/",
        "acme.example",
        "",
        &format!("https://acme.example/{}", "x".repeat(2_048)),
    ] {
        assert_eq!(page(url), Err(Withheld::Page), "{url}");
    }
}

#[test]
fn only_what_the_client_shows_is_passed_on() {
    let (form, page) =
        (form("?", "a", json!({ "type": "boolean" })), json!({ "mode": "url", "url": "https://a.example/" }));
    for (forms, pages) in [(true, false), (false, true), (false, false)] {
        let kinds = QuestionKinds { forms, pages };
        assert_eq!((shown_to(kinds, &form).is_ok(), shown_to(kinds, &page).is_ok()), (forms, pages));
    }
    for odd in [json!({ "mode": "other" }), json!({ "mode": 1 }), json!({}), Value::Null] {
        assert_eq!(shown(&odd), Err(Withheld::Unknown), "{odd}");
    }
}

#[test]
fn an_answer_is_held_to_what_was_asked() {
    let properties = json!({
        "count": { "type": "integer", "minimum": 1, "maximum": 9 },
        "share": { "type": "number" },
        "name": { "type": "string", "minLength": 2, "maxLength": 5 },
        "mail": { "type": "string", "format": "email" },
        "site": { "type": "string", "format": "uri" },
        "day": { "type": "string", "format": "date" },
        "at": { "type": "string", "format": "date-time" },
        "size": { "type": "string", "enum": ["s", "m"] },
        "colour": { "type": "string", "oneOf": [{ "const": "r", "title": "Red" }] },
        "days": { "type": "array", "minItems": 1, "maxItems": 2, "items": { "type": "string", "enum": ["mo", "tu", "we"] } },
        "rooms": { "type": "array", "items": { "anyOf": [{ "const": "1", "title": "First" }] } },
        "sure": { "type": "boolean" },
    });
    let asked = json!({ "message": "?", "requestedSchema": { "type": "object", "properties": properties, "required": ["count"] } });
    let shown = shown(&asked).unwrap();
    let says = |content: Value| answer(&shown, Some(&json!({ "action": "accept", "content": content })));
    let full = json!({
        "count": 3, "share": 0.5, "name": "ann", "mail": "a@b.example", "site": "https://b.example/", "day": "2026-11-30",
        "at": "2026-11-30T10:00:00Z", "size": "m", "colour": "r", "days": ["mo", "we"], "rooms": ["1"], "sure": false,
    });
    assert_eq!(says(full.clone()), Ok(json!({ "action": "accept", "content": full })));
    let with_more = says(json!({ "count": 9.0, "sure": null, "more": "x" }));
    assert_eq!(with_more, Ok(json!({ "action": "accept", "content": { "count": 9.0 } })), "nothing that was not asked");
    for (name, wrong) in [
        ("count", json!(0)),
        ("count", json!(10)),
        ("count", json!(1.5)),
        ("count", json!("3")),
        ("count", json!(null)),
        ("share", json!("1")),
        ("name", json!("a")),
        ("name", json!("abcdef")),
        ("name", json!(["ann"])),
        ("mail", json!("nobody")),
        ("site", json!("no address")),
        ("day", json!("30.11.2026")),
        ("at", json!("2026-11-30")),
        ("size", json!("l")),
        ("colour", json!("Red")),
        ("days", json!([])),
        ("days", json!(["mo", "tu", "we"])),
        ("days", json!(["su"])),
        ("rooms", json!("1")),
        ("sure", json!("yes")),
    ] {
        let mut content = json!({ "count": 3 });
        content[name] = wrong.clone();
        let refused = says(content).unwrap_err();
        assert!(refused.starts_with(&format!("'{name}' ")), "{name} {wrong}: {refused}");
    }
}

#[test]
fn an_answer_says_yes_or_no_or_nothing() {
    let shown = shown(&form("?", "count", json!({ "type": "integer" }))).unwrap();
    assert!(answer(&shown, None).is_err());
    for odd in [
        json!({}),
        json!({ "action": "yes" }),
        json!({ "action": "accept" }),
        json!({ "action": "accept", "content": 1 }),
        json!(7),
    ] {
        assert!(answer(&shown, Some(&odd)).is_err(), "{odd}");
    }
    for no in ["decline", "cancel"] {
        let said = answer(&shown, Some(&json!({ "action": no, "content": { "count": 3 } })));
        assert_eq!(said, Ok(json!({ "action": no })), "nothing goes with it");
    }
    let page = json!({ "mode": "url", "url": "https://a.example/", "message": "?" });
    let opened = answer(&page, Some(&json!({ "action": "accept", "content": { "x": 1 } })));
    assert_eq!(opened, Ok(json!({ "action": "accept" })));
}

/// JSON that is near to a question.
fn near() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(|n| json!(n)),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "object",
            "string",
            "integer",
            "number",
            "boolean",
            "array",
            "form",
            "url",
            "date",
            "https://a.example/"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        let names = prop::sample::select(vec![
            "mode",
            "message",
            "url",
            "requestedSchema",
            "type",
            "properties",
            "required",
            "title",
            "description",
            "enum",
            "enumNames",
            "oneOf",
            "anyOf",
            "items",
            "const",
            "default",
            "minimum",
            "maximum",
            "minLength",
            "format",
            "a",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..6).prop_map(|all| {
                Value::Object(all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn fuzz_a_question_is_shown_short_and_by_its_name_or_not_at_all(params in near(), given in near()) {
        if let Ok(shown) = shown(&params) {
            let message = shown["message"].as_str().unwrap();
            prop_assert!(message.starts_with("Acme (connection 'ACME', mcp.acme.example) asks"), "{}", message);
            prop_assert!(message.chars().count() < 1_000);
            prop_assert!(shown["mode"] == "form" || shown["url"].as_str().unwrap().starts_with("https://"));
            let preset: Map<String, Value> = shown.pointer("/requestedSchema/properties").and_then(Value::as_object).into_iter()
                .flatten().filter_map(|(name, field)| Some((name.clone(), field.get("default")?.clone()))).collect();
            let action = json!({ "action": "accept", "content": preset });
            if shown.pointer("/requestedSchema/required").is_none_or(|all| all.as_array().unwrap().is_empty()) {
                prop_assert!(answer(&shown, Some(&action)).is_ok(), "what is preset is an answer: {}", shown);
            }
            answer(&shown, Some(&json!({ "action": "accept", "content": given }))).ok();
        }
    }
}

//! What Notion answers, as a person reads it.

use super::*;

fn shown(found: &Value) -> Value {
    run("notion_readable", &json!({"found": found})).unwrap()
}

fn value(property: &Value) -> Value {
    let page = json!({"object": "page", "id": "p", "properties": {"x": property}});
    shown(&page).pointer("/properties/x").cloned().unwrap_or_default()
}

fn text(plain: &str, href: Option<&str>) -> Value {
    json!({"type": "text", "plain_text": plain, "href": href})
}

#[test]
fn each_sort_of_value_is_read_as_in_a_table() {
    for (property, expected) in [
        (
            json!({"type": "rich_text", "rich_text": [text("see ", None), text("it", Some("https://x"))]}),
            json!("see [it](https://x)"),
        ),
        (json!({"type": "rich_text", "rich_text": [text("https://x", Some("https://x"))]}), json!("https://x")),
        (json!({"type": "number", "number": 0}), json!(0)),
        (json!({"type": "number", "number": null}), Value::Null),
        (json!({"type": "checkbox", "checkbox": false}), json!(false)),
        (json!({"type": "select", "select": {"id": "1", "name": "A"}}), json!("A")),
        (json!({"type": "select", "select": null}), Value::Null),
        (json!({"type": "multi_select", "multi_select": [{"name": "A"}, {"name": "B"}]}), json!(["A", "B"])),
        (
            json!({"type": "people", "people": [{"id": "u", "name": "Ada"}, {"id": "v", "name": null}]}),
            json!(["Ada", "v"]),
        ),
        (json!({"type": "created_by", "created_by": {"id": "u"}}), json!("u")),
        (json!({"type": "date", "date": {"start": "2026-01-01", "end": null}}), json!("2026-01-01")),
        (
            json!({"type": "date", "date": {"start": "2026-01-01", "end": "2026-01-02"}}),
            json!({"start": "2026-01-01", "end": "2026-01-02"}),
        ),
        (json!({"type": "date", "date": null}), Value::Null),
        (json!({"type": "relation", "relation": [{"id": "a"}], "has_more": false}), json!(["a"])),
        (
            json!({"id": "q", "type": "relation", "relation": [{"id": "a"}], "has_more": true}),
            json!({"values": ["a"], "has_more": true, "property_id": "q"}),
        ),
        (json!({"type": "formula", "formula": {"type": "date", "date": {"start": "2026-01-01"}}}), json!("2026-01-01")),
        (json!({"type": "formula", "formula": {"type": "string", "string": "s"}}), json!("s")),
        (
            json!({"type": "rollup", "rollup": {"type": "array", "array": [{"type": "select", "select": {"name": "A"}}]}}),
            json!(["A"]),
        ),
        (json!({"type": "rollup", "rollup": {"type": "number", "number": 2.5}}), json!(2.5)),
        (
            json!({"type": "rollup", "rollup": {"type": "array", "array": [{"type": "formula", "formula": {"type": "string", "string": "s"}}]}}),
            json!(["s"]),
        ),
        (
            json!({"type": "rollup", "rollup": {"type": "unsupported", "unsupported": {}}}),
            json!({"not_computed": "unsupported"}),
        ),
        (json!({"type": "unique_id", "unique_id": {"prefix": "T", "number": 3}}), json!("T-3")),
        (json!({"type": "unique_id", "unique_id": {"prefix": null, "number": 3}}), json!(3)),
        (
            json!({"type": "files", "files": [{"name": "a", "type": "file", "file": {"url": "https://f"}}]}),
            json!([{"name": "a", "url": "https://f"}]),
        ),
        (json!({"type": "verification", "verification": {"state": "verified"}}), json!("verified")),
        (json!({"type": "button", "button": {}}), Value::Null),
        (json!({"type": "some_new_type", "some_new_type": {"a": 1}}), json!({"a": 1})),
        (json!({"type": "number"}), Value::Null),
        (json!({}), Value::Null),
        (json!("no object"), Value::Null),
    ] {
        assert_eq!(value(&property), expected, "{property}");
    }
}

#[test]
fn where_notion_may_have_left_some_out_it_is_said() {
    let people = |count: usize| {
        let all: Vec<_> = (0..count).map(|one| json!({"id": format!("u{one}")})).collect();
        value(&json!({"id": "q", "type": "people", "people": all}))
    };
    assert!(people(24).is_array());
    assert_eq!(people(25)["has_more"], json!(true));
    assert_eq!(people(25)["property_id"], json!("q"));
    let mention = json!({"type": "mention", "plain_text": "@", "href": "https://n"});
    let said =
        |count: usize| value(&json!({"id": "q", "type": "rich_text", "rich_text": vec![mention.clone(); count]}));
    assert_eq!(said(24), json!("@".repeat(24)));
    assert_eq!(said(25), json!({"values": "@".repeat(25), "has_more": true, "property_id": "q"}));
}

#[test]
fn a_column_keeps_its_own_type() {
    let relation = json!({"id": "r", "type": "relation", "relation": {"data_source_id": "d", "type": "dual_property",
        "dual_property": {"synced_property_name": "Tasks"}}});
    let source = json!({"object": "data_source", "id": "s", "properties": {"Project": relation}});
    let expected = json!({"id": "r", "type": "relation", "data_source_id": "d", "dual_property": {"synced_property_name": "Tasks"}});
    assert_eq!(shown(&source)["properties"]["Project"], expected);
}

#[test]
fn values_in_values_end() {
    let mut deep = json!({"type": "number", "number": 1});
    for _ in 0..60 {
        deep = json!({"type": "rollup", "rollup": {"type": "array", "array": [deep]}});
    }
    assert!(value(&deep).to_string().len() < 20);
}

#[test]
fn a_page_has_its_title_and_what_marks_it() {
    let page = json!({"object": "page", "id": "p", "parent": {"type": "page_id", "page_id": "q"}, "in_trash": true,
        "is_locked": false, "icon": {"type": "emoji", "emoji": "🥛"}, "url": "https://n", "public_url": null,
        "properties": {"Name": {"type": "title", "title": [text("A", None), text("b", None)]}, "E": {"type": "email", "email": null}}});
    let expected = json!({"object": "page", "id": "p", "title": "Ab", "url": "https://n", "parent": {"page_id": "q"}, "icon": "🥛", "in_trash": true});
    assert_eq!(shown(&page), expected);
    assert_eq!(shown(&json!({"object": "page", "id": "p"})), json!({"object": "page", "id": "p"}));
    assert_eq!(shown(&json!({"object": "list", "results": [page]})), json!([expected]));
}

#[test]
fn a_block_has_its_text_and_what_belongs_to_its_type() {
    let block = |kind: &str, inner: Value| {
        shown(&json!({"object": "block", "id": "b", "type": kind, kind: inner, "has_children": false}))
    };
    for (kind, inner, expected) in [
        ("paragraph", json!({"rich_text": []}), json!({"text": ""})),
        ("to_do", json!({"rich_text": [text("a", None)], "checked": true}), json!({"text": "a", "checked": true})),
        ("code", json!({"rich_text": [text("x", None)], "language": "rust"}), json!({"text": "x", "language": "rust"})),
        (
            "image",
            json!({"type": "file", "file": {"url": "https://f"}, "caption": [text("c", None)]}),
            json!({"caption": "c", "url": "https://f"}),
        ),
        ("bookmark", json!({"url": "https://u", "caption": []}), json!({"url": "https://u"})),
        ("table_row", json!({"cells": [[text("a", None)], []]}), json!({"cells": ["a", ""]})),
        ("child_page", json!({"title": "P"}), json!({"title": "P"})),
        ("equation", json!({"expression": "e=mc^2"}), json!({"expression": "e=mc^2"})),
        ("divider", json!({}), json!({})),
        (
            "meeting_notes",
            json!({"title": [text("W", None)], "status": "notes_ready"}),
            json!({"title": "W", "status": "notes_ready"}),
        ),
        (
            "transcription",
            json!({"title": [text("W", None)], "children": {"summary_block_id": "s"}}),
            json!({"title": "W", "children": {"summary_block_id": "s"}}),
        ),
    ] {
        let mut whole = json!({"id": "b", "type": kind});
        whole.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
        assert_eq!(block(kind, inner), whole);
    }
    assert_eq!(shown(&json!({"object": "block", "has_children": true})), json!({"type": "", "has_children": true}));
}

#[test]
fn a_property_that_is_read_by_itself_is_one_value() {
    let items = |kind: &str, each: &[Value]| {
        let results: Vec<_> =
            each.iter().map(|one| json!({"object": "property_item", "type": kind, kind: one})).collect();
        shown(&json!({"object": "list", "results": results, "property_item": {"type": kind, kind: {}}}))
    };
    assert_eq!(items("title", &[text("Buy ", None), text("milk", None)]), json!("Buy milk"));
    assert_eq!(items("relation", &[json!({"id": "a"}), json!({"id": "b"})]), json!(["a", "b"]));
    assert_eq!(items("people", &[json!({"id": "u", "name": "Ada"})]), json!(["Ada"]));
    let rollup = json!({"object": "list", "results": [], "property_item": {"type": "rollup", "rollup": {"type": "number", "number": 7}}});
    assert_eq!(shown(&rollup), json!(7));
    let of = |rollup: Value| {
        let part = json!({"object": "property_item", "type": "relation", "relation": {"id": "a"}});
        shown(&json!({"object": "list", "results": [part], "property_item": {"type": "rollup", "rollup": rollup}}))
    };
    assert_eq!(of(json!({"type": "number", "number": 13, "function": "sum"})), json!(13));
    assert_eq!(of(json!({"type": "incomplete", "incomplete": {}})), json!({"not_computed": "incomplete"}));
    assert_eq!(of(json!({"type": "array", "array": []})), json!(["a"]));
    assert_eq!(of(json!({"type": "unsupported", "unsupported": {}})), json!(["a"]));
    assert_eq!(shown(&json!({"object": "property_item", "type": "number", "number": 3})), json!(3));
}

//! Documents that want to be more than they are.

use super::tests::provider;
use super::*;
use serde_json::json;
use std::time::{Duration, Instant};

fn document(paths: Value, more: Value) -> String {
    let info = json!({"title": "x", "version": "1"});
    let own = [("openapi".to_owned(), json!("3.1.0")), ("info".to_owned(), info), ("paths".to_owned(), paths)];
    let Value::Object(more) = more else { panic!("{more}") };
    Value::from_iter(own.into_iter().chain(more)).to_string()
}

fn taken(text: &str) -> Result<Read, String> {
    let begun = Instant::now();
    let read = read(text, &provider("https://api.pets.test"), &Kept::default());
    assert!(begun.elapsed() < Duration::from_secs(60), "it took {:?}", begun.elapsed());
    read
}

/// What is made of a document, in bytes of text.
fn made(read: &Read) -> usize {
    let candidates = read.candidates.iter().map(|one| one.file.to_string().len());
    candidates.chain(read.refused.iter().map(|one| one.at.len() + one.why.len())).sum()
}

fn body(reference: &str) -> Value {
    json!({"content": {"application/json": {"schema": {"$ref": reference}}}})
}

#[test]
fn attack_73_references_in_circles_and_bombs_of_them_stay_small() {
    // Each level refers ten times to the next: ten to the ninth parts in a few hundred bytes.
    let level = |next: usize| {
        let member = json!({"$ref": format!("#/components/schemas/s{next}")});
        let members: Map<String, Value> = (0..10).map(|n| (format!("m{n}"), member.clone())).collect();
        json!({"type": "object", "properties": members})
    };
    let schemas: Map<String, Value> = (0..9).map(|n| (format!("s{n}"), level((n + 1) % 9))).collect();
    let paths: Map<String, Value> = (0..900)
        .map(|n| (format!("/{n}"), json!({"post": {"requestBody": body("#/components/schemas/s0")}})))
        .collect();
    let read = taken(&document(Value::Object(paths), json!({"components": {"schemas": schemas}}))).unwrap();
    assert!(read.candidates.is_empty() && read.refused.len() == 900);
    assert!(read.refused[0].why.contains("more than 2000 parts"), "{:?}", read.refused[0]);
    // What each operation may have, all together may not: so many parts that some fifty fill it.
    let members = |of: &Value| (0..30).map(|n| (format!("m{n}"), of.clone())).collect::<Map<String, Value>>();
    let inner = json!({"type": "object", "properties": members(&json!({"type": "integer"}))});
    let schemas = json!({"a": {"type": "object", "properties": members(&inner)}});
    let paths: Map<String, Value> =
        (0..100).map(|n| (format!("/{n}"), json!({"post": {"requestBody": body("#/components/schemas/a")}}))).collect();
    let read = taken(&document(Value::Object(paths), json!({"components": {"schemas": schemas}}))).unwrap();
    let refused = &read.refused[0];
    assert!((50..=70).contains(&read.candidates.len()), "{}: {refused:?}", read.candidates.len());
    assert!(refused.why.contains("all of its operations have more than 100000 parts"), "{refused:?}");
    for circle in [json!({"$ref": "#/components/schemas/a"}), json!({"allOf": [{"$ref": "#/components/schemas/a"}]})] {
        let more = json!({"components": {"schemas": {"a": circle}}});
        let paths = json!({"/a": {"post": {"requestBody": body("#/components/schemas/a")}}});
        assert!(made(&taken(&document(paths, more)).unwrap()) < 2_000);
    }
}

#[test]
fn attack_73_a_long_text_that_all_operations_refer_to_is_not_there_a_thousand_times() {
    let long = "x".repeat(100_000);
    let many: Vec<String> = (0..20_000).map(|n| format!("v{n}")).collect();
    for schema in [
        json!({"type": "object", "properties": {"a": {"type": "string", "description": long}}}),
        json!({"type": "object", "properties": {long.clone(): {"type": "string"}}}),
        json!({"type": "object", "properties": {"a": {"type": "string", "enum": many}}}),
        json!({"type": "object", "properties": {"a": {"type": "string", "enum": [long]}}}),
        json!({"type": "object", "required": many, "properties": {"a": {"type": "string"}}}),
        json!({"type": "object", "properties": {"a": {"type": "string", "default": long}}}),
    ] {
        let paths: Map<String, Value> = (0..1_000)
            .map(|n| (format!("/{n}"), json!({"post": {"requestBody": body("#/components/schemas/a")}})))
            .collect();
        let read = taken(&document(Value::Object(paths), json!({"components": {"schemas": {"a": schema}}}))).unwrap();
        assert!(made(&read) < 4 * MAX_BYTES, "{}", made(&read));
    }
    let parameter =
        json!({"name": "q", "in": "query", "description": long, "schema": {"type": "string", "default": long}});
    let paths: Map<String, Value> = (0..1_000)
        .map(|n| (format!("/{n}"), json!({"get": {"parameters": [{"$ref": "#/components/parameters/q"}]}})))
        .collect();
    let read = taken(&document(Value::Object(paths), json!({"components": {"parameters": {"q": parameter}}}))).unwrap();
    assert!(made(&read) < 4 * MAX_BYTES, "{}", made(&read));
}

#[test]
fn attack_73_operations_parameters_and_arguments_have_a_most() {
    let many: Map<String, Value> = (0..1_003).map(|n| (format!("/{n}"), json!({"get": {}}))).collect();
    let read = taken(&document(Value::Object(many), json!({}))).unwrap();
    assert_eq!((read.candidates.len(), read.refused.len()), (1_000, 1));
    assert!(read.refused[0].why.contains("3 more operations are not looked at"), "{:?}", read.refused);
    let parameters = |count: usize| -> Vec<Value> {
        (0..count).map(|n| json!({"name": format!("q{n}"), "in": "query", "schema": {"type": "string"}})).collect()
    };
    let members: Map<String, Value> = (0..60).map(|n| (format!("m{n}"), json!({"type": "string"}))).collect();
    let body = json!({"content": {"application/json": {"schema": {"type": "object", "properties": members}}}});
    let elsewhere: Map<String, Value> =
        (0..1_200).map(|n| (format!("/ref{n}"), json!({"$ref": "other.yaml#/a"}))).collect();
    let mut paths = json!({
        "/most": {"get": {"parameters": parameters(100)}},
        "/more": {"get": {"parameters": parameters(101)}},
        "/both": {"post": {"parameters": parameters(60), "requestBody": body}},
    });
    paths.as_object_mut().unwrap().extend(elsewhere);
    let read = taken(&document(paths, json!({}))).unwrap();
    assert_eq!(read.candidates.iter().map(|one| one.request.as_str()).collect::<Vec<_>>(), ["GET /most"]);
    assert_eq!(read.refused.len(), 1_000, "999 of the first thousand, and how many more there are");
    let why = |at: &str| read.refused.iter().find(|one| one.at == at).map(|one| one.why.as_str()).unwrap_or_default();
    assert_eq!(why("paths./more.get"), "it has 101 parameters, and may have 100");
    assert_eq!(why("paths./both.post"), "it takes 120 arguments, and a tool has 100 at most");
    assert!(why("paths./ref996").contains("in another document") && why("paths./ref997").is_empty());
    assert!(why("paths").contains("203 more operations are not looked at"), "{}", why("paths"));
}

#[test]
fn attack_73_aliases_depth_and_size_are_refused_with_words() {
    let laughs = "openapi: 3.1.0\na: &a [x, x]\nb: &b [*a, *a]\npaths: {}\n";
    let deep = format!("openapi: 3.1.0\npaths: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    let levels = valetkey_domain::json::MAX_DEPTH;
    let too_deep = format!("openapi: 3.1.0\npaths: {}{}", "[".repeat(levels), "]".repeat(levels));
    let deep_json = format!("{{\"openapi\": \"3.1.0\", \"paths\": {}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let long = format!("openapi: 3.1.0\n# {}", "x".repeat(MAX_BYTES));
    let many = format!("openapi: 3.1.0\npaths: [{}]", "1,".repeat(300_000));
    for (text, why) in [
        (laughs, "can't be read as YAML"),
        (&deep, "can't be read as YAML"),
        (&too_deep, "can't be read as YAML"),
        (&deep_json, "can't be read as JSON"),
        (&long, "may have"),
        (&many, "can't be read as YAML"),
        ("", "there is no document"),
        ("hello", "it is no object"),
        ("{}", "it is no OpenAPI document"),
        ("swagger: '2.0'\npaths: {}", "Swagger 2.0"),
        ("openapi: 4.0.0\npaths: {}", "3.0 and 3.1 are read"),
        ("openapi: 3.1.0", "no `paths`"),
        ("{\"openapi\": \"3.1.0\", \"openapi\": \"3.0.0\"}", "can't be read as JSON"),
        ("--- !!python/object:os.system x", "can't be read as YAML"),
    ] {
        let said = taken(text).unwrap_err();
        assert!(said.contains(why), "{text:.60}: {said}");
    }
}

#[test]
fn attack_73_variables_of_servers_that_name_each_other_end() {
    let variables = json!({"a": {"default": "{b}{b}"}, "b": {"default": "{a}{a}"}});
    let url = format!("https://{}.pets.test/{{a}}", "{a}".repeat(500));
    let read = taken(&document(json!({"/a": {"get": {}}}), json!({"servers": [{"url": url, "variables": variables}]})))
        .unwrap();
    assert_eq!(read.candidates[0].request, "GET /a");
    let one = json!({"servers": [{"url": "https://{host}/{base}", "variables": {
        "host": {"default": "api.pets.test"}, "base": {"default": "v{base}"}}}]});
    let read = taken(&document(json!({"/a": {"get": {}}}), one)).unwrap();
    assert_eq!(read.candidates[0].request, "GET /a", "an address that is not whole counts for nothing");
}

#[test]
fn attack_60_nothing_of_a_document_moves_where_credentials_go() {
    let provider = provider("https://{{domain}}.pets.test/api");
    let own = json!([{"name": "x", "in": "path", "required": true, "schema": {"type": "string"}}]);
    let paths = json!({
        "//evil.test/a": {"get": {}}, "@evil.test": {"get": {}}, "/../admin": {"get": {}}, "/./a": {"get": {}},
        "/a\\b": {"get": {}}, "/a?b=c": {"get": {}}, "/a#b": {"get": {}}, "/%2e%2e/a": {"get": {}}, "https://evil.test/": {"get": {}},
        "/{x}@evil.test": {"get": {"parameters": own}}, "/{x}.json": {"get": {"parameters": own}}, "/{y}": {"get": {}},
        "/servers": {"get": {"servers": [{"url": "https://evil.test"}]}},
        "/good": {"get": {}},
    });
    let servers = json!({"servers": [{"url": "https://evil.test/api"}, {"url": "https://x.pets.test.evil.test"}]});
    let read = read(&document(paths, servers), &provider, &Kept::default()).unwrap();
    let told: Vec<_> = read.candidates.iter().map(|one| one.request.as_str()).collect();
    assert_eq!(told, ["GET /good"], "{:?}", read.refused);
    assert!(read.notes[0].contains("names other servers (https://evil.test/api"), "{:?}", read.notes);
    for header in
        ["Authorization", "Cookie", "Host", "Content-Length", "Transfer-Encoding", "Proxy-Authorization", "X-API-Key"]
    {
        let parameter = json!([{"name": header, "in": "header", "schema": {"type": "string"}}]);
        let read = taken(&document(json!({"/a": {"get": {"parameters": parameter}}}), json!({}))).unwrap();
        assert_eq!(read.candidates[0].file["input"], json!({}), "{header}");
        let needed = json!([{"name": header, "in": "header", "required": true, "schema": {"type": "string"}}]);
        let read = taken(&document(json!({"/a": {"get": {"parameters": needed}}}), json!({}))).unwrap();
        assert!(read.candidates.iter().all(|one| one.file["input"] == json!({})), "{header}");
    }
}

#[test]
fn attack_46_what_models_read_holds_nothing_that_nobody_sees() {
    let unseen = "a\u{200b}\u{e0041}\u{202e}\u{0}b";
    let paths = json!({"/a": {"post": {
        "operationId": unseen, "summary": unseen, "description": format!("{unseen} does what it does."),
        "parameters": [{"name": "q", "in": "query", "description": format!("{unseen} is what it is."), "schema": {"type": "string"}}],
        "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {
            "in": {"type": "object", "description": format!("{unseen} is within it."), "properties": {"x": {"type": "string", "description": unseen}}}}}}}},
    }}});
    let provider = provider("https://api.pets.test");
    let read = read(&document(paths, json!({})), &provider, &Kept::default()).unwrap();
    let kept =
        Kept { source: read.source, tools: read.candidates.into_iter().map(|one| (one.name, one.file)).collect() };
    let tools = tools(&kept, &provider, "c-x").unwrap();
    let told = serde_json::to_string(&(
        &tools[0].definition.title,
        &tools[0].definition.description,
        &tools[0].definition.input_schema,
    ))
    .unwrap();
    assert!(told.contains("ab does what it does.") && told.contains("ab is within it."), "{told}");
    assert!(!told.contains(['\u{200b}', '\u{e0041}', '\u{202e}', '\u{0}']) && !told.contains("\\u0000"), "{told}");
}

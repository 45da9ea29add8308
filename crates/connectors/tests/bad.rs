//! Bad arguments, made for every tool of the catalogue: what is missing, of another type or unknown is refused by name
//! before anything leaves; what means ill stays in its place.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

#[path = "golden/play.rs"]
#[expect(dead_code, reason = "only the cases are read here, not played")]
mod play;

use bytes::Bytes;
use http::Request;
use play::{cases, digests};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use valetkey_connectors::native::Work;
use valetkey_connectors::{Catalog, Connector, FailureKind, Setting, Step, Tool};
use valetkey_vendor::Digest;

/// Values that climb, begin another header or request, are templates, or name another host.
const HOSTILE: [&str; 8] = [
    "../../../etc/passwd",
    "..",
    "x\r\nX-Evil: 1",
    "x\u{0}y",
    "{{ input }}",
    "{owner}",
    "https://evil.test/x?y#z",
    "@evil.test:80/\\..\\",
];

/// Goes over all tools with arguments that work.
fn each_tool(mut look: impl FnMut(&Connector, &Arc<Tool>, &Map<String, Value>)) {
    let catalog = Catalog::shipped().unwrap();
    let mut count = 0;
    for connector in catalog.connectors() {
        for (name, tool) in &connector.tools {
            let good = cases(name).into_iter().next().unwrap().arguments;
            look(&connector, tool, &good);
            count += 1;
        }
    }
    assert!(count > 400, "{count} tools were looked at");
}

fn properties(tool: &Tool) -> Vec<(String, Value)> {
    let all = tool.definition.input_schema["properties"].as_object().unwrap();
    all.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect()
}

/// What the check says of the arguments with one of them changed.
fn said(tool: &Tool, good: &Map<String, Value>, name: &str, value: Option<Value>) -> Result<(), String> {
    let mut given = good.clone();
    match value {
        Some(value) => drop(given.insert(name.to_owned(), value)),
        None => drop(given.shift_remove(name)),
    }
    match tool.check(&given) {
        Ok(_) => Ok(()),
        Err(failure) => {
            assert_eq!(failure.kind, FailureKind::InvalidInput, "{}: {failure}", tool.definition.name);
            Err(failure.message)
        }
    }
}

#[test]
fn what_is_missing_is_refused_by_name() {
    each_tool(|_, tool, good| {
        let required = tool.definition.input_schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            let said = said(tool, good, name, None).expect_err(&tool.definition.name);
            assert!(said.contains(&format!("`{name}`")), "{}: {said}", tool.definition.name);
        }
    });
}

#[test]
fn what_is_unknown_is_refused_by_name() {
    each_tool(|_, tool, good| {
        let said = said(tool, good, "no_such_argument", Some(json!("x"))).expect_err(&tool.definition.name);
        assert!(said.contains("`no_such_argument`"), "{}: {said}", tool.definition.name);
    });
}

#[test]
fn what_is_of_another_type_is_refused_by_name() {
    each_tool(|_, tool, good| {
        for (name, schema) in properties(tool) {
            let wrong = match schema["type"].as_str().unwrap() {
                "string" => json!({"x": 1}),
                "integer" | "number" | "boolean" => json!("neither one nor the other"),
                "object" => json!("no object"),
                "array" if schema["items"]["type"] == "object" => json!(["no object"]),
                _ => json!([{"x": 1}]),
            };
            let said = said(tool, good, &name, Some(wrong)).expect_err(&format!("{} {name}", tool.definition.name));
            assert!(said.contains(&format!("`{name}")), "{} {name}: {said}", tool.definition.name);
        }
    });
}

/// The first requests of a call; none where it is refused.
fn first(tool: &Arc<Tool>, arguments: Map<String, Value>) -> Vec<Request<Bytes>> {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let setting = Setting { base_url: None, now, nonce: 1, api_config: Map::new(), work: Work::default() };
    match tool.start(arguments, setting).unwrap().next(Vec::new(), Duration::from_secs(60)) {
        Step::Send(requests) => requests,
        Step::Failed(failure) => {
            assert_eq!(failure.kind, FailureKind::InvalidInput, "{}: {failure}", tool.definition.name);
            Vec::new()
        }
        other => panic!("{}: {other:?}", tool.definition.name),
    }
}

/// The id of the operation that a request line names.
fn operation(digests: &[Digest], method: &str, path: &str) -> Option<String> {
    digests.iter().find_map(|digest| Some(digest.find(method, path)?.0.id.clone()))
}

/// The operations that a tool's golden cases call.
fn operations(digests: &[Digest], tool: &str) -> Vec<String> {
    let rounds = cases(tool).into_iter().flat_map(|case| case.exchange);
    let sent = rounds.flat_map(|round| round.send).map(|request| {
        let uri: http::Uri = request["url"].as_str().unwrap().parse().unwrap();
        operation(digests, request["method"].as_str().unwrap(), uri.path()).unwrap()
    });
    sent.collect()
}

/// The GraphQL documents that a tool's golden cases send: no argument becomes a part of one.
fn documents(tool: &str) -> Vec<Value> {
    let rounds = cases(tool).into_iter().flat_map(|case| case.exchange);
    rounds.flat_map(|round| round.send).map(|request| request["body"]["query"].clone()).collect()
}

/// A request goes where the tool's requests go: to the app, to an operation of the tool, with headers of ours alone.
fn stays(digests: &[Digest], connector: &Connector, tool: &Tool, request: &Request<Bytes>) {
    let name = &tool.definition.name;
    let uri = request.uri();
    assert!(connector.allows(uri, None), "{name}: {uri}");
    assert!(!uri.path().split('/').any(|segment| segment == "." || segment == ".."), "{name}: {uri}");
    assert!(request.headers().keys().all(|header| !header.as_str().contains("evil")), "{name}: {request:?}");
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let is_own = name == "linear_graphql_query" || connector.slug != "linear";
    assert!(is_own || documents(name).contains(&body["query"]), "{name}: {body}");
    let found = operation(digests, request.method().as_str(), uri.path());
    let known = operations(digests, name);
    assert!(found.as_ref().is_some_and(|id| known.contains(id)), "{name}: {uri} is {found:?}, not {known:?}");
}

#[test]
fn what_means_ill_stays_in_its_place() {
    let mut tried = 0;
    let mut last = (String::new(), Vec::new());
    each_tool(|connector, tool, good| {
        if last.0 != connector.slug {
            last = (connector.slug.clone(), digests(&connector.slug));
        }
        for (name, _) in properties(tool).iter().filter(|(_, schema)| schema["type"] == "string") {
            for evil in HOSTILE {
                let mut given = good.clone();
                given.insert(name.clone(), evil.into());
                let Ok(checked) = tool.check(&given) else { continue };
                tried += 1;
                first(tool, checked).iter().for_each(|request| stays(&last.1, connector, tool, request));
            }
        }
    });
    assert!(tried > 3_000, "{tried} requests were tried");
}

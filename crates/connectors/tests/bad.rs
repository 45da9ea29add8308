//! Bad arguments, made for every tool of the catalogue: what is missing, of another type or unknown is refused by name
//! before anything leaves; what means ill stays in its place.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

#[path = "golden/play.rs"]
mod play;

use bytes::Bytes;
use http::{Request, Response};
use play::{cases, mock};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use valetkey_connectors::golden::{Case, Mock};
use valetkey_connectors::native::Work;
use valetkey_connectors::{Catalog, Connector, FailureKind, Setting, Step, Tool};

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

/// A text that means nothing anywhere.
const HARMLESS: &str = "harmless";

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

/// Of arguments of which one takes the other's place neither both nor none are taken: one would be dropped without a word.
#[test]
fn of_what_excludes_each_other_exactly_one_is_taken() {
    let catalog = Catalog::shipped().unwrap();
    for (name, one, other) in [
        ("notion_page_move", ("new_parent_page_id", json!("p")), ("new_parent_data_source_id", json!("d"))),
        ("notion_meeting_note_create", ("file_upload_id", json!("f")), ("source_block_id", json!("b"))),
        ("notion_comment_create", ("discussion_id", json!("d")), ("parent", json!({"page_id": "p"}))),
        ("notion_comment_update", ("markdown", json!("Done")), ("rich_text", json!([{"text": {"content": "Done"}}]))),
        ("notion_view_create", ("database_id", json!("d")), ("view_id", json!("v"))),
    ] {
        let (_, tool) = catalog.tool(name).unwrap();
        let mut given = cases(name).into_iter().next().unwrap().arguments;
        for (argument, value) in [&one, &other] {
            given.insert((*argument).to_owned(), value.clone());
        }
        let refused = |given: &Map<String, Value>| {
            let said = tool.check(given).expect_err(name).message;
            assert!(said.contains(&format!("`{}`", one.0)) && said.contains(&format!("`{}`", other.0)), "{said}");
        };
        refused(&given);
        given.shift_remove(one.0);
        assert!(tool.check(&given).is_ok(), "{name}");
        given.shift_remove(other.0);
        refused(&given);
    }
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

/// The operations that a tool's golden cases call.
fn operations(mock: &Mock, tool: &str) -> Vec<String> {
    let rounds = cases(tool).into_iter().flat_map(|case| case.exchange);
    let sent = rounds.flat_map(|round| round.send).map(|request| {
        let uri: http::Uri = request["url"].as_str().unwrap().parse().unwrap();
        mock.operation(request["method"].as_str().unwrap(), uri.path()).unwrap().to_owned()
    });
    sent.collect()
}

/// The GraphQL documents that a tool's golden cases send: no argument becomes a part of one.
fn documents(tool: &str) -> Vec<Value> {
    let rounds = cases(tool).into_iter().flat_map(|case| case.exchange);
    rounds.flat_map(|round| round.send).map(|request| request["body"]["query"].clone()).collect()
}

/// A request goes where the tool's requests go: to the app, to an operation of the tool, with headers of ours alone.
fn stays(mock: &Mock, connector: &Connector, tool: &Tool, request: &Request<Bytes>) {
    let name = &tool.definition.name;
    let uri = request.uri();
    assert!(connector.allows(uri, None), "{name}: {uri}");
    assert!(!uri.path().split('/').any(|segment| segment == "." || segment == ".."), "{name}: {uri}");
    assert!(request.headers().keys().all(|header| !header.as_str().contains("evil")), "{name}: {request:?}");
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let is_own = name == "linear_graphql_query" || connector.slug != "linear";
    assert!(is_own || documents(name).contains(&body["query"]), "{name}: {body}");
    let found = mock.operation(request.method().as_str(), uri.path());
    let known = operations(mock, name);
    assert!(found.is_some_and(|id| known.iter().any(|one| one == id)), "{name}: {uri} is {found:?}, not {known:?}");
}

/// Everything that a request says, decoded, by its place: path segments, query, headers, members of the body.
fn said_where(request: &Request<Bytes>) -> BTreeMap<String, String> {
    let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let segments = request.uri().path().split('/').enumerate().map(|(at, part)| (format!("path.{at}"), plain(part)));
    let query = url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    let query = query.enumerate().map(|(at, (name, value))| (format!("query.{name}.{at}"), value.into_owned()));
    let headers = request.headers().iter();
    let headers =
        headers.map(|(name, value)| (format!("header.{name}"), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let mut all: BTreeMap<_, _> = segments.chain(query).chain(headers).collect();
    let body = String::from_utf8_lossy(request.body());
    let kind = request.headers().get("content-type").map(|kind| kind.to_str().unwrap_or_default()).unwrap_or_default();
    if kind.starts_with("multipart/") {
        let parts = body.split("\r\n--").filter_map(|part| part.split_once("\r\n\r\n")).map(|(_, content)| content);
        parts.enumerate().for_each(|(at, content)| whole(&format!("part.{at}"), content, &mut all));
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(request.body());
        pairs.for_each(|(name, value)| whole(&format!("form.{name}"), &value, &mut all));
    } else {
        whole("body", &body, &mut all);
    }
    all
}

/// A text, by its members where it is JSON.
fn whole(at: &str, text: &str, into: &mut BTreeMap<String, String>) {
    match serde_json::from_str(text) {
        Ok(value) => members(at, &value, into),
        Err(_) => drop(into.insert(at.to_owned(), text.to_owned())),
    }
}

fn members(at: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(inner) => inner.iter().for_each(|(name, value)| members(&format!("{at}.{name}"), value, into)),
        Value::Array(inner) => {
            inner.iter().enumerate().for_each(|(n, value)| members(&format!("{at}.{n}"), value, into));
        }
        Value::String(text) => drop(into.insert(at.to_owned(), text.clone())),
        other => drop(into.insert(at.to_owned(), other.to_string())),
    }
}

/// Where a harmless text stands, as it is or with something around it, the other stands too, whole, and nothing else differs.
/// How many places there were.
fn same_place(what: &str, evil: &str, usual: &[Request<Bytes>], requests: &[Request<Bytes>]) -> usize {
    let mut places = 0;
    for (usual, request) in usual.iter().zip(requests) {
        let (before, now, mut moved) = (said_where(usual), said_where(request), false);
        for (place, value) in before.iter().filter(|(_, value)| value.contains(HARMLESS)) {
            places += 1;
            // A search language has backslashes of its own before quotes and backslashes.
            let quoted = evil.replace('\\', "\\\\").replace('\'', "\\'");
            let is = |found: &String, value: &str| {
                [evil, quoted.as_str()].iter().any(|text| same_letters(found, &value.replace(HARMLESS, text)))
            };
            match now.get(place) {
                Some(found) => assert!(is(found, value), "{what}: {evil:?} at {place} is {found:?}"),
                // What looks like an address may be asked for as one: whole, and in the same part of the request.
                None => {
                    let part = place.split('.').next().unwrap_or_default();
                    let mut beside = now.iter().filter(|(other, _)| other.split('.').next() == Some(part));
                    assert!(beside.any(|(_, found)| is(found, value)), "{what}: {evil:?} is not at {place}");
                    moved = true;
                }
            }
        }
        let places = |all: &BTreeMap<String, String>| all.keys().cloned().collect::<Vec<_>>();
        assert!(moved || places(&before) == places(&now), "{what}: {evil:?}");
    }
    places
}

/// Some apps want words in small letters.
fn same_letters(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

#[test]
fn what_means_ill_stays_in_its_place() {
    let (mut tried, mut kept) = (0, 0);
    let mut last = (String::new(), mock("gmail"));
    each_tool(|connector, tool, good| {
        if last.0 != connector.slug {
            last = (connector.slug.clone(), mock(&connector.slug));
        }
        for (name, _) in properties(tool).iter().filter(|(_, schema)| schema["type"] == "string") {
            let with = |value: &str| {
                let mut given = good.clone();
                given.insert(name.clone(), value.into());
                tool.check(&given).ok().map(|checked| first(tool, checked))
            };
            let usual = with(HARMLESS).unwrap_or_default();
            let long = "x".repeat(20_000);
            for evil in HOSTILE.into_iter().chain([long.as_str()]) {
                let Some(requests) = with(evil) else { continue };
                tried += 1;
                requests.iter().for_each(|request| stays(&last.1, connector, tool, request));
                // Some apps take long texts in pieces.
                if evil != long {
                    kept += same_place(&format!("{} {name}", tool.definition.name), evil, &usual, &requests);
                }
            }
        }
    });
    assert!(tried > 3_000 && kept > 2_000, "{tried} calls were tried, {kept} values found again");
}

/// What an app answers goes into the requests that follow: ids of a list, for instance. Attack 10.
#[test]
fn attack_10_inner_calls_stay_where_they_belong() {
    let (mut tried, mut last) = (0, (String::new(), mock("gmail")));
    each_tool(|connector, tool, _| {
        if last.0 != connector.slug {
            last = (connector.slug.clone(), mock(&connector.slug));
        }
        for case in cases(&tool.definition.name).iter().filter(|case| case.exchange.len() > 1) {
            for evil in HOSTILE {
                tried += inner(&last.1, connector, tool, case, evil);
            }
        }
    });
    assert!(tried > 200, "{tried} inner requests were tried");
}

/// Plays a case whose answers have this for every text; gives how many requests came after one.
fn inner(mock: &Mock, connector: &Connector, tool: &Arc<Tool>, case: &Case, evil: &str) -> usize {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let setting = Setting { base_url: None, now, nonce: 1, api_config: Map::new(), work: Work::default() };
    let mut run = tool.start(tool.check(&case.arguments).unwrap(), setting).unwrap();
    let (mut replies, mut rounds, mut sent) = (Vec::new(), 0, 0);
    while let Step::Send(requests) = run.next(std::mem::take(&mut replies), Duration::from_secs(60)) {
        requests.iter().for_each(|request| stays(mock, connector, tool, request));
        sent += if rounds > 0 { requests.len() } else { 0 };
        let answers = case.exchange.get(rounds).map(|round| round.answer.clone()).unwrap_or_default();
        // A list that is asked for in one go may be longer or shorter now.
        let answer = |at: usize| answers.get(at).or(answers.first()).map(|answer| with_texts(&answer.body, evil));
        let answer = |at: usize| Response::new(Bytes::from(answer(at).unwrap_or_default().to_string()));
        replies = (0..requests.len()).map(|at| Ok(answer(at))).collect();
        rounds += 1;
        assert!(rounds < 60, "{} sends without end", tool.definition.name);
    }
    sent
}

/// The same with another text in place of each.
fn with_texts(value: &Value, text: &str) -> Value {
    match value {
        Value::String(_) => text.into(),
        Value::Array(all) => all.iter().map(|one| with_texts(one, text)).collect(),
        Value::Object(all) => all.iter().map(|(name, one)| (name.clone(), with_texts(one, text))).collect(),
        other => other.clone(),
    }
}

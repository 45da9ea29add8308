//! Every tool's golden requests: arguments in, HTTP requests out, with the vendor's answers written down between. Each
//! request is also put to a mock made from the vendor's digest, which refuses what the vendor would refuse.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

#[path = "golden/play.rs"]
mod play;

use bytes::Bytes;
use http::{Request, Response};
use play::{cases, catalogue, mock};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::time::Duration;
use valetkey_connectors::file::read::{self, Either};
use valetkey_connectors::golden::{self, Case};
use valetkey_connectors::native::Work;
use valetkey_connectors::{Catalog, Setting, Step};

#[test]
fn every_tool_sends_what_its_golden_file_says() {
    let catalog = Catalog::shipped().unwrap();
    // Remote ones have no tools here.
    for connector in catalog.connectors().filter(|connector| !connector.tools.is_empty()) {
        let mock = mock(&connector.slug);
        for (tool, compiled) in &connector.tools {
            let cases = cases(tool);
            assert!(!cases.is_empty(), "{tool} has no golden case");
            for case in &cases {
                let played = golden::played(&connector, compiled, &mock, case);
                let played = played.unwrap_or_else(|why| panic!("{tool}, {}: {why}", case.case));
                let actual = serde_json::to_string_pretty(&played).unwrap();
                let played = match &connector.alias_of {
                    Some(_) => told_as_the_other(played, &connector.display_name),
                    None => played,
                };
                assert_eq!(played, *case, "{tool}, {}: it went\n{actual}", case.case);
            }
        }
    }
}

/// What apps send through `/proxy` goes where the vendor has it, with the headers that the vendor wants.
#[test]
fn what_is_documented_for_the_proxy_is_what_the_vendor_takes() {
    let (catalog, mut sampled) = (Catalog::shipped().unwrap(), BTreeSet::new());
    let text = std::fs::read_to_string(catalogue().join("proxy-samples.tsv")).unwrap();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or_default();
        let (name, method, path, body, wanted, described) = (cell(), cell(), cell(), cell(), cell(), cell());
        let connector = catalog.connector(name).unwrap();
        let method = if described.is_empty() { method } else { described };
        let mut request = Request::builder().method(method).uri(format!("{}{path}", connector.proxy_url));
        for (name, value) in &connector.headers {
            request = request.header(name, value);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(Bytes::from(body.to_owned())).unwrap();
        assert_eq!(mock(name).refused(&request), None, "{line}");
        let there = |(name, value): (&str, &str)| request.headers().get(name).is_some_and(|own| own == value);
        assert!(wanted.is_empty() || there(wanted.split_once(": ").unwrap()), "{line}");
        sampled.insert(name.to_owned());
    }
    let all = catalog.connectors().filter(|connector| !connector.tools.is_empty());
    assert_eq!(sampled, all.map(|connector| connector.slug.clone()).collect(), "each connector has its sample");
}

/// An alias does what the other does, and names the app and itself in its own way.
fn told_as_the_other(mut case: Case, name: &str) -> Case {
    if let Some(serde_json::Value::String(message)) = case.end.get_mut("message") {
        *message = message.replace(name, "GitHub").replace("githubpat_", "github_");
    }
    case
}

/// Most apps report success for one, and so would we.
#[test]
fn no_tool_sends_an_update_of_nothing() {
    let catalog = Catalog::shipped().unwrap();
    let mut sent = Vec::new();
    for connector in catalog.connectors() {
        for (name, tool) in &connector.tools {
            let required = tool.definition.input_schema["required"].as_array().cloned().unwrap_or_default();
            let mut arguments = cases(name).swap_remove(0).arguments;
            arguments.retain(|argument, _| required.iter().any(|name| name == argument));
            let Ok(checked) = tool.check(&arguments) else { continue };
            if first_changes(tool.start(checked, setting()).unwrap()).iter().any(is_update_of_nothing) {
                sent.push(name.replacen("githubpat_", "github_", 1));
            }
        }
    }
    assert!(sent.is_empty(), "{sent:#?}");
}

fn setting() -> Setting {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    Setting { base_url: None, now, nonce: 0x5eed, api_config: Map::new(), work: Work::default() }
}

/// What a run sends first that is no reading; what comes before is answered with nothing.
fn first_changes(mut run: valetkey_connectors::Run) -> Vec<Request<Bytes>> {
    let mut step = run.next(Vec::new(), Duration::from_secs(60));
    while let Step::Send(requests) = step {
        if requests.iter().any(|request| request.method() != "GET") {
            return requests;
        }
        let answers = requests.iter().map(|_| Ok(Response::new(Bytes::from_static(b"{}")))).collect();
        step = run.next(answers, Duration::from_secs(60));
    }
    Vec::new()
}

fn is_update_of_nothing(request: &Request<Bytes>) -> bool {
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let is_nothing = |value: &Value| value.is_null() || value.as_object().is_some_and(|members| members.is_empty());
    let mutation = body["query"].as_str().is_some_and(|text| text.starts_with("mutation") && text.contains("Update("));
    if mutation {
        return body["variables"].as_object().is_none_or(|all| !all.values().any(Value::is_object));
    }
    let query = request.uri().query().unwrap_or_default();
    let changes = query.split('&').any(|pair| pair.starts_with("addParents") || pair.starts_with("removeParents"));
    request.method() == "PATCH" && is_nothing(&body) && !changes
}

/// What goes to the wrong place without a word is seen where it stands written: each argument is in a case.
#[test]
fn each_argument_is_in_a_golden_case() {
    let mut missing = Vec::new();
    for connector in Catalog::shipped().unwrap().connectors().filter(|connector| connector.alias_of.is_none()) {
        for (name, tool) in &connector.tools {
            let given: BTreeSet<String> =
                cases(name).into_iter().flat_map(|case| case.arguments).map(|(name, _)| name).collect();
            let arguments = tool.definition.input_schema["properties"].as_object().unwrap().keys();
            missing.extend(arguments.filter(|one| !given.contains(*one)).map(|argument| format!("{name}: {argument}")));
        }
    }
    assert!(missing.is_empty(), "{} arguments are in no golden case: {missing:#?}", missing.len());
}

#[test]
fn what_is_cut_first_is_a_list_of_the_answer() {
    for connector in Catalog::shipped().unwrap().connectors().filter(|connector| connector.alias_of.is_none()) {
        let name = format!("{}.yaml", connector.slug);
        let Ok(text) = std::fs::read_to_string(catalogue().join(&name)) else { continue };
        let Either::Whole(file) = read::either(&name, &text).unwrap() else { continue };
        for (tool, described) in file.tools.iter() {
            let Some(list) = &described.output.list else { continue };
            let there = cases(tool).iter().any(|case| case.end["done"][list].is_array());
            assert!(there, "{tool}: no golden case ends with a list `{list}`, so a large answer is cut elsewhere");
        }
    }
}

/// Requests in each way of writing them, of which the vendor takes one and refuses the others: what the mock says to them.
fn refusals(name: &str, kind: &str, good: [&str; 3], bad: &[(&str, &str, &str, &str)]) {
    let mock = mock(name);
    let said = |method: &str, uri: &str, body: &str| {
        let request = Request::builder().method(method).uri(uri).header("content-type", kind);
        mock.refused(&request.body(Bytes::from(body.to_owned())).unwrap())
    };
    let [method, uri, body] = good;
    assert_eq!(said(method, uri, body), None, "{name}");
    for (method, uri, body, expected) in bad {
        let refusal = said(method, uri, body).unwrap_or_default();
        assert!(refusal.contains(expected), "{method} {uri} {body}: {expected} is not in `{refusal}`");
    }
    let elsewhere = uri.replacen("https://", "https://evil.", 1);
    assert!(said(method, &elsewhere, body).unwrap().contains("another host"), "{elsewhere}");
}

#[test]
fn the_mock_refuses_what_google_calendar_would() {
    let good = r#"{"start": {"date": "2026-11-23"}, "end": {"date": "2026-11-24"}}"#;
    let events = "https://www.googleapis.com/calendar/v3/calendars/primary/events";
    let asking = |query: &str| format!("{events}?{query}");
    let bad = [
        ("GET", &*asking("max=1"), "", "query.max"),
        ("GET", &*asking("maxResults=0"), "", "query.maxResults"),
        ("GET", &*asking("orderBy=title"), "", "query.orderBy"),
        ("GET", &*asking("timeMin=2026-11-23T00:00:00"), "", "query.timeMin"),
        ("PUT", events, good, "no operation"),
        ("POST", events, r#"{"summary": "no times"}"#, "body.start"),
        ("POST", events, r#"{"start": {"day": "x"}, "end": {"date": "tomorrow"}}"#, "body.start.day"),
    ];
    refusals("googlecalendar", "application/json", ["POST", events, good], &bad);
}

#[test]
fn the_mock_refuses_what_slack_would_in_a_form() {
    let post = "https://slack.com/api/chat.postMessage";
    let bad = [
        ("POST", post, "channel=C1&text=Hi&colour=red", "body.colour"),
        ("POST", post, "text=Hi", "body.channel"),
        ("POST", post, "channel=C1&unfurl_links=maybe", "unfurl_links=maybe"),
        ("POST", post, "channel=C1&unfurl_links=7", "body.unfurl_links"),
        ("POST", post, "channel=C1&blocks=%7B%7D", "body.blocks"),
        ("POST", post, "channel=C1&parse=half", "body.parse"),
        ("POST", "https://slack.com/api/chat.postMessage?as=ada", "channel=C1&text=Hi", "query.as"),
        ("POST", "https://slack.com/api/chat.postLetter", "channel=C1&text=Hi", "no operation"),
    ];
    let good = ["POST", post, "channel=C1&text=Hi&unfurl_links=false&blocks=%5B%5D"];
    refusals("slack", "application/x-www-form-urlencoded", good, &bad);
}

#[test]
fn the_mock_refuses_what_github_would() {
    let issues = "https://api.github.com/repos/ada/cellar/issues";
    let asking = |query: &str| format!("{issues}?{query}");
    let bad = [
        ("POST", issues, r#"{"title": "Rain", "colour": "blue"}"#, "body.colour"),
        ("POST", issues, r#"{"body": "In the cellar."}"#, "body.title"),
        ("POST", issues, r#"{"title": "Rain", "assignees": "ada"}"#, "body.assignees"),
        ("POST", issues, r#"{"title": "Rain", "assignees": [7]}"#, "body.assignees[0]"),
        ("POST", issues, "title=Rain", "expected"),
        ("GET", &*asking("colour=blue"), "", "query.colour"),
        ("GET", &*asking("state=shut"), "", "query.state"),
        ("GET", &*asking("per_page=many"), "", "query.per_page"),
        ("PUT", issues, "", "no operation"),
    ];
    refusals("github", "application/json", ["POST", issues, r#"{"title": "Rain", "labels": ["wet"]}"#], &bad);
}

#[test]
fn the_mock_refuses_what_linear_would_of_a_document_and_its_variables() {
    let graphql = "https://api.linear.app/graphql";
    let asked = |field: &str, members: &str, variables: &str| {
        let document = format!("mutation($input: IssueCreateInput!) {{ {field}(input: $input) {{ {members} }} }}");
        format!(r#"{{"query": "{document}", "variables": {variables}}}"#)
    };
    let good = r#"{"input": {"teamId": "t1", "title": "Rain"}}"#;
    let create = |variables: &str| asked("issueCreate", "success", variables);
    let bad = [
        ("POST", graphql, &*asked("issueCreate", "success colour", good), "colour"),
        ("POST", graphql, &*asked("issueMake", "success", good), "issueMake"),
        ("POST", graphql, &*create(r#"{"input": {"teamId": "t1", "colour": "blue"}}"#), "colour"),
        ("POST", graphql, &*create(r#"{"input": {"title": "Rain"}}"#), "teamId"),
        ("POST", graphql, &*create(r#"{"input": {"teamId": "t1", "title": 7}}"#), "title"),
        ("POST", graphql, &*create("{}"), "input"),
        ("POST", graphql, r#"{"variables": {}}"#, "no document"),
        ("GET", graphql, "", "no operation"),
    ];
    refusals("linear", "application/json", ["POST", graphql, &create(good)], &bad);
}

#[test]
fn the_mock_refuses_what_google_drive_would_of_a_file_beside_json() {
    let upload = "https://www.googleapis.com/upload/drive/v3/files?uploadType=multipart";
    let part = |kind: &str, text: &str| format!("--b\r\nContent-Type: {kind}\r\n\r\n{text}\r\n");
    let file = part("text/markdown", "# Notes");
    let beside = |json: &str| format!("{}{file}--b--\r\n", part("application/json", json));
    let good = beside(r#"{"name": "notes.md", "parents": ["f1"]}"#);
    let bad = [
        ("POST", upload, &*beside(r#"{"colour": "blue"}"#), "body.colour"),
        ("POST", upload, &*beside(r#"{"name": 7}"#), "body.name"),
        ("POST", upload, &*beside(r#"{"parents": "f1"}"#), "body.parents"),
        ("POST", upload, &*format!("{file}--b--\r\n"), "1 parts"),
        ("POST", upload, &*format!("{file}{file}--b--\r\n"), "the first part is text/markdown"),
        ("POST", &*format!("{upload}&colour=blue"), &*good, "query.colour"),
        // Only at the path for files does it take one, and only if it is told that one comes.
        ("POST", "https://www.googleapis.com/drive/v3/files", &*good, "where files go: false"),
        ("POST", "https://www.googleapis.com/upload/drive/v3/files", &*good, "said: false"),
    ];
    refusals("googledrive", "multipart/related; boundary=b", ["POST", upload, &good], &bad);
}

#[test]
fn there_is_no_golden_file_without_a_tool() {
    let catalog = Catalog::shipped().unwrap();
    for entry in std::fs::read_dir(catalogue().join("golden")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(catalog.tool(name).is_some(), "{} belongs to no tool", path.display());
    }
}

#[test]
fn connectors_and_tools_are_found_by_name_or_nearly() {
    let catalog = Catalog::shipped().unwrap();
    assert!(catalog.tool("gmail_fetch_mails").is_some());
    assert!(catalog.tool("gmail_fetch").is_none());
    assert_eq!(catalog.nearest_tool("gmail_fetch_mail").as_deref(), Some("gmail_fetch_mails"));
    assert_eq!(catalog.nearest_connector("gmial").as_deref(), Some("gmail"));
    assert_eq!(catalog.by_provider("GOOGLECALENDAR").unwrap().provider_key(), "GOOGLECALENDAR");
}

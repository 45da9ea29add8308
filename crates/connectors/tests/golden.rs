//! Every tool's golden requests: arguments in, HTTP requests out, with the vendor's answers written down between. Each
//! request is also put to a mock made from the vendor's digest, which refuses what the vendor would refuse.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response, Uri};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use valetkey_connectors::native::Work;
use valetkey_connectors::{Catalog, Setting, Step, Unsent};
use valetkey_vendor::{Digest, RequestParts};

/// One call of a tool.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Case {
    case: String,
    arguments: Map<String, Value>,
    exchange: Vec<Round>,
    end: Value,
}

/// What is sent at once, and the answers.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Round {
    send: Vec<Value>,
    answer: Vec<Answer>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(default = "ok", skip_serializing_if = "is_ok")]
    status: u16,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    body: Value,
}

const fn ok() -> u16 {
    200
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_ok(status: &u16) -> bool {
    *status == 200
}

fn catalogue() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue")
}

fn digests(connector: &str) -> Vec<Digest> {
    let names: &[&str] = match connector {
        "gmail" => &["gmail.v1", "people.v1"],
        "googlecalendar" => &["calendar.v3"],
        other => panic!("{other} has no digest here"),
    };
    let text = |name: &&str| std::fs::read_to_string(catalogue().join("digests").join(format!("{name}.json"))).unwrap();
    names.iter().map(text).map(|text| Digest::read(&text).unwrap()).collect()
}

fn cases(tool: &str) -> Vec<Case> {
    let path = catalogue().join("golden").join(format!("{tool}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A request as golden files have it. A mail is written out as the lines it consists of.
fn written(request: &Request<Bytes>) -> Value {
    let mut written = json!({"method": request.method().as_str(), "url": request.uri().to_string()});
    if !request.body().is_empty() {
        let mut body: Value = serde_json::from_slice(request.body()).unwrap();
        for place in ["/raw", "/message/raw"] {
            if let Some(raw) = body.pointer_mut(place) {
                let encoded = raw.as_str().unwrap().trim_end_matches('=');
                let mail = String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap();
                *raw = mail.split("\r\n").collect();
            }
        }
        written["body"] = body;
    }
    written
}

/// What the vendor would say to a request.
fn refused(digests: &[Digest], request: &Request<Bytes>) -> Option<String> {
    let (method, path) = (request.method().as_str(), request.uri().path());
    let found = digests.iter().find_map(|digest| Some((digest, digest.find(method, path)?.0)));
    let Some((digest, operation)) = found else {
        return Some(format!("no operation {} {}", request.method(), request.uri().path()));
    };
    let query = pairs(request.uri());
    let body = (!request.body().is_empty()).then(|| serde_json::from_slice::<Value>(request.body()).unwrap());
    let fits = operation.fits(digest, &RequestParts { query: &query, body: body.as_ref() });
    let origin = format!("https://{}", request.uri().authority().unwrap());
    match fits {
        Ok(()) if origin == digest.base_url => None,
        Ok(()) => Some(format!("{} is another host", request.uri())),
        Err(misfits) => Some(format!("{misfits:?}")),
    }
}

fn pairs(uri: &Uri) -> Vec<(String, String)> {
    let query = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
    query.map(|pair| pair.split_once('=').map(|(name, value)| (plain(name), plain(value))).unwrap()).collect()
}

fn reply(answer: &Answer) -> Result<Response<Bytes>, Unsent> {
    let body = if answer.body.is_null() { Bytes::new() } else { answer.body.to_string().into() };
    let response = Response::builder().status(answer.status).header("content-type", "application/json; charset=UTF-8");
    Ok(response.body(body).unwrap())
}

/// Plays a case and gives it as it went.
fn played(catalog: &Catalog, tool: &str, case: &Case) -> Case {
    let (connector, compiled) = catalog.tool(tool).unwrap_or_else(|| panic!("there is no tool {tool}"));
    let digests = digests(&connector.slug);
    let mut exchange = Vec::new();
    let mut end = Value::Null;
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let setting = Setting { base_url: None, now, nonce: 0x5eed, api_config: Map::new(), work: Work::default() };
    let arguments =
        compiled.check(&case.arguments).unwrap_or_else(|failure| panic!("{tool}, {}: {failure}", case.case));
    let mut run = compiled.start(arguments, setting).unwrap();
    let mut replies = Vec::new();
    loop {
        match run.next(std::mem::take(&mut replies), Duration::from_secs(60)) {
            Step::Send(requests) => {
                for request in &requests {
                    assert_eq!(refused(&digests, request), None, "{tool}, {}: {request:?}", case.case);
                }
                let known = case.exchange.get(exchange.len()).map(|round| round.answer.clone()).unwrap_or_default();
                let enough = known.len() == requests.len();
                replies = known.iter().map(reply).collect();
                exchange.push(Round { send: requests.iter().map(written).collect(), answer: known });
                if !enough {
                    break;
                }
            }
            Step::Done(value) => {
                end = json!({"done": value});
                break;
            }
            Step::Failed(failure) => {
                end = json!({"failed": format!("{:?}", failure.kind), "message": failure.message});
                break;
            }
            Step::Wait(time) => panic!("{tool}, {}: waits {time:?}", case.case),
        }
    }
    Case { case: case.case.clone(), arguments: case.arguments.clone(), exchange, end }
}

#[test]
fn every_tool_sends_what_its_golden_file_says() {
    let catalog = Catalog::shipped().unwrap();
    for connector in catalog.connectors() {
        for tool in connector.tools.keys() {
            let cases = cases(tool);
            assert!(!cases.is_empty(), "{tool} has no golden case");
            for case in &cases {
                let played = played(&catalog, tool, case);
                let actual = serde_json::to_string_pretty(&played).unwrap();
                assert_eq!(played, *case, "{tool}, {}: it went\n{actual}", case.case);
            }
        }
    }
}

#[test]
fn the_mock_refuses_what_the_vendor_would() {
    let calendar = digests("googlecalendar");
    let good = r#"{"start": {"date": "2026-11-23"}, "end": {"date": "2026-11-24"}}"#;
    let events = "https://www.googleapis.com/calendar/v3/calendars/primary/events";
    let said = |method: &str, uri: &str, body: &str| {
        refused(&calendar, &Request::builder().method(method).uri(uri).body(Bytes::from(body.to_owned())).unwrap())
    };
    assert_eq!(said("POST", events, good), None);
    for (method, uri, body, expected) in [
        ("GET", format!("{events}?max=1"), "", "query.max"),
        ("GET", format!("{events}?maxResults=0"), "", "query.maxResults"),
        ("GET", format!("{events}?orderBy=title"), "", "query.orderBy"),
        ("GET", format!("{events}?timeMin=2026-11-23T00:00:00"), "", "query.timeMin"),
        ("PUT", events.to_owned(), good, "no operation"),
        ("POST", events.to_owned(), r#"{"summary": "no times"}"#, "body.start"),
        ("POST", events.to_owned(), r#"{"start": {"day": "x"}, "end": {"date": "tomorrow"}}"#, "body.start.day"),
        ("POST", events.replace("www", "evil"), good, "another host"),
    ] {
        let refusal = said(method, &uri, body).unwrap_or_default();
        assert!(refusal.contains(expected), "{method} {uri} {body}: {expected} is not in `{refusal}`");
    }
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

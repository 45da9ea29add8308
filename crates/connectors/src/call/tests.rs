//! The machine, driven by hand: a file of the tests' own, answers written out.

mod again;
mod amounts;
mod documented;
mod files;
mod reasons;

use super::{Run, Step};
use crate::failure::{Failure, FailureKind, Unsent};
use crate::setting::Setting;
use crate::{Catalog, Tool};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use valetkey_domain::Timestamp;

const FILE: &str = r#"
connector: box
display_name: The Box
upstream: http
base_url: https://box.test/v1
proxy_url: https://box.test
hosts: [box.test]
description: {kind: manual, url: "https://box.test/docs", read_on: 2026-11-22}
auth: [{kind: oauth2, authorize_url: "https://box.test/a", token_url: "https://box.test/t"}]
errors: {message: .error}
tools:
  box_open:
    title: Open
    description: Lists the box and opens each thing that is in it.
    operation: list
    request: {method: GET, path: /things}
    effect: read
    input:
      most: {type: integer, description: How many things at most., default: 20, map: query.most}
    steps:
      - {call: list, save: listed}
      - call: get
        request: {method: GET, path: "/things/{id}"}
        save: things
        for_each: listed.items
        as: thing
        skip: [404]
        with: {path.id: thing.id}
    output: {shape: "{things: .things, of: .listed.total}"}
    paginate: {next: .listed.next, into: most}
  box_sought:
    title: Seek
    description: Looks in the box for what has a word in its name.
    operation: seek
    request: {method: GET, path: /things}
    effect: read
    input:
      word: {type: string, description: The word that is sought., max_length: 9000000, map: expression}
    with: {query.form: "'long' if 'a' in input.word or 'b' in input.word else 'short'"}
  box_put:
    title: Put
    description: Puts one thing into the box, if it is not too big.
    operation: put
    request: {method: POST, path: /things}
    effect: write
    input:
      name: {type: string, description: The name of the thing., required: true, map: body.name}
      trace: {type: string, description: A word for the log of the box., map: header.x-trace}
    output: {shape: .id}
    example: {name: x}
  box_label:
    title: Label
    description: Changes what is written on one thing of the box.
    operation: label
    request: {method: PATCH, path: "/things/{id}"}
    effect: write
    input:
      id: {type: string, description: Which thing it is., required: true, map: path.id}
      label: {type: string, description: What is written on it., map: body.label}
      colour: {type: string, description: The colour of the writing., map: body.colour}
      notify: {type: string, description: A word for the log of the box., map: header.x-notify}
    example: {id: a, label: x}
  box_move:
    title: Move
    description: Reads each thing of the box and moves the box afterwards.
    operation: move
    request: {method: POST, path: /moves}
    effect: write
    input:
      to: {type: string, description: Where the box is moved., required: true, map: body.to}
    steps:
      - {call: list, request: {method: GET, path: /things}, save: listed}
      - call: get
        request: {method: GET, path: "/things/{id}"}
        save: things
        for_each: listed.items
        as: thing
        with: {path.id: thing.id}
      - {call: move, save: moved}
    example: {to: yard}
  box_shown:
    title: Show
    description: Lists the box and shows how to read on.
    operation: show
    request: {method: GET, path: /shown}
    effect: read
    input:
      cursor: {type: string, description: Where to read on in the box., map: query.cursor}
    output: {shape: "{things, next_cursor: .next}"}
    paginate: {next: .next, into: cursor}
"#;

fn tool(name: &str) -> Arc<Tool> {
    let mut catalog = Catalog::shipped().unwrap();
    catalog.add("box.yaml", FILE).unwrap();
    catalog.tool(name).unwrap().1
}

fn setting() -> Setting {
    Setting {
        base_url: None,
        now: Timestamp::UNIX_EPOCH,
        nonce: 1,
        api_config: serde_json::Map::new(),
        work: crate::native::Work::default(),
    }
}

fn start(name: &str, arguments: &Value) -> Run {
    let tool = tool(name);
    let arguments = tool.check(arguments.as_object().unwrap()).unwrap();
    tool.start(arguments, setting()).unwrap()
}

/// More time than any call needs.
const LEFT: Duration = Duration::from_secs(600);

type Reply = Result<Response<Bytes>, Unsent>;

fn answer(status: u16, body: &Value) -> Reply {
    Ok(Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body.to_string().into())
        .unwrap())
}

fn sent(step: Step) -> Vec<Request<Bytes>> {
    match step {
        Step::Send(requests) => requests,
        other => panic!("{other:?} is no sending"),
    }
}

fn failed(step: Step) -> Failure {
    match step {
        Step::Failed(failure) => failure,
        other => panic!("{other:?} is no failure"),
    }
}

fn done(step: Step) -> Value {
    match step {
        Step::Done(value) => value,
        other => panic!("{other:?} is no answer"),
    }
}

fn listed(count: usize) -> Value {
    json!({"items": (0..count).map(|id| json!({"id": id.to_string()})).collect::<Vec<_>>(), "total": count, "next": "n2"})
}

/// Runs until the first batch of things was asked for.
fn opened(count: usize) -> (Run, Vec<Request<Bytes>>) {
    let mut run = start("box_open", &json!({}));
    assert_eq!(sent(run.next(vec![], LEFT)).len(), 1);
    let batch = sent(run.next(vec![answer(200, &listed(count))], LEFT));
    (run, batch)
}

#[test]
fn a_list_is_fetched_eight_at_a_time_and_keeps_its_order() {
    let (mut run, mut batch) = opened(19);
    let mut sizes = Vec::new();
    let answer_all =
        |batch: &[Request<Bytes>]| batch.iter().map(|r| answer(200, &json!({"at": r.uri().path()}))).collect();
    let value = loop {
        sizes.push(batch.len());
        match run.next(answer_all(&batch), LEFT) {
            Step::Send(requests) => batch = requests,
            other => break done(other),
        }
    };
    assert_eq!(sizes, [8, 8, 3]);
    assert_eq!(value["things"][18], json!({"at": "/v1/things/18"}));
    assert_eq!((&value["of"], &value["next_most"]), (&json!(19), &json!("n2")));
}

#[test]
fn a_thing_that_vanished_costs_only_itself() {
    let (mut run, _) = opened(3);
    let replies = vec![answer(200, &json!(1)), answer(404, &json!({"error": "gone"})), answer(200, &json!(3))];
    assert_eq!(done(run.next(replies, LEFT))["things"], json!([1, 3]));
}

#[test]
fn nothing_listed_means_no_request() {
    let mut run = start("box_open", &json!({}));
    run.next(vec![], LEFT);
    assert_eq!(done(run.next(vec![answer(200, &json!({}))], LEFT)), json!({"things": [], "of": null}));
}

#[test]
fn more_requests_than_a_call_may_make_are_refused() {
    let mut run = start("box_open", &json!({}));
    run.next(vec![], LEFT);
    let failure = failed(run.next(vec![answer(200, &listed(500))], LEFT));
    assert!(failure.message.contains("more than the 50 requests"), "{}", failure.message);
}

#[test]
fn an_update_of_nothing_is_not_sent() {
    for nothing in
        [json!({"id": "a"}), json!({"id": "a", "label": "", "colour": ""}), json!({"id": "a", "notify": "x"})]
    {
        let failure = failed(start("box_label", &nothing).next(vec![], LEFT));
        assert_eq!(failure.kind, FailureKind::InvalidInput, "{nothing}");
        assert!(failure.message.starts_with("there is nothing to change: give at least one of"), "{}", failure.message);
        assert!(failure.message.contains("label") && failure.message.contains("colour"), "{}", failure.message);
    }
    let asked = sent(start("box_label", &json!({"id": "a", "colour": "red"})).next(vec![], LEFT));
    assert_eq!(asked[0].body(), r#"{"colour":"red"}"#);
}

#[test]
fn what_changes_something_is_never_repeated() {
    let mut run = start("box_put", &json!({"name": "x"}));
    run.next(vec![], LEFT);
    let failure = failed(run.next(vec![answer(429, &json!({"error": "slow down"}))], LEFT));
    assert_eq!(failure.kind, FailureKind::RateLimited);
}

#[test]
fn answers_that_make_no_sense_are_failures() {
    let tries: &[(u16, &str, &str, &str)] = &[
        (200, "application/json", "{\"cut\": ", "cut short"),
        (200, "text/html", "<html>", "not JSON"),
        (501, "text/html", "<html>not implemented</html>", "HTTP 501"),
        (302, "text/html", "", "HTTP 302"),
        (200, "application/json", &("[".repeat(100_000)), "malformed"),
    ];
    for (status, kind, body, expected) in tries {
        let mut run = start("box_open", &json!({}));
        run.next(vec![], LEFT);
        let response =
            Response::builder().status(*status).header("content-type", *kind).header("location", "https://evil.test/");
        let failure = failed(run.next(vec![Ok(response.body(Bytes::from((*body).to_owned())).unwrap())], LEFT));
        assert_eq!(failure.kind, FailureKind::Upstream);
        assert!(failure.message.contains(expected), "{expected} is not in {}", failure.message);
    }
}

#[test]
fn what_could_not_be_sent_ends_the_call_with_its_kind() {
    let mut run = start("box_open", &json!({}));
    run.next(vec![], LEFT);
    let unsent = Unsent { kind: FailureKind::Timeout, message: "no answer in 60 s".to_owned() };
    let failure = failed(run.next(vec![Err(unsent)], LEFT));
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Timeout, "no answer in 60 s"));
}

#[test]
fn a_wrong_number_of_answers_is_noticed() {
    let mut run = start("box_open", &json!({}));
    run.next(vec![], LEFT);
    assert_eq!(failed(run.next(vec![], LEFT)).kind, FailureKind::Upstream);
}

#[test]
fn no_argument_begins_a_header_of_its_own() {
    for evil in ["a\r\nAuthorization: Bearer x", "a\nb", "a\0b"] {
        let mut run = start("box_put", &json!({"name": "x", "trace": evil}));
        assert_eq!(failed(run.next(vec![], LEFT)).kind, FailureKind::InvalidInput, "{evil:?}");
    }
    // In a body it is data.
    let mut run = start("box_put", &json!({"name": "a\r\nb"}));
    assert_eq!(sent(run.next(vec![], LEFT))[0].body(), "{\"name\":\"a\\r\\nb\"}");
}

#[test]
fn a_base_url_that_is_not_plain_stops_the_call() {
    for base in ["ftp://box.test", "http://user@box.test", "http://box.test/?a=b", "box"] {
        let setting = Setting { base_url: Some(base.to_owned()), ..setting() };
        assert!(tool("box_open").start(serde_json::Map::new(), setting).is_err(), "{base}");
    }
}

/// A newsletter as Gmail gives it: long headers, a long text, and the same again in HTML.
fn newsletter(id: usize) -> Value {
    use base64::Engine as _;
    let encoded = |text: String| base64::engine::general_purpose::URL_SAFE.encode(text);
    let part = |kind: &str, text: String| json!({"mimeType": kind, "filename": "", "headers": [], "body": {"data": encoded(text)}});
    let headers: Vec<Value> =
        (0..20).map(|n| json!({"name": format!("X-Long-{n}"), "value": "v".repeat(150)})).collect();
    let parts = [part("text/plain", "News. ".repeat(5_000)), part("text/html", "<p>News.</p>".repeat(500))];
    let payload = json!({"mimeType": "multipart/alternative", "headers": headers, "body": {"size": 0}, "parts": parts});
    json!({"id": format!("m{id}"), "threadId": "t", "payload": payload})
}

#[test]
fn ten_newsletters_stay_ten_and_fit() {
    let mut run = start("gmail_fetch_mails", &json!({"max_results": 10, "format": "full"}));
    run.next(vec![], LEFT);
    let listed: Vec<Value> = (0..10).map(|id| json!({"id": format!("m{id}")})).collect();
    let mut batch = sent(run.next(vec![answer(200, &json!({"messages": listed, "nextPageToken": "n"}))], LEFT));
    let mut id = 0..;
    let value = loop {
        let replies = batch.iter().map(|_| answer(200, &newsletter(id.next().unwrap()))).collect();
        match run.next(replies, LEFT) {
            Step::Send(requests) => batch = requests,
            other => break done(other),
        }
    };
    assert!(value.to_string().len() <= 100_000, "{} bytes", value.to_string().len());
    let messages = value["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 10);
    assert!(messages.iter().all(|message| message["text"].as_str().unwrap().starts_with("News. News.")));
    assert_eq!(value["truncated"]["without_members"], json!(["data"]));
    assert_eq!(value["next_page_token"], "n");
}

#[test]
fn a_long_list_is_cut_between_events_and_says_how_to_read_on() {
    let mut run = start("googlecalendar_list_events", &json!({"max_results": 500}));
    run.next(vec![], LEFT);
    let items: Vec<Value> =
        (0..500).map(|id| json!({"id": format!("e{id}"), "description": "d".repeat(1_000)})).collect();
    let value = done(run.next(vec![answer(200, &json!({"items": items, "nextPageToken": "n"}))], LEFT));
    let kept = value["events"].as_array().unwrap().len();
    assert!(value.to_string().len() <= 60_000 && kept > 40, "{kept} events");
    assert_eq!(value["truncated"]["left_out"], 500 - kept);
    assert_eq!(value["truncated"]["left_out_ids"][0], format!("e{kept}"));
    assert!(value["truncated"]["read_on"].as_str().unwrap().contains("max_results"));
}

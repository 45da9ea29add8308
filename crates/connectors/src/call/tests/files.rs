//! Files on their way out and in: a tool of the tests' own that uploads, and what is made of an answer that is a file.

use super::{LEFT, answer, done, failed, sent, setting};
use crate::Catalog;
use crate::failure::FailureKind;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

const FILE: &str = r#"
connector: shelf
display_name: The Shelf
upstream: http
base_url: https://shelf.test/v1
proxy_url: https://shelf.test
hosts: [shelf.test]
description: {kind: manual, url: "https://shelf.test/docs", read_on: 2026-11-22}
auth: [{kind: oauth2, authorize_url: "https://shelf.test/a", token_url: "https://shelf.test/t"}]
tools:
  shelf_put:
    title: Put
    description: Puts a file onto the shelf, or a name alone.
    operation: put
    request: {method: POST, path: /files}
    effect: write
    body: multipart
    input:
      name: {type: string, description: The name of the file., required: true, map: body.name}
      text: {type: string, description: What is in the file., empty: kept, map: media.text}
      bytes: {type: string, description: What is in the file., map: media.base64}
      kind: {type: string, description: What the file is of., map: media.type}
    example: {name: a}
  shelf_take:
    title: Take
    description: Takes a file from the shelf, as it is.
    operation: take
    request: {method: GET, path: /file}
    effect: read
    answer: file
    output: {max_bytes: 2000, read_on: Take a smaller one.}
"#;

/// What comes of a call, its first request answered so.
fn played(tool: &str, arguments: &Value, reply: Response<Bytes>) -> (Request<Bytes>, super::Step) {
    let mut catalog = Catalog::shipped().unwrap();
    catalog.add("shelf.yaml", FILE).unwrap();
    let tool = catalog.tool(tool).unwrap().1;
    let mut run = tool.start(tool.check(arguments.as_object().unwrap()).unwrap(), setting()).unwrap();
    let asked = sent(run.next(vec![], LEFT)).remove(0);
    (asked, run.next(vec![Ok(reply)], LEFT))
}

fn put(arguments: &Value) -> Request<Bytes> {
    played("shelf_put", arguments, answer(200, &json!({})).unwrap()).0
}

#[test]
fn what_comes_with_a_file_is_json_and_the_file() {
    let asked = put(&json!({"name": "a", "text": "hello", "kind": "text/markdown"}));
    let kind = asked.headers()["content-type"].to_str().unwrap();
    let boundary = kind.strip_prefix("multipart/related; boundary=").unwrap();
    let expected = format!(
        "--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{{\"name\":\"a\"}}\r\n\
         --{boundary}\r\nContent-Type: text/markdown\r\n\r\nhello\r\n--{boundary}--\r\n"
    );
    assert_eq!(asked.body(), expected.as_bytes());
    assert!(
        put(&json!({"name": "a", "text": ""})).headers()["content-type"].to_str().unwrap().starts_with("multipart")
    );
}

#[test]
fn without_a_file_it_is_json_alone() {
    let asked = put(&json!({"name": "a", "kind": "text/markdown"}));
    assert_eq!(
        (asked.headers()["content-type"].to_str().unwrap(), &asked.body()[..]),
        ("application/json", &b"{\"name\":\"a\"}"[..])
    );
}

#[test]
fn what_is_no_file_leaves_nothing() {
    for (wrong, said) in [
        (json!({"name": "a", "text": "x", "bytes": "eA=="}), "only one"),
        (json!({"name": "a", "bytes": "é"}), "base64"),
        (json!({"name": "a", "text": "x", "kind": "a\r\nX-Evil: 1/b"}), "media type"),
    ] {
        let mut catalog = Catalog::shipped().unwrap();
        catalog.add("shelf.yaml", FILE).unwrap();
        let tool = catalog.tool("shelf_put").unwrap().1;
        let mut run = tool.start(tool.check(wrong.as_object().unwrap()).unwrap(), setting()).unwrap();
        let failure = failed(run.next(vec![], LEFT));
        assert!(failure.kind == FailureKind::InvalidInput && failure.message.contains(said), "{failure}");
    }
}

#[test]
fn a_file_is_taken_as_it_is() {
    let file =
        |body: &'static [u8]| Response::builder().header("content-type", "image/png").body(Bytes::from(body)).unwrap();
    let (asked, step) = played("shelf_take", &json!({}), file(b"{\"a\": 1}"));
    assert_eq!(asked.headers()["accept"], "*/*");
    assert_eq!(done(step), json!({"type": "image/png", "size": 8, "text": "{\"a\": 1}"}));
    assert_eq!(done(played("shelf_take", &json!({}), file(b"\xff\x00")).1)["data"], "/wA=");
    assert_eq!(done(played("shelf_take", &json!({}), file(b"")).1)["size"], 0);
    let large = failed(played("shelf_take", &json!({}), file(&[0xff; 3_000])).1);
    assert!(large.message.contains("more bytes than") && large.message.contains("Take a smaller one."), "{large}");
    let missing = Response::builder().status(404).body(Bytes::from_static(b"<html>")).unwrap();
    assert_eq!(failed(played("shelf_take", &json!({}), missing).1).kind, FailureKind::NotFound);
}

//! What shaping an answer takes is counted, in bytes of this process, against what it is said to take.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use bytes::Bytes;
use http::Response;
use peak_alloc::PeakAlloc;
use serde_json::{Map, json};
use std::sync::Arc;
use std::time::Duration;
use valetkey_connectors::native::Work;
use valetkey_connectors::{Catalog, Setting, Step, Tool, memory_needed, memory_needed_by};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const FILE: &str = r#"
connector: box
display_name: The Box
upstream: http
base_url: https://box.test/v1
proxy_url: https://box.test
hosts: [box.test]
description: {kind: manual, url: "https://box.test/docs", read_on: 2026-11-22}
auth: [{kind: oauth2, authorize_url: "https://box.test/a", token_url: "https://box.test/t"}]
tools:
  box_whole: &whole
    title: Whole
    description: Shows what is in the box, as it is.
    operation: show
    request: {method: GET, path: /shown}
    effect: read
"#;

/// The same tool with other ways to show what it read.
fn tools() -> Vec<(&'static str, Arc<Tool>)> {
    let outputs = [
        ("whole", "{}"),
        ("list", "{shape: \"{things: .items, next: .next}\", list: things, read_on: Ask for fewer.}"),
        ("rows", "{shape: \"{things: [.items[] | {id, name}]}\", list: things, read_on: Ask for fewer.}"),
        ("twice", "{shape: \"{a: ., b: .}\"}"),
        ("sixfold", "{shape: \"{a: ., b: ., c: ., d: ., e: ., f: .}\"}"),
        ("program", "{shape: \"{things: (.items // . | [.. | scalars][:1000])}\"}"),
    ];
    let tool = FILE.split("tools:").nth(1).unwrap().replace(" &whole", "");
    let head = FILE.split("tools:").next().unwrap();
    let made = outputs.map(|(name, output)| {
        let tool = format!(
            "{}    output: {output}\n",
            tool.replace("box_whole", &format!("box_{name}")).trim_end_matches(' ')
        );
        let mut catalog = Catalog::shipped().unwrap();
        catalog.add("box.yaml", &format!("{head}tools:{tool}")).unwrap();
        (name, catalog.tool(&format!("box_{name}")).unwrap().1)
    });
    made.into()
}

/// Four megabytes and less, each made to take as much as it can.
fn bodies() -> Vec<(&'static str, String)> {
    let members = |count: usize| (0..count).map(|n| format!("\"{n:x}\":1")).collect::<Vec<_>>().join(",");
    vec![
        ("numbers in a list", format!("{{\"items\":[{}1],\"next\":\"n\"}}", "1,".repeat(2_000_000))),
        ("small objects in a list", format!("{{\"items\":[{}{{}}]}}", "{\"a\":1},".repeat(500_000))),
        ("members", format!("{{\"items\":{{{}}}}}", members(400_000))),
        ("what nobody reads", format!("{{\"noise\":[{}1],\"items\":[]}}", "[[1]],".repeat(700_000))),
        ("as many members as there may be", format!("{{{}}}", members(99_000))),
        ("as many objects as there may be", format!("{{\"items\":[{}{{}}]}}", "{\"a\":{}},".repeat(49_000))),
        ("one long text", json!({"items": [{"id": 1, "name": "é".repeat(2_000_000)}]}).to_string()),
        ("a short answer", json!({"items": [{"id": 1, "name": "x"}]}).to_string()),
    ]
}

#[test]
fn shaping_takes_no_more_memory_than_it_is_said_to() {
    let tools = tools();
    for (what, body) in bodies() {
        let body = Bytes::from(body);
        let said = memory_needed_by(&body);
        assert!(said <= memory_needed(body.len()));
        for (how, tool) in &tools {
            let now = "2026-11-22T12:00:00Z".parse().unwrap();
            let work = Work::default();
            let setting = Setting { base_url: None, now, nonce: 1, api_config: Map::new(), work };
            let mut run = tool.start(Map::new(), setting).unwrap();
            run.next(Vec::new(), Duration::from_secs(60));
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            let step = run.next(vec![Ok(Response::new(body.clone()))], Duration::from_secs(60));
            let took = MEMORY.peak_usage() - before;
            assert!(took <= said, "{what}, {how}: {} bytes took {took}, said were {said}", body.len());
            assert!(matches!(step, Step::Done(_) | Step::Failed(_)));
        }
    }
    // It was 25 times the answer, and grew with it without end.
    assert!(memory_needed(10_000_000) < 12 * 10_000_000 && memory_needed(100_000_000) < 5 * 100_000_000);
    assert!(memory_needed_by(b"{}") < 20_000);
}

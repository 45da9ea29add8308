//! What official servers serve too: absences written in full, numbers written oddly, clients that read events only, a
//! byte-order mark. And refusals that carry the request's id wherever it could be read.

use crate::kit::{Answer, Kit};
use serde_json::{Value, json};

const ONLY_EVENTS: (&str, &str) = ("accept", "text/event-stream");

fn call(id: &str, rest: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"fakeapp_get_item","arguments":{{"id":"a"}}{rest}}}}}"#
    )
}

fn events(answer: &Answer) -> Vec<Value> {
    assert_eq!((answer.status.as_u16(), &answer.headers["content-type"]), (200, &"text/event-stream".parse().unwrap()));
    assert_eq!(answer.headers["x-accel-buffering"], "no");
    let text = answer.text();
    assert!(text.ends_with("\n\n"), "{text}");
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

#[tokio::test]
async fn what_is_null_or_empty_is_as_good_as_absent() {
    let kit = Kit::connected().await;
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":null}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":null}"#.into(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":""}}"#.into(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":null,"_meta":null}}"#.into(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"progressToken":null}}}"#.into(),
        call("1", r#","_meta":{"progressToken":null}"#),
        call("1", r#","_meta":null"#),
    ] {
        let answer = kit.post(&kit.path, &[("accept", "application/json, text/event-stream")], body.clone()).await;
        assert_eq!(answer.status, 200, "{body}");
        assert!(answer.json()["result"].is_object(), "{body}: {}", answer.text());
    }
    let told = r#"{"jsonrpc":"2.0","method":"notifications/initialized","params":null}"#;
    assert_eq!(kit.post(&kit.path, &[], told).await.status, 202);
    let other = kit.legacy("tools/list", json!({ "cursor": "x" })).await;
    assert_eq!(other["error"]["code"], -32602);
}

#[tokio::test]
async fn an_id_comes_back_as_the_number_that_it_was() {
    let kit = Kit::connected().await;
    for id in ["1.0", "0", "-0.0", "18446744073709551615", "9007199254740993", r#""1.0""#, r#""""#] {
        for body in [format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#), call(id, "")] {
            let answer = kit.post(&kit.path, &[], body).await;
            assert!(answer.text().contains(&format!(r#""id":{id},"#)) && answer.status == 200, "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn who_reads_events_only_gets_every_answer_as_events() {
    let kit = Kit::connected().await;
    for (method, params) in [
        ("initialize", json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {} })),
        ("tools/list", json!({})),
        ("ping", json!({})),
        ("tools/call", json!({ "name": "fakeapp_get_item", "arguments": { "id": "a" } })),
        ("tools/call", json!({ "name": "nothing" })),
        ("nothing", json!({})),
    ] {
        let body = json!({ "jsonrpc": "2.0", "id": "e", "method": method, "params": params }).to_string();
        let whole = kit.post(&kit.path, &[], body.clone()).await.json();
        assert_eq!(events(&kit.post(&kit.path, &[ONLY_EVENTS], body).await), [whole], "{method}");
    }
    let ping = |id: u8| json!({ "jsonrpc": "2.0", "id": id, "method": "ping" });
    let batch = kit.post(&kit.path, &[ONLY_EVENTS], json!([ping(1), ping(2)]).to_string()).await;
    let ids: Vec<_> = events(&batch).iter().map(|event| event["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [1, 2]);
    let told = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string();
    assert_eq!(kit.post(&kit.path, &[ONLY_EVENTS], told).await.status, 202);
    let refused = kit.post(&kit.path, &[ONLY_EVENTS], "{").await;
    assert_eq!((refused.status.as_u16(), refused.json()["error"]["code"].as_i64()), (400, Some(-32700)));
}

#[tokio::test]
async fn a_refusal_carries_the_id_wherever_it_could_be_read() {
    let kit = Kit::new().await;
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let many = format!("[{}1]", "1,".repeat(120_000));
    let sound =
        |id: &str, params: &str| format!(r#"{{"params":{params},"method":"tools/call","jsonrpc":"2.0","id":{id}}}"#);
    for (body, id, code) in [
        (sound("7", r#"{"a":1,"a":2}"#), json!(7), -32600),
        (sound(r#""x""#, &deep), json!("x"), -32600),
        (sound("8", &many), json!(8), -32600),
        (sound("9", r#""text""#), json!(9), -32600),
        (sound("9.0", "[1]"), json!(9.0), -32600),
        (sound("1.5", "{}"), json!(1.5), -32600),
        (sound("10", r#"{"name":3}"#), json!(10), -32602),
        (sound("10", r#"{"name":"x","arguments":3}"#), json!(10), -32602),
        (sound("10", r#"{"name":"x","_meta":{"progressToken":[]}}"#), json!(10), -32602),
        (r#"{"id":11,"method":"ping"}"#.into(), json!(11), -32600),
        (r#"{"id":11,"jsonrpc":"2.0","method":[]}"#.into(), json!(11), -32600),
        // Which of two is meant cannot be said, and of what is no JSON nothing can.
        (sound(r#"12,"id":13"#, "{}"), Value::Null, -32700),
        (r#"{"jsonrpc":"2.0","id":14,"method":"ping""#.into(), Value::Null, -32700),
        (r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#.into(), Value::Null, -32600),
    ] {
        let answer = kit.post(&kit.path, &[("mcp-protocol-version", "2025-11-25")], body.clone()).await.json();
        let shown: String = body.chars().take(90).collect();
        assert_eq!((&answer["id"], answer["error"]["code"].as_i64()), (&id, Some(code)), "{shown}: {answer}");
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_passed_over_and_another_encoding_is_named() {
    let kit = Kit::new().await;
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let answer = kit.post(&kit.path, &[], format!("\u{feff}{ping}")).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["result"]), (200, &json!({})));
    let refused = kit.post(&kit.path, &[], format!("\u{feff}{}", r#"{"id":2,"a":{"b":1,"b":1}}"#)).await;
    assert_eq!(refused.json()["id"], 2, "{}", refused.text());
    let utf16: Vec<u8> = [0xfe, 0xff].into_iter().chain(ping.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let refused = kit.post(&kit.path, &[], utf16).await;
    assert_eq!((refused.status.as_u16(), refused.json()["error"]["code"].as_i64()), (400, Some(-32700)));
    assert!(refused.text().contains("send it in UTF-8"), "{}", refused.text());
}

//! The transcoder: what goes in, what comes out, and what is refused.

use crate::kit::Kit;
use serde_json::{Value, json};

const CONFIGS: &str = "/api/v1/mcp/configs";

async fn send(kit: &Kit, verb: &str, path: &str, body: &str) -> (u16, Value) {
    let answer = kit.rest_of(Some(&kit.ours.token), verb, path, body.to_owned()).await;
    (answer.status.as_u16(), answer.json)
}

#[tokio::test]
async fn the_body_is_a_field_or_the_whole_request() {
    let kit = Kit::new().await;
    let (status, answer) = send(&kit, "POST", CONFIGS, r#"{"name":"n","connectionToolMappings":[]}"#).await;
    assert_eq!(status, 200, "{answer}");
    let config = &answer["config"];
    assert_eq!(
        (&config["name"], &config["description"], &config["connection_tool_mappings"]),
        (&json!("n"), &json!(""), &json!([]))
    );
    let one = format!("{CONFIGS}/{}", config["id"].as_str().unwrap());
    let (_, answer) = send(&kit, "PUT", &one, r#"{"description":"d"}"#).await;
    assert_eq!((&answer["config"]["id"], &answer["config"]["description"]), (&config["id"], &json!("d")));
}

#[tokio::test]
async fn the_query_fills_the_rest() {
    let kit = Kit::new().await;
    for name in ["ab", "b"] {
        assert_eq!(send(&kit, "POST", CONFIGS, &json!({ "name": name }).to_string()).await.0, 200);
    }
    let (status, answer) = send(&kit, "GET", "/api/v1/mcp/configs?page_size=1&filter.name=%61b", "").await;
    assert_eq!((status, &answer["total_size"], &answer["configs"][0]["name"]), (200, &json!(1), &json!("ab")));
}

#[tokio::test]
async fn an_error_has_the_same_details_as_on_grpc() {
    let kit = Kit::new().await;
    let (status, answer) = send(&kit, "GET", "/api/v1/mcp/configs/cfg_1", "").await;
    assert_eq!((status, &answer["code"], &answer["message"]), (404, &json!(5), &json!("MCP config 'cfg_1' not found")));
    let [detail] = answer["details"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!(detail["@type"], "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo");
    assert_eq!(detail["error_code"], "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn what_is_refused_says_why() {
    let kit = Kit::new().await;
    let cases = [
        ("GET", "/api/v1/nothing", "", 404, "there is nothing at /api/v1/nothing"),
        ("PATCH", CONFIGS, "", 405, "PATCH is not possible at /api/v1/mcp/configs: use "),
        ("GET", "/api/v1/mcp/configs?nam=x", "", 400, "the query: unknown parameter 'nam'"),
        ("GET", "/api/v1/mcp/configs?page_size=x", "", 400, "the query: 'page_size' must be a whole number"),
        ("GET", CONFIGS, r#"{"page_size":1}"#, 400, "this method takes no body"),
        ("POST", CONFIGS, r#"{"nme":"x"}"#, 400, "the body has an unknown member 'nme'; did you mean 'name'?"),
        ("POST", CONFIGS, "{", 400, "the body is not JSON that can be read here"),
        ("POST", CONFIGS, "\u{feff}\u{feff}{}", 400, "the body is not JSON that can be read here"),
        ("PUT", "/api/v1/mcp/configs/cfg_1?description=x", "", 400, "'description' belongs in the body"),
        ("PUT", "/api/v1/mcp/configs/cfg_1", r#"{"config_id":"cfg_2"}"#, 400, "'config_id' is in the path and in the"),
        ("GET", "/api/v1/mcp/configs/cfg_1?config_id=cfg_2", "", 400, "'config_id' is in the path: leave it out"),
        ("GET", "/api/v1/mcp/configs?page_token=garbage", "", 400, "this is no page token"),
        ("GET", "/api/v1/mcp/instances?page_token=%2e%2e", "", 400, "this is no page token"),
        ("GET", "/api/v1/connected_accounts?page_token=00000000000000000000000000x", "", 400, "this is no page token"),
        ("GET", "/api/v1/connections/app?page_token=eyJvZmZzZXQiOjEwfQ", "", 400, "this is no page token"),
    ];
    for (verb, path, body, status, message) in cases {
        let (given, answer) = send(&kit, verb, path, body).await;
        assert_eq!(given, status, "{verb} {path}: {answer}");
        assert!(answer["message"].as_str().unwrap().starts_with(message), "{verb} {path}: {answer}");
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_passed_over_and_another_encoding_is_named() {
    let kit = Kit::new().await;
    let (status, answer) = send(&kit, "POST", CONFIGS, "\u{feff}{\"name\":\"n\"}").await;
    assert_eq!((status, &answer["config"]["name"]), (200, &json!("n")));
    assert_eq!(send(&kit, "GET", CONFIGS, "\u{feff}").await.0, 200, "a mark alone is no body");
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain("{}".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let answer = kit.rest_of(Some(&kit.ours.token), "POST", CONFIGS, utf16).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json["message"].as_str().unwrap().contains("send it in UTF-8"), "{answer:?}");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let kit = Kit::new().await;
    let most = kit.app.settings().bounds.api_body_bytes;
    let (status, answer) = send(&kit, "GET", CONFIGS, &" ".repeat(most + 1)).await;
    assert_eq!((status, answer["code"].as_i64()), (413, Some(3)));
    let (status, _) = send(&kit, "GET", CONFIGS, &" ".repeat(most)).await;
    assert_eq!(status, 200);
}

//! `/proxy`: what of its answers is ours, and says so. The app's own answers are tested where there is an app.

use crate::kit::{Answer, Kit};
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

async fn ask(
    kit: &Kit,
    token: Option<&str>,
    verb: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Answer {
    let mut request = Request::builder().method(verb).uri(path).header("content-length", body.len());
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, body) = kit.send(request.body(body.into()).unwrap()).await.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status: head.status, headers: head.headers, json, size: bytes.len() }
}

fn is_ours(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["content-type"]),
        (status, &"application/json".parse().unwrap())
    );
    assert_eq!(answer.headers["x-valetkey-error"], code, "{answer:?}");
    assert!(answer.json["message"].as_str().unwrap().contains("Valetkey's own, not the app's"), "{answer:?}");
    assert_eq!(answer.json["details"][0]["error_code"], json!(code), "{answer:?}");
}

const ANN: [(&str, &str); 2] = [("Connection_name", "MY_GMAIL"), ("identifier", "ann")];

#[tokio::test]
async fn who_has_no_token_gets_a_401_of_ours_before_anything_is_looked_at() {
    let kit = Kit::new().await;
    for path in ["/proxy", "/proxy/", "/proxy/gmail/v1/users/me/messages?a=1&a=2", "/proxy//a/%2e%2e/b"] {
        for verb in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE", "TRACE"] {
            for token in [None, Some("x")] {
                is_ours(&ask(&kit, token, verb, path, &ANN, vec![]).await, 401, "UNAUTHENTICATED");
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_by_name() {
    let kit = Kit::new().await;
    let token = Some(kit.ours.token.as_str());
    let missing = ask(&kit, token, "GET", "/proxy/x", &[], vec![]).await;
    is_ours(&missing, 400, "INVALID_ARGUMENT");
    assert!(missing.json["message"].as_str().unwrap().contains("'connection_name' is missing"));
    let two = [ANN[0], ANN[1], ("Identifier", "bob")];
    is_ours(&ask(&kit, token, "GET", "/proxy/x", &two, vec![]).await, 400, "INVALID_ARGUMENT");
    is_ours(&ask(&kit, token, "TRACE", "/proxy/x", &ANN, vec![]).await, 501, "UNIMPLEMENTED");
    is_ours(&ask(&kit, token, "GET", "/proxy/x", &ANN, vec![]).await, 404, "RESOURCE_NOT_FOUND");
    let long = ask(&kit, token, "POST", "/proxy/x", &ANN, vec![b'x'; 64 * 1024 * 1024 + 1]).await;
    is_ours(&long, 413, "INVALID_ARGUMENT");
    assert!(long.json["message"].as_str().unwrap().contains("proxy_body_bytes"));
}

#[tokio::test]
async fn attack_2_another_environments_connection_and_account_are_not_there() {
    let kit = Kit::new().await;
    let made = json!({ "key_id": "MY_GMAIL", "provider_key": "GMAIL", "type": "OAUTH" });
    let made = kit.rest("POST", "/api/v1/connections", made).await;
    assert!(made.status.is_success(), "{made:?}");
    let ours = ask(&kit, Some(&kit.ours.token), "GET", "/proxy/x", &ANN, vec![]).await;
    is_ours(&ours, 404, "RESOURCE_NOT_FOUND");
    assert!(ours.json["message"].as_str().unwrap().contains("no connected account on connection 'MY_GMAIL'"));
    let theirs = ask(&kit, Some(&kit.theirs.token), "GET", "/proxy/x", &ANN, vec![]).await;
    is_ours(&theirs, 404, "RESOURCE_NOT_FOUND");
    assert!(theirs.json["message"].as_str().unwrap().contains("connection"), "{theirs:?}");
    assert!(!theirs.json["message"].as_str().unwrap().contains("account"), "{theirs:?}");
}

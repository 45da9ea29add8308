//! `POST /oauth/token` against real clients.

use crate::kit::{Answer, Kit};
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use serde_json::Value;
use std::time::Duration;

async fn ask(kit: &Kit, authorization: Option<&str>, form: &str) -> Answer {
    let mut request = Request::post("/oauth/token").header("content-type", "application/x-www-form-urlencoded");
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let (head, body) = kit.send(request.body(Body::from(form.to_owned())).unwrap()).await.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: head.status,
        headers: head.headers,
        json: serde_json::from_slice(&bytes).unwrap(),
        size: bytes.len(),
    }
}

fn form(id: &str, secret: &str) -> String {
    format!("grant_type=client_credentials&client_id={id}&client_secret={secret}")
}

#[tokio::test]
async fn a_token_for_id_and_secret_whatever_old_token_comes_along() {
    let kit = Kit::new().await;
    let answer = ask(&kit, Some("Bearer old"), &form(kit.ours.id.as_str(), &kit.ours.secret)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!((&answer.json["token_type"], &answer.json["scope"]), (&"Bearer".into(), &"openid".into()));
    assert_eq!(answer.json["expires_in"], 86_399);
    assert_eq!(
        (&answer.headers["cache-control"], &answer.headers["pragma"]),
        (&"no-store".parse().unwrap(), &"no-cache".parse().unwrap())
    );
    let token = answer.json["access_token"].as_str().unwrap();
    let list = kit.rest_as(Some(token), "GET", "/api/v1/mcp/configs", Value::Null).await;
    assert_eq!(list.status, 200, "{list:?}");
    kit.clock.advance(Duration::from_secs(86_400));
    let list = kit.rest_as(Some(token), "GET", "/api/v1/mcp/configs", Value::Null).await;
    assert_eq!(list.status, 401, "a token ends");
}

#[tokio::test]
async fn unknown_client_and_wrong_secret_read_the_same() {
    let kit = Kit::new().await;
    let wrong = ask(&kit, None, &form(kit.ours.id.as_str(), "wrong")).await;
    let unknown = ask(&kit, None, &form("skc_unknown", &kit.ours.secret)).await;
    let other = ask(&kit, None, &form(kit.ours.id.as_str(), &kit.theirs.secret)).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json["error"]), (401, &"invalid_client".into()));
    assert_eq!(wrong.json, unknown.json);
    assert_eq!(wrong.json, other.json);
}

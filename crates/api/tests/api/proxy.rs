//! `/proxy`: what of its answers is ours, and says so. The app's own answers are tested where there is an app.

use crate::kit::{Answer, Kit};
use crate::shelf::Shelf;
use axum::body::Body;
use futures::future::ready;
use futures::stream::{self, StreamExt as _};
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::time::Duration;
use valetkey_app::tenancy::clients;
use valetkey_testkit::GatedBody;

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

fn to_shelf(shelf: &Shelf, verb: &str, path: &str, body: Body) -> Request<Body> {
    let request = Request::builder().method(verb).uri(path).header("authorization", shelf.kit.bearer());
    let request = request.header("content-type", "application/json");
    request.header("connection_name", "MY_SHELF").header("identifier", "ann").body(body).unwrap()
}

/// The beginning of a body is on its way to the app when the client is deleted; or all of it is still to come.
#[tokio::test]
async fn attack_82_what_is_still_being_sent_when_its_client_goes_reaches_the_app_no_more() {
    for beginning in [r#"{"title":""#.to_owned(), format!(r#"{{"title":"{}"#, "x".repeat(100_000))] {
        let shelf = Shelf::new().await;
        let gated = GatedBody::default();
        let held_back = beginning.len() < 100;
        let pieces = stream::once(ready(Ok(beginning.into()))).chain(gated.stream(r#""}"#));
        let request = to_shelf(&shelf, "POST", "/proxy/books", Body::from_stream(pieces));
        let meanwhile = async {
            gated.until_polled().await;
            clients::delete(&shelf.kit.app, &shelf.kit.ours.ctx, &shelf.kit.ours.id).await.unwrap();
            tokio::time::sleep(Duration::from_millis(150)).await;
            gated.release();
        };
        let (answer, ()) = tokio::join!(shelf.kit.send(request), meanwhile);
        assert_eq!(answer.status() == 401, held_back, "{answer:?}");
        assert!(!answer.status().is_success(), "{answer:?}");
        assert!(shelf.asked().is_empty());
    }
}

#[tokio::test]
async fn attack_82_an_answer_that_is_still_coming_when_its_client_goes_breaks_off() {
    let shelf = Shelf::new().await;
    let answer = shelf.kit.send(to_shelf(&shelf, "GET", "/proxy/endless", Body::empty())).await;
    assert_eq!(answer.status(), 200, "{answer:?}");
    let mut body = answer.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "once upon a time");
    clients::delete(&shelf.kit.app, &shelf.kit.ours.ctx, &shelf.kit.ours.id).await.unwrap();
    let rest = tokio::time::timeout(Duration::from_secs(10), body.frame()).await.expect("it goes on");
    assert!(rest.unwrap().is_err(), "somebody could take it for the whole");
}

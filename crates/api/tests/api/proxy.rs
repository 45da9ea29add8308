//! `/proxy`, which is not served yet: what is answered there is ours, and says so.

use crate::kit::Kit;
use serde_json::{Value, json};

#[tokio::test]
async fn every_answer_of_the_proxy_says_that_it_is_ours() {
    let kit = Kit::new().await;
    for path in ["/proxy", "/proxy/", "/proxy/gmail/v1/users/me/messages?a=1&a=2", "/proxy//a/%2e%2e/b"] {
        for verb in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"] {
            for (token, status, code) in [
                (None, 401, "UNAUTHENTICATED"),
                (Some("x"), 401, "UNAUTHENTICATED"),
                (Some(kit.ours.token.as_str()), 501, "UNIMPLEMENTED"),
            ] {
                let answer = kit.rest_as(token, verb, path, Value::Null).await;
                assert_eq!(
                    (answer.status.as_u16(), &answer.headers["content-type"]),
                    (status, &"application/json".parse().unwrap())
                );
                assert!(
                    answer.json["message"].as_str().unwrap().contains("Valetkey's own, no app was asked"),
                    "{answer:?}"
                );
                assert_eq!(answer.json["details"][0]["error_code"], json!(code), "{verb} {path}: {answer:?}");
            }
        }
    }
    let head = kit.rest("HEAD", "/proxy/x", Value::Null).await;
    assert_eq!(head.status, 501);
}

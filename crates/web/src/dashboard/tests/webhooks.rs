//! What waits for a webhook.

use super::{OWN, ask, signed_in};
use crate::tests::harness::site_at;
use http::Method;
use valetkey_domain::member::Role;

const WAITS: &str = "INSERT INTO webhook_queues (id, environment_id, webhook_id, account_id, behind, upto, attempts, next_at,
    last_error) SELECT 'q_1', environment_id, id, 'ca_1', 0, 1, 3, 60000, 'the receiver answered <b>500</b>' FROM webhooks";

#[tokio::test]
async fn what_waits_is_listed_with_why_and_a_pause_says_that_nothing_is_sent() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Developer).await;
    let post = async |path: &str, form: &str| {
        let path = format!("/dashboard/development/webhooks{path}");
        ask(&site, Method::POST, &path, Some(&cookie), Some(format!("token={token}&{form}"))).await
    };
    let made = post("/create", "url=https://example.com/hook&which=all").await.text;
    let id = format!("whk_{}", made.split("webhooks&#x2f;whk_").nth(1).unwrap().split(['&', '"']).next().unwrap());
    let mut tx = site.store.write().await.unwrap();
    assert_eq!(tx.run(WAITS, []).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let page = async || {
        ask(&site, Method::GET, &format!("/dashboard/development/webhooks/{id}"), Some(&cookie), None).await.text
    };
    let on = page().await;
    assert!(on.contains("events of 1 account; the next is sent at"), "{on}");
    let row = on.split("<code>ca_1</code>").nth(1).unwrap().split("</tr>").next().unwrap().to_owned();
    assert!(row.contains(">3</td>") && row.contains("1970-01-01 00:01") && row.contains("&lt;b&gt;500"), "{row}");
    post(&format!("/{id}/pause"), "").await;
    let paused = page().await;
    assert!(paused.contains("events of 1 account, until it is resumed") && !paused.contains("the next is sent at"));
    assert!(paused.contains("once it is resumed"));
}

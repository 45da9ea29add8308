//! Attack 83: what a client made with `--no-secrets` may do to a connection; and how connections are found by name.

use crate::kit::{Answer, Kit};
use http::StatusCode;
use serde_json::{Value, json};
use valetkey_app::tenancy::{clients, tokens};

/// The token of a client that lacks every scope.
async fn lacking(kit: &Kit) -> String {
    let issued = clients::create(&kit.app, &kit.ours.ctx, "no secrets", vec![]).await.unwrap();
    let token = tokens::token(&kit.app, issued.client.id.as_str(), &issued.secret).await.unwrap();
    token.access_token.expose().to_owned()
}

async fn connection(kit: &Kit, name: &str) -> String {
    let new = json!({ "provider_key": "GMAIL", "type": "OAUTH", "key_id": name });
    let made = kit.rest("POST", "/api/v1/connections", new).await;
    assert!(made.status.is_success(), "{made:?}");
    let id = made.json.pointer("/connection/id").and_then(Value::as_str).unwrap();
    format!("/api/v1/connections/{id}")
}

fn message(answer: &Answer) -> &str {
    answer.json["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn attack_83_a_client_without_the_right_to_tokens_moves_no_endpoint() {
    let kit = Kit::new().await;
    let token = lacking(&kit).await;
    let connection = connection(&kit, "MY_GMAIL").await;
    let before = kit.rest("GET", &connection, Value::Null).await.json;
    for (member, value) in [
        ("authorize_uri", json!("https://evil.example/authorize")),
        ("token_uri", json!("https://evil.example/token")),
        ("user_info_uri", json!("https://evil.example/who")),
        ("scopes", json!(["https://mail.google.com/"])),
    ] {
        let patch = json!({ "provider_key": "GMAIL", "oauth_config": { member: value } });
        let refused = kit.rest_as(Some(&token), "PATCH", &connection, patch).await;
        assert_eq!(
            (refused.status, &refused.json["code"]),
            (StatusCode::FORBIDDEN, &json!(7)),
            "{member}: {refused:?}"
        );
        let said = message(&refused);
        assert!(said.contains(member) && said.contains("accounts:secrets") && said.contains("MY_GMAIL"), "{said}");
    }
    assert_eq!(kit.rest("GET", &connection, Value::Null).await.json, before, "nothing of it was written");
    // Its own work goes on: what was read is sent back, with the OAuth client that was missing.
    let mut back = before["connection"]["oauth_config"].clone();
    back["client_id"] = json!("id");
    back["client_secret"] = json!("secret");
    let set =
        kit.rest_as(Some(&token), "PATCH", &connection, json!({ "provider_key": "GMAIL", "oauth_config": back })).await;
    assert_eq!((set.status, &set.json["connection"]["status"]), (StatusCode::OK, &json!("COMPLETED")), "{set:?}");
    let other = json!({ "provider_key": "GMAIL", "oauth_config": { "client_id": "another" } });
    let refused = kit.rest_as(Some(&token), "PATCH", &connection, other.clone()).await;
    assert!(refused.status == StatusCode::FORBIDDEN && message(&refused).contains("client_id"), "{refused:?}");
    // Who may read tokens may move them.
    assert_eq!(kit.rest("PATCH", &connection, other).await.status, StatusCode::OK);
    let moved = json!({ "provider_key": "GMAIL", "oauth_config": { "user_info_uri": "https://who.example/me" } });
    let moved = kit.rest("PATCH", &connection, moved).await;
    let shown = moved.json.pointer("/connection/oauth_config/user_info_uri").cloned();
    assert_eq!((moved.status, shown), (StatusCode::OK, Some(json!("https://who.example/me"))));
    assert_eq!(moved.json["connection"]["status"], json!("DRAFT"), "the client secret has to be given again");
}

#[tokio::test]
async fn connections_are_found_ignoring_case_and_a_list_names_one_that_is_there() {
    let kit = Kit::new().await;
    connection(&kit, "Gmail").await;
    let taken = json!({ "provider_key": "GMAIL", "type": "OAUTH", "key_id": "GMAIL" });
    assert_eq!(kit.rest("POST", "/api/v1/connections", taken).await.status, StatusCode::CONFLICT);
    let new = json!({ "connector": "GMAIL", "identifier": "ann", "connected_account": {} });
    let made = kit.rest("POST", "/api/v1/connected_accounts", new).await;
    assert_eq!(made.json.pointer("/connected_account/connector"), Some(&json!("Gmail")), "{made:?}");
    for name in ["Gmail", "gmail", "GMAIL"] {
        let one = format!("/api/v1/connected_accounts/details?connector={name}&identifier=ann");
        assert_eq!(kit.rest("GET", &one, Value::Null).await.status, StatusCode::OK, "{name}");
        let list = format!("/api/v1/connected_accounts?connector={name}");
        assert_eq!(kit.rest("GET", &list, Value::Null).await.json["total_size"], json!(1), "{name}");
    }
    for query in ["connector=gmial", "connection_names=gmail&connection_names=gmial"] {
        let list = format!("/api/v1/connected_accounts?{query}");
        let refused = kit.rest("GET", &list, Value::Null).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{query}: {refused:?}");
        assert!(message(&refused).contains("gmial") && message(&refused).contains("Gmail"), "{}", message(&refused));
    }
}

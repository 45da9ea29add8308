//! What a provider says of a refusal: in the journal whole, on the page as its words.

use super::*;
use serde_json::{Map, Value, json};
use valetkey_storage::journal;

/// The detail of the record of a consent's end.
async fn recorded(fixture: &Fixture, id: &AuthorizationId) -> Map<String, Value> {
    let mut tx = fixture.app.core.store.read().await.unwrap();
    let lines = journal::newest(&fixture.ctx, &mut tx, Some(id.as_str()), 10).await.unwrap();
    lines.into_iter().find(|line| line.action == "authorization.ended").unwrap().detail
}

#[tokio::test]
async fn an_authorization_endpoints_words_reach_page_and_journal() {
    let fixture = fixture(RULE).await;
    let token = fixture.link().await;
    let state = fixture.start(&token, "browser").await;
    let answer = Callback {
        error: Some("invalid_scope".into()),
        error_description: Some("No \"mail\"\r\n\u{1b}[31mfor you\u{202e}".to_owned()),
        error_uri: Some("https://provider.example/why".into()),
        ..answer_with(&state)
    };
    let id = callback(&fixture.app, &fixture.connection.id, answer, Some(&Secret::from("browser"))).await.unwrap();
    let shown = ended(&fixture, &id, "browser").await.unwrap();
    assert_eq!(shown.outcome, Outcome::Refused("invalid_scope".into()));
    assert_eq!(shown.words.as_deref(), Some("No 'mail' [31mfor you"));
    let wanted = json!({"outcome": "refused", "provider_code": "invalid_scope",
        "provider_says": "No 'mail' [31mfor you", "provider_uri": "https://provider.example/why"});
    assert_eq!(Value::from(recorded(&fixture, &id).await), wanted);
    fixture.clock.advance(Duration::from_secs(1));
    let state = fixture.start(&token, "browser").await;
    let answer = Callback {
        error: Some("server_error".into()),
        error_description: Some(format!("state was {state}")),
        ..answer_with(&state)
    };
    callback(&fixture.app, &fixture.connection.id, answer, Some(&Secret::from("browser"))).await.unwrap();
    assert!(!Value::from(recorded(&fixture, &id).await).to_string().contains(&state), "a secret comes back");
}

#[tokio::test]
async fn a_token_endpoints_words_reach_page_and_journal() {
    let fixture = fixture(RULE).await;
    for (status, body, outcome, words) in [
        (401, r#"{"error":"invalid_client","error_description":"Wrong secret"}"#, "refused", Some("Wrong secret")),
        (400, r#"{"error":"invalid_grant","error_description":"Code expired"}"#, "refused", Some("Code expired")),
        (403, r#"{"message":"Not from this address"}"#, "refused", Some("Not from this address")),
        (503, r#"{"message":"Down for repairs"}"#, "provider_failed", Some("Down for repairs")),
        (500, "", "provider_failed", None),
    ] {
        fixture.clock.advance(Duration::from_secs(1));
        fixture.provider.will(Reply::Answer(status, body.into()));
        let state = fixture.start(&fixture.link().await, "browser").await;
        let id = fixture.back(&state, "browser").await.unwrap();
        let shown = ended(&fixture, &id, "browser").await.unwrap();
        assert_eq!((shown.outcome.as_str(), shown.words.as_deref()), (outcome, words), "{body}");
        let detail = recorded(&fixture, &id).await;
        assert_eq!(detail.get("provider_says").and_then(Value::as_str), words, "{detail:?}");
    }
}

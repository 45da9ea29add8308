//! What was granted is not lost: neither by a database that is gone for a while, nor by a second consent.

use super::*;
use serde_json::Value;
use valetkey_storage::journal;

const WITHOUT: &str = r#"{"access_token":"at-2","expires_in":3600,"scope":"read write"}"#;

async fn rename(there: &There, sql: &'static str) {
    let mut tx = there.app.core.store.write().await.unwrap();
    tx.run(sql, []).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_outlives_a_database_that_is_gone_for_a_while() {
    let there = there(RULE).await;
    let state = there.start(&there.link().await, "browser").await;
    there.provider.will(Says::Slowly(Duration::from_millis(500), HOUR.to_owned()));
    let ((), back) = tokio::join!(
        async {
            until(async || !there.provider.asked("/token").is_empty()).await;
            rename(&there, "ALTER TABLE authorizations RENAME TO gone").await;
            tokio::time::sleep(Duration::from_secs(4)).await;
            rename(&there, "ALTER TABLE gone RENAME TO authorizations").await;
        },
        there.back(&state, "browser")
    );
    let id = back.unwrap();
    assert_eq!(ended(&there, &id, "browser").await.unwrap().outcome, Outcome::Connected);
    assert_eq!(there.token(None).await.unwrap().0, "at-1");
}

/// What the journal says of the account's last connection.
async fn connected(there: &There) -> Value {
    let mut tx = there.app.core.store.read().await.unwrap();
    let lines = journal::newest(&there.ctx, &mut tx, Some(there.account.id.as_str()), 20).await.unwrap();
    lines.into_iter().find(|line| line.action == "account.connected").unwrap().detail.into()
}

#[tokio::test]
async fn a_second_consent_without_a_refresh_token_keeps_the_first_one() {
    let there = there(RULE).await;
    there.sign_in(HOUR).await;
    assert!(connected(&there).await.get("refresh_token").is_none());
    there.clock.advance(Duration::from_secs(1));
    assert_eq!(there.sign_in(WITHOUT).await, Outcome::Connected);
    assert!(there.now().await.credential.unwrap().refreshable);
    assert!(connected(&there).await["refresh_token"].as_str().unwrap().starts_with("kept"));
    there.clock.advance(minutes(61));
    there.provider.gives(r#"{"access_token":"at-3","expires_in":3600}"#);
    assert_eq!(there.token(None).await.unwrap().0, "at-3");
    assert!(there.provider.asked("/token").last().unwrap().contains("refresh_token=rt-1"));
}

#[tokio::test]
async fn a_refresh_token_of_somebody_else_or_of_an_account_that_ended_is_not_kept() {
    let there = there(RULE).await;
    there.sign_in(HOUR).await;
    there.provider.signs_in("mallory@p");
    there.provider.gives(WITHOUT);
    let state = there.start(&there.link().await, "browser").await;
    let id = there.back(&state, "browser").await.unwrap();
    replace(&there.app, &id, Some(&Secret::from("browser")), false).await.unwrap();
    assert!(!there.now().await.credential.unwrap().refreshable);
    there.sign_in(HOUR).await;
    there.clock.advance(minutes(61));
    there.provider.will(Says::Answer(400, r#"{"error":"invalid_grant"}"#.into()));
    there.token(None).await.unwrap_err();
    assert_eq!(there.sign_in(WITHOUT).await, Outcome::Connected);
    assert!(!there.now().await.credential.unwrap().refreshable);
}

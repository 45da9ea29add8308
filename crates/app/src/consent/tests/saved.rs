//! What was granted is not lost: neither by a database that is gone for a while, nor by a second consent.

use super::*;
use crate::fixture::fixture_on;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use valetkey_storage::{Location, journal};
use valetkey_testkit::LossyPostgres;

const WITHOUT: &str = r#"{"access_token":"at-2","expires_in":3600,"scope":"read write"}"#;

async fn rename(fixture: &Fixture, sql: &'static str) {
    let mut tx = fixture.app.core.store.write().await.unwrap();
    tx.run(sql, []).await.unwrap();
    tx.commit().await.unwrap();
}

/// How many statements the database has refused.
fn failed_in(fixture: &Fixture) -> usize {
    let (mut metrics, mut text) = (Registry::default(), String::new());
    fixture.app.register(&mut metrics);
    prometheus_client::encoding::text::encode(&mut text, &metrics).unwrap();
    let counts = text.lines().filter(|line| line.starts_with("database_errors_total{"));
    counts.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_outlives_a_database_that_is_gone_for_a_while() {
    let fixture = fixture(RULE).await;
    let state = fixture.start(&fixture.link().await, "browser").await;
    fixture.provider.will(Reply::Slowly(Duration::from_millis(500), HOUR.to_owned()));
    let before = failed_in(&fixture);
    let ((), back) = tokio::join!(
        async {
            until(async || !fixture.provider.asked("/token").is_empty()).await;
            rename(&fixture, "ALTER TABLE authorizations RENAME TO gone").await;
            // Until it has been tried for longer than two seconds, with ever longer pauses.
            until(async || failed_in(&fixture) >= before + 5).await;
            rename(&fixture, "ALTER TABLE gone RENAME TO authorizations").await;
        },
        fixture.back(&state, "browser")
    );
    let id = back.unwrap();
    assert_eq!(ended(&fixture, &id, "browser").await.unwrap().outcome, Outcome::Connected);
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
}

/// The database has done what it was asked, and goes away before it says so.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn what_a_provider_gave_is_saved_once_although_the_answer_to_its_commit_was_lost() {
    let way = LossyPostgres::to(&valetkey_testkit::only_on_postgres());
    let fixture = fixture_on(Location::from(way.url()), RULE).await;
    let tokens =
        |n: u8| json!({ "access_token": format!("at-{n}"), "refresh_token": format!("rt-{n}"), "expires_in": 3600 });
    let (mut asked, mut lost) = (0, 0);
    let mut lose_once_asked = async || {
        asked += 1;
        until(async || fixture.provider.asked("/token").len() == asked).await;
        way.lose_the_next_commit();
    };
    for (who, outcome) in [("ann@p", "connected"), ("bob@p", "other_account")] {
        fixture.provider.signs_in(who);
        fixture.provider.will(Reply::Slowly(Duration::from_millis(500), tokens(1).to_string()));
        let state = fixture.start(&fixture.link().await, "browser").await;
        let (back, ()) = tokio::join!(fixture.back(&state, "browser"), lose_once_asked());
        let report = ended(&fixture, &back.unwrap(), "browser").await.unwrap();
        lost += 1;
        assert_eq!((report.outcome.as_str(), way.lost()), (outcome, lost));
    }
    fixture.clock.advance(minutes(60));
    fixture.provider.will(Reply::Slowly(Duration::from_millis(500), tokens(2).to_string()));
    let (token, ()) = tokio::join!(fixture.token(None), lose_once_asked());
    assert_eq!((token.unwrap().0.as_str(), way.lost()), ("at-2", lost + 1));
    let told =
        journal::newest(&fixture.ctx, &mut fixture.app.core.store.read().await.unwrap(), None, 100).await.unwrap();
    let times = |action: &str| told.iter().filter(|line| line.action == action).count();
    assert_eq!((times("authorization.ended"), times("account.refreshed")), (2, 1));
    assert_eq!((times("authorization.thrown_away"), times("account.refreshed_late")), (0, 0));
    assert!(fixture.provider.asked("/revoke").is_empty());
}

/// What the journal says of the account's last connection.
async fn connected(fixture: &Fixture) -> Value {
    let mut tx = fixture.app.core.store.read().await.unwrap();
    let lines = journal::newest(&fixture.ctx, &mut tx, Some(fixture.account.id.as_str()), 20).await.unwrap();
    lines.into_iter().find(|line| line.action == "account.connected").unwrap().detail.into()
}

#[tokio::test]
async fn a_second_consent_without_a_refresh_token_keeps_the_first_one() {
    let fixture = fixture(RULE).await;
    fixture.sign_in(HOUR).await;
    assert!(connected(&fixture).await.get("refresh_token").is_none());
    fixture.clock.advance(Duration::from_secs(1));
    assert_eq!(fixture.sign_in(WITHOUT).await, Outcome::Connected);
    assert!(fixture.now().await.credential.unwrap().refreshable);
    assert!(connected(&fixture).await["refresh_token"].as_str().unwrap().starts_with("kept"));
    fixture.clock.advance(minutes(61));
    fixture.provider.gives(r#"{"access_token":"at-3","expires_in":3600}"#);
    assert_eq!(fixture.token(None).await.unwrap().0, "at-3");
    assert!(fixture.provider.asked("/token").last().unwrap().contains("refresh_token=rt-1"));
}

#[tokio::test]
async fn a_refresh_token_of_somebody_else_or_of_an_account_that_ended_is_not_kept() {
    let fixture = fixture(RULE).await;
    fixture.sign_in(HOUR).await;
    fixture.provider.signs_in("mallory@p");
    fixture.provider.gives(WITHOUT);
    let state = fixture.start(&fixture.link().await, "browser").await;
    let id = fixture.back(&state, "browser").await.unwrap();
    replace(&fixture.app, &id, Some(&Secret::from("browser")), false).await.unwrap();
    assert!(!fixture.now().await.credential.unwrap().refreshable);
    fixture.sign_in(HOUR).await;
    fixture.clock.advance(minutes(61));
    fixture.provider.will(Reply::Answer(400, r#"{"error":"invalid_grant"}"#.into()));
    fixture.token(None).await.unwrap_err();
    assert_eq!(fixture.sign_in(WITHOUT).await, Outcome::Connected);
    assert!(!fixture.now().await.credential.unwrap().refreshable);
}

//! Against a provider that refuses and says nothing that ends an account.

use super::{SECOND, STATIC, Unusable, minutes, refreshes, signed_in};
use crate::connections;
use crate::fixture::{Fixture, HOUR, Reply};
use std::time::Duration;
use valetkey_domain::Secret;
use valetkey_domain::account::Status;
use valetkey_storage::journal as records;

/// Refusals of one kind: none ends an account, and who reads them can't tell a dead grant from a wrong client.
const KINDS: [(u16, &str, &str); 8] = [
    (400, "", "answered 400 without saying why"),
    (401, "", "answered 401 without saying why"),
    (403, "<html><body>Forbidden</body></html>", "answered 403 without saying why"),
    (400, r#"{"message":"no such token, evil words"}"#, "answered 400 without saying why"),
    (404, "not here", "answered 404 without saying why"),
    (401, r#"{"error":"invalid_client","error_description":"evil words"}"#, "refused (invalid_client)"),
    (400, r#"{"error":"unauthorized_client"}"#, "refused (unauthorized_client)"),
    (400, r#"{"error":"invalid_request","error_description":"evil words"}"#, "refused (invalid_request)"),
];

fn says(fixture: &Fixture, (status, body, _): (u16, &str, &str), times: usize) {
    for _ in 0..times {
        fixture.provider.will(Reply::Answer(status, body.to_owned()));
    }
}

async fn refused(fixture: &Fixture) -> String {
    match fixture.token(None).await {
        Err(Unusable::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// An account whose access token has ended, and whose provider refuses in this way, always.
async fn dead(kind: (u16, &str, &str)) -> Fixture {
    let fixture = signed_in(STATIC, HOUR).await;
    fixture.clock.advance(minutes(60));
    says(&fixture, kind, 20);
    fixture
}

#[tokio::test]
async fn a_refusal_that_ends_nothing_is_told_kept_and_not_asked_for_at_every_call() {
    for kind in KINDS {
        let fixture = dead(kind).await;
        for _ in 0..10 {
            let why = refused(&fixture).await;
            assert!(why.contains(kind.2) && !why.contains("evil"), "{why}");
            fixture.clock.advance(Duration::from_secs(2));
        }
        assert_eq!(refreshes(&fixture).len(), 1, "{kind:?}");
        let now = fixture.now().await;
        assert_eq!(now.status, Status::Active);
        assert!(now.refusal.unwrap().words.contains(kind.2), "its state says so");
    }
}

#[tokio::test]
async fn the_pause_grows_and_ends_at_an_hour() {
    let fixture = dead(KINDS[0]).await;
    let mut sent = 0;
    for pause in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
        refused(&fixture).await;
        sent += 1;
        assert_eq!(refreshes(&fixture).len(), sent);
        fixture.clock.advance(Duration::from_secs(pause - 1));
        refused(&fixture).await;
        assert_eq!(refreshes(&fixture).len(), sent, "{pause}");
        fixture.clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn what_succeeds_after_a_pause_ends_it() {
    let fixture = dead(KINDS[1]).await;
    refused(&fixture).await;
    let said = fixture.now().await.refusal.unwrap();
    assert_eq!((said.times, said.words.as_str()), (1, "the sign-in service answered 401 without saying why"));
    fixture.provider.instead(&[SECOND]);
    fixture.clock.advance(Duration::from_secs(30));
    assert_eq!(fixture.token(None).await.unwrap().0, "at-2");
    assert_eq!(fixture.now().await.refusal, None);
}

#[tokio::test]
async fn a_new_consent_ends_the_pause_at_once() {
    let fixture = dead(KINDS[0]).await;
    refused(&fixture).await;
    fixture.provider.instead(&[]);
    fixture.sign_in(SECOND).await;
    assert_eq!(fixture.token(None).await.unwrap().0, "at-2");
    assert_eq!(fixture.now().await.refusal, None);
}

#[tokio::test]
async fn a_new_client_secret_ends_the_pause_at_once() {
    let mut fixture = dead(KINDS[5]).await;
    refused(&fixture).await;
    let change = connections::Change { client_secret: Some(Secret::from("another")), ..connections::Change::default() };
    fixture.connection = connections::update(&fixture.app, &fixture.ctx, &fixture.connection, change).await.unwrap();
    fixture.provider.instead(&[SECOND]);
    assert_eq!(fixture.token(None).await.unwrap().0, "at-2");
}

#[tokio::test]
async fn a_token_that_lives_serves_meanwhile() {
    let fixture = signed_in(STATIC, HOUR).await;
    fixture.clock.advance(minutes(60) - Duration::from_secs(40));
    says(&fixture, KINDS[0], 5);
    for _ in 0..5 {
        assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
    }
    assert_eq!(refreshes(&fixture).len(), 1);
    assert!(fixture.now().await.refusal.is_some());
    let refused = fixture.token(Some(1)).await;
    assert!(matches!(refused, Err(Unusable::Refused(_))), "nor one that the app refuses");
    assert_eq!(refreshes(&fixture).len(), 1);
}

#[tokio::test]
async fn who_asks_to_wait_is_waited_for_without_a_link() {
    let fixture = dead((429, "", "")).await;
    for _ in 0..5 {
        let later = fixture.token(None).await;
        assert!(matches!(&later, Err(Unusable::Later(why)) if why.contains("no more requests for now")), "{later:?}");
    }
    assert_eq!(refreshes(&fixture).len(), 1);
    fixture.clock.advance(Duration::from_secs(30));
    assert!(fixture.token(None).await.is_err());
    assert_eq!(refreshes(&fixture).len(), 2, "no pause that grows");
    fixture.clock.advance(Duration::from_secs(30));
    fixture.provider.instead(&[SECOND]);
    assert_eq!(fixture.token(None).await.unwrap().0, "at-2");
}

#[tokio::test]
async fn what_the_provider_says_is_in_the_journal_and_marked_as_its_own() {
    let fixture = dead(KINDS[3]).await;
    refused(&fixture).await;
    let mut tx = fixture.app.core.store.read().await.unwrap();
    let line = records::last_refresh(&fixture.ctx, &mut tx, &fixture.account.id).await.unwrap().unwrap();
    assert_eq!(line.action, "account.refresh_failed");
    let detail = serde_json::to_value(&line.detail).unwrap();
    assert!(detail["said"].as_str().unwrap().contains("evil words"), "{detail}");
    assert!(
        detail["why"].as_str().unwrap().contains("status 400") && !detail["why"].as_str().unwrap().contains("evil")
    );
}

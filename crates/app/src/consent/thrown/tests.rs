//! Grants that nobody holds.

use crate::accounts::{self, Which};
use crate::consent::{Outcome, outcome, replace};
use crate::insight::audit;
use crate::provider::{HOUR, Says, There, there, until};
use crate::upkeep::housekeeping;
use std::time::Duration;
use valetkey_domain::Secret;
use valetkey_domain::id::AuthorizationId;

const RULE: &str = "{rotates: true}";
const MALLORYS: &str = r#"{"access_token":"at-m","refresh_token":"rt-m","expires_in":3600,"scope":"read write"}"#;

/// Ann's account, and somebody else has just signed in to it.
async fn swapped() -> (There, AuthorizationId) {
    let there = there(RULE).await;
    there.sign_in(HOUR).await;
    there.provider.signs_in("mallory@p");
    there.provider.gives(MALLORYS);
    let state = there.start(&there.link().await, "browser").await;
    let id = there.back(&state, "browser").await.unwrap();
    (there, id)
}

async fn revoked(there: &There, tokens: &[&str]) {
    let bodies: Vec<String> = tokens.iter().map(|token| format!(" token={token}")).collect();
    until(async || there.provider.asked("/revoke") == bodies).await;
    // And what becomes of it is saved.
    let left = "SELECT count(*) AS n FROM revocations";
    until(async || {
        let mut tx = there.app.core.store.read().await.unwrap();
        tx.one(left, []).await.unwrap().unwrap().integer("n").unwrap() == 0
    })
    .await;
    assert_eq!(there.provider.asked("/revoke"), bodies);
}

async fn told(there: &There, why: &str) -> usize {
    let lines = audit::newest(&there.app, &there.ctx, None, 1_000).await.unwrap();
    let thrown = lines.iter().filter(|line| line.action == "authorization.thrown_away");
    thrown.filter(|line| line.detail.get("why").is_some_and(|word| word == why)).count()
}

#[tokio::test]
async fn of_two_peoples_tokens_those_that_are_not_chosen_are_revoked() {
    for (keep, thrown, kept) in [(true, "rt-m", "at-1"), (false, "rt-1", "at-m")] {
        let (there, id) = swapped().await;
        assert!(there.provider.asked("/revoke").is_empty(), "nothing ends before it is said");
        replace(&there.app, &id, Some(&Secret::from("browser")), keep).await.unwrap();
        revoked(&there, &[thrown]).await;
        assert_eq!(there.token(None).await.unwrap().0, kept);
    }
}

#[tokio::test]
async fn of_which_nobody_says_a_word_is_revoked_when_the_time_is_over() {
    let (there, _) = swapped().await;
    housekeeping::tidy(&there.app).await.unwrap();
    there.clock.advance(Duration::from_secs(9 * 60));
    housekeeping::tidy(&there.app).await.unwrap();
    assert!(there.provider.asked("/revoke").is_empty(), "they may still be chosen");
    // A new link for the same account does not forget them.
    there.clock.advance(Duration::from_secs(2 * 60));
    there.link().await;
    housekeeping::tidy(&there.app).await.unwrap();
    revoked(&there, &["rt-m"]).await;
    assert_eq!((told(&there, "no_answer").await, housekeeping::tidy(&there.app).await.unwrap()), (1, 0));
}

#[tokio::test]
async fn with_the_account_goes_what_waits_for_a_word_about_it() {
    let (there, _) = swapped().await;
    accounts::delete(&there.app, &there.ctx, &Which::Id(there.account.id.clone())).await.unwrap();
    until(async || there.provider.asked("/revoke").len() == 2).await;
    let mut asked = there.provider.asked("/revoke");
    asked.sort();
    assert_eq!(asked, [" token=rt-1", " token=rt-m"]);
}

#[tokio::test]
async fn a_second_consent_of_the_same_person_ends_nothing() {
    let there = there(RULE).await;
    there.sign_in(HOUR).await;
    there.sign_in(&HOUR.replace("rt-1", "rt-2")).await;
    housekeeping::tidy(&there.app).await.unwrap();
    assert!(there.provider.asked("/revoke").is_empty(), "both may be one grant");
}

#[tokio::test]
async fn an_answer_that_comes_after_the_account_is_deleted_is_revoked() {
    let there = there(RULE).await;
    let state = there.start(&there.link().await, "browser").await;
    there.provider.will(Says::Slowly(Duration::from_millis(300), HOUR.to_owned()));
    let ((), _) = tokio::join!(
        async {
            until(async || !there.provider.asked("/token").is_empty()).await;
            accounts::delete(&there.app, &there.ctx, &Which::Id(there.account.id.clone())).await.unwrap();
        },
        there.back(&state, "browser")
    );
    revoked(&there, &["rt-1"]).await;
    assert_eq!(told(&there, "account_deleted").await, 1);
}

#[tokio::test]
async fn an_answer_to_a_link_that_was_started_again_meanwhile_is_revoked() {
    let there = there(RULE).await;
    let link = there.link().await;
    let state = there.start(&link, "browser").await;
    there.provider.will(Says::Slowly(Duration::from_millis(300), HOUR.to_owned()));
    let ((), _) = tokio::join!(
        async {
            until(async || !there.provider.asked("/token").is_empty()).await;
            there.clock.advance(Duration::from_secs(10 * 60));
            assert_eq!(crate::upkeep::recovery::overdue(&there.app).await.unwrap(), 1, "it counts as cut off");
            there.start(&link, "browser").await;
        },
        there.back(&state, "browser")
    );
    revoked(&there, &["rt-1"]).await;
    assert_eq!(told(&there, "ended_meanwhile").await, 1);
    assert!(there.now().await.credential.is_none());
}

/// An ID token for another client: nobody here may take what came with it.
const OTHERS: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwiYXVkIjoic29tZWJvZHktZWxzZSJ9.c2ln";

#[tokio::test]
async fn tokens_whose_id_token_is_for_somebody_else_are_revoked_if_nothing_lives_there() {
    let there = there(RULE).await;
    let contradicted = HOUR.replacen('{', &format!(r#"{{"id_token":"{OTHERS}","#), 1);
    assert_eq!(there.sign_in(&contradicted).await, Outcome::Refused("id_token_audience_mismatch".into()));
    revoked(&there, &["rt-1"]).await;
    there.sign_in(HOUR).await;
    assert!(matches!(there.sign_in(&contradicted).await, Outcome::Refused(_)));
    revoked(&there, &["rt-1"]).await;
    assert_eq!(there.token(None).await.unwrap().0, "at-1", "nobody knows whether it lives on the same grant");
    assert_eq!(told(&there, "id_token_audience_mismatch").await, 2);
}

#[tokio::test]
async fn a_choice_that_is_made_twice_revokes_once() {
    let (there, id) = swapped().await;
    let browser = Secret::from("browser");
    let choose = || replace(&there.app, &id, Some(&browser), true);
    let (one, other) = tokio::join!(choose(), choose());
    assert!(one.is_ok() || other.is_ok());
    revoked(&there, &["rt-m"]).await;
    assert!(outcome(&there.app, &id, Some(&browser)).await.is_ok());
}

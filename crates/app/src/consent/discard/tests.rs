//! Grants that nobody holds.

use super::unsaved;
use crate::accounts::{self, AccountRef};
use crate::consent::link::Consent;
use crate::consent::{Outcome, outcome, replace};
use crate::credentials::sealed::Plain;
use crate::fixture::{Fixture, HOUR, Reply, fixture, revoke_due, until};
use crate::insight::audit;
use crate::upkeep::housekeeping;
use serde_json::Map;
use std::time::Duration;
use valetkey_domain::Secret;
use valetkey_domain::id::AuthorizationId;

const RULE: &str = "{rotates: true}";
const MALLORYS: &str = r#"{"access_token":"at-m","refresh_token":"rt-m","expires_in":3600,"scope":"read write"}"#;

/// Ann's account, and somebody else has just signed in to it.
async fn swapped() -> (Fixture, AuthorizationId) {
    let fixture = fixture(RULE).await;
    fixture.sign_in(HOUR).await;
    fixture.provider.signs_in("mallory@p");
    fixture.provider.gives(MALLORYS);
    let state = fixture.start(&fixture.link().await, "browser").await;
    let id = fixture.back(&state, "browser").await.unwrap();
    (fixture, id)
}

async fn revoked(fixture: &Fixture, tokens: &[&str]) {
    let bodies: Vec<String> = tokens.iter().map(|token| format!(" token={token}")).collect();
    until(async || fixture.provider.asked("/revoke") == bodies).await;
    // And what becomes of it is saved.
    let left = "SELECT count(*) AS n FROM revocations";
    until(async || {
        let mut tx = fixture.app.core.store.read().await.unwrap();
        tx.one(left, []).await.unwrap().unwrap().integer("n").unwrap() == 0
    })
    .await;
    assert_eq!(fixture.provider.asked("/revoke"), bodies);
}

async fn told(fixture: &Fixture, why: &str) -> usize {
    let lines = audit::newest(&fixture.app, &fixture.ctx, None, 1_000).await.unwrap();
    let thrown = lines.iter().filter(|line| line.action == "authorization.thrown_away");
    thrown.filter(|line| line.detail.get("why").is_some_and(|word| word == why)).count()
}

#[tokio::test]
async fn of_two_peoples_tokens_those_that_are_not_chosen_are_revoked() {
    for (keep, thrown, kept) in [(true, "rt-m", "at-1"), (false, "rt-1", "at-m")] {
        let (fixture, id) = swapped().await;
        assert!(fixture.provider.asked("/revoke").is_empty(), "nothing ends before it is said");
        replace(&fixture.app, &id, Some(&Secret::from("browser")), keep).await.unwrap();
        revoked(&fixture, &[thrown]).await;
        assert_eq!(fixture.token(None).await.unwrap().0, kept);
    }
}

#[tokio::test]
async fn of_which_nobody_says_a_word_is_revoked_when_the_time_is_over() {
    let (fixture, _) = swapped().await;
    housekeeping::tidy(&fixture.app).await.unwrap();
    fixture.clock.advance(Duration::from_secs(9 * 60));
    housekeeping::tidy(&fixture.app).await.unwrap();
    assert!(fixture.provider.asked("/revoke").is_empty(), "they may still be chosen");
    // A new link for the same account does not forget them.
    fixture.clock.advance(Duration::from_secs(2 * 60));
    fixture.link().await;
    housekeeping::tidy(&fixture.app).await.unwrap();
    revoked(&fixture, &["rt-m"]).await;
    assert_eq!((told(&fixture, "no_answer").await, housekeeping::tidy(&fixture.app).await.unwrap()), (1, 0));
}

/// A sign-in that is answered when its account is gone, and what the provider says when it shall revoke that.
async fn late(revoked: Reply) -> Fixture {
    let fixture = fixture(RULE).await;
    let state = fixture.start(&fixture.link().await, "browser").await;
    fixture.provider.will(Reply::Slowly(Duration::from_millis(300), HOUR.to_owned()));
    fixture.provider.will_revoke(revoked);
    let ((), _) = tokio::join!(
        async {
            until(async || !fixture.provider.asked("/token").is_empty()).await;
            accounts::delete(&fixture.app, &fixture.ctx, &AccountRef::Id(fixture.account.id.clone())).await.unwrap();
        },
        fixture.back(&state, "browser")
    );
    fixture
}

/// What is to be revoked is saved before it is asked for, whichever way it came to nobody: a provider that fails, or a
/// process that dies, is no end of it.
#[tokio::test]
async fn what_the_provider_does_not_take_back_at_first_is_tried_again() {
    let refused = || Reply::Answer(503, String::new());
    for (way, token) in
        [("kept", "rt-m"), ("replaced", "rt-1"), ("no answer", "rt-m"), ("given", "rt-m"), ("late", "rt-1")]
    {
        let fixture = if way == "late" {
            late(refused()).await
        } else {
            let (fixture, id) = swapped().await;
            fixture.provider.will_revoke(refused());
            let (app, browser) = (&fixture.app, Secret::from("browser"));
            if way == "no answer" {
                fixture.clock.advance(Duration::from_secs(11 * 60));
                housekeeping::tidy(app).await.unwrap();
            } else if way == "given" {
                fixture.provider.signs_in("ann@p");
                let (access_token, refresh_token) = (Secret::from("at-app"), None);
                let given = accounts::ImportedCredential::Tokens { access_token, refresh_token, scopes: vec![] };
                let which = AccountRef::Id(fixture.account.id.clone());
                accounts::update(app, &fixture.ctx, &which, Some(given), Map::new()).await.unwrap();
            } else {
                replace(app, &id, Some(&browser), way == "kept").await.unwrap();
            }
            fixture
        };
        let failed = async || {
            let lines = audit::newest(&fixture.app, &fixture.ctx, None, 1_000).await.unwrap();
            lines.iter().any(|line| line.action == "account.revocation_failed")
        };
        until(failed).await;
        let tried = fixture.provider.asked("/revoke").len();
        fixture.clock.advance(Duration::from_secs(11));
        revoke_due(&fixture.app).await;
        let asked = fixture.provider.asked("/revoke");
        assert!(asked.len() > tried, "{way}: {asked:?}");
        assert_eq!(asked.last().unwrap(), &format!(" token={token}"), "{way}");
    }
}

#[tokio::test]
async fn with_the_account_goes_what_waits_for_a_word_about_it() {
    let (fixture, _) = swapped().await;
    accounts::delete(&fixture.app, &fixture.ctx, &AccountRef::Id(fixture.account.id.clone())).await.unwrap();
    until(async || fixture.provider.asked("/revoke").len() == 2).await;
    let mut asked = fixture.provider.asked("/revoke");
    asked.sort();
    assert_eq!(asked, [" token=rt-1", " token=rt-m"]);
}

#[tokio::test]
async fn a_second_consent_of_the_same_person_ends_nothing() {
    let fixture = fixture(RULE).await;
    fixture.sign_in(HOUR).await;
    fixture.sign_in(&HOUR.replace("rt-1", "rt-2")).await;
    housekeeping::tidy(&fixture.app).await.unwrap();
    assert!(fixture.provider.asked("/revoke").is_empty(), "both may be one grant");
}

#[tokio::test]
async fn an_answer_that_comes_after_the_account_is_deleted_is_revoked() {
    let fixture = late(Reply::Answer(200, "{}".to_owned())).await;
    revoked(&fixture, &["rt-1"]).await;
    assert_eq!(told(&fixture, "account_deleted").await, 1);
}

#[tokio::test]
async fn an_answer_to_a_link_that_was_started_again_meanwhile_is_revoked() {
    let fixture = fixture(RULE).await;
    let link = fixture.link().await;
    let state = fixture.start(&link, "browser").await;
    fixture.provider.will(Reply::Slowly(Duration::from_millis(300), HOUR.to_owned()));
    let ((), _) = tokio::join!(
        async {
            until(async || !fixture.provider.asked("/token").is_empty()).await;
            fixture.clock.advance(Duration::from_secs(10 * 60));
            assert_eq!(crate::upkeep::recovery::overdue(&fixture.app).await.unwrap(), 1, "it counts as cut off");
            fixture.start(&link, "browser").await;
        },
        fixture.back(&state, "browser")
    );
    revoked(&fixture, &["rt-1"]).await;
    assert_eq!(told(&fixture, "ended_meanwhile").await, 1);
    assert!(fixture.now().await.credential.is_none());
}

/// An ID token for another client: nobody here may take what came with it.
const OTHERS: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwiYXVkIjoic29tZWJvZHktZWxzZSJ9.c2ln";

#[tokio::test]
async fn tokens_whose_id_token_is_for_somebody_else_are_revoked_if_nothing_lives_there() {
    let fixture = fixture(RULE).await;
    let contradicted = HOUR.replacen('{', &format!(r#"{{"id_token":"{OTHERS}","#), 1);
    assert_eq!(fixture.sign_in(&contradicted).await, Outcome::Refused("id_token_audience_mismatch".into()));
    revoked(&fixture, &["rt-1"]).await;
    fixture.sign_in(HOUR).await;
    assert!(matches!(fixture.sign_in(&contradicted).await, Outcome::Refused(_)));
    revoked(&fixture, &["rt-1"]).await;
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1", "nobody knows whether it lives on the same grant");
    assert_eq!(told(&fixture, "id_token_audience_mismatch").await, 2);
}

#[tokio::test]
async fn a_choice_that_is_made_twice_revokes_once() {
    let (fixture, id) = swapped().await;
    let browser = Secret::from("browser");
    let choose = || replace(&fixture.app, &id, Some(&browser), true);
    let (one, other) = tokio::join!(choose(), choose());
    assert!(one.is_ok() || other.is_ok());
    revoked(&fixture, &["rt-m"]).await;
    assert!(outcome(&fixture.app, &id, Some(&browser)).await.is_ok());
}

async fn rename(fixture: &Fixture, sql: &'static str) {
    let mut tx = fixture.app.core.store.write().await.unwrap();
    tx.run(sql, []).await.unwrap();
    tx.commit().await.unwrap();
}

/// What is known of a consent whose button was pressed.
async fn consent(fixture: &Fixture) -> Consent {
    let state = fixture.start(&fixture.link().await, "browser").await;
    let hash = valetkey_vault::sha256(state.as_bytes());
    let mut tx = fixture.app.core.store.read().await.unwrap();
    let (_, id) = valetkey_storage::doors::authorization_by_state(&mut tx, &hash).await.unwrap().unwrap();
    drop(tx);
    Consent::load(&fixture.app, fixture.ctx.clone(), &id).await.unwrap()
}

#[tokio::test]
async fn tokens_of_which_nothing_can_be_saved_are_revoked_unless_the_account_held_others() {
    let fixture = fixture(RULE).await;
    let plain = || Plain::tokens(Secret::from("at-9"), Some(Secret::from("rt-9")));
    let first = consent(&fixture).await;
    rename(&fixture, "ALTER TABLE revocations RENAME TO gone").await;
    unsaved(&fixture.app, &first, None, &plain()).await;
    assert_eq!(fixture.provider.asked("/revoke"), [" token=rt-9"], "no row could be written");
    rename(&fixture, "ALTER TABLE gone RENAME TO revocations").await;
    fixture.sign_in(HOUR).await;
    let again = consent(&fixture).await;
    rename(&fixture, "ALTER TABLE revocations RENAME TO gone").await;
    unsaved(&fixture.app, &again, None, &plain()).await;
    assert_eq!(fixture.provider.asked("/revoke").len(), 1, "the account may live on the same grant");
    rename(&fixture, "ALTER TABLE gone RENAME TO revocations").await;
    unsaved(&fixture.app, &again, Some("id of somebody else"), &plain()).await;
    revoked(&fixture, &["rt-9", "rt-9"]).await;
    assert_eq!(told(&fixture, "not_saved").await, 1, "what can be saved is queued as ever");
}

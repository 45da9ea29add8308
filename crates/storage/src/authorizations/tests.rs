//! Every step of a consent is a compare-and-set.

use super::*;
use crate::accounts;
use crate::fixture::{self, TwoEnvironments};
use std::time::Duration;
use valetkey_domain::Sealed;
use valetkey_domain::authorization::Stage;

const STATE: [u8; 32] = [2; 32];

fn minutes(n: u64) -> Timestamp {
    fixture::now() + Duration::from_secs(n * 60)
}

fn begun(state: [u8; 32]) -> Started {
    let redirect_uri = "http://localhost/callback".to_owned();
    Started { browser: [1; 32], state, verifier: Sealed(vec![7]), redirect_uri, expires_at: minutes(10) }
}

/// An authorization whose link opens for fifteen minutes.
async fn db() -> (TwoEnvironments, Tx, Authorization) {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    let (connection, ..) = fixture::chain(&db.ours, &mut tx).await;
    let account = fixture::account(&db.ours, "1", "ann");
    accounts::insert(&db.ours, &mut tx, &account).await.unwrap();
    let authorization = Authorization {
        id: AuthorizationId::parse("auth_1").unwrap(),
        environment: db.ours.environment.clone(),
        connection: connection.id,
        account: account.id,
        stage: Stage::Linked,
        asked: None,
        verify: None,
        link_expires_at: minutes(15),
        created_at: fixture::now(),
    };
    insert(&db.ours, &mut tx, &authorization, &[9; 32]).await.unwrap();
    (db, tx, authorization)
}

async fn stage(db: &TwoEnvironments, tx: &mut Tx, id: &AuthorizationId) -> Stage {
    get(&db.ours, tx, id).await.unwrap().unwrap().stage
}

#[tokio::test]
async fn attack_16_of_two_callbacks_one_may_exchange() {
    let (db, mut tx, one) = db().await;
    let (ours, id, now) = (&db.ours, &one.id, minutes(1));
    assert!(start(ours, &mut tx, id, &begun(STATE), &[], now).await.unwrap());
    assert!(!exchange(ours, &mut tx, id, &[3; 32], now, minutes(2)).await.unwrap(), "another state");
    assert!(!exchange(&db.theirs, &mut tx, id, &STATE, now, minutes(2)).await.unwrap(), "another environment");
    assert!(exchange(ours, &mut tx, id, &STATE, now, minutes(2)).await.unwrap());
    assert!(!exchange(ours, &mut tx, id, &STATE, now, minutes(2)).await.unwrap());
    assert!(end_exchanging(ours, &mut tx, id, &STATE, &Outcome::Connected, now).await.unwrap());
    assert!(!end_exchanging(ours, &mut tx, id, &STATE, &Outcome::ProviderFailed, now).await.unwrap());
    let stage = stage(&db, &mut tx, id).await;
    assert!(matches!(stage, Stage::Done { outcome: Outcome::Connected, browser: Some([1, ..]), .. }), "{stage:?}");
}

#[tokio::test]
async fn a_start_that_comes_too_late_may_not_exchange() {
    let (db, mut tx, one) = db().await;
    assert!(start(&db.ours, &mut tx, &one.id, &begun(STATE), &[], minutes(1)).await.unwrap());
    assert!(!exchange(&db.ours, &mut tx, &one.id, &STATE, minutes(10), minutes(11)).await.unwrap());
}

#[tokio::test]
async fn a_link_starts_again_until_it_is_spent() {
    let (db, mut tx, one) = db().await;
    let (ours, id, now) = (&db.ours, &one.id, minutes(1));
    let refused = Outcome::Refused("invalid_scope".into());
    for again in [Outcome::Declined, Outcome::ProviderFailed, Outcome::Expired, Outcome::Interrupted, refused] {
        assert!(start(ours, &mut tx, id, &begun(STATE), &[], now).await.unwrap(), "{again:?}");
        assert!(end_started(ours, &mut tx, id, &STATE, &again, now).await.unwrap());
    }
    let other = Outcome::OtherAccount { before: "a".into(), now: "b".into() };
    for spent in [Outcome::Connected, Outcome::ConnectedWithout(vec!["x".into()]), other] {
        assert!(start(ours, &mut tx, id, &begun(STATE), &[], now).await.unwrap());
        assert!(end_started(ours, &mut tx, id, &STATE, &spent, now).await.unwrap());
        assert!(!start(ours, &mut tx, id, &begun(STATE), &[], now).await.unwrap(), "{spent:?}");
        assert!(resolve(ours, &mut tx, id, &spent, &Outcome::Declined, now).await.unwrap());
    }
    assert!(!start(ours, &mut tx, id, &begun(STATE), &[], minutes(15)).await.unwrap(), "the link has expired");
}

#[tokio::test]
async fn a_second_start_forgets_the_state_of_the_first() {
    let (db, mut tx, one) = db().await;
    let (ours, id, now) = (&db.ours, &one.id, minutes(1));
    assert!(start(ours, &mut tx, id, &begun(STATE), &[], now).await.unwrap());
    assert!(start(ours, &mut tx, id, &begun([4; 32]), &[], now).await.unwrap());
    assert!(!exchange(ours, &mut tx, id, &STATE, now, minutes(2)).await.unwrap());
    assert!(exchange(ours, &mut tx, id, &[4; 32], now, minutes(2)).await.unwrap());
}

#[tokio::test]
async fn an_exchange_that_died_gives_the_link_back_after_its_time() {
    let (db, mut tx, one) = db().await;
    let (ours, id) = (&db.ours, &one.id);
    assert!(start(ours, &mut tx, id, &begun(STATE), &[], minutes(1)).await.unwrap());
    assert!(exchange(ours, &mut tx, id, &STATE, minutes(1), minutes(3)).await.unwrap());
    assert!(!start(ours, &mut tx, id, &begun([4; 32]), &[], minutes(2)).await.unwrap());
    assert!(start(ours, &mut tx, id, &begun([4; 32]), &[], minutes(3)).await.unwrap());
    assert!(!end_exchanging(ours, &mut tx, id, &STATE, &Outcome::Connected, minutes(3)).await.unwrap());
}

#[tokio::test]
async fn an_exchange_of_a_dead_process_is_found_and_ended_once() {
    let (db, mut tx, one) = db().await;
    let (ours, id) = (&db.ours, &one.id);
    assert!(start(ours, &mut tx, id, &begun(STATE), &[], minutes(1)).await.unwrap());
    assert!(exchange(ours, &mut tx, id, &STATE, minutes(1), minutes(3)).await.unwrap());
    assert!(crate::doors::interrupted_exchanges(&mut tx, minutes(2)).await.unwrap().is_empty());
    let found = crate::doors::interrupted_exchanges(&mut tx, minutes(3)).await.unwrap();
    assert_eq!(found, [(ours.environment.clone(), id.clone())]);
    assert!(!interrupt(ours, &mut tx, id, minutes(2), minutes(3)).await.unwrap(), "it may still come back");
    assert!(!interrupt(&db.theirs, &mut tx, id, minutes(3), minutes(3)).await.unwrap());
    assert!(interrupt(ours, &mut tx, id, minutes(3), minutes(3)).await.unwrap());
    assert!(!interrupt(ours, &mut tx, id, minutes(3), minutes(3)).await.unwrap());
    let stage = stage(&db, &mut tx, id).await;
    assert!(matches!(stage, Stage::Done { outcome: Outcome::Interrupted, browser: Some([1, ..]), .. }), "{stage:?}");
}

#[tokio::test]
async fn every_outcome_comes_back_as_it_was_put() {
    let (db, mut tx, one) = db().await;
    let (ours, id, now) = (&db.ours, &one.id, minutes(1));
    assert!(start(ours, &mut tx, id, &begun(STATE), &[], now).await.unwrap());
    assert!(end_started(ours, &mut tx, id, &STATE, &Outcome::Expired, now).await.unwrap());
    let mut before = Outcome::Expired;
    for after in [
        Outcome::Connected,
        Outcome::ConnectedWithout(vec!["a".into(), "b".into()]),
        Outcome::Declined,
        Outcome::Refused("server_error".into()),
        Outcome::ProviderFailed,
        Outcome::OtherAccount { before: "a@p".into(), now: "b@p".into() },
        Outcome::Interrupted,
    ] {
        assert!(resolve(ours, &mut tx, id, &before, &after, now).await.unwrap());
        assert!(matches!(stage(&db, &mut tx, id).await, Stage::Done { outcome, .. } if outcome == after));
        before = after;
    }
}

#[tokio::test]
async fn what_nobody_comes_back_to_is_pruned() {
    let (db, mut tx, one) = db().await;
    assert_eq!(prune(&db.ours, &mut tx, &one.account, minutes(15)).await.unwrap(), 0);
    assert_eq!(prune(&db.theirs, &mut tx, &one.account, minutes(16)).await.unwrap(), 0);
    assert_eq!(prune(&db.ours, &mut tx, &one.account, minutes(16)).await.unwrap(), 1);
    assert!(get(&db.ours, &mut tx, &one.id).await.unwrap().is_none());
}

#[tokio::test]
async fn pending_tokens_wait_ten_minutes_and_no_longer() {
    use crate::pending_credentials::{self as pending, Pending};
    let (db, mut tx, one) = db().await;
    let (ours, id) = (&db.ours, &one.id);
    let tokens = fixture::tokens(5);
    let subject = accounts::Subject { id: "7".into(), name: Some("b@p".into()) };
    let api_config = serde_json::Map::from_iter([("domain".to_owned(), serde_json::json!("acme"))]);
    let put = Pending { tokens, subject: Some(subject.clone()), api_config, expires_at: minutes(10) };
    pending::insert(ours, &mut tx, id, &put).await.unwrap();
    let found = pending::get(ours, &mut tx, id, minutes(9)).await.unwrap().unwrap();
    assert_eq!((found.tokens.sealed, found.subject), (Sealed(vec![5]), Some(subject)));
    assert!(pending::get(ours, &mut tx, id, minutes(10)).await.unwrap().is_none());
    assert!(pending::get(&db.theirs, &mut tx, id, minutes(1)).await.unwrap().is_none());
    assert!(!pending::delete(&db.theirs, &mut tx, id).await.unwrap());
    assert!(pending::expired(ours, &mut tx, minutes(9), 9).await.unwrap().is_empty());
    let expired = pending::expired(ours, &mut tx, minutes(10), 9).await.unwrap();
    assert!(matches!(&expired[..], [(of, account, _)] if of == id && *account == one.account));
    assert!(pending::expired(&db.theirs, &mut tx, minutes(10), 9).await.unwrap().is_empty());
    assert_eq!(pending::of_account(ours, &mut tx, &one.account).await.unwrap().len(), 1);
    assert!(pending::of_account(&db.theirs, &mut tx, &one.account).await.unwrap().is_empty());
    assert!(pending::delete(ours, &mut tx, id).await.unwrap());
    assert!(!pending::delete(ours, &mut tx, id).await.unwrap());
}

#[tokio::test]
async fn attack_18_a_link_that_was_started_is_bound_to_its_browser_for_its_ten_minutes() {
    let (db, mut tx, one) = db().await;
    let (ours, id) = (&db.ours, &one.id);
    let elsewhere = |state| Started { browser: [7; 32], ..begun(state) };
    assert!(start(ours, &mut tx, id, &begun(STATE), &[], minutes(1)).await.unwrap());
    assert!(!start(ours, &mut tx, id, &elsewhere([4; 32]), &[], minutes(9)).await.unwrap());
    assert!(start(ours, &mut tx, id, &elsewhere([4; 32]), &[], minutes(10)).await.unwrap());
    assert!(end_started(ours, &mut tx, id, &[4; 32], &Outcome::Declined, minutes(10)).await.unwrap());
    assert!(start(ours, &mut tx, id, &begun(STATE), &[], minutes(10)).await.unwrap(), "the other one has ended");
}

#[tokio::test]
async fn what_was_asked_and_what_the_provider_said_are_kept_until_the_next_start() {
    let (db, mut tx, one) = db().await;
    let (ours, id, now) = (&db.ours, &one.id, minutes(1));
    assert_eq!(get(ours, &mut tx, id).await.unwrap().unwrap().asked, None);
    let asked = ["a".to_owned(), "b".to_owned()];
    assert!(start(ours, &mut tx, id, &begun(STATE), &asked, now).await.unwrap());
    let outcome = Outcome::ProviderFailed;
    let ended = ConsentEnd { outcome: &outcome, words: Some("no") };
    assert!(end_started(ours, &mut tx, id, &STATE, ended, now).await.unwrap());
    let db = get(ours, &mut tx, id).await.unwrap().unwrap();
    assert_eq!(db.asked.as_deref(), Some(asked.as_slice()));
    assert!(matches!(db.stage, Stage::Done { words: Some(words), .. } if words == "no"));
    assert!(start(ours, &mut tx, id, &begun(STATE), &[], now).await.unwrap());
    assert!(end_started(ours, &mut tx, id, &STATE, &Outcome::Declined, now).await.unwrap());
    let db = get(ours, &mut tx, id).await.unwrap().unwrap();
    assert!(matches!(db.stage, Stage::Done { words: None, .. }), "{db:?}");
}

#[tokio::test]
async fn an_exchange_that_comes_back_late_counts_unless_the_link_was_started_again() {
    let (db, mut tx, one) = db().await;
    let (ours, id) = (&db.ours, &one.id);
    assert!(start(ours, &mut tx, id, &begun(STATE), &[], minutes(1)).await.unwrap());
    assert!(exchange(ours, &mut tx, id, &STATE, minutes(1), minutes(3)).await.unwrap());
    assert!(interrupt(ours, &mut tx, id, minutes(3), minutes(3)).await.unwrap());
    assert!(end_exchanging(ours, &mut tx, id, &STATE, &Outcome::Connected, minutes(5)).await.unwrap());
    assert!(!end_exchanging(ours, &mut tx, id, &STATE, &Outcome::ProviderFailed, minutes(5)).await.unwrap());
    assert!(matches!(stage(&db, &mut tx, id).await, Stage::Done { outcome: Outcome::Connected, .. }));
}

#[tokio::test]
async fn of_an_accounts_links_the_newest_are_kept() {
    let (db, mut tx, one) = db().await;
    for n in 2..6_u8 {
        let id = AuthorizationId::parse(&format!("auth_{n}")).unwrap();
        insert(&db.ours, &mut tx, &Authorization { id, ..one.clone() }, &[n; 32]).await.unwrap();
    }
    let now = minutes(1);
    assert_eq!(end_older_links(&db.theirs, &mut tx, &one.account, 2, now).await.unwrap(), 0);
    assert_eq!(end_older_links(&db.ours, &mut tx, &one.account, 2, now).await.unwrap(), 3);
    let left = with_time_left(&db.ours, &mut tx, &one.account, now).await.unwrap();
    let left: Vec<_> = left.iter().map(|(one, hash)| (one.id.as_str(), hash[0])).collect();
    assert_eq!(left, [("auth_5", 5), ("auth_4", 4)]);
    assert!(with_time_left(&db.ours, &mut tx, &one.account, minutes(15)).await.unwrap().is_empty());
}

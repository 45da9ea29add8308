//! Refreshing against a provider on a real socket.

mod late;
mod refused;

use super::Unusable;
use crate::provider::{Dropped, HOUR, Says, There, polled, there, until};
use crate::{accounts, connections};
use futures::future::join_all;
use std::time::Duration;
use valetkey_domain::account::{Reason, Status};
use valetkey_storage::{Arg, accounts as rows};

const ROTATING: &str = "{rotates: true, lost_answer: retry_at_expiry}";
const STATIC: &str = "{rotates: false, lost_answer: retry_now}";
const SECOND: &str = r#"{"access_token":"at-2","refresh_token":"rt-2","expires_in":3600}"#;

async fn signed_in(rule: &str, tokens: &str) -> There {
    let there = there(rule).await;
    there.sign_in(tokens).await;
    there
}

/// How often a refresh token was sent, and which.
fn refreshes(there: &There) -> Vec<String> {
    let asked = there.provider.asked("/token");
    let sent = |body: &String| form_member(body, "refresh_token");
    asked.iter().filter(|body| body.contains("grant_type=refresh_token")).filter_map(sent).collect()
}

fn form_member(body: &str, name: &str) -> Option<String> {
    body.trim().split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).map(str::to_owned)
}

fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

#[tokio::test]
async fn a_token_with_life_in_it_is_used_as_it_is() {
    let there = signed_in(ROTATING, HOUR).await;
    there.clock.advance(minutes(58));
    assert_eq!(there.token(None).await.unwrap(), ("at-1".to_owned(), 1));
    assert!(refreshes(&there).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_21_fifty_callers_make_one_exchange() {
    let there = signed_in(ROTATING, HOUR).await;
    there.clock.advance(minutes(60));
    there.provider.will(Says::Slowly(Duration::from_millis(200), SECOND.to_owned()));
    let tokens = join_all((0..50).map(|_| there.token(None))).await;
    for token in tokens {
        assert_eq!(token.unwrap(), ("at-2".to_owned(), 2));
    }
    assert_eq!(refreshes(&there), ["rt-1"]);
}

#[tokio::test]
async fn a_rotated_refresh_token_is_kept_and_a_missing_one_keeps_the_old() {
    let there = signed_in(ROTATING, HOUR).await;
    for (tokens, expected) in [
        (SECOND, "at-2"),
        (r#"{"access_token":"at-3","expires_in":3600}"#, "at-3"),
        (r#"{"access_token":"at-4","expires_in":"3600"}"#, "at-4"),
    ] {
        there.clock.advance(minutes(60));
        there.provider.gives(tokens);
        assert_eq!(there.token(None).await.unwrap().0, expected);
    }
    assert_eq!(refreshes(&there), ["rt-1", "rt-2", "rt-2"]);
    assert_eq!(there.now().await.scopes, ["read", "write"], "an answer without scopes changes none");
}

#[tokio::test]
async fn a_provider_whose_tokens_live_shorter_than_is_wanted_costs_one_refresh_a_call() {
    let there = signed_in(ROTATING, HOUR).await;
    there.clock.advance(minutes(60));
    there.provider.gives(r#"{"access_token":"at-2","refresh_token":"rt-2","expires_in":30}"#);
    assert_eq!(there.token(None).await.unwrap().0, "at-2");
    there.provider.gives(r#"{"access_token":"at-3","refresh_token":"rt-3","expires_in":30}"#);
    assert_eq!(there.token(None).await.unwrap().0, "at-3");
    assert_eq!(refreshes(&there), ["rt-1", "rt-2"]);
}

#[tokio::test]
async fn attack_23_only_invalid_grant_ends_the_account() {
    let there = signed_in(STATIC, HOUR).await;
    there.clock.advance(minutes(60));
    let failures = [
        Says::Answer(500, r#"{"error":"invalid_grant"}"#.into()),
        Says::Answer(429, String::new()),
        Says::Answer(401, r#"{"error":"invalid_client"}"#.into()),
        Says::Answer(200, "<html>".into()),
    ];
    for says in failures {
        // Where a repeat is safe it is made at once: both get the same answer.
        there.provider.will(says.clone());
        if matches!(says, Says::Answer(500, _)) {
            there.provider.will(says);
        }
        assert!(matches!(there.token(None).await, Err(Unusable::Later(_) | Unusable::Refused(_))));
        assert_eq!(there.now().await.status, Status::Active);
        // The longest that it is left alone after a refusal.
        there.clock.advance(minutes(60));
    }
    there.provider.will(Says::Answer(400, r#"{"error":"invalid_grant"}"#.into()));
    let ended = Status::Expired(Reason::InvalidGrant);
    assert!(matches!(there.token(None).await, Err(Unusable::SignIn(status)) if status == ended));
    assert_eq!(there.now().await.status, ended);
    assert!(matches!(there.token(None).await, Err(Unusable::SignIn(_))), "and nothing is sent any more");
    assert_eq!(refreshes(&there).len(), 6);
}

#[tokio::test]
async fn a_live_token_serves_while_the_provider_is_down() {
    let there = signed_in(STATIC, HOUR).await;
    there.clock.advance(minutes(60) - Duration::from_secs(30));
    for _ in 0..2 {
        there.provider.will(Says::Answer(503, String::new()));
    }
    assert_eq!(there.token(None).await.unwrap(), ("at-1".to_owned(), 1));
}

#[tokio::test]
async fn attack_22_a_lost_answer_waits_for_the_live_token_to_end() {
    let there = signed_in(ROTATING, HOUR).await;
    there.clock.advance(minutes(60) - Duration::from_secs(30));
    there.provider.will(Says::Nothing);
    for _ in 0..5 {
        assert_eq!(there.token(None).await.unwrap().0, "at-1");
    }
    assert_eq!(refreshes(&there).len(), 1, "the spent token isn't sent again while the access token lives");
    there.clock.advance(minutes(1));
    there.provider.will(Says::Answer(400, r#"{"error":"invalid_grant"}"#.into()));
    assert!(matches!(there.token(None).await, Err(Unusable::SignIn(_))));
    assert_eq!(there.now().await.status, Status::Expired(Reason::RefreshAnswerLost));
    assert_eq!(refreshes(&there).len(), 2);
}

#[tokio::test]
async fn attack_22_a_process_that_died_in_a_refresh_counts_as_a_lost_answer() {
    let there = signed_in(ROTATING, HOUR).await;
    there.clock.advance(minutes(59) + Duration::from_secs(30));
    // As a process leaves it that was killed between the provider's answer and the commit.
    let (now, until) = (there.app.core.now(), there.app.core.now() + minutes(1));
    let mut tx = there.app.core.store.write().await.unwrap();
    assert!(rows::begin_refresh(&there.ctx, &mut tx, &there.account.id, 1, now, until).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(there.token(None).await.unwrap().0, "at-1", "the live token serves meanwhile");
    there.clock.advance(Duration::from_secs(45));
    let waits = tokio::time::timeout(Duration::from_millis(300), there.token(None)).await;
    assert!(waits.is_err(), "the lease may still be somebody's, who is waited for");
    there.clock.advance(Duration::from_secs(15));
    there.provider.will(Says::Answer(400, r#"{"error":"invalid_grant"}"#.into()));
    assert!(matches!(there.token(None).await, Err(Unusable::SignIn(_))));
    assert_eq!(there.now().await.status, Status::Expired(Reason::RefreshAnswerLost));
    assert_eq!(refreshes(&there).len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_made_good_where_the_provider_takes_a_repeat() {
    let there = signed_in(STATIC, HOUR).await;
    there.clock.advance(minutes(60));
    there.provider.will(Says::Nothing);
    there.provider.gives(SECOND);
    assert_eq!(there.token(None).await.unwrap().0, "at-2");
    assert_eq!(refreshes(&there), ["rt-1", "rt-1"]);
}

#[tokio::test]
async fn attack_22_a_repeat_that_is_refused_after_all_ends_with_the_reason() {
    let there = signed_in(STATIC, HOUR).await;
    there.clock.advance(minutes(60));
    there.provider.will(Says::Nothing);
    there.provider.will(Says::Answer(400, r#"{"error":"invalid_grant"}"#.into()));
    assert!(matches!(there.token(None).await, Err(Unusable::SignIn(_))));
    assert_eq!(there.now().await.status, Status::Expired(Reason::RefreshAnswerLost));
    assert_eq!(refreshes(&there), ["rt-1", "rt-1"]);
}

#[tokio::test]
async fn where_no_repeat_is_taken_a_lost_answer_ends_with_its_reason() {
    let there = signed_in("{rotates: true, lost_answer: never}", HOUR).await;
    there.clock.advance(minutes(60));
    there.provider.will(Says::Nothing);
    assert!(matches!(there.token(None).await, Err(Unusable::Later(_))));
    assert!(matches!(there.token(None).await, Err(Unusable::SignIn(_))));
    assert_eq!(there.now().await.status, Status::Expired(Reason::RefreshAnswerLost));
    assert_eq!(refreshes(&there).len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once_in_thirty_seconds() {
    let there = signed_in(ROTATING, HOUR).await;
    there.provider.gives(SECOND);
    assert_eq!(there.token(Some(1)).await.unwrap(), ("at-2".to_owned(), 2));
    assert_eq!(there.token(Some(1)).await.unwrap().1, 2, "the one that was refused is gone already");
    assert!(matches!(there.token(Some(2)).await, Err(Unusable::Later(_))));
    there.clock.advance(Duration::from_secs(30));
    there.provider.gives(r#"{"access_token":"at-3"}"#);
    assert_eq!(there.token(Some(2)).await.unwrap().0, "at-3");
    assert_eq!(refreshes(&there), ["rt-1", "rt-2"]);
}

#[tokio::test]
async fn attack_20_an_unknown_end_is_no_reason_to_refresh() {
    let there = signed_in(ROTATING, r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":-5}"#).await;
    there.clock.advance(minutes(60 * 24 * 30));
    assert_eq!(there.token(None).await.unwrap().0, "at-1");
    assert!(refreshes(&there).is_empty());
}

#[tokio::test]
async fn attack_25_and_59_no_credential_follows_a_connection_elsewhere() {
    let mut there = signed_in(ROTATING, HOUR).await;
    let settings = there.connection.settings.clone();
    // Behind our back, as somebody with the database could: the seal alone has to hold.
    there.connection.settings.token_url = Some("http://127.0.0.1:9/token".into());
    there.clock.advance(minutes(60));
    let ended = Status::Expired(Reason::EndpointsChanged);
    assert!(matches!(there.token(None).await, Err(Unusable::SignIn(status)) if status == ended));
    assert_eq!(there.now().await.status, ended);
    assert!(refreshes(&there).is_empty());
    // By the front door.
    there.connection.settings = settings;
    there.sign_in(HOUR).await;
    let moved = connections::Change {
        settings: Some(valetkey_domain::connection::Settings {
            api_base_url: Some("http://127.0.0.1:9/api".into()),
            ..there.connection.settings.clone()
        }),
        ..connections::Change::default()
    };
    there.connection = connections::update(&there.app, &there.ctx, &there.connection, moved).await.unwrap();
    assert!(matches!(there.token(None).await, Err(Unusable::SignIn(status)) if status == ended));
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_63_a_caller_that_is_dropped_loses_no_token() {
    let there = signed_in(ROTATING, HOUR).await;
    there.clock.advance(minutes(60));
    there.provider.will(Says::Slowly(Duration::from_millis(300), SECOND.to_owned()));
    tokio::select! {
        _ = there.token(None) => panic!("the caller gives up while the provider is thinking"),
        () = until(async || !refreshes(&there).is_empty()) => {}
    }
    // Nobody asks again meanwhile.
    until(async || there.now().await.credential.unwrap().generation == 2).await;
    assert_eq!(there.token(None).await.unwrap(), ("at-2".to_owned(), 2));
    assert_eq!(refreshes(&there), ["rt-1"]);
}

#[tokio::test]
async fn attack_63_a_caller_dropped_at_any_await_costs_no_token() {
    let there = signed_in(ROTATING, HOUR).await;
    let mut number = 1;
    for dropped in [Dropped::Waiting, Dropped::Woken] {
        for times in 1.. {
            there.clock.advance(minutes(60));
            number += 1;
            there.provider.gives(&HOUR.replace("t-1", &format!("t-{number}")));
            let done = polled(there.token(None), times, dropped).await;
            let (token, generation) = there.token(None).await.unwrap();
            assert_eq!((token, generation), (format!("at-{number}"), number), "{dropped:?} after {times} polls");
            if done.is_some() {
                assert!(times > 1, "there were places to drop it at");
                break;
            }
        }
    }
    let sent: Vec<_> = (1..number).map(|number| format!("rt-{number}")).collect();
    assert_eq!(refreshes(&there), sent, "each refresh token once, in turn");
}

#[tokio::test]
async fn a_token_endpoint_that_is_down_is_left_alone_and_then_tried_by_one() {
    let there = signed_in(ROTATING, HOUR).await;
    there.clock.advance(minutes(60));
    for _ in 0..5 {
        there.provider.will(Says::Answer(503, String::new()));
        assert!(matches!(there.token(None).await, Err(Unusable::Later(_))));
    }
    for _ in 0..3 {
        let Err(Unusable::Later(why)) = there.token(None).await else { panic!("it is left alone") };
        assert!(why.contains("Acme") && why.contains("is down") && why.contains("in 10 seconds"), "{why}");
    }
    assert_eq!(refreshes(&there).len(), 5);
    assert_eq!(there.now().await.status, Status::Active);
    there.clock.advance(Duration::from_secs(10));
    there.provider.gives(SECOND);
    assert_eq!(there.token(None).await.unwrap().0, "at-2");
}

#[tokio::test]
async fn a_refusal_of_one_account_opens_no_breaker() {
    let there = signed_in(ROTATING, HOUR).await;
    there.clock.advance(minutes(60));
    let endpoint = super::breaker::Endpoint::new(&there.ctx.environment, &there.token_url());
    for _ in 0..8 {
        there.provider.will(Says::Answer(400, r#"{"error":"invalid_client"}"#.into()));
        assert!(matches!(there.token(None).await, Err(Unusable::Refused(_))));
        assert!(!there.app.refreshes.breakers.holds(&endpoint, there.app.core.now()), "others go on");
        there.clock.advance(minutes(60));
    }
    assert_eq!(refreshes(&there).len(), 8);
}

#[tokio::test]
async fn a_live_token_serves_while_a_breaker_is_open() {
    let there = signed_in(ROTATING, HOUR).await;
    there.clock.advance(minutes(60) - Duration::from_secs(30));
    let state = super::breaker::Endpoint::new(&there.ctx.environment, &there.token_url());
    for _ in 0..5 {
        let permit =
            there.app.refreshes.breakers.admit(&state, there.app.core.now(), super::breaker::Urgency::OnUse).unwrap();
        permit.end(there.app.core.now(), super::breaker::Verdict::Down);
    }
    assert_eq!(there.token(None).await.unwrap(), ("at-1".to_owned(), 1));
    assert!(refreshes(&there).is_empty());
}

#[tokio::test]
async fn nothing_is_opened_for_another_environment_or_connection() {
    let there = signed_in(ROTATING, HOUR).await;
    let account = there.now().await;
    let stranger = crate::tenancy::environments::create(&there.app, "another", None).await.unwrap();
    let stranger = valetkey_core::context::operator(&there.app.core, &stranger.id);
    let refused = super::credential(&there.app, &stranger, &there.wired(), &account, None).await;
    assert!(matches!(refused, Err(Unusable::Failed(error)) if error.kind() == valetkey_domain::Kind::NotFound));
}

#[tokio::test]
async fn a_disconnect_revokes_and_leaves_nothing_to_use() {
    let there = signed_in(ROTATING, HOUR).await;
    let which = accounts::Which::Id(there.account.id.clone());
    accounts::disconnect(&there.app, &there.ctx, &which).await.unwrap();
    assert_eq!(there.provider.asked("/revoke"), [" token=rt-1"]);
    assert!(there.now().await.credential.is_none());
    assert!(matches!(there.token(None).await, Err(Unusable::SignIn(Status::Disconnected))));
}

#[tokio::test]
async fn attack_62_revoking_one_account_spares_its_sibling() {
    let mut there = signed_in(ROTATING, HOUR).await;
    let bob = valetkey_domain::account::Owner::of(valetkey_domain::name::Identifier::parse("bob").unwrap());
    let ann = there.account.clone();
    there.account = accounts::ensure(&there.app, &there.ctx, &there.connection, bob).await.unwrap();
    there.sign_in(HOUR).await;
    accounts::delete(&there.app, &there.ctx, &accounts::Which::Id(ann.id)).await.unwrap();
    assert!(there.provider.asked("/revoke").is_empty(), "both are the same person at the provider");
    assert_eq!(there.token(None).await.unwrap().0, "at-1");
    accounts::delete(&there.app, &there.ctx, &accounts::Which::Id(there.account.id.clone())).await.unwrap();
    assert_eq!(there.provider.asked("/revoke").len(), 1, "the last one ends the grant");
}

#[tokio::test]
async fn attack_5_a_credential_that_was_replaced_does_not_open_again() {
    let there = signed_in(STATIC, HOUR).await;
    let first = there.now().await.credential.unwrap().sealed;
    there.clock.advance(minutes(60));
    there.provider.gives(SECOND);
    assert_eq!(there.token(None).await.unwrap(), ("at-2".to_owned(), 2));
    let put_back = "UPDATE connected_accounts SET credential = $1 WHERE id = $2";
    let mut tx = there.app.core.store.write().await.unwrap();
    let values = [Arg::from(&first), Arg::from(there.account.id.as_str())];
    assert_eq!(tx.run(put_back, values).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(matches!(there.token(None).await, Err(Unusable::Failed(_))), "the first tokens are opened again");
}

#[tokio::test]
async fn attack_70_a_row_that_is_given_to_somebody_else_opens_no_tokens_for_them() {
    let there = signed_in(STATIC, HOUR).await;
    let mut tx = there.app.core.store.write().await.unwrap();
    let given_away = "UPDATE connected_accounts SET identifier = 'bob' WHERE id = $1";
    assert_eq!(tx.run(given_away, [Arg::from(there.account.id.as_str())]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let bobs = there.now().await;
    assert_eq!((bobs.owner.identifier.as_str(), &bobs.status), ("bob", &Status::Active));
    assert!(matches!(there.token(None).await, Err(Unusable::Failed(_))), "another's tokens are opened");
}

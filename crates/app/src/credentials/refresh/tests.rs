//! Refreshing against a provider on a real socket.

mod late;
mod refused;

use super::Unusable;
use crate::fixture::{Dropped, Fixture, HOUR, Reply, fixture, polled, until};
use crate::{accounts, connections};
use futures::future::join_all;
use std::time::Duration;
use valetkey_domain::account::{Reason, Status};
use valetkey_storage::{Arg, accounts as rows};

const ROTATING: &str = "{rotates: true, lost_answer: retry_at_expiry}";
const STATIC: &str = "{rotates: false, lost_answer: retry_now}";
const SECOND: &str = r#"{"access_token":"at-2","refresh_token":"rt-2","expires_in":3600}"#;

async fn signed_in(rule: &str, tokens: &str) -> Fixture {
    let fixture = fixture(rule).await;
    fixture.sign_in(tokens).await;
    fixture
}

/// How often a refresh token was sent, and which.
fn refreshes(fixture: &Fixture) -> Vec<String> {
    let asked = fixture.provider.asked("/token");
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
    let fixture = signed_in(ROTATING, HOUR).await;
    fixture.clock.advance(minutes(58));
    assert_eq!(fixture.token(None).await.unwrap(), ("at-1".to_owned(), 1));
    assert!(refreshes(&fixture).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_21_fifty_callers_make_one_exchange() {
    let fixture = signed_in(ROTATING, HOUR).await;
    fixture.clock.advance(minutes(60));
    fixture.provider.will(Reply::Slowly(Duration::from_millis(200), SECOND.to_owned()));
    let tokens = join_all((0..50).map(|_| fixture.token(None))).await;
    for token in tokens {
        assert_eq!(token.unwrap(), ("at-2".to_owned(), 2));
    }
    assert_eq!(refreshes(&fixture), ["rt-1"]);
}

#[tokio::test]
async fn a_rotated_refresh_token_is_kept_and_a_missing_one_keeps_the_old() {
    let fixture = signed_in(ROTATING, HOUR).await;
    for (tokens, expected) in [
        (SECOND, "at-2"),
        (r#"{"access_token":"at-3","expires_in":3600}"#, "at-3"),
        (r#"{"access_token":"at-4","expires_in":"3600"}"#, "at-4"),
    ] {
        fixture.clock.advance(minutes(60));
        fixture.provider.gives(tokens);
        assert_eq!(fixture.token(None).await.unwrap().0, expected);
    }
    assert_eq!(refreshes(&fixture), ["rt-1", "rt-2", "rt-2"]);
    assert_eq!(fixture.now().await.scopes, ["read", "write"], "an answer without scopes changes none");
}

#[tokio::test]
async fn a_provider_whose_tokens_live_shorter_than_is_wanted_costs_one_refresh_a_call() {
    let fixture = signed_in(ROTATING, HOUR).await;
    fixture.clock.advance(minutes(60));
    fixture.provider.gives(r#"{"access_token":"at-2","refresh_token":"rt-2","expires_in":30}"#);
    assert_eq!(fixture.token(None).await.unwrap().0, "at-2");
    fixture.provider.gives(r#"{"access_token":"at-3","refresh_token":"rt-3","expires_in":30}"#);
    assert_eq!(fixture.token(None).await.unwrap().0, "at-3");
    assert_eq!(refreshes(&fixture), ["rt-1", "rt-2"]);
}

#[tokio::test]
async fn attack_23_only_invalid_grant_ends_the_account() {
    let fixture = signed_in(STATIC, HOUR).await;
    fixture.clock.advance(minutes(60));
    let failures = [
        Reply::Answer(500, r#"{"error":"invalid_grant"}"#.into()),
        Reply::Answer(429, String::new()),
        Reply::Answer(401, r#"{"error":"invalid_client"}"#.into()),
        Reply::Answer(200, "<html>".into()),
    ];
    for says in failures {
        // Where a repeat is safe it is made at once: both get the same answer.
        fixture.provider.will(says.clone());
        if matches!(says, Reply::Answer(500, _)) {
            fixture.provider.will(says);
        }
        assert!(matches!(fixture.token(None).await, Err(Unusable::Later(_) | Unusable::Refused(_))));
        assert_eq!(fixture.now().await.status, Status::Active);
        // The longest that it is left alone after a refusal.
        fixture.clock.advance(minutes(60));
    }
    fixture.provider.will(Reply::Answer(400, r#"{"error":"invalid_grant"}"#.into()));
    let ended = Status::Expired(Reason::InvalidGrant);
    assert!(matches!(fixture.token(None).await, Err(Unusable::SignIn(status)) if status == ended));
    assert_eq!(fixture.now().await.status, ended);
    assert!(matches!(fixture.token(None).await, Err(Unusable::SignIn(_))), "and nothing is sent any more");
    assert_eq!(refreshes(&fixture).len(), 6);
}

#[tokio::test]
async fn a_live_token_serves_while_the_provider_is_down() {
    let fixture = signed_in(STATIC, HOUR).await;
    fixture.clock.advance(minutes(60) - Duration::from_secs(30));
    for _ in 0..2 {
        fixture.provider.will(Reply::Answer(503, String::new()));
    }
    assert_eq!(fixture.token(None).await.unwrap(), ("at-1".to_owned(), 1));
}

#[tokio::test]
async fn attack_22_a_lost_answer_waits_for_the_live_token_to_end() {
    let fixture = signed_in(ROTATING, HOUR).await;
    fixture.clock.advance(minutes(60) - Duration::from_secs(30));
    fixture.provider.will(Reply::Nothing);
    for _ in 0..5 {
        assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
    }
    assert_eq!(refreshes(&fixture).len(), 1, "the spent token isn't sent again while the access token lives");
    fixture.clock.advance(minutes(1));
    fixture.provider.will(Reply::Answer(400, r#"{"error":"invalid_grant"}"#.into()));
    assert!(matches!(fixture.token(None).await, Err(Unusable::SignIn(_))));
    assert_eq!(fixture.now().await.status, Status::Expired(Reason::RefreshAnswerLost));
    assert_eq!(refreshes(&fixture).len(), 2);
}

#[tokio::test]
async fn attack_22_a_process_that_died_in_a_refresh_counts_as_a_lost_answer() {
    let fixture = signed_in(ROTATING, HOUR).await;
    fixture.clock.advance(minutes(59) + Duration::from_secs(30));
    // As a process leaves it that was killed between the provider's answer and the commit.
    let (now, until) = (fixture.app.core.now(), fixture.app.core.now() + minutes(1));
    let mut tx = fixture.app.core.store.write().await.unwrap();
    assert!(rows::begin_refresh(&fixture.ctx, &mut tx, &fixture.account.id, 1, now, until).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1", "the live token serves meanwhile");
    fixture.clock.advance(Duration::from_secs(45));
    let waits = tokio::time::timeout(Duration::from_millis(300), fixture.token(None)).await;
    assert!(waits.is_err(), "the lease may still be somebody's, who is waited for");
    fixture.clock.advance(Duration::from_secs(15));
    fixture.provider.will(Reply::Answer(400, r#"{"error":"invalid_grant"}"#.into()));
    assert!(matches!(fixture.token(None).await, Err(Unusable::SignIn(_))));
    assert_eq!(fixture.now().await.status, Status::Expired(Reason::RefreshAnswerLost));
    assert_eq!(refreshes(&fixture).len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_made_good_where_the_provider_takes_a_repeat() {
    let fixture = signed_in(STATIC, HOUR).await;
    fixture.clock.advance(minutes(60));
    fixture.provider.will(Reply::Nothing);
    fixture.provider.gives(SECOND);
    assert_eq!(fixture.token(None).await.unwrap().0, "at-2");
    assert_eq!(refreshes(&fixture), ["rt-1", "rt-1"]);
}

#[tokio::test]
async fn attack_22_a_repeat_that_is_refused_after_all_ends_with_the_reason() {
    let fixture = signed_in(STATIC, HOUR).await;
    fixture.clock.advance(minutes(60));
    fixture.provider.will(Reply::Nothing);
    fixture.provider.will(Reply::Answer(400, r#"{"error":"invalid_grant"}"#.into()));
    assert!(matches!(fixture.token(None).await, Err(Unusable::SignIn(_))));
    assert_eq!(fixture.now().await.status, Status::Expired(Reason::RefreshAnswerLost));
    assert_eq!(refreshes(&fixture), ["rt-1", "rt-1"]);
}

#[tokio::test]
async fn where_no_repeat_is_taken_a_lost_answer_ends_with_its_reason() {
    let fixture = signed_in("{rotates: true, lost_answer: never}", HOUR).await;
    fixture.clock.advance(minutes(60));
    fixture.provider.will(Reply::Nothing);
    assert!(matches!(fixture.token(None).await, Err(Unusable::Later(_))));
    assert!(matches!(fixture.token(None).await, Err(Unusable::SignIn(_))));
    assert_eq!(fixture.now().await.status, Status::Expired(Reason::RefreshAnswerLost));
    assert_eq!(refreshes(&fixture).len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once_in_thirty_seconds() {
    let fixture = signed_in(ROTATING, HOUR).await;
    fixture.provider.gives(SECOND);
    assert_eq!(fixture.token(Some(1)).await.unwrap(), ("at-2".to_owned(), 2));
    assert_eq!(fixture.token(Some(1)).await.unwrap().1, 2, "the one that was refused is gone already");
    assert!(matches!(fixture.token(Some(2)).await, Err(Unusable::Later(_))));
    fixture.clock.advance(Duration::from_secs(30));
    fixture.provider.gives(r#"{"access_token":"at-3"}"#);
    assert_eq!(fixture.token(Some(2)).await.unwrap().0, "at-3");
    assert_eq!(refreshes(&fixture), ["rt-1", "rt-2"]);
}

#[tokio::test]
async fn attack_20_an_unknown_end_is_no_reason_to_refresh() {
    let fixture = signed_in(ROTATING, r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":-5}"#).await;
    fixture.clock.advance(minutes(60 * 24 * 30));
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
    assert!(refreshes(&fixture).is_empty());
}

#[tokio::test]
async fn attack_25_and_59_no_credential_follows_a_connection_elsewhere() {
    let mut fixture = signed_in(ROTATING, HOUR).await;
    let settings = fixture.connection.settings.clone();
    // Behind our back, as somebody with the database could: the seal alone has to hold.
    fixture.connection.settings.token_url = Some("http://127.0.0.1:9/token".into());
    fixture.clock.advance(minutes(60));
    let ended = Status::Expired(Reason::EndpointsChanged);
    assert!(matches!(fixture.token(None).await, Err(Unusable::SignIn(status)) if status == ended));
    assert_eq!(fixture.now().await.status, ended);
    assert!(refreshes(&fixture).is_empty());
    // By the front door.
    fixture.connection.settings = settings;
    fixture.sign_in(HOUR).await;
    let moved = connections::Change {
        settings: Some(valetkey_domain::connection::Settings {
            api_base_url: Some("http://127.0.0.1:9/api".into()),
            ..fixture.connection.settings.clone()
        }),
        ..connections::Change::default()
    };
    fixture.connection = connections::update(&fixture.app, &fixture.ctx, &fixture.connection, moved).await.unwrap();
    assert!(matches!(fixture.token(None).await, Err(Unusable::SignIn(status)) if status == ended));
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_63_a_caller_that_is_dropped_loses_no_token() {
    let fixture = signed_in(ROTATING, HOUR).await;
    fixture.clock.advance(minutes(60));
    fixture.provider.will(Reply::Slowly(Duration::from_millis(300), SECOND.to_owned()));
    tokio::select! {
        _ = fixture.token(None) => panic!("the caller gives up while the provider is thinking"),
        () = until(async || !refreshes(&fixture).is_empty()) => {}
    }
    // Nobody asks again meanwhile.
    until(async || fixture.now().await.credential.unwrap().generation == 2).await;
    assert_eq!(fixture.token(None).await.unwrap(), ("at-2".to_owned(), 2));
    assert_eq!(refreshes(&fixture), ["rt-1"]);
}

#[tokio::test]
async fn attack_63_a_caller_dropped_at_any_await_costs_no_token() {
    let fixture = signed_in(ROTATING, HOUR).await;
    let mut number = 1;
    for dropped in [Dropped::Waiting, Dropped::Woken] {
        for times in 1.. {
            fixture.clock.advance(minutes(60));
            number += 1;
            fixture.provider.gives(&HOUR.replace("t-1", &format!("t-{number}")));
            let done = polled(fixture.token(None), times, dropped).await;
            let (token, generation) = fixture.token(None).await.unwrap();
            assert_eq!((token, generation), (format!("at-{number}"), number), "{dropped:?} after {times} polls");
            if done.is_some() {
                assert!(times > 1, "there were places to drop it at");
                break;
            }
        }
    }
    let sent: Vec<_> = (1..number).map(|number| format!("rt-{number}")).collect();
    assert_eq!(refreshes(&fixture), sent, "each refresh token once, in turn");
}

#[tokio::test]
async fn a_token_endpoint_that_is_down_is_left_alone_and_then_tried_by_one() {
    let fixture = signed_in(ROTATING, HOUR).await;
    fixture.clock.advance(minutes(60));
    for _ in 0..5 {
        fixture.provider.will(Reply::Answer(503, String::new()));
        assert!(matches!(fixture.token(None).await, Err(Unusable::Later(_))));
    }
    for _ in 0..3 {
        let Err(Unusable::Later(why)) = fixture.token(None).await else { panic!("it is left alone") };
        assert!(why.contains("Acme") && why.contains("is down") && why.contains("in 10 seconds"), "{why}");
    }
    assert_eq!(refreshes(&fixture).len(), 5);
    assert_eq!(fixture.now().await.status, Status::Active);
    fixture.clock.advance(Duration::from_secs(10));
    fixture.provider.gives(SECOND);
    assert_eq!(fixture.token(None).await.unwrap().0, "at-2");
}

#[tokio::test]
async fn a_refusal_of_one_account_opens_no_breaker() {
    let fixture = signed_in(ROTATING, HOUR).await;
    fixture.clock.advance(minutes(60));
    let endpoint = super::breaker::Endpoint::new(&fixture.ctx.environment, &fixture.token_url());
    for _ in 0..8 {
        fixture.provider.will(Reply::Answer(400, r#"{"error":"invalid_client"}"#.into()));
        assert!(matches!(fixture.token(None).await, Err(Unusable::Refused(_))));
        assert!(!fixture.app.refreshes.breakers.is_open(&endpoint, fixture.app.core.now()), "others go on");
        fixture.clock.advance(minutes(60));
    }
    assert_eq!(refreshes(&fixture).len(), 8);
}

#[tokio::test]
async fn a_live_token_serves_while_a_breaker_is_open() {
    let fixture = signed_in(ROTATING, HOUR).await;
    fixture.clock.advance(minutes(60) - Duration::from_secs(30));
    let state = super::breaker::Endpoint::new(&fixture.ctx.environment, &fixture.token_url());
    for _ in 0..5 {
        let permit = fixture
            .app
            .refreshes
            .breakers
            .admit(&state, fixture.app.core.now(), super::breaker::Urgency::OnUse)
            .unwrap();
        permit.end(fixture.app.core.now(), super::breaker::Verdict::Down);
    }
    assert_eq!(fixture.token(None).await.unwrap(), ("at-1".to_owned(), 1));
    assert!(refreshes(&fixture).is_empty());
}

#[tokio::test]
async fn nothing_is_opened_for_another_environment_or_connection() {
    let fixture = signed_in(ROTATING, HOUR).await;
    let account = fixture.now().await;
    let stranger = crate::tenancy::environments::create(&fixture.app, "another", None).await.unwrap();
    let stranger = valetkey_core::context::operator(&fixture.app.core, &stranger.id);
    let refused = super::credential(&fixture.app, &stranger, &fixture.wired(), &account, None).await;
    assert!(matches!(refused, Err(Unusable::Failed(error)) if error.kind() == valetkey_domain::Kind::NotFound));
}

#[tokio::test]
async fn a_disconnect_revokes_and_leaves_nothing_to_use() {
    let fixture = signed_in(ROTATING, HOUR).await;
    let which = accounts::AccountRef::Id(fixture.account.id.clone());
    accounts::disconnect(&fixture.app, &fixture.ctx, &which).await.unwrap();
    assert_eq!(fixture.provider.asked("/revoke"), [" token=rt-1"]);
    assert!(fixture.now().await.credential.is_none());
    assert!(matches!(fixture.token(None).await, Err(Unusable::SignIn(Status::Disconnected))));
}

#[tokio::test]
async fn attack_62_revoking_one_account_spares_its_sibling() {
    let mut fixture = signed_in(ROTATING, HOUR).await;
    let bob = valetkey_domain::account::Owner::of(valetkey_domain::name::Identifier::parse("bob").unwrap());
    let ann = fixture.account.clone();
    fixture.account = accounts::ensure(&fixture.app, &fixture.ctx, &fixture.connection, bob).await.unwrap();
    fixture.sign_in(HOUR).await;
    accounts::delete(&fixture.app, &fixture.ctx, &accounts::AccountRef::Id(ann.id)).await.unwrap();
    assert!(fixture.provider.asked("/revoke").is_empty(), "both are the same person at the provider");
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
    accounts::delete(&fixture.app, &fixture.ctx, &accounts::AccountRef::Id(fixture.account.id.clone())).await.unwrap();
    assert_eq!(fixture.provider.asked("/revoke").len(), 1, "the last one ends the grant");
}

#[tokio::test]
async fn attack_5_a_credential_that_was_replaced_does_not_open_again() {
    let fixture = signed_in(STATIC, HOUR).await;
    let first = fixture.now().await.credential.unwrap().sealed;
    fixture.clock.advance(minutes(60));
    fixture.provider.gives(SECOND);
    assert_eq!(fixture.token(None).await.unwrap(), ("at-2".to_owned(), 2));
    let put_back = "UPDATE connected_accounts SET credential = $1 WHERE id = $2";
    let mut tx = fixture.app.core.store.write().await.unwrap();
    let values = [Arg::from(&first), Arg::from(fixture.account.id.as_str())];
    assert_eq!(tx.run(put_back, values).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(matches!(fixture.token(None).await, Err(Unusable::Failed(_))), "the first tokens are opened again");
}

#[tokio::test]
async fn attack_70_a_row_that_is_given_to_somebody_else_opens_no_tokens_for_them() {
    let fixture = signed_in(STATIC, HOUR).await;
    let mut tx = fixture.app.core.store.write().await.unwrap();
    let given_away = "UPDATE connected_accounts SET identifier = 'bob' WHERE id = $1";
    assert_eq!(tx.run(given_away, [Arg::from(fixture.account.id.as_str())]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let bobs = fixture.now().await;
    assert_eq!((bobs.owner.identifier.as_str(), &bobs.status), ("bob", &Status::Active));
    assert!(matches!(fixture.token(None).await, Err(Unusable::Failed(_))), "another's tokens are opened");
}

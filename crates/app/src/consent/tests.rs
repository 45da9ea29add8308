//! Consent against a provider on a real socket: whole sign-ins, and everything that must stop one.

mod links;
mod said;
mod saved;

use super::*;
use crate::provider::{Dropped, HOUR, Says, There, answer_with, polled, there, until};
use crate::{accounts, connections};
use std::time::Duration;
use valetkey_domain::Secret;
use valetkey_domain::account::Status;
use valetkey_domain::id::{AuthorizationId, ConnectionId};
use valetkey_storage::authorizations;

const RULE: &str = "{rotates: true}";

fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

async fn ended(there: &There, id: &AuthorizationId, browser: &str) -> Result<Ended, Stopped> {
    outcome(&there.app, id, Some(&Secret::from(browser))).await
}

/// Nothing has changed: nobody is signed in, and nothing was sent to the provider.
async fn untouched(there: &There) {
    let account = there.now().await;
    assert_eq!((account.status, account.credential.is_none()), (Status::PendingAuth, true));
    assert!(there.provider.asked("/token").is_empty());
}

#[tokio::test]
async fn a_person_signs_in() {
    let there = there(RULE).await;
    let token = there.link().await;
    let opened = open(&there.app, &token).await.unwrap();
    assert_eq!((opened.about.connector.as_str(), opened.about.identifier.as_str()), ("Acme", "ann"));
    let scope = |name: &str, words: Option<&str>| AskedScope { name: name.into(), words: words.map(Into::into) };
    let asked = vec![scope("read", Some("See what is there")), scope("write", None)];
    assert_eq!((opened.about.connection.as_str(), opened.scopes), ("MY_ACME", asked));
    there.provider.gives(HOUR);
    let state = there.start(&token, "browser").await;
    let id = there.back(&state, "browser").await.unwrap();
    assert_eq!(ended(&there, &id, "browser").await.unwrap().outcome, Outcome::Connected);
    let account = there.now().await;
    assert_eq!((account.status, account.subject.as_deref()), (Status::Active, Some("id of ann@p")));
    assert_eq!(there.token(None).await.unwrap().0, "at-1");
}

#[tokio::test]
async fn attack_13_the_request_carries_a_challenge_and_the_exchange_its_verifier() {
    let there = there(RULE).await;
    let url = start(&there.app, &there.link().await, &Secret::from("browser")).await.unwrap();
    let query: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["client_id"], "client");
    assert_eq!(query["scope"], "read write");
    assert_eq!(query["access_type"], "offline");
    assert_eq!(query["code_challenge_method"], "S256");
    let redirect = format!("{}/sso/v1/oauth/{}/callback", *crate::provider::PUBLIC, there.connection.id);
    assert_eq!(query["redirect_uri"], redirect);
    there.provider.gives(HOUR);
    there.back(&query["state"], "browser").await.unwrap();
    let asked = there.provider.asked("/token").remove(0);
    let verifier = asked.split('&').find_map(|pair| pair.strip_prefix("code_verifier=")).unwrap();
    let hash = valetkey_vault::sha256(verifier.as_bytes());
    let challenge = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, hash);
    assert_eq!(query["code_challenge"], challenge);
}

#[tokio::test]
async fn attack_66_looking_at_a_link_spends_nothing() {
    let there = there(RULE).await;
    let token = there.link().await;
    for _ in 0..5 {
        open(&there.app, &token).await.unwrap();
    }
    there.clock.advance(minutes(14));
    let state = there.start(&token, "browser").await;
    there.provider.gives(HOUR);
    let id = there.back(&state, "browser").await.unwrap();
    assert_eq!(ended(&there, &id, "browser").await.unwrap().outcome, Outcome::Connected);
    assert!(matches!(open(&there.app, &token).await.unwrap_err().why, Why::LinkUsed));
    assert!(matches!(start(&there.app, &token, &Secret::from("b")).await.unwrap_err().why, Why::LinkUsed));
}

#[tokio::test]
async fn a_link_or_a_consent_that_took_too_long_says_so() {
    let there = there(RULE).await;
    let token = there.link().await;
    let state = there.start(&token, "browser").await;
    there.clock.advance(minutes(10));
    assert!(matches!(there.back(&state, "browser").await.unwrap_err().why, Why::TimedOut));
    let state = there.start(&token, "browser").await;
    there.clock.advance(minutes(5));
    let late = open(&there.app, &token).await.unwrap_err();
    assert!(matches!(late.why, Why::LinkExpired) && late.about.is_some());
    assert!(matches!(start(&there.app, &token, &Secret::from("b")).await.unwrap_err().why, Why::LinkExpired));
    untouched(&there).await;
    there.provider.gives(HOUR);
    there.back(&state, "browser").await.unwrap();
    assert_eq!(there.now().await.status, Status::Active, "who had started in time may finish");
}

#[tokio::test]
async fn attack_12_a_state_that_is_missing_forged_or_of_another_connection() {
    let there = there(RULE).await;
    let state = there.start(&there.link().await, "browser").await;
    let browser = Secret::from("browser");
    let id = &there.connection.id;
    let missing = callback(&there.app, id, Callback::default(), Some(&browser)).await.unwrap_err();
    assert!(matches!(missing.why, Why::StrayAnswer));
    assert!(matches!(there.back("forged", "browser").await.unwrap_err().why, Why::StrayAnswer));
    let elsewhere = ConnectionId::parse("conn_other").unwrap();
    let answer = Callback { code: Some(Secret::from("c")), ..answer_with(&state) };
    let other = callback(&there.app, &elsewhere, answer, Some(&browser)).await.unwrap_err();
    assert!(matches!(other.why, Why::OtherConnection));
    untouched(&there).await;
}

#[tokio::test]
async fn attack_18_another_browser_or_none_brings_the_answer() {
    let there = there(RULE).await;
    let state = there.start(&there.link().await, "attacker").await;
    let stopped = there.back(&state, "victim").await.unwrap_err();
    assert!(matches!(stopped.why, Why::OtherBrowser) && stopped.about.is_none());
    let answer = Callback { code: Some(Secret::from("c")), ..answer_with(&state) };
    let none = callback(&there.app, &there.connection.id, answer, None).await.unwrap_err();
    assert!(matches!(none.why, Why::OtherBrowser));
    untouched(&there).await;
    there.provider.gives(HOUR);
    let id = there.back(&state, "attacker").await.unwrap();
    assert!(matches!(ended(&there, &id, "victim").await.unwrap_err().why, Why::OtherBrowser));
}

#[tokio::test]
async fn attack_14_an_answer_of_another_issuer() {
    let there = there(RULE).await;
    let state = there.start(&there.link().await, "browser").await;
    let code = || Some(Secret::from("c"));
    for iss in ["https://evil.example", "", "http://127.0.0.1"] {
        let answer = Callback { code: code(), iss: Some(iss.into()), ..answer_with(&state) };
        let browser = Secret::from("browser");
        let stopped = callback(&there.app, &there.connection.id, answer, Some(&browser)).await.unwrap_err();
        assert!(matches!(stopped.why, Why::OtherIssuer), "{iss}");
    }
    untouched(&there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_16_a_code_is_exchanged_once_by_racing_and_repeated_callbacks() {
    let there = there(RULE).await;
    let state = there.start(&there.link().await, "browser").await;
    there.provider.will(Says::Slowly(Duration::from_millis(200), HOUR.to_owned()));
    let (one, other) = tokio::join!(there.back(&state, "browser"), there.back(&state, "browser"));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(ended(&there, &one, "browser").await.unwrap().outcome, Outcome::Connected);
    assert_eq!(ended(&there, &other, "browser").await.unwrap().outcome, Outcome::Connected);
    let again = there.back(&state, "browser").await.unwrap();
    assert_eq!(ended(&there, &again, "browser").await.unwrap().outcome, Outcome::Connected, "a reload");
    assert!(matches!(there.back(&state, "elsewhere").await.unwrap_err().why, Why::Replayed));
    assert_eq!(there.provider.asked("/token").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_63_a_browser_that_leaves_during_the_exchange_loses_nothing() {
    let there = there(RULE).await;
    let state = there.start(&there.link().await, "browser").await;
    there.provider.will(Says::Slowly(Duration::from_millis(300), HOUR.to_owned()));
    tokio::select! {
        _ = there.back(&state, "browser") => panic!("the browser leaves while the provider is thinking"),
        () = until(async || !there.provider.asked("/token").is_empty()) => {}
    }
    // It does not come back meanwhile.
    until(async || there.now().await.status == Status::Active).await;
    let id = there.back(&state, "browser").await.unwrap();
    assert_eq!(ended(&there, &id, "browser").await.unwrap().outcome, Outcome::Connected);
}

#[tokio::test]
async fn attack_63_a_browser_that_leaves_at_any_await_loses_nothing() {
    let there = there(RULE).await;
    let mut exchanged = 0;
    for dropped in [Dropped::Waiting, Dropped::Woken] {
        for times in 1.. {
            let state = there.start(&there.link().await, "browser").await;
            there.provider.gives(HOUR);
            let done = polled(there.back(&state, "browser"), times, dropped).await;
            let id = there.back(&state, "browser").await.unwrap();
            let outcome = ended(&there, &id, "browser").await.unwrap().outcome;
            exchanged += 1;
            assert_eq!(outcome, Outcome::Connected, "{dropped:?} after {times} polls");
            assert_eq!(there.provider.asked("/token").len(), exchanged, "{dropped:?} after {times} polls");
            if done.is_some() {
                assert!(times > 1, "there were places to drop it at");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_no_and_a_refusal_change_nothing_and_the_link_opens_again() {
    let there = there(RULE).await;
    let token = there.link().await;
    for (error, expected) in [
        ("access_denied", Outcome::Declined),
        ("invalid_scope", Outcome::Refused("invalid_scope".into())),
        ("call +1 555 now", Outcome::Refused("unnamed_error".into())),
    ] {
        let state = there.start(&token, "browser").await;
        let answer = Callback { error: Some(error.into()), ..answer_with(&state) };
        let browser = Secret::from("browser");
        let id = callback(&there.app, &there.connection.id, answer, Some(&browser)).await.unwrap();
        assert_eq!(ended(&there, &id, "browser").await.unwrap().outcome, expected);
    }
    untouched(&there).await;
}

#[tokio::test]
async fn a_provider_that_fails_leaves_the_old_credential_in_service() {
    let there = there(RULE).await;
    there.sign_in(HOUR).await;
    let token = there.link().await;
    let refused = Outcome::Refused("invalid_client".into());
    for (says, expected) in [
        (Says::Answer(500, String::new()), Outcome::ProviderFailed),
        (Says::Nothing, Outcome::ProviderFailed),
        (Says::Answer(200, "{\"access".into()), Outcome::ProviderFailed),
        (Says::Answer(401, r#"{"error":"invalid_client"}"#.into()), refused),
    ] {
        there.provider.will(says);
        let state = there.start(&token, "browser").await;
        let id = there.back(&state, "browser").await.unwrap();
        assert_eq!(ended(&there, &id, "browser").await.unwrap().outcome, expected);
        assert_eq!(there.token(None).await.unwrap(), ("at-1".to_owned(), 1));
    }
}

#[tokio::test]
async fn attack_19_a_withheld_scope_is_named() {
    let there = there(RULE).await;
    let less = r#"{"access_token":"at-1","expires_in":3600,"scope":"read"}"#;
    assert_eq!(there.sign_in(less).await, Outcome::ConnectedWithout(vec!["write".into()]));
    assert_eq!(there.now().await.scopes, ["read"]);
    let more = r#"{"access_token":"at-2","expires_in":3600,"scope":"write,read,admin"}"#;
    assert_eq!(there.sign_in(more).await, Outcome::Connected);
}

/// Signs in as ann, then again as mallory; gives the second consent.
async fn swapped(there: &There) -> AuthorizationId {
    there.sign_in(HOUR).await;
    there.provider.signs_in("mallory@p");
    there.provider.gives(r#"{"access_token":"at-m","refresh_token":"rt-m","expires_in":3600,"scope":"read write"}"#);
    let state = there.start(&there.link().await, "browser").await;
    there.back(&state, "browser").await.unwrap()
}

#[tokio::test]
async fn attack_65_another_provider_account_never_replaces_silently() {
    let there = there(RULE).await;
    let id = swapped(&there).await;
    let shown = ended(&there, &id, "browser").await.unwrap();
    let asked = Outcome::OtherAccount { before: "ann@p".into(), now: "mallory@p".into() };
    assert_eq!((shown.outcome, shown.undecided), (asked.clone(), true));
    assert_eq!(there.token(None).await.unwrap().0, "at-1");
    let other = replace(&there.app, &id, Some(&Secret::from("other")), false).await.unwrap_err();
    assert!(matches!(other.why, Why::OtherBrowser));
    let kept = replace(&there.app, &id, Some(&Secret::from("browser")), true).await.unwrap();
    assert_eq!((kept.outcome, kept.undecided), (asked, false));
    assert_eq!(there.token(None).await.unwrap().0, "at-1");
    let late = replace(&there.app, &id, Some(&Secret::from("browser")), false).await.unwrap_err();
    assert!(matches!(late.why, Why::TimedOut), "what was thrown away is gone");
}

#[tokio::test]
async fn the_person_may_choose_the_other_account() {
    let there = there(RULE).await;
    let id = swapped(&there).await;
    let taken = replace(&there.app, &id, Some(&Secret::from("browser")), false).await.unwrap();
    assert_eq!((taken.outcome, taken.undecided), (Outcome::Connected, false));
    assert_eq!(there.token(None).await.unwrap(), ("at-m".to_owned(), 2));
    assert_eq!(there.now().await.subject.as_deref(), Some("id of mallory@p"));
}

#[tokio::test]
async fn a_choice_waits_ten_minutes() {
    let there = there(RULE).await;
    let id = swapped(&there).await;
    there.clock.advance(minutes(10));
    let late = replace(&there.app, &id, Some(&Secret::from("browser")), false).await.unwrap_err();
    assert!(matches!(late.why, Why::TimedOut));
    assert_eq!(there.token(None).await.unwrap().0, "at-1");
}

#[tokio::test]
async fn a_disconnected_account_remembers_whose_it_was() {
    let there = there(RULE).await;
    there.sign_in(HOUR).await;
    accounts::disconnect(&there.app, &there.ctx, &accounts::Which::Id(there.account.id.clone())).await.unwrap();
    there.provider.signs_in("mallory@p");
    assert!(matches!(there.sign_in(HOUR).await, Outcome::OtherAccount { .. }));
    assert_eq!(there.now().await.status, Status::Disconnected);
}

#[tokio::test]
async fn two_tabs_of_one_browser_each_finish() {
    let there = there(RULE).await;
    let one = there.start(&there.link().await, "browser").await;
    let two = there.start(&there.link().await, "browser").await;
    there.provider.gives(HOUR);
    there.provider.gives(HOUR);
    there.back(&one, "browser").await.unwrap();
    there.back(&two, "browser").await.unwrap();
    assert_eq!(there.now().await.credential.unwrap().generation, 2);
}

#[tokio::test]
async fn attack_25_endpoints_that_change_during_a_consent_get_no_code() {
    let there = there(RULE).await;
    let state = there.start(&there.link().await, "browser").await;
    let settings = valetkey_domain::connection::Settings {
        token_url: Some("http://127.0.0.1:9/token".into()),
        ..there.connection.settings.clone()
    };
    let client_secret = Some(Secret::from("another"));
    let change = connections::Change { settings: Some(settings), client_secret, ..connections::Change::default() };
    connections::update(&there.app, &there.ctx, &there.connection, change).await.unwrap();
    let id = there.back(&state, "browser").await.unwrap();
    assert_eq!(ended(&there, &id, "browser").await.unwrap().outcome, Outcome::ProviderFailed);
    untouched(&there).await;
}

#[tokio::test]
async fn a_connection_without_its_client_gives_no_link_and_says_what_it_lacks() {
    let mut there = there(RULE).await;
    there.connection.client_secret = None;
    let life = minutes(1);
    let refused = link(&there.app, &there.ctx, &there.connection, &there.account, life).await.unwrap_err();
    assert!(refused.message().contains("client secret"), "{refused}");
    there.connection.enabled = false;
    let refused = link(&there.app, &there.ctx, &there.connection, &there.account, life).await.unwrap_err();
    assert!(refused.message().contains("switched off"), "{refused}");
}

#[tokio::test]
async fn unknown_links_are_unknown() {
    let there = there(RULE).await;
    for token in ["", "x", &"x".repeat(5000), "\u{0}", "../../etc"] {
        assert!(matches!(open(&there.app, token).await.unwrap_err().why, Why::LinkUnknown), "{token:.20}");
    }
}

#[tokio::test]
async fn a_change_made_up_from_an_older_reading_overwrites_nothing() {
    let there = there(RULE).await;
    let change = |scope: &str| connections::Change {
        settings: Some(valetkey_domain::connection::Settings {
            scopes: vec![scope.into()],
            ..there.connection.settings.clone()
        }),
        ..connections::Change::default()
    };
    connections::update(&there.app, &there.ctx, &there.connection, change("read")).await.unwrap();
    let late = connections::update(&there.app, &there.ctx, &there.connection, change("write")).await.unwrap_err();
    assert_eq!(late.kind(), valetkey_domain::Kind::Aborted);
    let now = connections::get(&there.app, &there.ctx, &there.connection.id).await.unwrap();
    assert_eq!(now.settings.scopes, ["read"]);
}

#[tokio::test]
async fn attack_22_a_process_that_died_while_exchanging_lets_the_person_start_again() {
    let there = there(RULE).await;
    let token = there.link().await;
    let state = there.start(&token, "browser").await;
    let id = open(&there.app, &token).await.unwrap().authorization;
    // What is left of a process that was killed after the code had gone out.
    let (hash, now) = (valetkey_vault::sha256(state.as_bytes()), there.app.core.now());
    let mut tx = there.app.core.store.write().await.unwrap();
    let until = now + Duration::from_secs(90);
    assert!(authorizations::exchange(&there.ctx, &mut tx, &id, &hash, now, until).await.unwrap());
    tx.commit().await.unwrap();
    assert!(matches!(start(&there.app, &token, &Secret::from("browser")).await.unwrap_err().why, Why::Busy));
    there.clock.advance(Duration::from_secs(90));
    let again = there.start(&token, "browser").await;
    assert!(matches!(there.back(&state, "browser").await.unwrap_err().why, Why::StrayAnswer));
    there.provider.gives(HOUR);
    let id = there.back(&again, "browser").await.unwrap();
    assert_eq!(ended(&there, &id, "browser").await.unwrap().outcome, Outcome::Connected);
}

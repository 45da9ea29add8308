//! Consent against a provider on a real socket: whole sign-ins, and everything that must stop one.

mod links;
mod provider_words;
mod saved;

use super::*;
use crate::fixture::{Dropped, Fixture, HOUR, Reply, answer_with, fixture, polled, until};
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

async fn ended(fixture: &Fixture, id: &AuthorizationId, browser: &str) -> Result<ConsentReport, Stopped> {
    outcome(&fixture.app, id, Some(&Secret::from(browser))).await
}

/// Nothing has changed: nobody is signed in, and nothing was sent to the provider.
async fn untouched(fixture: &Fixture) {
    let account = fixture.now().await;
    assert_eq!((account.status, account.credential.is_none()), (Status::PendingAuth, true));
    assert!(fixture.provider.asked("/token").is_empty());
}

#[tokio::test]
async fn a_person_signs_in() {
    let fixture = fixture(RULE).await;
    let token = fixture.link().await;
    let opened = open(&fixture.app, &token).await.unwrap();
    assert_eq!((opened.about.connector.as_str(), opened.about.identifier.as_str()), ("Acme", "ann"));
    let scope = |name: &str, words: Option<&str>| AskedScope { name: name.into(), words: words.map(Into::into) };
    let asked = vec![scope("read", Some("See what is there")), scope("write", None)];
    assert_eq!((opened.about.connection.as_str(), opened.scopes), ("MY_ACME", asked));
    fixture.provider.gives(HOUR);
    let state = fixture.start(&token, "browser").await;
    let id = fixture.back(&state, "browser").await.unwrap();
    assert_eq!(ended(&fixture, &id, "browser").await.unwrap().outcome, Outcome::Connected);
    let account = fixture.now().await;
    assert_eq!((account.status, account.subject.as_deref()), (Status::Active, Some("id of ann@p")));
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
}

#[tokio::test]
async fn attack_13_the_request_carries_a_challenge_and_the_exchange_its_verifier() {
    let fixture = fixture(RULE).await;
    let url = start(&fixture.app, &fixture.link().await, &Secret::from("browser"), None).await.unwrap();
    let query: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["client_id"], "client");
    assert_eq!(query["scope"], "read write");
    assert_eq!(query["access_type"], "offline");
    assert_eq!(query["code_challenge_method"], "S256");
    let redirect = format!("{}/sso/v1/oauth/{}/callback", *crate::fixture::PUBLIC, fixture.connection.id);
    assert_eq!(query["redirect_uri"], redirect);
    fixture.provider.gives(HOUR);
    fixture.back(&query["state"], "browser").await.unwrap();
    let asked = fixture.provider.asked("/token").remove(0);
    let verifier = asked.split('&').find_map(|pair| pair.strip_prefix("code_verifier=")).unwrap();
    let hash = valetkey_vault::sha256(verifier.as_bytes());
    let challenge = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, hash);
    assert_eq!(query["code_challenge"], challenge);
}

#[tokio::test]
async fn attack_66_looking_at_a_link_spends_nothing() {
    let fixture = fixture(RULE).await;
    let token = fixture.link().await;
    for _ in 0..5 {
        open(&fixture.app, &token).await.unwrap();
    }
    fixture.clock.advance(minutes(14));
    let state = fixture.start(&token, "browser").await;
    fixture.provider.gives(HOUR);
    let id = fixture.back(&state, "browser").await.unwrap();
    assert_eq!(ended(&fixture, &id, "browser").await.unwrap().outcome, Outcome::Connected);
    assert!(matches!(open(&fixture.app, &token).await.unwrap_err().why, StopReason::LinkUsed));
    assert!(matches!(
        start(&fixture.app, &token, &Secret::from("b"), None).await.unwrap_err().why,
        StopReason::LinkUsed
    ));
}

#[tokio::test]
async fn a_link_or_a_consent_that_took_too_long_says_so() {
    let fixture = fixture(RULE).await;
    let token = fixture.link().await;
    let state = fixture.start(&token, "browser").await;
    fixture.clock.advance(minutes(10));
    assert!(matches!(fixture.back(&state, "browser").await.unwrap_err().why, StopReason::TimedOut));
    let state = fixture.start(&token, "browser").await;
    fixture.clock.advance(minutes(5));
    let late = open(&fixture.app, &token).await.unwrap_err();
    assert!(matches!(late.why, StopReason::LinkExpired) && late.about.is_some());
    assert!(matches!(
        start(&fixture.app, &token, &Secret::from("b"), None).await.unwrap_err().why,
        StopReason::LinkExpired
    ));
    untouched(&fixture).await;
    fixture.provider.gives(HOUR);
    fixture.back(&state, "browser").await.unwrap();
    assert_eq!(fixture.now().await.status, Status::Active, "who had started in time may finish");
}

#[tokio::test]
async fn attack_12_a_state_that_is_missing_forged_or_of_another_connection() {
    let fixture = fixture(RULE).await;
    let state = fixture.start(&fixture.link().await, "browser").await;
    let browser = Secret::from("browser");
    let id = &fixture.connection.id;
    let missing = callback(&fixture.app, id, Callback::default(), Some(&browser)).await.unwrap_err();
    assert!(matches!(missing.why, StopReason::StrayAnswer));
    assert!(matches!(fixture.back("forged", "browser").await.unwrap_err().why, StopReason::StrayAnswer));
    let elsewhere = ConnectionId::parse("conn_other").unwrap();
    let answer = Callback { code: Some(Secret::from("c")), ..answer_with(&state) };
    let other = callback(&fixture.app, &elsewhere, answer, Some(&browser)).await.unwrap_err();
    assert!(matches!(other.why, StopReason::OtherConnection));
    untouched(&fixture).await;
}

#[tokio::test]
async fn attack_18_another_browser_or_none_brings_the_answer() {
    let fixture = fixture(RULE).await;
    let state = fixture.start(&fixture.link().await, "attacker").await;
    let stopped = fixture.back(&state, "victim").await.unwrap_err();
    assert!(matches!(stopped.why, StopReason::OtherBrowser) && stopped.about.is_none());
    let answer = Callback { code: Some(Secret::from("c")), ..answer_with(&state) };
    let none = callback(&fixture.app, &fixture.connection.id, answer, None).await.unwrap_err();
    assert!(matches!(none.why, StopReason::OtherBrowser));
    untouched(&fixture).await;
    fixture.provider.gives(HOUR);
    let id = fixture.back(&state, "attacker").await.unwrap();
    assert!(matches!(ended(&fixture, &id, "victim").await.unwrap_err().why, StopReason::OtherBrowser));
}

#[tokio::test]
async fn attack_14_an_answer_of_another_issuer() {
    let fixture = fixture(RULE).await;
    let state = fixture.start(&fixture.link().await, "browser").await;
    let code = || Some(Secret::from("c"));
    for iss in ["https://evil.example", "", "http://127.0.0.1"] {
        let answer = Callback { code: code(), iss: Some(iss.into()), ..answer_with(&state) };
        let browser = Secret::from("browser");
        let stopped = callback(&fixture.app, &fixture.connection.id, answer, Some(&browser)).await.unwrap_err();
        assert!(matches!(stopped.why, StopReason::OtherIssuer), "{iss}");
    }
    untouched(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_16_a_code_is_exchanged_once_by_racing_and_repeated_callbacks() {
    let fixture = fixture(RULE).await;
    let state = fixture.start(&fixture.link().await, "browser").await;
    fixture.provider.will(Reply::Slowly(Duration::from_millis(200), HOUR.to_owned()));
    let (one, other) = tokio::join!(fixture.back(&state, "browser"), fixture.back(&state, "browser"));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(ended(&fixture, &one, "browser").await.unwrap().outcome, Outcome::Connected);
    assert_eq!(ended(&fixture, &other, "browser").await.unwrap().outcome, Outcome::Connected);
    let again = fixture.back(&state, "browser").await.unwrap();
    assert_eq!(ended(&fixture, &again, "browser").await.unwrap().outcome, Outcome::Connected, "a reload");
    assert!(matches!(fixture.back(&state, "elsewhere").await.unwrap_err().why, StopReason::Replayed));
    assert_eq!(fixture.provider.asked("/token").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_63_a_browser_that_leaves_during_the_exchange_loses_nothing() {
    let fixture = fixture(RULE).await;
    let state = fixture.start(&fixture.link().await, "browser").await;
    fixture.provider.will(Reply::Slowly(Duration::from_millis(300), HOUR.to_owned()));
    tokio::select! {
        _ = fixture.back(&state, "browser") => panic!("the browser leaves while the provider is thinking"),
        () = until(async || !fixture.provider.asked("/token").is_empty()) => {}
    }
    // It does not come back meanwhile.
    until(async || fixture.now().await.status == Status::Active).await;
    let id = fixture.back(&state, "browser").await.unwrap();
    assert_eq!(ended(&fixture, &id, "browser").await.unwrap().outcome, Outcome::Connected);
}

#[tokio::test]
async fn attack_63_a_browser_that_leaves_at_any_await_loses_nothing() {
    let fixture = fixture(RULE).await;
    let mut exchanged = 0;
    for dropped in [Dropped::Waiting, Dropped::Woken] {
        for times in 1.. {
            let state = fixture.start(&fixture.link().await, "browser").await;
            fixture.provider.gives(HOUR);
            let done = polled(fixture.back(&state, "browser"), times, dropped).await;
            let id = fixture.back(&state, "browser").await.unwrap();
            let outcome = ended(&fixture, &id, "browser").await.unwrap().outcome;
            exchanged += 1;
            assert_eq!(outcome, Outcome::Connected, "{dropped:?} after {times} polls");
            assert_eq!(fixture.provider.asked("/token").len(), exchanged, "{dropped:?} after {times} polls");
            if done.is_some() {
                assert!(times > 1, "there were places to drop it at");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_no_and_a_refusal_change_nothing_and_the_link_opens_again() {
    let fixture = fixture(RULE).await;
    let token = fixture.link().await;
    for (error, expected) in [
        ("access_denied", Outcome::Declined),
        ("invalid_scope", Outcome::Refused("invalid_scope".into())),
        ("call +1 555 now", Outcome::Refused("unnamed_error".into())),
    ] {
        let state = fixture.start(&token, "browser").await;
        let answer = Callback { error: Some(error.into()), ..answer_with(&state) };
        let browser = Secret::from("browser");
        let id = callback(&fixture.app, &fixture.connection.id, answer, Some(&browser)).await.unwrap();
        assert_eq!(ended(&fixture, &id, "browser").await.unwrap().outcome, expected);
    }
    untouched(&fixture).await;
}

#[tokio::test]
async fn a_provider_that_fails_leaves_the_old_credential_in_service() {
    let fixture = fixture(RULE).await;
    fixture.sign_in(HOUR).await;
    let token = fixture.link().await;
    let refused = Outcome::Refused("invalid_client".into());
    for (says, expected) in [
        (Reply::Answer(500, String::new()), Outcome::ProviderFailed),
        (Reply::Nothing, Outcome::ProviderFailed),
        (Reply::Answer(200, "{\"access".into()), Outcome::ProviderFailed),
        (Reply::Answer(401, r#"{"error":"invalid_client"}"#.into()), refused),
    ] {
        fixture.provider.will(says);
        let state = fixture.start(&token, "browser").await;
        let id = fixture.back(&state, "browser").await.unwrap();
        assert_eq!(ended(&fixture, &id, "browser").await.unwrap().outcome, expected);
        assert_eq!(fixture.token(None).await.unwrap(), ("at-1".to_owned(), 1));
    }
}

#[tokio::test]
async fn attack_19_a_withheld_scope_is_named() {
    let fixture = fixture(RULE).await;
    let less = r#"{"access_token":"at-1","expires_in":3600,"scope":"read"}"#;
    assert_eq!(fixture.sign_in(less).await, Outcome::ConnectedWithout(vec!["write".into()]));
    assert_eq!(fixture.now().await.scopes, ["read"]);
    let more = r#"{"access_token":"at-2","expires_in":3600,"scope":"write,read,admin"}"#;
    assert_eq!(fixture.sign_in(more).await, Outcome::Connected);
}

/// Signs in as ann, then again as mallory; gives the second consent.
async fn swapped(fixture: &Fixture) -> AuthorizationId {
    fixture.sign_in(HOUR).await;
    fixture.provider.signs_in("mallory@p");
    fixture.provider.gives(r#"{"access_token":"at-m","refresh_token":"rt-m","expires_in":3600,"scope":"read write"}"#);
    let state = fixture.start(&fixture.link().await, "browser").await;
    fixture.back(&state, "browser").await.unwrap()
}

#[tokio::test]
async fn attack_65_another_provider_account_never_replaces_silently() {
    let fixture = fixture(RULE).await;
    let id = swapped(&fixture).await;
    let shown = ended(&fixture, &id, "browser").await.unwrap();
    let asked = Outcome::OtherAccount { before: "ann@p".into(), now: "mallory@p".into() };
    assert_eq!((shown.outcome, shown.undecided), (asked.clone(), true));
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
    let other = replace(&fixture.app, &id, Some(&Secret::from("other")), false).await.unwrap_err();
    assert!(matches!(other.why, StopReason::OtherBrowser));
    let kept = replace(&fixture.app, &id, Some(&Secret::from("browser")), true).await.unwrap();
    assert_eq!((kept.outcome, kept.undecided), (asked, false));
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
    let late = replace(&fixture.app, &id, Some(&Secret::from("browser")), false).await.unwrap_err();
    assert!(matches!(late.why, StopReason::TimedOut), "what was thrown away is gone");
}

#[tokio::test]
async fn the_person_may_choose_the_other_account() {
    let fixture = fixture(RULE).await;
    let id = swapped(&fixture).await;
    let taken = replace(&fixture.app, &id, Some(&Secret::from("browser")), false).await.unwrap();
    assert_eq!((taken.outcome, taken.undecided), (Outcome::Connected, false));
    assert_eq!(fixture.token(None).await.unwrap(), ("at-m".to_owned(), 2));
    assert_eq!(fixture.now().await.subject.as_deref(), Some("id of mallory@p"));
}

#[tokio::test]
async fn a_choice_waits_ten_minutes() {
    let fixture = fixture(RULE).await;
    let id = swapped(&fixture).await;
    fixture.clock.advance(minutes(10));
    let late = replace(&fixture.app, &id, Some(&Secret::from("browser")), false).await.unwrap_err();
    assert!(matches!(late.why, StopReason::TimedOut));
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
}

#[tokio::test]
async fn a_disconnected_account_remembers_whose_it_was() {
    let fixture = fixture(RULE).await;
    fixture.sign_in(HOUR).await;
    accounts::disconnect(&fixture.app, &fixture.ctx, &accounts::AccountRef::Id(fixture.account.id.clone()))
        .await
        .unwrap();
    fixture.provider.signs_in("mallory@p");
    assert!(matches!(fixture.sign_in(HOUR).await, Outcome::OtherAccount { .. }));
    assert_eq!(fixture.now().await.status, Status::Disconnected);
}

#[tokio::test]
async fn two_tabs_of_one_browser_each_finish() {
    let fixture = fixture(RULE).await;
    let one = fixture.start(&fixture.link().await, "browser").await;
    let two = fixture.start(&fixture.link().await, "browser").await;
    fixture.provider.gives(HOUR);
    fixture.provider.gives(HOUR);
    fixture.back(&one, "browser").await.unwrap();
    fixture.back(&two, "browser").await.unwrap();
    assert_eq!(fixture.now().await.credential.unwrap().generation, 2);
}

#[tokio::test]
async fn attack_25_endpoints_that_change_during_a_consent_get_no_code() {
    let fixture = fixture(RULE).await;
    let state = fixture.start(&fixture.link().await, "browser").await;
    let settings = valetkey_domain::connection::Settings {
        token_url: Some("http://127.0.0.1:9/token".into()),
        ..fixture.connection.settings.clone()
    };
    let client_secret = Some(Secret::from("another"));
    let change = connections::Change { settings: Some(settings), client_secret, ..connections::Change::default() };
    connections::update(&fixture.app, &fixture.ctx, &fixture.connection, change).await.unwrap();
    let id = fixture.back(&state, "browser").await.unwrap();
    assert_eq!(ended(&fixture, &id, "browser").await.unwrap().outcome, Outcome::ProviderFailed);
    untouched(&fixture).await;
}

#[tokio::test]
async fn a_connection_without_its_client_gives_no_link_and_says_what_it_lacks() {
    let mut fixture = fixture(RULE).await;
    fixture.connection.client_secret = None;
    let life = minutes(1);
    let refused = link(&fixture.app, &fixture.ctx, &fixture.connection, &fixture.account, life).await.unwrap_err();
    assert!(refused.message().contains("client secret"), "{refused}");
    fixture.connection.enabled = false;
    let refused = link(&fixture.app, &fixture.ctx, &fixture.connection, &fixture.account, life).await.unwrap_err();
    assert!(refused.message().contains("switched off"), "{refused}");
}

#[tokio::test]
async fn unknown_links_are_unknown() {
    let fixture = fixture(RULE).await;
    for token in ["", "x", &"x".repeat(5000), "\u{0}", "../../etc"] {
        assert!(matches!(open(&fixture.app, token).await.unwrap_err().why, StopReason::LinkUnknown), "{token:.20}");
    }
}

#[tokio::test]
async fn a_change_made_up_from_an_older_reading_overwrites_nothing() {
    let fixture = fixture(RULE).await;
    let change = |scope: &str| connections::Change {
        settings: Some(valetkey_domain::connection::Settings {
            scopes: vec![scope.into()],
            ..fixture.connection.settings.clone()
        }),
        ..connections::Change::default()
    };
    connections::update(&fixture.app, &fixture.ctx, &fixture.connection, change("read")).await.unwrap();
    let late = connections::update(&fixture.app, &fixture.ctx, &fixture.connection, change("write")).await.unwrap_err();
    assert_eq!(late.kind(), valetkey_domain::Kind::Aborted);
    let now = connections::get(&fixture.app, &fixture.ctx, &fixture.connection.id).await.unwrap();
    assert_eq!(now.settings.scopes, ["read"]);
}

#[tokio::test]
async fn attack_22_a_process_that_died_while_exchanging_lets_the_person_start_again() {
    let fixture = fixture(RULE).await;
    let token = fixture.link().await;
    let state = fixture.start(&token, "browser").await;
    let id = open(&fixture.app, &token).await.unwrap().authorization;
    // What is left of a process that was killed after the code had gone out.
    let (hash, now) = (valetkey_vault::sha256(state.as_bytes()), fixture.app.core.now());
    let mut tx = fixture.app.core.store.write().await.unwrap();
    let until = now + Duration::from_secs(90);
    assert!(authorizations::exchange(&fixture.ctx, &mut tx, &id, &hash, now, until).await.unwrap());
    tx.commit().await.unwrap();
    assert!(matches!(
        start(&fixture.app, &token, &Secret::from("browser"), None).await.unwrap_err().why,
        StopReason::Busy
    ));
    fixture.clock.advance(Duration::from_secs(90));
    let again = fixture.start(&token, "browser").await;
    assert!(matches!(fixture.back(&state, "browser").await.unwrap_err().why, StopReason::StrayAnswer));
    fixture.provider.gives(HOUR);
    let id = fixture.back(&again, "browser").await.unwrap();
    assert_eq!(ended(&fixture, &id, "browser").await.unwrap().outcome, Outcome::Connected);
}

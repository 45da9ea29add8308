//! Links: how many there are, whose they become, and what they ask for.

use super::*;
use crate::connections::Wired;
use crate::credentials::refresh::{Unusable, credential};
use crate::servers::{configs, instances};
use std::collections::BTreeSet;
use valetkey_domain::Kind;
use valetkey_domain::name::Identifier;
use valetkey_storage::{Location, journal};

/// How many links were made so far.
async fn made(fixture: &Fixture) -> usize {
    let mut tx = fixture.app.core.store.read().await.unwrap();
    let lines = journal::newest(&fixture.ctx, &mut tx, None, 1000).await.unwrap();
    lines.iter().filter(|line| line.action == "authorization.linked").count()
}

async fn shown(fixture: &Fixture) -> usize {
    fixture.app.core.journal.head().await.unwrap();
    let mut tx = fixture.app.core.store.read().await.unwrap();
    let lines = journal::newest(&fixture.ctx, &mut tx, None, 1000).await.unwrap();
    lines.iter().filter(|line| line.action == "authorization.link_shown").count()
}

async fn refused(fixture: &Fixture, token: &str, browser: &str) -> StopReason {
    start(&fixture.app, token, &Secret::from(browser), None).await.unwrap_err().why
}

#[tokio::test]
async fn attack_80_a_link_that_has_time_left_is_handed_out_again_and_told_once_a_minute() {
    let fixture = fixture(RULE).await;
    let first = fixture.link().await;
    for _ in 0..100 {
        assert_eq!(fixture.link().await, first);
    }
    assert_eq!(shown(&fixture).await, 0, "it was told when it was made");
    fixture.clock.advance(minutes(1));
    for _ in 0..100 {
        assert_eq!(fixture.link().await, first);
    }
    assert_eq!(shown(&fixture).await, 1);
    for minute in 2..10 {
        fixture.clock.advance(minutes(1));
        assert_eq!(fixture.link().await, first, "after {minute} minutes");
    }
    assert_eq!(made(&fixture).await, 1);
    fixture.clock.advance(minutes(1));
    let second = fixture.link().await;
    assert_ne!(second, first, "less than a third of its life is left");
    assert_eq!(made(&fixture).await, 2);
    open(&fixture.app, &first).await.unwrap();
    assert_eq!(fixture.link().await, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_80_of_many_who_ask_at_once_all_get_one_link() {
    let fixture = std::sync::Arc::new(fixture(RULE).await);
    let asking = (0..20).map(|_| {
        let fixture = fixture.clone();
        fixture.app.core.tasks.clone().spawn(async move { fixture.link().await })
    });
    let links = futures::future::join_all(asking).await;
    let links: BTreeSet<String> = links.into_iter().map(Result::unwrap).collect();
    assert_eq!((links.len(), made(&fixture).await), (1, 1));
}

#[tokio::test]
async fn attack_80_an_account_has_few_live_links_and_older_ones_end() {
    let fixture = fixture(RULE).await;
    let mut links = Vec::new();
    for browser in 0..8 {
        links.push(fixture.link().await);
        fixture.start(&links[browser], &format!("browser {browser}")).await;
        fixture.clock.advance(Duration::from_secs(1));
    }
    let mut live = Vec::new();
    for link in &links {
        live.extend(open(&fixture.app, link).await.is_ok().then(|| link.clone()));
    }
    assert_eq!(live, links[5..]);
    assert!(matches!(open(&fixture.app, &links[0]).await.unwrap_err().why, StopReason::LinkExpired));
}

#[tokio::test]
async fn attack_80_no_token_of_a_link_is_in_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("database");
    let fixture = crate::fixture::fixture_on(Location::File(path.clone()), RULE).await;
    let token = fixture.link().await;
    let mut seen = false;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let holds = |what: &[u8]| bytes.windows(what.len()).any(|part| part == what);
        seen |= holds(&valetkey_vault::sha256(token.as_bytes()));
        assert!(!holds(token.as_bytes()));
    }
    assert!(seen, "the hash is there, so the files were read");
}

#[tokio::test]
async fn a_link_for_a_chat_never_lives_as_long_as_one_for_a_mail() {
    let fixture = fixture(RULE).await;
    let day = Duration::from_secs(24 * 60 * 60);
    let mail = link(&fixture.app, &fixture.ctx, &fixture.connection, &fixture.account, day).await.unwrap();
    assert!(!mail.url.ends_with(&fixture.link().await));
    let again = link(&fixture.app, &fixture.ctx, &fixture.connection, &fixture.account, day).await.unwrap();
    assert_eq!((again.url, again.expires_at), (mail.url, mail.expires_at));
    assert_eq!(made(&fixture).await, 2);
}

#[tokio::test]
async fn a_spent_link_is_not_handed_out_again_and_one_that_came_to_nothing_is() {
    let fixture = fixture(RULE).await;
    let first = fixture.link().await;
    let state = fixture.start(&first, "browser").await;
    let answer = Callback { error: Some("access_denied".into()), ..answer_with(&state) };
    callback(&fixture.app, &fixture.connection.id, answer, Some(&Secret::from("browser"))).await.unwrap();
    assert_eq!(fixture.link().await, first);
    fixture.provider.gives(HOUR);
    let state = fixture.start(&first, "browser").await;
    fixture.back(&state, "browser").await.unwrap();
    assert_ne!(fixture.link().await, first);
}

#[tokio::test]
async fn attack_18_a_link_is_bound_to_the_browser_that_started_it_while_that_one_may_finish() {
    let fixture = fixture(RULE).await;
    let token = fixture.link().await;
    let first = fixture.start(&token, "first").await;
    let stopped = start(&fixture.app, &token, &Secret::from("second"), None).await.unwrap_err();
    assert!(matches!(stopped.why, StopReason::StartedElsewhere) && stopped.about.is_some());
    let again = fixture.start(&token, "first").await;
    assert!(
        matches!(fixture.back(&first, "first").await.unwrap_err().why, StopReason::StrayAnswer),
        "a start forgets the one before"
    );
    assert!(matches!(refused(&fixture, &token, "second").await, StopReason::StartedElsewhere));
    untouched(&fixture).await;
    fixture.provider.gives(HOUR);
    let id = fixture.back(&again, "first").await.unwrap();
    assert_eq!(ended(&fixture, &id, "first").await.unwrap().outcome, Outcome::Connected);
}

#[tokio::test]
async fn who_began_on_one_device_goes_on_at_another_with_a_new_link() {
    let fixture = fixture(RULE).await;
    let desktop = fixture.link().await;
    fixture.start(&desktop, "desktop").await;
    let phone = fixture.link().await;
    assert_ne!(phone, desktop);
    fixture.provider.gives(HOUR);
    let state = fixture.start(&phone, "phone").await;
    let id = fixture.back(&state, "phone").await.unwrap();
    assert_eq!(ended(&fixture, &id, "phone").await.unwrap().outcome, Outcome::Connected);
}

#[tokio::test]
async fn after_ten_minutes_or_an_end_another_browser_may_start() {
    let fixture = fixture(RULE).await;
    let token = fixture.link().await;
    fixture.start(&token, "first").await;
    fixture.clock.advance(minutes(10));
    let state = fixture.start(&token, "second").await;
    assert!(matches!(refused(&fixture, &token, "first").await, StopReason::StartedElsewhere));
    let answer = Callback { error: Some("access_denied".into()), ..answer_with(&state) };
    callback(&fixture.app, &fixture.connection.id, answer, Some(&Secret::from("second"))).await.unwrap();
    fixture.start(&token, "first").await;
}

/// The names of the scopes that a link's page shows, and those that the provider is asked for, which are the same.
async fn asked(fixture: &Fixture) -> String {
    let token = fixture.link().await;
    let shown = open(&fixture.app, &token).await.unwrap().scopes;
    let shown = shown.into_iter().map(|scope| scope.name).collect::<Vec<_>>().join(" ");
    let url = start(&fixture.app, &token, &Secret::from("browser"), None).await.unwrap();
    assert_eq!(url.query_pairs().find(|(name, _)| name == "scope").unwrap().1, shown);
    shown
}

async fn config(fixture: &Fixture, name: &str, tools: &[&str], user: Option<&str>) {
    let tools = tools.iter().map(|name| (*name).to_owned()).collect();
    let mapping = configs::NewMapping { connection: "MY_ACME".into(), tools };
    let new = configs::New {
        name: name.into(),
        description: String::new(),
        mappings: vec![mapping],
        ..configs::New::default()
    };
    configs::create(&fixture.app, &fixture.ctx, new).await.unwrap();
    if let Some(user) = user {
        let identifier = Identifier::parse(user).unwrap().to_string();
        let wanted = instances::Ensure { config: name.into(), identifier, name: None };
        instances::ensure(&fixture.app, &fixture.ctx, wanted).await.unwrap();
    }
}

#[tokio::test]
async fn consent_asks_for_what_the_users_whitelists_need() {
    let fixture = fixture(RULE).await;
    assert_eq!(asked(&fixture).await, "read write", "nobody has a config: what the connector asks for by default");
    config(&fixture, "sends", &["acme_send_thing"], None).await;
    assert_eq!(asked(&fixture).await, "write", "the one config that there is");
    config(&fixture, "reads", &["acme_list_things"], Some("ann")).await;
    config(&fixture, "theirs", &["acme_send_thing"], Some("bob")).await;
    assert_eq!(asked(&fixture).await, "read", "her own, not another user's");
    config(&fixture, "more", &["acme_send_thing", "acme_list_things"], Some("ann")).await;
    assert_eq!(asked(&fixture).await, "read write");
}

/// What a link's page shows that came of a call which lacked these scopes.
async fn asked_for_call(fixture: &Fixture, lacking: &[&str]) -> String {
    let scopes = lacking.iter().map(|scope| (*scope).to_owned()).collect();
    let wishes = LinkOptions { scopes, ..LinkOptions::default() };
    let owner = fixture.account.owner.clone();
    let (_, link) =
        link_for(&fixture.app, &fixture.ctx, &fixture.connection, owner, Life::Chat, &wishes).await.unwrap();
    let shown = open(&fixture.app, link.url.rsplit('/').next().unwrap()).await.unwrap().scopes;
    shown.into_iter().map(|scope| scope.name).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_link_that_came_of_a_call_asks_for_what_the_call_lacked() {
    let fixture = fixture(RULE).await;
    assert_eq!(asked_for_call(&fixture, &["admin"]).await, "read write admin");
    assert_eq!(asked_for_call(&fixture, &["admin"]).await, "read write admin", "the same link again");
    assert_eq!(made(&fixture).await, 1);
    assert_eq!(asked(&fixture).await, "read write", "a link that came of no call is another one");
    config(&fixture, "reads", &["acme_list_things"], Some("ann")).await;
    assert_eq!(asked_for_call(&fixture, &["write"]).await, "read write");
}

/// A consent replaces the one before, so a tool's scope that was granted once is asked for again: else each call would
/// take away what another one needs.
#[tokio::test]
async fn who_reaches_all_tools_keeps_what_a_call_made_them_grant() {
    let fixture = fixture(RULE).await;
    let all = r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600,"scope":"read admin strange"}"#;
    fixture.sign_in(all).await;
    assert_eq!(asked(&fixture).await, "read write admin");
    config(&fixture, "reads", &["acme_list_things"], Some("ann")).await;
    assert_eq!(asked(&fixture).await, "read", "a whitelist needs no more");
}

#[tokio::test]
async fn what_the_developer_set_is_asked_for_whatever_the_whitelists_need() {
    let mut fixture = fixture(RULE).await;
    config(&fixture, "reads", &["acme_list_things"], Some("ann")).await;
    let scopes = vec!["admin".to_owned()];
    let settings = valetkey_domain::connection::Settings { scopes, ..fixture.connection.settings.clone() };
    let change = connections::Change { settings: Some(settings), ..connections::Change::default() };
    fixture.connection = connections::update(&fixture.app, &fixture.ctx, &fixture.connection, change).await.unwrap();
    assert_eq!(asked(&fixture).await, "admin");
}

#[tokio::test]
async fn attack_19_withheld_is_what_was_asked_and_not_given() {
    let fixture = fixture(RULE).await;
    config(&fixture, "reads", &["acme_list_things"], Some("ann")).await;
    let read = r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600,"scope":"read"}"#;
    assert_eq!(fixture.sign_in(read).await, Outcome::Connected, "nobody was asked for more");
    config(&fixture, "sends", &["acme_send_thing"], Some("ann")).await;
    assert_eq!(asked(&fixture).await, "read write");
    assert_eq!(fixture.sign_in(read).await, Outcome::ConnectedWithout(vec!["write".into()]));
    // What is asked is what it was at the start, whatever becomes of the whitelists while the provider's page is open.
    let state = fixture.start(&fixture.link().await, "browser").await;
    let sends = configs::by_name(&fixture.app, &fixture.ctx, "sends").await.unwrap().id;
    configs::delete(&fixture.app, &fixture.ctx, &sends).await.unwrap();
    fixture.provider.gives(read);
    let id = fixture.back(&state, "browser").await.unwrap();
    assert_eq!(ended(&fixture, &id, "browser").await.unwrap().outcome, Outcome::ConnectedWithout(vec!["write".into()]));
}

/// Each press is a record that stays, and whoever holds the link can press.
#[tokio::test]
async fn attack_80_a_link_is_started_with_a_bounded_number_of_times_and_ends() {
    let fixture = fixture(RULE).await;
    let link = fixture.link().await;
    let (mut starts, mut state) = (0, String::new());
    while let Ok(url) = start(&fixture.app, &link, &Secret::from("browser"), None).await {
        starts += 1;
        assert!(starts < 1_000, "it can be pressed without end");
        state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        // Coming back and beginning anew is no way around it.
        if starts % 3 == 0 {
            let answer = Callback { error: Some("access_denied".into()), ..answer_with(&state) };
            callback(&fixture.app, &fixture.connection.id, answer, Some(&Secret::from("browser"))).await.unwrap();
        }
    }
    assert_eq!(starts, 20);
    assert!(matches!(refused(&fixture, &link, "browser").await, StopReason::LinkExpired));
    assert_ne!(fixture.link().await, link, "a link that has ended is not handed out again");
    fixture.provider.gives(HOUR);
    let id = fixture.back(&state, "browser").await.unwrap();
    assert_eq!(ended(&fixture, &id, "browser").await.unwrap().outcome, Outcome::Connected, "what was begun may finish");
}

/// A connector's file that names other endpoints than when the secret was given: the secret was sealed for those.
#[tokio::test]
async fn a_client_secret_that_no_longer_opens_is_asked_for_again_by_name_and_nobody_is_sent_away_for_nothing() {
    let fixture = fixture(RULE).await;
    fixture.sign_in(HOUR).await;
    let token = fixture.link().await;
    let mut tx = fixture.app.core.store.write().await.unwrap();
    let moved = "UPDATE connections SET settings = replace(settings, '/token', '/moved'), revision = revision + 1";
    let elsewhere = "UPDATE connections SET settings = replace(settings, '127.0.0.1', 'localhost')";
    for sql in [moved, elsewhere] {
        assert_eq!(tx.run(sql, []).await.unwrap(), 1);
    }
    let accounts = "UPDATE connected_accounts SET audience = replace(audience, '127.0.0.1', 'localhost')";
    tx.run(accounts, []).await.unwrap();
    tx.commit().await.unwrap();
    let connection = crate::connections::get(&fixture.app, &fixture.ctx, &fixture.connection.id).await.unwrap();
    let said = |message: &str| {
        assert!(message.contains("connection 'MY_ACME'") && message.contains("Give it again"), "{message}");
    };
    let life = fixture.app.core.settings.chat_link_life;
    let pressed = refused(&fixture, &token, "browser").await;
    let refused = link(&fixture.app, &fixture.ctx, &connection, &fixture.account, life).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::FailedPrecondition);
    said(refused.message());
    for why in [open(&fixture.app, &token).await.unwrap_err().why, pressed] {
        let StopReason::Unready(message) = why else { panic!("{why:?}") };
        said(&message);
    }
    fixture.clock.advance(minutes(61));
    let wired = Wired::with(fixture.connector.clone(), connection);
    let account = fixture.now().await;
    let used = credential(&fixture.app, &fixture.ctx, &wired, &account, None).await;
    let Err(Unusable::Failed(refused)) = used else { panic!("{:?}", used.err()) };
    assert_eq!(refused.kind(), Kind::FailedPrecondition);
    said(refused.message());
    let lines =
        crate::insight::audit::newest(&fixture.app, &fixture.ctx, Some(fixture.account.id.as_str()), 10).await.unwrap();
    assert!(!lines.iter().any(|line| line.action == "account.refresh_begun"), "nothing was intended");
}

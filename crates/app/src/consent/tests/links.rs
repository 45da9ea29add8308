//! Links: how many there are, whose they become, and what they ask for.

use super::*;
use crate::servers::{configs, instances};
use std::collections::BTreeSet;
use valetkey_domain::name::Identifier;
use valetkey_storage::{Location, journal};

/// How many links were made so far.
async fn made(fixture: &Fixture) -> usize {
    let mut tx = fixture.app.core.store.read().await.unwrap();
    let lines = journal::newest(&fixture.ctx, &mut tx, None, 1000).await.unwrap();
    lines.iter().filter(|line| line.action == "authorization.linked").count()
}

async fn refused(fixture: &Fixture, token: &str, browser: &str) -> StopReason {
    start(&fixture.app, token, &Secret::from(browser)).await.unwrap_err().why
}

#[tokio::test]
async fn attack_80_a_link_that_has_time_left_is_handed_out_again_and_nothing_is_written() {
    let fixture = fixture(RULE).await;
    let first = fixture.link().await;
    for minute in 1..10 {
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
    let stopped = start(&fixture.app, &token, &Secret::from("second")).await.unwrap_err();
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
    let url = start(&fixture.app, &token, &Secret::from("browser")).await.unwrap();
    assert_eq!(url.query_pairs().find(|(name, _)| name == "scope").unwrap().1, shown);
    shown
}

async fn config(fixture: &Fixture, name: &str, tools: &[&str], user: Option<&str>) {
    let tools = tools.iter().map(|name| (*name).to_owned()).collect();
    let mapping = configs::NewMapping { connection: "MY_ACME".into(), tools };
    let new = configs::New { name: name.into(), description: String::new(), mappings: vec![mapping] };
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

//! Links: how many there are, whose they become, and what they ask for.

use super::*;
use crate::servers::{configs, instances};
use std::collections::BTreeSet;
use valetkey_domain::name::Identifier;
use valetkey_storage::{Location, journal};

/// How many links were made so far.
async fn made(there: &There) -> usize {
    let mut tx = there.app.core.store.read().await.unwrap();
    let lines = journal::newest(&there.ctx, &mut tx, None, 1000).await.unwrap();
    lines.iter().filter(|line| line.action == "authorization.linked").count()
}

async fn refused(there: &There, token: &str, browser: &str) -> Why {
    start(&there.app, token, &Secret::from(browser)).await.unwrap_err().why
}

#[tokio::test]
async fn attack_80_a_link_that_has_time_left_is_handed_out_again_and_nothing_is_written() {
    let there = there(RULE).await;
    let first = there.link().await;
    for minute in 1..10 {
        there.clock.advance(minutes(1));
        assert_eq!(there.link().await, first, "after {minute} minutes");
    }
    assert_eq!(made(&there).await, 1);
    there.clock.advance(minutes(1));
    let second = there.link().await;
    assert_ne!(second, first, "less than a third of its life is left");
    assert_eq!(made(&there).await, 2);
    open(&there.app, &first).await.unwrap();
    assert_eq!(there.link().await, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_80_of_many_who_ask_at_once_all_get_one_link() {
    let there = std::sync::Arc::new(there(RULE).await);
    let asking = (0..20).map(|_| {
        let there = there.clone();
        there.app.core.tasks.clone().spawn(async move { there.link().await })
    });
    let links = futures::future::join_all(asking).await;
    let links: BTreeSet<String> = links.into_iter().map(Result::unwrap).collect();
    assert_eq!((links.len(), made(&there).await), (1, 1));
}

#[tokio::test]
async fn attack_80_an_account_has_few_live_links_and_older_ones_end() {
    let there = there(RULE).await;
    let mut links = Vec::new();
    for browser in 0..8 {
        links.push(there.link().await);
        there.start(&links[browser], &format!("browser {browser}")).await;
        there.clock.advance(Duration::from_secs(1));
    }
    let mut live = Vec::new();
    for link in &links {
        live.extend(open(&there.app, link).await.is_ok().then(|| link.clone()));
    }
    assert_eq!(live, links[5..]);
    assert!(matches!(open(&there.app, &links[0]).await.unwrap_err().why, Why::LinkExpired));
}

#[tokio::test]
async fn attack_80_no_token_of_a_link_is_in_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("database");
    let there = crate::provider::there_on(Location::File(path.clone()), RULE).await;
    let token = there.link().await;
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
    let there = there(RULE).await;
    let day = Duration::from_secs(24 * 60 * 60);
    let mail = link(&there.app, &there.ctx, &there.connection, &there.account, day).await.unwrap();
    assert!(!mail.url.ends_with(&there.link().await));
    let again = link(&there.app, &there.ctx, &there.connection, &there.account, day).await.unwrap();
    assert_eq!((again.url, again.expires_at), (mail.url, mail.expires_at));
    assert_eq!(made(&there).await, 2);
}

#[tokio::test]
async fn a_spent_link_is_not_handed_out_again_and_one_that_came_to_nothing_is() {
    let there = there(RULE).await;
    let first = there.link().await;
    let state = there.start(&first, "browser").await;
    let answer = Callback { error: Some("access_denied".into()), ..answer_with(&state) };
    callback(&there.app, &there.connection.id, answer, Some(&Secret::from("browser"))).await.unwrap();
    assert_eq!(there.link().await, first);
    there.provider.gives(HOUR);
    let state = there.start(&first, "browser").await;
    there.back(&state, "browser").await.unwrap();
    assert_ne!(there.link().await, first);
}

#[tokio::test]
async fn attack_18_a_link_is_bound_to_the_browser_that_started_it_while_that_one_may_finish() {
    let there = there(RULE).await;
    let token = there.link().await;
    let first = there.start(&token, "first").await;
    let stopped = start(&there.app, &token, &Secret::from("second")).await.unwrap_err();
    assert!(matches!(stopped.why, Why::StartedElsewhere) && stopped.about.is_some());
    let again = there.start(&token, "first").await;
    assert!(
        matches!(there.back(&first, "first").await.unwrap_err().why, Why::StrayAnswer),
        "a start forgets the one before"
    );
    assert!(matches!(refused(&there, &token, "second").await, Why::StartedElsewhere));
    untouched(&there).await;
    there.provider.gives(HOUR);
    let id = there.back(&again, "first").await.unwrap();
    assert_eq!(ended(&there, &id, "first").await.unwrap().outcome, Outcome::Connected);
}

#[tokio::test]
async fn who_began_on_one_device_goes_on_at_another_with_a_new_link() {
    let there = there(RULE).await;
    let desktop = there.link().await;
    there.start(&desktop, "desktop").await;
    let phone = there.link().await;
    assert_ne!(phone, desktop);
    there.provider.gives(HOUR);
    let state = there.start(&phone, "phone").await;
    let id = there.back(&state, "phone").await.unwrap();
    assert_eq!(ended(&there, &id, "phone").await.unwrap().outcome, Outcome::Connected);
}

#[tokio::test]
async fn after_ten_minutes_or_an_end_another_browser_may_start() {
    let there = there(RULE).await;
    let token = there.link().await;
    there.start(&token, "first").await;
    there.clock.advance(minutes(10));
    let state = there.start(&token, "second").await;
    assert!(matches!(refused(&there, &token, "first").await, Why::StartedElsewhere));
    let answer = Callback { error: Some("access_denied".into()), ..answer_with(&state) };
    callback(&there.app, &there.connection.id, answer, Some(&Secret::from("second"))).await.unwrap();
    there.start(&token, "first").await;
}

/// The names of the scopes that a link's page shows, and those that the provider is asked for, which are the same.
async fn asked(there: &There) -> String {
    let token = there.link().await;
    let shown = open(&there.app, &token).await.unwrap().scopes;
    let shown = shown.into_iter().map(|scope| scope.name).collect::<Vec<_>>().join(" ");
    let url = start(&there.app, &token, &Secret::from("browser")).await.unwrap();
    assert_eq!(url.query_pairs().find(|(name, _)| name == "scope").unwrap().1, shown);
    shown
}

async fn config(there: &There, name: &str, tools: &[&str], user: Option<&str>) {
    let tools = tools.iter().map(|name| (*name).to_owned()).collect();
    let mapping = configs::NewMapping { connection: "MY_ACME".into(), tools };
    let new = configs::New { name: name.into(), description: String::new(), mappings: vec![mapping] };
    configs::create(&there.app, &there.ctx, new).await.unwrap();
    if let Some(user) = user {
        let identifier = Identifier::parse(user).unwrap().to_string();
        let wanted = instances::Ensure { config: name.into(), identifier, name: None };
        instances::ensure(&there.app, &there.ctx, wanted).await.unwrap();
    }
}

#[tokio::test]
async fn consent_asks_for_what_the_users_whitelists_need() {
    let there = there(RULE).await;
    assert_eq!(asked(&there).await, "read write", "nobody has a config: what the connector asks for by default");
    config(&there, "sends", &["acme_send_thing"], None).await;
    assert_eq!(asked(&there).await, "write", "the one config that there is");
    config(&there, "reads", &["acme_list_things"], Some("ann")).await;
    config(&there, "theirs", &["acme_send_thing"], Some("bob")).await;
    assert_eq!(asked(&there).await, "read", "her own, not another user's");
    config(&there, "more", &["acme_send_thing", "acme_list_things"], Some("ann")).await;
    assert_eq!(asked(&there).await, "read write");
}

#[tokio::test]
async fn what_the_developer_set_is_asked_for_whatever_the_whitelists_need() {
    let mut there = there(RULE).await;
    config(&there, "reads", &["acme_list_things"], Some("ann")).await;
    let scopes = vec!["admin".to_owned()];
    let settings = valetkey_domain::connection::Settings { scopes, ..there.connection.settings.clone() };
    let change = connections::Change { settings: Some(settings), ..connections::Change::default() };
    there.connection = connections::update(&there.app, &there.ctx, &there.connection, change).await.unwrap();
    assert_eq!(asked(&there).await, "admin");
}

#[tokio::test]
async fn attack_19_withheld_is_what_was_asked_and_not_given() {
    let there = there(RULE).await;
    config(&there, "reads", &["acme_list_things"], Some("ann")).await;
    let read = r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600,"scope":"read"}"#;
    assert_eq!(there.sign_in(read).await, Outcome::Connected, "nobody was asked for more");
    config(&there, "sends", &["acme_send_thing"], Some("ann")).await;
    assert_eq!(asked(&there).await, "read write");
    assert_eq!(there.sign_in(read).await, Outcome::ConnectedWithout(vec!["write".into()]));
    // What is asked is what it was at the start, whatever becomes of the whitelists while the provider's page is open.
    let state = there.start(&there.link().await, "browser").await;
    let sends = configs::by_name(&there.app, &there.ctx, "sends").await.unwrap().id;
    configs::delete(&there.app, &there.ctx, &sends).await.unwrap();
    there.provider.gives(read);
    let id = there.back(&state, "browser").await.unwrap();
    assert_eq!(ended(&there, &id, "browser").await.unwrap().outcome, Outcome::ConnectedWithout(vec!["write".into()]));
}

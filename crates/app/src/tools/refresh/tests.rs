use super::*;
use crate::Page;
use crate::accounts;
use crate::fixture::alone_with_clock;
use crate::tools::{Filter, list};
use crate::upstream::hostile::{connect, result, server, slugs};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use valetkey_domain::account::Owner;
use valetkey_domain::name::Identifier;

/// A server that lists the tools of these names, and how often it was asked. Without a name it fails.
fn changing() -> (crate::upstream::hostile::Script, Arc<Mutex<Vec<&'static str>>>, Arc<AtomicUsize>) {
    let (names, asked) = (Arc::new(Mutex::new(vec!["one", "two"])), Arc::new(AtomicUsize::new(0)));
    let (its, counts) = (names.clone(), asked.clone());
    let script = Arc::new(move |question: &serde_json::Value| {
        counts.fetch_add(1, Ordering::SeqCst);
        let tool = |name: &&str| json!({ "name": name, "inputSchema": { "type": "object" } });
        match its.lock().unwrap().as_slice() {
            [] => ("application/json", b"nonsense".to_vec()),
            names => result(question, &json!({ "tools": names.iter().map(tool).collect::<Vec<_>>() })),
        }
    });
    (script, names, asked)
}

fn ends(offers: &[Offer]) -> Vec<&str> {
    offers.iter().map(|offer| offer.name().rsplit('_').next().unwrap()).collect()
}

#[tokio::test]
async fn a_server_is_asked_anew_and_what_it_lists_no_more_is_gone() {
    let (script, names, asked) = changing();
    let address = server(script).await;
    let (app, ctx, clock) = alone_with_clock(&[&address]).await;
    let (connection, account) = connect(&app, &ctx, &slugs()[0], &address).await;
    let whose = AccountQuery { account: Some(account.id.clone()), ..AccountQuery::default() };
    let filter = Filter { whose: whose.clone(), ..Filter::default() };
    let page = Page { size: 100, after: None };
    let listed = async || list(&app, &ctx, &filter, &page).await.unwrap().items;
    assert_eq!(ends(&listed().await), ["one", "two"]);

    *names.lock().unwrap() = vec!["three", "two"];
    clock.advance(Duration::from_secs(30));
    assert_eq!(ends(&listed().await), ["one", "two"], "what was listed a moment ago");
    assert_eq!(ends(&refreshed(&app, &ctx, &whose).await.unwrap()), ["three", "two"]);
    assert_eq!(ends(&listed().await), ["three", "two"]);

    let by_name = AccountQuery {
        connection: Some(connection.name.to_string()),
        identifier: Some(account.owner.identifier.clone()),
        ..AccountQuery::default()
    };
    asked.store(0, Ordering::SeqCst);
    assert_eq!(ends(&refreshed(&app, &ctx, &by_name).await.unwrap()), ["three", "two"]);
    assert_eq!(asked.load(Ordering::SeqCst), 0, "who asks twice gets what was listed seconds ago");

    names.lock().unwrap().clear();
    clock.advance(Duration::from_secs(30));
    for _ in 0..2 {
        let refused = refreshed(&app, &ctx, &whose).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Unavailable, "{}", refused.message());
        assert!(refused.message().contains(connection.name.as_str()), "{}", refused.message());
    }
    assert_eq!(ends(&listed().await), ["three", "two"], "what it listed before is better than nothing");
}

#[tokio::test]
async fn an_accounts_list_is_followed_page_by_page_and_each_tool_comes_once() {
    let (script, names, _) = changing();
    *names.lock().unwrap() = vec!["a", "b", "c", "d", "e", "f", "g"];
    let address = server(script).await;
    let (app, ctx, _) = alone_with_clock(&[&address]).await;
    let (_, account) = connect(&app, &ctx, &slugs()[0], &address).await;
    let whose = AccountQuery { account: Some(account.id), ..AccountQuery::default() };
    let filter = Filter { whose, ..Filter::default() };
    let (mut seen, mut after) = (Vec::new(), None);
    for pages in 1.. {
        let listed = list(&app, &ctx, &filter, &Page { size: 3, after }).await.unwrap();
        assert!(listed.items.len() <= 3 && pages <= 3);
        seen.extend(ends(&listed.items).into_iter().map(str::to_owned));
        after = listed.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e", "f", "g"]);
}

#[tokio::test]
async fn what_has_no_list_of_its_own_is_refused_by_name() {
    let (script, ..) = changing();
    let address = server(script).await;
    let (app, ctx, _) = alone_with_clock(&[&address]).await;
    let (connection, _) = connect(&app, &ctx, &slugs()[0], &address).await;
    let bob = Owner::of(Identifier::parse("bob").unwrap());
    let waiting = accounts::ensure(&app, &ctx, &connection, bob.clone()).await.unwrap();
    let of = |connection: &str, user: &str| AccountQuery {
        connection: Some(connection.to_owned()),
        identifier: Some(Identifier::parse(user).unwrap()),
        ..AccountQuery::default()
    };
    let mine = AccountQuery { account: Some(waiting.id.clone()), ..AccountQuery::default() };
    for (asked, kind, words) in [
        (mine, Kind::FailedPrecondition, "is PENDING_AUTH: its user has to sign in"),
        (of(connection.name.as_str(), "nobody"), Kind::NotFound, "Make a link for the user first"),
        (of("NONE", "ann"), Kind::NotFound, "NONE"),
        (AccountQuery::default(), Kind::InvalidArgument, "which account?"),
        (AccountQuery { identifier: Some(bob.identifier), ..AccountQuery::default() }, Kind::InvalidArgument, "which"),
    ] {
        let refused = refreshed(&app, &ctx, &asked).await.unwrap_err();
        assert_eq!(refused.kind(), kind, "{}", refused.message());
        assert!(refused.message().contains(words), "{}", refused.message());
    }
}

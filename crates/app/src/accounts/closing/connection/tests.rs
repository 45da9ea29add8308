//! A connection that is removed with its accounts, killed in the middle.

use super::*;
use crate::accounts::{self, ImportedCredential};
use crate::credentials::revoke::AtProvider;
use crate::fixture::{Fixture, Reply, fixture, until};
use crate::insight::audit;
use crate::servers::configs;
use serde_json::Map;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use valetkey_domain::Secret;
use valetkey_domain::account::Owner;
use valetkey_domain::name::Identifier;

const ACCOUNTS: usize = 25;

/// With ann's account, which holds nothing, and as many that do.
async fn peopled() -> Fixture {
    let fixture = fixture("{rotates: true}").await;
    for n in 0..ACCOUNTS {
        let imported = ImportedCredential::Tokens {
            access_token: Secret::from("at"),
            refresh_token: Some(Secret::from(format!("rt-{n}"))),
            scopes: vec![],
        };
        let owner = Owner::of(Identifier::parse(&format!("user-{n}")).unwrap());
        accounts::create(&fixture.app, &fixture.ctx, "MY_ACME", owner, Some(imported), Map::new()).await.unwrap();
    }
    fixture
}

/// What the provider was told to revoke.
fn revoked(fixture: &Fixture) -> BTreeSet<String> {
    fixture.provider.asked("/revoke").into_iter().collect()
}

async fn count(fixture: &Fixture, action: &str) -> usize {
    let lines = audit::newest(&fixture.app, &fixture.ctx, None, 1_000).await.unwrap();
    lines.iter().filter(|line| line.action == action).count()
}

async fn is_gone(fixture: &Fixture) -> bool {
    connections::get(&fixture.app, &fixture.ctx, &fixture.connection.id).await.is_err()
}

#[tokio::test]
async fn it_ends_with_all_accounts_here_and_there() {
    let fixture = peopled().await;
    let closed = delete_connection(&fixture.app, &fixture.ctx, &fixture.connection.id).await.unwrap();
    assert_eq!(closed, Closed::Gone(BoundedCount::default()));
    assert_eq!(revoked(&fixture).len(), ACCOUNTS, "also of those whose subjects nobody knows");
    assert_eq!(count(&fixture, "account.deleted").await, ACCOUNTS + 1);
    assert_eq!((count(&fixture, "connection.closing").await, count(&fixture, "connection.deleted").await), (1, 1));
    assert!(is_gone(&fixture).await);
}

/// Works until so many accounts have ended, and dies. It gets no further than is looked, however fast the machine is.
async fn killed_at(fixture: &Fixture, job: Closing, wanted: u64) {
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let mut working = pin!(work(app, ctx, job));
    while poll_fn(|cx| Poll::Ready(working.as_mut().poll(cx).is_pending())).await {
        let under_way = under_way(app, ctx, &fixture.connection.id).await.unwrap();
        if under_way.is_none_or(|under_way| under_way.done >= wanted) {
            return;
        }
    }
}

#[tokio::test]
async fn killed_in_the_middle_it_is_seen_and_goes_on() {
    for wanted in [0, 1, 10, 26] {
        let fixture = peopled().await;
        let (app, ctx, id) = (&fixture.app, &fixture.ctx, &fixture.connection.id);
        let job = intend(app, ctx, &fixture.connection).await.unwrap().unwrap();
        assert!(intend(app, ctx, &fixture.connection).await.unwrap().is_none(), "once");
        killed_at(&fixture, job, wanted).await;
        if let Some(ClosingProgress { done, left, .. }) = under_way(app, ctx, id).await.unwrap() {
            assert_eq!(left, BoundedCount::of(1 + ACCOUNTS as u64 - done));
            assert!(done >= wanted, "{done} of {wanted}");
            let now = connections::get(app, ctx, id).await.unwrap();
            assert!(!now.enabled);
            let on = connections::Change { enabled: Some(true), ..connections::Change::default() };
            let refused = connections::update(app, ctx, &now, on).await.unwrap_err();
            closings_due(app).await.unwrap();
            // What was handed to the writer before it died is made: the end too, where only that was left.
            let ended = wanted > ACCOUNTS as u64 && is_gone(&fixture).await;
            assert!(
                refused.kind() == Kind::FailedPrecondition || (ended && refused.kind() == Kind::Aborted),
                "{refused}"
            );
            assert!(ended || !is_gone(&fixture).await, "the other one may still be at it");
        }
        fixture.clock.advance(Duration::from_secs(3 * 60));
        closings_due(app).await.unwrap();
        until(async || is_gone(&fixture).await).await;
        revocations::work(app, ctx).await.unwrap();
        until(async || revoked(&fixture).len() == ACCOUNTS).await;
        assert_eq!(count(&fixture, "account.deleted").await, ACCOUNTS + 1, "each once");
        assert!(under_way(app, ctx, id).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn its_tokens_are_revoked_though_it_is_gone() {
    let fixture = peopled().await;
    let (app, ctx, id) = (&fixture.app, &fixture.ctx, &fixture.connection.id);
    for _ in 0..ACCOUNTS {
        fixture.provider.will_revoke(Reply::Answer(503, String::new()));
    }
    let waiting = delete_connection(app, ctx, id);
    let closed = tokio::time::timeout(Duration::from_secs(2), waiting).await;
    assert!(closed.is_err(), "it waits for the provider, and whoever leaves changes nothing");
    until(async || is_gone(&fixture).await).await;
    until(async || fixture.provider.asked("/revoke").len() == ACCOUNTS).await;
    // The connection's secret is gone with it; what is to be revoked has it.
    fixture.provider.will_revoke(Reply::Answer(401, String::new()));
    fixture.clock.advance(Duration::from_secs(60));
    until(async || {
        revocations::work(app, ctx).await.unwrap();
        revocation_rows::left(ctx, &mut app.core.store.read().await.unwrap(), id).await.unwrap().is_none()
    })
    .await;
    let asked = fixture.provider.asked("/revoke");
    assert!(asked.iter().any(|body| body.contains("client_secret=client-hunter2")), "{asked:?}");
}

/// A connector file may go before the connections that were made with it.
#[tokio::test]
async fn it_ends_though_its_connector_is_no_longer_loaded() {
    let fixture = peopled().await;
    let mut tx = fixture.app.core.store.write().await.unwrap();
    assert_eq!(tx.run("UPDATE connections SET connector = 'gone'", []).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let owner = Owner::of(Identifier::parse("user-1").unwrap());
    let which = accounts::AccountRef::Of("MY_ACME".into(), owner);
    assert_eq!(accounts::disconnect(app, ctx, &which).await.unwrap().1, AtProvider::Failed, "and it is said");
    let closed = delete_connection(app, ctx, &fixture.connection.id).await.unwrap();
    assert_eq!((closed, is_gone(&fixture).await), (Closed::Gone(BoundedCount::default()), true));
    assert!(revoked(&fixture).is_empty(), "nobody knows where");
}

#[tokio::test]
async fn no_config_is_made_over_a_connection_that_is_being_removed() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let mapping = || configs::NewMapping { connection: "MY_ACME".into(), tools: vec![] };
    let new = |name: &str, mappings| configs::New {
        name: name.into(),
        description: String::new(),
        mappings,
        ..configs::New::default()
    };
    let before = configs::create(app, ctx, new("before", vec![])).await.unwrap();
    intend(app, ctx, &fixture.connection).await.unwrap().unwrap();
    let made = configs::create(app, ctx, new("after", vec![mapping()])).await.unwrap_err();
    let changed = configs::update(app, ctx, &before.id, None, Some(vec![mapping()])).await.unwrap_err();
    for refused in [made, changed] {
        assert_eq!(refused.kind(), Kind::FailedPrecondition);
        assert!(refused.message().contains("'MY_ACME' is being removed"), "{refused}");
    }
}

/// Of a config and a removal that are begun at the same time, one is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_config_and_a_removal_at_the_same_time_do_not_both_begin() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    for n in 0..8 {
        let name = format!("RACE_{n}");
        let new = connections::New { name: Some(name.clone()), ..acme() };
        let connection = connections::create(app, ctx, new).await.unwrap();
        let mappings = vec![configs::NewMapping { connection: name.clone(), tools: vec![] }];
        let new = configs::New { name: format!("race-{n}"), mappings, ..configs::New::default() };
        let (made, begun) = tokio::join!(configs::create(app, ctx, new), intend(app, ctx, &connection));
        assert_ne!(made.is_ok(), begun.is_ok(), "{name}: {made:?}, {:?}", begun.err());
    }
}

fn acme() -> connections::New {
    let (settings, client_secret) = (valetkey_domain::connection::Settings::default(), None);
    connections::New { name: None, connector: "acme".into(), settings, client_secret }
}

#[tokio::test]
async fn how_many_accounts_it_had_and_of_which_tokens_live_on_is_told() {
    let fixture = peopled().await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let mut tx = app.core.store.write().await.unwrap();
    // Tokens that do not open any more.
    let moved =
        "UPDATE connected_accounts SET audience = '[\"https://moved.example\"]' WHERE identifier LIKE 'user-1_'";
    assert_eq!(tx.run(moved, []).await.unwrap(), 10);
    tx.commit().await.unwrap();
    delete_connection(app, ctx, &fixture.connection.id).await.unwrap();
    let lines = audit::newest(app, ctx, Some(fixture.connection.id.as_str()), 10).await.unwrap();
    let deleted = lines.iter().find(|line| line.action == "connection.deleted").unwrap();
    assert_eq!((&deleted.detail["accounts"], &deleted.detail["not_revocable"]), (&json!(26), &json!(10)));
}

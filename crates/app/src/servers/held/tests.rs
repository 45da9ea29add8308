//! What is shown of definitions that wait, and how much of it.

use super::*;
use crate::fixture::fixture;
use std::time::Duration;

/// A config that holds this many tools back, one of them twice and accepted before.
async fn holding(count: usize) -> (crate::fixture::Fixture, ConfigId) {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let config = fixture.instance().await.0.config;
    let now = app.core.now();
    let seen = |name: String, digest: &str, accepted: bool, after: u64| Seen {
        connection: fixture.connection.id.clone(),
        definition: format!("{name} as {digest}"),
        name,
        digest: digest.to_owned(),
        accepted,
        seen_at: now + Duration::from_secs(after),
    };
    let mut all: Vec<Seen> = (0..count).map(|n| seen(format!("acme_{n:05}"), "d1", false, 0)).collect();
    all.push(seen("acme_told".into(), "first", true, 1));
    all.push(seen("acme_told".into(), "second", true, 2));
    all.push(seen("acme_told".into(), "a", false, 4));
    all.push(seen("acme_told".into(), "b", false, 3));
    let mut change = app.core.change(ctx).await.unwrap();
    rows::insert(ctx, &mut change, &config, &all).await.unwrap();
    change.record("tools.seen", config.as_str(), journal::detail([])).await.unwrap().commit().await.unwrap();
    (fixture, config)
}

#[tokio::test]
async fn attack_78_of_what_waits_no_more_is_read_than_is_shown() {
    let (fixture, config) = holding(1_200).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    assert_eq!(count(app, ctx, &config).await.unwrap(), 1_202);
    let shown = waiting(app, ctx, &config, None).await.unwrap();
    assert!(shown.len() == 1_000 && shown.iter().all(|one| !one.changed));
    let told = waiting(app, ctx, &config, Some("acme_told")).await.unwrap();
    assert!(told.len() == 2 && told.iter().all(|one| one.changed));
    assert_eq!(last(app, ctx, &config, "acme_told").await.unwrap().unwrap().digest, "a");
    assert_eq!(last(app, ctx, &config, "acme_none").await.unwrap(), None);
    let (looked, _) = looked_at(app, ctx, &config, "acme_told", None).await.unwrap();
    let says: Vec<_> = looked.iter().map(|one| (one.now.as_str(), one.before.as_deref())).collect();
    assert_eq!(
        says,
        [("acme_told as a", Some("acme_told as second")), ("acme_told as b", Some("acme_told as second"))]
    );
    let (new, _) = looked_at(app, ctx, &config, "acme_00000", None).await.unwrap();
    assert_eq!((new.len(), new[0].before.as_deref()), (1, None));
    // All of them are accepted, however many pages they are.
    let config = configs::get(app, ctx, &config).await.unwrap();
    assert!(accept(app, ctx, &config, None, None).await.unwrap_err().message().contains("--digest"));
    assert_eq!(accept(app, ctx, &config, Some("acme_told"), Some("a")).await.unwrap(), 1);
    assert_eq!(accept(app, ctx, &config, Some("acme_told"), Some("b")).await.unwrap(), 1);
    assert_eq!(accept(app, ctx, &config, None, None).await.unwrap(), 1_200);
    assert_eq!(count(app, ctx, &config.id).await.unwrap(), 0);
}

#[tokio::test]
async fn attack_78_few_of_many_definitions_of_one_tool_are_read() {
    let (fixture, config) = holding(0).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let many: Vec<Seen> = (0..50)
        .map(|n| Seen {
            connection: fixture.connection.id.clone(),
            name: "acme_told".into(),
            digest: format!("c{n:02}"),
            accepted: false,
            definition: "x".into(),
            seen_at: app.core.now() + Duration::from_secs(100 + n),
        })
        .collect();
    let mut change = app.core.change(ctx).await.unwrap();
    rows::insert(ctx, &mut change, &config, &many).await.unwrap();
    change.record("tools.seen", config.as_str(), journal::detail([])).await.unwrap().commit().await.unwrap();
    let (looked, more) = looked_at(app, ctx, &config, "acme_told", None).await.unwrap();
    let digests: Vec<_> = looked.iter().map(|one| one.waiting.digest.clone()).collect();
    let newest: Vec<_> = (30..50).rev().map(|n| format!("c{n:02}")).collect();
    assert_eq!((digests, more), (newest, 32), "the newest first, and how many more there are");
    let (named, more) = looked_at(app, ctx, &config, "acme_told", Some("c00")).await.unwrap();
    assert_eq!((named.len(), &*named[0].waiting.digest, more), (1, "c00", 0), "any other by its digest");
    assert_eq!(waiting(app, ctx, &config, Some("acme_told")).await.unwrap().len(), 52);
}

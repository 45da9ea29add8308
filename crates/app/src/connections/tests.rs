//! How many connections there may be, and how large.

use super::*;
use crate::fixture::fixture;

#[tokio::test]
async fn attack_78_connections_are_bounded_in_number_and_size() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let connect = async |name: &str, scopes: usize| {
        let settings = Settings { scopes: vec!["s".repeat(1_000); scopes], ..Settings::default() };
        create(app, ctx, New { name: Some(name.into()), connector: "acme".into(), settings, client_secret: None }).await
    };
    connect("LARGE", 60).await.unwrap();
    assert_eq!(connect("TOO_LARGE", 70).await.unwrap_err().kind(), Kind::InvalidArgument);
    let mut tx = app.core.store.write().await.unwrap();
    tx.run("UPDATE counters SET value = 999 WHERE name = 'connections'", []).await.unwrap();
    tx.commit().await.unwrap();
    connect("LAST", 0).await.unwrap();
    let refused = connect("MORE", 0).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::FailedPrecondition);
    assert!(refused.message().contains("1000"), "{}", refused.message());
}

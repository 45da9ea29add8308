//! How many ways to a PostgreSQL server and back each hot path takes, counted on the wire. Each costs both sides more
//! than most statements do. Without a server they are ignored.

use crate::Page;
use crate::calls;
use crate::calls::CallResult;
use crate::entrance::doors;
use crate::fixture::{Fixture, HOUR, fixture_on};
use crate::servers::configs::NewMapping;
use crate::servers::instances::{self, Ensure};
use crate::servers::{configs, toolset};
use crate::tenancy::{clients, tokens};
use std::sync::atomic::{AtomicU32, Ordering};
use valetkey_domain::Secret;
use valetkey_storage::Location;
use valetkey_testkit::RoundTrips;

/// A server with one config and one signed-in user, behind a relay that counts.
struct Counted {
    fixture: Fixture,
    trips: RoundTrips,
    /// An API client's access token.
    client: Secret<str>,
    /// The end of `ann`'s URL.
    url: String,
    users: AtomicU32,
}

impl Counted {
    async fn new() -> Self {
        let (trips, url) = RoundTrips::before(&valetkey_testkit::only_on_postgres());
        let fixture = fixture_on(Location::from(url), "{rotates: true}").await;
        fixture.sign_in(HOUR).await;
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        let mapping = NewMapping { connection: "MY_ACME".into(), tools: vec!["acme_list_things".into()] };
        let new = configs::New {
            name: "config".into(),
            description: String::new(),
            mappings: vec![mapping],
            ..configs::New::default()
        };
        configs::create(app, ctx, new).await.unwrap();
        let issued = clients::create(app, ctx, "shop", vec![]).await.unwrap();
        let client = tokens::token(app, issued.client.id.as_str(), &issued.secret).await.unwrap().access_token;
        let mut counted = Self { fixture, trips, client, url: String::new(), users: AtomicU32::new(0) };
        counted.url = counted.ensure("ann").await;
        counted
    }

    /// What `EnsureMcpInstance` does, but for the snapshot of config and accounts that it shows beside the instance
    /// ([`instances::shown`]); gives the end of the URL.
    async fn ensure(&self, identifier: &str) -> String {
        let app = &self.fixture.app;
        let ctx = doors::client_token(app, self.client.expose()).await.unwrap();
        let wanted = Ensure { config: "config".into(), identifier: identifier.into(), name: None };
        let instance = instances::ensure(app, &ctx, wanted).await.unwrap();
        let url = instances::url(app, &ctx, &instance).await.unwrap();
        url.expose().rsplit('/').next().unwrap().to_owned()
    }

    async fn call(&self) {
        let (ctx, served) = toolset::open(&self.fixture.app, &self.url).await.unwrap();
        let answer = calls::call(&self.fixture.app, &ctx, &served, "acme_list_things", serde_json::Map::new()).await;
        assert!(matches!(answer.unwrap(), CallResult::Done(_)));
    }

    /// How many a path takes once every connection that it goes over knows its statements.
    async fn least(&self, path: impl AsyncFn()) -> u64 {
        let mut least = u64::MAX;
        for _ in 0..12 {
            let before = self.trips.so_far();
            path().await;
            least = least.min(self.trips.so_far() - before);
        }
        least
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_list_reads_its_instance_once_a_second() {
    let counted = Counted::new().await;
    let list = async || drop(toolset::open(&counted.fixture.app, &counted.url).await.unwrap());
    assert_eq!(counted.least(list).await, 0);
    // Whatever is changed, it is read anew.
    let after_a_change = async || {
        counted.fixture.app.core.store.write().await.unwrap().commit().await.unwrap();
        list().await;
    };
    assert_eq!(counted.least(after_a_change).await, 1);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn the_urls_of_a_list_take_one_record_after_the_other_in_one_commit() {
    let counted = Counted::new().await;
    let (app, ctx) = (&counted.fixture.app, &counted.fixture.ctx);
    for user in ["bob", "cat", "dan", "eve"] {
        counted.ensure(user).await;
    }
    let page = Page { size: 30, ..Page::default() };
    let listed = instances::list(app, ctx, &instances::Filter::default(), &page).await.unwrap().items;
    assert_eq!(listed.len(), 5);
    let one = counted.least(async || drop(instances::urls(app, ctx, &listed[..1]).await.unwrap())).await;
    let all = counted.least(async || drop(instances::urls(app, ctx, &listed).await.unwrap())).await;
    assert_eq!((one, all), (1, 1));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_reading_call_writes_its_record_and_reads_three_rows_once_a_second() {
    let counted = Counted::new().await;
    assert_eq!(counted.least(async || counted.call().await).await, 1);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn to_ensure_what_is_there_takes_the_instance_and_the_record_and_the_client_once_a_second() {
    let counted = Counted::new().await;
    assert_eq!(counted.least(async || drop(counted.ensure("ann").await)).await, 2);
}

/// The same, and then BEGIN with the lock, another look, the instance, its first change, the record, the total and COMMIT.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn to_ensure_what_is_new_takes_one_transaction_more() {
    let counted = Counted::new().await;
    let new = async || {
        let user = counted.users.fetch_add(1, Ordering::Relaxed);
        drop(counted.ensure(&format!("user {user}")).await);
    };
    assert_eq!(counted.least(new).await, 10);
}

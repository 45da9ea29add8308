//! How many ways to a PostgreSQL server and back each hot path takes, counted on the wire. Each costs both sides more
//! than most statements do. Without a server they are ignored. How many commits a list takes is counted on either database.

use crate::calls;
use crate::calls::CallResult;
use crate::consent::{self, Life, LinkOptions};
use crate::entrance::doors;
use crate::fixture::{Fixture, HOUR, alone, fixture, fixture_on};
use crate::insight::audit;
use crate::servers::configs::NewMapping;
use crate::servers::instances::{self, Ensure};
use crate::servers::{configs, remote, toolset};
use crate::tenancy::{clients, tokens};
use crate::upstream::hostile::{connect, of_one_tool, server, slugs};
use crate::{App, Page, connections};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use valetkey_domain::Secret;
use valetkey_domain::account::Owner;
use valetkey_domain::config::{McpConfig, Options};
use valetkey_domain::connection::Settings;
use valetkey_domain::name::Identifier;
use valetkey_storage::Location;
use valetkey_testkit::RoundTrips;

const RULE: &str = "{rotates: true}";

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

/// How many transactions that wrote were committed so far.
fn commits(app: &App) -> u64 {
    let (mut registry, mut text) = (Registry::default(), String::new());
    app.core.store.metrics().register(&mut registry);
    encode(&mut text, &registry).unwrap();
    let count = text.lines().find_map(|line| line.strip_prefix("database_commit_seconds_count "));
    count.expect("commits are counted").parse().unwrap()
}

/// How many a path takes at least: the journal's writer has commits of its own beside it.
async fn least_commits(app: &App, path: impl AsyncFn()) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..5 {
        let before = commits(app);
        path().await;
        least = least.min(commits(app) - before);
    }
    least
}

/// How often the journal tells this.
async fn recorded(fixture: &Fixture, action: &str) -> usize {
    let lines = audit::newest(&fixture.app, &fixture.ctx, None, 1_000).await.unwrap();
    lines.iter().filter(|line| line.action == action).count()
}

/// A config on four connections, one of them twice.
async fn four(fixture: &Fixture) -> McpConfig {
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let with = |tool: &str| NewMapping { connection: "MY_ACME".into(), tools: vec![tool.into()] };
    let mut mappings = vec![with("acme_list_things"), with("acme_send_thing")];
    for connector in ["gmail", "googlecalendar", "slack"] {
        let settings = Settings { client_id: Some("client".into()), ..Settings::default() };
        let (name, client_secret) = (connector.to_ascii_uppercase(), Some(Secret::from("client-hunter2")));
        let new = connections::New { name: Some(name.clone()), connector: connector.into(), settings, client_secret };
        connections::create(app, ctx, new).await.unwrap();
        mappings.push(NewMapping { connection: name, tools: vec![] });
    }
    let new = configs::New { name: "four".into(), mappings, ..configs::New::default() };
    configs::create(app, ctx, new).await.unwrap()
}

#[tokio::test]
async fn the_urls_of_a_list_are_recorded_in_one_commit() {
    let fixture = fixture(RULE).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    four(&fixture).await;
    let mut listed = Vec::new();
    for user in ["bob", "cat", "dan", "eve", "fay"] {
        let wanted = Ensure { config: "four".into(), identifier: user.into(), name: None };
        listed.push(instances::ensure(app, ctx, wanted).await.unwrap());
    }
    assert_eq!(least_commits(app, async || drop(instances::urls(app, ctx, &listed).await.unwrap())).await, 1);
    assert_eq!(recorded(&fixture, "instance.url_shown").await, 25, "each of five, five times");
}

#[tokio::test]
async fn the_links_of_a_list_are_made_and_given_again_in_one_commit_and_each_showing_is_recorded() {
    let fixture = fixture(RULE).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let (config, users) = (four(&fixture).await, AtomicU32::new(0));
    let states = async |user: &str| {
        let user = Identifier::parse(user).unwrap();
        instances::config_states(app, ctx, &config, &user, true).await.unwrap()
    };
    let new = async || {
        let states = states(&format!("user {}", users.fetch_add(1, Ordering::Relaxed))).await;
        assert_eq!(states.iter().filter(|state| state.link.is_some() && state.account.is_some()).count(), 5);
    };
    assert_eq!(least_commits(app, new).await, 1);
    assert_eq!(recorded(&fixture, "account.created").await, 1 + 20);
    assert_eq!(
        (recorded(&fixture, "authorization.linked").await, recorded(&fixture, "authorization.link_shown").await),
        (20, 0)
    );
    let again = async || {
        fixture.clock.advance(Duration::from_secs(61));
        states("user 0").await;
    };
    assert_eq!(least_commits(app, again).await, 1);
    let shown = recorded(&fixture, "authorization.link_shown").await;
    assert_eq!((recorded(&fixture, "authorization.linked").await, shown), (20, 20));
    // Within the minute all of it has been told.
    assert_eq!(least_commits(app, async || drop(states("user 0").await)).await, 0);
    assert_eq!(recorded(&fixture, "authorization.link_shown").await, 20);
    // Some that are there and some that are not.
    let mail = connections::by_name(app, ctx, "GMAIL").await.unwrap();
    for user in ["bob", "cat", "dan"] {
        let owner = Owner::of(Identifier::parse(user).unwrap());
        consent::link_for(app, ctx, &mail, owner, Life::Chat, &LinkOptions::default()).await.unwrap();
        let before = commits(app);
        states(user).await;
        assert!(commits(app) - before <= 2, "and perhaps one of the journal's writer");
    }
    assert_eq!(
        (recorded(&fixture, "authorization.linked").await, recorded(&fixture, "authorization.link_shown").await),
        (32, 23)
    );
}

#[tokio::test]
async fn what_a_first_list_saw_of_all_servers_is_written_down_in_one_commit() {
    let mut addresses = Vec::new();
    for _ in 0..4 {
        addresses.push(server(of_one_tool().0).await);
    }
    let (app, ctx) = alone(&addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut names = Vec::new();
    for (slug, address) in slugs().iter().zip(&addresses) {
        names.push(connect(&app, &ctx, slug, address).await.0.name.to_string());
    }
    let mut opened = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        let options = Options { hold_changes: true, ..Options::default() };
        let mappings = names.iter().map(|name| NewMapping { connection: name.clone(), tools: vec![] }).collect();
        let new = configs::New { name: name.into(), mappings, options, ..configs::New::default() };
        configs::create(&app, &ctx, new).await.unwrap();
        let wanted = Ensure { config: name.into(), identifier: "ann".into(), name: None };
        let instance = instances::ensure(&app, &ctx, wanted).await.unwrap();
        let url = instances::url(&app, &ctx, &instance).await.unwrap();
        opened.push(toolset::open(&app, url.expose().rsplit('/').next().unwrap()).await.unwrap());
    }
    let next = AtomicU32::new(0);
    let first = async || {
        let (ctx, served) = &opened[next.fetch_add(1, Ordering::Relaxed) as usize];
        let listing = remote::listed(&app, ctx, served).await.unwrap();
        assert!(listing.missing.is_empty(), "{:?}", listing.missing);
    };
    assert_eq!(least_commits(&app, first).await, 1);
    let lines = audit::newest(&app, &ctx, None, 1_000).await.unwrap();
    assert_eq!(lines.iter().filter(|line| line.action == "tools.seen").count(), 5 * 4, "each of four, five times");
    next.store(0, Ordering::Relaxed);
    assert_eq!(least_commits(&app, first).await, 0, "and nothing is new to the next");
}

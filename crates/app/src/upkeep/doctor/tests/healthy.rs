//! A busy installation about which there is nothing to say.

use super::*;
use crate::accounts::{self, AccountRef};
use crate::connections::{self, Change};
use crate::consent;
use crate::fixture::Reply;
use crate::servers::instances::Change as InstanceChange;
use crate::tenancy::environments;
use crate::upkeep::keys::KeySelection;
use crate::upkeep::{backup, housekeeping, installation, restore};
use serde_json::{Map, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;
use valetkey_core::keyring::{Root, Roots};
use valetkey_storage::{Location, Store};
use valetkey_vault::{Purpose, RootKey};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn a_new_installation_is_well() {
    let fixture = fixture("{rotates: true}").await;
    all_is_well(&fixture.app, "new").await;
    let mut parts: Vec<_> = checks(&fixture.app).await.iter().map(|check| check.part).collect();
    parts.dedup();
    assert_eq!(parts, ["public_url", "clock", "database", "installation", "keys", "sealed", "journal", "rows"]);
}

/// How much was done, and of how much.
type Step = (u64, Option<u64>);

/// What was told of each part.
#[derive(Default)]
struct Told(Mutex<BTreeMap<String, Vec<Step>>>);

impl Progress for Told {
    fn report(&self, done: u64, total: Option<u64>, message: &str) {
        self.0.lock().unwrap().entry(message.to_owned()).or_default().push((done, total));
    }
}

#[tokio::test]
async fn what_takes_long_tells_how_far_it_is_and_comes_to_its_end() {
    let full = full().await;
    let told = Arc::new(Told::default());
    let progress: Arc<dyn Progress> = told.clone();
    examine(&full.fixture.app, &SystemClock, &progress).await;
    let told = told.0.lock().unwrap();
    let parts: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(parts, ["data keys opened", "records checked", "rows held against the journal", "sealed values opened"]);
    for (part, steps) in told.iter() {
        assert!(steps.is_sorted() && steps[0].0 > 0, "{part}: {steps:?}");
        let (done, total) = *steps.last().unwrap();
        assert!(total.is_none_or(|total| total == done), "{part}: {done} of {total:?}");
    }
}

#[tokio::test]
async fn use_and_change_of_everything_raise_no_alarm() {
    let Full { fixture, config, instance, client } = full().await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    for _ in 0..3 {
        fixture.clock.advance(Duration::from_secs(3600));
        fixture.provider.gives(HOUR);
        fixture.token(None).await.unwrap();
    }
    all_is_well(app, "refreshed").await;
    fixture.clock.advance(Duration::from_secs(3600));
    fixture.provider.will(Reply::Nothing);
    assert!(fixture.token(None).await.is_err());
    all_is_well(app, "an answer was lost").await;
    let api_config = Map::from_iter([("region".to_owned(), json!("eu"))]);
    let which = AccountRef::Id(fixture.account.id.clone());
    accounts::update(app, ctx, &which, None, api_config).await.unwrap();
    fixture.clock.advance(Duration::from_secs(3600));
    fixture.provider.will(Reply::Answer(400, r#"{"error":"invalid_grant"}"#.into()));
    assert!(fixture.token(None).await.is_err());
    assert_eq!(fixture.now().await.status.name(), "EXPIRED");
    all_is_well(app, "expired").await;
    fixture.sign_in(HOUR).await;
    fixture.provider.signs_in("other@p");
    fixture.sign_in(HOUR).await;
    fixture.start(&fixture.link().await, "browser").await;
    all_is_well(app, "signed in again, as somebody else, and on the way once more").await;
    accounts::disconnect(app, ctx, &which).await.unwrap();
    instances::rotate_url(app, ctx, &instance.id).await.unwrap();
    let change = InstanceChange { name: Some("mine".into()), config: None };
    instances::update(app, ctx, &instance.id, change).await.unwrap();
    configs::update(app, ctx, &config.id, Some("Things".into()), None).await.unwrap();
    let off = Change { enabled: Some(false), ..Change::default() };
    connections::update(app, ctx, &fixture.connection, off).await.unwrap();
    clients::rotate(app, ctx, &client, Some(app.core.now() + Duration::from_secs(60))).await.unwrap();
    for _ in 0..5 {
        clients::shell(app, ctx).await.unwrap();
    }
    environments::create(app, "production", Some("Acme")).await.unwrap();
    environments::rename(app, "production", None).await.unwrap();
    all_is_well(app, "changed").await;
    fixture.clock.advance(3 * DAY);
    housekeeping::tidy(app).await.unwrap();
    all_is_well(app, "tidied up").await;
}

#[tokio::test]
async fn rotations_of_every_key_raise_no_alarm() {
    let Full { fixture, .. } = full().await;
    let app = &fixture.app;
    fixture.start(&fixture.link().await, "browser").await;
    for _ in 0..2 {
        keys::rotate(app, &KeySelection::default(), &Detached).await.unwrap();
        all_is_well(app, "data keys rotated").await;
    }
    keys::rotate(app, &KeySelection { environment: None, purposes: vec![Purpose::Url] }, &Detached).await.unwrap();
    let root = RootKey::generate().unwrap();
    let name = root.version();
    app.core.keyring.learn(Root::Key(root));
    keys::rotate_root(app, &name, &Detached).await.unwrap();
    all_is_well(app, "root rotated").await;
    fixture.clock.advance(3 * DAY);
    housekeeping::tidy(app).await.unwrap();
    all_is_well(app, "superseded keys removed").await;
    clients::create(app, &fixture.ctx, "after", vec![]).await.unwrap();
    all_is_well(app, "a change under the new keys").await;
}

#[tokio::test]
async fn a_copy_that_lost_its_credentials_raises_no_alarm() {
    let Full { fixture, .. } = full().await;
    let app = &fixture.app;
    app.core.keyring.close("it is a copy");
    let told = wrong(app, "installation").await;
    assert!(told.len() == 1 && told[0].contains("it is a copy"), "{told:?}");
    assert!(wrong(app, "sealed").await.is_empty() && wrong(app, "rows").await.is_empty());
    installation::as_copy(app, &Detached).await.unwrap();
    all_is_well(app, "a copy").await;
    app.core.keyring.close("it was moved");
    installation::take_over(app, false, &Detached).await.unwrap();
    all_is_well(app, "taken over").await;
}

#[tokio::test]
async fn a_restored_backup_raises_no_alarm_on_either_database() {
    let Full { fixture, instance, .. } = full().await;
    let root = RootKey::generate().unwrap();
    let (name, text) = (root.version(), root.to_text().expose().to_owned());
    fixture.app.core.keyring.learn(Root::Key(root));
    keys::rotate_root(&fixture.app, &name, &Detached).await.unwrap();
    instances::rotate_url(&fixture.app, &fixture.ctx, &instance.id).await.unwrap();
    let mut file = Vec::new();
    backup::write(&fixture.app, &mut file, &Detached, || Ok(())).await.unwrap();
    let places = [Some(Location::Memory), valetkey_testkit::postgres().map(Location::from)];
    for location in places.into_iter().flatten() {
        let roots = || Roots::from(RootKey::from_text(&text.as_str().into()).unwrap());
        let store = Store::open(&location).await.unwrap();
        restore::read(&store, &roots(), file.as_slice(), &Detached).await.unwrap();
        let restored = fixture.over(store, roots()).await;
        all_is_well(&restored, "restored").await;
    }
}

#[tokio::test]
async fn rows_of_which_retention_has_removed_all_records_are_counted_and_not_suspected() {
    let Full { fixture, instance, .. } = full().await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    app.core.journal.head().await.unwrap();
    fixture.clock.advance(3 * DAY);
    instances::rotate_url(app, ctx, &instance.id).await.unwrap();
    while app.core.journal.remove_some(app.core.now() - DAY).await.unwrap() > 0 {}
    let rows = checks(app).await.into_iter().find(|check| check.part == "rows").unwrap();
    assert!(rows.verdict == Verdict::Ok && rows.found.contains("says nothing any more"), "{rows:?}");
    assert!(rows.found.starts_with('1') || rows.found.contains("rows are as"), "{rows:?}");
    let old = copied(app, "mcp_instances", instance.id.as_str()).await;
    instances::rotate_url(app, ctx, &instance.id).await.unwrap();
    put_back(app, "mcp_instances", old).await;
    assert_eq!(wrong(app, "rows").await.len(), 1, "what is still told is still compared");
}

#[tokio::test]
async fn what_was_read_or_linked_is_no_change() {
    let Full { fixture, instance, .. } = full().await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let before = copied(app, "mcp_instances", instance.id.as_str()).await;
    instances::url(app, ctx, &instance).await.unwrap();
    consent::link(app, ctx, &fixture.connection, &fixture.account, DAY).await.unwrap();
    assert!(copied(app, "mcp_instances", instance.id.as_str()).await == before);
    let told = audit::newest(app, ctx, Some(instance.id.as_str()), 9).await.unwrap();
    for line in &told {
        let change = line.detail.get("row").map(|row| row["change"].clone());
        assert_eq!(change, (line.action == "instance.created").then(|| json!(1)), "{told:?}");
    }
}

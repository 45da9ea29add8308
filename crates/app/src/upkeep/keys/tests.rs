//! Rotation against a real store, with an account that is signed in and a URL that is in use.

mod cut_off;
mod recorded;

use super::*;
use crate::accounts;
use crate::connections;
use crate::entrance::doors;
use crate::events::webhooks;
use crate::fixture::{Fixture, HOUR, Reply, fixture, revoke_due};
use crate::servers::instances;
use crate::tenancy::clients;
use crate::tenancy::tokens;
use crate::upkeep::housekeeping;
use std::sync::Arc;
use valetkey_core::keyring::{Keyring, Root, Roots};
use valetkey_domain::ctx::Detached;
use valetkey_domain::id::ProcessId;
use valetkey_storage::processes;
use valetkey_testkit::SeededRng;
use valetkey_vault::RootKey;

const SUPERSEDED: Duration = Duration::from_secs(16 * 60);

async fn generations(fixture: &Fixture, purpose: &str) -> Vec<i64> {
    let all = list(&fixture.app).await.unwrap();
    all.iter().filter(|key| key.purpose == purpose).map(|key| key.generation).collect()
}

fn only(purpose: Purpose) -> KeySelection {
    KeySelection { environment: None, purposes: vec![purpose] }
}

#[tokio::test]
async fn attack_57_what_is_stored_opens_before_during_and_after_a_rotation_of_data_keys() {
    let mut fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    let before = fixture.now().await.credential.unwrap().sealed;
    let done = rotate(&fixture.app, &KeySelection::default(), &Detached).await.unwrap();
    // The account's tokens, the OAuth client's secret, the signing key.
    assert_eq!((done.resealed, done.urls), (3, false));
    assert_ne!(fixture.now().await.credential.unwrap().sealed, before);
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
    assert_eq!(generations(&fixture, "credential").await, [1, 2]);
    assert_eq!(housekeeping::tidy(&fixture.app).await.unwrap(), 0, "a key stays while a value may be on its way");
    fixture.clock.advance(SUPERSEDED);
    housekeeping::tidy(&fixture.app).await.unwrap();
    for purpose in ["credential", "client", "signing"] {
        assert_eq!(generations(&fixture, purpose).await, [2], "{purpose}");
    }
    fixture.clock.advance(Duration::from_secs(3600));
    fixture.connection = connections::get(&fixture.app, &fixture.ctx, &fixture.connection.id).await.unwrap();
    fixture.provider.gives(HOUR);
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1", "a refresh opens tokens and the client's secret");
}

#[tokio::test]
async fn attack_57_what_is_to_be_revoked_is_revoked_after_a_rotation() {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    fixture.provider.will_revoke(Reply::Answer(503, String::new()));
    accounts::delete(&fixture.app, &fixture.ctx, &accounts::AccountRef::Id(fixture.account.id.clone())).await.unwrap();
    let done = rotate(&fixture.app, &only(Purpose::Credential), &Detached).await.unwrap();
    assert_eq!(done.resealed, 1);
    fixture.clock.advance(SUPERSEDED);
    retire(&fixture.app).await.unwrap();
    assert_eq!(generations(&fixture, "credential").await, [2], "nothing needs the old key");
    revoke_due(&fixture.app).await;
    assert_eq!(fixture.provider.asked("/revoke").last().unwrap(), " token=rt-1");
    let left = "SELECT count(*) AS n FROM revocations";
    let row = fixture.app.core.store.read().await.unwrap().one(left, []).await.unwrap().unwrap();
    assert_eq!(row.integer("n").unwrap(), 0);
}

#[tokio::test]
async fn what_a_crash_left_is_sealed_again_by_the_next_start_and_keeps_its_key_until_then() {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    let stored = rows::all(&mut fixture.app.core.store.read().await.unwrap()).await.unwrap();
    let credential = stored.iter().find(|key| key.purpose == "credential").unwrap();
    // The new key is there, and the process ends.
    assert!(succeed(&fixture.app, credential, Actor::Operator).await.unwrap());
    assert!(!succeed(&fixture.app, credential, Actor::Operator).await.unwrap(), "nobody makes it twice");
    fixture.clock.advance(SUPERSEDED);
    retire(&fixture.app).await.unwrap();
    assert_eq!(generations(&fixture, "credential").await, [1, 2], "the account's tokens still name it");
    for left in [1, 0] {
        let mut stages = Stages::default();
        reseal(&fixture.app, &Detached, &mut stages).await.unwrap();
        assert_eq!((stages.resealed(), stages.accounts), (left, left));
    }
    retire(&fixture.app).await.unwrap();
    assert_eq!(generations(&fixture, "credential").await, [2]);
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
}

#[tokio::test]
async fn the_journals_old_keys_stay_to_check_its_records() {
    let fixture = fixture("{rotates: true}").await;
    let digest = fixture.app.core.keyring.digest(&fixture.ctx.environment, "salt", b"text").await.unwrap();
    rotate(&fixture.app, &only(Purpose::Journal), &Detached).await.unwrap();
    fixture.clock.advance(SUPERSEDED);
    retire(&fixture.app).await.unwrap();
    assert_eq!(generations(&fixture, "journal").await, [1, 2, 1, 2], "the chain's and the digests'");
    assert_ne!(fixture.app.core.keyring.digest(&fixture.ctx.environment, "salt", b"text").await.unwrap(), digest);
}

#[tokio::test]
async fn urls_change_only_when_asked_for_and_then_at_once() {
    let fixture = fixture("{rotates: true}").await;
    let (_, token) = fixture.instance().await;
    rotate(&fixture.app, &KeySelection::default(), &Detached).await.unwrap();
    doors::instance_url(&fixture.app, &token).await.unwrap();
    let done = rotate(&fixture.app, &only(Purpose::Url), &Detached).await.unwrap();
    assert!(done.urls);
    let refused = doors::instance_url(&fixture.app, &token).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::NotFound);
    let (filter, page) = (instances::Filter::default(), crate::Page { size: 1, after: None });
    let found = instances::list(&fixture.app, &fixture.ctx, &filter, &page).await.unwrap();
    let fresh = instances::url(&fixture.app, &fixture.ctx, &found.items[0]).await.unwrap();
    doors::instance_url(&fixture.app, fresh.expose().rsplit('/').next().unwrap()).await.unwrap();
    assert_eq!(generations(&fixture, "url").await, [2]);
}

#[tokio::test]
async fn a_url_key_that_another_process_removed_opens_nothing_here_either() {
    let fixture = fixture("{rotates: true}").await;
    let (_, token) = fixture.instance().await;
    doors::instance_url(&fixture.app, &token).await.unwrap();
    let mut tx = fixture.app.core.store.write().await.unwrap();
    tx.run("DELETE FROM data_keys WHERE purpose = 'url'", []).await.unwrap();
    tx.commit().await.unwrap();
    // Its key is still held opened in memory.
    assert_eq!(doors::instance_url(&fixture.app, &token).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn tokens_of_the_old_signing_key_are_taken_until_the_last_has_ended() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let issued = clients::create(app, ctx, "shop", vec![]).await.unwrap();
    let old = tokens::token(app, issued.client.id.as_str(), &issued.secret).await.unwrap().access_token;
    rotate(app, &only(Purpose::Signing), &Detached).await.unwrap();
    doors::client_token(app, old.expose()).await.unwrap();
    let keys = || app.core.keyring.jwks()["keys"].as_array().unwrap().len();
    assert_eq!(keys(), 2);
    let new = tokens::token(app, issued.client.id.as_str(), &issued.secret).await.unwrap().access_token;
    let kid = |token: &str| token.split('.').next().unwrap().to_owned();
    assert_ne!(kid(old.expose()), kid(new.expose()));
    fixture.clock.advance(tokens::TOKEN_LIFE);
    housekeeping::tidy(app).await.unwrap();
    assert_eq!(keys(), 2);
    fixture.clock.advance(Duration::from_secs(3601));
    housekeeping::tidy(app).await.unwrap();
    assert_eq!(keys(), 1);
}

#[tokio::test]
async fn attack_57_every_data_key_goes_under_another_root_while_calls_go_on() {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    let from = fixture.app.core.keyring.wrapping_root().await.unwrap();
    let new = RootKey::generate().unwrap();
    let (to, text) = (new.version(), new.to_text());
    let unknown = rotate_root(&fixture.app, &to, &Detached).await.unwrap_err();
    assert!(unknown.message().contains(&to) && unknown.message().contains(&from), "{unknown}");
    fixture.app.core.keyring.learn(Root::Key(new));
    let count = list(&fixture.app).await.unwrap().len() as u64;
    assert_eq!(rotate_root(&fixture.app, &to, &Detached).await.unwrap(), count);
    assert_eq!(rotate_root(&fixture.app, &to, &Detached).await.unwrap(), 0);
    assert!(list(&fixture.app).await.unwrap().iter().all(|key| key.root == to));
    assert_eq!(root_uses(&fixture.app).await.unwrap(), [(to.clone(), count), (from, 0)]);
    assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
    let (store, clock) = (fixture.app.core.store.clone(), fixture.app.core.clock.clone());
    let start = |root: RootKey| Keyring::start(store.clone(), root, clock.clone(), Arc::new(SeededRng::new(3)));
    start(RootKey::from_text(&text).unwrap()).await.unwrap();
    let other = RootKey::generate().unwrap();
    let name = other.version();
    let refused = start(other).await.err().unwrap();
    assert!(refused.message().contains(&to) && refused.message().contains(&name), "{refused}");
}

#[tokio::test]
async fn a_root_that_a_process_lacks_wraps_nothing() {
    let fixture = fixture("{rotates: true}").await;
    let from = fixture.app.core.keyring.wrapping_root().await.unwrap();
    let other = processes::Process {
        id: ProcessId::parse("proc_other").unwrap(),
        roots: vec![from.clone()],
        admitted: true,
        started_at: fixture.app.core.now(),
        seen_at: fixture.app.core.now(),
    };
    let mut tx = fixture.app.core.store.write().await.unwrap();
    processes::show(&mut tx, &other).await.unwrap();
    tx.commit().await.unwrap();
    let new = RootKey::generate().unwrap();
    let to = new.version();
    fixture.app.core.keyring.learn(Root::Key(new));
    let refused = rotate_root(&fixture.app, &to, &Detached).await.unwrap_err();
    assert!(refused.message().contains("proc_other") && refused.message().contains(&to), "{refused}");
    assert_eq!(fixture.app.core.keyring.wrapping_root().await.unwrap(), from);
    fixture.clock.advance(Duration::from_secs(61));
    rotate_root(&fixture.app, &to, &Detached).await.unwrap();
}

#[tokio::test]
async fn a_start_between_the_two_halves_of_a_root_change_needs_both_keys() {
    let fixture = fixture("{rotates: true}").await;
    let (old, new) = (RootKey::generate().unwrap(), RootKey::generate().unwrap());
    let (from, to) = (old.to_text(), new.to_text());
    fixture.app.core.keyring.learn(Root::Key(old));
    rotate_root(&fixture.app, &RootKey::from_text(&from).unwrap().version(), &Detached).await.unwrap();
    let version = new.version();
    fixture.app.core.keyring.learn(Root::Key(new));
    // The database names the new root, and the process ends before any key is wrapped under it.
    let mut tx = fixture.app.core.store.write().await.unwrap();
    valetkey_storage::meta::set(&mut tx, valetkey_storage::meta::ROOT, &version).await.unwrap();
    tx.commit().await.unwrap();
    let (store, clock) = (fixture.app.core.store.clone(), fixture.app.core.clock.clone());
    let start = |texts: Vec<&valetkey_domain::Secret<str>>| {
        let keys = texts.iter().map(|text| Root::Key(RootKey::from_text(text).unwrap())).collect();
        Keyring::start(store.clone(), Roots::new(keys), clock.clone(), Arc::new(SeededRng::new(3)))
    };
    assert!(start(vec![&to]).await.is_err());
    assert!(start(vec![&from]).await.is_err());
    start(vec![&from, &to]).await.unwrap();
    assert!(rotate_root(&fixture.app, &version, &Detached).await.unwrap() > 0);
    start(vec![&to]).await.unwrap();
}

#[tokio::test]
async fn data_keys_that_were_swapped_open_nothing() {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    let mut tx = fixture.app.core.store.write().await.unwrap();
    let swapped = tx
        .run(
            "UPDATE data_keys SET wrapped = (SELECT o.wrapped FROM data_keys o WHERE o.purpose = 'client')
             WHERE purpose = 'credential'",
            [],
        )
        .await
        .unwrap();
    assert_eq!(swapped, 1);
    tx.commit().await.unwrap();
    fixture.clock.advance(Duration::from_secs(601));
    assert!(fixture.token(None).await.is_err());
}

#[tokio::test]
async fn a_webhooks_secrets_are_sealed_again_and_the_old_key_goes() {
    let fixture = fixture("{rotates: true}").await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let wish = webhooks::WebhookSettings {
        url: Some("https://app.example/hook".into()),
        ..webhooks::WebhookSettings::default()
    };
    let id = webhooks::create(app, ctx, wish).await.unwrap().webhook.id;
    webhooks::rotate(app, ctx, &id, Duration::from_secs(24 * 3600)).await.unwrap();
    let before = webhooks::get(app, ctx, &id).await.unwrap();
    assert_eq!(rotate(app, &only(Purpose::Webhook), &Detached).await.unwrap().resealed, 1);
    let after = webhooks::get(app, ctx, &id).await.unwrap();
    assert_ne!(after.secret, before.secret);
    assert_ne!(after.secret_before, before.secret_before);
    assert!(webhooks::try_secrets(app, ctx, &after).await.iter().all(Result::is_ok));
    fixture.clock.advance(SUPERSEDED);
    retire(app).await.unwrap();
    assert_eq!(generations(&fixture, "webhook").await, [2]);
}

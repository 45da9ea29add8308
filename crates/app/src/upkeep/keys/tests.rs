//! Rotation against a real store, with an account that is signed in and a URL that is in use.

use super::*;
use crate::accounts;
use crate::connections;
use crate::credentials::revocations;
use crate::entrance::doors;
use crate::provider::{HOUR, Says, There, there};
use crate::servers::instances;
use crate::tenancy::clients;
use crate::tenancy::tokens;
use crate::upkeep::housekeeping;
use std::sync::Arc;
use valetkey_core::keyring::{Keyring, Root, Roots};
use valetkey_domain::ctx::NoCaller;
use valetkey_domain::id::ProcessId;
use valetkey_storage::processes;
use valetkey_testkit::SeededRng;
use valetkey_vault::RootKey;

const SUPERSEDED: Duration = Duration::from_secs(16 * 60);

async fn generations(there: &There, purpose: &str) -> Vec<i64> {
    let all = list(&there.app).await.unwrap();
    all.iter().filter(|key| key.purpose == purpose).map(|key| key.generation).collect()
}

fn only(purpose: Purpose) -> Which {
    Which { environment: None, purposes: vec![purpose] }
}

#[tokio::test]
async fn attack_57_what_is_stored_opens_before_during_and_after_a_rotation_of_data_keys() {
    let mut there = there("{rotates: true}").await;
    there.sign_in(HOUR).await;
    let before = there.now().await.credential.unwrap().sealed;
    let done = rotate(&there.app, &Which::default(), &NoCaller).await.unwrap();
    // The account's tokens, the OAuth client's secret, the signing key.
    assert_eq!((done.resealed, done.urls), (3, false));
    assert_ne!(there.now().await.credential.unwrap().sealed, before);
    assert_eq!(there.token(None).await.unwrap().0, "at-1");
    assert_eq!(generations(&there, "credential").await, [1, 2]);
    assert_eq!(housekeeping::tidy(&there.app).await.unwrap(), 0, "a key stays while a value may be on its way");
    there.clock.advance(SUPERSEDED);
    housekeeping::tidy(&there.app).await.unwrap();
    for purpose in ["credential", "client", "signing"] {
        assert_eq!(generations(&there, purpose).await, [2], "{purpose}");
    }
    there.clock.advance(Duration::from_secs(3600));
    there.connection = connections::get(&there.app, &there.ctx, &there.connection.id).await.unwrap();
    there.provider.gives(HOUR);
    assert_eq!(there.token(None).await.unwrap().0, "at-1", "a refresh opens tokens and the client's secret");
}

#[tokio::test]
async fn attack_57_what_is_to_be_revoked_is_revoked_after_a_rotation() {
    let there = there("{rotates: true}").await;
    there.sign_in(HOUR).await;
    there.provider.will_revoke(Says::Answer(503, String::new()));
    accounts::delete(&there.app, &there.ctx, &accounts::Which::Id(there.account.id.clone())).await.unwrap();
    let done = rotate(&there.app, &only(Purpose::Credential), &NoCaller).await.unwrap();
    assert_eq!(done.resealed, 1);
    there.clock.advance(SUPERSEDED);
    retire(&there.app).await.unwrap();
    assert_eq!(generations(&there, "credential").await, [2], "nothing needs the old key");
    revocations::due(&there.app).await.unwrap();
    assert_eq!(there.provider.asked("/revoke").last().unwrap(), " token=rt-1");
    let left = "SELECT count(*) AS n FROM revocations";
    let row = there.app.core.store.read().await.unwrap().one(left, []).await.unwrap().unwrap();
    assert_eq!(row.integer("n").unwrap(), 0);
}

#[tokio::test]
async fn what_a_crash_left_is_sealed_again_by_the_next_start_and_keeps_its_key_until_then() {
    let there = there("{rotates: true}").await;
    there.sign_in(HOUR).await;
    let stored = rows::all(&mut there.app.core.store.read().await.unwrap()).await.unwrap();
    let credential = stored.iter().find(|key| key.purpose == "credential").unwrap();
    // The new key is there, and the process ends.
    succeed(&there.app, credential).await.unwrap();
    there.clock.advance(SUPERSEDED);
    retire(&there.app).await.unwrap();
    assert_eq!(generations(&there, "credential").await, [1, 2], "the account's tokens still name it");
    assert_eq!(reseal(&there.app, &NoCaller).await.unwrap(), 1);
    assert_eq!(reseal(&there.app, &NoCaller).await.unwrap(), 0);
    retire(&there.app).await.unwrap();
    assert_eq!(generations(&there, "credential").await, [2]);
    assert_eq!(there.token(None).await.unwrap().0, "at-1");
}

#[tokio::test]
async fn the_journals_old_keys_stay_to_check_its_records() {
    let there = there("{rotates: true}").await;
    let digest = there.app.core.keyring.digest(&there.ctx.environment, "salt", b"text").await.unwrap();
    rotate(&there.app, &only(Purpose::Journal), &NoCaller).await.unwrap();
    there.clock.advance(SUPERSEDED);
    retire(&there.app).await.unwrap();
    assert_eq!(generations(&there, "journal").await, [1, 2, 1, 2], "the chain's and the digests'");
    assert_ne!(there.app.core.keyring.digest(&there.ctx.environment, "salt", b"text").await.unwrap(), digest);
}

#[tokio::test]
async fn urls_change_only_when_asked_for_and_then_at_once() {
    let there = there("{rotates: true}").await;
    let (_, token) = there.instance().await;
    rotate(&there.app, &Which::default(), &NoCaller).await.unwrap();
    doors::instance_url(&there.app, &token).await.unwrap();
    let done = rotate(&there.app, &only(Purpose::Url), &NoCaller).await.unwrap();
    assert!(done.urls);
    let refused = doors::instance_url(&there.app, &token).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::NotFound);
    let (filter, page) = (instances::Filter::default(), crate::Page { size: 1, after: None });
    let found = instances::list(&there.app, &there.ctx, &filter, &page).await.unwrap();
    let fresh = instances::url(&there.app, &there.ctx, &found.items[0]).await.unwrap();
    doors::instance_url(&there.app, fresh.expose().rsplit('/').next().unwrap()).await.unwrap();
    assert_eq!(generations(&there, "url").await, [2]);
}

#[tokio::test]
async fn a_url_key_that_another_process_removed_opens_nothing_here_either() {
    let there = there("{rotates: true}").await;
    let (_, token) = there.instance().await;
    doors::instance_url(&there.app, &token).await.unwrap();
    let mut tx = there.app.core.store.write().await.unwrap();
    tx.run("DELETE FROM data_keys WHERE purpose = 'url'", []).await.unwrap();
    tx.commit().await.unwrap();
    // Its key is still held opened in memory.
    assert_eq!(doors::instance_url(&there.app, &token).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn tokens_of_the_old_signing_key_are_taken_until_the_last_has_ended() {
    let there = there("{rotates: true}").await;
    let (app, ctx) = (&there.app, &there.ctx);
    let issued = clients::create(app, ctx, "shop", vec![]).await.unwrap();
    let old = tokens::token(app, issued.client.id.as_str(), &issued.secret).await.unwrap().access_token;
    rotate(app, &only(Purpose::Signing), &NoCaller).await.unwrap();
    doors::client_token(app, old.expose()).await.unwrap();
    let keys = || app.core.keyring.jwks()["keys"].as_array().unwrap().len();
    assert_eq!(keys(), 2);
    let new = tokens::token(app, issued.client.id.as_str(), &issued.secret).await.unwrap().access_token;
    let kid = |token: &str| token.split('.').next().unwrap().to_owned();
    assert_ne!(kid(old.expose()), kid(new.expose()));
    there.clock.advance(tokens::TOKEN_LIFE);
    housekeeping::tidy(app).await.unwrap();
    assert_eq!(keys(), 2);
    there.clock.advance(Duration::from_secs(3601));
    housekeeping::tidy(app).await.unwrap();
    assert_eq!(keys(), 1);
}

#[tokio::test]
async fn attack_57_every_data_key_goes_under_another_root_while_calls_go_on() {
    let there = there("{rotates: true}").await;
    there.sign_in(HOUR).await;
    let from = there.app.core.keyring.wrapping_root().await.unwrap();
    let new = RootKey::generate().unwrap();
    let (to, text) = (new.version(), new.to_text());
    let unknown = rotate_root(&there.app, &to, &NoCaller).await.unwrap_err();
    assert!(unknown.message().contains(&to) && unknown.message().contains(&from), "{unknown}");
    there.app.core.keyring.learn(Root::Key(new));
    let count = list(&there.app).await.unwrap().len() as u64;
    assert_eq!(rotate_root(&there.app, &to, &NoCaller).await.unwrap(), count);
    assert_eq!(rotate_root(&there.app, &to, &NoCaller).await.unwrap(), 0);
    assert!(list(&there.app).await.unwrap().iter().all(|key| key.root == to));
    assert_eq!(root_uses(&there.app).await.unwrap(), [(to.clone(), count), (from, 0)]);
    assert_eq!(there.token(None).await.unwrap().0, "at-1");
    let (store, clock) = (there.app.core.store.clone(), there.app.core.clock.clone());
    let start = |root: RootKey| Keyring::start(store.clone(), root, clock.clone(), Arc::new(SeededRng::new(3)));
    start(RootKey::from_text(&text).unwrap()).await.unwrap();
    let other = RootKey::generate().unwrap();
    let name = other.version();
    let refused = start(other).await.err().unwrap();
    assert!(refused.message().contains(&to) && refused.message().contains(&name), "{refused}");
}

#[tokio::test]
async fn a_root_that_a_process_lacks_wraps_nothing() {
    let there = there("{rotates: true}").await;
    let from = there.app.core.keyring.wrapping_root().await.unwrap();
    let other = processes::Process {
        id: ProcessId::parse("proc_other").unwrap(),
        roots: vec![from.clone()],
        admitted: true,
        started_at: there.app.core.now(),
        seen_at: there.app.core.now(),
    };
    let mut tx = there.app.core.store.write().await.unwrap();
    processes::show(&mut tx, &other).await.unwrap();
    tx.commit().await.unwrap();
    let new = RootKey::generate().unwrap();
    let to = new.version();
    there.app.core.keyring.learn(Root::Key(new));
    let refused = rotate_root(&there.app, &to, &NoCaller).await.unwrap_err();
    assert!(refused.message().contains("proc_other") && refused.message().contains(&to), "{refused}");
    assert_eq!(there.app.core.keyring.wrapping_root().await.unwrap(), from);
    there.clock.advance(Duration::from_secs(61));
    rotate_root(&there.app, &to, &NoCaller).await.unwrap();
}

#[tokio::test]
async fn a_start_between_the_two_halves_of_a_root_change_needs_both_keys() {
    let there = there("{rotates: true}").await;
    let (old, new) = (RootKey::generate().unwrap(), RootKey::generate().unwrap());
    let (from, to) = (old.to_text(), new.to_text());
    there.app.core.keyring.learn(Root::Key(old));
    rotate_root(&there.app, &RootKey::from_text(&from).unwrap().version(), &NoCaller).await.unwrap();
    let version = new.version();
    there.app.core.keyring.learn(Root::Key(new));
    // The database names the new root, and the process ends before any key is wrapped under it.
    let mut tx = there.app.core.store.write().await.unwrap();
    valetkey_storage::meta::set(&mut tx, valetkey_storage::meta::ROOT, &version).await.unwrap();
    tx.commit().await.unwrap();
    let (store, clock) = (there.app.core.store.clone(), there.app.core.clock.clone());
    let start = |texts: Vec<&valetkey_domain::Secret<str>>| {
        let keys = texts.iter().map(|text| Root::Key(RootKey::from_text(text).unwrap())).collect();
        Keyring::start(store.clone(), Roots::new(keys), clock.clone(), Arc::new(SeededRng::new(3)))
    };
    assert!(start(vec![&to]).await.is_err());
    assert!(start(vec![&from]).await.is_err());
    start(vec![&from, &to]).await.unwrap();
    assert!(rotate_root(&there.app, &version, &NoCaller).await.unwrap() > 0);
    start(vec![&to]).await.unwrap();
}

#[tokio::test]
async fn data_keys_that_were_swapped_open_nothing() {
    let there = there("{rotates: true}").await;
    there.sign_in(HOUR).await;
    let mut tx = there.app.core.store.write().await.unwrap();
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
    there.clock.advance(Duration::from_secs(601));
    assert!(there.token(None).await.is_err());
}

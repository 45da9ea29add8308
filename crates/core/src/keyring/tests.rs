//! Each promise of the keyring against a real store.

use super::{DoorRow, Keyring};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use valetkey_domain::id::{ConfigId, EnvironmentId, InstanceId, SigningKeyId};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::name::{ConfigName, Identifier, InstanceName};
use valetkey_domain::{Clock, Kind, Sealed, Timestamp};
use valetkey_storage::{Arg, Location, Store, data_keys, members, row_macs};
use valetkey_testkit::{ManualClock, SeededRng};
use valetkey_vault::jwt::{Expect, SigningKey};
use valetkey_vault::{Holder, Place, Purpose, RootKey};

/// A store, a clock and a root key, from which keyrings are started as a server would.
struct Fixture {
    store: Store,
    clock: Arc<ManualClock>,
    root: String,
}

impl Fixture {
    async fn new() -> Self {
        let store = Store::open(&valetkey_testkit::postgres().map_or(Location::Memory, Location::from)).await.unwrap();
        let root = RootKey::generate().unwrap().to_text().expose().to_owned();
        Self { store, clock: Arc::new(ManualClock::default()), root }
    }

    async fn start_with(&self, root: &str, seed: u64) -> crate::Result<Keyring> {
        let root = RootKey::from_text(&root.into()).unwrap();
        Keyring::start(self.store.clone(), root, self.clock.clone(), Arc::new(SeededRng::new(seed))).await
    }

    async fn start(&self, seed: u64) -> Keyring {
        self.start_with(&self.root, seed).await.unwrap()
    }

    async fn keys(&self, purpose: Purpose) -> usize {
        data_keys::ids(&mut self.store.read().await.unwrap(), purpose.as_str()).await.unwrap().len()
    }
}

fn ours() -> EnvironmentId {
    EnvironmentId::parse("env_ours").unwrap()
}

fn theirs() -> EnvironmentId {
    EnvironmentId::parse("env_theirs").unwrap()
}

fn instance(environment: &EnvironmentId) -> McpInstance {
    McpInstance {
        id: InstanceId::parse("inst_1").unwrap(),
        environment: environment.clone(),
        config: ConfigId::parse("cfg_1").unwrap(),
        config_name: ConfigName::parse("config").unwrap(),
        name: InstanceName::parse("inst_1").unwrap(),
        identifier: Identifier::parse("ann").unwrap(),
        url_generation: 3,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        last_used_at: None,
    }
}

fn place(environment: &EnvironmentId) -> Place<'_> {
    Place {
        environment: environment.as_str(),
        table: "connections",
        row: "conn_1",
        column: "client_secret",
        generation: 0,
        audience: &[],
        holder: Holder::default(),
    }
}

async fn opens(ring: &Keyring, environment: &EnvironmentId, purpose: Purpose, sealed: &Sealed) -> bool {
    ring.open(environment, purpose, &place(environment), sealed).await.is_ok()
}

#[tokio::test]
async fn what_is_sealed_opens_after_a_restart_and_nowhere_else() {
    let (fixture, ours, theirs) = (Fixture::new().await, ours(), theirs());
    let ring = fixture.start(1).await;
    let sealed = ring.seal(&ours, Purpose::Client, &place(&ours), b"secret").await.unwrap();
    let again = fixture.start(2).await;
    let opened = again.open(&ours, Purpose::Client, &place(&ours), &sealed).await.unwrap();
    assert_eq!(opened.expose(), b"secret");
    assert!(!opens(&again, &ours, Purpose::Credential, &sealed).await);
    assert!(!opens(&again, &theirs, Purpose::Client, &sealed).await);
    assert!(again.open(&ours, Purpose::Client, &place(&theirs), &sealed).await.is_err());
    assert!(again.seal(&ours, Purpose::Client, &place(&theirs), b"secret").await.is_err());
    assert_eq!(fixture.keys(Purpose::Client).await, 1);
}

#[tokio::test]
async fn the_wrong_root_key_is_refused_by_name() {
    let fixture = Fixture::new().await;
    fixture.start(1).await;
    let other = RootKey::generate().unwrap();
    let error = fixture.start_with(other.to_text().expose(), 2).await.err().unwrap();
    let right = RootKey::from_text(&fixture.root.as_str().into()).unwrap();
    assert_eq!(error.kind(), Kind::FailedPrecondition);
    assert!(error.message().contains(&other.version()), "{error}");
    assert!(error.message().contains(&right.version()), "{error}");
}

#[tokio::test]
async fn a_root_key_is_made_for_an_empty_database_only() {
    let fixture = Fixture::new().await;
    Keyring::may_start_afresh(&fixture.store).await.unwrap();
    fixture.start(1).await;
    let error = Keyring::may_start_afresh(&fixture.store).await.unwrap_err();
    assert_eq!(error.kind(), Kind::FailedPrecondition);
}

#[tokio::test]
async fn two_that_start_at_once_end_with_the_same_keys() {
    let (fixture, ours) = (Fixture::new().await, ours());
    let (one, other) = tokio::join!(fixture.start(1), fixture.start(2));
    assert_eq!(one.jwks(), other.jwks());
    let (place, text) = (place(&ours), b"secret".as_slice());
    let (first, second) = tokio::join!(
        one.seal(&ours, Purpose::Credential, &place, text),
        other.seal(&ours, Purpose::Credential, &place, text)
    );
    assert!(opens(&other, &ours, Purpose::Credential, &first.unwrap()).await);
    assert!(opens(&one, &ours, Purpose::Credential, &second.unwrap()).await);
    assert_eq!(fixture.keys(Purpose::Credential).await, 1);
}

#[tokio::test]
async fn a_url_is_checked_without_the_database_and_for_its_own_environment() {
    let (fixture, ours) = (Fixture::new().await, ours());
    let ring = fixture.start(1).await;
    let instance = instance(&ours);
    let token = ring.url_mint(&instance).await.unwrap();
    // All readers are taken: a look at the database would end in "busy".
    let _readers = take_readers(&fixture.store).await;
    let (environment, claim) = ring.url_check(token.expose()).await.unwrap().unwrap();
    assert_eq!(environment, ours);
    assert!(claim.opens(&instance));
    for text in ["", "vkm_", "vkm_AAAA", &token.expose()[1..], &format!("{}A", token.expose())] {
        assert!(ring.url_check(text).await.unwrap().is_none(), "{text}");
    }
}

#[tokio::test]
async fn forged_key_ids_cost_one_look_a_second_and_hide_no_known_key() {
    let (fixture, stranger, ours) = (Fixture::new().await, Fixture::new().await, ours());
    let instance = instance(&ours);
    let token = fixture.start(1).await.url_mint(&instance).await.unwrap();
    let forged = stranger.start(9).await.url_mint(&instance).await.unwrap();
    let ring = fixture.start(2).await;
    assert!(ring.url_check(forged.expose()).await.unwrap().is_none());
    {
        let _readers = take_readers(&fixture.store).await;
        assert!(ring.url_check(forged.expose()).await.unwrap().is_none(), "looked again within the second");
    }
    assert!(ring.url_check(token.expose()).await.unwrap().is_some(), "hidden by the forgeries");
    fixture.clock.advance(Duration::from_secs(2));
    let _readers = take_readers(&fixture.store).await;
    assert!(ring.url_check(forged.expose()).await.is_err(), "did not look after the second");
}

#[tokio::test]
async fn who_comes_while_url_keys_are_looked_for_waits_and_is_not_refused() {
    let (fixture, ours) = (Fixture::new().await, ours());
    let token = fixture.start(1).await.url_mint(&instance(&ours)).await.unwrap();
    let ring = fixture.start(2).await;
    let readers = take_readers(&fixture.store).await;
    let look = || ring.url_check(token.expose());
    let (first, second, ()) = futures::future::join3(look(), look(), async { drop(readers) }).await;
    assert!(first.unwrap().is_some() && second.unwrap().is_some(), "a URL of ours is taken for a forgery");
}

#[tokio::test]
async fn a_key_for_something_else_makes_no_url() {
    let (fixture, ours) = (Fixture::new().await, ours());
    let ring = fixture.start(1).await;
    ring.seal(&ours, Purpose::Credential, &place(&ours), b"x").await.unwrap();
    let token = ring.url_mint(&instance(&ours)).await.unwrap();
    let url_key = ring.url_check(token.expose()).await.unwrap().unwrap().1.key;
    let ids = data_keys::ids(&mut fixture.store.read().await.unwrap(), "credential").await.unwrap();
    assert!(!ids.contains(&url_key));
    for id in ids {
        assert!(ring.0.keys.url_key(&id).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn opened_keys_are_forgotten_after_ten_minutes() {
    let (fixture, ours) = (Fixture::new().await, ours());
    let ring = fixture.start(1).await;
    let sealed = ring.seal(&ours, Purpose::Flow, &place(&ours), b"x").await.unwrap();
    fixture.clock.advance(Duration::from_secs(599));
    let readers = take_readers(&fixture.store).await;
    assert!(opens(&ring, &ours, Purpose::Flow, &sealed).await);
    fixture.clock.advance(Duration::from_secs(2));
    assert!(!opens(&ring, &ours, Purpose::Flow, &sealed).await, "still held");
    drop(readers);
    assert!(opens(&ring, &ours, Purpose::Flow, &sealed).await);
}

#[tokio::test]
async fn attack_70_a_public_key_that_was_planted_takes_no_token() {
    let fixture = Fixture::new().await;
    drop(fixture.start(1).await);
    let mine = SigningKey::generate(SigningKeyId::parse("snk_planted").unwrap()).unwrap();
    let (copy, kid) = (mine.public().jwk().to_string(), "snk_planted");
    // A row beside ours with what ours has sealed; then ours itself, showing another public half.
    let planted = "INSERT INTO signing_keys (id, public_jwk, private_sealed, created_at, retired_at)
        SELECT $1, $2, private_sealed, created_at, created_at FROM signing_keys";
    let mut tx = fixture.store.write().await.unwrap();
    assert_eq!(tx.run(planted, [Arg::from(kid), Arg::from(copy.as_str())]).await.unwrap(), 1);
    let shown = "UPDATE signing_keys SET public_jwk = $1 WHERE id <> $2";
    assert_eq!(tx.run(shown, [Arg::from(copy.as_str()), Arg::from(kid)]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let ring = fixture.start(2).await;
    let claims = json!({"iss": "us", "aud": "sdk", "sub": "x", "nbf": 0, "exp": 9_999_999_999_i64});
    let forged = mine.sign("at+jwt", &claims).unwrap();
    let expect = Expect { issuer: "us".into(), audience: "sdk".into(), typ: "at+jwt".into(), now: fixture.clock.now() };
    assert_eq!(ring.verify::<Value>(&forged, &expect).await.unwrap_err().kind(), Kind::Unauthenticated);
    let shown = ring.jwks();
    assert_eq!(shown["keys"].as_array().unwrap().len(), 1);
    assert_ne!(shown["keys"][0]["n"], mine.public().jwk()["n"]);
    ring.verify::<Value>(&ring.sign("at+jwt", &claims).unwrap(), &expect).await.unwrap();
}

#[tokio::test]
async fn attack_70_rows_of_an_earlier_version_get_their_macs_once() {
    let fixture = Fixture::new().await;
    let write = async |sql: &'static str, args: &[Arg]| {
        let mut tx = fixture.store.write().await.unwrap();
        tx.run(sql, args.iter().cloned()).await.unwrap();
        tx.commit().await.unwrap();
    };
    write("INSERT INTO environments (id, name, created_at) VALUES ('env_1', 'first', 1)", &[]).await;
    write(
        "INSERT INTO api_clients (id, environment_id, name, scopes, version, created_at)
        VALUES ('skc_1', 'env_1', 'shop', '[]', 1, 1)",
        &[],
    )
    .await;
    let secret = "INSERT INTO api_client_secrets (id, environment_id, client_id, hash, hint, created_at)
        VALUES ('sks_1', 'env_1', 'skc_1', $1, 'abcd', 1)";
    write(secret, &[Arg::from(&[7; 32])]).await;
    write(
        "INSERT INTO members (id, name, name_folded, role, created_at) VALUES ('mem_1', 'ann', 'ann', 'owner', 1)",
        &[],
    )
    .await;
    let ring = fixture.start(1).await;
    let fits = async || {
        let (mut tx, ring) = (fixture.store.read().await.unwrap(), fixture.start(2).await);
        let mut fits = Vec::new();
        for found in members::all(&mut tx).await.unwrap() {
            fits.push(ring.wrote(DoorRow::Member(&found), found.mac.as_deref()).await.unwrap());
        }
        for found in row_macs::clients(&mut tx).await.unwrap() {
            fits.push(ring.wrote(DoorRow::Client(&found.client), found.mac.as_deref()).await.unwrap());
        }
        for found in row_macs::secrets(&mut tx).await.unwrap() {
            fits.push(ring.wrote(DoorRow::Secret(&found.secret), found.mac.as_deref()).await.unwrap());
        }
        fits
    };
    assert_eq!(fits().await, [true, true, true]);
    write(
        "INSERT INTO members (id, name, name_folded, role, created_at) VALUES ('mem_2', 'eve', 'eve', 'owner', 1)",
        &[],
    )
    .await;
    assert_eq!(fits().await, [true, false, true, true], "what comes later without one is planted");
    write("UPDATE members SET mac = NULL", &[]).await;
    assert_eq!(fits().await, [false, false, true, true]);
    drop(ring);
}

#[tokio::test]
async fn tokens_are_signed_and_taken_across_a_restart() {
    let fixture = Fixture::new().await;
    let ring = fixture.start(1).await;
    let now = fixture.clock.now();
    let (from, to) = (now.as_second(), now.as_second() + 10);
    let claims = json!({"iss": "i", "aud": "a", "sub": "s", "nbf": from, "exp": to});
    let token = ring.sign("at+jwt", &claims).unwrap();
    let expect = Expect { issuer: "i".into(), audience: "a".into(), typ: "at+jwt".into(), now };
    let again = fixture.start(2).await;
    assert_eq!(again.verify::<Value>(&token, &expect).await.unwrap(), claims);
    assert_eq!(again.jwks(), ring.jwks());
    assert_eq!(again.jwks()["keys"].as_array().unwrap().len(), 1);
    let late = Expect { now: now + Duration::from_secs(10), ..expect };
    assert_eq!(again.verify::<Value>(&token, &late).await.unwrap_err().kind(), Kind::Unauthenticated);
}

#[tokio::test]
async fn no_key_rests_in_clear() {
    let (fixture, ours) = (Fixture::new().await, ours());
    let ring = fixture.start(1).await;
    ring.seal(&ours, Purpose::Credential, &place(&ours), b"x").await.unwrap();
    let mut tx = fixture.store.read().await.unwrap();
    let rows = valetkey_storage::signing_keys::all(&mut tx).await.unwrap();
    let pem_or_der = |bytes: &[u8]| bytes.starts_with(b"-----") || bytes.starts_with(&[0x30, 0x82]);
    assert!(rows.iter().all(|row| !pem_or_der(&row.private_sealed.0)));
    let root = RootKey::from_text(&fixture.root.as_str().into()).unwrap();
    let stored = data_keys::newest(&mut tx, "env_ours", "credential").await.unwrap().unwrap();
    assert_eq!(stored.root_version, root.version());
    assert_eq!(stored.wrapped.len(), 12 + 32 + 16, "nonce, ciphertext, tag");
}

/// Every reader of the store, so that nobody else gets one.
async fn take_readers(store: &Store) -> Vec<valetkey_storage::Tx> {
    let mut taken = Vec::new();
    while let Ok(reader) = store.read().await {
        taken.push(reader);
    }
    taken
}

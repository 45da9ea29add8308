//! Out of one database and into another, and every file that must not be taken.

use super::*;
use crate::accounts;
use crate::fixture::{Fixture, HOUR, fixture};
use crate::insight::audit;
use crate::tenancy::clients;
use crate::upkeep::restore;
use flate2::read::GzDecoder;
use std::io::Read;
use std::sync::Arc;
use valetkey_core::keyring::{Keyring, Roots};
use valetkey_domain::ctx::Detached;
use valetkey_storage::Location;
use valetkey_testkit::SeededRng;
use valetkey_vault::RootKey;

async fn store() -> Store {
    Store::open(&valetkey_testkit::postgres().map_or(Location::Memory, Location::from)).await.unwrap()
}

/// A signed-in account, a client, and a root key whose text the test knows.
async fn source() -> (Fixture, String, String) {
    let fixture = fixture("{rotates: true}").await;
    let root = RootKey::generate().unwrap();
    let (name, text) = (root.version(), root.to_text().expose().to_owned());
    fixture.app.core.keyring.learn(valetkey_core::keyring::Root::Key(root));
    crate::upkeep::keys::rotate_root(&fixture.app, &name, &Detached).await.unwrap();
    fixture.sign_in(HOUR).await;
    let issued = clients::create(&fixture.app, &fixture.ctx, "shop", vec![]).await.unwrap();
    (fixture, text, issued.secret.expose().to_owned())
}

fn roots(text: &str) -> Roots {
    Roots::from(RootKey::from_text(&text.into()).unwrap())
}

async fn backup(fixture: &Fixture) -> Vec<u8> {
    let mut file = Vec::new();
    write(&fixture.app, &mut file, &Detached, || Ok(())).await.unwrap();
    file
}

fn plain(file: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

fn packed(text: &str) -> Vec<u8> {
    let mut to = GzEncoder::new(Vec::new(), Compression::fast());
    to.write_all(text.as_bytes()).unwrap();
    to.finish().unwrap()
}

#[tokio::test]
async fn everything_comes_back_in_another_database() {
    let (fixture, root, _) = source().await;
    let file = backup(&fixture).await;
    let to = store().await;
    let done = restore::read(&to, &roots(&root), file.as_slice(), &Detached).await.unwrap();
    assert!(done.rows > 5);
    let (mut from, mut tx) = (fixture.app.core.store.read().await.unwrap(), to.read().await.unwrap());
    for table in portable::tables().filter(|table| !table.name().starts_with("journal")) {
        let all = table.page(&mut from, None, 1000).await.unwrap();
        assert!(all == table.page(&mut tx, None, 1000).await.unwrap(), "{}", table.name());
    }
    let why = meta::get(&mut tx, meta::QUARANTINE).await.unwrap().unwrap();
    assert!(why.contains(&done.created_at), "{why}");
    drop(tx);
    let ring =
        Keyring::start(to, roots(&root), fixture.app.core.clock.clone(), Arc::new(SeededRng::new(8))).await.unwrap();
    assert_eq!(ring.jwks(), fixture.app.core.keyring.jwks());
}

/// What the installation's journal says of backups, in the order of the alphabet.
async fn told(app: &App) -> Vec<String> {
    let ctx = context::installation(&app.core, Actor::Operator);
    let lines = audit::newest(app, &ctx, None, 100).await.unwrap();
    let mut told: Vec<_> = lines.into_iter().map(|line| line.action).collect();
    told.retain(|action| action.starts_with("backup."));
    told.sort();
    told
}

/// A file that looks into the journal when its first bytes come.
struct Looking<'a>(&'a App, Vec<Vec<String>>);

impl Write for Looking<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let look = || tokio::runtime::Handle::current().block_on(told(self.0));
        let told = tokio::task::block_in_place(look);
        self.1.push(told);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_a_backup_is_made_is_told_before_its_first_byte_and_how_it_ended_after_its_last() {
    let fixture = fixture("{rotates: true}").await;
    let app = &fixture.app;
    let mut file = Looking(app, Vec::new());
    let place = || std::fs::read("/nowhere/at all").map(drop);
    write(app, &mut file, &Detached, place).await.expect_err("it is not in its place");
    assert!(!file.1.is_empty() && file.1.iter().all(|told| *told == ["backup.begun"]), "{:?}", file.1);
    write(app, Vec::new(), &Detached, || Ok(())).await.unwrap();
    assert_eq!(told(app).await, ["backup.begun", "backup.begun", "backup.not_written", "backup.written"]);
}

#[tokio::test]
async fn attack_50_no_secret_is_in_a_backup() {
    let (fixture, root, client) = source().await;
    fixture.start(&fixture.link().await, "browser").await;
    let text = plain(&backup(&fixture).await);
    assert!(text.contains(fixture.account.id.as_str()));
    for secret in ["at-1", "rt-1", "client-hunter2", root.as_str(), client.as_str()] {
        let base64 = BASE64_STANDARD.encode(secret);
        assert!(!text.contains(secret) && !text.contains(&base64[..base64.len() - 4]), "a secret is in the backup");
    }
}

#[tokio::test]
async fn a_file_that_was_changed_cut_or_mixed_up_is_refused_and_leaves_nothing() {
    let (fixture, root, _) = source().await;
    let file = backup(&fixture).await;
    let text = plain(&file);
    let lines: Vec<&str> = text.lines().collect();
    let without_a_row = lines.iter().filter(|line| !line.starts_with("[\"ca_")).map(|line| format!("{line}\n"));
    let all_but_last: String = lines[..lines.len() - 1].iter().map(|line| format!("{line}\n")).collect();
    let to = store().await;
    for (what, wrong) in [
        ("a row changed", packed(&text.replace("\"ann\"", "\"eve\""))),
        ("a row missing", packed(&without_a_row.collect::<String>())),
        ("no end", packed(&all_but_last)),
        ("cut", file[..file.len() / 2].to_vec()),
        ("more behind the end", packed(&format!("{text}[]\n"))),
        ("a table unknown", packed(&text.replace("\"table\":\"counters\"", "\"table\":\"counter\""))),
        ("no backup", b"not gzip".to_vec()),
        ("another text", packed("{}\n")),
    ] {
        let refused = restore::read(&to, &roots(&root), wrong.as_slice(), &Detached).await.expect_err(what);
        assert!(refused.message().contains("nothing was changed"), "{what}: {refused}");
        assert!(is_empty(&to).await.unwrap(), "{what}");
    }
}

#[tokio::test]
async fn who_has_not_the_root_key_can_make_no_backup_that_is_taken() {
    let (fixture, root, _) = source().await;
    let text = plain(&backup(&fixture).await);
    // Changed, with the checksum made right again.
    let (body, end) = text.trim_end().rsplit_once('\n').unwrap();
    let body = format!("{}\n", body.replace("\"ann\"", "\"eve\""));
    let mut end: End = serde_json::from_str(end).unwrap();
    end.sha256 = hex::encode(valetkey_vault::sha256(body.as_bytes()));
    let forged = packed(&format!("{body}{}\n", serde_json::to_string(&end).unwrap()));
    let to = store().await;
    let refused = restore::read(&to, &roots(&root), forged.as_slice(), &Detached).await.unwrap_err();
    assert!(refused.message().contains("changed since it was written"), "{refused}");
    assert!(is_empty(&to).await.unwrap());
}

#[tokio::test]
async fn what_does_not_belong_here_is_refused_by_name() {
    let (fixture, root, _) = source().await;
    let file = backup(&fixture).await;
    let other = RootKey::generate().unwrap();
    let name = other.version();
    let to = store().await;
    let refused = restore::read(&to, &Roots::from(other), file.as_slice(), &Detached).await.unwrap_err();
    let own = RootKey::from_text(&root.as_str().into()).unwrap().version();
    assert!(refused.message().contains(&name) && refused.message().contains(&own), "{refused}");
    let schema = portable::schema();
    for (from, into, says) in [
        ("{\"valetkey_backup\":1".to_owned(), "{\"valetkey_backup\":2".to_owned(), "a newer Valetkey"),
        (format!("\"schema\":{schema}"), format!("\"schema\":{}", schema + 1), "a newer Valetkey"),
        (format!("\"schema\":{schema}"), "\"schema\":1".to_owned(), "an older Valetkey"),
    ] {
        let wrong = packed(&plain(&file).replacen(&from, &into, 1));
        let refused = restore::read(&to, &roots(&root), wrong.as_slice(), &Detached).await.unwrap_err();
        assert!(refused.message().contains(says), "{refused}");
    }
    let refused = restore::read(&fixture.app.core.store, &roots(&root), file.as_slice(), &Detached).await.unwrap_err();
    assert!(refused.message().contains("not empty"), "{refused}");
    let which = accounts::AccountRef::Id(fixture.account.id.clone());
    assert!(accounts::get(&fixture.app, &fixture.ctx, &which).await.is_ok());
}

//! The store's promises, each against a real file.

#![expect(clippy::disallowed_methods, reason = "each test waits for the tasks it spawns")]

use super::connect::connect;
use super::{Options, database_file::DatabaseFile};
use crate::store::on_sqlite as open;
use crate::{Arg, Error, Store, Tx, args};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const TABLE: &str = "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, s TEXT, of BIGINT REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)";
const ADD: &str = "INSERT INTO t (id, s, of) VALUES ($1, $3, $2)";
const COUNT: &str = "SELECT count(*) AS n FROM t";

fn options() -> Options {
    Options { readers: 2, ..Options::default() }
}

/// For the tests that wait until patience ends; the others must not fail because the machine is busy.
fn hurried() -> Options {
    Options { idle: Duration::from_millis(150), timeout: Duration::from_millis(100), readers: 2, ..Options::default() }
}

async fn store() -> Store {
    store_with(options()).await
}

async fn store_with(options: Options) -> Store {
    let store = open(None, options).unwrap();
    let mut tx = store.write().await.unwrap();
    tx.run(TABLE, []).await.unwrap();
    tx.commit().await.unwrap();
    store
}

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/valetkey.db");
    (folder, path)
}

async fn add(tx: &mut Tx, id: i64) -> Result<u64, Error> {
    tx.run(ADD, args![id, None::<i64>, "text"]).await
}

async fn count(store: &Store) -> i64 {
    let mut tx = store.read().await.unwrap();
    tx.one(COUNT, []).await.unwrap().unwrap().integer("n").unwrap()
}

/// Lets every task of this thread run until it waits for the writer's.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn readers_run_out_with_a_word_and_come_back() {
    let store = store_with(hurried()).await;
    let held = (store.read().await.unwrap(), store.read().await.unwrap());
    assert!(matches!(store.read().await.unwrap_err(), Error::Busy));
    drop(held);
    assert_eq!(count(&store).await, 0);
}

#[tokio::test]
async fn two_columns_of_one_name_are_refused() {
    let store = store().await;
    let asked = store.read().await.unwrap().all("SELECT 1 AS n, 2 AS n", []).await;
    assert!(matches!(asked.unwrap_err(), Error::Defect { message } if message.contains("'n'")));
}

#[tokio::test]
async fn one_that_fails_takes_only_itself_out_of_the_group() {
    let store = store().await;
    let mut first = store.write().await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move {
            let mut second = store.write().await.unwrap();
            add(&mut second, 2).await.unwrap();
            let clash = add(&mut second, 1).await.unwrap_err();
            assert!(matches!(&clash, Error::Conflict { on } if on == "id"), "{clash}");
            assert!(matches!(add(&mut second, 3).await.unwrap_err(), Error::Failed));
            assert!(matches!(second.commit().await.unwrap_err(), Error::Failed));
        }
    });
    add(&mut first, 1).await.unwrap();
    settle().await;
    first.commit().await.unwrap();
    waiting.await.unwrap();
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn a_commit_waits_for_the_group_and_fails_with_it() {
    let store = store().await;
    let mut orphan = store.write().await.unwrap();
    orphan.run(ADD, args![1, 99, "refers to nothing, which only the outer COMMIT looks at"]).await.unwrap();
    let next = tokio::spawn({
        let store = store.clone();
        async move { store.write().await.unwrap() }
    });
    settle().await;
    let first = tokio::spawn(orphan.commit());
    let mut second = next.await.unwrap();
    add(&mut second, 2).await.unwrap();
    settle().await;
    assert!(!first.is_finished(), "acknowledged before it was on disk");
    assert!(matches!(second.commit().await.unwrap_err(), Error::Referenced));
    assert!(matches!(first.await.unwrap().unwrap_err(), Error::Referenced));
    assert_eq!(count(&store).await, 0);
    let mut later = store.write().await.unwrap();
    add(&mut later, 3).await.unwrap();
    later.commit().await.unwrap();
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn a_caller_that_holds_on_is_rolled_back_and_told() {
    let store = store_with(hurried()).await;
    let mut slow = store.write().await.unwrap();
    add(&mut slow, 1).await.unwrap();
    let other = tokio::spawn({
        let store = store.clone();
        async move {
            let mut tx = store.write().await.unwrap();
            add(&mut tx, 2).await.unwrap();
            tx.commit().await.unwrap();
        }
    });
    other.await.unwrap();
    assert!(matches!(add(&mut slow, 3).await.unwrap_err(), Error::Idle));
    assert!(matches!(slow.commit().await.unwrap_err(), Error::Failed));
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn a_caller_that_stops_waiting_is_passed_over() {
    let store = store().await;
    let first = store.write().await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.write().await.map(drop) }
    });
    settle().await;
    waiting.abort();
    drop(first);
    let mut tx = store.write().await.unwrap();
    add(&mut tx, 1).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn a_full_disk_is_said_and_loses_only_what_was_not_acknowledged() {
    let store = store().await;
    let mut tx = store.write().await.unwrap();
    add(&mut tx, 1).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.write().await.unwrap();
    tx.all("PRAGMA max_page_count = 1", []).await.unwrap();
    let big = "x".repeat(1 << 20);
    let error = tx.run(ADD, args![2, None::<i64>, big]).await.unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error}");
    let mut tx = store.write().await.unwrap();
    tx.all("PRAGMA max_page_count = 100000", []).await.unwrap();
    add(&mut tx, 3).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&store).await, 2);
}

#[tokio::test]
async fn a_database_that_turned_read_only_is_said_and_still_read() {
    let store = store().await;
    let mut tx = store.write().await.unwrap();
    tx.all("PRAGMA query_only = ON", []).await.unwrap();
    let error = add(&mut tx, 1).await.unwrap_err();
    assert!(matches!(error, Error::ReadOnly { .. }), "{error}");
    assert_eq!(count(&store).await, 0);
}

#[tokio::test]
async fn what_was_committed_is_there_after_reopening() {
    let (_folder, path) = file();
    let store = open(Some(&path), options()).unwrap();
    let mut tx = store.write().await.unwrap();
    tx.run(TABLE, []).await.unwrap();
    add(&mut tx, 1).await.unwrap();
    tx.commit().await.unwrap();
    let uncommitted = store.write().await.unwrap();
    drop(store);
    drop(uncommitted);
    let store = open(Some(&path), options()).unwrap();
    assert_eq!(count(&store).await, 1);
    for name in ["valetkey.db", "valetkey.db-wal", "valetkey.db.lock"] {
        let mode = path.with_file_name(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// The files as a power cut or `kill -9` would leave them.
#[tokio::test]
async fn what_was_acknowledged_is_in_the_files_at_that_moment() {
    let (folder, path) = file();
    let store = open(Some(&path), options()).unwrap();
    let mut tx = store.write().await.unwrap();
    tx.run(TABLE, []).await.unwrap();
    add(&mut tx, 1).await.unwrap();
    tx.commit().await.unwrap();
    let mut unfinished = store.write().await.unwrap();
    add(&mut unfinished, 2).await.unwrap();
    let copy = folder.path().join("copy.db");
    for side in ["", "-wal"] {
        let end = |path: &Path| format!("{}{side}", path.display());
        std::fs::copy(end(&path), end(&copy)).unwrap();
    }
    let after = open(Some(&copy), options()).unwrap();
    assert_eq!(count(&after).await, 1);
}

#[tokio::test]
async fn a_second_opener_is_refused_with_the_holder_named() {
    let (_folder, path) = file();
    let first = open(Some(&path), options()).unwrap();
    let text = open(Some(&path), options()).unwrap_err().to_string();
    assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
    assert!(text.contains(path.to_str().unwrap()), "{text}");
    drop(first);
    assert!(open(Some(&path), options()).is_ok());
}

#[tokio::test]
async fn a_lock_of_another_program_is_said() {
    let (_folder, path) = file();
    let store = open(Some(&path), hurried()).unwrap();
    let other = plain(&path);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.write().await.unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    drop(store.write().await.unwrap());
}

#[tokio::test]
async fn a_file_of_something_else_is_refused_and_left_alone() {
    let (_folder, path) = file();
    super::files::prepare(&path).unwrap();
    let text = "not a database at all, but longer than the header of one would be; ".repeat(20);
    std::fs::write(&path, &text).unwrap();
    assert!(matches!(open(Some(&path), options()).unwrap_err(), Error::NotADatabase { .. }));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);

    std::fs::remove_file(&path).unwrap();
    plain(&path).execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    assert!(matches!(open(Some(&path), options()).unwrap_err(), Error::NotADatabase { .. }));
}

#[tokio::test]
async fn a_newer_schema_is_refused_only_if_it_says_so() {
    let (_folder, path) = file();
    drop(open(Some(&path), options()).unwrap());
    plain(&path).execute_batch("INSERT INTO schema_steps VALUES (900, 'expand only')").unwrap();
    drop(open(Some(&path), options()).unwrap());
    plain(&path).execute_batch("UPDATE meta SET value = '900' WHERE name = 'min_reader'").unwrap();
    let error = open(Some(&path), options()).unwrap_err();
    assert!(matches!(error, Error::Newer { needs: 900, .. }), "{error}");
}

#[test]
fn what_is_acknowledged_survives_a_power_cut() {
    let (_folder, path) = file();
    super::files::prepare(&path).unwrap();
    let connection = connect(&DatabaseFile { path, lasting: true }, options()).unwrap();
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(pragma("synchronous"), 2);
    assert_eq!(pragma("foreign_keys"), 1);
}

fn plain(path: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(path).unwrap()
}

#[test]
fn transactions_can_cross_threads() {
    fn sendable<T: Send>() {}
    sendable::<Tx>();
    sendable::<Arg>();
}

/// What takes more than a moment ends with whoever waits for it, and its connection reads on for others.
#[tokio::test]
async fn a_read_whose_caller_is_gone_ends() {
    const COUNT_ON: &str =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n";
    let store = open(None, Options { readers: 1, ..options() }).unwrap();
    for _ in 0..2 {
        let mut tx = store.read().await.unwrap();
        let waiting = tokio::time::timeout(Duration::from_millis(200), tx.one(COUNT_ON, []));
        assert!(waiting.await.is_err(), "it has no end of its own, and its thread is not the caller's");
        drop(tx);
        // The one reader is had again within the patience of the store.
        let mut tx = store.glance().await.unwrap();
        assert_eq!(tx.one("SELECT 7 AS n", []).await.unwrap().unwrap().integer("n").unwrap(), 7);
    }
}

/// Counts on for ever, for the environment `$1`.
const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    SELECT count(*) AS n FROM n WHERE $1 <> ''";

#[tokio::test]
async fn an_environments_read_that_takes_too_long_is_ended_with_a_word() {
    let store = open(None, Options { longest: Duration::from_millis(30), ..options() }).unwrap();
    for _ in 0..3 {
        let mut tx = store.glance().await.unwrap();
        let error = tx.one(ENDLESS, args!["env_1"]).await.unwrap_err();
        assert!(matches!(error, Error::TimedOut { .. }), "{error}");
        drop(tx);
        assert_eq!(count_of(&store).await, 7, "its reader reads on");
    }
}

async fn count_of(store: &Store) -> i64 {
    store.glance().await.unwrap().one("SELECT 7 AS n", []).await.unwrap().unwrap().integer("n").unwrap()
}

/// Whatever asks for more than a moment has half of the readers at most, and one environment not all of those.
#[tokio::test]
async fn long_reads_of_one_environment_leave_readers_for_points_and_a_turn_for_others() {
    const FAR: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
        SELECT count(*) AS n FROM n WHERE $1 <> ''";
    let patient = Duration::from_secs(3_600);
    let store = open(None, Options { readers: 6, longest: patient, ..options() }).unwrap();
    let mut crowd = tokio::task::JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        crowd.spawn(async move {
            // Every second one has a snapshot, from which nothing was read.
            let mut tx = if number % 2 == 0 { store.read().await? } else { store.glance().await? };
            tx.one(ENDLESS, args!["env_1"]).await.map(drop)
        });
    }
    for _ in 0..50 {
        assert_eq!(count_of(&store).await, 7);
        settle().await;
    }
    let far = store.glance().await.unwrap().one(FAR, args!["env_2"]).await.unwrap().unwrap();
    assert_eq!(far.integer("n").unwrap(), 1_000_000, "another environment has a turn");
    assert!(crowd.len() - std::iter::from_fn(|| crowd.try_join_next()).count() >= 2, "two go on counting");
    drop(crowd);
    let far = store.glance().await.unwrap().one(FAR, args!["env_1"]).await.unwrap().unwrap();
    assert_eq!(far.integer("n").unwrap(), 1_000_000, "who is gone has left its turn");
}

/// A long read has its answer all the same, from the snapshot that its transaction began with.
#[tokio::test]
async fn a_long_read_goes_on_elsewhere_and_keeps_its_snapshot() {
    const COUNT_FAR: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
        SELECT count(*) + (SELECT count(*) FROM counters) AS n FROM n";
    let store = open(None, options()).unwrap();
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.one("SELECT count(*) AS n FROM counters", []).await.unwrap().unwrap().integer("n").unwrap(), 0);
    let mut other = store.write().await.unwrap();
    other.run("INSERT INTO counters (environment_id, name, value) VALUES ('e', 'n', 1)", []).await.unwrap();
    other.commit().await.unwrap();
    assert_eq!(tx.one(COUNT_FAR, []).await.unwrap().unwrap().integer("n").unwrap(), 1_000_000);
    drop(tx);
    assert_eq!(
        store.glance().await.unwrap().one(COUNT_FAR, []).await.unwrap().unwrap().integer("n").unwrap(),
        1_000_001
    );
}

#[tokio::test]
async fn a_change_is_seen_though_who_made_it_left_before_its_commit() {
    let store = store().await;
    let recent = async || store.recent().one(COUNT, []).await.unwrap().unwrap().integer("n").unwrap();
    // Until one leaves before the writer's thread has answered.
    for row in 1.. {
        assert_eq!(recent().await, row - 1);
        let mut tx = store.write().await.unwrap();
        add(&mut tx, row).await.unwrap();
        let left = tokio::select! {
            biased;
            _ = tx.commit() => false,
            () = std::future::ready(()) => true,
        };
        while count(&store).await < row {
            tokio::task::yield_now().await;
        }
        // Its turn comes after the other's group has ended.
        drop(store.write().await.unwrap());
        assert_eq!(recent().await, row);
        if left {
            break;
        }
    }
}

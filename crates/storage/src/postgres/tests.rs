//! What only PostgreSQL can do to us, each thing against a real server. Without one they are ignored, and counted so.

use crate::{Bulk, Error, Location, Store, Tx, args};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use valetkey_domain::{Kind, Secret};

const TABLE: &str = "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)";
const TOUCH: &str = "UPDATE t SET n = n + 1 WHERE id = $1";

static PUT: LazyLock<Bulk> = LazyLock::new(|| Bulk::insert("t", "id:n n:n"));

/// The URL of an empty schema.
fn url() -> Arc<Secret<str>> {
    Arc::new(valetkey_testkit::only_on_postgres())
}

async fn open(url: &Arc<Secret<str>>) -> Result<Store, Error> {
    Store::open(&Location::Postgres(Arc::clone(url))).await
}

/// Runs one statement that must succeed.
async fn execute(store: &Store, sql: &'static str) {
    let mut tx = store.write().await.unwrap();
    tx.run(sql, []).await.unwrap();
    tx.commit().await.unwrap();
}

async fn number(store: &Store, sql: &'static str) -> i64 {
    store.glance().await.unwrap().one(sql, []).await.unwrap().unwrap().integer("n").unwrap()
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn of_several_that_start_together_one_makes_the_schema() {
    let url = url();
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let url = Arc::clone(&url);
        starting.spawn(async move { open(&url).await });
    }
    for store in starting.join_all().await {
        let steps = number(&store.unwrap(), "SELECT count(*) AS n FROM schema_steps").await;
        assert_eq!(steps, crate::migrate::STEPS.len() as i64);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_schema_of_something_else_is_refused_and_left_alone() {
    let url = url();
    let store = open(&url).await.unwrap();
    execute(&store, "ALTER TABLE schema_steps RENAME TO notes").await;
    let error = open(&url).await.unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error}");
    let ledgers = "SELECT count(*) AS n FROM pg_tables
        WHERE schemaname = current_schema() AND tablename = 'schema_steps'";
    assert_eq!(number(&store, ledgers).await, 0);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn attack_58_a_newer_schema_is_refused_only_if_it_says_so() {
    let url = url();
    let store = open(&url).await.unwrap();
    execute(&store, "INSERT INTO schema_steps VALUES (900, 'expand only')").await;
    drop(open(&url).await.unwrap());
    execute(&store, "UPDATE meta SET value = '900' WHERE name = 'min_reader'").await;
    let error = open(&url).await.unwrap_err();
    assert!(matches!(error, Error::Newer { needs: 900, .. }), "{error}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn what_is_wrong_with_a_url_is_said_without_its_secrets() {
    let url = url();
    let base = url.expose().split('?').next().unwrap().to_owned();
    let (server, _) = base.rsplit_once('/').unwrap();
    let cases = [
        (format!("{server}/no_such_database"), Kind::Unavailable, "createdb"),
        (format!("{base}?options=-csearch_path%3Dno_such_schema"), Kind::FailedPrecondition, "CREATE SCHEMA"),
        ("postgres://ann:hunter2@127.0.0.1:1/valetkey".to_owned(), Kind::Unavailable, "host and port"),
        (format!("{base}?sslmode=verify-full"), Kind::Unavailable, "sslmode"),
    ];
    for (url, kind, part) in cases {
        let error = open(&Arc::new(Secret::from(url))).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(part), "{text}");
        assert_eq!(error.kind(), kind, "{text}");
        assert!(!text.contains("hunter2") && !text.contains("127.0.0.1"), "{text}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_connection_that_was_ended_is_said_and_the_next_one_works() {
    let url = url();
    let (store, other) = (open(&url).await.unwrap(), open(&url).await.unwrap());
    let mut tx = store.write().await.unwrap();
    let pid = tx.one("SELECT pg_backend_pid() AS n", []).await.unwrap().unwrap().integer("n").unwrap();
    let mut ender = other.read().await.unwrap();
    let end = "SELECT count(pg_terminate_backend(CAST(CAST($1 AS BIGINT) AS INT))) AS n";
    ender.one(end, args![pid]).await.unwrap();
    let error = tx.one("SELECT 1 AS n", []).await.unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error}");
    assert!(matches!(tx.commit().await.unwrap_err(), Error::Failed));
    assert_eq!(number(&store, "SELECT 1 AS n").await, 1);
}

/// What is saved with one message cannot be tried again, so its connection must not be one that a restart has ended.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn one_connection_that_was_ended_tells_of_all_the_others() {
    let url = url();
    let (store, other) = (open(&url).await.unwrap(), open(&url).await.unwrap());
    execute(&store, TABLE).await;
    let end = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity
        WHERE pid = CAST(CAST($1 AS BIGINT) AS INT)";
    for mut tx in [store.write().await.unwrap(), store.write_reserved().await.unwrap()] {
        let pid = tx.one("SELECT pg_backend_pid() AS n", []).await.unwrap().unwrap().integer("n").unwrap();
        tx.commit().await.unwrap();
        let ended = async || other.glance().await.unwrap().one(end, args![pid]).await.unwrap().unwrap();
        while ended().await.integer("n").unwrap() > 0 {}
    }
    let error = store.glance().await.unwrap().one("SELECT 1 AS n", []).await.unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error}");
    store.apply(&PUT, vec![args![1, 0].into()]).await.unwrap();
    assert_eq!(number(&store, "SELECT count(*) AS n FROM t").await, 1);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_server_that_takes_no_writes_is_said() {
    let url = url();
    let store = open(&url).await.unwrap();
    let mut tx = store.write().await.unwrap();
    tx.run("SET TRANSACTION READ ONLY", []).await.unwrap();
    let error = tx.run(TABLE, []).await.unwrap_err();
    assert!(matches!(error, Error::Standby { .. }), "{error}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_transaction_held_idle_is_ended_and_told() {
    let url = url();
    let store = open(&url).await.unwrap();
    let mut tx = store.write().await.unwrap();
    tx.run("SET LOCAL idle_in_transaction_session_timeout = '50ms'", []).await.unwrap();
    let gone = "SELECT count(*) AS n FROM pg_stat_activity WHERE pid = CAST(CAST($1 AS BIGINT) AS INT)";
    let pid = tx.one("SELECT pg_backend_pid() AS n", []).await.unwrap().unwrap().integer("n").unwrap();
    let db = async || store.glance().await.unwrap().one(gone, args![pid]).await.unwrap().unwrap().integer("n").unwrap();
    let begun = std::time::Instant::now();
    while db().await == 1 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it is never ended");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let error = tx.run(TABLE, []).await.unwrap_err();
    assert!(matches!(error, Error::Idle), "{error}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn who_waits_too_long_for_another_is_told() {
    let url = url();
    let store = open(&url).await.unwrap();
    let mut first = store.write().await.unwrap();
    first.alone("a thing").await.unwrap();
    let mut other = store.write().await.unwrap();
    other.alone("another thing").await.unwrap();
    let error = other.alone("a thing").await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    drop(first);
    let mut third = store.write().await.unwrap();
    third.alone("a thing").await.unwrap();
    // Those among it wait for it, not for each other; and not twice for what they have.
    let mut fourth = store.write().await.unwrap();
    assert!(fourth.alone_among("one", "a thing").await.is_err());
    drop(third);
    let (mut fifth, mut sixth) = (store.write().await.unwrap(), store.write().await.unwrap());
    for (tx, with) in [(&mut fifth, "one"), (&mut sixth, "it's another")] {
        tx.alone_among(with, "a thing").await.unwrap();
        tx.alone_among(with, "a thing").await.unwrap();
    }
    let mut seventh = store.write().await.unwrap();
    let error = seventh.alone("a thing").await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
}

/// Two that want what the other has: one gives way with a conflict that its caller may repeat.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn of_two_that_wait_for_each_other_one_gives_way() {
    let url = url();
    let store = open(&url).await.unwrap();
    execute(&store, TABLE).await;
    execute(&store, "INSERT INTO t (id, n) VALUES (1, 0), (2, 0)").await;
    let touch = async |mut tx: Tx, id: i64| -> Result<(), Error> {
        tx.run(TOUCH, args![id]).await?;
        tx.commit().await
    };
    let (mut one, mut two) = (store.write().await.unwrap(), store.write().await.unwrap());
    one.run(TOUCH, args![1]).await.unwrap();
    two.run(TOUCH, args![2]).await.unwrap();
    let (first, second) = tokio::join!(touch(one, 2), touch(two, 1));
    let (lost, won) = if first.is_err() { (first, second) } else { (second, first) };
    assert!(matches!(lost.unwrap_err(), Error::Contended));
    won.unwrap();
    assert_eq!(number(&store, "SELECT CAST(sum(n) AS BIGINT) AS n FROM t").await, 2);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_crowd_of_callers_is_told_and_outcomes_are_not_in_its_way() {
    let url = url();
    let store = open(&url).await.unwrap();
    let mut crowd = Vec::new();
    let error = loop {
        match store.read().await {
            Ok(tx) => crowd.push(tx),
            Err(error) => break error,
        }
    };
    assert_eq!(crowd.len(), 16);
    assert!(matches!(error, Error::Busy), "{error}");
    let mut tx = store.write_reserved().await.unwrap();
    tx.run(TABLE, []).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.now().await.unwrap().is_some());
    drop(crowd);
    assert_eq!(number(&store, "SELECT count(*) AS n FROM t").await, 0);
}

/// A caller may go away at any await; whoever gets the connection next must not find a transaction open on it.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn attack_63_a_begin_that_was_given_up_leaves_no_old_snapshot_behind() {
    let url = url();
    let store = open(&url).await.unwrap();
    execute(&store, TABLE).await;
    for micros in 0..40 {
        // As far as it comes in so many tenths of a millisecond.
        let looking = async { store.read().await.unwrap().all("SELECT n FROM t", []).await };
        drop(tokio::time::timeout(Duration::from_micros(micros * 100), looking).await);
        let mut tx = store.write().await.unwrap();
        tx.run("INSERT INTO t (id, n) VALUES ($1, 0)", args![i64::try_from(micros).unwrap()]).await.unwrap();
        tx.commit().await.unwrap();
        let mut lent = Vec::new();
        for _ in 0..4 {
            let mut glance = store.glance().await.unwrap();
            let row = glance.one("SELECT count(*) AS n FROM t", []).await.unwrap().unwrap();
            assert_eq!(row.integer("n").unwrap(), i64::try_from(micros).unwrap() + 1);
            lent.push(glance);
        }
    }
}

/// What takes more than a moment ends with whoever waits for it, long before the limit of a statement.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_read_whose_caller_is_gone_ends() {
    let url = url();
    let (store, other) = (open(&url).await.unwrap(), open(&url).await.unwrap());
    for one in [store.glance().await.unwrap(), store.read().await.unwrap(), store.write().await.unwrap()] {
        let mut tx = one;
        let sleep = tx.one("SELECT count(pg_sleep(1)) AS n FROM generate_series(1, 4) AS called_off", []);
        assert!(tokio::time::timeout(Duration::from_millis(300), sleep).await.is_err());
        drop(tx);
    }
    let running = "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()
        AND query LIKE '%generate_series(1, 4) AS called_off'";
    assert!(number(&other, running).await > 0, "the last one has just been given up");
    let given_up = std::time::Instant::now();
    while number(&other, running).await > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(given_up.elapsed() < Duration::from_secs(3), "the server goes on for nobody");
    }
}

/// Of those that turn out to take long, one environment's keep three connections; the others give theirs back.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn long_reads_leave_connections_for_points() {
    const LONG: &str = "SELECT count(*) AS n FROM pg_sleep(4) WHERE $1 <> ''";
    let store = open(&url()).await.unwrap();
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..18 {
        let store = store.clone();
        crowd.spawn(async move { store.glance().await?.one(LONG, args!["env_1"]).await.map(drop) });
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(number(&store, "SELECT CAST(7 AS BIGINT) AS n").await, 7);
    assert!(begun.elapsed() < Duration::from_secs(3), "before the first of them was over");
    let mut over = 0;
    while let Some(read) = crowd.join_next().await {
        over += usize::from(read.unwrap().is_ok());
    }
    assert!((1..=6).contains(&over), "some have a turn and their answer, not {over}");
}

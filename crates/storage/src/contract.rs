//! What every store promises, whichever database is behind it.

#![expect(clippy::disallowed_methods, reason = "each test waits for the tasks it spawns")]

use crate::{Arg, Bulk, Error, Store, Tx, args, fixture};
use std::sync::LazyLock;

const TABLE: &str = "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, s TEXT UNIQUE, of BIGINT REFERENCES t (id))";
const ADD: &str = "INSERT INTO t (id, s, of) VALUES ($1, $3, $2)";
const COUNT: &str = "SELECT count(*) AS n FROM t";

static PUT: LazyLock<Bulk> = LazyLock::new(|| Bulk::insert("v", "n:n s b:b"));

async fn store() -> Store {
    let store = fixture::store().await;
    let mut tx = store.write().await.unwrap();
    tx.run(TABLE, []).await.unwrap();
    tx.commit().await.unwrap();
    store
}

async fn add(tx: &mut Tx, id: i64) -> Result<u64, Error> {
    tx.run(ADD, args![id, None::<i64>, format!("text {id}")]).await
}

async fn count(store: &Store) -> i64 {
    let mut tx = store.glance().await.unwrap();
    tx.one(COUNT, []).await.unwrap().unwrap().integer("n").unwrap()
}

/// With the variable set these tests are of PostgreSQL, and without it of SQLite; neither is taken for the other.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn where_the_variable_names_a_server_these_tests_run_on_it() {
    drop(valetkey_testkit::only_on_postgres());
    let mut tx = store().await.glance().await.unwrap();
    let row = tx.one("SELECT version() AS s", []).await.unwrap().unwrap();
    assert!(row.text("s").unwrap().starts_with("PostgreSQL"), "{row:?}");
}

#[tokio::test]
async fn commit_saves_and_drop_rolls_back() {
    let store = store().await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(add(&mut tx, 1).await.unwrap(), 1);
    drop(tx);
    assert_eq!(count(&store).await, 0);
    let mut tx = store.write().await.unwrap();
    add(&mut tx, 2).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn arguments_go_by_their_number_not_by_where_they_stand() {
    let store = store().await;
    let mut tx = store.write().await.unwrap();
    tx.run("INSERT INTO t (s, id) VALUES ($2, $1)", args![5, "five"]).await.unwrap();
    let row = tx.one("SELECT s FROM t WHERE s = $2 AND id = $1", args![5, "five"]).await.unwrap().unwrap();
    assert_eq!(row.text("s").unwrap(), "five");
    let missing = tx.one("SELECT s FROM t WHERE id = $1", []).await.unwrap_err();
    assert!(matches!(missing, Error::Defect { .. }), "{missing}");
}

#[tokio::test]
async fn a_read_sees_one_snapshot() {
    let store = store().await;
    let mut read = store.read().await.unwrap();
    assert_eq!(read.one(COUNT, []).await.unwrap().unwrap().integer("n").unwrap(), 0);
    let mut write = store.write().await.unwrap();
    add(&mut write, 1).await.unwrap();
    write.commit().await.unwrap();
    assert_eq!(read.one(COUNT, []).await.unwrap().unwrap().integer("n").unwrap(), 0);
    drop(read);
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn a_read_transaction_cannot_write() {
    let store = store().await;
    let mut read = store.read().await.unwrap();
    assert!(add(&mut read, 1).await.is_err());
    assert!(read.all("INSERT INTO t (id) VALUES (1) RETURNING id", []).await.is_err());
    drop(read);
    assert_eq!(count(&store).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_lose_nothing() {
    let store = store().await;
    let writers = (0..600).map(|id| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut tx = store.write().await?;
            add(&mut tx, id).await?;
            if id % 3 == 0 {
                return Ok(());
            }
            tx.commit().await
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(count(&store).await, 400);
}

#[tokio::test]
async fn a_glance_is_one_statement_and_cannot_write() {
    let store = store().await;
    let mut glance = store.glance().await.unwrap();
    assert_eq!(glance.one(COUNT, []).await.unwrap().unwrap().integer("n").unwrap(), 0);
    assert!(matches!(glance.one(COUNT, []).await.unwrap_err(), Error::Defect { .. }));
    let mut glance = store.glance().await.unwrap();
    assert!(glance.all("INSERT INTO t (id) VALUES (1) RETURNING id", []).await.is_err());
    let mut glance = store.glance().await.unwrap();
    assert!(add(&mut glance, 1).await.is_err());
    assert_eq!(count(&store).await, 0);
}

#[tokio::test]
async fn after_a_failed_statement_nothing_is_kept() {
    let store = store().await;
    let mut tx = store.write().await.unwrap();
    add(&mut tx, 1).await.unwrap();
    let clash = tx.run(ADD, args![1, None::<i64>, "another text"]).await.unwrap_err();
    assert!(matches!(&clash, Error::Conflict { on } if on == "id"), "{clash}");
    assert!(matches!(add(&mut tx, 2).await.unwrap_err(), Error::Failed));
    assert!(matches!(tx.commit().await.unwrap_err(), Error::Failed));
    assert_eq!(count(&store).await, 0);
}

#[tokio::test]
async fn a_missing_reference_is_said() {
    let store = store().await;
    let mut tx = store.write().await.unwrap();
    let orphan = tx.run(ADD, args![1, 99, "text"]).await.unwrap_err();
    assert!(matches!(orphan, Error::Referenced), "{orphan}");
}

#[tokio::test]
async fn values_come_back_as_they_went_in() {
    let store = store().await;
    let mut tx = store.write().await.unwrap();
    let bytes = if valetkey_testkit::postgres().is_some() { "BYTEA" } else { "BLOB" };
    let table = if bytes == "BYTEA" {
        "CREATE TABLE v (n BIGINT, s TEXT, b BYTEA)"
    } else {
        "CREATE TABLE v (n BIGINT, s TEXT, b BLOB)"
    };
    tx.run(table, []).await.unwrap();
    let insert = "INSERT INTO v (n, s, b) VALUES ($1, $2, $3)";
    // The first run decides how a statement is prepared; it must do for the others.
    let each = [
        args![None::<i64>, None::<&str>, None::<&[u8]>],
        args![i64::MIN, "\u{10ffff} '\"\\ \r\n", [0_u8, 255].as_slice()],
        args![i64::MAX, "", [].as_slice()],
    ];
    for values in each.clone() {
        assert_eq!(tx.run(insert, values).await.unwrap(), 1);
    }
    assert_eq!(tx.run_each(&PUT, each.clone().map(Vec::from).into()).await.unwrap(), 3);
    assert_eq!(tx.run_each(&PUT, vec![]).await.unwrap(), 0);
    let rows = tx.all("SELECT n, s, b FROM v", []).await.unwrap();
    assert_eq!(rows.len(), 6);
    for (row, put) in rows.iter().zip([each.clone(), each].concat()) {
        assert_eq!(row.optional_integer("n").unwrap().map_or(Arg::Null, Arg::from), put[0]);
        assert_eq!(row.optional_text("s").unwrap().map_or(Arg::Null, Arg::from), put[1]);
        assert_eq!(row.optional_bytes("b").unwrap().map_or(Arg::Null, Arg::from), put[2]);
    }
}

#[tokio::test]
async fn attack_9_text_with_a_nul_is_refused_before_it_gets_there() {
    let store = store().await;
    let mut tx = store.glance().await.unwrap();
    let error = tx.one("SELECT id FROM t WHERE s = $1", args!["ann\0"]).await.unwrap_err();
    assert!(matches!(error, Error::Text), "{error}");
}

#[tokio::test]
async fn text_is_ordered_and_compared_byte_by_byte() {
    let store = fixture::store().await;
    let mut tx = store.write().await.unwrap();
    let put = "INSERT INTO environments (id, name, created_at) VALUES ($1, $1, 0)";
    for name in ["b", "a", "B", "\u{e9}", "e\u{301}", "_", "a "] {
        tx.run(put, args![name]).await.unwrap();
    }
    let rows = tx.all("SELECT name FROM environments ORDER BY name", []).await.unwrap();
    let names: Vec<_> = rows.iter().map(|row| row.text("name").unwrap()).collect();
    assert_eq!(names, ["B", "_", "a", "a ", "b", "e\u{301}", "\u{e9}"]);
}

/// Whoever looks first and makes it then does so alone: of many at once one makes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_look_and_make_one_does() {
    let store = store().await;
    let makers = (0..20).map(|id| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut tx = store.write().await.unwrap();
            tx.alone("t").await.unwrap();
            let db = tx.one(COUNT, []).await.unwrap().unwrap().integer("n").unwrap();
            if db == 0 {
                add(&mut tx, id).await.unwrap();
                tx.commit().await.unwrap();
            }
            db == 0
        })
    });
    let mut made = 0;
    for maker in makers.collect::<Vec<_>>() {
        made += u32::from(maker.await.unwrap());
    }
    assert_eq!((made, count(&store).await), (1, 1));
}

/// Each is alone with its own thing, and whoever is alone with what they have in common waits for all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_alone_with_the_whole_waits_for_those_among_it() {
    let store = store().await;
    let mut among = store.write().await.unwrap();
    among.alone_among("t 1", "t").await.unwrap();
    add(&mut among, 1).await.unwrap();
    let counting = tokio::spawn({
        let store = store.clone();
        async move {
            let mut tx = store.write().await.unwrap();
            tx.alone("t").await.unwrap();
            tx.one(COUNT, []).await.unwrap().unwrap().integer("n").unwrap()
        }
    });
    among.commit().await.unwrap();
    assert_eq!(counting.await.unwrap(), 1);
}

#[tokio::test]
async fn reserved_writes_are_writes() {
    let store = store().await;
    let mut tx = store.write_reserved().await.unwrap();
    add(&mut tx, 1).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&store).await, 1);
}

/// How many there are, by who takes what was read a moment ago.
async fn recent_count(store: &Store) -> i64 {
    store.recent().one(COUNT_V, []).await.unwrap().unwrap().integer("n").unwrap()
}

const COUNT_V: &str = "SELECT count(*) AS n FROM v";

async fn store_of_values() -> Store {
    let store = store().await;
    let mut tx = store.write().await.unwrap();
    let bytes = if valetkey_testkit::postgres().is_some() { "BYTEA" } else { "BLOB" };
    let table = format!("CREATE TABLE v (n BIGINT NOT NULL, s TEXT, b {bytes})");
    tx.run(table.leak(), []).await.unwrap();
    tx.commit().await.unwrap();
    store
}

#[tokio::test]
async fn what_was_read_a_moment_ago_is_given_again_and_never_after_a_change_here() {
    let store = store_of_values().await;
    let row = |n: i64| vec![Arg::from(n), Arg::Null, Arg::Null];
    assert_eq!(recent_count(&store).await, 0);
    // What is appended is no change; nor is what goes without a commit.
    store.apply(&PUT, vec![row(1)]).await.unwrap();
    let mut gone = store.write().await.unwrap();
    gone.run_each(&PUT, vec![row(2)]).await.unwrap();
    drop(gone);
    assert_eq!(recent_count(&store).await, 0);
    let mut tx = store.write().await.unwrap();
    tx.run_each(&PUT, vec![row(2)]).await.unwrap();
    assert_eq!(recent_count(&store).await, 0, "not yet committed");
    tx.commit().await.unwrap();
    assert_eq!(recent_count(&store).await, 2);
    // Any change at all.
    store.apply(&PUT, vec![row(3)]).await.unwrap();
    let mut tx = store.write().await.unwrap();
    add(&mut tx, 1).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(recent_count(&store).await, 3);
}

#[tokio::test]
async fn what_others_asked_is_not_given() {
    let store = store_of_values().await;
    let row = |n: i64, s: &str| vec![Arg::from(n), Arg::from(s), Arg::Null];
    store.apply(&PUT, vec![row(1, "ann"), row(2, "bob")]).await.unwrap();
    let of = async |s: &str| {
        let row = store.recent().one("SELECT n FROM v WHERE s = $1", args![s]).await.unwrap().unwrap();
        row.integer("n").unwrap()
    };
    assert_eq!((of("ann").await, of("bob").await, of("ann").await), (1, 2, 1));
    let mut tx = store.recent();
    assert!(tx.run("DELETE FROM v", []).await.is_err(), "it is for reading");
    let mut tx = store.recent();
    tx.one(COUNT_V, []).await.unwrap();
    assert!(tx.one(COUNT_V, []).await.is_err(), "it is for one statement");
}

/// Those who wait for a turn have no connection meanwhile, so whoever reads a point finds one.
#[tokio::test]
async fn who_waits_for_a_turn_is_in_nobodys_way() {
    let db = fixture::two_environments().await;
    let mut held = Vec::new();
    loop {
        let mut tx = db.store.read().await.unwrap();
        match tokio::time::timeout(std::time::Duration::from_millis(50), tx.turn(&db.ours)).await {
            Ok(taken) => taken.unwrap(),
            Err(_) => break,
        }
        held.push(tx);
    }
    assert!((1..=4).contains(&held.len()), "an environment has {} turns at once", held.len());
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (store, ctx) = (db.store.clone(), db.ours.clone());
        waiting.spawn(async move { store.read().await?.turn(&ctx).await });
    }
    for _ in 0..50 {
        tokio::task::yield_now().await;
        let mut tx = db.store.glance().await.unwrap();
        assert_eq!(
            tx.one("SELECT count(*) AS n FROM environments", []).await.unwrap().unwrap().integer("n").unwrap(),
            2
        );
    }
    assert_eq!(std::iter::from_fn(|| waiting.try_join_next()).count(), 0, "all of them still wait");
    db.store.read().await.unwrap().turn(&db.theirs).await.unwrap();
    drop(held);
    while let Some(taken) = waiting.join_next().await {
        taken.unwrap().unwrap();
    }
}

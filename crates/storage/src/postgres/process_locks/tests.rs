//! Processes that die, and those that only lose their connection, each a store of its own on one database.

use super::GRACE;
use crate::processes::{self, Process};
use crate::{Location, Store, args, fixture};
use std::time::{Duration, Instant};
use valetkey_domain::id::ProcessId;

/// A process with its row and its lock.
async fn serving(location: &Location, id: &str) -> Store {
    let store = Store::open(location).await.unwrap();
    let id = ProcessId::parse(id).unwrap();
    store.add_process(&id).await.unwrap();
    show(&store, id).await;
    store
}

async fn show(store: &Store, id: ProcessId) {
    let (now, roots) = (fixture::now(), vec!["root".to_owned()]);
    let mut tx = store.write().await.unwrap();
    let process = Process { id, roots, admitted: true, started_at: now, seen_at: now };
    processes::show(&mut tx, &process).await.unwrap();
    tx.commit().await.unwrap();
}

/// Who is dead as it looks over this long.
async fn dead_within(store: &Store, long: Duration) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let dead = store.dead().await.unwrap();
        if !dead.is_empty() || begun.elapsed() > long {
            return dead.iter().map(ToString::to_string).collect();
        }
        // As a server does: its clock is asked each second.
        store.now().await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_process_that_ends_is_dead_after_a_few_seconds_and_no_other() {
    let location = Location::from(valetkey_testkit::only_on_postgres());
    let (living, dying) = (serving(&location, "proc_1").await, serving(&location, "proc_2").await);
    // An older binary has a row and no lock; it is not dead for that.
    let old = Store::open(&location).await.unwrap();
    show(&old, ProcessId::parse("proc_0").unwrap()).await;
    assert!(living.dead().await.unwrap().is_empty());
    drop(dying);
    let gone = Instant::now();
    assert_eq!(dead_within(&living, Duration::from_secs(20)).await, ["proc_2"]);
    assert!(gone.elapsed() >= GRACE, "{:?}", gone.elapsed());
    let mut tx = living.write().await.unwrap();
    processes::remove_dead(&mut tx, &ProcessId::parse("proc_2").unwrap(), fixture::now()).await.unwrap();
    tx.commit().await.unwrap();
    assert!(living.dead().await.unwrap().is_empty(), "it is off the list");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_process_whose_connection_was_cut_is_not_dead_for_that() {
    let location = Location::from(valetkey_testkit::only_on_postgres());
    let (living, cut) = (serving(&location, "proc_1").await, serving(&location, "proc_2").await);
    let end = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND ((CAST(classid AS BIGINT) << 32) | CAST(objid AS BIGINT))
            = hashtextextended(current_schema() || ' process ' || $1, 0)";
    let ended = living.glance().await.unwrap().one(end, args!["proc_2"]).await.unwrap().unwrap();
    assert_eq!(ended.integer("n").unwrap(), 1);
    assert!(living.dead().await.unwrap().is_empty(), "it may come back");
    let asked = Instant::now();
    while asked.elapsed() < GRACE + Duration::from_secs(1) {
        cut.now().await.unwrap();
        assert!(living.dead().await.unwrap().is_empty());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    drop(cut);
    assert_eq!(dead_within(&living, Duration::from_secs(20)).await, ["proc_2"], "what it took again is a lock");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn processes_of_another_schema_are_strangers() {
    let [one, other] = [(), ()].map(|()| Location::from(valetkey_testkit::only_on_postgres()));
    let (_same_name, here) = (serving(&other, "proc_2").await, serving(&one, "proc_1").await);
    let dying = serving(&one, "proc_2").await;
    drop(dying);
    assert_eq!(dead_within(&here, Duration::from_secs(20)).await, ["proc_2"]);
}

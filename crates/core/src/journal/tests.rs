//! What the writer promises, against a real store.

use super::group::RETRY;
use super::queue::QUEUE;
use super::{Writer, rows};
use crate::keyring::Keyring;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use valetkey_domain::ctx::{Actor, Detached};
use valetkey_domain::id::{EnvironmentId, RequestId};
use valetkey_domain::{Clock, Ctx, Kind};
use valetkey_storage::{Location, Store};
use valetkey_testkit::{ManualClock, SeededRng};
use valetkey_vault::RootKey;

pub(super) fn ctx() -> Ctx {
    Ctx {
        environment: EnvironmentId::parse("env_ours").unwrap(),
        actor: Actor::Operator,
        request: RequestId::parse("req_1").unwrap(),
        deadline: ManualClock::default().now(),
        cancellation: Arc::new(Detached),
        progress: Arc::new(Detached),
    }
}

async fn keyring(store: &Store) -> Keyring {
    let (clock, rng) = (Arc::new(ManualClock::default()), Arc::new(SeededRng::new(2)));
    Keyring::start(store.clone(), RootKey::generate().unwrap(), clock, rng).await.unwrap()
}

async fn start() -> (Store, Writer) {
    let store = Store::open(&valetkey_testkit::postgres().map_or(Location::Memory, Location::from)).await.unwrap();
    let (clock, rng) = (Arc::new(ManualClock::default()), Arc::new(SeededRng::new(1)));
    let writer = Writer::start(store.clone(), keyring(&store).await, clock, rng).await.unwrap();
    (store, writer)
}

fn detail(n: usize) -> Map<String, Value> {
    Map::from_iter([("n".to_owned(), json!(n))])
}

async fn phases(store: &Store, subject: &str) -> Vec<String> {
    let lines = rows::newest(&ctx(), &mut store.read().await.unwrap(), Some(subject), 5_000).await.unwrap();
    let mut phases: Vec<_> = lines.into_iter().map(|line| line.phase).collect();
    phases.sort();
    phases
}

#[tokio::test]
async fn an_intent_and_a_fact_are_committed_on_return() {
    let (store, writer) = start().await;
    writer.intent(&ctx(), "tool.call", "exec_1", detail(1)).await.unwrap();
    assert_eq!(phases(&store, "exec_1").await, ["intent"]);
    writer.fact_now(&ctx(), "tool.call", "exec_2", detail(1)).await.unwrap();
    assert_eq!(phases(&store, "exec_2").await, ["fact"]);
}

#[tokio::test]
async fn closing_commits_what_waits_and_then_takes_no_more() {
    let (store, writer) = start().await;
    for n in 0..1_000 {
        writer.outcome(&ctx(), "tool.call", "exec_1", detail(n)).unwrap();
    }
    writer.close().await;
    assert_eq!(phases(&store, "exec_1").await.len(), 1_000);
    let late = writer.intent(&ctx(), "tool.call", "exec_1", detail(1)).await.unwrap_err();
    assert_eq!(late.kind(), Kind::Unavailable);
    assert_eq!(writer.outcome(&ctx(), "tool.call", "exec_1", detail(1)).unwrap_err().kind(), Kind::Unavailable);
}

#[tokio::test]
async fn attack_54_a_full_queue_refuses_at_once() {
    let (store, writer) = start().await;
    // The writer cannot save anything while somebody else writes.
    let held = store.write().await.unwrap();
    let refused = (0..2 * QUEUE).filter(|n| writer.outcome(&ctx(), "tool.call", "exec_1", detail(*n)).is_err());
    assert_eq!(refused.count(), QUEUE);
    let error = writer.intent(&ctx(), "tool.call", "exec_2", detail(1)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    drop(held);
    writer.close().await;
    assert_eq!(phases(&store, "exec_1").await.len(), QUEUE);
}

#[tokio::test]
async fn attack_54_an_outcome_is_tried_until_it_is_saved_and_an_intent_is_refused_meanwhile() {
    let (store, writer) = start().await;
    spoil(&store, "ALTER TABLE journal RENAME TO elsewhere").await;
    writer.outcome(&ctx(), "tool.call", "exec_1", detail(1)).unwrap();
    let error = writer.intent(&ctx(), "tool.call", "exec_2", detail(1)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    spoil(&store, "ALTER TABLE elsewhere RENAME TO journal").await;
    writer.intent(&ctx(), "tool.call", "exec_3", detail(1)).await.unwrap();
    assert_eq!(phases(&store, "exec_1").await, ["outcome"]);
    assert!(phases(&store, "exec_2").await.is_empty(), "an intent that was refused is in the journal");
}

#[tokio::test]
async fn an_outcome_is_saved_again_without_anybody_asking() {
    let (store, writer) = start().await;
    spoil(&store, "ALTER TABLE journal RENAME TO elsewhere").await;
    writer.outcome(&ctx(), "tool.call", "exec_1", detail(1)).unwrap();
    until("a commit has failed", async || !writer.healthy()).await;
    spoil(&store, "ALTER TABLE elsewhere RENAME TO journal").await;
    until("it is saved", async || phases(&store, "exec_1").await == ["outcome"]).await;
}

#[tokio::test]
async fn attack_54_an_interrupted_journal_is_unhealthy_until_it_is_written_again() {
    let (store, writer) = start().await;
    assert!(writer.healthy());
    spoil(&store, "ALTER TABLE journal RENAME TO elsewhere").await;
    writer.intent(&ctx(), "tool.call", "exec_1", detail(1)).await.unwrap_err();
    assert!(!writer.healthy());
    spoil(&store, "ALTER TABLE elsewhere RENAME TO journal").await;
    // Nobody calls a process that is not ready: it finds out by itself.
    until("it is written again", async || writer.healthy()).await;
    assert_eq!(phases(&store, "journal").await, ["fact"], "the gap is on record");
    assert!(phases(&store, "exec_1").await.is_empty());
    writer.close().await;
    assert!(!writer.healthy());
}

/// Returns when this holds, which the writer must see to by itself.
async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(RETRY / 10).await;
        }
    };
    tokio::time::timeout(RETRY * 100, waiting).await.expect(what);
}

async fn spoil(store: &Store, sql: &'static str) {
    let mut tx = store.write().await.unwrap();
    tx.run(sql, []).await.unwrap();
    tx.commit().await.unwrap();
}

use super::*;
use crate::fixture::{self, TwoEnvironments};
use std::time::Duration;
use valetkey_domain::id::ProcessId;

fn at(seconds: u64) -> Timestamp {
    fixture::now() + Duration::from_secs(seconds)
}

fn id(tail: &str) -> ClosingId {
    ClosingId::parse(&format!("cls_{tail}")).unwrap()
}

fn connection() -> Target {
    Target::Connection(ConnectionId::parse("conn_1").unwrap())
}

/// Two environments and one closing in ours, due at once.
async fn db() -> (TwoEnvironments, Closing) {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    let asked = insert(&db.ours, &mut tx, &id("1"), &connection(), ClosingKind::Disconnect, at(0), None).await.unwrap();
    tx.commit().await.unwrap();
    assert!(asked.1);
    (db, asked.0)
}

async fn seen(db: &TwoEnvironments) -> Closing {
    of(&db.ours, &mut db.store.read().await.unwrap(), &connection()).await.unwrap().unwrap()
}

#[tokio::test]
async fn there_is_one_for_each_and_a_removal_wins() {
    let (db, first) = db().await;
    let mut tx = db.store.write().await.unwrap();
    let held = Some(at(60));
    let (again, new) =
        insert(&db.ours, &mut tx, &id("2"), &connection(), ClosingKind::Delete, at(1), held).await.unwrap();
    assert!(!new, "one is under way");
    assert_eq!(again, Closing { fate: ClosingKind::Delete, ..first.clone() }, "not held by who came second");
    let (again, _) =
        insert(&db.ours, &mut tx, &id("3"), &connection(), ClosingKind::Disconnect, at(1), None).await.unwrap();
    assert_eq!(again.fate, ClosingKind::Delete, "what is to be removed is");
    let account = Target::Account(AccountId::parse("ca_1").unwrap());
    assert!(insert(&db.ours, &mut tx, &id("4"), &account, ClosingKind::Delete, at(2), None).await.unwrap().1);
    assert!(insert(&db.theirs, &mut tx, &id("5"), &connection(), ClosingKind::Delete, at(2), None).await.unwrap().1);
    let ours = list(&db.ours, &mut tx, 9).await.unwrap();
    assert_eq!(ours.iter().map(|closing| &closing.target).collect::<Vec<_>>(), [&connection(), &account]);
    assert_eq!(list(&db.ours, &mut tx, 1).await.unwrap().len(), 1);
    assert!(of(&db.theirs, &mut tx, &account).await.unwrap().is_none());
}

#[tokio::test]
async fn who_claims_holds_it_until_the_lease_ends_and_then_another_goes_on() {
    let (db, _) = db().await;
    let mut tx = db.store.write().await.unwrap();
    assert!(claim(&db.theirs, &mut tx, at(1), at(60), 9).await.unwrap().is_empty());
    let claimed = claim(&db.ours, &mut tx, at(1), at(60), 9).await.unwrap();
    assert_eq!((claimed.len(), claimed[0].attempts, claimed[0].lease_until), (1, 1, Some(at(60))));
    assert!(claim(&db.ours, &mut tx, at(59), at(99), 9).await.unwrap().is_empty(), "it is held");
    let step = Progress { done: 2, failed: 1, until: at(70) };
    assert!(progress(&db.ours, &mut tx, &id("1"), at(60), step).await.unwrap());
    assert!(!progress(&db.theirs, &mut tx, &id("1"), at(70), step).await.unwrap());
    assert!(claim(&db.ours, &mut tx, at(69), at(99), 9).await.unwrap().is_empty(), "and held on to");
    let claimed = claim(&db.ours, &mut tx, at(70), at(130), 9).await.unwrap();
    assert_eq!((claimed[0].attempts, claimed[0].done, claimed[0].failed), (2, 2, 1));
    // Who came back too late changes nothing.
    assert!(!progress(&db.ours, &mut tx, &id("1"), at(70), step).await.unwrap());
    assert!(!try_again(&db.ours, &mut tx, &id("1"), at(70), at(71), "late").await.unwrap());
    assert!(!finish(&db.ours, &mut tx, &id("1"), at(70)).await.unwrap());
    assert!(try_again(&db.ours, &mut tx, &id("1"), at(130), at(200), "unavailable").await.unwrap());
    tx.commit().await.unwrap();
    let now = seen(&db).await;
    assert_eq!((now.lease_until, now.next_at, now.last_error.as_deref()), (None, at(200), Some("unavailable")));
    let mut tx = db.store.write().await.unwrap();
    let claimed = claim(&db.ours, &mut tx, at(200), at(260), 9).await.unwrap();
    assert!(!finish(&db.theirs, &mut tx, &claimed[0].id, at(260)).await.unwrap());
    assert!(finish(&db.ours, &mut tx, &claimed[0].id, at(260)).await.unwrap());
    assert!(of(&db.ours, &mut tx, &connection()).await.unwrap().is_none());
}

#[tokio::test]
async fn what_a_dead_process_held_is_due_at_once() {
    let (db, _) = db().await;
    let (dead, other) = (ProcessId::parse("proc_1").unwrap(), ProcessId::parse("proc_2").unwrap());
    db.store.add_process(&dead).await.unwrap();
    let mut tx = db.store.write().await.unwrap();
    claim(&db.ours, &mut tx, at(1), at(60), 9).await.unwrap();
    assert_eq!(release(&mut tx, other.as_str(), at(2)).await.unwrap(), 0);
    assert!(claim(&db.ours, &mut tx, at(2), at(61), 9).await.unwrap().is_empty());
    assert_eq!(release(&mut tx, dead.as_str(), at(2)).await.unwrap(), 1);
    assert_eq!(claim(&db.ours, &mut tx, at(2), at(61), 9).await.unwrap()[0].attempts, 2);
}

#[tokio::test]
async fn of_many_that_claim_at_once_one_gets_it() {
    let (db, _) = db().await;
    let mut claims = tokio::task::JoinSet::new();
    for n in 0..8 {
        let (store, ours) = (db.store.clone(), db.ours.clone());
        claims.spawn(async move {
            let mut tx = store.write().await.unwrap();
            let claimed = claim(&ours, &mut tx, at(1), at(60 + n), 9).await.unwrap().len();
            tx.commit().await.unwrap();
            claimed
        });
    }
    assert_eq!(claims.join_all().await.iter().sum::<usize>(), 1);
    assert_eq!(seen(&db).await.attempts, 1);
}

#[tokio::test]
async fn an_environment_is_told_while_something_is_due_in_it_and_what_is_left_is_counted() {
    let (db, _) = db().await;
    let mut tx = db.store.write().await.unwrap();
    let due = crate::doors::due_closings;
    assert_eq!(due(&mut tx, at(0)).await.unwrap(), std::slice::from_ref(&db.ours.environment));
    claim(&db.ours, &mut tx, at(0), at(60), 9).await.unwrap();
    assert!(due(&mut tx, at(59)).await.unwrap().is_empty());
    fixture::chain(&db.ours, &mut tx).await;
    let on = ConnectionId::parse("conn_1").unwrap();
    assert_eq!(left(&db.ours, &mut tx, &on).await.unwrap(), BoundedCount::of(0));
    for tail in ["1", "2", "3"] {
        let account = fixture::account(&db.ours, tail, tail);
        crate::accounts::insert(&db.ours, &mut tx, &account).await.unwrap();
    }
    assert_eq!(left(&db.ours, &mut tx, &on).await.unwrap(), BoundedCount::of(3));
    assert_eq!(left(&db.theirs, &mut tx, &on).await.unwrap(), BoundedCount::of(0));
    let page = crate::accounts::of_connection(&db.ours, &mut tx, &on, "ca_1", 1).await.unwrap();
    assert_eq!(page.iter().map(|account| account.id.as_str()).collect::<Vec<_>>(), ["ca_2"]);
    assert!(crate::accounts::of_connection(&db.theirs, &mut tx, &on, "", 9).await.unwrap().is_empty());
}

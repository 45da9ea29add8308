use super::*;
use crate::{accounts, connections, fixture};
use serde_json::json;
use std::time::Duration;
use valetkey_domain::account::ConnectedAccount;

fn at(minutes: u32) -> Timestamp {
    fixture::now() + Duration::from_secs(60) * minutes
}

/// An event of every minute, of an account of every third.
pub(crate) fn event(n: u32) -> Event {
    Event {
        id: EventId::parse(&format!("evt_{}{n:016}", valetkey_domain::id::ulid_time(at(n)))).unwrap(),
        at: at(n),
        kind: if n.is_multiple_of(2) { "connected_account.created" } else { "connected_account.updated" }.into(),
        account: AccountId::parse(&format!("ca_{}", n % 3)).unwrap(),
        connection: ConnectionId::parse(&format!("conn_{}", n % 2)).unwrap(),
        organization: n.is_multiple_of(5).then(|| "org_1".to_owned()),
        position: i64::from(n),
        data: Map::from_iter([("n".to_owned(), json!(n))]),
    }
}

async fn filled() -> (fixture::TwoEnvironments, Tx) {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    for n in 0..10 {
        insert(&db.ours, &mut tx, &event(n)).await.unwrap();
    }
    insert(&db.theirs, &mut tx, &Event { position: 99, ..event(10) }).await.unwrap();
    tx.commit().await.unwrap();
    let tx = db.store.write().await.unwrap();
    (db, tx)
}

fn numbers(listed: &Listed<Event>) -> Vec<u32> {
    listed.items.iter().map(|event| u32::try_from(event.data["n"].as_u64().unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn pages_go_from_the_newest_to_the_oldest_and_back() {
    let (db, mut tx) = filled().await;
    let (all, size) = (Filter::default(), 4);
    let first = list(&db.ours, &mut tx, &all, &Page { size, after: None }).await.unwrap();
    let second = list(&db.ours, &mut tx, &all, &Page { size, after: first.next.clone() }).await.unwrap();
    let third = list(&db.ours, &mut tx, &all, &Page { size, after: second.next.clone() }).await.unwrap();
    assert_eq!([&first, &second, &third].map(numbers), [vec![9, 8, 7, 6], vec![5, 4, 3, 2], vec![1, 0]]);
    assert_eq!((first.previous.clone(), third.next.clone()), (None, None));
    let back = list(&db.ours, &mut tx, &all, &Page { size, after: third.previous }).await.unwrap();
    assert_eq!(numbers(&back), numbers(&second));
    let back = list(&db.ours, &mut tx, &all, &Page { size, after: back.previous }).await.unwrap();
    assert_eq!((numbers(&back), back.previous), (numbers(&first), None));
    let wrong = list(&db.ours, &mut tx, &all, &Page { size, after: Some("zebra".into()) }).await;
    assert!(matches!(wrong, Err(Error::PageToken)));
}

#[tokio::test]
async fn each_filter_leaves_what_fits_and_a_stranger_sees_none_of_it() {
    let (db, mut tx) = filled().await;
    let (connection, account) = (|n| Some(event(n).connection), |n| Some(event(n).account));
    let created = Some(vec!["connected_account.created".to_owned(), "user.created".to_owned()]);
    for (filter, left) in [
        (Filter { kinds: created.clone(), ..Filter::default() }, vec![8, 6, 4, 2, 0]),
        (Filter { organization: Some("org_1".into()), ..Filter::default() }, vec![5, 0]),
        (Filter { connection: connection(1), ..Filter::default() }, vec![9, 7, 5, 3, 1]),
        (Filter { account: account(0), ..Filter::default() }, vec![9, 6, 3, 0]),
        (Filter { account: account(0), connection: connection(0), ..Filter::default() }, vec![6, 0]),
        (Filter { from: Some(at(3)), to: Some(at(6)), ..Filter::default() }, vec![5, 4, 3]),
        (Filter { kinds: created, account: account(1), ..Filter::default() }, vec![4]),
    ] {
        let page = Page { size: 100, after: None };
        assert_eq!(numbers(&list(&db.ours, &mut tx, &filter, &page).await.unwrap()), left, "{filter:?}");
        let theirs = list(&db.theirs, &mut tx, &filter, &page).await.unwrap();
        assert!(numbers(&theirs).iter().all(|n| *n == 10), "{filter:?}");
    }
    assert!(get(&db.ours, &mut tx, &event(1).id).await.unwrap().is_some());
    assert!(get(&db.theirs, &mut tx, &event(1).id).await.unwrap().is_none());
    assert!(any_of_account(&db.ours, &mut tx, &event(0).account).await.unwrap());
    assert!(!any_of_account(&db.theirs, &mut tx, &event(0).account).await.unwrap());
    assert!(!any_of_connection(&db.theirs, &mut tx, &event(1).connection).await.unwrap());
    let between = between(&db.theirs, &mut tx, &event(0).account, (-1, 50), 9).await.unwrap();
    assert!(between.is_empty(), "{between:?}");
}

#[tokio::test]
async fn what_is_too_old_goes_part_by_part() {
    let (db, mut tx) = filled().await;
    assert_eq!(purge(&db.ours, &mut tx, at(5), 3).await.unwrap(), 3);
    assert_eq!(purge(&db.ours, &mut tx, at(5), 9).await.unwrap(), 2);
    assert_eq!(purge(&db.ours, &mut tx, at(5), 9).await.unwrap(), 0);
    let left = list(&db.ours, &mut tx, &Filter::default(), &Page { size: 99, after: None }).await.unwrap();
    assert_eq!(numbers(&left), [9, 8, 7, 6, 5]);
}

#[tokio::test]
async fn a_snapshot_says_what_the_account_is_and_what_was_told_of_it_last() {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    connections::insert(&db.ours, &mut tx, &fixture::connection(&db.ours, "1")).await.unwrap();
    let account: ConnectedAccount = fixture::account(&db.ours, "1", "ann");
    accounts::insert(&db.ours, &mut tx, &account).await.unwrap();
    let first = snapshot(&db.ours, &mut tx, "ca_1").await.unwrap().unwrap();
    let is =
        (first.identifier.as_str(), first.connection_name.as_str(), first.connector.as_str(), first.status.as_str());
    assert_eq!(is, ("ann", "Mail 1", "gmail", "PENDING_AUTH"));
    assert_eq!((first.status_before, first.position, first.heard), (None, 2, false));
    accounts::disconnect(&db.ours, &mut tx, &account.id, fixture::now()).await.unwrap();
    let second = snapshot(&db.ours, &mut tx, "ca_1").await.unwrap().unwrap();
    assert_eq!((second.status.as_str(), second.position), ("DISCONNECTED", 4));
    assert_eq!(second.status_before.as_deref(), Some("PENDING_AUTH"));
    let third = snapshot(&db.ours, &mut tx, "ca_1").await.unwrap().unwrap();
    assert_eq!(third.status_before.as_deref(), Some("DISCONNECTED"));
    assert!(snapshot(&db.theirs, &mut tx, "ca_1").await.unwrap().is_none());
}

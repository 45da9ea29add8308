use super::dead_letters::DeadLetter;
use super::deliveries::Delivery;
use super::queues::Queue;
use super::*;
use crate::events::{self, Event};
use crate::{BoundedCount, doors, fixture, processes, sealed};
use serde_json::Map;
use std::time::Duration;
use valetkey_domain::id::{AccountId, ConnectionId, EventId, ProcessId};

fn at(seconds: u64) -> Timestamp {
    fixture::now() + Duration::from_secs(seconds)
}

fn webhook(ctx: &Ctx, tail: &str, kinds: &[&str]) -> Webhook {
    Webhook {
        id: WebhookId::parse(&format!("whk_{tail}")).unwrap(),
        environment: ctx.environment.clone(),
        url: "https://app.example/events".into(),
        description: "for tests".into(),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        paused: false,
        secret: Sealed(b"key secret".to_vec()),
        secret_before: Some((Sealed(b"old secret".to_vec()), at(60))),
        created_at: at(0),
        updated_at: at(0),
    }
}

async fn put(ctx: &Ctx, tx: &mut Tx, webhook: &Webhook) {
    insert(ctx, tx, webhook).await.unwrap();
    assert!(update(ctx, tx, webhook).await.unwrap());
}

fn account(n: u32) -> AccountId {
    AccountId::parse(&format!("ca_{n}")).unwrap()
}

fn event(id: &str, position: i64) -> Event {
    Event {
        id: EventId::parse(id).unwrap(),
        at: at(0),
        kind: "connected_account.deleted".into(),
        account: account(7),
        connection: ConnectionId::parse("conn_1").unwrap(),
        organization: None,
        position,
        data: Map::new(),
    }
}

async fn claim(ctx: &Ctx, tx: &mut Tx, now: u64) -> Option<Queue> {
    let id = WebhookId::parse("whk_1").unwrap();
    queues::claim(ctx, tx, &id, at(now), at(now + 60)).await.unwrap()
}

#[tokio::test]
async fn it_comes_back_as_it_went_in_to_its_own_environment_alone() {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    let one = webhook(&db.ours, "1", &["connected_account.deleted"]);
    put(&db.ours, &mut tx, &one).await;
    let found = get(&db.ours, &mut tx, &one.id).await.unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{one:?}"));
    assert!(found.wants("connected_account.deleted") && !found.wants("connected_account.created"));
    assert!(get(&db.theirs, &mut tx, &one.id).await.unwrap().is_none());
    assert!(list(&db.theirs, &mut tx).await.unwrap().is_empty());
    assert!(!update(&db.theirs, &mut tx, &one).await.unwrap());
    assert!(!delete(&db.theirs, &mut tx, &one.id).await.unwrap());
    for prefix in [b"key".as_slice(), b"old"] {
        assert!(sealed::needed(&mut tx, prefix).await.unwrap());
    }
    assert!(delete(&db.ours, &mut tx, &one.id).await.unwrap());
}

#[tokio::test]
async fn an_accounts_queue_grows_without_another_row_and_only_who_wants_it_has_one() {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    put(&db.ours, &mut tx, &webhook(&db.ours, "1", &[])).await;
    put(&db.ours, &mut tx, &webhook(&db.ours, "2", &["connected_account.deleted"])).await;
    put(&db.theirs, &mut tx, &webhook(&db.theirs, "3", &[])).await;
    for position in 1..=3 {
        queues::add(&db.ours, &mut tx, &account(1), position, "connected_account.created", at(0)).await.unwrap();
    }
    queues::add(&db.ours, &mut tx, &account(2), 1, "connected_account.deleted", at(5)).await.unwrap();
    let due = doors::due_webhooks(&mut tx, at(9)).await.unwrap();
    assert_eq!(due.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), ["whk_1", "whk_2"]);
    let first = claim(&db.ours, &mut tx, 9).await.unwrap();
    assert_eq!((first.account.as_str(), first.behind, first.upto, first.attempts), ("ca_1", 0, 3, 1));
    assert_eq!(claim(&db.ours, &mut tx, 9).await.unwrap().account, account(2));
    assert!(claim(&db.ours, &mut tx, 9).await.is_none(), "both are held");
    assert!(claim(&db.theirs, &mut tx, 99).await.is_none());
    assert_eq!(claim(&db.ours, &mut tx, 99).await.unwrap().attempts, 2, "who held it died");
}

#[tokio::test]
async fn what_is_added_while_the_last_is_told_is_not_lost() {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    put(&db.ours, &mut tx, &webhook(&db.ours, "1", &[])).await;
    queues::add(&db.ours, &mut tx, &account(1), 1, "x", at(0)).await.unwrap();
    let held = claim(&db.ours, &mut tx, 0).await.unwrap();
    queues::add(&db.ours, &mut tx, &account(1), 2, "x", at(0)).await.unwrap();
    assert!(!queues::finish(&db.ours, &mut tx, &held, 1).await.unwrap(), "there is more");
    assert_eq!(queues::advance(&db.ours, &mut tx, &held, 1, at(70)).await.unwrap(), Some(2));
    let stale = queues::advance(&db.ours, &mut tx, &held, 1, at(80)).await.unwrap();
    assert_eq!(stale, None, "that lease has been moved on");
    let held = Queue { lease: at(70), behind: 1, upto: 2, ..held };
    assert!(!queues::finish(&db.theirs, &mut tx, &held, 2).await.unwrap());
    assert!(queues::finish(&db.ours, &mut tx, &held, 2).await.unwrap());
    assert!(claim(&db.ours, &mut tx, 999).await.is_none());
}

#[tokio::test]
async fn what_failed_waits_and_what_the_dead_held_does_not() {
    let db = fixture::two_environments().await;
    let process = ProcessId::parse("proc_1").unwrap();
    db.store.add_process(&process).await.unwrap();
    let mut tx = db.store.write().await.unwrap();
    put(&db.ours, &mut tx, &webhook(&db.ours, "1", &[])).await;
    queues::add(&db.ours, &mut tx, &account(1), 1, "x", at(0)).await.unwrap();
    let held = claim(&db.ours, &mut tx, 0).await.unwrap();
    queues::try_again(&db.ours, &mut tx, &held, at(30), "it answered 500").await.unwrap();
    let id = WebhookId::parse("whk_1").unwrap();
    let backlog = queues::backlog(&db.ours, &mut tx, &id).await.unwrap();
    assert_eq!(
        (backlog.accounts, backlog.next_at, backlog.last_error.as_deref()),
        (BoundedCount::of(1), Some(at(30)), Some("it answered 500"))
    );
    let waits = queues::waiting(&db.ours, &mut tx, &id, 5).await.unwrap();
    let told = (&waits[0].account, waits[0].attempts, waits[0].next_at, waits[0].last_error.as_deref());
    assert_eq!((waits.len(), told), (1, (&account(1), 1, at(30), Some("it answered 500"))));
    assert_eq!(queues::waiting(&db.ours, &mut tx, &id, 0).await.unwrap(), []);
    assert_eq!(queues::waiting(&db.theirs, &mut tx, &id, 5).await.unwrap(), []);
    assert!(claim(&db.ours, &mut tx, 29).await.is_none());
    assert!(!queues::is_due(&db.ours, &mut tx, &id, at(29)).await.unwrap());
    assert!(claim(&db.ours, &mut tx, 30).await.is_some());
    assert!(claim(&db.ours, &mut tx, 31).await.is_none());
    processes::remove_dead(&mut tx, &process, at(31)).await.unwrap();
    assert!(claim(&db.ours, &mut tx, 31).await.is_some(), "its process is gone");
    assert_eq!(queues::release_all(&mut tx, at(32)).await.unwrap(), 1);
    assert!(claim(&db.ours, &mut tx, 32).await.is_some(), "no process but this one is there");
}

#[tokio::test]
async fn what_was_given_up_can_be_sent_again_and_goes_with_its_webhook() {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    let one = webhook(&db.ours, "1", &[]);
    put(&db.ours, &mut tx, &one).await;
    let event = event("evt_1", 5);
    events::insert(&db.ours, &mut tx, &event).await.unwrap();
    let letter = DeadLetter {
        event: event.id.clone(),
        kind: Some(event.kind.clone()),
        died_at: at(1),
        attempts: 9,
        last_error: "it answered 500".into(),
    };
    for again in 0..2 {
        let letter = DeadLetter { attempts: 9 + again, ..letter.clone() };
        dead_letters::insert(&db.ours, &mut tx, &one.id, &letter).await.unwrap();
    }
    let page = dead_letters::page(&db.ours, &mut tx, &one.id, "", 9).await.unwrap();
    assert_eq!(page, [DeadLetter { attempts: 10, ..letter.clone() }]);
    let alone = dead_letters::get(&db.ours, &mut tx, &one.id, &event.id).await.unwrap();
    assert_eq!(alone, Some(DeadLetter { attempts: 10, kind: None, ..letter }));
    assert_eq!(dead_letters::get(&db.theirs, &mut tx, &one.id, &event.id).await.unwrap(), None);
    assert!(
        dead_letters::page(&db.ours, &mut tx, &one.id, event.id.as_str(), 9).await.unwrap().is_empty(),
        "behind it"
    );
    assert!(dead_letters::page(&db.theirs, &mut tx, &one.id, "", 9).await.unwrap().is_empty());
    assert_eq!(dead_letters::count(&db.theirs, &mut tx, &one.id).await.unwrap(), BoundedCount::of(0));
    assert!(!queues::add_again(&db.theirs, &mut tx, &one.id, &event.id, at(2)).await.unwrap());
    assert!(queues::add_again(&db.ours, &mut tx, &one.id, &event.id, at(2)).await.unwrap());
    assert!(!queues::add_again(&db.ours, &mut tx, &one.id, &event.id, at(2)).await.unwrap(), "it waits already");
    let again = claim(&db.ours, &mut tx, 2).await.unwrap();
    assert_eq!((again.account, again.behind, again.upto), (event.account, 4, 5));
    assert_eq!(dead_letters::purge(&db.theirs, &mut tx, at(9)).await.unwrap(), 0);
    assert!(delete(&db.ours, &mut tx, &one.id).await.unwrap());
    assert_eq!(dead_letters::count(&db.ours, &mut tx, &one.id).await.unwrap(), BoundedCount::of(0));
    assert!(claim(&db.ours, &mut tx, 999).await.is_none());
}

#[tokio::test]
async fn what_arrived_is_kept_newest_first_as_long_as_its_event() {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    let (one, two) = (webhook(&db.ours, "1", &[]), webhook(&db.ours, "2", &[]));
    put(&db.ours, &mut tx, &one).await;
    put(&db.ours, &mut tx, &two).await;
    // Ids begin with their time: the last is a day younger than the two before it.
    let ids =
        [at(0), at(1), at(86_400)].map(|at| format!("evt_{}0000000000000000", valetkey_domain::id::ulid_time(at)));
    let arrived = |webhook: &Webhook, id: &String, attempts| Delivery {
        webhook: webhook.id.clone(),
        event: EventId::parse(id).unwrap(),
        kind: None,
        arrived_at: at(90_000),
        attempts,
        status: 204,
        took_ms: 12,
    };
    events::insert(&db.ours, &mut tx, &event(&ids[2], 5)).await.unwrap();
    for (number, id) in ids.iter().enumerate() {
        deliveries::put(&db.ours, &mut tx, &arrived(&one, id, 1 + i64::try_from(number).unwrap())).await.unwrap();
    }
    deliveries::put(&db.ours, &mut tx, &arrived(&two, &ids[2], 1)).await.unwrap();
    deliveries::put(&db.ours, &mut tx, &arrived(&one, &ids[2], 7)).await.unwrap();
    let named = |found: Vec<Delivery>| found.iter().map(|one| one.event.to_string()).collect::<Vec<_>>();
    let page = deliveries::page(&db.ours, &mut tx, &one.id, None, 2).await.unwrap();
    let kind = Some("connected_account.deleted".to_owned());
    assert_eq!(page[0], Delivery { kind, ..arrived(&one, &ids[2], 7) }, "the last time counts");
    assert_eq!(page[1], arrived(&one, &ids[1], 2), "an event that is gone by now");
    let rest = deliveries::page(&db.ours, &mut tx, &one.id, Some(&page[1].event), 2).await.unwrap();
    assert_eq!(named(rest), [ids[0].clone()]);
    let of_last = deliveries::of_event(&db.ours, &mut tx, &page[0].event).await.unwrap();
    assert_eq!(of_last.len(), 2);
    assert!(deliveries::of_event(&db.theirs, &mut tx, &page[0].event).await.unwrap().is_empty());
    assert!(deliveries::page(&db.theirs, &mut tx, &one.id, None, 9).await.unwrap().is_empty());
    assert_eq!(deliveries::purge(&db.theirs, &mut tx, at(90_000), 9).await.unwrap(), 0);
    assert_eq!(deliveries::purge(&db.ours, &mut tx, at(60), 1).await.unwrap(), 1, "so many at once");
    assert_eq!(deliveries::purge(&db.ours, &mut tx, at(60), 9).await.unwrap(), 1);
    assert_eq!(named(deliveries::page(&db.ours, &mut tx, &one.id, None, 9).await.unwrap()), [ids[2].clone()]);
    assert!(delete(&db.ours, &mut tx, &one.id).await.unwrap());
    assert_eq!(deliveries::of_event(&db.ours, &mut tx, &page[0].event).await.unwrap().len(), 1, "its webhook is gone");
}

#[tokio::test]
async fn it_is_known_of_an_event_whether_it_waits() {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    let one = webhook(&db.ours, "1", &[]);
    put(&db.ours, &mut tx, &one).await;
    let (first, last) = (event("evt_1", 5), event("evt_2", 6));
    for event in [&first, &last] {
        events::insert(&db.ours, &mut tx, event).await.unwrap();
        queues::add(&db.ours, &mut tx, &event.account, event.position, &event.kind, at(0)).await.unwrap();
    }
    let waits = async |ctx: &Ctx, event: &Event| {
        let mut tx = db.store.read().await.unwrap();
        queues::waiting_for(ctx, &mut tx, &one.id, event).await.unwrap()
    };
    tx.commit().await.unwrap();
    assert!(waits(&db.ours, &first).await.is_some() && waits(&db.ours, &last).await.is_some());
    assert_eq!(waits(&db.theirs, &first).await, None);
    let mut tx = db.store.write().await.unwrap();
    let queue = claim(&db.ours, &mut tx, 1).await.unwrap();
    assert_eq!(queues::advance(&db.ours, &mut tx, &queue, 5, at(61)).await.unwrap(), Some(6));
    tx.commit().await.unwrap();
    assert_eq!(waits(&db.ours, &first).await, None, "it was told");
    assert!(waits(&db.ours, &last).await.is_some());
    let mut tx = db.store.write().await.unwrap();
    assert!(queues::add_again(&db.ours, &mut tx, &one.id, &first.id, at(2)).await.unwrap());
    tx.commit().await.unwrap();
    assert!(waits(&db.ours, &first).await.is_some(), "once more, by hand");
}

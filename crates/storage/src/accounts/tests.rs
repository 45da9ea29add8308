//! Accounts against a real database.

use super::*;
use crate::fixture::{self, TwoEnvironments, account, tokens};
use crate::{Page, Store, connections, environments};
use std::time::Duration;
use valetkey_domain::id::ConfigId;
use valetkey_domain::name::Identifier;
use valetkey_domain::{Kind, Sealed};

const PAGE: Page = Page { size: 10, after: None };

fn at_provider(id: &str) -> Subject {
    Subject { id: id.into(), name: Some(format!("{id} by name")) }
}

/// Two environments, a connection, and `ann`'s account on it with one set of tokens (generation 1).
async fn db() -> (TwoEnvironments, Tx, ConnectedAccount) {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    fixture::chain(&db.ours, &mut tx).await;
    let ann = account(&db.ours, "1", "ann");
    insert(&db.ours, &mut tx, &ann).await.unwrap();
    let stored =
        store_credential(&db.ours, &mut tx, &ann.id, 0, &tokens(1), Some(&at_provider("ann@p")), fixture::now()).await;
    assert!(stored.unwrap());
    let ann = get(&db.ours, &mut tx, &ann.id).await.unwrap().unwrap();
    (db, tx, ann)
}

#[tokio::test]
async fn members_are_put_over_those_that_are_there() {
    let (db, mut tx, ann) = db().await;
    let members = Map::from_iter([("region".to_owned(), "eu".into()), ("factor".to_owned(), 0.1.into())]);
    assert!(merge_api_config(&db.ours, &mut tx, &ann.id, &members, fixture::now()).await.unwrap());
    let over = Map::from_iter([("region".to_owned(), "us".into())]);
    assert!(merge_api_config(&db.ours, &mut tx, &ann.id, &over, fixture::now()).await.unwrap());
    let found = get(&db.ours, &mut tx, &ann.id).await.unwrap().unwrap().api_config;
    assert_eq!(Value::Object(found).to_string(), r#"{"domain":"example","region":"us","factor":0.1}"#);
    assert!(!merge_api_config(&db.theirs, &mut tx, &ann.id, &over, fixture::now()).await.unwrap());
}

#[tokio::test]
async fn comes_back_as_it_was_put() {
    let (db, mut tx, ann) = db().await;
    assert_eq!((ann.status.clone(), ann.subject.as_deref()), (Status::Active, Some("ann@p")));
    let held = ann.credential.clone().unwrap();
    assert_eq!((held.generation, held.refreshable, held.sealed), (1, true, Sealed(vec![1])));
    assert_eq!(held.audience, ["https://a.example"]);
    let found = find(&db.ours, &mut tx, &ann.connection, &ann.owner).await.unwrap().unwrap();
    assert_eq!((found.id, found.api_config), (ann.id, ann.api_config));
}

#[tokio::test]
async fn attack_2_a_stranger_finds_and_changes_nothing() {
    let (db, mut tx, ann) = db().await;
    let (stranger, id, now) = (&db.theirs, &ann.id, fixture::now());
    assert!(get(stranger, &mut tx, id).await.unwrap().is_none());
    assert!(find(stranger, &mut tx, &ann.connection, &ann.owner).await.unwrap().is_none());
    assert!(lease(stranger, &mut tx, id).await.unwrap().is_none());
    assert!(list(stranger, &mut tx, &Filter::default(), &PAGE).await.unwrap().items.is_empty());
    assert!(!store_credential(stranger, &mut tx, id, 1, &tokens(9), None, now).await.unwrap());
    assert!(!begin_refresh(stranger, &mut tx, id, 1, now, now).await.unwrap());
    assert!(!expire(stranger, &mut tx, id, 1, Reason::InvalidGrant, now).await.unwrap());
    assert!(!disconnect(stranger, &mut tx, id, now).await.unwrap());
    assert!(!delete(stranger, &mut tx, id).await.unwrap());
    assert!(expire_for_endpoints(stranger, &mut tx, &ann.connection, now).await.unwrap().is_empty());
    let bob = account(stranger, "2", "bob");
    assert!(matches!(insert(stranger, &mut tx, &bob).await, Err(Error::Referenced)), "a foreign connection");
    let after = get(&db.ours, &mut tx, id).await.unwrap().unwrap();
    assert_eq!((after.status, after.credential.map(|held| held.generation)), (Status::Active, Some(1)));
}

#[tokio::test]
async fn attack_9_look_alike_identifiers_have_accounts_of_their_own() {
    let (db, mut tx, ann) = db().await;
    for (tail, identifier) in [("2", "Ann"), ("3", "jos\u{e9}"), ("4", "jose\u{301}")] {
        insert(&db.ours, &mut tx, &account(&db.ours, tail, identifier)).await.unwrap();
    }
    for (identifier, id) in [("ann", "ca_1"), ("Ann", "ca_2"), ("jos\u{e9}", "ca_3"), ("jose\u{301}", "ca_4")] {
        let owner = Owner::of(Identifier::parse(identifier).unwrap());
        let found = find(&db.ours, &mut tx, &ann.connection, &owner).await.unwrap().unwrap();
        assert_eq!(found.id.as_str(), id);
    }
    let narrowed = Owner { organization: Some("org".into()), ..ann.owner };
    assert!(find(&db.ours, &mut tx, &ann.connection, &narrowed).await.unwrap().is_none());
}

#[tokio::test]
async fn ensure_gives_the_same_account_twice() {
    let (db, mut tx, ann) = db().await;
    let (same, added) = ensure(&db.ours, &mut tx, &account(&db.ours, "9", "ann")).await.unwrap();
    assert_eq!((same.id, added), (ann.id, false));
    let (new, added) = ensure(&db.ours, &mut tx, &account(&db.ours, "9", "bob")).await.unwrap();
    assert_eq!((new.id.as_str(), added), ("ca_9", true));
    let twice = insert(&db.ours, &mut tx, &account(&db.ours, "8", "bob")).await.unwrap_err();
    assert_eq!(twice.kind(), Kind::AlreadyExists);
}

#[tokio::test]
async fn tokens_go_only_over_the_generation_they_were_made_for() {
    let (db, mut tx, ann) = db().await;
    let (ours, id, now) = (&db.ours, &ann.id, fixture::now());
    assert!(!store_credential(ours, &mut tx, id, 0, &tokens(2), None, now).await.unwrap());
    assert!(begin_refresh(ours, &mut tx, id, 1, now, now + Duration::from_secs(60)).await.unwrap());
    assert!(store_credential(ours, &mut tx, id, 1, &tokens(3), None, now).await.unwrap(), "a consent wins");
    assert!(!finish_refresh(ours, &mut tx, id, 1, &tokens(4), now).await.unwrap(), "the refresh comes too late");
    let after = get(ours, &mut tx, id).await.unwrap().unwrap();
    assert_eq!(after.credential.unwrap().sealed, Sealed(vec![3]));
    assert_eq!(after.subject.as_deref(), Some("ann@p"), "an unknown subject doesn't wipe the known one");
    assert_eq!(subject(ours, &mut tx, id).await.unwrap(), Some(at_provider("ann@p")));
    assert_eq!(subject(&db.theirs, &mut tx, id).await.unwrap(), None);
}

#[tokio::test]
async fn one_lease_at_a_time_and_a_dead_one_counts_as_lost() {
    let (db, mut tx, ann) = db().await;
    let (ours, id, now) = (&db.ours, &ann.id, fixture::now());
    let later = now + Duration::from_secs(60);
    assert!(begin_refresh(ours, &mut tx, id, 1, now, later).await.unwrap());
    assert!(!begin_refresh(ours, &mut tx, id, 1, now, later).await.unwrap(), "it is taken");
    assert!(begin_refresh(ours, &mut tx, id, 1, later, later + Duration::from_secs(60)).await.unwrap(), "it ran out");
    let (_, _, state) = lease(ours, &mut tx, id).await.unwrap().unwrap();
    assert_eq!((state.started_from, state.lost_at), (Some(1), Some(later)));
    for late in [end_refresh(ours, &mut tx, id, later).await, mark_answer_lost(ours, &mut tx, id, later, now).await] {
        assert!(!late.unwrap(), "the lease is another's by now");
    }
    assert!(end_refresh(ours, &mut tx, id, later + Duration::from_secs(60)).await.unwrap());
    let (_, _, state) = lease(ours, &mut tx, id).await.unwrap().unwrap();
    assert_eq!((state.started_from, state.until, state.lost_at), (None, None, Some(later)));
    assert!(begin_refresh(ours, &mut tx, id, 1, now, later).await.unwrap());
    assert!(finish_refresh(ours, &mut tx, id, 1, &tokens(2), now).await.unwrap());
    let (after, generation, state) = lease(ours, &mut tx, id).await.unwrap().unwrap();
    assert_eq!((generation, state.lost_at, state.refreshed_at), (2, None, Some(now)));
    assert_eq!(after.credential.unwrap().sealed, Sealed(vec![2]));
}

#[tokio::test]
async fn an_ended_account_is_not_ended_again_and_starts_no_refresh() {
    let (db, mut tx, ann) = db().await;
    let (ours, id, now) = (&db.ours, &ann.id, fixture::now());
    assert!(expire(ours, &mut tx, id, 1, Reason::InvalidGrant, now).await.unwrap());
    assert!(!expire(ours, &mut tx, id, 1, Reason::Rejected, now).await.unwrap());
    assert!(!begin_refresh(ours, &mut tx, id, 1, now, now).await.unwrap());
    let after = get(ours, &mut tx, id).await.unwrap().unwrap();
    assert_eq!(after.status, Status::Expired(Reason::InvalidGrant));
    assert!(!finish_refresh(ours, &mut tx, id, 1, &tokens(2), now).await.unwrap());
}

#[tokio::test]
async fn attack_22_an_answer_that_was_only_late_puts_the_account_back_in_service() {
    let (db, mut tx, ann) = db().await;
    let (ours, id, now) = (&db.ours, &ann.id, fixture::now());
    assert!(begin_refresh(ours, &mut tx, id, 1, now, now).await.unwrap());
    assert!(expire(ours, &mut tx, id, 1, Reason::RefreshAnswerLost, now).await.unwrap());
    assert!(finish_refresh(ours, &mut tx, id, 1, &tokens(2), now).await.unwrap());
    let after = get(ours, &mut tx, id).await.unwrap().unwrap();
    assert_eq!((after.status, after.credential.unwrap().sealed), (Status::Active, Sealed(vec![2])));
}

#[tokio::test]
async fn a_disconnect_leaves_no_credential_and_no_way_to_commit_one() {
    let (db, mut tx, ann) = db().await;
    let (ours, id, now) = (&db.ours, &ann.id, fixture::now());
    assert!(begin_refresh(ours, &mut tx, id, 1, now, now + Duration::from_secs(60)).await.unwrap());
    assert!(disconnect(ours, &mut tx, id, now).await.unwrap());
    assert!(!finish_refresh(ours, &mut tx, id, 1, &tokens(2), now).await.unwrap());
    let after = get(ours, &mut tx, id).await.unwrap().unwrap();
    assert!(after.credential.is_none() && after.status == Status::Disconnected && after.scopes.is_empty());
    assert_eq!(after.subject.as_deref(), Some("ann@p"));
}

#[tokio::test]
async fn attack_59_a_connection_that_points_elsewhere_ends_its_active_accounts() {
    let (db, mut tx, ann) = db().await;
    let pending = account(&db.ours, "2", "bob");
    insert(&db.ours, &mut tx, &pending).await.unwrap();
    let ended = expire_for_endpoints(&db.ours, &mut tx, &ann.connection, fixture::now()).await.unwrap();
    assert_eq!(ended, std::slice::from_ref(&ann.id));
    let status = get(&db.ours, &mut tx, &ann.id).await.unwrap().unwrap().status;
    assert_eq!(status, Status::Expired(Reason::EndpointsChanged));
    assert_eq!(get(&db.ours, &mut tx, &pending.id).await.unwrap().unwrap().status, Status::PendingAuth);
}

#[tokio::test]
async fn siblings_of_a_grant_are_those_of_the_same_or_an_unknown_subject() {
    let (db, mut tx, ann) = db().await;
    let ours = &db.ours;
    for (tail, subject) in [("2", Some("ann@p")), ("3", None), ("4", Some("bob@p"))] {
        let connection = fixture::connection(ours, tail);
        connections::insert(ours, &mut tx, &connection).await.unwrap();
        let one = ConnectedAccount { connection: connection.id, ..account(ours, tail, tail) };
        insert(ours, &mut tx, &one).await.unwrap();
        let subject = subject.map(at_provider);
        store_credential(ours, &mut tx, &one.id, 0, &tokens(1), subject.as_ref(), fixture::now()).await.unwrap();
    }
    insert(ours, &mut tx, &account(ours, "5", "without a credential")).await.unwrap();
    let mut siblings = async |ctx, but, subject| -> Vec<String> {
        let found = maybe_sharing(ctx, &mut tx, but, subject).await.unwrap();
        found.iter().map(ToString::to_string).collect()
    };
    assert_eq!(siblings(ours, Some(&ann.id), Some("ann@p")).await, ["conn_2", "conn_3"]);
    assert_eq!(siblings(ours, Some(&ann.id), None).await, ["conn_2", "conn_3", "conn_4"]);
    assert_eq!(siblings(ours, None, Some("ann@p")).await, ["conn_1", "conn_2", "conn_3"], "nobody is left out");
    assert!(siblings(&db.theirs, None, None).await.is_empty());
}

#[tokio::test]
async fn a_list_is_filtered() {
    let (db, mut tx, _) = db().await;
    let ours = &db.ours;
    insert(ours, &mut tx, &account(ours, "2", "\u{d8}rsted@example.com")).await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    for (filter, count) in [
        (Filter::default(), 2),
        (Filter { connections: vec!["none".into(), "Mail 1".into()], ..Filter::default() }, 2),
        (Filter { connections: vec!["mAIL 1".into()], ..Filter::default() }, 2),
        (Filter { connector: text("gmail"), ..Filter::default() }, 2),
        (Filter { identifier: text("ann"), ..Filter::default() }, 1),
        (Filter { status: text("PENDING_AUTH"), ..Filter::default() }, 1),
        (Filter { search: text("\u{f8}RSTED"), ..Filter::default() }, 1),
        (Filter { search: text("%"), ..Filter::default() }, 0),
        (Filter { organization: text("org"), ..Filter::default() }, 0),
        (Filter { connector: text("github"), ..Filter::default() }, 0),
        (Filter { identifier: text("ann"), connector: text("gmail"), ..Filter::default() }, 1),
        (Filter { identifier: text("ann"), connector: text("github"), ..Filter::default() }, 0),
        (Filter { identifier: text("ann"), connections: vec!["mail 1".into()], ..Filter::default() }, 1),
        (Filter { identifier: text("ann"), connections: vec!["a,b".into()], ..Filter::default() }, 0),
        (Filter { identifier: text("ann"), status: text("EXPIRED"), ..Filter::default() }, 0),
        (Filter { connections: vec!["mail 1".into()], connector: text("github"), ..Filter::default() }, 0),
        (Filter { connector: text("gmail"), search: text("ann"), ..Filter::default() }, 1),
        (Filter { status: text("PENDING_AUTH"), search: text("ann"), ..Filter::default() }, 0),
        (Filter { organization: text(""), search: text("ann"), ..Filter::default() }, 1),
        (Filter { user: text("nobody"), ..Filter::default() }, 0),
    ] {
        let found = list(ours, &mut tx, &filter, &PAGE).await.unwrap();
        assert_eq!((found.items.len(), found.total), (count, count as u64), "{filter:?}");
    }
    assert!(delete(ours, &mut tx, &AccountId::parse("ca_2").unwrap()).await.unwrap());
    assert_eq!(list(ours, &mut tx, &Filter::default(), &PAGE).await.unwrap().total, 1);
}

#[tokio::test]
async fn ensure_is_idempotent_under_a_race() {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    connections::insert(&db.ours, &mut tx, &fixture::connection(&db.ours, "1")).await.unwrap();
    tx.commit().await.unwrap();
    let race = |tail: String, store: Store, ctx: Ctx| async move {
        let mut tx = store.write().await.unwrap();
        let (account, _) = ensure(&ctx, &mut tx, &account(&ctx, &tail, "ann")).await.unwrap();
        tx.commit().await.unwrap();
        account.id
    };
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..20 {
        tasks.spawn(race(n.to_string(), db.store.clone(), db.ours.clone()));
    }
    let ids: std::collections::HashSet<_> = tasks.join_all().await.into_iter().collect();
    assert_eq!(ids.len(), 1);
    let known = environments::all(&mut db.store.read().await.unwrap()).await.unwrap();
    assert_eq!(known.len(), 2);
}

#[tokio::test]
async fn attack_22_a_refresh_without_an_end_is_found_and_settled_once() {
    let (db, mut tx, ann) = db().await;
    let (ours, now) = (&db.ours, fixture::now());
    let until = now + Duration::from_secs(75);
    assert!(begin_refresh(ours, &mut tx, &ann.id, 1, now, until).await.unwrap());
    assert!(crate::doors::abandoned_refreshes(&mut tx, now).await.unwrap().is_empty(), "it may still come back");
    let left = crate::doors::abandoned_refreshes(&mut tx, until).await.unwrap();
    assert_eq!((&left[0].environment, &left[0].account, left[0].until), (&ours.environment, &ann.id, until));
    assert!(!settle_abandoned(&db.theirs, &mut tx, &ann.id, until).await.unwrap());
    assert!(!settle_abandoned(ours, &mut tx, &ann.id, now).await.unwrap(), "another lease's end");
    assert!(settle_abandoned(ours, &mut tx, &ann.id, until).await.unwrap());
    assert!(!settle_abandoned(ours, &mut tx, &ann.id, until).await.unwrap());
    let (.., lease) = lease(ours, &mut tx, &ann.id).await.unwrap().unwrap();
    assert_eq!((lease.started_from, lease.until, lease.lost_at), (None, None, Some(until)));
}

#[tokio::test]
async fn of_a_config_only_the_users_own_accounts_are_seen() {
    let (db, mut tx, ann) = db().await;
    let in_organization = Owner { organization: Some("acme".into()), ..ann.owner.clone() };
    let other = ConnectedAccount { owner: in_organization, ..account(&db.ours, "2", "ann") };
    insert(&db.ours, &mut tx, &other).await.unwrap();
    insert(&db.ours, &mut tx, &account(&db.ours, "3", "bob")).await.unwrap();
    let config = ConfigId::parse("cfg_1").unwrap();
    let standing = Standing { connection: ann.connection.clone(), account: ann.id.clone(), status: Status::Active };
    let seen = standings(&db.ours, &mut tx, &config, &ann.owner.identifier).await.unwrap();
    assert_eq!(seen, [standing]);
    let nobody = Identifier::parse("carol").unwrap();
    assert_eq!(standings(&db.ours, &mut tx, &config, &nobody).await.unwrap(), []);
    let elsewhere = ConfigId::parse("cfg_2").unwrap();
    assert_eq!(standings(&db.ours, &mut tx, &elsewhere, &ann.owner.identifier).await.unwrap(), []);
    assert_eq!(standings(&db.theirs, &mut tx, &config, &ann.owner.identifier).await.unwrap(), []);
}

//! Several processes on one PostgreSQL database, each with a store of its own: what holds them apart is in the database.

use super::*;
use crate::entrance::doors;
use crate::fixture::{process, show};
use crate::tenancy::environments;
use valetkey_domain::id::ProcessId;
use valetkey_storage::{Location, Store};
use valetkey_vault::RootKey;

/// A connection on a database that others may open, the database, and the root key.
async fn shared() -> (There, Location, Secret<str>) {
    let (stand_in, location) = (StandIn::start().await, Location::from(valetkey_testkit::only_on_postgres()));
    let (root, clock) = (RootKey::generate().unwrap().to_text(), Arc::new(ManualClock::default()));
    let addresses = [stand_in.server.as_str(), &stand_in.issuer];
    let app = process((&location, &root, &clock), ("proc_one", 7), &addresses).await;
    let ctx = doors::operator(&app, &environments::ensure_first(&app).await.unwrap().id);
    (There::of(stand_in, app, ctx, clock).await, location, root)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn two_processes_with_stores_of_their_own_register_a_client_once() {
    let (there, location, root) = shared().await;
    let addresses = [there.stand_in.server.as_str(), &there.stand_in.issuer];
    let other = process((&location, &root, &there.clock), ("proc_two", 8), &addresses).await;
    one_client(&there, &other).await;
}

/// The clock stands still: its lease does not end.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn who_waits_for_a_registration_whose_process_died_waits_for_seconds_and_not_for_its_lease() {
    let (there, location, _) = shared().await;
    let dead = Store::open(&location).await.unwrap();
    let now = there.app.now();
    show(&dead, &ProcessId::parse("proc_dead").unwrap(), now).await;
    let mut tx = dead.write().await.unwrap();
    let row = (&there.connection.id, there.connection.revision);
    assert!(registrations::begin(&there.ctx, &mut tx, row, now, now + MINUTE).await.unwrap());
    tx.commit().await.unwrap();
    tokio::select! {
        _ = there.find_out(&there.app) => panic!("it lives, and is waited for"),
        () = until(async || waited(&there.app) > 10) => {}
    }
    assert_eq!(there.registered(), 0);
    drop(dead);
    let since = std::time::Instant::now();
    let found = tokio::time::timeout(Duration::from_secs(20), there.find_out(&there.app)).await;
    assert!(found.expect("nobody waits for the dead").unwrap().client_id().is_some());
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    assert_eq!(there.registered(), 1);
    let told = [("discovered", None), ("registration_begun", None), ("registration_lost", Some(true))];
    assert_eq!(said(&there.told().await), told);
}

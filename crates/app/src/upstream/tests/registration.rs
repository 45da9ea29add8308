//! A client that is registered at an authorization server is known here, whoever leaves, comes beside or dies.

mod processes;

use crate::connections::{self, Wired, discovered};
use crate::fixture::{Dropped, alone_with_clock, beside, polled, until};
use crate::insight::audit;
use crate::upkeep::recovery;
use crate::upstream::stand_in::{StandIn, rows as servers};
use crate::{App, Error};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Notify;
use valetkey_domain::connection::{Connection, Settings};
use valetkey_domain::{Ctx, Kind, Secret};
use valetkey_storage::registrations;
use valetkey_testkit::ManualClock;

const MINUTE: Duration = Duration::from_secs(60);

/// A connection at a server whose authorization server registers clients, with nothing found out yet.
struct There {
    stand_in: Arc<StandIn>,
    app: App,
    ctx: Ctx,
    clock: Arc<ManualClock>,
    connection: Connection,
}

impl There {
    async fn new() -> Self {
        let stand_in = StandIn::start().await;
        let (app, ctx, clock) = alone_with_clock(&[&stand_in.server, &stand_in.issuer]).await;
        Self::of(stand_in, app, ctx, clock).await
    }

    async fn of(stand_in: Arc<StandIn>, app: App, ctx: Ctx, clock: Arc<ManualClock>) -> Self {
        let registers = |way: &std::collections::HashMap<String, String>| way["kind"] == "oauth2" && way.len() == 1;
        let row = servers().into_iter().find(|row| row.ways.iter().any(registers)).unwrap();
        let settings = Settings {
            way: Some("oauth2".into()),
            api_base_url: Some(format!("http://{}/{}", stand_in.server, row.slug)),
            ..Settings::default()
        };
        let new = connections::New { name: Some("ONE".into()), connector: row.slug, settings, client_secret: None };
        let connection = connections::create(&app, &ctx, new).await.unwrap();
        Self { stand_in, app, ctx, clock, connection }
    }

    /// As somebody who signs in finds it out, in this app or another.
    async fn find_out(&self, app: &App) -> Result<Wired, Error> {
        let connection = connections::get(app, &self.ctx, &self.connection.id).await?;
        discovered(app, &self.ctx, Wired::of(app, connection).unwrap(), None).await
    }

    async fn beside(&self) -> App {
        beside(&self.app, &[&self.stand_in.server, &self.stand_in.issuer]).await
    }

    fn registered(&self) -> usize {
        self.stand_in.registered.load(Ordering::Relaxed)
    }

    /// The next registrations are answered only when this rings.
    fn hold(&self) -> Arc<Notify> {
        let held = Arc::new(Notify::new());
        *self.stand_in.held.lock().unwrap() = Some(held.clone());
        held
    }

    async fn now(&self) -> Connection {
        connections::get(&self.app, &self.ctx, &self.connection.id).await.unwrap()
    }

    /// What the journal tells of registering, by the alphabet, for the clock stands still; with whether a client may be left.
    async fn told(&self) -> Vec<(String, Option<bool>)> {
        let lines = audit::newest(&self.app, &self.ctx, Some(self.connection.id.as_str()), 100).await.unwrap();
        let told = lines.into_iter().filter(|line| line.action.contains("regist") || line.action.contains("discover"));
        let mut told: Vec<_> = told
            .map(|line| {
                let detail: serde_json::Value = serde_json::to_value(&line.detail).unwrap();
                let left = detail["client_may_be_left"].as_bool().or(detail.get("client_left").map(|_| true));
                (line.action.strip_prefix("connection.").unwrap().to_owned(), left)
            })
            .collect();
        told.sort();
        told
    }
}

/// How often an app saw that another one is at it.
fn waited(app: &App) -> usize {
    app.discoveries.waited.load(Ordering::SeqCst)
}

fn said(told: &[(String, Option<bool>)]) -> Vec<(&str, Option<bool>)> {
    told.iter().map(|(action, left)| (action.as_str(), *left)).collect()
}

#[tokio::test]
async fn who_leaves_while_a_client_is_registered_leaves_none_behind() {
    let there = There::new().await;
    let held = there.hold();
    tokio::select! {
        _ = there.find_out(&there.app) => panic!("they leave while the authorization server is thinking"),
        () = until(async || there.registered() == 1) => {}
    }
    assert_eq!(said(&there.told().await), [("registration_begun", None)], "it is intended before it is asked");
    held.notify_one();
    until(async || there.now().await.settings.found.is_some()).await;
    assert!(there.find_out(&there.app).await.unwrap().client_id().is_some());
    assert_eq!(there.registered(), 1);
    assert_eq!(said(&there.told().await), [("discovered", None), ("registration_begun", None)]);
}

#[tokio::test]
async fn who_leaves_at_any_await_leaves_none_behind() {
    for dropped in [Dropped::Waiting, Dropped::Woken] {
        for times in 1.. {
            let there = There::new().await;
            let done = polled(there.find_out(&there.app), times, dropped).await;
            assert!(there.find_out(&there.app).await.unwrap().client_id().is_some());
            assert_eq!(there.registered(), 1, "{dropped:?} after {times} polls");
            if done.is_some() {
                assert!(times > 1, "there were places to drop it at");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_at_once_in_whatever_app_gets_the_same_client() {
    let there = There::new().await;
    one_client(&there, &there.beside().await).await;
}

/// Four sign in at once, two of them in another app, and one client is registered.
async fn one_client(there: &There, other: &App) {
    let held = there.hold();
    let all = async {
        tokio::join!(
            there.find_out(&there.app),
            there.find_out(&there.app),
            there.find_out(other),
            there.find_out(other)
        )
    };
    let release = async {
        until(async || there.registered() >= 1).await;
        until(async || waited(&there.app) + waited(other) > 0).await;
        held.notify_one();
    };
    let ((one, two, three, four), ()) = tokio::join!(all, release);
    let clients: Vec<_> = [one, two, three, four].map(|wired| wired.unwrap().client_id().unwrap().to_owned()).into();
    assert!(clients.iter().all(|client| *client == clients[0]), "{clients:?}");
    assert_eq!(there.registered(), 1);
    assert_eq!(said(&there.told().await), [("discovered", None), ("registration_begun", None)]);
}

#[tokio::test]
async fn a_registration_whose_process_died_is_told_and_the_next_sign_in_registers_anew() {
    let there = There::new().await;
    // As a process leaves it that was killed between the intent and the answer.
    let (now, until) = (there.app.now(), there.app.now() + MINUTE);
    let mut tx = there.app.core.store.write().await.unwrap();
    let row = (&there.connection.id, there.connection.revision);
    assert!(registrations::begin(&there.ctx, &mut tx, row, now, until).await.unwrap());
    tx.commit().await.unwrap();
    tokio::select! {
        _ = there.find_out(&there.app) => panic!("somebody may be at it, who is waited for"),
        () = crate::fixture::until(async || waited(&there.app) > 0) => {}
    }
    assert_eq!((recovery::overdue(&there.app).await.unwrap(), there.registered()), (0, 0));
    if !there.app.core.store.is_exclusive() {
        // Where others may live, its lease and a while have to be over.
        there.clock.advance(3 * MINUTE);
    }
    assert_eq!(recovery::at_start(&there.app).await.unwrap(), 1);
    assert_eq!(recovery::at_start(&there.app).await.unwrap(), 0);
    assert!(there.find_out(&there.app).await.unwrap().client_id().is_some());
    assert_eq!(there.registered(), 1);
    let told = [("discovered", None), ("registration_begun", None), ("registration_lost", Some(true))];
    assert_eq!(said(&there.told().await), told);
}

#[tokio::test]
async fn a_registration_that_ran_out_without_a_word_is_told_by_whoever_comes_next() {
    let there = There::new().await;
    let (now, until) = (there.app.now(), there.app.now() + MINUTE);
    let mut tx = there.app.core.store.write().await.unwrap();
    let row = (&there.connection.id, there.connection.revision);
    assert!(registrations::begin(&there.ctx, &mut tx, row, now, until).await.unwrap());
    tx.commit().await.unwrap();
    there.clock.advance(MINUTE);
    assert!(there.find_out(&there.app).await.unwrap().client_id().is_some());
    let told = [("discovered", None), ("registration_begun", None), ("registration_lost", Some(true))];
    assert_eq!(said(&there.told().await), told);
}

/// The journal then says both, and that the one corrects the other.
#[tokio::test]
async fn a_client_that_comes_after_it_was_told_as_lost_is_used() {
    let there = There::new().await;
    let held = there.hold();
    let given_up = async {
        until(async || there.registered() == 1).await;
        there.clock.advance(7 * MINUTE);
        assert_eq!(recovery::overdue(&there.app).await.unwrap(), 1);
        held.notify_one();
    };
    let (found, ()) = tokio::join!(there.find_out(&there.app), given_up);
    assert!(found.unwrap().client_id().is_some());
    let told = [("discovered", None), ("registration_begun", None), ("registration_lost", Some(true))];
    assert_eq!(said(&there.told().await), told);
    let lines = audit::newest(&there.app, &there.ctx, Some(there.connection.id.as_str()), 100).await.unwrap();
    let discovered = lines.iter().find(|line| line.action == "connection.discovered").unwrap();
    assert_eq!(serde_json::to_value(&discovered.detail).unwrap()["told_as_lost"], true);
}

#[tokio::test]
async fn a_client_comes_to_a_connection_that_was_changed_meanwhile_if_that_still_needs_it() {
    for gives_own in [false, true] {
        let there = There::new().await;
        let held = there.hold();
        let changes = async {
            until(async || there.registered() == 1).await;
            let before = there.now().await;
            let own = Settings { client_id: Some("own".into()), ..before.settings.clone() };
            let change = connections::Change {
                settings: gives_own.then_some(own),
                client_secret: gives_own.then(|| Secret::from("secret-1")),
                enabled: (!gives_own).then_some(false),
            };
            connections::update(&there.app, &there.ctx, &before, change).await.unwrap();
            held.notify_one();
        };
        let (found, ()) = tokio::join!(there.find_out(&there.app), changes);
        let (now, told) = (there.now().await, there.told().await);
        assert_eq!(now.enabled, gives_own, "what somebody else changed stays");
        if gives_own {
            assert_eq!(found.unwrap_err().kind(), Kind::Aborted);
            assert_eq!(now.settings.client_id.as_deref(), Some("own"));
            assert_eq!(said(&told), [("registration_begun", None), ("registration_unused", Some(true))]);
        } else {
            assert!(found.unwrap().client_id().is_some());
            assert_eq!(said(&told), [("discovered", None), ("registration_begun", None)]);
        }
    }
}

#[tokio::test]
async fn a_refusal_is_told_with_whether_a_client_may_be_there_and_stands_for_a_moment() {
    for (status, left) in [(400, false), (503, true)] {
        let there = There::new().await;
        *there.stand_in.refuses.lock().unwrap() = Some(status);
        for _ in 0..3 {
            let refused = there.find_out(&there.app).await.unwrap_err();
            assert!(refused.message().contains("registered no client"), "{refused}");
        }
        assert_eq!(there.registered(), 1, "a crowd asks once");
        assert_eq!(said(&there.told().await), [("registration_begun", None), ("registration_failed", Some(left))]);
        *there.stand_in.refuses.lock().unwrap() = None;
        there.clock.advance(Duration::from_secs(10));
        assert!(there.find_out(&there.app).await.unwrap().client_id().is_some());
    }
}

#[tokio::test]
async fn what_serves_meanwhile_is_not_asked_about_again_for_minutes() {
    let there = There::new().await;
    let before = there.find_out(&there.app).await.unwrap();
    there.clock.advance(Duration::from_secs(25 * 3600));
    *there.stand_in.moved_to.lock().unwrap() = Some("127.0.0.1:1".into());
    let read = there.stand_in.asked.load(Ordering::Relaxed);
    for _ in 0..3 {
        assert_eq!(there.find_out(&there.app).await.unwrap().found(), before.found());
    }
    let once = there.stand_in.asked.load(Ordering::Relaxed);
    assert!(once > read, "it is asked at first");
    there.clock.advance(4 * MINUTE);
    there.find_out(&there.app).await.unwrap();
    assert_eq!(there.stand_in.asked.load(Ordering::Relaxed), once);
    there.clock.advance(MINUTE);
    there.find_out(&there.app).await.unwrap();
    assert!(there.stand_in.asked.load(Ordering::Relaxed) > once);
    // A connection that was changed is asked about at once.
    let (asked, now) = (there.stand_in.asked.load(Ordering::Relaxed), there.now().await);
    let change = connections::Change { enabled: Some(true), ..connections::Change::default() };
    connections::update(&there.app, &there.ctx, &now, change).await.unwrap();
    there.find_out(&there.app).await.unwrap();
    assert!(there.stand_in.asked.load(Ordering::Relaxed) > asked);
}

//! A rotation of several keys that was cut off between two of them.

use super::*;
use crate::fixture::{Dropped, polled};
use crate::insight::audit;
use tokio::sync::Notify;

/// Between two rotations, which are told apart by when they began.
const SECOND: Duration = Duration::from_secs(1);

/// The newest generation of each key but those for URLs, by environment and purpose.
async fn newest(app: &App) -> Vec<i64> {
    let all = list(app).await.unwrap();
    all.iter().filter(|key| key.newest && key.purpose != "url").map(|key| key.generation).collect()
}

fn of(generations: &[i64], generation: i64) -> usize {
    generations.iter().filter(|one| **one == generation).count()
}

/// Rings as soon as the first key is made.
#[derive(Default)]
struct Rings(Notify);

impl Progress for Rings {
    fn report(&self, done: u64, _: Option<u64>, _: &str) {
        if done == 1 {
            self.0.notify_one();
        }
    }
}

/// As it is left whose caller goes away when it has made one key.
async fn dropped(app: &App, which: &KeySelection) {
    let rings = Rings::default();
    tokio::select! {
        biased;
        () = rings.0.notified() => {}
        _ = rotate(app, which, &rings) => panic!("there is more than one key"),
    }
    // What it had sent to the database when it went is done there.
    let mut before = Vec::new();
    loop {
        let now = newest(app).await;
        if now == before {
            return;
        }
        before = now;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// As it is left by a process that is killed when it has made one key: nothing says how it ended.
async fn killed(app: &App, which: &KeySelection) {
    let stored = rows::all(&mut app.core.store.read().await.unwrap()).await.unwrap();
    let selected: Vec<&StoredKey> = stored.iter().filter(|key| which.takes(None, key)).collect();
    std::mem::forget(Rotation::begin(app, told::DATA_KEYS, meant(which, &selected)).await.unwrap());
    assert!(succeed(app, selected[0], Actor::Operator).await.unwrap());
}

async fn actions(app: &App, action: &str, phase: &str) -> Vec<Map<String, Value>> {
    let ctx = context::installation(&app.core, Actor::Operator);
    let lines = audit::newest(app, &ctx, None, 100).await.unwrap();
    let told = lines.into_iter().filter(|line| line.action == action && line.phase == phase);
    told.map(|line| line.detail).collect()
}

#[tokio::test]
async fn attack_55_the_keys_that_a_dead_process_did_not_come_to_are_made_by_the_server_and_told_once() {
    for dies in [false, true] {
        let fixture = fixture("{rotates: true}").await;
        fixture.sign_in(HOUR).await;
        let (app, which) = (&fixture.app, KeySelection::default());
        if dies {
            killed(app, &which).await;
        } else {
            dropped(app, &which).await;
        }
        let (left, all) = (of(&newest(app).await, 1), newest(app).await.len());
        assert!(left > 0 && left < all, "{left} of {all}: it is between two keys");
        for _ in 0..2 {
            housekeeping::tidy(app).await.unwrap();
            assert_eq!(newest(app).await, vec![2; all], "each is made, and none twice");
        }
        let resumed = actions(app, "rotation.resumed", "fact").await;
        assert_eq!((resumed.len(), &resumed[0]["made"], &resumed[0]["ended"]), (1, &json!(left), &json!("whole")));
        let ended = actions(app, told::DATA_KEYS, "outcome").await;
        let whole = ended.iter().filter(|detail| detail["ended"] == "whole").count();
        assert_eq!((ended.len(), whole), (if dies { 1 } else { 2 }, 1));
        assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
    }
}

#[tokio::test]
async fn attack_55_the_same_command_goes_on_and_makes_no_key_twice() {
    for dies in [false, true] {
        let fixture = fixture("{rotates: true}").await;
        fixture.sign_in(HOUR).await;
        let (app, which) = (&fixture.app, KeySelection::default());
        if dies {
            killed(app, &which).await;
        } else {
            dropped(app, &which).await;
        }
        let (left, all) = (of(&newest(app).await, 1), newest(app).await.len());
        fixture.clock.advance(SECOND);
        assert_eq!(rotate(app, &which, &Detached).await.unwrap().made, u64::try_from(left).unwrap());
        assert_eq!(newest(app).await, vec![2; all], "each is made, and none twice");
        fixture.clock.advance(SECOND);
        rotate(app, &which, &Detached).await.unwrap();
        assert_eq!(newest(app).await, vec![3; all], "what has ended whole is begun anew");
    }
}

#[tokio::test]
async fn attack_55_another_rotation_takes_along_what_was_left() {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    let app = &fixture.app;
    killed(app, &KeySelection::default()).await;
    fixture.clock.advance(SECOND);
    let all = newest(app).await.len();
    assert!(rotate(app, &only(Purpose::Webhook), &Detached).await.is_err(), "no webhook has a secret yet");
    rotate(app, &only(Purpose::Signing), &Detached).await.unwrap();
    assert_eq!(newest(app).await, vec![2; all]);
    let (_, token) = fixture.instance().await;
    fixture.clock.advance(SECOND);
    killed(app, &only(Purpose::Url)).await;
    fixture.clock.advance(SECOND);
    let again = rotate(app, &only(Purpose::Url), &Detached).await.unwrap();
    assert_eq!((again.made, again.urls), (0, true), "they have changed, if not just now");
    assert_eq!(doors::instance_url(app, &token).await.unwrap_err().kind(), Kind::NotFound);
}

/// Each key under which signing keys are sealed comes with one that signs, wherever it is cut off.
#[tokio::test]
async fn attack_55_no_signing_key_stays_behind() {
    let fixture = fixture("{rotates: true}").await;
    let app = &fixture.app;
    for dropped in [Dropped::Waiting, Dropped::Woken] {
        for times in 1.. {
            let done = polled(rotate(app, &only(Purpose::Signing), &Detached), times, dropped).await;
            // A commit that was under way may come yet.
            app.core.store.write().await.unwrap().commit().await.unwrap();
            let mut tx = app.core.store.read().await.unwrap();
            let sealed = rows::all(&mut tx).await.unwrap();
            let newest = sealed.iter().filter(|key| key.purpose == "signing").map(|key| key.generation).max();
            let signs = signing_keys::all(&mut tx).await.unwrap().len();
            assert_eq!(newest, i64::try_from(signs).ok(), "{dropped:?} after {times} polls");
            drop(tx);
            if done.is_some() {
                assert!(times > 1, "there were places to drop it at");
                break;
            }
        }
    }
}

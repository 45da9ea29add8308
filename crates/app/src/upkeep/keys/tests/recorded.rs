//! What the installation's journal tells of rotations.

use super::*;
use crate::Page;
use crate::fixture::{Dropped, polled};
use crate::insight::audit::{self, JournalRecord};
use std::collections::BTreeMap;

/// The records of an action in the installation's journal.
async fn told(app: &App, action: &str) -> Vec<JournalRecord> {
    let ctx = context::installation(&app.core, Actor::Operator);
    let (mut told, mut page) = (Vec::new(), Page { size: 100, after: None });
    loop {
        let listed = audit::list(app, &ctx, None, &page).await.unwrap();
        told.extend(listed.items.into_iter().filter(|line| line.action == action));
        let Some(next) = listed.next else { return told };
        page.after = Some(next);
    }
}

/// The intent's and the outcome's details of the one rotation that there was.
async fn only_one(app: &App, action: &str) -> (Map<String, Value>, Map<String, Value>) {
    // Outcomes are queued; a record that is waited for comes behind them.
    let ctx = context::installation(&app.core, Actor::Operator);
    app.core.journal.fact_now(&ctx, "test.waits", "test", Map::new()).await.unwrap();
    let all = told(app, action).await;
    let of = |phase: &str| {
        let mut found = all.iter().filter(|line| line.phase == phase);
        let one = found.next().expect("one of each").clone();
        assert!(found.next().is_none(), "{action}");
        one
    };
    let (intent, outcome) = (of("intent"), of("outcome"));
    assert_eq!(intent.subject, outcome.subject);
    (intent.detail, outcome.detail)
}

#[tokio::test]
async fn a_rotation_is_told_before_it_begins_and_with_what_it_did() {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    rotate(&fixture.app, &KeySelection::default(), &Detached).await.unwrap();
    let (meant, ended) = only_one(&fixture.app, "rotation.data_keys").await;
    let of = |purpose: &str| meant["keys"][purpose].as_object().unwrap().clone();
    assert_eq!(of("credential").values().collect::<Vec<_>>(), [&json!(1)], "one key, of the first generation");
    assert_eq!((&meant["environment"], &meant["purposes"]), (&Value::Null, &json!([])));
    let sum: usize = meant["keys"].as_object().unwrap().keys().map(|purpose| of(purpose).len()).sum();
    assert_eq!((&ended["ended"], &ended["made"]), (&json!("whole"), &json!(sum)));
    assert_eq!((&ended["accounts"], &ended["connections"], &ended["signing_keys"]), (&json!(1), &json!(1), &json!(1)));
    let new = RootKey::generate().unwrap();
    let to = new.version();
    fixture.app.core.keyring.learn(Root::Key(new));
    let wrapped = rotate_root(&fixture.app, &to, &Detached).await.unwrap();
    let (meant, ended) = only_one(&fixture.app, "rotation.root_key").await;
    assert_eq!((&meant["to"], &ended["ended"], &ended["wrapped"]), (&json!(to), &json!("whole"), &json!(wrapped)));
}

#[tokio::test]
async fn a_rotation_that_ended_early_says_how_far_each_stage_came_and_the_rest_is_told_when_it_is_done() {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let url = Some("https://app.example/hook".into());
    webhooks::create(app, ctx, webhooks::WebhookSettings { url, ..Default::default() }).await.unwrap();
    let renamed = async |sql: &'static str| {
        let mut tx = app.core.store.write().await.unwrap();
        tx.run(sql, []).await.unwrap();
        tx.commit().await.unwrap();
    };
    renamed("ALTER TABLE webhooks RENAME TO away").await;
    rotate(app, &KeySelection::default(), &Detached).await.unwrap_err();
    let (_, ended) = only_one(app, "rotation.data_keys").await;
    assert_eq!((&ended["ended"], &ended["accounts"], &ended["connections"]), (&json!("early"), &json!(1), &json!(1)));
    assert!(
        ended["why"].is_string() && !ended.contains_key("webhooks") && !ended.contains_key("signing_keys"),
        "{ended:?}"
    );
    renamed("ALTER TABLE away RENAME TO webhooks").await;
    housekeeping::tidy(app).await.unwrap();
    housekeeping::tidy(app).await.unwrap();
    let resumed = told(app, "rotation.resumed").await;
    assert_eq!(resumed.len(), 1, "nothing is told of nothing");
    let rest = &resumed[0].detail;
    assert_eq!((&rest["ended"], &rest["webhooks"], &rest["signing_keys"]), (&json!("whole"), &json!(1), &json!(1)));
}

#[tokio::test]
async fn a_rotation_whose_caller_goes_away_says_so() {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    let early = async || {
        let told = told(&fixture.app, "rotation.data_keys").await;
        told.iter().filter(|line| line.detail.get("ended") == Some(&json!("early"))).count()
    };
    // How often it waits, and can be given up there, depends on how soon the database has answered.
    let (mut whole, all_keys) = (0, KeySelection::default());
    while whole < 50 && early().await < 3 {
        for times in 1.. {
            if polled(rotate(&fixture.app, &all_keys, &Detached), times, Dropped::Waiting).await.is_some() {
                break;
            }
        }
        whole += 1;
    }
    let ctx = context::installation(&fixture.app.core, Actor::Operator);
    fixture.app.core.journal.fact_now(&ctx, "test.waits", "test", Map::new()).await.unwrap();
    let mut all = BTreeMap::<String, Vec<String>>::new();
    for line in told(&fixture.app, "rotation.data_keys").await {
        all.entry(line.subject).or_default().push(line.phase);
    }
    assert!(all.len() > 3 && all.values().all(|phases| phases.len() == 2), "{all:?}");
    assert_eq!(early().await, all.len() - whole);
}

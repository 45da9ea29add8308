//! The state file.

use crate::world::{CALENDAR, GMAIL, World};
use proptest::prelude::*;
use serde_json::json;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[derive(Clone, Debug)]
enum Deed {
    Insert(String),
    Move(i64),
    Refresh,
    Send(String),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        "[a-zA-Z äß\"\\\\]{0,12}".prop_map(Deed::Insert),
        (-5_000_i64..5_000).prop_map(Deed::Move),
        Just(Deed::Refresh),
        "[a-z \u{e9}\u{1F600}]{0,12}".prop_map(Deed::Send),
    ]
}

async fn perform(world: &World, deed: &Deed, access: &str, refresh: &str) {
    match deed {
        Deed::Insert(summary) => {
            let body = json!({"summary": summary, "start": {"date": "2026-11-23"}, "end": {"date": "2026-11-24"}});
            world.call("POST", "/calendar/v3/calendars/primary/events", access, &body).await;
        }
        Deed::Move(seconds) => {
            world.control("POST", "/clock", json!({"advance_seconds": seconds})).await;
        }
        Deed::Refresh => {
            world.refresh(refresh).await;
        }
        Deed::Send(text) => {
            let raw = format!("To: sam@lab.example\r\nSubject: x\r\n\r\n{text}\r\n");
            let body = json!({"raw": crate::gmail::encode(raw.as_bytes())});
            world.call("POST", "/gmail/v1/users/me/messages/send", access, &body).await;
        }
    }
}

async fn everything(world: &World) -> Vec<serde_json::Value> {
    let mut seen = Vec::new();
    for path in ["/clock", "/clients", "/exchanges", "/grants", "/mail", "/events"] {
        seen.push(world.control("GET", path, serde_json::Value::Null).await.json());
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn whatever_was_done_is_there_after_reopening(deeds in prop::collection::vec(deed(), 0..6)) {
        runtime().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("lab.json");
            let world = World::open(Some(file.clone())).await;
            let tokens = world.tokens(&[GMAIL, CALENDAR]).await;
            let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
            for deed in &deeds {
                perform(&world, deed, access, refresh).await;
            }
            let before = everything(&world).await;
            drop(world);
            let again = World::open(Some(file)).await;
            assert_eq!(everything(&again).await, before);
            assert_eq!(again.refresh(refresh).await.status, 200);
        });
    }
}

#[tokio::test]
async fn the_file_holds_no_token_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lab.json");
    let world = World::open(Some(file.clone())).await;
    let tokens = world.tokens(&[GMAIL]).await;
    let text = std::fs::read_to_string(file).unwrap();
    for secret in [tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap(), "not-so-secret"]
    {
        assert!(!text.contains(secret));
    }
    assert!(text.contains("alex@lab.example"));
}

#[tokio::test]
async fn an_answer_comes_after_its_change_is_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lab.json");
    let world = World::open(Some(file.clone())).await;
    let access = world.access(&[CALENDAR]).await;
    let body = json!({"summary": "kept", "start": {"date": "2026-11-23"}, "end": {"date": "2026-11-24"}});
    let inserts = (0..20).map(|_| world.call("POST", "/calendar/v3/calendars/primary/events", &access, &body));
    for reply in futures::future::join_all(inserts).await {
        let id = reply.json()["id"].as_str().unwrap().to_owned();
        assert!(std::fs::read_to_string(&file).unwrap().contains(&id));
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_told_and_nothing_is_granted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inner").join("lab.json");
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    let world = World::open(Some(file.clone())).await;
    let code = world.code(&[], &[GMAIL]).await;
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
    let reply = world.exchange(&code, &[]).await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.json()["error"], "lab_failure");
    assert!(reply.json()["error_description"].as_str().unwrap().contains("writable"));
}

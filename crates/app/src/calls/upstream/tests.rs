//! What is handed on of a remote server, and what a call of its tool takes while it lasts.

mod questions;

use super::*;
use crate::accounts::{self, AccountRef};
use crate::calls::usable::VALID_FOR;
use crate::calls::{CallResult, RequestMemory, execute};
use crate::connections::Wired;
use crate::fixture::{alone, until};
use crate::tools::ResolvedTool;
use crate::upstream::hostile::{Gate, MIB, Script, connect, most_held, result, server_behind, slugs};
use crate::upstream::tools;
use futures::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::connection::Connection;
use valetkey_domain::{Ctx, Secret};

/// A server with one tool that answers so, at an app with an account there.
struct Called {
    app: crate::App,
    ctx: Ctx,
    connection: Connection,
    account: ConnectedAccount,
}

impl Called {
    async fn that_answers(script: Script) -> Self {
        Self::behind(script, Arc::new(Gate::open(Semaphore::MAX_PERMITS))).await
    }

    async fn behind(script: Script, gate: Arc<Gate>) -> Self {
        let script: Script = Arc::new(move |asked| match asked["method"].as_str() {
            Some("tools/list") => {
                result(asked, &json!({ "tools": [{ "name": "big", "inputSchema": { "type": "object" } }] }))
            }
            _ => script(asked),
        });
        let address = server_behind(script, gate).await;
        let (app, ctx) = alone(&[&address]).await;
        let (connection, account) = connect(&app, &ctx, &slugs()[0], &address).await;
        Self { app, ctx, connection, account }
    }

    /// One call, as it ended: with so many bytes, or so.
    async fn call(&self, time: Duration) -> std::result::Result<usize, Failed> {
        let Self { app, ctx, connection, account } = self;
        let wired = Wired::of(app, connection.clone()).unwrap();
        let tool = tools(app, ctx, &wired, account).await.unwrap().tools[0].clone();
        let ctx = Ctx { deadline: app.now() + time, ..ctx.clone() };
        let (connector, connection, account) = (wired.connector, connection.clone(), account.clone());
        let resolved = ResolvedTool { connector, tool, connection, account };
        let mut running = execute(app, &ctx, resolved, Map::new(), None, RequestMemory::default());
        match running.answer().await {
            CallResult::Done(done) => Ok(done.data["content"][0]["text"].as_str().unwrap().len()),
            CallResult::Failed(failed) => Err(failed),
        }
    }
}

fn large(text: usize, values: usize) -> Script {
    Arc::new(move |asked| {
        let text = "x".repeat(text);
        let content = json!([{ "type": "text", "text": text }]);
        result(asked, &json!({ "content": content, "structuredContent": { "many": vec![json!({}); values] } }))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_78_thirty_two_large_answers_of_a_remote_server_stay_within_the_budget() {
    let called = Called::that_answers(large(8 * MIB, 90_000)).await;
    let minutes = Duration::from_secs(290);
    called.call(minutes).await.unwrap();
    let calls = join_all((0..32).map(|_| called.call(minutes)));
    let (ended, process, environment) = most_held(&called.app, calls).await;
    for one in ended {
        assert_eq!(one.unwrap(), 8 * MIB, "whoever finds no room waits for it");
    }
    let bounds = &called.app.core.settings.bounds;
    assert!(environment <= bounds.bytes_in_flight_per_environment && process <= bounds.bytes_in_flight);
    assert!(environment > 30 * MIB, "{environment}: one answer takes its text twice and its values");
    assert_eq!(called.app.core.memory.used(), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_78_an_answer_for_which_there_is_no_room_is_refused_by_the_limits_name() {
    let called = Called::that_answers(large(MIB, 10)).await;
    let (memory, environment) = (&called.app.core.memory, &called.ctx.environment);
    called.call(Duration::from_secs(20)).await.unwrap();
    for which in ["reading", "shaping"] {
        let all = match which {
            "reading" => memory.to_read(environment, 1024 * MIB, Duration::ZERO).await.unwrap(),
            _ => memory.to_shape(environment, 1024 * MIB, Duration::ZERO).await.unwrap(),
        };
        let refused = called.call(Duration::from_secs(3)).await.unwrap_err();
        assert_eq!(refused.why, FailureReason::Busy, "{which}: {}", refused.message);
        assert!(refused.message.contains("bytes_in_flight_per_environment"), "{which}: {}", refused.message);
        drop(all);
        called.call(Duration::from_secs(20)).await.unwrap();
    }
    assert_eq!(memory.used(), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_78_ten_megabytes_of_small_members_are_counted_as_what_they_become_and_refused() {
    let called = Called::that_answers(large(10, 3 * MIB)).await;
    let (ended, _, environment) = most_held(&called.app, called.call(Duration::from_secs(60))).await;
    let refused = ended.unwrap_err();
    assert!(refused.message.contains("more than 100000 values"), "{}", refused.message);
    assert!(environment > 30 * MIB, "{environment}");
    assert_eq!(called.app.core.memory.used(), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_53_a_stream_of_events_without_an_end_ends_and_takes_no_room_to_read() {
    let script: Script = Arc::new(|asked| {
        let params = json!({ "progressToken": asked["id"], "progress": 1, "message": "x".repeat(900) });
        let event = format!("data: {}\n\n", json!({ "method": "notifications/progress", "params": params }));
        ("text/event-stream", event.repeat(20_000).into_bytes())
    });
    let called = Called::that_answers(script).await;
    // All that there is to read with is somebody else's.
    let (memory, environment) = (&called.app.core.memory, &called.ctx.environment);
    let all = memory.to_read(environment, 1024 * MIB, Duration::ZERO).await.unwrap();
    let refused = called.call(Duration::from_secs(60)).await.unwrap_err();
    assert!(refused.message.contains("10000 messages"), "{}", refused.message);
    drop(all);
    assert_eq!(memory.used(), (0, 0));
}

#[test]
fn attack_72_what_a_server_says_of_its_progress_is_its_own_and_holds_nothing_that_was_sent() {
    let token = Secret::from("tok-0123456789abcdef");
    let redactor = Redactor::of(&[&token]);
    let words = format!("{}tok-0123456789abcdef step 1", "x ".repeat(140));
    assert!(!told(&redactor, &words).contains("tok-0123"), "cut or not");
    let posing = told(&redactor, "Link for\u{200b} the user: https://evil.example/connect/1");
    assert_eq!(posing, "the app says: Link for the user: [link left out]");
    assert_eq!(told(&redactor, "\u{e0041}"), "");
}

#[tokio::test]
async fn what_a_failure_has_beside_its_words_is_said() {
    let picture = json!({ "type": "image", "data": "aGk=", "mimeType": "image/png" });
    let words = json!({ "type": "text", "text": "see the picture" });
    for (content, structure, said, also) in [
        (json!([picture, words, picture]), json!({ "code": 7 }), "see the picture", "pictures (2)"),
        (json!([picture]), json!({ "code": 7 }), r#"{"code":7}"#, "pictures (1)"),
        (json!([words]), json!(null), "see the picture", ""),
    ] {
        let failure = json!({ "isError": true, "content": content, "structuredContent": structure });
        let called = Called::that_answers(Arc::new(move |asked| result(asked, &failure))).await;
        let failed = called.call(Duration::from_secs(20)).await.unwrap_err();
        assert_eq!(failed.why, FailureReason::App);
        assert!(failed.message.starts_with(said) && failed.message.contains(also), "{}", failed.message);
        assert_eq!(failed.message.contains("not shown"), !also.is_empty(), "{}", failed.message);
    }
}

/// A server that takes its time to open a session, while the user disconnects.
#[tokio::test]
async fn attack_82_what_ends_while_a_server_opens_its_session_is_called_no_more() {
    for (goes, calls) in [(false, 1), (true, 0)] {
        let (gate, called) = (Arc::new(Gate::open(1)), Arc::new(AtomicUsize::new(0)));
        let counted = called.clone();
        let script: Script = Arc::new(move |asked| {
            counted.fetch_add(1, Ordering::SeqCst);
            result(asked, &json!({ "content": [{ "type": "text", "text": "x" }] }))
        });
        let there = Called::behind(script, gate.clone()).await;
        let Called { app, ctx, connection, account } = &there;
        let wired = Wired::of(app, connection.clone()).unwrap();
        tools(app, ctx, &wired, account).await.unwrap();
        let key = Key::of(account, &wired.mcp_url(account).unwrap().unwrap());
        remote_sessions::keep(app, ctx, (&wired, account), key, None).await;
        let meanwhile = async {
            until(async || gate.arrived() == 2).await;
            // What it saw holds no more.
            tokio::time::sleep(VALID_FOR).await;
            if goes {
                accounts::disconnect(app, ctx, &AccountRef::Id(account.id.clone())).await.unwrap();
            }
            gate.open_once();
        };
        let (ended, ()) = tokio::join!(there.call(Duration::from_secs(20)), meanwhile);
        assert_eq!((ended.is_err(), called.load(Ordering::SeqCst)), (goes, calls));
        let why = ended.err().map(|failed| failed.why);
        assert!(why.is_none_or(|why| why == FailureReason::NotConnected), "{why:?}");
    }
}

//! What happens to a call: done, refused before anything leaves, failed at the app; and what the journal says of it.

use crate::kit::{Kit, told};
use serde_json::{Value, json};
use std::time::Duration;
use valetkey_app::servers::instances;
use valetkey_app::upkeep::readiness::Watch;
use valetkey_app::{Bounds, accounts, connections};
use valetkey_domain::account::Owner;

fn data(result: &Value) -> Value {
    assert_eq!(result["isError"], false, "{result}");
    serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap()
}

fn pair(phase: &str, outcome: &str) -> (String, String) {
    (phase.into(), outcome.into())
}

#[tokio::test]
async fn a_read_is_recorded_once_and_a_write_before_and_after() {
    let kit = Kit::connected().await;
    assert_eq!(data(&kit.call("fakeapp_get_item", json!({ "id": "a" })).await), json!({ "id": "a", "name": "one" }));
    assert_eq!(data(&kit.call("fakeapp_add_item", json!({ "name": "two" })).await)["name"], "two");
    assert_eq!(kit.upstream.seen(), ["GET /api/items/a", "POST /api/items"]);
    assert_eq!(kit.journal().await, [pair("fact", "ok"), pair("intent", ""), pair("outcome", "ok")]);
}

#[tokio::test]
async fn without_consent_the_answer_has_the_link_and_nothing_leaves() {
    let kit = Kit::new().await;
    let words = kit.failing("fakeapp_get_item", json!({ "id": "a" })).await;
    assert!(words.contains("Fake App (connection 'MY_FAKE') is not connected"), "{words}");
    assert!(words.contains("Link for the user: http://localhost:8080/connect/"), "{words}");
    assert!(kit.upstream.seen().is_empty());
    kit.consent().await;
    data(&kit.call("fakeapp_get_item", json!({ "id": "a" })).await);
}

#[tokio::test]
async fn arguments_are_checked_before_the_account_is_even_looked_for() {
    let kit = Kit::new().await;
    let words = kit.failing("fakeapp_get_item", json!({ "idd": "a", "id": "b" })).await;
    assert!(words.contains("idd") && !words.contains("Link"), "{words}");
    let words = kit.failing("fakeapp_get_item", json!({})).await;
    assert!(words.contains("id"), "{words}");
}

#[tokio::test]
async fn a_withheld_scope_is_named_before_the_call() {
    let kit = Kit::new().await;
    kit.upstream.set(|script| script.scopes = "items.read".into());
    kit.consent().await;
    let words = kit.failing("fakeapp_add_item", json!({ "name": "x" })).await;
    assert!(words.contains("items.write") && words.contains("Link for the user:"), "{words}");
    assert!(kit.upstream.seen().is_empty());
    data(&kit.call("fakeapp_get_item", json!({ "id": "a" })).await);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_call_repeated() {
    let kit = Kit::connected().await;
    kit.upstream.set(|script| script.taken.clear());
    data(&kit.call("fakeapp_add_item", json!({ "name": "x" })).await);
    assert_eq!(kit.upstream.seen(), ["POST /api/items"; 2]);
    kit.upstream.set(|script| assert_eq!(script.given, 2));
    assert_eq!(kit.journal().await, [pair("intent", ""), pair("outcome", "ok")]);
}

#[tokio::test]
async fn attack_23_a_refused_fresh_token_is_told_with_a_link_and_ends_no_account() {
    let kit = Kit::connected().await;
    kit.upstream.set(|script| script.closed = true);
    let words = kit.failing("fakeapp_get_item", json!({ "id": "a" })).await;
    assert!(words.contains("does not accept") && words.contains("Link for the user:"), "{words}");
    assert_eq!(kit.upstream.seen().len(), 2);
    let words = kit.failing("fakeapp_get_item", json!({ "id": "a" })).await;
    assert!(words.contains("try again in a minute"), "{words}");
    kit.upstream.set(|script| assert_eq!(script.given, 2, "it is not renewed at every refusal"));
    kit.upstream.set(|script| script.closed = false);
    data(&kit.call("fakeapp_get_item", json!({ "id": "a" })).await);
}

#[tokio::test]
async fn an_app_that_fails_is_told_in_words() {
    let kit = Kit::connected().await;
    for id in ["missing", "broken", "away"] {
        let words = kit.failing("fakeapp_get_item", json!({ "id": id })).await;
        assert!(!words.is_empty() && !words.contains("Link for the user:"), "{words}");
    }
    let [missing, broken, away] = ["missing", "broken", "away"].map(|id| format!("GET /api/items/{id}"));
    let seen = [missing, broken.clone(), broken.clone(), broken, away];
    assert_eq!(kit.upstream.seen(), seen, "a redirect is not followed; only what fails for the moment is repeated");
    let outcomes: Vec<_> = kit.journal().await.into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(outcomes, ["not_found", "app_failed", "app_failed"]);
}

#[tokio::test]
async fn attack_49_an_encoded_token_does_not_come_through() {
    let kit = Kit::connected().await;
    let read = data(&kit.call("fakeapp_get_item", json!({ "id": "encoding" })).await);
    for encoded in ["hex", "base64"] {
        assert!(read[encoded].as_str().unwrap().contains("[redacted credential]"), "{read}");
    }
}

#[tokio::test]
async fn an_echoed_token_does_not_come_through() {
    let kit = Kit::connected().await;
    let result = kit.call("fakeapp_get_item", json!({ "id": "echo" })).await;
    assert!(!result.to_string().contains("secret-token"), "{result}");
    assert_eq!(data(&result)["you_sent"], "Bearer [redacted credential]");
}

#[tokio::test]
async fn a_connection_that_is_switched_off_is_not_called() {
    let kit = Kit::connected().await;
    let off = connections::Change { enabled: Some(false), ..connections::Change::default() };
    connections::update(&kit.app, &kit.ctx, &kit.connection, off).await.unwrap();
    let words = kit.failing("fakeapp_get_item", json!({ "id": "a" })).await;
    assert!(words.contains("switched off"), "{words}");
    assert!(kit.upstream.seen().is_empty());
}

#[tokio::test]
async fn a_burst_on_one_account_is_done_one_after_the_other() {
    let kit = Kit::connected().await;
    kit.upstream.set(|script| script.slow = Duration::from_millis(150));
    let calls = (0..30).map(|_| kit.call("fakeapp_get_item", json!({ "id": "a" })));
    for result in futures::future::join_all(calls).await {
        data(&result);
    }
}

#[tokio::test]
async fn more_than_may_wait_are_refused_with_the_limits_name() {
    let kit = Kit::within(Bounds { in_flight_per_account: 1, ..Bounds::default() }).await;
    kit.consent().await;
    kit.upstream.set(|script| script.slow = Duration::from_millis(100));
    let calls = (0..7).map(|_| kit.call("fakeapp_get_item", json!({ "id": "a" })));
    let results = futures::future::join_all(calls).await;
    let failed: Vec<_> = results.iter().filter(|result| result["isError"] == true).collect();
    assert_eq!((failed.len(), kit.upstream.seen().len()), (2, 5), "one in flight, four waiting");
    let words = told(failed[0]);
    assert!(words.contains("in_flight_per_account") && words.contains("wait"), "{words}");
}

#[tokio::test]
async fn attack_78_large_answers_at_once_are_shaped_within_their_budget() {
    let bounds = Bounds { bytes_in_flight: 2 << 20, bytes_in_flight_per_environment: 1 << 20, ..Bounds::default() };
    let kit = Kit::within(bounds).await;
    kit.consent().await;
    let mut most = 0;
    let watch = async {
        let mut metrics = prometheus_client::registry::Registry::default();
        kit.app.register(&mut metrics);
        loop {
            let mut text = String::new();
            prometheus_client::encoding::text::encode(&mut text, &metrics).unwrap();
            let line = text.lines().find(|line| line.starts_with("in_flight{limit=\"bytes_in_flight_per_env")).unwrap();
            most = most.max(line.rsplit(' ').next().unwrap().parse::<usize>().unwrap());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let calls = futures::future::join_all((0..16).map(|_| kit.call("fakeapp_get_item", json!({ "id": "large" }))));
    let results = tokio::select! {
        results = calls => results,
        () = watch => unreachable!(),
    };
    for result in results {
        assert!(data(&result)["numbers"].as_array().unwrap().len() > 1_000);
    }
    assert!(most > 500_000 && most <= 1 << 20, "{most}");
}

#[tokio::test]
async fn what_was_read_is_given_when_the_rest_does_not_come_in_time() {
    let kit = Kit::within(Bounds { mcp_time: Duration::from_secs(4), ..Bounds::default() }).await;
    kit.consent().await;
    kit.upstream.set(|script| script.slow_b = Duration::from_secs(30));
    let read = data(&kit.call("fakeapp_get_all", json!({})).await);
    assert_eq!(read["items"][0]["id"], "a", "{read}");
    assert!(read.to_string().contains("\"b\""), "what is missing is named: {read}");
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_said_to_be() {
    let kit = Kit::within(Bounds { answer_bytes: 90_000, ..Bounds::default() }).await;
    kit.consent().await;
    let words = kit.failing("fakeapp_get_item", json!({ "id": "large" })).await;
    assert!(words.contains("90000 bytes") && words.contains("ask for less"), "{words}");
    assert_eq!(kit.upstream.seen().len(), 1, "it is not asked for again");
}

#[tokio::test]
async fn a_401_for_want_of_consent_gets_a_link_and_no_renewal() {
    let kit = Kit::connected().await;
    let words = kit.failing("fakeapp_get_item", json!({ "id": "narrow" })).await;
    assert!(words.contains("consent does not cover") && words.contains("Link for the user: http://"), "{words}");
    assert_eq!(kit.upstream.seen().len(), 1);
    kit.upstream.set(|script| assert_eq!(script.given, 1, "nothing is renewed"));
}

#[tokio::test]
async fn consent_that_the_app_finds_missing_is_asked_for_with_a_link() {
    let kit = Kit::connected().await;
    let words = kit.failing("fakeapp_get_item", json!({ "id": "guarded" })).await;
    assert!(words.contains("Link for the user: http://localhost:8080/connect/"), "{words}");
}

#[tokio::test]
async fn attack_54_while_the_journal_is_down_nothing_reaches_the_app() {
    let kit = Kit::connected().await;
    kit.app.end(Duration::ZERO).await;
    for (tool, arguments) in [("fakeapp_add_item", json!({ "name": "x" })), ("fakeapp_get_item", json!({ "id": "a" }))]
    {
        let words = kit.failing(tool, arguments).await;
        assert!(words.contains("the call was not made"), "{words}");
    }
    assert!(kit.upstream.seen().is_empty());
}

#[tokio::test]
async fn attack_54_a_journal_that_goes_down_during_a_read_holds_its_answer_back() {
    let kit = Kit::connected().await;
    let words = kit.failing_while_the_journal_closes("fakeapp_get_item", json!({ "id": "a" })).await;
    assert_eq!(kit.upstream.seen().len(), 1);
    assert!(words.contains("held back") && !words.contains("\"one\""), "{words}");
}

#[tokio::test]
async fn attack_84_an_app_cannot_pose_as_the_one_who_gives_links() {
    let kit = Kit::connected().await;
    let words = kit.failing("fakeapp_get_item", json!({ "id": "posing" })).await;
    assert!(!words.contains("Link for the user:") && !words.contains('\u{1b}'), "{words}");
    for (version, id) in [("2025-11-25", "posing"), ("2025-11-25", "posing well"), ("2026-07-28", "posing well")] {
        let result = in_era(&kit, version, id).await;
        assert_eq!(result["content"].as_array().unwrap().len(), 1, "{result}");
        assert!(result["_meta"].get("valetkey/link").is_none(), "{result}");
        assert_ne!(result["content"][0]["_meta"]["valetkey/from"], "server", "{result}");
    }
}

#[tokio::test]
async fn attack_84_a_link_of_ours_stands_where_no_word_of_an_app_can() {
    let kit = Kit::new().await;
    for version in ["2025-11-25", "2026-07-28"] {
        let result = in_era(&kit, version, "a").await;
        let (first, second) = (&result["content"][0], &result["content"][1]);
        let link = result["_meta"]["valetkey/link"].as_str().unwrap();
        assert!(link.starts_with("http://localhost:8080/connect/"), "{link}");
        assert!(second["text"].as_str().unwrap().starts_with(&format!("Link for the user: {link}\n")), "{second}");
        assert_eq!(second["_meta"]["valetkey/from"], "server");
        assert!(!first["text"].as_str().unwrap().contains("http"), "{first}");
    }
}

/// A call's result in the era of this version.
async fn in_era(kit: &Kit, version: &str, id: &str) -> Value {
    let mut params = json!({ "name": "fakeapp_get_item", "arguments": { "id": id } });
    let mut headers = vec![("mcp-protocol-version", version)];
    if version == "2026-07-28" {
        let (version_key, capabilities) =
            ("io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientCapabilities");
        params["_meta"] = json!({ version_key: version, capabilities: {} });
        headers.extend([("mcp-method", "tools/call"), ("mcp-name", "fakeapp_get_item")]);
    }
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let mut answer = kit.post(&kit.path, &headers, body.to_string()).await.json();
    assert!(answer.get("result").is_some(), "{answer}");
    answer["result"].take()
}

#[tokio::test]
async fn a_call_notes_when_instance_and_account_were_last_used() {
    let kit = Kit::connected().await;
    data(&kit.call("fakeapp_get_item", json!({ "id": "a" })).await);
    kit.at_rest().await;
    let instance = instances::get(&kit.app, &kit.ctx, &kit.instance.id).await.unwrap();
    let owner = Owner::of(instance.identifier.clone());
    let account = accounts::find(&kit.app, &kit.ctx, &kit.connection.id, &owner).await.unwrap().unwrap();
    assert!(instance.last_used_at.is_some() && account.last_used_at.is_some());
}

#[tokio::test]
async fn attack_54_a_journal_that_goes_down_after_the_intent_says_done_and_do_not_repeat() {
    let kit = Kit::connected().await;
    let words = kit.failing_while_the_journal_closes("fakeapp_add_item", json!({ "name": "x" })).await;
    assert_eq!(kit.upstream.seen().len(), 1);
    assert!(words.contains("don't repeat it") && words.contains("exec_"), "{words}");
    let parts = Watch::default().look(&kit.app).await;
    let journal = parts.iter().find(|part| part.name == "journal").unwrap();
    assert!(journal.trouble.is_some(), "the process goes on as if ready");
}

#[tokio::test]
async fn the_journal_keeps_a_digest_of_the_arguments_and_not_them() {
    let kit = Kit::connected().await;
    for _ in 0..2 {
        data(&kit.call("fakeapp_get_item", json!({ "id": "a" })).await);
    }
    data(&kit.call("fakeapp_add_item", json!({ "name": "hunter2" })).await);
    kit.at_rest().await;
    let lines = valetkey_app::insight::audit::newest(&kit.app, &kit.ctx, None, 100).await.unwrap();
    let calls: Vec<_> = lines.into_iter().filter(|line| line.action == "tool.call").collect();
    assert_eq!(calls.len(), 4, "two reads, an intent, an outcome");
    let digests: Vec<_> = calls.iter().map(|line| line.detail["arguments_hmac"].as_str().unwrap()).collect();
    assert!(digests.iter().all(|digest| digest.len() == 64));
    let distinct: std::collections::BTreeSet<_> = digests.iter().collect();
    assert_eq!(distinct.len(), 3, "equal arguments of two calls look different, one call's records agree");
    assert!(!format!("{calls:?}").contains("hunter2"));
}

#[tokio::test]
async fn attack_28_a_token_in_the_query_opens_nothing() {
    let kit = Kit::connected().await;
    let token = kit.path.rsplit('/').next().unwrap();
    for name in ["access_token", "token", "authorization"] {
        let answer =
            kit.post(&format!("/mcp/v1?{name}={token}"), &[], r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).await;
        assert!(answer.status.is_client_error(), "{name}: {}", answer.status);
        assert!(!answer.text().contains(token));
    }
}

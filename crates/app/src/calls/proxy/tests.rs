//! Proxied requests against a provider on a real socket.

use super::*;
use crate::connections::Change;
use crate::fixture::{Fixture, HOUR, Reply, fixture};
use crate::tenancy::clients;
use http_body_util::BodyExt as _;
use valetkey_domain::connection::Settings;
use valetkey_domain::ctx::Actor;

/// A client that may read tokens, or one that may not.
async fn client(there: &Fixture, scopes: &[&str]) -> Ctx {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let issued = clients::create(&there.app, &there.ctx, "test", scopes).await.unwrap();
    Ctx { actor: Actor::Client(issued.client.id, issued.client.version), ..there.ctx.clone() }
}

fn wanted(method: &str, target: &str, body: &str) -> ProxiedRequest {
    ProxiedRequest {
        connection: "my_acme".into(),
        identifier: Identifier::parse("ann").unwrap(),
        method: method.parse().unwrap(),
        target: target.into(),
        headers: HeaderMap::from_iter([("x-mine".parse().unwrap(), "1".parse().unwrap())]),
        body: Upload::Whole(body.to_owned().into()),
        asked: RequestMemory::default(),
    }
}

async fn ask(there: &Fixture, wanted: ProxiedRequest) -> Result<(u16, String), Failed> {
    ask_as(there, &client(there, &[clients::SECRETS_SCOPE]).await, wanted).await
}

async fn ask_as(there: &Fixture, ctx: &Ctx, wanted: ProxiedRequest) -> Result<(u16, String), Failed> {
    let answer = send(&there.app, ctx, wanted).await?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    Ok((status, String::from_utf8(body.into()).unwrap()))
}

async fn records(there: &Fixture) -> Vec<serde_json::Value> {
    there.app.core.journal.head().await.unwrap();
    let mut tx = there.app.core.store.read().await.unwrap();
    let lines = valetkey_storage::journal::newest(&there.ctx, &mut tx, None, 50).await.unwrap();
    let calls = lines.into_iter().rev().filter(|line| line.action == "tool.call");
    calls.map(|line| line.detail.into()).collect()
}

#[tokio::test]
async fn a_request_goes_below_the_base_with_the_users_credential() {
    let there = fixture("{rotates: true}").await;
    there.sign_in(HOUR).await;
    there.provider.will_answer(Reply::Answer(418, "tea".into()));
    assert_eq!(ask(&there, wanted("POST", "/v1/things?a=1&a=2", "hello")).await.unwrap(), (418, "tea".into()));
    let head = &there.provider.heads()[0];
    assert!(head.starts_with("post /api/v1/things?a=1&a=2 http/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: bearer at-1") && head.contains("x-mine: 1"), "{head}");
    assert_eq!(there.provider.asked("/api/v1/things?a=1&a=2"), [" hello"]);
    let (intents, outcomes): (Vec<_>, Vec<_>) =
        records(&there).await.into_iter().partition(|told| told.get("outcome").is_none());
    let ([intent], [outcome]) = (&intents[..], &outcomes[..]) else { panic!("{intents:?} {outcomes:?}") };
    assert_eq!((&intent["source"], &intent["method"]), (&"PROXY".into(), &"POST".into()));
    assert_eq!((&outcome["status"], &outcome["outcome"]), (&418.into(), &"app_failed".into()));
    assert!(!outcome.to_string().contains("things"), "the path is in the journal as a digest");
}

#[tokio::test]
async fn a_401_leads_to_one_renewal_and_one_more_try() {
    let there = fixture("{rotates: true}").await;
    there.sign_in(HOUR).await;
    there.provider.gives(&HOUR.replace("at-1", "at-2"));
    there.provider.will_answer(Reply::Answer(401, "no".into()));
    assert_eq!(ask(&there, wanted("PUT", "/x", "body")).await.unwrap(), (200, "{}".into()));
    let heads = there.provider.heads();
    assert!(heads.len() == 2 && heads[1].contains("bearer at-2"), "{heads:?}");
    for _ in 0..2 {
        there.provider.will_answer(Reply::Answer(401, "still".into()));
    }
    assert_eq!(ask(&there, wanted("GET", "/x", "")).await.unwrap(), (401, "still".into()));
    assert_eq!(there.provider.heads().len(), 3, "one was renewed a moment ago, so it is not asked for again");
}

#[tokio::test]
async fn a_body_that_can_be_had_once_is_sent_once_and_the_next_try_has_a_new_credential() {
    let there = fixture("{rotates: true}").await;
    there.sign_in(HOUR).await;
    there.provider.gives(&HOUR.replace("at-1", "at-2"));
    there.provider.will_answer(Reply::Answer(401, "no".into()));
    let once = || ProxiedRequest {
        body: Upload::stream(http_body_util::Full::new(bytes::Bytes::from_static(b"once")), 100),
        ..wanted("POST", "/x", "")
    };
    assert_eq!(ask(&there, once()).await.unwrap(), (401, "no".into()));
    assert_eq!(ask(&there, once()).await.unwrap(), (200, "{}".into()));
    let heads = there.provider.heads();
    assert!(heads.len() == 2 && heads[1].contains("bearer at-2"), "{heads:?}");
}

#[tokio::test]
async fn attack_1_nobody_elses_account_is_used_and_what_hinders_is_said() {
    let there = fixture("{rotates: true}").await;
    let unready = ask(&there, wanted("GET", "/x", "")).await.unwrap_err();
    assert_eq!(unready.why, FailureReason::NotConnected);
    assert!(unready.link.is_some() && unready.message.contains("not connected"), "{}", unready.message);
    there.sign_in(HOUR).await;
    for identifier in ["bob", "Ann", "ann\u{301}", "an"] {
        let identifier = Identifier::parse(identifier).unwrap();
        let refused = ask(&there, ProxiedRequest { identifier, ..wanted("GET", "/x", "") }).await.unwrap_err();
        assert_eq!(refused.why, FailureReason::NotFound, "{}", refused.message);
    }
    let unknown = ProxiedRequest { connection: "MY_ACNE".into(), ..wanted("GET", "/x", "") };
    let refused = ask(&there, unknown).await.unwrap_err();
    assert!(refused.why == FailureReason::NotFound && refused.message.contains("MY_ACNE"), "{}", refused.message);
    assert!(there.provider.heads().is_empty());
}

#[tokio::test]
async fn attack_35_nothing_is_sent_out_of_the_base() {
    let there = fixture("{rotates: true}").await;
    there.sign_in(HOUR).await;
    for target in ["/../token", "/%2e%2e/token", "/..%2ftoken", "/a%0d%0ahost: evil"] {
        let refused = ask(&there, wanted("GET", target, "")).await.unwrap_err();
        assert_eq!(refused.why, FailureReason::Arguments, "{target}: {}", refused.message);
    }
    assert!(there.provider.heads().is_empty());
    for target in ["//evil.example/a", "@evil.example/a", "/http://169.254.169.254/"] {
        assert_eq!(ask(&there, wanted("GET", target, "")).await.unwrap().0, 200, "{target} is a path of the app");
    }
    assert!(there.provider.heads().iter().all(|head| head.starts_with("get /api/")), "{:?}", there.provider.heads());
}

#[tokio::test]
async fn a_connection_can_be_closed_to_it() {
    let there = fixture("{rotates: true}").await;
    there.sign_in(HOUR).await;
    let settings = Settings { proxy: Some(false), ..there.connection.settings.clone() };
    let change = Change { settings: Some(settings), ..Change::default() };
    connections::update(&there.app, &there.ctx, &there.connection, change).await.unwrap();
    let refused = ask(&there, wanted("GET", "/x", "")).await.unwrap_err();
    assert!(refused.why == FailureReason::Forbidden && refused.message.contains("proxy not enabled for provider"));
}

#[tokio::test]
async fn attack_49_an_echoed_token_reaches_only_who_may_read_it() {
    let there = fixture("{rotates: true}").await;
    there.sign_in(HOUR).await;
    let (may, may_not) = (client(&there, &[clients::SECRETS_SCOPE]).await, client(&there, &[]).await);
    for (ctx, wanted_body) in [(may, "you sent at-1!"), (may_not, "you sent [redacted credential]!")] {
        there.provider.will_answer(Reply::Answer(200, "you sent at-1!".into()));
        assert_eq!(ask_as(&there, &ctx, wanted("GET", "/echo", "")).await.unwrap().1, wanted_body);
    }
}

#[tokio::test]
async fn attack_78_an_answer_that_can_not_be_given_is_refused_by_name_and_a_write_says_that_it_was_done() {
    let there = fixture("{rotates: true}").await;
    there.sign_in(HOUR).await;
    let plain = client(&there, &[]).await;
    let plain = Ctx { deadline: there.app.now() + std::time::Duration::from_secs(3), ..plain };
    let (memory, mut all) = (&there.app.core.memory, valetkey_core::AnswerRoom::default());
    all.fit(memory, &plain.environment, 1 << 30, std::time::Duration::ZERO).await.unwrap();
    for (method, status, told) in
        [("GET", 200, "try again"), ("POST", 200, "the app has done it"), ("POST", 500, "the app may have")]
    {
        there.provider.will_answer(Reply::Answer(status, "x".repeat(100_000)));
        let refused = ask_as(&there, &plain, wanted(method, "/x", "")).await.unwrap_err();
        assert_eq!(refused.why, FailureReason::Busy, "{}", refused.message);
        assert!(refused.message.contains("(bytes_in_flight_per_environment)"), "{}", refused.message);
        assert!(refused.message.contains(told), "{}", refused.message);
    }
    assert_eq!(ask_as(&there, &plain, wanted("GET", "/x", "")).await.unwrap().0, 200, "what is short needs none");
    drop(all);
    there.provider.will_answer(Reply::Answer(200, "x".repeat(100_000)));
    assert_eq!(ask_as(&there, &plain, wanted("GET", "/x", "")).await.unwrap().1.len(), 100_000);
    assert_eq!(memory.used(), (0, 0));
}

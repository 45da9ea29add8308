//! The keeper's side: clock, failures, clients, what has happened.

use crate::world::{CALENDAR, GMAIL, World};
use serde_json::{Value, json};

const PROFILE: &str = "/gmail/v1/users/me/profile";

#[tokio::test]
async fn the_keepers_paths_are_not_the_worlds() {
    let world = World::new().await;
    for path in ["/clock", "/faults", "/clients", "/exchanges", "/calls", "/grants", "/mail", "/events", "/reset"] {
        assert_eq!(world.get_page(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_clock_moves_and_the_hosts_does_not() {
    let world = World::new().await;
    let access = world.access(&[GMAIL]).await;
    let before: jiff::Timestamp = clock(&world).await["now"].as_str().unwrap().parse().unwrap();
    assert_eq!(world.control("POST", "/clock", json!({"advance_seconds": 3600})).await.status, 200);
    let after = clock(&world).await;
    assert_eq!(after["offset_seconds"], 3600);
    assert_eq!(
        after["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().duration_since(before).as_secs(),
        3600
    );
    assert_eq!(world.get(PROFILE, &access).await.status, 401);
    assert_eq!(valetkey_domain::Clock::now(&*world.clock), before);
    assert_eq!(world.control("POST", "/clock", json!({"advance_seconds": i64::MAX})).await.status, 400);
}

async fn clock(world: &World) -> Value {
    world.control("GET", "/clock", Value::Null).await.json()
}

#[tokio::test]
async fn a_failure_strikes_as_often_as_asked_and_only_its_route() {
    let world = World::new().await;
    let access = world.access(&[GMAIL, CALENDAR]).await;
    let fault =
        json!({"route": "gmail.users.getProfile", "times": 2, "fault": {"kind": "rate_limited", "retry_after": 7}});
    assert_eq!(world.control("POST", "/faults", fault).await.status, 204);
    assert_eq!(world.get("/calendar/v3/calendars/primary", &access).await.status, 200);
    for _ in 0..2 {
        let limited = world.get(PROFILE, &access).await;
        assert_eq!(limited.refused(), (429, "rateLimitExceeded".into()));
        assert_eq!(limited.header("retry-after"), "7");
    }
    assert_eq!(world.get(PROFILE, &access).await.status, 200);
}

#[tokio::test]
async fn an_expired_token_can_be_refreshed_and_a_revoked_one_cannot() {
    let world = World::new().await;
    for (kind, status) in [("token_expired", 200), ("token_revoked", 400)] {
        let tokens = world.tokens(&[GMAIL]).await;
        world.fault("gmail", json!({"kind": kind})).await;
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(world.get(PROFILE, access).await.refused(), (401, "authError".into()));
        assert_eq!(world.get(PROFILE, access).await.status, 401, "it stays so");
        assert_eq!(world.refresh(tokens["refresh_token"].as_str().unwrap()).await.status, status);
    }
    let refresh = world.tokens(&[GMAIL]).await["refresh_token"].as_str().unwrap().to_owned();
    world.fault("token", json!({"kind": "server_error", "status": 503})).await;
    assert_eq!(world.refresh(&refresh).await.oauth_refusal(), (503, "internal_failure".into()));
    world.fault("token", json!({"kind": "rate_limited", "retry_after": 2})).await;
    assert_eq!(world.refresh(&refresh).await.oauth_refusal(), (429, "rate_limit_exceeded".into()));
    world.fault("token.refresh_token", json!({"kind": "token_revoked"})).await;
    assert_eq!(world.refresh(&refresh).await.oauth_refusal(), (400, "invalid_grant".into()));
}

#[tokio::test]
async fn a_rotated_refresh_token_replaces_the_old_one() {
    let world = World::new().await;
    let first = world.tokens(&[GMAIL]).await["refresh_token"].as_str().unwrap().to_owned();
    world.fault("token.refresh_token", json!({"kind": "refresh_rotated"})).await;
    let second = world.refresh(&first).await.json()["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(world.refresh(&first).await.oauth_refusal(), (400, "invalid_grant".into()));
    assert_eq!(world.refresh(&second).await.status, 200);
}

#[tokio::test]
async fn an_odd_lifetime_is_told_but_not_kept() {
    let world = World::new().await;
    for value in [json!(null), json!("soon"), json!(-1), json!(1e12)] {
        world.fault("token", json!({"kind": "expires_in", "value": value})).await;
        let tokens = world.tokens(&[GMAIL]).await;
        assert_eq!(tokens["expires_in"], value);
        assert_eq!(world.get(PROFILE, tokens["access_token"].as_str().unwrap()).await.status, 200);
    }
}

#[tokio::test]
async fn a_withheld_scope_is_missing_from_the_answer_and_refused_later() {
    let world = World::new().await;
    world.fault("token.authorization_code", json!({"kind": "scope_withheld", "scopes": [GMAIL]})).await;
    let tokens = world.tokens(&[GMAIL, CALENDAR]).await;
    assert_eq!(tokens["scope"], CALENDAR);
    let refused = world.get(PROFILE, tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(refused.refused(), (403, "insufficientPermissions".into()));
}

#[tokio::test]
async fn a_lost_answer_has_had_its_effect() {
    let world = World::new().await;
    let access = world.access(&[CALENDAR]).await;
    let body = json!({"summary": "x", "start": {"date": "2026-11-23"}, "end": {"date": "2026-11-24"}});
    let path = "/calendar/v3/calendars/primary/events";
    for (fault, effects) in [
        (json!({"kind": "server_error", "status": 503}), 0),
        (json!({"kind": "server_error", "handled": true}), 1),
        (json!({"kind": "reset"}), 1),
        (json!({"kind": "reset", "handled": true}), 2),
        (json!({"kind": "truncated"}), 3),
        (json!({"kind": "redirect", "to": "https://elsewhere.example/"}), 3),
        (json!({"kind": "slow", "millis": 1}), 4),
    ] {
        world.fault("calendar.events.insert", fault.clone()).await;
        let reply = world.call("POST", path, &access, &body).await;
        let happened = world.control("GET", "/events", Value::Null).await.json();
        assert_eq!(happened["inserted"].as_array().unwrap().len(), effects, "{fault}: {reply:?}");
        match fault["kind"].as_str().unwrap() {
            "server_error" => assert_eq!(reply.refused().1, "backendError"),
            "reset" => assert_eq!(reply.text(), "broken off"),
            "truncated" => assert!(serde_json::from_slice::<Value>(&reply.body).is_err() && !reply.body.is_empty()),
            "redirect" => assert_eq!(reply.header("location"), "https://elsewhere.example/"),
            _ => assert_eq!(reply.status, 200),
        }
    }
}

#[tokio::test]
async fn faults_are_listed_taken_back_and_checked() {
    let world = World::new().await;
    world.fault("token", json!({"kind": "slow", "millis": 5})).await;
    let waiting = world.control("GET", "/faults", Value::Null).await.json();
    assert_eq!(waiting["faults"][0]["route"], "token");
    assert_eq!(world.control("DELETE", "/faults", Value::Null).await.status, 204);
    assert!(world.control("GET", "/faults", Value::Null).await.json()["faults"].as_array().unwrap().is_empty());
    let unknown = json!({"route": "gmail.nothing", "fault": {"kind": "truncated"}});
    assert_eq!(world.control("POST", "/faults", unknown).await.status, 400);
    let misspelt = json!({"route": "token", "fault": {"kind": "slow", "milis": 5}});
    assert_eq!(world.control("POST", "/faults", misspelt).await.status, 422);
    let routes = world.control("GET", "/routes", Value::Null).await.json();
    assert!(routes["routes"].as_array().unwrap().contains(&json!("calendar.events.insert")));
}

#[tokio::test]
async fn what_has_happened_is_counted() {
    let world = World::new().await;
    let tokens = world.tokens(&[GMAIL]).await;
    world.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    world.refresh("1//nonsense").await;
    world.get(PROFILE, tokens["access_token"].as_str().unwrap()).await;
    let exchanges = world.control("GET", "/exchanges", Value::Null).await.json();
    let counted = json!({"authorization_code ok": 1, "refresh_token invalid_grant": 1, "refresh_token ok": 1});
    assert_eq!(exchanges["exchanges"], counted);
    let calls = world.control("GET", "/calls", Value::Null).await.json();
    assert_eq!(calls["calls"]["gmail.users.getProfile"], 1);
    let grants = world.control("GET", "/grants", Value::Null).await.json();
    assert_eq!(
        (&grants["grants"][0]["user"], &grants["grants"][0]["access_tokens"]),
        (&json!("alex@lab.example"), &json!(2))
    );
}

#[tokio::test]
async fn clients_are_registered_and_everything_can_begin_again() {
    let world = World::new().await;
    let access = world.access(&[GMAIL]).await;
    let new = json!({"id": "c2", "secret": "s2", "redirect_uris": ["http://localhost/cb"]});
    assert_eq!(world.control("POST", "/clients", new).await.status, 204);
    let known = world.control("GET", "/clients", Value::Null).await.json();
    assert_eq!(known["clients"].as_array().unwrap().len(), 2);
    assert!(!known.to_string().contains("s2"));
    let bad = json!({"id": "c3", "secret": "s", "redirect_uris": ["/cb"]});
    assert_eq!(world.control("POST", "/clients", bad).await.status, 400);
    assert_eq!(world.control("POST", "/reset", Value::Null).await.status, 204);
    assert_eq!(world.get(PROFILE, &access).await.status, 401);
    assert!(world.control("GET", "/clients", Value::Null).await.json()["clients"].as_array().unwrap().is_empty());
}

//! Who gets in, and that those who don't learn nothing.

use crate::kit::{Kit, post};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;
use valetkey_app::servers::{configs, instances};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

#[tokio::test]
async fn unknown_urls_are_refused_in_the_same_bytes_whatever_is_wrong() {
    let kit = Kit::new().await;
    let token = kit.path.rsplit('/').next().unwrap().to_owned();
    let mut forged = token.clone();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'B' } else { 'A' });
    let gone = kit.path.clone();
    assert_eq!(kit.post(&kit.path, &[], PING).await.status, 200);
    instances::delete(&kit.app, &kit.ctx, &kit.instance.id).await.unwrap();
    for path in [gone, format!("/mcp/v1/{forged}"), "/mcp/v1/x".into(), "/mcp/v1/vkm_".into(), "/mcp/v1/%ff".into()] {
        for body in [PING, "", "{", &"[".repeat(100_000)] {
            let answer = kit.post(&path, &[], body.to_owned()).await;
            assert_eq!((answer.status, answer.bytes.len()), (StatusCode::NOT_FOUND, 0), "{path}");
            assert!(answer.headers.get("content-type").is_none(), "{path}");
        }
    }
}

#[tokio::test]
async fn the_bare_url_takes_the_token_as_a_bearer() {
    let kit = Kit::new().await;
    let token = kit.path.rsplit('/').next().unwrap();
    let right = kit.post("/mcp/v1", &[("authorization", &format!("Bearer {token}"))], PING).await;
    assert_eq!(right.status, 200, "{}", right.text());
    let wrong = ["Bearer vkm_x"];
    let static_urls = ["/mcp/v3/servers/6c1b35ba-58a5-4f43-a2ae-30a5b6d7a2de", "/mcp/v3/connections/MY_FAKE"];
    let mut none = vec![kit.post("/mcp/v1", &[], PING).await];
    for path in static_urls {
        none.push(kit.post(path, &[], PING).await);
    }
    let mut answers = vec![];
    for authorization in wrong {
        answers.push(kit.post("/mcp/v1", &[("authorization", authorization)], PING).await);
    }
    for authorization in ["Bearer x", "Basic eDp5"] {
        none.push(kit.post("/mcp/v1", &[("authorization", authorization)], PING).await);
    }
    for path in static_urls {
        answers.push(kit.post(path, &[("authorization", &format!("Bearer {token}"))], PING).await);
    }
    let wrong = "Bearer error=\"invalid_token\", error_description=\"the token does not open this URL (any more)\"";
    for (answers, challenge) in [(none, "Bearer"), (answers, wrong)] {
        for answer in answers {
            assert_eq!((answer.status, answer.bytes.len()), (StatusCode::UNAUTHORIZED, 0));
            assert_eq!(answer.headers["www-authenticate"], challenge);
        }
    }
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let kit = Kit::new().await;
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        for path in [kit.path.as_str(), "/mcp/v1/x", "/mcp/v1", "/mcp/v3/servers/x", "/mcp/v3/connections/x"] {
            let request = Request::builder().method(method.clone()).uri(path).body(Body::empty()).unwrap();
            let answer = kit.send(request).await;
            assert_eq!((answer.status, answer.bytes.len()), (StatusCode::METHOD_NOT_ALLOWED, 0), "{method} {path}");
            assert_eq!(answer.headers["allow"], "POST");
        }
    }
}

#[tokio::test]
async fn foreign_web_pages_are_refused_before_anything_is_looked_at() {
    let kit = Kit::new().await;
    for (origin, status) in [
        ("http://localhost:8080", 200),
        ("https://localhost:8443", 200),
        ("http://localhost:8081", 403),
        ("https://localhost:8080", 403),
        ("http://localhost:8080.evil.example", 403),
        ("http://evil.example", 403),
        ("null", 403),
    ] {
        assert_eq!(kit.post(&kit.path, &[("origin", origin)], PING).await.status, status, "{origin}");
    }
    assert_eq!(kit.post("/mcp/v1/x", &[("origin", "http://evil.example")], PING).await.status, 403);
    let twice = [("origin", "http://localhost:8080"), ("origin", "http://evil.example")];
    assert_eq!(kit.post(&kit.path, &twice, PING).await.status, 403);
}

/// What a browser does for a page before it sends what the page wants to.
fn preflight(path: &str, origin: &str) -> Request<Body> {
    Request::options(path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "Authorization,Mcp-Param-Region, x-other")
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn pages_that_the_operator_lists_are_let_in_and_their_browsers_told_so() {
    let page = "https://chat.example";
    let settings =
        valetkey_mcp::Settings { allowed_origins: vec![page.to_owned()], ..valetkey_mcp::Settings::default() };
    let kit = Kit::new().await.with(settings);
    for path in [kit.path.as_str(), "/mcp/v1", "/mcp/v3/servers/x", "/mcp/oauth/token"] {
        let told = kit.send(preflight(path, page)).await;
        assert_eq!((told.status, told.bytes.len()), (StatusCode::NO_CONTENT, 0), "{path}");
        assert_eq!(told.headers["access-control-allow-origin"], page);
        assert_eq!(told.headers["access-control-allow-headers"], "authorization, mcp-param-region");
        let other = kit.send(preflight(path, "https://evil.example")).await;
        assert_eq!(other.status, StatusCode::FORBIDDEN);
        assert!(other.headers.get("access-control-allow-origin").is_none());
    }
    let done = kit.post(&kit.path, &[("origin", page)], PING).await;
    assert_eq!((done.status, &done.headers["access-control-allow-origin"]), (StatusCode::OK, &page.parse().unwrap()));
    // What it can't read says no less: an agent finds out where to sign in.
    let stranger = kit.post("/mcp/v1", &[("origin", page)], PING).await;
    assert_eq!((stranger.status, &stranger.headers["vary"]), (StatusCode::UNAUTHORIZED, &"origin".parse().unwrap()));
    let own = kit.post(&kit.path, &[("origin", "http://localhost:8080")], PING).await;
    assert!(own.headers.get("access-control-allow-origin").is_none());
    let twice = [("origin", page), ("origin", page)];
    let refused = kit.post(&kit.path, &twice, PING).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.headers.get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn bodies_are_bounded() {
    let kit = Kit::new().await;
    let long = vec![b' '; 4 * 1024 * 1024 + 1];
    let answer = kit.post(&kit.path, &[], long).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("4194304 bytes"));
    let bomb = kit.post(&kit.path, &[], "[".repeat(1_000_000)).await;
    assert_eq!((bomb.status, bomb.json()["error"]["code"].as_i64()), (StatusCode::BAD_REQUEST, Some(-32700)));
}

#[tokio::test]
async fn answers_stay_out_of_caches_and_referrers() {
    let kit = Kit::new().await;
    let refused = post("/mcp/v1/x", &[], PING);
    for answer in [kit.post(&kit.path, &[], PING).await, kit.send(refused).await] {
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        assert!(answer.headers.get("mcp-session-id").is_none());
    }
}

#[tokio::test]
async fn one_users_url_serves_no_other() {
    let kit = Kit::connected().await;
    let wanted = instances::Ensure { config: "items".into(), identifier: "bob".into(), name: None };
    let bob = instances::ensure(&kit.app, &kit.ctx, wanted).await.unwrap();
    let url = instances::url(&kit.app, &kit.ctx, &bob).await.unwrap();
    let path = url.expose().strip_prefix("http://localhost:8080").unwrap().to_owned();
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "fakeapp_get_item", "arguments": { "id": "a" }, "identifier": "ann", "_meta": { "identifier": "ann" } } });
    let headers = [("identifier", "ann"), ("x-user", "ann")];
    let answer = kit.post(&format!("{path}?identifier=ann"), &headers, call.to_string()).await.json();
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(kit.upstream.seen().is_empty());
}

#[tokio::test]
async fn an_instance_on_another_config_keeps_its_url_and_has_that_ones_tools() {
    let kit = Kit::connected().await;
    let mappings = vec![configs::NewMapping {
        connection: kit.connection.name.to_string(),
        tools: vec!["fakeapp_get_item".to_owned()],
    }];
    let one = configs::New { name: "one-item".into(), description: String::new(), mappings, ..configs::New::default() };
    configs::create(&kit.app, &kit.ctx, one).await.unwrap();
    for (config, expected) in [("one-item", &["fakeapp_get_item"][..]), ("items", &Kit::LISTED)] {
        let change = instances::Change { name: None, config: Some(config.into()) };
        let moved = instances::update(&kit.app, &kit.ctx, &kit.instance.id, change).await.unwrap();
        assert!(instances::url(&kit.app, &kit.ctx, &moved).await.unwrap().expose().ends_with(&kit.path), "{config}");
        let listed = kit.post(&kit.path, &[], r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).await.json();
        let names = listed["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap());
        let (mut names, mut expected) = (names.collect::<Vec<_>>(), expected.to_vec());
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected, "{config}");
    }
}

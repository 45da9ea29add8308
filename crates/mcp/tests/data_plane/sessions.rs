//! Static MCP URLs and the session tokens that open them.

use crate::kit::{Answer, Kit, until};
use serde_json::{Value, json};
use std::time::Duration;
use valetkey_app::servers::instances::Ensure;
use valetkey_app::servers::sessions::{self, SessionTarget, WantedToken};
use valetkey_app::servers::{configs, instances};
use valetkey_app::tenancy::environments;
use valetkey_app::{accounts, connections};
use valetkey_domain::Kind;
use valetkey_domain::config::McpConfig;
use valetkey_domain::name::Identifier;
use valetkey_domain::session::Access;

const WRONG: &str = "Bearer error=\"invalid_token\", error_description=\"the token does not open this URL (any more)\"";

/// A static URL's path with a token for it.
#[derive(Clone)]
struct Held {
    path: String,
    bearer: String,
}

async fn config(kit: &Kit) -> McpConfig {
    configs::by_name(&kit.app, &kit.ctx, "items").await.unwrap()
}

async fn held(kit: &Kit, of: SessionTarget, access: Access) -> Held {
    let wanted = WantedToken { of, identifier: "ann".into(), life: None, access };
    let made = sessions::create(&kit.app, &kit.ctx, wanted).await.unwrap();
    let path = made.url.strip_prefix("http://localhost:8080").unwrap().to_owned();
    Held { path, bearer: format!("Bearer {}", made.token.expose()) }
}

async fn of_config(kit: &Kit, access: Access) -> Held {
    held(kit, SessionTarget::Config(config(kit).await.id), access).await
}

async fn of_connection(kit: &Kit, access: Access) -> Held {
    held(kit, SessionTarget::Connection("my_fake".into()), access).await
}

async fn ask(kit: &Kit, held: &Held, method: &str, params: Value) -> Answer {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    kit.post(&held.path, &[("authorization", &held.bearer)], body).await
}

async fn listed(kit: &Kit, held: &Held) -> Vec<String> {
    let answer = ask(kit, held, "tools/list", json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let tools = answer.json()["result"]["tools"].as_array().unwrap().clone();
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

async fn call(kit: &Kit, held: &Held, tool: &str, arguments: Value) -> Value {
    ask(kit, held, "tools/call", json!({ "name": tool, "arguments": arguments })).await.json()
}

async fn is_refused(kit: &Kit, held: &Held, why: &str) {
    let answer = ask(kit, held, "tools/list", json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.bytes.len()), (401, 0), "{why}");
    assert_eq!(answer.headers["www-authenticate"], WRONG, "{why}");
}

#[tokio::test]
async fn both_urls_serve_the_users_tools_and_calls_are_the_users() {
    let kit = Kit::connected().await;
    let (config, connection) = (of_config(&kit, Access::Full).await, of_connection(&kit, Access::Full).await);
    assert_eq!(listed(&kit, &config).await, Kit::LISTED);
    assert_eq!(listed(&kit, &connection).await.len(), Kit::LISTED.len() + 1, "every tool of the connection");
    assert!(connection.path.ends_with("/MY_FAKE"), "the name as it was made: {}", connection.path);
    for held in [&config, &connection] {
        let answer = call(&kit, held, "fakeapp_add_item", json!({ "name": "x" })).await;
        assert_eq!(answer["result"]["isError"], false, "{answer}");
        let opening = ask(&kit, held, "initialize", json!({ "protocolVersion": "2025-11-25" })).await.json();
        assert!(opening["result"]["instructions"].as_str().unwrap().contains("Today is"), "{opening}");
    }
    assert_eq!(kit.upstream.seen().len(), 2);
}

#[tokio::test]
async fn read_only_tokens_list_and_call_only_what_reads() {
    let kit = Kit::connected().await;
    for held in [of_config(&kit, Access::ReadOnly).await, of_connection(&kit, Access::ReadOnly).await] {
        assert_eq!(listed(&kit, &held).await, ["fakeapp_get_item", "fakeapp_get_all"]);
        for tool in ["fakeapp_add_item", "fakeapp_delete_item"] {
            let refused = call(&kit, &held, tool, json!({ "name": "x" })).await;
            assert_eq!(refused["error"]["message"], format!("unknown tool '{tool}'"));
        }
        assert_eq!(call(&kit, &held, "fakeapp_get_item", json!({ "id": "a" })).await["result"]["isError"], false);
    }
    assert_eq!(kit.upstream.seen().len(), 2);
    // The full list of the same version is another one.
    assert_eq!(listed(&kit, &of_config(&kit, Access::Full).await).await, Kit::LISTED);
}

#[tokio::test]
async fn attack_43_a_token_keeps_its_version_while_an_instance_follows_the_edit() {
    let kit = Kit::connected().await;
    let before = of_config(&kit, Access::Full).await;
    let only = configs::NewMapping { connection: "MY_FAKE".into(), tools: vec!["fakeapp_get_item".into()] };
    let id = config(&kit).await.id;
    configs::update(&kit.app, &kit.ctx, &id, None, Some(vec![only])).await.unwrap();
    let after = of_config(&kit, Access::Full).await;
    assert_eq!(listed(&kit, &before).await, Kit::LISTED);
    assert_eq!(listed(&kit, &after).await, ["fakeapp_get_item"]);
    assert_eq!(call(&kit, &before, "fakeapp_add_item", json!({ "name": "x" })).await["result"]["isError"], false);
    let narrowed = kit.legacy("tools/list", json!({})).await;
    assert_eq!(narrowed["result"]["tools"].as_array().unwrap().len(), 1);
    // Revocation asks for no version.
    configs::delete(&kit.app, &kit.ctx, &id).await.unwrap();
    is_refused(&kit, &before, "its config is gone").await;
    is_refused(&kit, &after, "its config is gone").await;
}

#[tokio::test]
async fn a_token_opens_the_server_it_names_and_nothing_else() {
    let kit = Kit::connected().await;
    let (config, connection) = (of_config(&kit, Access::Full).await, of_connection(&kit, Access::Full).await);
    let upper = config.path.to_ascii_uppercase().replace("/MCP/V3/SERVERS/", "/mcp/v3/servers/");
    for (bearer, path) in [
        (&config, connection.path.clone()),
        (&connection, config.path.clone()),
        (&connection, connection.path.to_ascii_lowercase().replace("my_fake", "My_Fake")),
        (&config, upper),
        (&config, "/mcp/v3/servers/6c1b35ba-58a5-4f43-a2ae-30a5b6d7a2de".into()),
        (&config, "/mcp/v1".into()),
    ] {
        let elsewhere = Held { path: path.clone(), bearer: bearer.bearer.clone() };
        let answer = ask(&kit, &elsewhere, "tools/list", json!({})).await;
        assert_eq!((answer.status.as_u16(), answer.bytes.len()), (401, 0), "{path}");
    }
    let in_query =
        Held { path: format!("{}?access_token={}", config.path, &config.bearer[7..]), bearer: "Bearer".into() };
    assert_eq!(ask(&kit, &in_query, "tools/list", json!({})).await.status, 401, "attack 28");
    let token = kit.path.rsplit('/').next().unwrap();
    let instance = Held { path: config.path.clone(), bearer: format!("Bearer {token}") };
    is_refused(&kit, &instance, "an instance's token").await;
    let (head, tail) = config.bearer.rsplit_once('.').unwrap();
    let forged = Held { bearer: format!("{head}.{}", tail.chars().rev().collect::<String>()), ..config.clone() };
    is_refused(&kit, &forged, "another signature").await;
    let long = Held { bearer: format!("{}{}", config.bearer, "a".repeat(10_000)), ..config };
    is_refused(&kit, &long, "a long one").await;
}

#[tokio::test]
async fn attack_34_a_token_ends_at_once_with_what_it_stands_on() {
    for what in ["switched off", "account", "connection", "sessions", "everyone", "moved", "environment"] {
        let kit = Kit::connected().await;
        let by_config = of_config(&kit, Access::Full).await;
        let by_connection = of_connection(&kit, Access::Full).await;
        listed(&kit, &by_config).await;
        listed(&kit, &by_connection).await;
        let (app, ctx) = (&kit.app, &kit.ctx);
        let ann = Identifier::parse("ann").unwrap();
        let of_ann = accounts::AccountRef::Of("MY_FAKE".into(), valetkey_domain::account::Owner::of(ann.clone()));
        match what {
            "switched off" => {
                let off = connections::Change { enabled: Some(false), ..connections::Change::default() };
                connections::update(app, ctx, &kit.connection, off).await.unwrap();
                let said = call(&kit, &by_config, "fakeapp_get_item", json!({ "id": "a" })).await;
                assert!(said["result"]["content"][0]["text"].as_str().unwrap().contains("switched off"), "{said}");
                is_refused(&kit, &by_connection, what).await;
                continue;
            }
            "account" => drop(accounts::delete(app, ctx, &of_ann).await.unwrap()),
            "connection" => {
                configs::delete(app, ctx, &config(&kit).await.id).await.unwrap();
                accounts::delete_connection(app, ctx, &kit.connection.id).await.unwrap();
            }
            "sessions" => {
                let bob = Identifier::parse("bob").unwrap();
                sessions::end(app, ctx, Some(&bob)).await.unwrap();
                listed(&kit, &by_config).await;
                sessions::end(app, ctx, Some(&ann)).await.unwrap();
                listed(&kit, &of_config(&kit, Access::Full).await).await;
            }
            "everyone" => sessions::end(app, ctx, None).await.unwrap(),
            "moved" => {
                // Another account under the same name is another account.
                accounts::delete(app, ctx, &of_ann).await.unwrap();
                let wanted = Ensure { config: "items".into(), identifier: "ann".into(), name: None };
                instances::ensure(app, ctx, wanted).await.unwrap();
                kit.consent().await;
                listed(&kit, &of_config(&kit, Access::Full).await).await;
            }
            _ => {
                let other = environments::create(app, "theirs", None).await.unwrap();
                let theirs = valetkey_app::entrance::doors::operator(app, &other.id);
                sessions::end(app, &theirs, None).await.unwrap();
                listed(&kit, &by_config).await;
                continue;
            }
        }
        is_refused(&kit, &by_config, what).await;
        is_refused(&kit, &by_connection, what).await;
        assert!(kit.upstream.seen().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn attack_34_a_call_under_way_is_cut_off_when_its_session_is_ended() {
    let kit = Kit::connected().await.hurried();
    let held = of_config(&kit, Access::Full).await;
    kit.upstream.set(|script| script.slow = Duration::from_secs(30));
    let ending = async {
        until("the app is asked", || !kit.upstream.seen().is_empty()).await;
        sessions::end(&kit.app, &kit.ctx, None).await.unwrap();
    };
    let calling = ask(&kit, &held, "tools/call", json!({ "name": "fakeapp_get_item", "arguments": { "id": "a" } }));
    let both = async { tokio::join!(calling, ending).0 };
    let answer = tokio::time::timeout(Duration::from_secs(5), both).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.bytes.len()), (401, 0));
}

#[tokio::test]
async fn what_cannot_be_opened_gets_no_token_and_is_told_why() {
    let kit = Kit::new().await;
    let (app, ctx) = (&kit.app, &kit.ctx);
    let id = config(&kit).await.id;
    let refused = async |of: SessionTarget, identifier: &str, seconds: u64| {
        let life = (seconds > 0).then(|| Duration::from_secs(seconds));
        let wanted = WantedToken { of, identifier: identifier.into(), life, access: Access::Full };
        let error = sessions::create(app, ctx, wanted).await.err().unwrap();
        (error.kind(), error.message().to_owned())
    };
    let by_config = || SessionTarget::Config(id.clone());
    let by_name = |name: &str| SessionTarget::Connection(name.to_owned());
    for (of, status) in [(by_config(), "no account yet"), (by_name("MY_FAKE"), "no account yet")] {
        let (kind, message) = refused(of, "ann", 0).await;
        assert!(
            kind == Kind::FailedPrecondition && message.contains("MY_FAKE") && message.contains(status),
            "{message}"
        );
    }
    kit.consent().await;
    assert_eq!(refused(by_config(), "bob", 0).await.0, Kind::FailedPrecondition);
    for seconds in [1, 59, 86_401] {
        assert_eq!(refused(by_config(), "ann", seconds).await.0, Kind::InvalidArgument, "{seconds}");
    }
    assert_eq!(refused(by_config(), "ann ", 0).await.0, Kind::InvalidArgument);
    assert_eq!(refused(by_name("MY_FAK"), "ann", 0).await.0, Kind::NotFound);
    let nothing =
        configs::New { name: "empty".into(), description: String::new(), mappings: vec![], ..configs::New::default() };
    let empty = configs::create(app, ctx, nothing).await.unwrap();
    assert_eq!(refused(SessionTarget::Config(empty.id), "ann", 0).await.0, Kind::FailedPrecondition);
    let other = environments::create(app, "theirs", None).await.unwrap();
    let theirs = valetkey_app::entrance::doors::operator(app, &other.id);
    for of in [by_config(), by_name("MY_FAKE")] {
        let wanted = WantedToken { of, identifier: "ann".into(), life: None, access: Access::Full };
        assert_eq!(sessions::create(app, &theirs, wanted).await.err().unwrap().kind(), Kind::NotFound);
    }
    let off = connections::Change { enabled: Some(false), ..connections::Change::default() };
    connections::update(app, ctx, &kit.connection, off).await.unwrap();
    assert_eq!(refused(by_config(), "ann", 0).await.0, Kind::FailedPrecondition);
    assert_eq!(refused(by_name("MY_FAKE"), "ann", 0).await.0, Kind::NotFound);
}

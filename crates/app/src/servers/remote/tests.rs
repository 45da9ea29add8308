//! Whose a name is, and how long a list over all connections may be.

use super::*;
use crate::Bounds;
use crate::fixture::{alone, alone_with_clock, bounded};
use crate::servers::instances::{self, Ensure};
use crate::servers::sets::Graced;
use crate::servers::{configs, toolset};
use crate::upstream::hostile::{Health, MIB, connect, listing, most_held, of_one_tool, result, server, slugs};
use bytes::Bytes;
use std::collections::HashMap;
use valetkey_connectors::remote::connection_prefix;
use valetkey_domain::approval::Approvals;
use valetkey_domain::config::Options;
use valetkey_domain::name::ConnectionName;

fn mapping(connection: &str, tools: &[&str]) -> RemoteMapping {
    let mapping = Mapping {
        connection: ConnectionId::parse(&format!("conn_{connection}")).unwrap(),
        connection_name: ConnectionName::parse(connection).unwrap(),
        connector: "acme:1".into(),
        tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
    };
    RemoteMapping { mapping, remote: None, prefix: connection_prefix(connection), access: Access::Full, except: vec![] }
}

#[test]
fn attack_46_no_server_takes_a_name_that_another_connection_could_have() {
    let remotes = vec![mapping("A", &[]), mapping("A_b", &["c-A_b_x"])];
    let set = ToolSet {
        mappings: vec![],
        listed: Bytes::from("[]"),
        options: Options::default(),
        tools: HashMap::new(),
        config: None,
        remotes,
        graced: vec![],
    };
    let owner = |name: &str| set.remote_of(name).map(|owner| owner.mapping.connection_name.to_string());
    assert_eq!(owner("c-A_x").as_deref(), Some("A"));
    // `A` may list a tool `b_x`, or be down: this one is the other's all the same.
    assert_eq!(owner("c-A_b_x").as_deref(), Some("A_b"));
    assert_eq!((owner("c-A"), owner("c-Ab_x"), owner("c-B_x")), (None, None, None));
    let serves = |name: &str, connection: &str| {
        set.serves_remote(name, &ConnectionId::parse(&format!("conn_{connection}")).unwrap())
    };
    assert!(serves("c-A_x", "A") && serves("c-A_b_x", "A_b"));
    assert!(!serves("c-A_b_x", "A") && !serves("c-A_b_y", "A_b"), "nor what its whitelist leaves out");
}

#[test]
fn attack_46_a_grace_is_for_its_own_servers_names_and_ends() {
    let (now, until) = (Timestamp::from_second(10).unwrap(), Timestamp::from_second(20).unwrap());
    let graced = |connection: &str, tools: &[&str], except: &[&str]| {
        let except: Vec<_> = except.iter().map(|tool| (*tool).to_owned()).collect();
        let remote = RemoteMapping { except: except.clone(), ..mapping(connection, tools) };
        let of = remote.mapping.clone();
        let grace =
            Grace { connection: of.connection, tools: of.tools, except, approvals: Approvals::default(), until };
        Graced { grace: Arc::new(grace), tools: HashMap::new(), remote: Some(remote) }
    };
    let set = ToolSet {
        mappings: vec![],
        listed: Bytes::from("[]"),
        options: Options::default(),
        tools: HashMap::new(),
        config: None,
        remotes: vec![mapping("A", &["c-A_x"]), mapping("A_b_c", &["c-A_b_c_x"])],
        graced: vec![graced("A", &[], &["c-A_x", "c-A_gone"]), graced("A_b", &[], &[])],
    };
    let of = |name: &str, now| set.remote_in_grace(name, now).map(|(of, _)| of.mapping.connection_name.to_string());
    assert_eq!(of("c-A_y", now).as_deref(), Some("A"));
    assert_eq!(of("c-A_b_y", now).as_deref(), Some("A_b"), "though `A` may list a tool `b_y`");
    assert_eq!((of("c-A_x", now), of("c-A_gone", now)), (None, None), "listed, or taken out without");
    assert_eq!(of("c-A_b_c_y", now), None, "a name of a connection that is there");
    assert_eq!(of("c-A_y", until), None);
    let a = ConnectionId::parse("conn_A").unwrap();
    assert!(set.serves("c-A_y", &a, Some(now)));
    assert!(!set.serves("c-A_y", &a, None) && !set.serves("c-A_y", &a, Some(until)), "nor for a session token");
    assert!(!set.serves("c-A_b_y", &a, Some(now)));
}

/// A config on these servers, and `ann`'s instance of it: the end of its URL.
async fn over(app: &App, ctx: &Ctx, addresses: &[String]) -> String {
    let mut mappings = Vec::new();
    for (slug, address) in slugs().iter().zip(addresses) {
        let (connection, _) = connect(app, ctx, slug, address).await;
        mappings.push(configs::NewMapping { connection: connection.name.to_string(), tools: vec![] });
    }
    let new = configs::New { name: "config".into(), mappings, ..configs::New::default() };
    configs::create(app, ctx, new).await.unwrap();
    let wanted = Ensure { config: "config".into(), identifier: "ann".into(), name: None };
    let instance = instances::ensure(app, ctx, wanted).await.unwrap();
    let url = instances::url(app, ctx, &instance).await.unwrap();
    url.expose().rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn attack_78_servers_that_hang_or_fail_after_they_listed_are_asked_once_and_all_at_once() {
    let ((one, one_is), (other, other_is)) = (of_one_tool(), of_one_tool());
    let addresses = vec![server(one).await, server(other).await];
    let (app, ctx, clock) = alone_with_clock(&addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let token = over(&app, &ctx, &addresses).await;
    let list = async || {
        let (ctx, served) = toolset::open(&app, &token).await.unwrap();
        let Listing { tools, missing, .. } = listed(&app, &ctx, &served).await.unwrap();
        (serde_json::from_slice::<Vec<serde_json::Value>>(&tools).unwrap().len(), missing.len())
    };
    let asked = || (one_is.asked(), other_is.asked());
    asked();
    assert_eq!((list().await, list().await), ((2, 0), (2, 0)));
    assert_eq!(asked(), (1, 1), "what is fresh is not asked for again");
    let becomes = |ill| [&one_is, &other_is].map(|its| its.becomes(ill));
    // What failed is known for a moment, and the older list stands meanwhile.
    becomes(Health::FAILS);
    clock.advance(Duration::from_secs(6 * 60));
    assert_eq!((list().await, list().await), ((2, 0), (2, 0)));
    assert_eq!(asked(), (1, 1), "a failure is kept beside the older list");
    clock.advance(Duration::from_secs(21));
    assert_eq!((list().await, asked()), ((2, 0), (1, 1)));
    becomes(Health::HANGS);
    clock.advance(Duration::from_secs(21));
    let began = std::time::Instant::now();
    assert_eq!((list().await, asked()), ((2, 0), (1, 1)));
    assert!(began.elapsed() < Duration::from_secs(16), "one after the other: {:?}", began.elapsed());
    // However often it was tried, a list is no good after an hour.
    becomes(Health::FAILS);
    clock.advance(Duration::from_secs(56 * 60));
    assert_eq!(list().await, (0, 2));
}

#[tokio::test]
async fn a_list_is_of_what_was_changed_here_a_moment_ago() {
    let address = server(of_one_tool().0).await;
    let (app, ctx) = alone(&[&address]).await;
    let token = over(&app, &ctx, std::slice::from_ref(&address)).await;
    let list = async || {
        let (ctx, served) = toolset::open(&app, &token).await.unwrap();
        let Listing { tools, missing, .. } = listed(&app, &ctx, &served).await.unwrap();
        let tools: Vec<serde_json::Value> = serde_json::from_slice(&tools).unwrap();
        let names = tools.iter().map(|tool| tool["name"].as_str().unwrap().rsplit('_').next().unwrap().to_owned());
        (names.collect::<Vec<_>>(), missing.len())
    };
    let one = || (vec!["one".to_owned()], 0);
    assert_eq!((list().await, list().await), (one(), one()));
    let page = crate::Page { size: 1, after: None };
    let found = connections::list(&app, &ctx, &connections::Filter::default(), &page).await;
    let connection = found.unwrap().items.remove(0);
    let set = async |enabled| {
        let change = connections::Change { enabled: Some(enabled), ..connections::Change::default() };
        let now = connections::get(&app, &ctx, &connection.id).await.unwrap();
        connections::update(&app, &ctx, &now, change).await.unwrap();
    };
    set(false).await;
    assert_eq!(list().await, (vec![], 1));
    set(true).await;
    assert_eq!(list().await, one());
    let owner = Owner::of(valetkey_domain::name::Identifier::parse("ann").unwrap());
    let which = accounts::AccountRef::Of(connection.name.to_string(), owner);
    accounts::disconnect(&app, &ctx, &which).await.unwrap();
    assert_eq!(list().await, (vec!["in".to_owned()], 0), "there is one to sign in by");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_78_a_list_over_all_connections_is_no_longer_than_an_answer_and_says_what_it_lacks() {
    let mut addresses = Vec::new();
    for _ in 0..2 {
        addresses.push(server(listing()).await);
    }
    let reached: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let (app, ctx) = alone(&reached).await;
    let app = bounded(&app, &reached, Bounds { answer_bytes: 4 * MIB, ..Bounds::default() }).await;
    let token = over(&app, &ctx, &addresses).await;
    let (ctx, served) = toolset::open(&app, &token).await.unwrap();
    let (made, process, environment) = most_held(&app, listed(&app, &ctx, &served)).await;
    let made = made.unwrap();
    let bounds = &app.core.settings.bounds;
    let (length, most) = (made.tools.len(), bounds.answer_bytes);
    assert!(length <= most && length > most - MIB, "{length}: {:?}", made.missing);
    let tools: Vec<serde_json::Value> = serde_json::from_slice(&made.tools).unwrap();
    assert!(tools.len() > 500, "{}", tools.len());
    assert!(
        made.missing.iter().any(|why| why.contains("left out") && why.contains("answer_bytes")),
        "{:?}",
        made.missing
    );
    assert!(process <= bounds.bytes_in_flight && environment <= bounds.bytes_in_flight_per_environment);
    assert!(app.core.memory.used().0 >= made.tools.len(), "it is held as long as the list is");
    drop(made);
    assert_eq!(app.core.memory.used(), (0, 0));
    let mut all = valetkey_core::AnswerRoom::default();
    all.fit(&app.core.memory, &ctx.environment, 1024 * MIB, Duration::ZERO).await.unwrap();
    let refused = listed(&app, &ctx, &served).await.err().unwrap();
    assert!(refused.message().contains("bytes_in_flight_per_environment"), "{refused}");
    drop(all);
}

#[tokio::test]
async fn that_a_server_has_more_tools_than_are_taken_is_said() {
    let tool = |n: usize| serde_json::json!({ "name": format!("t{n}"), "inputSchema": { "type": "object" } });
    let mut addresses = Vec::new();
    for many in [1_001, 3] {
        let tools: Vec<_> = (0..many).map(tool).collect();
        addresses.push(server(Arc::new(move |asked| result(asked, &serde_json::json!({ "tools": tools })))).await);
    }
    let (app, ctx) = alone(&addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let token = over(&app, &ctx, &addresses).await;
    let (ann, served) = toolset::open(&app, &token).await.unwrap();
    let Listing { tools, missing } = listed(&app, &ann, &served).await.unwrap();
    assert_eq!(serde_json::from_slice::<Vec<serde_json::Value>>(&tools).unwrap().len(), 1_003);
    assert!(missing.len() == 1 && missing[0].contains("more tools than are taken"), "{missing:?}");
    for (mapping, cut) in served.set.remotes.iter().zip([true, false]) {
        let owner = Owner::of(served.identifier().clone());
        let account = accounts::find(&app, &ctx, &mapping.mapping.connection, &owner).await.unwrap().unwrap();
        assert_eq!(crate::tools::report(&app, &ctx, &account.id).await.unwrap().cut, cut);
    }
}

#[tokio::test]
async fn a_tool_whose_schema_names_a_header_that_cannot_be_is_left_out_and_that_is_said() {
    let named = |kind: &str| serde_json::json!({ "type": "object", "properties": { "n": { "type": kind, "x-mcp-header": "N" } } });
    let tools = serde_json::json!([
        { "name": "right", "inputSchema": named("integer") },
        { "name": "wrong", "inputSchema": named("number") },
    ]);
    let script: crate::upstream::hostile::Script =
        Arc::new(move |asked| result(asked, &serde_json::json!({ "tools": tools })));
    let address = server(script).await;
    let (app, ctx) = alone(&[&address]).await;
    let (connection, account) = connect(&app, &ctx, &slugs()[0], &address).await;
    let report = crate::tools::report(&app, &ctx, &account.id).await.unwrap();
    assert_eq!(report.tools.iter().map(|(_, own)| own.as_str()).collect::<Vec<_>>(), ["right"], "{}", connection.name);
    let [left_out] = &report.left_out[..] else { panic!("{:?}", report.left_out) };
    assert!(left_out.tool == "wrong" && left_out.why.contains("header"), "{left_out:?}");
}

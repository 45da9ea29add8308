//! Every row of the catalogue's remote servers, from a connection to a listed tool, by each of its ways to sign in.

mod registration;

use super::stand_in::{Row, StandIn, rows};
use super::tools;
use crate::App;
use crate::accounts::remote_sessions::{self, Key};
use crate::accounts::{self, AccountRef};
use crate::connections::{self, Wired};
use crate::consent::{self, Callback, Submitted};
use crate::fixture::{PUBLIC, alone, alone_at, alone_with_clock, answer_with};
use std::collections::HashMap;
use std::time::Duration;
use valetkey_domain::account::{Owner, Status};
use valetkey_domain::connection::{Connection, Settings};
use valetkey_domain::name::Identifier;
use valetkey_domain::{Ctx, Secret};

#[tokio::test]
async fn every_row_leads_from_a_connection_to_a_listed_tool() {
    let stand_in = StandIn::start().await;
    let (app, ctx) = alone(&[&stand_in.server, &stand_in.issuer]).await;
    let rows = rows();
    assert_eq!(rows.len(), 211);
    let (mut walks, mut kinds) = (0, HashMap::<String, usize>::new());
    for row in &rows {
        assert!(!row.ways.is_empty(), "{}", row.slug);
        for way in &row.ways {
            walk(&app, &ctx, &stand_in, row, way).await;
            *kinds.entry(way["kind"].clone()).or_default() += 1;
            walks += 1;
        }
    }
    assert_eq!((walks, kinds.len()), (250, 5), "{kinds:?}");
}

/// Where others can fetch it, the client is a document of ours; where they can't, as in the walk above, it is registered.
#[tokio::test]
async fn a_server_that_takes_documents_is_shown_ours_and_registers_nobody() {
    let stand_in = StandIn::start().await;
    let (app, ctx) = alone_at("https://valetkey.example", &[&stand_in.server, &stand_in.issuer]).await;
    let takes = |row: &&Row| row.ways.iter().any(|way| way["kind"] == "oauth2" && !way.contains_key("client"));
    let row = rows().into_iter().find(|row| takes(&row) && row.slug.len() % 3 != 0).unwrap();
    let settings = Settings {
        way: Some("oauth2".into()),
        api_base_url: Some(format!("http://{}/{}", stand_in.server, row.slug)),
        ..Settings::default()
    };
    let new = connections::New { name: Some("ONE".into()), connector: row.slug.clone(), settings, client_secret: None };
    let connection = connections::create(&app, &ctx, new).await.unwrap();
    let owner = Owner::of(Identifier::parse("ann").unwrap());
    let account = accounts::ensure(&app, &ctx, &connection, owner.clone()).await.unwrap();
    let link = consent::link(&app, &ctx, &connection, &account, Duration::from_secs(900)).await.unwrap();
    sign_in(&app, &connection, link.url.rsplit('/').next().unwrap()).await;
    let account = accounts::find(&app, &ctx, &connection.id, &owner).await.unwrap().unwrap();
    assert_eq!(account.status, Status::Active);
    let known = connections::get(&app, &ctx, &connection.id).await.unwrap().settings.found.unwrap();
    let document = connections::client_document(&app, &connection.id).unwrap();
    assert_eq!(known.client_id.as_deref(), document["client_id"].as_str());
    assert_eq!(document["redirect_uris"], serde_json::json!([connections::redirect_uri(&app, &connection.id)]));
    assert_eq!(stand_in.registered.load(std::sync::atomic::Ordering::Relaxed), 0);
}

/// Attack 59: an app's server names another authorization server, a day later. The client's secret was not given for that one.
#[tokio::test]
async fn attack_59_a_secret_follows_no_server_to_another_authorization_server() {
    let (stand_in, another) = (StandIn::start().await, StandIn::start().await);
    let addresses = [&stand_in.server, &stand_in.issuer, &another.server, &another.issuer].map(String::as_str);
    let (app, ctx, clock) = alone_with_clock(&addresses).await;
    let signs_in = |row: &&Row, client: &str| {
        row.ways.iter().any(|way| way["kind"] == "oauth2" && way.get("client").map_or("", String::as_str) == client)
    };
    for (client, secret, stays) in [("own", true, true), ("own", false, false), ("", false, false)] {
        let row = rows().into_iter().find(|row| signs_in(&row, client)).unwrap();
        let settings = Settings {
            way: Some("oauth2".into()),
            api_base_url: Some(format!("http://{}/{}", stand_in.server, row.slug)),
            client_id: (client == "own").then(|| "client-1".into()),
            ..Settings::default()
        };
        let client_secret = secret.then(|| Secret::from("secret-1"));
        let name = Some(format!("{client}-{secret}"));
        let new = connections::New { name, connector: row.slug.clone(), settings, client_secret };
        let connection = connections::create(&app, &ctx, new).await.unwrap();
        let found = connections::discovered(&app, &ctx, Wired::of(&app, connection).unwrap(), None).await.unwrap();
        *stand_in.moved_to.lock().unwrap() = Some(another.issuer.clone());
        clock.advance(Duration::from_secs(25 * 3600));
        let later = connections::get(&app, &ctx, &found.connection.id).await.unwrap();
        let now = connections::discovered(&app, &ctx, Wired::of(&app, later).unwrap(), None).await.unwrap();
        let goes_to = if stays { &stand_in.issuer } else { &another.issuer };
        assert!(now.found().unwrap().token_url.starts_with(&format!("http://{goes_to}/")), "{client} {secret}");
        *stand_in.moved_to.lock().unwrap() = None;
    }
    assert_eq!(another.registered.load(std::sync::atomic::Ordering::Relaxed), 1, "a client of its own, there");
}

/// An app's server names another authorization server, and nobody has a day.
#[tokio::test]
async fn who_signs_in_again_does_so_where_the_server_says_now() {
    let (stand_in, another) = (StandIn::start().await, StandIn::start().await);
    let addresses = [&stand_in.server, &stand_in.issuer, &another.server, &another.issuer].map(String::as_str);
    let (app, ctx, clock) = alone_with_clock(&addresses).await;
    let takes = |row: &&Row| row.ways.iter().any(|way| way["kind"] == "oauth2" && !way.contains_key("client"));
    let row = rows().into_iter().find(|row| takes(&row)).unwrap();
    let settings = Settings {
        way: Some("oauth2".into()),
        api_base_url: Some(format!("http://{}/{}", stand_in.server, row.slug)),
        ..Settings::default()
    };
    let new = connections::New { name: Some("ONE".into()), connector: row.slug, settings, client_secret: None };
    let connection = connections::create(&app, &ctx, new).await.unwrap();
    let link = async |name: &str| {
        let owner = Owner::of(Identifier::parse(name).unwrap());
        let account = accounts::ensure(&app, &ctx, &connection, owner).await.unwrap();
        let link = consent::link(&app, &ctx, &connection, &account, Duration::from_secs(900)).await.unwrap();
        link.url.rsplit('/').next().unwrap().to_owned()
    };
    let goes_to = async |name: &str| {
        let url = consent::start(&app, &link(name).await, &Secret::from(name), None).await;
        let url = url.unwrap_or_else(|stopped| panic!("{:?}", stopped.why)).to_string();
        [&stand_in, &another].into_iter().position(|one| url.starts_with(&format!("http://{}/", one.issuer)))
    };
    sign_in(&app, &connection, &link("ann").await).await;
    *stand_in.moved_to.lock().unwrap() = Some(another.issuer.clone());
    assert_eq!((goes_to("bob").await, goes_to("ann").await), (Some(0), Some(0)), "it was asked a moment ago");
    clock.advance(Duration::from_secs(61));
    assert_eq!(goes_to("bob").await, Some(0), "what was found serves who comes first for a day");
    assert_eq!(goes_to("ann").await, Some(1), "but not who has to sign in again");
    assert_eq!(goes_to("bob").await, Some(1));
}

/// A server of the legacy era keeps a session for each account: it is told when that ends, with the account's credential.
#[tokio::test]
async fn a_session_at_a_server_ends_with_its_account_and_when_another_takes_its_place() {
    let stand_in = StandIn::start().await;
    let (app, ctx) = alone(&[&stand_in.server, &stand_in.issuer]).await;
    let legacy = |row: &Row| !row.sse && row.slug.len() % 2 == 1;
    let rows = rows();
    let by_token = |row: &&Row| legacy(row) && row.ways.iter().any(|way| way["kind"] == "bearer");
    let [one, other] = &rows.iter().filter(by_token).take(2).collect::<Vec<_>>()[..] else { panic!("two rows") };
    let modern = |row: &&Row| !row.sse && row.slug.len().is_multiple_of(2) && row.ways[0]["kind"] == "bearer";
    let modern = rows.iter().find(modern).unwrap();
    let owner = Owner::of(Identifier::parse("ann").unwrap());
    let mut there = Vec::new();
    for row in [one, other, &modern] {
        let way = row.ways.iter().find(|way| way["kind"] == "bearer").unwrap();
        walk(&app, &ctx, &stand_in, row, way).await;
        let connection = connections::by_name(&app, &ctx, &format!("{}-bearer", row.slug)).await.unwrap();
        let account = accounts::find(&app, &ctx, &connection.id, &owner).await.unwrap().unwrap();
        there.push((Wired::of(&app, connection).unwrap(), account));
    }
    let ended = |many: usize| {
        let stand_in = stand_in.clone();
        async move {
            crate::fixture::until(async || stand_in.ended.lock().unwrap().len() >= many).await;
            stand_in.ended.lock().unwrap().clone()
        }
    };
    // Two that were opened at once: the one that is kept last stays.
    let (wired, account) = &there[0];
    let key = Key::of(account, &wired.mcp_url(account).unwrap().unwrap());
    let first = app.remote_sessions.get(&key).await.unwrap();
    remote_sessions::keep(&app, &ctx, (wired, account), key.clone(), None).await;
    app.upstreams.forget(&key).await;
    tools(&app, &ctx, wired, account).await.unwrap();
    remote_sessions::keep(&app, &ctx, (wired, account), key.clone(), Some(first.clone())).await;
    remote_sessions::keep(&app, &ctx, (wired, account), key, Some(first)).await;
    let session = |row: &Row| format!("{} session-1", row.slug);
    assert_eq!(ended(1).await, [session(one)], "and not the same twice");
    for (_, account) in [&there[2], &there[1]] {
        accounts::disconnect(&app, &ctx, &AccountRef::Id(account.id.clone())).await.unwrap();
    }
    assert_eq!(ended(2).await, [session(one), session(other)], "in the modern era there is none");
    accounts::delete(&app, &ctx, &AccountRef::Id(account.id.clone())).await.unwrap();
    assert_eq!(ended(3).await, [session(one), session(other), session(one)]);
}

async fn walk(app: &App, ctx: &Ctx, stand_in: &StandIn, row: &Row, way: &HashMap<String, String>) {
    let (slug, kind) = (&row.slug, way["kind"].as_str());
    let own = way.get("client").is_some_and(|client| client == "own");
    let settings = Settings {
        way: Some(kind.to_owned()),
        api_base_url: Some(format!("http://{}/{slug}", stand_in.server)),
        client_id: own.then(|| format!("client-{slug}")),
        ..Settings::default()
    };
    let name = Some(format!("{slug}-{kind}"));
    let client_secret = own.then(|| Secret::from("secret-1"));
    let new = connections::New { name, connector: slug.clone(), settings, client_secret };
    let connection = connections::create(app, ctx, new).await.unwrap_or_else(|error| panic!("{slug}: {error}"));
    let owner = Owner::of(Identifier::parse("ann").unwrap());
    let account = accounts::ensure(app, ctx, &connection, owner.clone()).await.unwrap();
    let link = consent::link(app, ctx, &connection, &account, Duration::from_secs(900)).await.unwrap();
    let token = link.url.strip_prefix(&format!("{}/connect/", *PUBLIC)).unwrap();
    match kind {
        "oauth2" => sign_in(app, &connection, token).await,
        _ => fill_in(app, row, way, token).await,
    }
    let connection = connections::get(app, ctx, &connection.id).await.unwrap();
    let account = accounts::find(app, ctx, &connection.id, &owner).await.unwrap().unwrap();
    assert_eq!(account.status, Status::Active, "{slug} by {kind}");
    let wired = Wired::of(app, connection).unwrap();
    let known = tools(app, ctx, &wired, &account).await.unwrap_or_else(|why| panic!("{slug} by {kind}: {why:?}"));
    let names: Vec<_> = known.tools.iter().map(|tool| tool.definition.name.clone()).collect();
    assert_eq!(names, [format!("{slug}_only_{}", slug.len())], "{slug} by {kind}");
}

/// At the authorization server that is found, with the client that is registered there.
async fn sign_in(app: &App, connection: &Connection, token: &str) {
    let browser = Secret::from("browser");
    let url = consent::start(app, token, &browser, None)
        .await
        .unwrap_or_else(|stopped| panic!("{}: {:?}", connection.name, stopped.why));
    let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["code_challenge_method"], "S256");
    assert!(query["resource"].starts_with("http://127.0.0.1"), "{url}");
    let answer = Callback { code: Some(Secret::from("code-1")), ..answer_with(&query["state"]) };
    consent::callback(app, &connection.id, answer, Some(&browser))
        .await
        .unwrap_or_else(|_| panic!("{}", connection.name));
}

async fn fill_in(app: &App, row: &Row, way: &HashMap<String, String>, token: &str) {
    let value = |text: String| Secret::from(text.as_str());
    let typed = value(format!("tok-{}", row.slug));
    let sent = match way["kind"].as_str() {
        "none" => vec![],
        "bearer" => vec![("token".to_owned(), typed)],
        "basic" if way.contains_key("password") => {
            vec![("username".to_owned(), typed), ("password".to_owned(), Secret::from("pass-1"))]
        }
        "basic" => vec![("username".to_owned(), typed)],
        _ => vec![("api_key".to_owned(), typed)],
    };
    let submitted = consent::submit(app, token, &Secret::from("browser"), sent).await;
    assert!(matches!(submitted, Ok(Submitted::Ended(_))), "{}", row.slug);
}

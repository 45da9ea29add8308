//! From a document to a call, over a provider on a real socket.

use super::*;
use crate::Page;
use crate::accounts::{self, AccountRef, ImportedCredential};
use crate::calls::{self, CallResult, FailureReason};
use crate::connections as all;
use crate::connections::providers::New;
use crate::entrance::doors;
use crate::fixture::{Fixture, Reply, fixture};
use crate::insight::why::{Question, State, Topic, why};
use crate::servers::configs::{self, NewMapping};
use crate::servers::instances::{self, Ensure};
use crate::servers::{remote, toolset};
use crate::tenancy::environments;
use crate::tools::{AccountQuery, Scope, meant, scoped};
use serde_json::Value;
use valetkey_domain::account::Owner;
use valetkey_domain::config::Options;
use valetkey_domain::connection::Settings;
use valetkey_domain::id::ConfigId;
use valetkey_domain::name::Identifier;

const RULE: &str = "{rotates: true}";
const LIST: &str = "c-DESK_list_tickets";
const ADD: &str = "c-DESK_add_ticket";
const CLOSE: &str = "c-DESK_close_ticket";

fn document(paths: &Value) -> String {
    json!({"openapi": "3.1.0", "info": {"title": "Desk", "version": "2"}, "paths": paths}).to_string()
}

fn paths() -> Value {
    let id = json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}]);
    let ticket = json!({"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}});
    json!({
        "/tickets": {
            "get": {"operationId": "listTickets", "responses": {}},
            "post": {"operationId": "addTicket", "requestBody": {"content": {"application/json": {"schema": ticket}}}},
        },
        "/tickets/{id}": {"parameters": id, "delete": {"operationId": "closeTicket"}},
    })
}

/// A custom provider with a connection `DESK`, an account of `eve` there, and a config of all its tools with her server.
struct Desk {
    fixture: Fixture,
    identifier: String,
    config: ConfigId,
    token: String,
}

async fn desk() -> Desk {
    let fixture = fixture(RULE).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let key = json!({"field_name": "api_key", "input_type": "password", "required": true});
    let new = New {
        display_name: "Desk".into(),
        description: String::new(),
        icon_src: String::new(),
        proxy_url: "https://desk.acme.com".into(),
        proxy_enabled: true,
        auth_patterns: json!([{"type": "BEARER", "fields": [{"field_name": "token", "input_type": "password", "required": true}]},
            {"type": "API_KEY", "fields": [key]}]),
        metadata: Default::default(),
    };
    let identifier = providers::create(app, ctx, new).await.unwrap().identifier();
    let new = all::New {
        name: Some("DESK".into()),
        connector: identifier.clone(),
        settings: Settings { api_base_url: fixture.connection.settings.api_base_url.clone(), ..Settings::default() },
        client_secret: None,
    };
    all::create(app, ctx, new).await.unwrap();
    let mappings = vec![NewMapping { connection: "DESK".into(), tools: vec![] }];
    let config = configs::create(app, ctx, configs::New { name: "desk".into(), mappings, ..Default::default() });
    let config = config.await.unwrap().id;
    let wanted = Ensure { config: "desk".into(), identifier: "eve".into(), name: None };
    let instance = instances::ensure(app, ctx, wanted).await.unwrap();
    let url = instances::url(app, ctx, &instance).await.unwrap();
    let token = url.expose().rsplit('/').next().unwrap().to_owned();
    Desk { fixture, identifier, config, token }
}

impl Desk {
    async fn import(&self, paths: &Value, choice: Choice) -> Result<Outcome> {
        save(&self.fixture.app, &self.fixture.ctx, &self.identifier, document(paths), choice).await
    }

    async fn sign_in(&self) {
        let owner = Owner::of(Identifier::parse("eve").unwrap());
        let fields = json!({"token": "key-hunter2"}).as_object().unwrap().clone();
        let given = Some(ImportedCredential::Fields(fields));
        let (app, ctx) = (&self.fixture.app, &self.fixture.ctx);
        let connection = all::by_name(app, ctx, "DESK").await.unwrap();
        accounts::ensure(app, ctx, &connection, owner.clone()).await.unwrap();
        let which = AccountRef::Of("DESK".into(), owner);
        accounts::update(app, ctx, &which, given, Map::new()).await.unwrap();
    }

    async fn listed(&self) -> Vec<String> {
        let (ctx, served) = toolset::open(&self.fixture.app, &self.token).await.unwrap();
        let listing = remote::listed(&self.fixture.app, &ctx, &served).await.unwrap();
        assert!(listing.missing.is_empty(), "{:?}", listing.missing);
        let tools: Vec<Value> = serde_json::from_slice(&listing.tools).unwrap();
        let names = tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned());
        names.filter(|name| name.starts_with("c-")).collect()
    }

    async fn call(&self, tool: &str, arguments: Value) -> Result<CallResult> {
        let app = &self.fixture.app;
        let (ctx, served) = toolset::open(app, &self.token).await?;
        let found = remote::find(app, &ctx, &served, tool).await?.ok_or_else(|| Error::not_found("tool", tool))?;
        let (arguments, room) = (arguments.as_object().unwrap().clone(), calls::RequestMemory::default());
        Ok(calls::start(app, &ctx, &served, &found, arguments, (room, calls::Chat::default())).answer().await)
    }
}

fn everything() -> Choice {
    Choice::default()
}

fn only(names: Vec<String>) -> Choice {
    Choice { taken: Taken::Named(names), ..Choice::default() }
}

fn names(all: &[&str]) -> Vec<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn what_is_imported_is_listed_called_and_told_wherever_tools_are() {
    let desk = desk().await;
    let (app, ctx) = (&desk.fixture.app, &desk.fixture.ctx);
    assert_eq!(desk.listed().await, Vec::<String>::new());
    let done = desk.import(&paths(), everything()).await.unwrap();
    assert_eq!(done.added, ["list_tickets", "add_ticket", "close_ticket"]);
    assert_eq!(desk.listed().await, [LIST, ADD, CLOSE], "before anybody has signed in");
    let CallResult::Failed(failed) = desk.call(LIST, json!({})).await.unwrap() else { panic!("it was made") };
    assert!(failed.why == FailureReason::NotConnected && failed.link.is_some(), "{failed:?}");
    desk.sign_in().await;
    desk.fixture.provider.will_answer(Reply::Answer(200, r#"{"made": 7}"#.into()));
    let CallResult::Done(done) = desk.call(ADD, json!({"text": "It is broken"})).await.unwrap() else { panic!() };
    assert_eq!(done.data["made"], 7);
    let heads = desk.fixture.provider.heads();
    let head = heads.last().unwrap();
    assert!(head.starts_with("post /api/tickets ") && head.contains("authorization: bearer key-hunter2"), "{head}");
    assert!(
        desk.call(ADD, json!({})).await.is_ok_and(|done| matches!(done, CallResult::Failed(_))),
        "`text` is missing"
    );
    // The app's own code lists and calls it too.
    let eve = Identifier::parse("eve").unwrap();
    let page = Page { size: 100, after: None };
    let listed = scoped(app, ctx, &eve, &Scope::default(), &page).await.unwrap().items;
    assert_eq!(listed.len(), 3);
    let asked = AccountQuery { identifier: Some(eve.clone()), ..AccountQuery::default() };
    assert_eq!(meant(app, ctx, CLOSE, asked.clone()).await.unwrap().tool.definition.name, CLOSE);
    let unknown = meant(app, ctx, "c-DESK_close_tickets", asked).await.unwrap_err();
    assert!(unknown.message().contains("has no tool 'c-DESK_close_tickets'"), "{unknown}");
    let question = || Question::User("DESK".into(), eve.clone());
    let state = async |tool: &str| {
        let steps = why(app, ctx, question(), Some(tool)).await.unwrap().steps;
        steps.into_iter().find(|step| step.what == Topic::Tool).unwrap().state
    };
    assert_eq!((state(LIST).await, state("c-DESK_none").await), (State::Fine, State::Stops));
}

#[tokio::test]
async fn whitelists_take_the_names_that_there_are_and_leave_out_the_rest() {
    let desk = desk().await;
    let (app, ctx) = (&desk.fixture.app, &desk.fixture.ctx);
    desk.import(&paths(), everything()).await.unwrap();
    let mapped = async |tools: &[&str]| {
        let mappings = Some(vec![NewMapping { connection: "DESK".into(), tools: names(tools) }]);
        configs::update(app, ctx, &desk.config, None, mappings).await
    };
    let refused = mapped(&["c-DESK_list_ticket"]).await.unwrap_err();
    assert!(refused.message().contains("has no tool") && refused.message().contains(LIST), "{refused}");
    assert!(mapped(&["list_tickets"]).await.is_err());
    mapped(&[LIST]).await.unwrap();
    assert_eq!(desk.listed().await, [LIST]);
    desk.sign_in().await;
    assert!(matches!(desk.call(LIST, json!({})).await, Ok(CallResult::Done(_))));
    assert_eq!(desk.call(ADD, json!({"text": "x"})).await.unwrap_err().kind(), Kind::NotFound);
    let config = configs::get(app, ctx, &desk.config).await.unwrap();
    let approvals = |tool: &str| valetkey_domain::approval::Approvals { destructive: false, tools: names(&[tool]) };
    let edit = |tool: &str| configs::Edit {
        options: Some(Options { approvals: approvals(tool), ..Options::default() }),
        ..Default::default()
    };
    assert!(configs::edit(app, ctx, config.clone(), edit("c-DESK_nothing")).await.is_err());
    configs::edit(app, ctx, config, edit(LIST)).await.unwrap();
    let CallResult::Failed(failed) = desk.call(LIST, json!({})).await.unwrap() else { panic!("nobody was asked") };
    assert_eq!(failed.why, FailureReason::Unapproved);
}

#[tokio::test]
async fn a_newer_document_is_told_before_it_is_saved_and_followed_by_the_next_call() {
    let desk = desk().await;
    let (app, ctx) = (&desk.fixture.app, &desk.fixture.ctx);
    desk.sign_in().await;
    desk.import(&paths(), only(names(&["list_tickets", "close_ticket"]))).await.unwrap();
    let mut newer = paths();
    newer["/tickets"]["get"]["summary"] = json!("All of them");
    newer.as_object_mut().unwrap().shift_remove("/tickets/{id}");
    let review = review(app, ctx, &desk.identifier, document(&newer), &Effects::new()).await.unwrap();
    let told: Vec<_> = review.offers.iter().map(|one| (one.candidate.name.as_str(), one.state)).collect();
    assert_eq!(told, [("list_tickets", OfferState::Changed), ("add_ticket", OfferState::New)]);
    assert_eq!(review.gone, [("close_ticket".to_owned(), "Close ticket".to_owned())]);
    assert_eq!(desk.listed().await, [LIST, CLOSE], "nothing is saved by looking");
    let (ctx_of_call, served) = toolset::open(app, &desk.token).await.unwrap();
    let before = remote::find(app, &ctx_of_call, &served, CLOSE).await.unwrap().unwrap();
    let done = desk.import(&newer, only(names(&["list_tickets"]))).await.unwrap();
    let outcome =
        Outcome { changed: names(&["list_tickets"]), gone: names(&["close_ticket"]), tools: 1, ..Outcome::default() };
    assert_eq!(done, outcome);
    assert_eq!(desk.listed().await, [LIST]);
    assert_eq!(desk.call(CLOSE, json!({"id": 1})).await.unwrap_err().kind(), Kind::NotFound);
    // A call that found its tool before is not made with it.
    let asked = AccountQuery { identifier: Some(Identifier::parse("eve").unwrap()), ..AccountQuery::default() };
    let mut found = meant(app, ctx, LIST, asked).await.unwrap();
    (found.tool, found.connector) = (before.tool, before.connector);
    let room = calls::RequestMemory::default();
    let late =
        calls::execute(app, ctx, found, json!({"id": 1}).as_object().unwrap().clone(), None, room).answer().await;
    let CallResult::Failed(failed) = late else { panic!("it was made: {:?}", desk.fixture.provider.heads()) };
    assert!(failed.said().contains("another document was imported"), "{}", failed.said());
    let cleared = clear(app, ctx, &desk.identifier).await.unwrap();
    assert_eq!((cleared.gone, desk.listed().await), (names(&["list_tickets"]), Vec::<String>::new()));
}

#[tokio::test]
async fn what_cannot_be_saved_is_said_and_what_is_saved_is_in_the_journal_with_who_did_it() {
    let desk = desk().await;
    let (app, ctx) = (&desk.fixture.app, &desk.fixture.ctx);
    let refused = async |choice| desk.import(&paths(), choice).await;
    let none = refused(only(vec![])).await.unwrap_err();
    assert!(none.message().contains("no tool is chosen"), "{none}");
    let unknown = refused(only(names(&["list_ticket"]))).await.unwrap_err();
    assert!(unknown.message().contains("list_tickets"), "{unknown}");
    let many: Map<String, Value> = (0..=MAX_TOOLS).map(|n| (format!("/a{n}"), json!({"get": {}}))).collect();
    let many = desk.import(&Value::Object(many), everything()).await.unwrap_err();
    assert!(many.message().contains("201 tools are chosen"), "{many}");
    let stale = save(app, ctx, &desk.identifier, document(&paths()), Choice { seen: Some(7), ..everything() })
        .await
        .unwrap_err();
    assert_eq!(stale.kind(), Kind::Aborted);
    let words = review(app, ctx, &desk.identifier, "swagger: '2.0'".into(), &Effects::new()).await.unwrap_err();
    assert!(words.kind() == Kind::InvalidArgument && words.message().contains("Swagger 2.0"), "{words}");
    desk.import(&paths(), everything()).await.unwrap();
    let provider = providers::get(app, ctx, &desk.identifier).await.unwrap();
    let mut tx = app.core.store.read().await.unwrap();
    let records = valetkey_storage::journal::newest(ctx, &mut tx, Some(provider.id.as_str()), 10).await.unwrap();
    drop(tx);
    let record = records.iter().find(|record| record.action == "provider.tools_imported").unwrap();
    assert_eq!(record.detail["added"], json!(["list_tickets", "add_ticket", "close_ticket"]));
    assert_eq!(record.detail["document"]["title"], "Desk");
    assert_eq!(record.actor, "operator");
    // Nobody else's environment has any of it.
    let elsewhere = environments::create(app, "elsewhere", None).await.unwrap();
    let theirs = doors::operator(app, &elsewhere.id);
    for kind in [
        review(app, &theirs, &desk.identifier, document(&paths()), &Effects::new()).await.unwrap_err().kind(),
        save(app, &theirs, &desk.identifier, document(&paths()), everything()).await.unwrap_err().kind(),
        clear(app, &theirs, &desk.identifier).await.unwrap_err().kind(),
        kept(app, &theirs, &provider).await.unwrap_err().kind(),
    ] {
        assert!(matches!(kind, Kind::NotFound | Kind::Aborted), "{kind:?}");
    }
}

#[tokio::test]
async fn keys_that_people_leave_in_a_document_are_not_kept() {
    let desk = desk().await;
    let (app, ctx) = (&desk.fixture.app, &desk.fixture.ctx);
    let key = "key-left-behind";
    let mut paths = paths();
    paths["/tickets"]["get"]["parameters"] = json!([
        {"name": "q", "in": "query", "example": key, "schema": {"type": "string", "example": key, "examples": [key]}},
        {"name": "Authorization", "in": "header", "schema": {"type": "string", "default": key}},
    ]);
    paths["/tickets"]["get"]["responses"] = json!({"200": {"description": key, "x-sample": key}});
    paths["/tickets"]["post"]["requestBody"]["content"]["application/json"]["example"] = json!({"text": key});
    let document = json!({
        "openapi": "3.1.0", "info": {"title": "Desk", "version": "2", "description": key}, "paths": paths, "x-key": key,
        "servers": [{"url": format!("https://ann:{key}@desk.acme.com")}],
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X", "description": key}}},
    });
    save(app, ctx, &desk.identifier, document.to_string(), everything()).await.unwrap();
    let provider = providers::get(app, ctx, &desk.identifier).await.unwrap();
    let mut tx = app.core.store.read().await.unwrap();
    let text = rows::tools(ctx, &mut tx, &provider.id).await.unwrap().unwrap();
    let records = valetkey_storage::journal::newest(ctx, &mut tx, Some(provider.id.as_str()), 10).await.unwrap();
    let records: Vec<_> = records.into_iter().map(|record| Value::Object(record.detail).to_string()).collect();
    assert!(text.contains("list_tickets") && !text.contains(key), "{text}");
    assert!(records.len() == 2 && !records.concat().contains(key), "{records:?}");
}

#[tokio::test]
async fn what_calling_a_tool_does_is_what_somebody_says_and_stays_so() {
    let desk = desk().await;
    let (app, ctx) = (&desk.fixture.app, &desk.fixture.ctx);
    let said = |effects: &[(&str, Effect)]| -> Effects {
        effects.iter().map(|(name, effect)| ((*name).to_owned(), *effect)).collect()
    };
    let effects = said(&[("list_tickets", Effect::Destructive), ("add_ticket", Effect::Read)]);
    desk.import(&paths(), Choice { effects, ..everything() }).await.unwrap();
    let eve = Identifier::parse("eve").unwrap();
    let asked = || AccountQuery { identifier: Some(eve.clone()), ..AccountQuery::default() };
    desk.sign_in().await;
    let effect = async |tool: &str| meant(app, ctx, tool, asked()).await.unwrap().tool.definition.effect;
    assert_eq!((effect(LIST).await, effect(ADD).await), (Effect::Destructive, Effect::Read));
    let provider = providers::get(app, ctx, &desk.identifier).await.unwrap();
    let mut tx = app.core.store.read().await.unwrap();
    let records = valetkey_storage::journal::newest(ctx, &mut tx, Some(provider.id.as_str()), 10).await.unwrap();
    drop(tx);
    let record = records.iter().find(|record| record.action == "provider.tools_imported").unwrap();
    assert_eq!(record.detail["effects"], json!({"list_tickets": "destructive", "add_ticket": "read"}));
    // A newer document does not say otherwise, and somebody can.
    let mut newer = paths();
    newer["/tickets"]["get"]["summary"] = json!("All of them");
    desk.import(&newer, everything()).await.unwrap();
    assert_eq!((effect(LIST).await, effect(ADD).await), (Effect::Destructive, Effect::Read));
    let back = said(&[("list_tickets", Effect::Read)]);
    let review = review(app, ctx, &desk.identifier, document(&newer), &back).await.unwrap();
    let states: Vec<_> = review.offers.iter().map(|offer| (offer.candidate.effect, offer.state)).collect();
    assert_eq!(states[0], (Effect::Read, OfferState::Changed));
    assert_eq!(states[1], (Effect::Read, OfferState::Same));
    let done = desk.import(&newer, Choice { effects: back, ..everything() }).await.unwrap();
    assert_eq!((done.changed, effect(LIST).await), (names(&["list_tickets"]), Effect::Read));
    let none = said(&[("list_ticket", Effect::Read)]);
    let refused = desk.import(&newer, Choice { effects: none, ..everything() }).await.unwrap_err();
    assert!(
        refused.message().contains("no tool 'list_ticket'") && refused.message().contains("list_tickets"),
        "{refused}"
    );
}

#[tokio::test]
async fn attack_46_tools_that_somebody_changed_in_the_database_are_not_called() {
    let desk = desk().await;
    let (app, ctx) = (&desk.fixture.app, &desk.fixture.ctx);
    desk.sign_in().await;
    desk.import(&paths(), everything()).await.unwrap();
    let provider = providers::get(app, ctx, &desk.identifier).await.unwrap();
    let mut tx = app.core.store.write().await.unwrap();
    let text = rows::tools(ctx, &mut tx, &provider.id).await.unwrap().unwrap();
    rows::put_tools(ctx, &mut tx, &provider.id, &text.replace("/tickets", "/secrets")).await.unwrap();
    tx.commit().await.unwrap();
    let refused = desk.call(LIST, json!({})).await.unwrap_err();
    assert!(refused.message().contains("not the ones that its row names"), "{refused}");
    assert!(desk.fixture.provider.heads().iter().all(|head| !head.contains("/secrets")));
    desk.import(&paths(), everything()).await.unwrap();
    assert!(matches!(desk.call(LIST, json!({})).await, Ok(CallResult::Done(_))), "a new import mends it");
}

#[tokio::test]
async fn an_mcp_server_takes_no_document() {
    let fixture = fixture(RULE).await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let new = New {
        display_name: "Server".into(),
        description: String::new(),
        icon_src: String::new(),
        proxy_url: "https://mcp.acme.com/mcp".into(),
        proxy_enabled: false,
        auth_patterns: json!([{"type": "NO_AUTH", "is_mcp": true}]),
        metadata: Default::default(),
    };
    let identifier = providers::create(app, ctx, new).await.unwrap().identifier();
    let refused = review(app, ctx, &identifier, document(&paths()), &Effects::new()).await.unwrap_err();
    assert!(
        refused.kind() == Kind::FailedPrecondition && refused.message().contains("lists its tools itself"),
        "{refused}"
    );
}

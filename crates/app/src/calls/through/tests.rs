//! What an edit takes out with grace: called through an instance's URL, and through nothing else.

use crate::accounts::{self, AccountRef};
use crate::calls::{self, CallResult, FailureReason};
use crate::connections;
use crate::fixture::{Fixture, HOUR, fixture};
use crate::insight::why::{Question, State, Topic, why};
use crate::servers::configs::{self, Edit, NewMapping};
use crate::servers::{instances, sessions, toolset};
use serde_json::{Map, json};
use std::time::Duration;
use valetkey_domain::approval::Approvals;
use valetkey_domain::config::{McpConfig, Options};
use valetkey_domain::id::ConfigId;
use valetkey_domain::instance::McpInstance;
use valetkey_domain::{Ctx, Kind};

const SEND: &str = "acme_send_thing";
const LIST: &str = "acme_list_things";
const GRACE: Option<Duration> = Some(Duration::from_secs(300));

/// `ann`, signed in, whose server lists all tools; with the token of its URL.
async fn there() -> (Fixture, McpInstance, String) {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    let (instance, token) = fixture.instance().await;
    (fixture, instance, token)
}

fn mapping(connection: &str, tools: &[&str]) -> Vec<NewMapping> {
    vec![NewMapping { connection: connection.into(), tools: tools.iter().map(|tool| (*tool).to_owned()).collect() }]
}

async fn edit(fixture: &Fixture, config: &ConfigId, edit: Edit) -> McpConfig {
    let config = configs::get(&fixture.app, &fixture.ctx, config).await.unwrap();
    configs::edit(&fixture.app, &fixture.ctx, config, edit).await.unwrap()
}

/// Leaves the tool that lists, and nothing else.
async fn narrow(fixture: &Fixture, config: &ConfigId, grace: Option<Duration>) -> McpConfig {
    edit(fixture, config, Edit { mappings: Some(mapping("MY_ACME", &[LIST])), grace, ..Edit::default() }).await
}

async fn call(fixture: &Fixture, token: &str) -> crate::Result<CallResult> {
    let (ctx, served) = toolset::open(&fixture.app, token).await?;
    calls::call(&fixture.app, &ctx, &served, SEND, Map::from_iter([("what".to_owned(), json!("this"))])).await
}

async fn works(fixture: &Fixture, token: &str) -> bool {
    matches!(call(fixture, token).await, Ok(CallResult::Done(_)))
}

async fn failed(fixture: &Fixture, token: &str) -> FailureReason {
    let CallResult::Failed(failed) = call(fixture, token).await.unwrap() else { panic!("it was made") };
    failed.why
}

async fn unknown(fixture: &Fixture, token: &str) -> bool {
    call(fixture, token).await.is_err_and(|error| error.kind() == Kind::NotFound)
}

#[tokio::test]
async fn what_is_taken_out_stops_at_once_or_at_the_end_of_its_grace() {
    let (fixture, instance, token) = there().await;
    narrow(&fixture, &instance.config, None).await;
    assert!(unknown(&fixture, &token).await);
    edit(&fixture, &instance.config, Edit { mappings: Some(mapping("MY_ACME", &[])), ..Edit::default() }).await;
    narrow(&fixture, &instance.config, GRACE).await;
    let (_, served) = toolset::open(&fixture.app, &token).await.unwrap();
    assert!(!String::from_utf8_lossy(&served.set.listed).contains(SEND), "it is not listed");
    assert!(works(&fixture, &token).await);
    fixture.clock.advance(Duration::from_secs(299));
    assert!(works(&fixture, &token).await);
    fixture.clock.advance(Duration::from_secs(1));
    assert!(unknown(&fixture, &token).await);
}

#[tokio::test]
async fn attack_82_a_grace_keeps_nothing_that_was_ended() {
    let (fixture, instance, token) = there().await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    narrow(&fixture, &instance.config, GRACE).await;
    assert!(works(&fixture, &token).await);
    edit(&fixture, &instance.config, Edit { grace: Some(Duration::ZERO), ..Edit::default() }).await;
    assert!(unknown(&fixture, &token).await, "graces that are ended");
    edit(&fixture, &instance.config, Edit { mappings: Some(mapping("MY_ACME", &[])), ..Edit::default() }).await;
    narrow(&fixture, &instance.config, GRACE).await;
    let off = connections::Change { enabled: Some(false), ..Default::default() };
    let connection = connections::update(app, ctx, &fixture.connection, off).await.unwrap();
    assert_eq!(failed(&fixture, &token).await, FailureReason::Off);
    let on = connections::Change { enabled: Some(true), ..Default::default() };
    connections::update(app, ctx, &connection, on).await.unwrap();
    assert!(works(&fixture, &token).await);
    accounts::disconnect(app, ctx, &AccountRef::Id(fixture.account.id.clone())).await.unwrap();
    assert_eq!(failed(&fixture, &token).await, FailureReason::NotConnected, "a disconnected account");
    fixture.sign_in(HOUR).await;
    instances::rotate_url(app, ctx, &instance.id).await.unwrap();
    assert!(unknown(&fixture, &token).await, "a rotated URL");
    configs::delete(app, ctx, &instance.config).await.unwrap();
    assert!(unknown(&fixture, &token).await, "a deleted config");
}

#[tokio::test]
async fn a_grace_that_ends_while_a_call_waits_ends_the_call() {
    let (fixture, instance, token) = there().await;
    narrow(&fixture, &instance.config, GRACE).await;
    let (ctx, served) = toolset::open(&fixture.app, &token).await.unwrap();
    let tool = served.find(&fixture.app, SEND).unwrap().clone();
    let still = async || toolset::still(&fixture.app, &ctx, &served, &tool).await.unwrap();
    assert!(still().await);
    fixture.clock.advance(Duration::from_secs(300));
    assert!(!still().await);
}

#[tokio::test]
async fn a_session_token_has_what_its_version_lists_and_no_grace() {
    let (fixture, instance, _) = there().await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let config = narrow(&fixture, &instance.config, GRACE).await;
    let wanted = sessions::WantedToken {
        of: sessions::SessionTarget::Config(config.id.clone()),
        identifier: "ann".into(),
        access: Default::default(),
        life: None,
    };
    let issued = sessions::create(app, ctx, wanted).await.unwrap();
    let site = crate::entrance::sessions::StaticUrl::Config(config.uuid.to_string());
    let (_, served) = toolset::open_session(app, &site, issued.token.expose()).await.unwrap();
    assert!(served.find(app, LIST).is_some() && served.find(app, SEND).is_none());
}

#[tokio::test]
async fn taking_a_tool_out_does_not_let_it_be_called_without_its_users_word() {
    let (fixture, instance, token) = there().await;
    let approvals = Approvals { destructive: false, tools: vec![SEND.into()] };
    let careful = Options { approvals, ..Options::default() };
    edit(&fixture, &instance.config, Edit { options: Some(careful), ..Edit::default() }).await;
    let out = Edit {
        mappings: Some(mapping("MY_ACME", &[LIST])),
        options: Some(Options::default()),
        grace: GRACE,
        ..Edit::default()
    };
    edit(&fixture, &instance.config, out).await;
    assert_eq!(failed(&fixture, &token).await, FailureReason::Unapproved);
}

#[tokio::test]
async fn what_another_connection_lists_now_is_that_ones() {
    let (fixture, instance, token) = there().await;
    let new = connections::New {
        name: Some("OTHER".into()),
        connector: "acme".into(),
        settings: fixture.connection.settings.clone(),
        client_secret: Some(valetkey_domain::Secret::from("client-hunter2")),
    };
    let other = connections::create(&fixture.app, &fixture.ctx, new).await.unwrap();
    edit(&fixture, &instance.config, Edit { mappings: Some(mapping("OTHER", &[])), grace: GRACE, ..Edit::default() })
        .await;
    let (_, served) = toolset::open(&fixture.app, &token).await.unwrap();
    assert_eq!(served.find(&fixture.app, SEND).unwrap().connection, other.id);
    assert_eq!(failed(&fixture, &token).await, FailureReason::NotConnected, "it is not called with the old account");
    edit(&fixture, &instance.config, Edit { mappings: Some(mapping("OTHER", &[LIST])), ..Edit::default() }).await;
    assert!(works(&fixture, &token).await, "the grace of the old one goes on");
}

/// The detail of the newest record of this action.
async fn detail(fixture: &Fixture, ctx: &Ctx, action: &str) -> Map<String, serde_json::Value> {
    let mut tx = fixture.app.core.store.read().await.unwrap();
    let records = valetkey_storage::journal::newest(ctx, &mut tx, None, 50).await.unwrap();
    records.into_iter().find(|record| record.action == action).unwrap().detail
}

#[tokio::test]
async fn the_journal_and_why_tell_of_a_grace() {
    let (fixture, instance, token) = there().await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    narrow(&fixture, &instance.config, GRACE).await;
    assert!(works(&fixture, &token).await);
    let until = (app.core.now() + GRACE.unwrap()).to_string();
    let given = &detail(&fixture, ctx, "config.updated").await["grace"][0];
    assert_eq!((&given["until"], &given["except"]), (&json!(until), &json!([LIST])));
    assert_eq!(detail(&fixture, ctx, "tool.call").await["grace_until"], json!(until));
    let told = async || {
        let asked = why(app, ctx, Question::Instance(instance.id.clone()), Some(SEND)).await.unwrap();
        asked.steps.into_iter().find(|step| step.what == Topic::Tool).unwrap()
    };
    let step = told().await;
    assert!(step.state == State::Care && step.words.contains("can be called until"), "{step:?}");
    fixture.clock.advance(Duration::from_secs(300));
    assert_eq!(told().await.state, State::Stops);
    let ended = edit(&fixture, &instance.config, Edit { description: Some("later".into()), ..Edit::default() }).await;
    assert!(ended.options.graces.is_empty(), "what is over is kept no longer");
}

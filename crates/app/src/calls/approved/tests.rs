//! A user's word: bound to one call of one server, given by the account's user, used once.

use crate::calls::{self, CallResult, FailureReason};
use crate::consent::StopReason;
use crate::consent::approvals;
use crate::fixture::{Fixture, HOUR, fixture};
use crate::servers::configs;
use crate::servers::instances::{self, Ensure};
use crate::servers::toolset::{self, Served};
use futures::future::join_all;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use valetkey_domain::approval::Approvals;
use valetkey_domain::config::{McpConfig, Options};
use valetkey_domain::ctx::Progress;
use valetkey_domain::id::ConfigId;
use valetkey_domain::{Ctx, Secret};

const SEND: &str = "acme_send_thing";

/// `ann`, signed in in `browser`, whose server wants her word to send; with its config and the token of its URL.
async fn careful() -> (Fixture, ConfigId, String) {
    let fixture = fixture("{rotates: true}").await;
    fixture.sign_in(HOUR).await;
    let (instance, token) = fixture.instance().await;
    let approvals = Approvals { destructive: false, tools: vec![SEND.into()] };
    set(&fixture, &instance.config, approvals).await.unwrap();
    (fixture, instance.config, token)
}

async fn set(fixture: &Fixture, config: &ConfigId, approvals: Approvals) -> crate::Result<McpConfig> {
    let config = configs::get(&fixture.app, &fixture.ctx, config).await?;
    let options = Options { approvals, ..config.options.clone() };
    let edit = configs::Edit { options: Some(options), ..configs::Edit::default() };
    configs::edit(&fixture.app, &fixture.ctx, config, edit).await
}

async fn opened(fixture: &Fixture, token: &str) -> (Ctx, Served) {
    toolset::open(&fixture.app, token).await.unwrap()
}

async fn call(fixture: &Fixture, token: &str, what: &str) -> CallResult {
    let (ctx, served) = opened(fixture, token).await;
    let Value::Object(arguments) = json!({ "what": what }) else { unreachable!() };
    calls::call(&fixture.app, &ctx, &served, SEND, arguments).await.unwrap()
}

/// The token of the link that a call is answered with.
async fn asked(fixture: &Fixture, token: &str, what: &str) -> String {
    let CallResult::Failed(failed) = call(fixture, token, what).await else { panic!("it was made") };
    assert_eq!(failed.why, FailureReason::Unapproved, "{failed:?}");
    failed.link.unwrap().url.rsplit("/connect/approve/").next().unwrap().to_owned()
}

async fn says(fixture: &Fixture, link: &str, browser: &str, yes: bool) -> Result<(), StopReason> {
    let answered = approvals::answer(&fixture.app, link, &Secret::from(browser), yes).await;
    answered.map_err(|stopped| stopped.why)
}

fn sent(fixture: &Fixture) -> usize {
    fixture.provider.asked("/api/things").len()
}

fn done(result: &CallResult) -> bool {
    matches!(result, CallResult::Done(_))
}

#[tokio::test]
async fn a_call_is_made_with_the_users_word_once_and_all_of_it_is_in_the_journal() {
    let (fixture, _, token) = careful().await;
    let link = asked(&fixture, &token, "a\u{202e}b").await;
    assert_eq!(asked(&fixture, &token, "a\u{202e}b").await, link, "the same question has the same link");
    let browser = Secret::from("browser");
    let question = approvals::question(&fixture.app, &link, Some(&browser)).await.unwrap();
    let shown = &question.shown;
    assert_eq!((shown.title.as_str(), shown.tool.as_str(), shown.connector.as_str()), ("Send a thing", SEND, "Acme"));
    assert_eq!((shown.arguments[0].name.as_str(), shown.arguments[0].text.as_str()), ("what", "a\u{fffd}b"));
    assert_eq!(shown.subject.as_deref(), Some("ann@p"));
    says(&fixture, &link, "browser", true).await.unwrap();
    assert_eq!(sent(&fixture), 0);
    assert!(done(&call(&fixture, &token, "a\u{202e}b").await));
    assert_eq!(sent(&fixture), 1);
    // Attack 44: replayed.
    let again = asked(&fixture, &token, "a\u{202e}b").await;
    assert!(again != link && sent(&fixture) == 1);
    assert!(matches!(says(&fixture, &link, "browser", true).await, Err(StopReason::LinkUsed)));
    let mut tx = fixture.app.core.store.read().await.unwrap();
    let records = valetkey_storage::journal::newest(&fixture.ctx, &mut tx, None, 50).await.unwrap();
    // The test's clock stands, so their ids have no order.
    let mut actions: Vec<_> =
        records.iter().map(|one| one.action.as_str()).filter(|action| action.starts_with("approval.")).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["approval.asked", "approval.asked", "approval.given", "approval.used"]);
    let given = records.iter().find(|one| one.action == "approval.given").unwrap();
    assert!(given.actor.starts_with("approval:appr_"), "{:?}", given.actor);
}

#[tokio::test]
async fn attack_44_a_word_is_good_for_no_other_call() {
    let (fixture, config, token) = careful().await;
    let link = asked(&fixture, &token, "this").await;
    says(&fixture, &link, "browser", true).await.unwrap();
    // Other arguments; another server of the same user; another version of the config.
    asked(&fixture, &token, "that").await;
    let wanted = Ensure { config: "config".into(), identifier: "ann".into(), name: Some("other".into()) };
    let other = instances::ensure(&fixture.app, &fixture.ctx, wanted).await.unwrap();
    let url = instances::url(&fixture.app, &fixture.ctx, &other).await.unwrap();
    asked(&fixture, url.expose().rsplit('/').next().unwrap(), "this").await;
    configs::update(&fixture.app, &fixture.ctx, &config, Some("edited".into()), None).await.unwrap();
    asked(&fixture, &token, "this").await;
    assert_eq!(sent(&fixture), 0);
}

#[tokio::test]
async fn attack_44_a_word_ends_with_its_time() {
    let (fixture, _, token) = careful().await;
    let link = asked(&fixture, &token, "this").await;
    fixture.clock.advance(Duration::from_secs(15 * 60));
    assert!(matches!(says(&fixture, &link, "browser", true).await, Err(StopReason::LinkExpired)));
    let link = asked(&fixture, &token, "this").await;
    says(&fixture, &link, "browser", true).await.unwrap();
    fixture.clock.advance(Duration::from_secs(10 * 60));
    asked(&fixture, &token, "this").await;
    assert_eq!(sent(&fixture), 0);
}

#[tokio::test]
async fn attack_44_nobody_else_gives_it_or_sees_what_it_is_about() {
    let (fixture, _, token) = careful().await;
    let link = asked(&fixture, &token, "secret plan").await;
    for browser in [None, Some(Secret::from("another browser"))] {
        let stopped = approvals::question(&fixture.app, &link, browser.as_ref()).await.unwrap_err();
        assert!(matches!(stopped.why, StopReason::OtherPerson) && !format!("{stopped:?}").contains("plan"));
    }
    assert!(matches!(says(&fixture, &link, "another browser", true).await, Err(StopReason::OtherPerson)));
    assert!(matches!(says(&fixture, "no link", "browser", true).await, Err(StopReason::LinkUnknown)));
    assert!(!done(&call(&fixture, &token, "secret plan").await) && sent(&fixture) == 0);
}

#[tokio::test]
async fn attack_44_of_many_calls_at_once_one_uses_the_word() {
    let (fixture, _, token) = careful().await;
    let link = asked(&fixture, &token, "this").await;
    let answers = join_all((0..4).map(|_| says(&fixture, &link, "browser", true))).await;
    assert_eq!(answers.iter().filter(|one| one.is_ok()).count(), 1);
    let results = join_all((0..8).map(|_| call(&fixture, &token, "this"))).await;
    assert_eq!(results.iter().filter(|one| done(one)).count(), 1, "{results:?}");
    assert_eq!(sent(&fixture), 1);
}

#[tokio::test]
async fn a_no_stands_for_a_while_and_a_yes_does_not_follow_it() {
    let (fixture, _, token) = careful().await;
    let link = asked(&fixture, &token, "this").await;
    says(&fixture, &link, "browser", false).await.unwrap();
    assert!(matches!(says(&fixture, &link, "browser", true).await, Err(StopReason::LinkUsed)));
    let CallResult::Failed(failed) = call(&fixture, &token, "this").await else { panic!("it was made") };
    assert!(failed.why == FailureReason::Refused && failed.link.is_none() && sent(&fixture) == 0);
    fixture.clock.advance(Duration::from_secs(10 * 60));
    asked(&fixture, &token, "this").await;
}

#[tokio::test]
async fn attack_80_a_server_has_few_questions_open() {
    let (fixture, _, token) = careful().await;
    for number in 0..20 {
        asked(&fixture, &token, &number.to_string()).await;
    }
    let CallResult::Failed(failed) = call(&fixture, &token, "one more").await else { panic!("it was made") };
    assert_eq!(failed.why, FailureReason::Busy, "{failed:?}");
}

/// Hears that a call waits.
#[derive(Default)]
struct Waiting(Notify);

impl Progress for Waiting {
    fn report(&self, _: u64, _: Option<u64>, message: &str) {
        assert_eq!(message, "waiting for the user's word");
        self.0.notify_one();
    }
}

/// A call whose user was asked to open a page.
fn again() -> (calls::RequestMemory, calls::Chat) {
    let chat = calls::Chat { resumed: Some(calls::paused::Resumed::Page), ..calls::Chat::default() };
    (calls::RequestMemory::default(), chat)
}

#[tokio::test]
async fn a_call_waits_for_the_word_of_its_user() {
    let (fixture, _, token) = careful().await;
    let link = asked(&fixture, &token, "this").await;
    let (ctx, served) = opened(&fixture, &token).await;
    let waiting = Arc::new(Waiting::default());
    let ctx = Ctx { progress: waiting.clone(), ..ctx };
    let tool = served.set.find(SEND).unwrap().clone();
    let arguments = Map::from_iter([("what".to_owned(), json!("this"))]);
    let mut running = calls::start(&fixture.app, &ctx, &served, &tool, arguments, again());
    let answering = async {
        waiting.0.notified().await;
        says(&fixture, &link, "browser", true).await.unwrap();
    };
    let (result, ()) = tokio::join!(running.answer(), answering);
    assert!(done(&result) && sent(&fixture) == 1, "{result:?}");
}

#[tokio::test]
async fn attack_82_a_tool_that_is_taken_away_while_its_user_is_asked_is_not_called() {
    let (fixture, config, token) = careful().await;
    let link = asked(&fixture, &token, "this").await;
    let (ctx, served) = opened(&fixture, &token).await;
    let waiting = Arc::new(Waiting::default());
    let ctx = Ctx { progress: waiting.clone(), ..ctx };
    let tool = served.set.find(SEND).unwrap().clone();
    let arguments = Map::from_iter([("what".to_owned(), json!("this"))]);
    let mut running = calls::start(&fixture.app, &ctx, &served, &tool, arguments, again());
    let meanwhile = async {
        waiting.0.notified().await;
        let mut mappings = configs::get(&fixture.app, &fixture.ctx, &config).await.unwrap().mappings;
        mappings[0].tools = vec!["acme_list_things".into()];
        let kept = mappings
            .into_iter()
            .map(|kept| configs::NewMapping { connection: kept.connection_name.to_string(), tools: kept.tools });
        configs::update(&fixture.app, &fixture.ctx, &config, None, Some(kept.collect())).await.unwrap();
        says(&fixture, &link, "browser", true).await.unwrap();
    };
    let (result, ()) = tokio::join!(running.answer(), meanwhile);
    let CallResult::Failed(failed) = result else { panic!("it was made") };
    assert!(failed.why == FailureReason::Off && sent(&fixture) == 0, "{failed:?}");
}

#[tokio::test]
async fn which_tools_want_a_word_is_part_of_a_version_and_names_real_ones() {
    let (fixture, config, token) = careful().await;
    let (app, ctx) = (&fixture.app, &fixture.ctx);
    let slip = Approvals { destructive: true, tools: vec!["acme_send_things".into()] };
    let refused = set(&fixture, &config, slip).await.unwrap_err();
    assert!(refused.message().contains("acme_send_things"), "{refused}");
    let free = set(&fixture, &config, Approvals::default()).await.unwrap();
    assert!(done(&call(&fixture, &token, "free").await));
    crate::servers::versions::roll_back(app, ctx, &config, free.version - 1, None).await.unwrap();
    asked(&fixture, &token, "free").await;
}

//! Questions of a remote server to its user, from the server to the client and back.

use super::*;
use crate::calls::paused::{self, Fingerprint, Resumed, Return};
use crate::calls::{Chat, QuestionKinds, start};
use crate::fixture::alone_with_clock;
use crate::servers::configs::{self, Edit};
use crate::servers::instances::{self, Ensure};
use crate::servers::{remote, toolset};
use std::sync::Mutex;
use valetkey_core::Error as CoreError;
use valetkey_domain::approval::Approvals;
use valetkey_domain::config::{McpConfig, Options};
use valetkey_testkit::ManualClock;

const ALL: QuestionKinds = QuestionKinds { forms: true, pages: true };

/// `ann`'s server over a remote one that asks; and what that was sent.
struct Asking {
    app: crate::App,
    ctx: Ctx,
    clock: Arc<ManualClock>,
    config: McpConfig,
    seen: Arc<Mutex<Vec<Value>>>,
    tool: String,
}

/// A question by this message, with one field.
fn question(message: &str, name: &str) -> Value {
    let schema = json!({ "type": "object", "properties": { name: { "type": "string" } }, "required": [name] });
    json!({ "method": "elicitation/create", "params": { "message": message, "requestedSchema": schema } })
}

fn asks(name: &str, question: Value, state: &str) -> Value {
    let mut asked = json!({ "resultType": "input_required", "requestState": state });
    asked["inputRequests"][name] = question;
    asked
}

fn complete() -> Value {
    json!({ "resultType": "complete", "content": [{ "type": "text", "text": "done" }] })
}

fn accept(name: &str, field: &str, text: &str) -> Value {
    json!({ name: { "action": "accept", "content": { field: text } } })
}

impl Asking {
    /// One that answers its calls so, the last way from then on.
    async fn that_answers(options: Options, results: Vec<Value>) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = seen.clone();
        let script: Script = Arc::new(move |asked| match asked["method"].as_str() {
            Some("tools/list") => {
                result(asked, &json!({ "tools": [{ "name": "asks", "inputSchema": { "type": "object" } }] }))
            }
            _ => {
                let mut kept = kept.lock().unwrap();
                kept.push(asked.clone());
                result(asked, &results[(kept.len() - 1).min(results.len() - 1)])
            }
        });
        let address = crate::upstream::hostile::server(script).await;
        let (app, ctx, clock) = alone_with_clock(&[&address]).await;
        let slug = slugs()[0].clone();
        let (connection, _) = connect(&app, &ctx, &slug, &address).await;
        let mappings = vec![configs::NewMapping { connection: connection.name.to_string(), tools: vec![] }];
        let new = configs::New { name: "config".into(), mappings, ..configs::New::default() };
        let config = configs::create(&app, &ctx, new).await.unwrap();
        let edit = Edit { options: Some(options), ..Edit::default() };
        let config = configs::edit(&app, &ctx, config, edit).await.unwrap();
        Self { app, ctx, clock, config, seen, tool: format!("{slug}_asks") }
    }

    async fn new(results: Vec<Value>) -> Self {
        Self::that_answers(Options { questions: true, ..Options::default() }, results).await
    }

    /// The server of a user, and what is known of them.
    async fn server(&self, user: &str) -> (Ctx, toolset::Served) {
        let wanted = Ensure { config: "config".into(), identifier: user.into(), name: None };
        let instance = instances::ensure(&self.app, &self.ctx, wanted).await.unwrap();
        let url = instances::url(&self.app, &self.ctx, &instance).await.unwrap();
        toolset::open(&self.app, url.expose().rsplit('/').next().unwrap()).await.unwrap()
    }

    async fn call(&self, kinds: QuestionKinds, resumed: Option<Resumed>) -> CallResult {
        let (ctx, served) = self.server("ann").await;
        let ctx = Ctx { deadline: self.app.now() + Duration::from_secs(20), ..ctx };
        let tool = remote::find(&self.app, &ctx, &served, &self.tool).await.unwrap().unwrap();
        let chat = Chat { questions: kinds, resumed };
        let mut running = start(&self.app, &ctx, &served, &tool, Map::new(), (RequestMemory::default(), chat));
        running.answer().await
    }

    /// The questions that a call came to, and the state that it waits by.
    async fn asked(&self, resumed: Option<Resumed>) -> (Map<String, Value>, String) {
        let CallResult::Failed(failed) = self.call(ALL, resumed).await else { panic!("nothing was asked") };
        assert_eq!(failed.why, FailureReason::Asked, "{}", failed.message);
        let questions = failed.questions.unwrap();
        let (ctx, served) = self.server("ann").await;
        let call = Fingerprint::of(&self.tool, &Map::new());
        let state = paused::pause(&self.app, &ctx, &served, &call, Some(&questions)).await.unwrap();
        (questions.requests(), state)
    }

    async fn come_back(&self, state: &str, responses: Option<&Value>) -> Result<Return, CoreError> {
        let (ctx, served) = self.server("ann").await;
        let call = Fingerprint::of(&self.tool, &Map::new());
        paused::resume(&self.app, &ctx, &served, &call, (state, responses)).await
    }

    async fn resume(&self, state: &str, responses: &Value) -> Result<Resumed, CoreError> {
        match self.come_back(state, Some(responses)).await? {
            Return::GoesOn(resumed) => Ok(resumed),
            Return::Unanswered(questions) => panic!("not answered: {questions:?}"),
        }
    }

    async fn edit(&self, options: Options) {
        let config = configs::get(&self.app, &self.ctx, &self.config.id).await.unwrap();
        configs::edit(&self.app, &self.ctx, config, Edit { options: Some(options), ..Edit::default() }).await.unwrap();
    }

    fn seen(&self) -> Vec<Value> {
        self.seen.lock().unwrap().clone()
    }
}

fn done(result: &CallResult) -> &crate::calls::Done {
    let CallResult::Done(done) = result else { panic!("{result:?}") };
    done
}

#[tokio::test]
async fn a_question_goes_to_the_user_in_its_servers_name_and_the_answer_back() {
    let results = vec![
        asks("who", question("Who are you?", "name"), "the first state"),
        asks("where", question("Where?", "town"), "the second state"),
        complete(),
    ];
    let there = Asking::new(results).await;
    let (requests, state) = there.asked(None).await;
    let message = requests["who"]["params"]["message"].as_str().unwrap();
    assert!(message.contains("(connection '") && message.ends_with("127.0.0.1) asks: Who are you?"), "{message}");
    assert!(!state.contains("the first state"));
    let resumed = there.resume(&state, &accept("who", "name", "Ann")).await.unwrap();
    let (requests, next) = there.asked(Some(resumed)).await;
    assert!(requests.contains_key("where") && next != state);
    let resumed = there.resume(&next, &json!({ "where": { "action": "decline" } })).await.unwrap();
    assert_eq!(done(&there.call(ALL, Some(resumed)).await).note, None);
    let sent: Vec<_> = there.seen().iter().map(|call| call["params"].clone()).collect();
    let said = |n: usize| (sent[n].get("inputResponses").cloned(), sent[n].get("requestState").cloned());
    assert_eq!(said(0), (None, None));
    assert_eq!(said(1), (Some(accept("who", "name", "Ann")), Some(json!("the first state"))));
    assert_eq!(said(2), (Some(json!({ "where": { "action": "decline" } })), Some(json!("the second state"))));
    let capabilities = "/_meta/io.modelcontextprotocol~1clientCapabilities";
    assert_eq!(sent[0].pointer(capabilities), Some(&json!({ "elicitation": { "form": {}, "url": {} } })));
}

#[tokio::test]
async fn nothing_is_asked_unless_the_config_says_so_and_the_client_shows_it() {
    let results = || vec![asks("who", question("Who are you?", "name"), "s"), complete()];
    for (questions, kinds) in [(false, ALL), (true, QuestionKinds::default())] {
        let there = Asking::that_answers(Options { questions, ..Options::default() }, results()).await;
        let result = there.call(kinds, None).await;
        assert!(done(&result).note.unwrap().contains("not passed on"), "{questions}");
        let seen = there.seen();
        assert_eq!(seen[1]["params"]["inputResponses"], json!({ "who": { "action": "cancel" } }));
        let capabilities = "/params/_meta/io.modelcontextprotocol~1clientCapabilities";
        assert_eq!(seen[0].pointer(capabilities), Some(&json!({})), "and it is told that it may not");
    }
}

#[tokio::test]
async fn attack_72_a_question_for_a_password_and_a_link_of_ours_reach_nobody() {
    let ours = format!("{}/connect/x", *crate::fixture::PUBLIC);
    let page =
        json!({ "method": "elicitation/create", "params": { "mode": "url", "url": ours, "message": "Sign in" } });
    for (question, words) in [(question("Sign in", "password"), "password"), (page, "page")] {
        let there = Asking::new(vec![asks("q", question, "s"), complete()]).await;
        let result = there.call(ALL, None).await;
        let note = done(&result).note.unwrap();
        assert!(note.contains(words), "{note}");
        assert_eq!(there.seen()[1]["params"]["inputResponses"], json!({ "q": { "action": "cancel" } }));
    }
}

#[tokio::test]
async fn what_was_withheld_beside_a_question_is_said_when_the_call_ends() {
    let mut both = asks("who", question("Who?", "name"), "s");
    both["inputRequests"]["secret"] = question("Sign in", "password");
    let there = Asking::new(vec![both, complete()]).await;
    let (requests, state) = there.asked(None).await;
    assert_eq!(requests.keys().collect::<Vec<_>>(), ["who"]);
    let resumed = there.resume(&state, &accept("who", "name", "Ann")).await.unwrap();
    assert!(done(&there.call(ALL, Some(resumed)).await).note.unwrap().contains("password"));
    let mut told = accept("who", "name", "Ann");
    told["secret"] = json!({ "action": "cancel" });
    assert_eq!(there.seen()[1]["params"]["inputResponses"], told);
}

/// What a server may ask and want back at most fits into a state that is taken.
#[tokio::test]
async fn the_longest_that_is_passed_on_comes_back() {
    let filled = |at: usize| {
        let choices: Vec<String> = (0..40).map(|n| format!("{n:->150}")).collect();
        (
            format!("{at:n>250}"),
            json!({ "method": "elicitation/create", "params": { "message": "\"".repeat(300),
            "requestedSchema": { "type": "object", "properties": { "a": { "type": "string", "enum": choices } } } } }),
        )
    };
    let requests: Map<String, Value> = (0..8).map(filled).collect();
    let result =
        json!({ "resultType": "input_required", "inputRequests": requests, "requestState": "\"".repeat(16_000) });
    let there = Asking::new(vec![result, complete()]).await;
    let (asked, state) = there.asked(None).await;
    assert!(asked.len() == 8 && state.len() > 100_000, "{} {}", asked.len(), state.len());
    let answers: Map<String, Value> = asked.keys().map(|name| (name.clone(), json!({ "action": "decline" }))).collect();
    let resumed = there.resume(&state, &answers.into()).await.unwrap();
    done(&there.call(ALL, Some(resumed)).await);
}

#[tokio::test]
async fn attack_44_an_answer_is_for_its_own_question_once_and_in_time() {
    let there = Asking::new(vec![asks("who", question("Who?", "name"), "s")]).await;
    let (ctx, served) = there.server("ann").await;
    let call = Fingerprint::of(&there.tool, &Map::new());
    let (requests, state) = there.asked(None).await;
    let answer = accept("who", "name", "Ann");
    let mut refusals = Vec::new();
    // Another user, other arguments, another tool, a state that was changed.
    let (theirs, other) = there.server("bob").await;
    let arguments = Map::from_iter([("a".to_owned(), json!(1))]);
    let (changed, elsewhere) = (Fingerprint::of(&there.tool, &arguments), Fingerprint::of("other", &Map::new()));
    for (ctx, served, call, state) in [
        (&theirs, &other, &call, state.as_str()),
        (&ctx, &served, &changed, &state),
        (&ctx, &served, &elsewhere, &state),
        (&ctx, &served, &call, &state[..state.len() - 3]),
    ] {
        refusals.push(paused::resume(&there.app, ctx, served, call, (state, Some(&answer))).await.unwrap_err());
    }
    // What does not fit is said, and can be answered again; what fits counts once.
    for wrong in [json!({ "who": 12345 }), json!({ "who": { "action": "accept" } }), accept("who", "town", "Rome")] {
        let refused = there.resume(&state, &wrong).await.unwrap_err();
        assert!(refused.message().contains("the answer to 'who' does not fit"), "{refused}");
    }
    // What is missing is asked for once more.
    for missing in
        [None, Some(json!({})), Some(json!({ "who": null })), Some(json!(7)), Some(accept("other", "name", "Ann"))]
    {
        let came = there.come_back(&state, missing.as_ref()).await.unwrap();
        assert!(matches!(&came, Return::Unanswered(asked) if asked.requests() == requests), "{came:?}");
    }
    let came = join_all((0..8).map(|_| there.resume(&state, &answer))).await;
    assert_eq!(came.iter().filter(|came| came.is_ok()).count(), 1);
    refusals.extend(came.into_iter().filter_map(Result::err));
    let (_, late) = there.asked(None).await;
    there.clock.advance(Duration::from_secs(15 * 60));
    refusals.push(there.resume(&late, &answer).await.unwrap_err());
    for refused in &refusals {
        assert_eq!((refused.kind(), refused.message()), (Kind::InvalidArgument, refusals[0].message()));
    }
    assert_eq!(there.seen().len(), 2, "the server heard of none of it");
}

#[tokio::test]
async fn attack_43_a_config_that_was_changed_meanwhile_takes_no_answer() {
    let there = Asking::new(vec![asks("who", question("Who?", "name"), "s")]).await;
    let (_, state) = there.asked(None).await;
    there.edit(Options::default()).await;
    let refused = there.resume(&state, &accept("who", "name", "Ann")).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::InvalidArgument);
    // An answer that was taken before the change ends like any call that waits.
    there.edit(Options { questions: true, ..Options::default() }).await;
    let moves: [fn(&mut paused::Answered); 2] =
        [|answered| answered.address.push('x'), |answered| answered.account = AccountId::parse("ca_another").unwrap()];
    for moved in moves {
        let (_, state) = there.asked(None).await;
        let resumed = there.resume(&state, &accept("who", "name", "Ann")).await.unwrap();
        let Resumed::Answered(mut answered) = resumed else { panic!("a page") };
        moved(&mut answered);
        let before = there.seen().len();
        let result = there.call(ALL, Some(Resumed::Answered(answered))).await;
        let CallResult::Failed(failed) = result else { panic!("it was made") };
        assert!(failed.why == FailureReason::Off && failed.message.contains("another address"), "{}", failed.message);
        assert_eq!(there.seen().len(), before);
    }
}

#[tokio::test]
async fn attack_53_a_server_that_asks_for_ever_is_stopped_after_sixteen_rounds() {
    let there = Asking::new(vec![asks("who", question("Again?", "name"), "s")]).await;
    let (_, mut state) = there.asked(None).await;
    let mut rounds = 1;
    let ended = loop {
        let resumed = there.resume(&state, &accept("who", "name", "Ann")).await.unwrap();
        let CallResult::Failed(failed) = there.call(ALL, Some(resumed)).await else { panic!("it never ends") };
        let Some(questions) = &failed.questions else { break failed };
        let (ctx, served) = there.server("ann").await;
        let call = Fingerprint::of(&there.tool, &Map::new());
        state = paused::pause(&there.app, &ctx, &served, &call, Some(questions)).await.unwrap();
        rounds += 1;
    };
    assert!(rounds == 17 && ended.message.contains("16 questions"), "{rounds}: {}", ended.message);
}

/// The word for a call is taken before its server asks anything, and is not wanted again for the answer.
#[tokio::test]
async fn a_call_that_has_the_users_word_keeps_it_while_it_is_asked() {
    let there = Asking::new(vec![asks("who", question("Who?", "name"), "s"), complete()]).await;
    let approvals = Approvals { destructive: false, tools: vec![there.tool.clone()] };
    there.edit(Options { questions: true, approvals, ..Options::default() }).await;
    let CallResult::Failed(failed) = there.call(ALL, None).await else { panic!("without a word") };
    let link = failed.link.unwrap().url;
    assert!(failed.why == FailureReason::Unapproved && there.seen().is_empty());
    let token = link.rsplit('/').next().unwrap();
    let browser = Secret::from("browser");
    crate::consent::approvals::question(&there.app, token, Some(&browser)).await.unwrap();
    crate::consent::approvals::answer(&there.app, token, &browser, true).await.unwrap();
    let (_, state) = there.asked(None).await;
    let resumed = there.resume(&state, &accept("who", "name", "Ann")).await.unwrap();
    done(&there.call(ALL, Some(resumed)).await);
    let CallResult::Failed(again) = there.call(ALL, None).await else { panic!("the word is used") };
    assert_eq!(again.why, FailureReason::Unapproved);
}

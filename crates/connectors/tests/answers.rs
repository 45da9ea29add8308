//! What apps answer when they do not do it, put to every tool of the catalogue: each is taken for what it is, also where an
//! app fails in a good answer, and nothing of it is taken for a result.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

#[allow(dead_code, reason = "it is shared with tests that need more of it")]
#[path = "golden/play.rs"]
mod play;

use bytes::Bytes;
use http::Response;
use play::cases;
use serde_json::{Map, Value, json};
use std::time::Duration;
use valetkey_connectors::FailureKind::{
    Conflict, Forbidden, InvalidInput, MissingScope, NotFound, RateLimited, Timeout, Unauthenticated, Upstream,
};
use valetkey_connectors::native::Work;
use valetkey_connectors::{Catalog, Connector, Failure, FailureKind, Setting, Step, Tool, Unsent};
use valetkey_domain::tool::Effect;

/// An answer: status, headers, text.
type Answer = (u16, Vec<(&'static str, &'static str)>, String);

fn plain(status: u16, body: &Value) -> Answer {
    (status, vec![("content-type", "application/json")], body.to_string())
}

/// How an app says something, in the words of its own documentation.
fn in_its_words(connector: &str, kind: FailureKind) -> Vec<Answer> {
    let google = |status: u16, reason: &str, word: &str| {
        let error =
            json!({"code": status, "message": "No.", "status": word, "errors": [{"reason": reason, "message": "No."}]});
        vec![plain(status, &json!({"error": error}))]
    };
    let slack = |code: &str| vec![plain(200, &json!({"ok": false, "error": code}))];
    let linear = |status: u16, code: &str, kind: &str, message: &str| {
        let error = json!({"message": message, "extensions": {"code": code, "type": kind}});
        vec![plain(status, &json!({"data": null, "errors": [error]})), plain(200, &json!({"errors": [error]}))]
    };
    let github = |status: u16, message: &str| vec![plain(status, &json!({"message": message}))];
    let notion =
        |status: u16, code: &str| vec![plain(status, &json!({"object": "error", "code": code, "message": "No."}))];
    match (connector, kind) {
        ("gmail" | "googlecalendar" | "googledrive", MissingScope) => {
            [google(403, "insufficientPermissions", "PERMISSION_DENIED"), vec![plain(403, &json!({"error": {
                "code": 403, "message": "No.", "status": "PERMISSION_DENIED",
                "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}))]]
            .concat()
        }
        ("gmail" | "googlecalendar" | "googledrive", Unauthenticated) => google(401, "authError", "UNAUTHENTICATED"),
        ("gmail" | "googlecalendar" | "googledrive", RateLimited) => {
            [google(403, "rateLimitExceeded", "RESOURCE_EXHAUSTED"), google(429, "rateLimitExceeded", "RESOURCE_EXHAUSTED")].concat()
        }
        ("slack", MissingScope) => slack("missing_scope"),
        ("slack", Unauthenticated) => [slack("token_expired"), slack("invalid_auth")].concat(),
        ("slack", NotFound) => slack("channel_not_found"),
        ("slack", Conflict) => slack("name_taken"),
        ("slack", Forbidden) => slack("restricted_action"),
        ("slack", InvalidInput) => slack("invalid_arguments"),
        ("slack", Upstream) => slack("internal_error"),
        ("slack", RateLimited) => slack("ratelimited"),
        ("linear", MissingScope) => linear(403, "FORBIDDEN", "forbidden", "Invalid scope: `write` required"),
        ("linear", Unauthenticated) => linear(401, "AUTHENTICATION_ERROR", "authentication error", "Not signed in"),
        ("linear", NotFound) => linear(400, "INPUT_ERROR", "invalid input", "Entity not found: Issue"),
        ("linear", Forbidden) => linear(403, "FORBIDDEN", "forbidden", "You may not"),
        ("linear", InvalidInput) => linear(400, "INPUT_ERROR", "invalid input", "Argument Validation Error"),
        ("linear", Upstream) => linear(500, "INTERNAL_SERVER_ERROR", "internal error", "Oops"),
        ("linear", RateLimited) => linear(400, "RATELIMITED", "ratelimited", "Too many"),
        ("github", MissingScope) => vec![(
            403,
            vec![("x-oauth-scopes", "read:user"), ("x-accepted-oauth-scopes", "repo, public_repo")],
            json!({"message": "Must have admin rights to Repository."}).to_string(),
        )],
        ("github", Unauthenticated) => github(401, "Bad credentials"),
        ("github", RateLimited) => github(403, "API rate limit exceeded for user ID 1."),
        ("github", Forbidden) => github(403, "Resource not accessible by integration"),
        ("notion", Unauthenticated) => notion(401, "unauthorized"),
        ("notion", NotFound) => notion(404, "object_not_found"),
        ("notion", Conflict) => notion(409, "conflict_error"),
        ("notion", Forbidden) => notion(403, "restricted_resource"),
        ("notion", RateLimited) => notion(529, "service_overload"),
        _ => Vec::new(),
    }
}

/// What every app may answer, whatever it is.
fn by_status() -> Vec<(Answer, FailureKind)> {
    let html = |status: u16| (status, vec![("content-type", "text/html")], "<html><h1>No</h1></html>".to_owned());
    let empty = |status: u16| (status, Vec::new(), String::new());
    vec![
        (empty(400), InvalidInput),
        (empty(401), Unauthenticated),
        (html(401), Unauthenticated),
        (empty(403), Forbidden),
        (empty(404), NotFound),
        (html(404), NotFound),
        (empty(409), Conflict),
        (empty(422), InvalidInput),
        (empty(429), RateLimited),
        (html(500), Upstream),
        (empty(502), Upstream),
        (plain(503, &json!({"error": "half of"})), Upstream),
        (empty(504), Timeout),
        (html(302), Upstream),
    ]
}

fn reply((status, headers, text): &Answer) -> Response<Bytes> {
    let builder =
        headers.iter().fold(Response::builder().status(*status), |to, (name, value)| to.header(*name, *value));
    builder.body(Bytes::from(text.clone())).unwrap()
}

/// How a call ends whose first requests are all answered so, as often as it asks, and how long it waited.
fn ends(
    tool: &Tool,
    arguments: &Map<String, Value>,
    answer: &dyn Fn() -> Result<Response<Bytes>, Unsent>,
) -> (Step, Duration) {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let setting = Setting { base_url: None, now, nonce: 1, api_config: Map::new(), work: Work::default() };
    let mut run = tool.start(tool.check(arguments).unwrap(), setting).unwrap();
    let (mut waited, mut replies, mut sent) = (Duration::ZERO, Vec::new(), 0);
    loop {
        match run.next(std::mem::take(&mut replies), Duration::from_secs(600)) {
            Step::Send(requests) => {
                sent += 1;
                assert!(sent < 20, "{} sends without end", tool.definition.name);
                replies = requests.iter().map(|_| answer()).collect();
            }
            Step::Wait(time) => waited += time,
            end => return (end, waited),
        }
    }
}

fn failed(tool: &Tool, what: &str, step: Step) -> Failure {
    match step {
        Step::Failed(failure) => failure,
        other => panic!("{}, {what}: {other:?}", tool.definition.name),
    }
}

/// Tools whose answer is whether there is something: 404 says that there is not.
const ASK_WHETHER: [&str; 2] = ["github_collaborator_check", "github_pull_request_merge_check"];

/// Goes over all tools that are not another's under another name.
fn each_tool(mut look: impl FnMut(&Connector, &Tool, &Map<String, Value>)) {
    let catalog = Catalog::shipped().unwrap();
    let mut seen = 0;
    for connector in catalog.connectors().filter(|connector| connector.alias_of.is_none()) {
        for (name, tool) in &connector.tools {
            look(&connector, tool, &cases(name).into_iter().find(|case| !case.exchange.is_empty()).unwrap().arguments);
            seen += 1;
        }
    }
    assert!(seen > 500, "{seen} tools were looked at");
}

#[test]
fn each_failure_is_taken_for_what_it_is() {
    let mut wrong = Vec::new();
    let kinds = [MissingScope, Unauthenticated, NotFound, Conflict, Forbidden, InvalidInput, Upstream, RateLimited];
    each_tool(|connector, tool, arguments| {
        let own =
            kinds.iter().flat_map(|kind| in_its_words(&connector.slug, *kind).into_iter().map(|one| (one, *kind)));
        for (answer, kind) in by_status().into_iter().chain(own) {
            let name = tool.definition.name.as_str();
            let failure = match ends(tool, arguments, &|| Ok(reply(&answer))).0 {
                // Whether there is such a thing is what these ask.
                Step::Done(_) if answer.0 == 404 && ASK_WHETHER.contains(&name) => continue,
                Step::Failed(failure) => failure,
                other => {
                    wrong.push(format!("{name}, {answer:?}: {other:?}"));
                    continue;
                }
            };
            let told = failure.message.contains(&connector.display_name) && failure.message.chars().count() < 900;
            if failure.kind != kind || !told {
                wrong.push(format!("{name}, {answer:?}: {:?}, not {kind:?}: {failure}", failure.kind));
            }
        }
    });
    let first = wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} are wrong:\n{first}", wrong.len());
}

/// GitHub says otherwise what it is not allowed to find, so each connector has its own ways; but none has only a status.
#[test]
fn each_connector_has_words_of_its_own() {
    for connector in ["gmail", "googlecalendar", "googledrive", "slack", "linear", "github", "notion"] {
        let own = [Unauthenticated, RateLimited].iter().all(|kind| !in_its_words(connector, *kind).is_empty());
        assert!(own, "{connector}");
    }
}

#[test]
fn a_wait_that_was_asked_for_is_kept_by_reading_and_told_by_what_changes() {
    each_tool(|_, tool, arguments| {
        let name = &tool.definition.name;
        let slow = || Ok(reply(&(429, vec![("retry-after", "7")], String::new())));
        let (end, waited) = ends(tool, arguments, &slow);
        let failure = failed(tool, "429", end);
        assert_eq!((failure.kind, failure.retry_after), (RateLimited, Some(Duration::from_secs(7))), "{name}");
        if tool.definition.effect == Effect::Read {
            assert_eq!(waited, Duration::from_secs(14), "{name} waits as it was asked to, and is sent three times");
        }
        let (end, waited) = ends(tool, arguments, &|| Ok(reply(&(429, Vec::new(), String::new()))));
        assert_eq!(failed(tool, "429", end).retry_after, None, "{name}");
        if tool.definition.effect == Effect::Read {
            assert_eq!(waited, Duration::from_secs(3), "{name} waits one and two seconds by itself");
        }
    });
}

#[test]
fn what_never_came_is_told_and_of_a_change_that_it_may_have_been_done() {
    each_tool(|_, tool, arguments| {
        let name = &tool.definition.name;
        let slow = || Err(Unsent { kind: Timeout, message: "It took too long.".to_owned() });
        let failure = failed(tool, "no answer", ends(tool, arguments, &slow).0);
        assert_eq!((failure.kind, failure.message.contains("It took too long.")), (Timeout, true), "{name}");
        // A tool that changes something may begin by reading.
        let broken = reply(&(500, Vec::new(), String::new()));
        let failure = failed(tool, "500", ends(tool, arguments, &|| Ok(broken.clone())).0);
        let doubtful = failure.message.contains("whether it was done");
        assert!(!(doubtful && tool.definition.effect == Effect::Read), "{name}: {failure}");
    });
}

/// Whether the vendor answers a tool's requests without a word, as its golden case has it.
fn says_nothing(name: &str) -> bool {
    let case = cases(name).into_iter().find(|case| !case.exchange.is_empty()).unwrap();
    let mut answers = case.exchange.iter().flat_map(|round| &round.answer);
    answers.all(|answer| answer.status == 204 || answer.body.as_object().is_some_and(Map::is_empty))
}

/// A page is no result, and nothing is none where there should be one: of a message that was sent the app says so.
#[test]
fn a_page_and_nothing_are_no_result() {
    let mut wrong = Vec::new();
    let mut silent = 0;
    each_tool(|_, tool, arguments| {
        let name = tool.definition.name.as_str();
        let mut hold = |what: &str, status: u16, kind: &'static str, body: &str, done: bool| {
            let answer = (status, vec![("content-type", kind)], body.to_owned());
            match ends(tool, arguments, &|| Ok(reply(&answer))).0 {
                Step::Done(_) if done => {}
                Step::Failed(failure) if !done && failure.kind == Upstream => {
                    let doubtful = failure.message.contains("look before you repeat it");
                    if tool.definition.effect == Effect::Read && doubtful {
                        wrong.push(format!("{name}, {what}: {failure}"));
                    }
                }
                end => wrong.push(format!("{name}, {what}: {end:?}")),
            }
        };
        hold("a page", 200, "text/html", "<html>Sign in</html>", false);
        // What is asked by the status alone has two answers, and neither is 200.
        let silently = says_nothing(name) && !ASK_WHETHER.contains(&name);
        hold("nothing", 200, "application/json", "", silently);
        hold("null", 200, "application/json", " null\n", silently);
        hold("blanks", 200, "application/json", " \r\n", silently);
        if silently {
            silent += 1;
            hold("204", 204, "application/json", "", true);
            hold("205", 205, "application/json", "", true);
        }
    });
    let first = wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} are wrong:\n{first}", wrong.len());
    assert!(silent > 50, "{silent} tools are answered without a word");
}

/// A huge list is cut, or refused with what to do.
#[test]
fn too_much_is_cut_or_refused() {
    each_tool(|connector, tool, arguments| {
        let name = &tool.definition.name;
        let huge = format!("[{}1]", "1,".repeat(200_000));
        let (end, _) =
            ends(tool, arguments, &|| Ok(reply(&(200, vec![("content-type", "application/json")], huge.clone()))));
        match end {
            Step::Done(value) => assert!(value.to_string().len() < 11_000_000, "{name} of {}", connector.slug),
            Step::Failed(failure) => assert!(matches!(failure.kind, InvalidInput | Upstream), "{name}: {failure}"),
            other => panic!("{name}: {other:?}"),
        }
    });
}

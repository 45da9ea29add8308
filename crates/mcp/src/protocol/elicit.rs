//! What a client is told when its user has to open a page of ours before a call can go on, by what the client can do.
//!
//! Modern clients say with every request what they can do. Legacy ones say it once, in `initialize`, and no session is kept
//! here: so what they said is the session id that they are given, the same for all of them, and comes back with every
//! request.

use super::version::Version;
use http::HeaderMap;
use serde_json::{Map, Value, json};
use valetkey_app::calls::QuestionKinds;

/// The header of a session id.
pub const SESSION_HEADER: &str = "mcp-session-id";
/// The session id of every legacy client that opens URLs for its user. It names nobody and opens nothing.
pub const SESSION: &str = "opens-urls";

const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// How a client takes a page that its user has to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elicits {
    /// In words, as the result of a call.
    InWords,
    /// As an error with the URL (2025-11-25).
    ByError,
    /// As a result that is not one yet; the client calls again by itself (2026-07-28).
    ByResult,
}

impl Elicits {
    /// How the client of this request takes it; `opens` says whether it opens URLs, as far as [`Capabilities`] say.
    #[must_use]
    pub fn of(version: Version, headers: &HeaderMap, opens: bool) -> Self {
        let told = || headers.get(SESSION_HEADER).is_some_and(|given| given.as_bytes() == SESSION.as_bytes());
        match version {
            version if version.modern() && opens => Self::ByResult,
            Version::V2025_11_25 if told() => Self::ByError,
            _ => Self::InWords,
        }
    }
}

/// The session id to be given to who settled on this revision and opens URLs.
#[must_use]
pub fn session(agreed: Version, opens: bool) -> Option<&'static str> {
    (agreed == Version::V2025_11_25 && opens).then_some(SESSION)
}

/// What a client says that it can be asked for in the midst of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The kinds of questions that it shows its user.
    pub questions: QuestionKinds,
    /// Whether its model can be asked.
    pub sampling: bool,
    /// Whether it has folders to name.
    pub roots: bool,
}

impl Capabilities {
    /// Those that the parameters of a request declare. A client that says no kind of question means forms, which were all
    /// that there was when questions began.
    #[must_use]
    pub fn of(method: &str, params: &Map<String, Value>) -> Self {
        let all = match method {
            "initialize" => params.get("capabilities"),
            _ => params.get("_meta").and_then(|meta| meta.get(CAPABILITIES)),
        };
        let has = |name: &str| all.and_then(|all| all.get(name)).and_then(Value::as_object);
        let questions = has("elicitation").map_or_else(QuestionKinds::default, |shows| {
            let shown = |kind: &str| shows.get(kind).is_some_and(Value::is_object);
            QuestionKinds { forms: shown("form") || shows.is_empty(), pages: shown("url") }
        });
        Self { questions, sampling: has("sampling").is_some(), roots: has("roots").is_some() }
    }

    /// What of this is lacking, in the protocol's form.
    #[must_use]
    pub fn lacks(self, wanted: &Map<String, Value>) -> Map<String, Value> {
        let QuestionKinds { forms, pages } = self.questions;
        let has = |name: &str, of: &Value| match name {
            "elicitation" => {
                let all =
                    [("form", forms), ("url", pages)].into_iter().all(|(kind, shown)| shown || of.get(kind).is_none());
                all && (forms || pages)
            }
            "sampling" => self.sampling,
            "roots" => self.roots,
            _ => false,
        };
        wanted.iter().filter(|(name, of)| !has(name, of)).map(|(name, of)| (name.clone(), of.clone())).collect()
    }
}

/// What names the one question that is ever asked at a time.
const QUESTION: &str = "page";

/// The questions of a result that is not one yet.
pub(super) fn questions(url: &str, message: &str) -> Value {
    json!({ QUESTION: { "method": "elicitation/create", "params": { "mode": "url", "url": url, "message": message } } })
}

/// The same as the data of an error; `id` names the question.
pub(super) fn as_error(id: &str, url: &str, message: &str) -> Value {
    json!({ "elicitations": [{ "mode": "url", "elicitationId": id, "url": url, "message": message }] })
}

/// Whether the user said no to a question of ours, or turned it away.
#[must_use]
pub fn declined(responses: Option<&Value>) -> bool {
    let responses = responses.and_then(Value::as_object);
    responses.is_some_and(|all| all.values().any(|one| one.get("action").is_some_and(|action| action != "accept")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn each_client_is_told_in_the_best_way_that_it_takes() {
        let can = json!({ "elicitation": { "url": {}, "form": {} } });
        let modern = map(&json!({ "_meta": { CAPABILITIES: can } }));
        let (none, told) = (
            HeaderMap::new(),
            HeaderMap::from_iter([(http::HeaderName::from_static(SESSION_HEADER), HeaderValue::from_static(SESSION))]),
        );
        let form = map(&json!({ "_meta": { CAPABILITIES: { "elicitation": { "form": {} } } } }));
        let opening = map(&json!({ "capabilities": can }));
        let opens_urls = |method, params| Capabilities::of(method, params).questions.pages;
        assert!(opens_urls("tools/call", &modern) && opens_urls("initialize", &opening));
        assert!(!opens_urls("tools/call", &form) && !opens_urls("initialize", &modern));
        for (said, forms) in
            [(json!({}), true), (json!({ "form": {} }), true), (json!({ "url": {} }), false), (json!(1), false)]
        {
            let params = map(&json!({ "_meta": { CAPABILITIES: { "elicitation": said } } }));
            assert_eq!(Capabilities::of("tools/call", &params).questions.forms, forms, "{said}");
        }
        for (version, headers, opens, expected) in [
            (Version::V2026_07_28, &none, true, Elicits::ByResult),
            (Version::V2026_07_28, &told, false, Elicits::InWords),
            (Version::V2025_11_25, &told, false, Elicits::ByError),
            (Version::V2025_11_25, &none, true, Elicits::InWords),
            (Version::V2025_06_18, &told, false, Elicits::InWords),
        ] {
            assert_eq!(Elicits::of(version, headers, opens), expected, "{version:?}");
        }
        assert_eq!(session(Version::V2025_11_25, true), Some(SESSION));
        assert_eq!((session(Version::V2025_06_18, true), session(Version::V2025_11_25, false)), (None, None));
    }

    #[test]
    fn what_a_client_lacks_is_what_it_has_not_declared() {
        let declared = |said: &Value| Capabilities::of("tools/call", &map(&json!({ "_meta": { CAPABILITIES: said } })));
        let lacks = |said: Value, wanted: Value| Value::Object(declared(&said).lacks(&map(&wanted)));
        let form = json!({ "elicitation": { "form": {} } });
        assert_eq!(
            lacks(json!({}), json!({ "sampling": {}, "elicitation": {} })),
            json!({ "sampling": {}, "elicitation": {} })
        );
        assert_eq!(lacks(form.clone(), form.clone()), json!({}));
        assert_eq!(lacks(json!({ "elicitation": {} }), form.clone()), json!({}));
        let both = json!({ "elicitation": { "form": {}, "url": {} } });
        assert_eq!(lacks(form, both.clone()), both);
        assert_eq!(lacks(json!({ "sampling": {}, "roots": {} }), json!({ "sampling": {}, "roots": {} })), json!({}));
    }

    #[test]
    fn whoever_says_no_is_heard() {
        for (responses, no) in [
            (json!({ "page": { "action": "accept" } }), false),
            (json!({ "page": { "action": "decline" } }), true),
            (json!({ "page": { "action": "cancel" } }), true),
            (json!({}), false),
        ] {
            assert_eq!(declined(Some(&responses)), no, "{responses}");
        }
    }
}

//! What a client is told when its user has to open a page of ours before a call can go on, by what the client can do.
//!
//! Modern clients say with every request what they can do. Legacy ones say it once, in `initialize`, and no session is kept
//! here: so what they said is the session id that they are given, the same for all of them, and comes back with every
//! request.

use super::version::Version;
use http::HeaderMap;
use serde_json::{Map, Value, json};

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
    /// How the client of this request takes it; `opens` is what [`opens_urls`] says of its parameters.
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

/// Whether the parameters of a request say that its client opens URLs for its user.
#[must_use]
pub fn opens_urls(method: &str, params: &Map<String, Value>) -> bool {
    let capabilities = match method {
        "initialize" => params.get("capabilities"),
        _ => params.get("_meta").and_then(|meta| meta.get(CAPABILITIES)),
    };
    capabilities.and_then(|all| all.pointer("/elicitation/url")).is_some_and(Value::is_object)
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
pub(super) fn declined(responses: Option<&Value>) -> bool {
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
        assert!(opens_urls("tools/call", &modern) && opens_urls("initialize", &opening));
        assert!(!opens_urls("tools/call", &form) && !opens_urls("initialize", &modern));
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

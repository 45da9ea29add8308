//! What is answered instead of a result: a JSON-RPC error and the HTTP status it rides on.

use super::elicit;
use super::version::Version;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use valetkey_domain::invisible::shown;
use valetkey_domain::tool::MAX_NAME;

/// A refusal of one message.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The HTTP status of the answer when it is the only one.
    pub status: u16,
    /// The JSON-RPC error code.
    pub code: i32,
    /// What is wrong and what to do.
    pub message: Cow<'static, str>,
    /// What a program may want to know beside it.
    pub data: Option<Box<Value>>,
}

/// The bytes are not JSON, or not JSON that is read here.
pub const PARSE_ERROR: i32 = -32700;
/// The JSON is no message of the protocol.
pub const INVALID_REQUEST: i32 = -32600;
/// No such method here.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// The method is known, its parameters are not right.
pub const INVALID_PARAMS: i32 = -32602;
/// A defect or an overload of ours.
pub const INTERNAL_ERROR: i32 = -32603;
/// HTTP headers and body say different things.
pub const HEADER_MISMATCH: i32 = -32020;
/// The user has to open a page first (2025-11-25).
pub const URL_ELICITATION_REQUIRED: i32 = -32042;
/// The client has not declared what the request needs.
pub const LACKS_CAPABILITY: i32 = -32021;
/// A revision of the protocol that is not served here.
pub const UNSUPPORTED_VERSION: i32 = -32022;

impl Fault {
    /// One that rides on HTTP 400: the message as such cannot be taken, in either era.
    pub fn bad(code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: 400, code, message: message.into(), data: None }
    }

    /// One about a message that was understood. Legacy: always HTTP 200. Modern: 404 for an unknown method, 400 for
    /// what the client can mend, 200 for what it cannot.
    pub fn of(version: Version, code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        let status = match (version.modern(), code) {
            (false, _) | (true, INTERNAL_ERROR) => 200,
            (true, METHOD_NOT_FOUND) => 404,
            (true, _) => 400,
        };
        Self { status, code, message: message.into(), data: None }
    }

    /// The bytes could not be read as JSON.
    #[must_use]
    pub fn unreadable(why: &serde_json::Error) -> Self {
        Self::bad(PARSE_ERROR, format!("the body is not JSON that can be read here: {why}"))
    }

    /// The bytes are JSON, but not as it is read here.
    #[must_use]
    pub fn unsound(why: &serde_json::Error) -> Self {
        Self::bad(INVALID_REQUEST, format!("the body is not JSON that can be read here: {why}"))
    }

    /// The revision is not served; says which are.
    #[must_use]
    pub fn unsupported(requested: &str) -> Self {
        let requested = shown(requested, 64);
        let supported = Version::ALL.map(Version::as_str);
        let data = json!({ "supported": supported, "requested": requested });
        let message = format!("protocol version '{requested}' is not served here; these are: {}", supported.join(", "));
        Self { data: Some(Box::new(data)), ..Self::bad(UNSUPPORTED_VERSION, message) }
    }

    /// The user has to open this page, and the call has to be made again then. `id` names the question.
    #[must_use]
    pub fn page_needed(id: &str, url: &str, message: String) -> Self {
        let data = elicit::as_error(id, url, &message);
        Self { data: Some(Box::new(data)), ..Self::of(Version::V2025_11_25, URL_ELICITATION_REQUIRED, message) }
    }

    /// The request needs a client that can do this too; modern.
    #[must_use]
    pub fn lacks(wanted: &Map<String, Value>, message: String) -> Self {
        let data = json!({ "requiredCapabilities": wanted });
        Self { data: Some(Box::new(data)), ..Self::bad(LACKS_CAPABILITY, message) }
    }

    /// A tool that does not exist, or that this URL does not offer: nobody can tell which. `near` is one that it offers.
    #[must_use]
    pub fn unknown_tool(version: Version, name: &str, near: Option<&str>) -> Self {
        let name = shown(name, MAX_NAME);
        let meant = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
        Self::of(version, INVALID_PARAMS, format!("unknown tool '{name}'{meant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_of_a_caller_is_seen_as_it_is() {
        let hidden = "a\u{202e}b\u{200b}c\u{2028}d";
        let tool = Fault::unknown_tool(Version::V2025_11_25, hidden, None);
        assert_eq!(tool.message, "unknown tool 'abc d'");
        let version = Fault::unsupported(hidden);
        assert!(version.message.starts_with("protocol version 'abc d' is not"), "{}", version.message);
    }
}

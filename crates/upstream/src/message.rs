//! JSON-RPC messages, as they are sent and as they come back.

use crate::error::Error;
use crate::versions::MODERN;
use crate::words;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::sync::atomic::AtomicBool;
use valetkey_domain::json;

/// What a request that we send is named by.
pub(crate) type Id = u64;

/// The code of an error that says that a request's version of the protocol is not taken.
const OTHER_VERSION: i64 = -32_022;

/// The code of an error that says that the client can't do what a request needs.
const LACKS_CAPABILITY: i64 = -32_021;
/// What a client can be asked for in the midst of a request.
const CAPABILITIES: [&str; 3] = ["elicitation", "sampling", "roots"];

/// What a server asks a user something by.
pub(crate) const ELICIT: &str = "elicitation/create";

/// A request.
pub(crate) fn request(id: Id, method: &str, params: &Map<String, Value>) -> Bytes {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string().into()
}

/// The answer to a question that nobody saw.
pub(crate) fn cancelled() -> Value {
    json!({ "action": "cancel" })
}

/// A message that wants no answer.
pub(crate) fn notification(method: &str, params: Option<Value>) -> Bytes {
    let mut message = json!({ "jsonrpc": "2.0", "method": method });
    if let (Some(members), Some(params)) = (message.as_object_mut(), params) {
        members.insert("params".to_owned(), params);
    }
    message.to_string().into()
}

/// What one message of a server is to us.
pub(crate) enum Incoming {
    /// The answer to our request.
    Answer(Value),
    /// The refusal of it.
    Refusal(Refusal),
    /// It asks something of us; the answer to it, and whether the question is one to the user.
    Asked(Bytes, bool),
    /// How far it is.
    Progress { done: f64, total: Option<f64>, message: String },
    /// It has other tools by now.
    ToolsChanged,
    /// Nothing that concerns the request.
    Other,
}

/// An error in the protocol's own form.
pub(crate) struct Refusal {
    code: i64,
    message: String,
    /// Whether it names the modern era's revision among those that the server takes.
    takes_ours: bool,
    /// What it wants the client to be able to do.
    wants: Map<String, Value>,
}

/// The error of a message.
fn refusal(error: &Value) -> Refusal {
    let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
    let message = words::shown(error.get("message").and_then(Value::as_str).unwrap_or("it does not say why"));
    let supported = error.pointer("/data/supported").and_then(Value::as_array);
    let takes_ours = supported.is_some_and(|all| all.iter().any(|version| version == MODERN));
    let wants = error.pointer("/data/requiredCapabilities").map(wanted).unwrap_or_default();
    Refusal { code, message, takes_ours, wants }
}

/// Of the capabilities that a server names those that are known.
fn wanted(named: &Value) -> Map<String, Value> {
    let kinds = |name: &str, of: &Value| {
        let known = ["form", "url"].into_iter().filter(|kind| name == "elicitation" && of.get(*kind).is_some());
        known.map(|kind| (kind.to_owned(), json!({}))).collect::<Map<_, _>>()
    };
    let known = CAPABILITIES.into_iter().filter_map(|name| Some((name, named.get(name)?)));
    known.map(|(name, of)| (name.to_owned(), Value::Object(kinds(name, of)))).collect()
}

/// The error that the body of a failure is, if it is one of the protocol's.
pub(crate) fn refusal_of(body: &[u8]) -> Option<Refusal> {
    let message = json::parse(body).ok()?;
    let error = message.get("error")?;
    error.get("code").and_then(Value::as_i64)?;
    Some(refusal(error))
}

impl<F> From<Refusal> for Error<F> {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, message, takes_ours, wants } = refusal;
        match code {
            OTHER_VERSION => Self::Version { takes_ours },
            LACKS_CAPABILITY if !wants.is_empty() => Self::Lacks { wants, message },
            _ => Self::Refused { code, message },
        }
    }
}

/// Reads a message that came while this request waits for its answer, unless it is stopped.
pub(crate) fn read<F>(bytes: &[u8], id: Id, stopped: &AtomicBool) -> Result<Incoming, Error<F>> {
    let mut value = json::parse_unless(stopped, bytes).map_err(|why| Error::Nonsense(why.to_string()))?;
    // Servers of the first revision may answer one request with a batch of one.
    if let Value::Array(items) = &mut value
        && items.len() == 1
    {
        value = items.pop().unwrap_or_default();
    }
    let Value::Object(mut members) = value else { return Err(Error::nonsense("it is no JSON object")) };
    if let Some(method) = members.get("method").and_then(Value::as_str) {
        return Ok(told(method, &members));
    }
    // An error about what could not be read names nothing.
    let ours = match members.get("id") {
        None | Some(Value::Null) => members.contains_key("error"),
        Some(named) => named.as_u64() == Some(id) || named.as_str() == Some(id.to_string().as_str()),
    };
    if !ours {
        return Ok(Incoming::Other);
    }
    if let Some(error) = members.get("error") {
        return Ok(Incoming::Refusal(refusal(error)));
    }
    match members.remove("result") {
        Some(result @ Value::Object(_)) => Ok(Incoming::Answer(result)),
        _ => Err(Error::nonsense("it has neither a result nor an error")),
    }
}

/// What a server says or asks by itself. A sign of life is answered; all else that it could ask for was not offered. A
/// question to the user, which was not offered either, is answered as one that nobody saw: servers go on from that, and
/// break off where there is an error.
fn told(method: &str, members: &Map<String, Value>) -> Incoming {
    if let Some(id) = members.get("id").filter(|id| id.is_number() || id.is_string()) {
        let answer = match method {
            "ping" => json!({ "jsonrpc": "2.0", "id": id, "result": {} }),
            ELICIT => json!({ "jsonrpc": "2.0", "id": id, "result": cancelled() }),
            _ => {
                let message = "this client does not offer that";
                json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32601, "message": message } })
            }
        };
        return Incoming::Asked(answer.to_string().into(), method == ELICIT);
    }
    let params = members.get("params");
    let number = |name: &str| params.and_then(|params| params.get(name)).and_then(Value::as_f64);
    match (method, number("progress")) {
        ("notifications/progress", Some(done)) => {
            let message = params.and_then(|params| params.get("message")).and_then(Value::as_str).unwrap_or_default();
            Incoming::Progress { done, total: number("total"), message: words::shown(message) }
        }
        ("notifications/tools/list_changed", _) => Incoming::ToolsChanged,
        _ => Incoming::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn of(text: &str) -> Result<Incoming, Error<Infallible>> {
        read(text.as_bytes(), 7, &AtomicBool::new(false))
    }

    #[test]
    fn only_the_answer_to_our_request_is_one() {
        assert!(matches!(of(r#"{"jsonrpc":"2.0","id":7,"result":{"a":1}}"#), Ok(Incoming::Answer(_))));
        assert!(matches!(of(r#"{"jsonrpc":"2.0","id":"7","result":{}}"#), Ok(Incoming::Answer(_))));
        assert!(matches!(of(r#"[{"jsonrpc":"2.0","id":7,"result":{}}]"#), Ok(Incoming::Answer(_))));
        assert!(matches!(of(r#"{"jsonrpc":"2.0","id":8,"result":{}}"#), Ok(Incoming::Other)));
        assert!(matches!(
            of(r#"{"id":null,"error":{"code":-32600,"message":"x"}}"#),
            Ok(Incoming::Refusal(Refusal { code: -32600, .. }))
        ));
        for none in ["", "[]", "[[]]", "{", r#"{"id":7}"#, r#"{"id":7,"result":3}"#, r#"{"id":7,"id":7,"result":{}}"#] {
            assert!(matches!(of(none), Err(Error::Nonsense(_))), "{none}");
        }
    }

    #[test]
    fn what_a_server_asks_is_answered_and_never_done() {
        let Ok(Incoming::Asked(pong, false)) = of(r#"{"jsonrpc":"2.0","id":"s1","method":"ping"}"#) else {
            panic!("a ping")
        };
        assert!(String::from_utf8_lossy(&pong).contains(r#""result":{}"#));
        let asked = of(r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}"#);
        let Ok(Incoming::Asked(no, false)) = asked else { panic!("a request") };
        assert!(String::from_utf8_lossy(&no).contains("-32601"));
        let asked =
            of(r#"{"jsonrpc":"2.0","id":2,"method":"elicitation/create","params":{"message":"Your password?"}}"#);
        let Ok(Incoming::Asked(unseen, true)) = asked else { panic!("a question to the user") };
        assert!(String::from_utf8_lossy(&unseen).contains(r#""action":"cancel""#));
        let told = of(r#"{"method":"notifications/progress","params":{"progress":1,"total":4,"message":"a\u0007b"}}"#);
        assert!(matches!(told, Ok(Incoming::Progress { message, .. }) if message == "ab"));
        let changed = of(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
        assert!(matches!(changed, Ok(Incoming::ToolsChanged)));
    }
}

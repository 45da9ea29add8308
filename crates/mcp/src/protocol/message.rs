//! JSON-RPC messages as they arrive.

use super::fault::{Fault, INVALID_REQUEST};
use super::id::{Id, MAX_ID};
use serde::Deserialize;
use serde_json::{Map, Value};
use valetkey_domain::json;

/// The most messages in one batch.
const MAX_BATCH: usize = 50;

/// One that wants an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What its answer will carry.
    pub id: Id,
    /// What is asked.
    pub method: String,
    /// With what; empty if nothing was given.
    pub params: Map<String, Value>,
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Wants an answer.
    Request(Request),
    /// Wants none.
    Notification {
        /// What is told.
        method: String,
        /// With what.
        params: Map<String, Value>,
    },
    /// An answer to a question. Nothing is ever asked from here, so it answers nothing.
    Response,
}

/// The body of a POST.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// One message.
    One(Message),
    /// Several, each good or refused for itself.
    Batch(Vec<Result<Message, Refused>>),
}

/// A message that is none, with its id if that much could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The id it came with.
    pub id: Option<Id>,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Reads the body of a POST.
///
/// # Errors
/// It is not JSON, nests too deep, repeats a member, is an empty or oversized batch, or no message.
pub fn read(bytes: &[u8]) -> Result<Body, Refused> {
    let value = json::parse(bytes).map_err(|why| unreadable(bytes, &why))?;
    let Value::Array(items) = value else { return one(value).map(Body::One) };
    if items.is_empty() || items.len() > MAX_BATCH {
        let fault = Fault::bad(INVALID_REQUEST, format!("a batch has 1 to {MAX_BATCH} messages, not {}", items.len()));
        return Err(Refused { id: None, fault });
    }
    Ok(Body::Batch(items.into_iter().map(one).collect()))
}

/// What is refused before it is a message: no JSON at all, or JSON that is not read here, of which the id is known.
fn unreadable(bytes: &[u8], why: &serde_json::Error) -> Refused {
    #[derive(Deserialize)]
    struct Named {
        id: Option<Value>,
    }
    // All else is passed over without being kept, however deep it is.
    match serde_json::from_slice::<Named>(json::unmarked(bytes)) {
        Ok(named) => Refused { id: named.id.as_ref().and_then(Id::read), fault: Fault::unsound(why) },
        Err(_) => Refused { id: None, fault: Fault::unreadable(why) },
    }
}

fn one(value: Value) -> Result<Message, Refused> {
    let Value::Object(mut members) = value else { return Err(invalid(None, "a message is a JSON object")) };
    let id = members.get("id").and_then(Id::read);
    if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(invalid(id, "'jsonrpc' must be \"2.0\""));
    }
    let Some(method) = members.remove("method") else { return response(&members, id) };
    let Value::String(method) = method else { return Err(invalid(id, "'method' must be a text")) };
    let params = match members.remove("params") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(invalid(id, "'params' must be an object")),
    };
    match (members.contains_key("id"), id) {
        (true, Some(id)) if id.is_whole() => Ok(Message::Request(Request { id, method, params })),
        (true, id) => Err(Refused { id, fault: Fault::bad(INVALID_REQUEST, unfit_id()) }),
        (false, _) => Ok(Message::Notification { method, params }),
    }
}

fn response(members: &Map<String, Value>, id: Option<Id>) -> Result<Message, Refused> {
    if members.contains_key("result") || members.contains_key("error") {
        return Ok(Message::Response);
    }
    Err(invalid(id, "'method' is missing"))
}

fn unfit_id() -> String {
    format!("'id' must be a whole number or a text of {MAX_ID} bytes at most")
}

fn invalid(id: Option<Id>, message: &'static str) -> Refused {
    Refused { id, fault: Fault::bad(INVALID_REQUEST, message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(text: &str) -> (Option<Id>, String) {
        let refused = read(text.as_bytes()).unwrap_err();
        assert_eq!(refused.fault.status, 400);
        (refused.id, refused.fault.message.into_owned())
    }

    #[test]
    fn tells_requests_notifications_and_responses_apart() {
        let request = read(br#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#).unwrap();
        assert!(matches!(request, Body::One(Message::Request(Request { .. }))));
        let told = read(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).unwrap();
        assert!(matches!(told, Body::One(Message::Notification { .. })));
        assert_eq!(read(br#"{"jsonrpc":"2.0","id":1,"result":{}}"#).unwrap(), Body::One(Message::Response));
    }

    #[test]
    fn refusals_keep_the_id_and_say_what_is_wrong() {
        assert_eq!(fault(r#"{"jsonrpc":"1.0","id":"a","method":"x"}"#).0, Some(Id::Text("a".into())));
        assert!(fault(r#"{"jsonrpc":"2.0","id":1.5,"method":"x"}"#).1.contains("'id'"));
        assert!(fault(r#"{"jsonrpc":"2.0","id":null,"method":"x"}"#).1.contains("'id'"));
        assert!(fault(r#"{"jsonrpc":"2.0","id":1,"method":3}"#).1.contains("'method'"));
        assert!(fault(r#"{"jsonrpc":"2.0","id":1,"method":"x","params":[1]}"#).1.contains("'params'"));
        assert!(fault(r#"{"jsonrpc":"2.0","id":1}"#).1.contains("missing"));
        assert!(fault("3").1.contains("object"));
        assert!(fault("[]").1.contains("batch"));
        assert!(fault(&format!("[{}1]", "1,".repeat(MAX_BATCH))).1.contains("batch"));
    }

    proptest! {
        #[test]
        fn never_panics_and_every_request_has_an_id(id in "[0-9\"a-z.{}n]{1,6}", method in "[a-z/\"\\\\]{0,12}") {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"}}"#);
            if let Ok(Body::One(message)) = read(text.as_bytes()) {
                prop_assert!(matches!(message, Message::Request(_)), "{text}");
            }
        }
    }
}

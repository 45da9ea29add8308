//! What is sent back, as ready bytes.

use super::elicit;
use super::fault::Fault;
use super::id::Id;
use super::version::Version;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// How long a modern client may keep a list or an opening. An edit of the config is followed at once by every call,
/// whatever a client still shows.
const TTL_MS: u32 = 60_000;

/// An answer to one POST.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The HTTP status, if this is the only message of the answer.
    pub status: u16,
    /// One JSON-RPC response, in pieces: what all callers get of it is the same bytes for all.
    pub body: Vec<Bytes>,
}

#[derive(Serialize)]
struct Response<'a, T> {
    jsonrpc: &'static str,
    id: Value,
    #[serde(flatten)]
    part: Part<'a, T>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Part<'a, T> {
    Result(T),
    Error {
        code: i32,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a Value>,
    },
}

/// How a call ended, as its result says it. What an app said and what we say stand at different places: the first part of
/// the content may hold words of an app, a link of ours is a part of its own and in `_meta`, where an app's words never
/// are.
#[derive(Clone, Copy, Debug)]
pub enum Called<'a> {
    /// The app did it.
    Done {
        /// What it answered.
        text: &'a str,
        /// The same as a value, where the tool promises a schema for it.
        structured: Option<&'a Value>,
        /// That it goes on, and how to read on.
        more: Option<&'a str>,
    },
    /// The control plane answered.
    Answered {
        /// What.
        text: &'a str,
    },
    /// It did not.
    Failed {
        /// What is wrong and what to do.
        words: &'a str,
        /// Where the user gives what is missing.
        link: Option<Link<'a>>,
    },
}

/// A link of ours.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// Where it leads.
    pub url: &'a str,
    /// It in words.
    pub words: &'a str,
}

/// Who speaks in a part of the content.
const FROM: &str = "valetkey/from";
/// The member of a list's `_meta` that says which connections' tools it lacks for now, and why.
const MISSING: &str = "valetkey/missing";
/// Members of an app's own that would pose as ours.
const OURS: &str = "valetkey/";
/// The member of a result's `_meta` that has a link of ours.
const LINK: &str = "valetkey/link";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallResult<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    content: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    structured_content: Option<&'a Value>,
    is_error: bool,
    #[serde(rename = "_meta", skip_serializing_if = "Map::is_empty")]
    meta: Map<String, Value>,
}

#[derive(Serialize)]
struct Text<'a> {
    r#type: &'static str,
    text: &'a str,
    #[serde(rename = "_meta")]
    meta: Value,
}

impl<'a> Text<'a> {
    fn from(who: &str, text: &'a str) -> Self {
        Self { r#type: "text", text, meta: json!({ FROM: who }) }
    }
}

impl Reply {
    /// A refusal; `id` is none when that much could not be read.
    #[must_use]
    pub fn fault(id: Option<&Id>, fault: &Fault) -> Self {
        let part: Part<'_, ()> = Part::Error { code: fault.code, message: &fault.message, data: fault.data.as_deref() };
        Self { status: fault.status, body: vec![written(id, part)] }
    }

    /// The answer to a legacy opening.
    #[must_use]
    pub fn initialized(id: &Id, agreed: Version, instructions: &str) -> Self {
        Self::result(
            id,
            json!({
                "protocolVersion": agreed.as_str(),
                "capabilities": { "tools": {} },
                "serverInfo": server_info(),
                "instructions": instructions,
            }),
        )
    }

    /// The answer to a modern opening.
    #[must_use]
    pub fn discovered(id: &Id, instructions: &str) -> Self {
        Self::result(
            id,
            json!({
                "resultType": "complete",
                "supportedVersions": Version::ALL.map(Version::as_str),
                "capabilities": { "tools": {} },
                "instructions": instructions,
                "ttlMs": TTL_MS,
                "cacheScope": "private",
                "_meta": meta(),
            }),
        )
    }

    /// The answer to a legacy ping.
    #[must_use]
    pub fn pong(id: &Id) -> Self {
        Self::result(id, json!({}))
    }

    /// The list of tools: `tools` is a JSON array that was written before, and is not copied; `missing` says what it lacks
    /// for now.
    #[must_use]
    pub fn listed(id: &Id, version: Version, tools: Bytes, missing: &[String]) -> Self {
        let head = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"tools":"#, Value::from(id));
        let mut tail = String::new();
        let mut meta = if version.modern() { meta() } else { Map::new() };
        if !missing.is_empty() {
            meta.insert(MISSING.to_owned(), json!(missing));
        }
        if version.modern() {
            tail.push_str(&format!(r#","resultType":"complete","ttlMs":{TTL_MS},"cacheScope":"private""#));
        }
        if !meta.is_empty() {
            tail.push_str(&format!(r#","_meta":{}"#, Value::Object(meta)));
        }
        tail.push_str("}}");
        Self { status: 200, body: vec![head.into(), tools, tail.into()] }
    }

    /// The outcome of a call.
    #[must_use]
    pub fn called(id: &Id, version: Version, called: &Called<'_>) -> Self {
        let (mut content, structured_content, link) = match called {
            Called::Done { text, structured, more } => {
                let more = more.iter().map(|words| Text::from("server", words));
                ([Text::from("app", text)].into_iter().chain(more).collect(), *structured, None)
            }
            Called::Answered { text } => (vec![Text::from("server", text)], None, None),
            Called::Failed { words, link } => (vec![Text::from("server, perhaps quoting the app", words)], None, *link),
        };
        let mut meta = if version.modern() { meta() } else { Map::new() };
        if let Some(Link { url, words }) = link {
            content.push(Text::from("server", words));
            meta.insert(LINK.to_owned(), url.into());
        }
        let is_error = matches!(called, Called::Failed { .. });
        let result_type = version.modern().then_some("complete");
        Self::result(id, CallResult { result_type, content, structured_content, is_error, meta })
    }

    /// Not a result yet: the user has to open this page. The client comes back with `state`.
    #[must_use]
    pub fn page_needed(id: &Id, url: &str, message: &str, state: &str) -> Self {
        Self::input_required(id, &elicit::questions(url, message), state)
    }

    /// Not a result yet: the user is asked this. The client comes back with the answers and `state`.
    #[must_use]
    pub fn input_required(id: &Id, requests: &Value, state: &str) -> Self {
        Self::result(
            id,
            json!({
                "resultType": "input_required",
                "inputRequests": requests,
                "requestState": state,
                "_meta": meta(),
            }),
        )
    }

    /// The result of a remote server's tool, handed on. What it says beside content is left out of `_meta`, where only we
    /// speak; each part of the content is marked as the app's. `more` says that it goes on, and how to read on.
    #[must_use]
    pub fn passed_on(id: &Id, version: Version, mut result: Value, more: Option<&str>) -> Self {
        let mut content = match result.get_mut("content").map(Value::take) {
            Some(Value::Array(content)) => content,
            _ => Vec::new(),
        };
        // Before 2026-07-28 it was an object, and strict clients still take nothing else there. What it says stays.
        let structured =
            result.get_mut("structuredContent").map(Value::take).filter(|structured| !structured.is_null());
        let (structured, odd): (Option<Value>, _) = match structured {
            Some(odd) if !version.modern() && !odd.is_object() => (None, Some(odd)),
            structured => (structured, None),
        };
        let has_words = content.iter().any(|part| part.get("type").is_some_and(|kind| kind == "text"));
        content.extend(odd.filter(|_| !has_words).map(|odd| json!({ "type": "text", "text": odd.to_string() })));
        for part in content.iter_mut().filter_map(Value::as_object_mut) {
            let mut marked = match part.remove("_meta") {
                Some(Value::Object(marked)) => marked,
                _ => Map::new(),
            };
            marked.retain(|name, _| !name.starts_with(OURS));
            marked.insert(FROM.to_owned(), "app".into());
            part.insert("_meta".to_owned(), Value::Object(marked));
        }
        content.extend(more.map(|words| json!(Text::from("server", words))));
        let mut whole = json!({ "content": content, "isError": false });
        if let Some(members) = whole.as_object_mut() {
            if let Some(structured) = structured {
                members.insert("structuredContent".to_owned(), structured);
            }
            if version.modern() {
                members.insert("resultType".to_owned(), "complete".into());
                members.insert("_meta".to_owned(), Value::Object(meta()));
            }
        }
        Self::result(id, whole)
    }

    fn result(id: &Id, result: impl Serialize) -> Self {
        Self { status: 200, body: vec![written(Some(id), Part::Result(result))] }
    }

    /// How many bytes it has.
    #[must_use]
    pub fn length(&self) -> usize {
        self.body.iter().map(Bytes::len).sum()
    }
}

/// Progress of the request under this token, as the notification that a stream carries; without words where there are none.
#[must_use]
pub fn progress(token: &Id, done: f64, total: Option<f64>, message: &str) -> Bytes {
    let mut params = Map::new();
    params.insert("progressToken".into(), token.into());
    params.insert("progress".into(), number(done));
    params.extend(total.map(|total| ("total".into(), number(total))));
    params.extend((!message.is_empty()).then(|| ("message".into(), message.into())));
    json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }).to_string().into()
}

/// A number as people write it: `3`, not `3.0`.
fn number(number: f64) -> Value {
    // Further than this a double is no exact whole number.
    let whole = number.fract() == 0.0 && number.abs() < 9e15;
    #[expect(clippy::cast_possible_truncation, reason = "it is used where it is whole and within the range")]
    let integer = number as i64;
    if whole { integer.into() } else { number.into() }
}

fn written<T: Serialize>(id: Option<&Id>, part: Part<'_, T>) -> Bytes {
    let response = Response { jsonrpc: "2.0", id: id.map_or(Value::Null, Value::from), part };
    // Only a map whose keys are no texts can fail to be written, and there is none.
    serde_json::to_vec(&response).unwrap_or_default().into()
}

fn server_info() -> Value {
    json!({ "name": "valetkey", "title": "Valetkey", "version": env!("CARGO_PKG_VERSION") })
}

fn meta() -> Map<String, Value> {
    Map::from_iter([("io.modelcontextprotocol/serverInfo".to_owned(), server_info())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_structure_of_any_kind_is_passed_on_where_it_may_be_and_else_said_in_words() {
        let words = json!({ "type": "text", "text": "two" });
        let handed = |version, content: Value, structured: Value| {
            let result = json!({ "content": content, "structuredContent": structured });
            let reply = Reply::passed_on(&Id::Number(1.into()), version, result, None);
            let whole: Value = serde_json::from_slice(&reply.body.concat()).unwrap();
            let texts =
                whole["result"]["content"].as_array().unwrap().iter().map(|part| part["text"].clone()).collect();
            (whole["result"].get("structuredContent").cloned(), Value::Array(texts))
        };
        let (list, object) = (json!([1, 2]), json!({ "a": 1 }));
        let (modern, legacy) = (Version::V2026_07_28, Version::V2025_11_25);
        assert_eq!(handed(modern, json!([words]), list.clone()), (Some(list.clone()), json!(["two"])));
        assert_eq!(handed(legacy, json!([words]), list.clone()), (None, json!(["two"])));
        assert_eq!(handed(legacy, json!([]), list), (None, json!(["[1,2]"])));
        assert_eq!(handed(legacy, json!([]), object.clone()), (Some(object), json!([])));
        assert_eq!(handed(modern, json!([]), Value::Null), (None, json!([])));
    }
}

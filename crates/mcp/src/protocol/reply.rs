//! What is sent back, as ready bytes.

use super::fault::Fault;
use super::id::Id;
use super::version::Version;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

/// How long a modern client may keep a list or an opening. An edit of the config is followed at once by every call,
/// whatever a client still shows.
const TTL_MS: u32 = 60_000;

/// An answer to one POST.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The HTTP status, if this is the only message of the answer.
    pub status: u16,
    /// One JSON-RPC response.
    pub body: Bytes,
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallResult<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    content: [Text<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    structured_content: Option<&'a Value>,
    is_error: bool,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Value>,
}

#[derive(Serialize)]
struct Text<'a> {
    r#type: &'static str,
    text: &'a str,
}

impl Reply {
    /// A refusal; `id` is none when that much could not be read.
    #[must_use]
    pub fn fault(id: Option<&Id>, fault: &Fault) -> Self {
        let part: Part<'_, ()> = Part::Error { code: fault.code, message: &fault.message, data: fault.data.as_deref() };
        Self { status: fault.status, body: written(id, part) }
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

    /// The list of tools: `tools` is a JSON array that was written once for all who ask.
    #[must_use]
    pub fn listed(id: &Id, version: Version, tools: &[u8]) -> Self {
        let mut body = Vec::with_capacity(tools.len() + 256);
        body.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
        body.extend_from_slice(Value::from(id).to_string().as_bytes());
        body.extend_from_slice(br#","result":{"tools":"#);
        body.extend_from_slice(tools);
        if version.modern() {
            let rest =
                format!(r#","resultType":"complete","ttlMs":{TTL_MS},"cacheScope":"private","_meta":{}"#, meta());
            body.extend_from_slice(rest.as_bytes());
        }
        body.extend_from_slice(b"}}");
        Self { status: 200, body: body.into() }
    }

    /// The outcome of a call. `structured` is given only where the tool promises a schema for it.
    #[must_use]
    pub fn called(id: &Id, version: Version, text: &str, structured: Option<&Value>, is_error: bool) -> Self {
        Self::result(
            id,
            CallResult {
                result_type: version.modern().then_some("complete"),
                content: [Text { r#type: "text", text }],
                structured_content: structured,
                is_error,
                meta: version.modern().then(meta),
            },
        )
    }

    fn result(id: &Id, result: impl Serialize) -> Self {
        Self { status: 200, body: written(Some(id), Part::Result(result)) }
    }
}

/// Progress of the request under this token, as the notification that a stream carries.
#[must_use]
pub fn progress(token: &Id, done: u64, total: Option<u64>, message: &str) -> Bytes {
    let mut params = json!({ "progressToken": Value::from(token), "progress": done, "message": message });
    if let (Some(total), Some(params)) = (total, params.as_object_mut()) {
        params.insert("total".into(), total.into());
    }
    json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }).to_string().into()
}

fn written<T: Serialize>(id: Option<&Id>, part: Part<'_, T>) -> Bytes {
    let response = Response { jsonrpc: "2.0", id: id.map_or(Value::Null, Value::from), part };
    // Only a map whose keys are no texts can fail to be written, and there is none.
    serde_json::to_vec(&response).unwrap_or_default().into()
}

fn server_info() -> Value {
    json!({ "name": "valetkey", "title": "Valetkey", "version": env!("CARGO_PKG_VERSION") })
}

fn meta() -> Value {
    json!({ "io.modelcontextprotocol/serverInfo": server_info() })
}

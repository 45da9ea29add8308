//! The two requests that are measured, in both eras of the protocol.

use crate::client::Ask;
use serde_json::{Value, json};

/// How a client speaks: with a version that was negotiated before, or with one in each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    Legacy,
    Modern,
}

/// Both.
pub(crate) const ERAS: [Era; 2] = [Era::Legacy, Era::Modern];

/// The newest version of each era.
pub(crate) const LEGACY: &str = "2025-11-25";
pub(crate) const MODERN: &str = "2026-07-28";

/// The upstream's tool.
pub(crate) const TOOL: &str = "echo";

impl Era {
    /// How the table calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Legacy => LEGACY,
            Self::Modern => MODERN,
        }
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    List,
    Call,
}

/// Both.
pub(crate) const WHATS: [What; 2] = [What::List, What::Call];

impl What {
    /// The protocol's name of it.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::List => "tools/list",
            Self::Call => "tools/call",
        }
    }
}

/// The request, where the tool is called this. As the official clients send it: with JSON and a stream both accepted.
pub(crate) fn ask(path: &str, era: Era, what: What, tool: &'static str) -> Ask {
    let mut params = match what {
        What::List => json!({}),
        What::Call => json!({"name": tool, "arguments": {"text": "a word"}}),
    };
    if era == Era::Modern
        && let Some(params) = params.as_object_mut()
    {
        params.insert("_meta".to_owned(), meta());
    }
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": what.method(), "params": params});
    let ask = Ask::post(path, &body)
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", era.name());
    match (era, what) {
        (Era::Legacy, _) => ask,
        (Era::Modern, What::List) => ask.header("mcp-method", what.method()),
        (Era::Modern, What::Call) => ask.header("mcp-method", what.method()).header("mcp-name", tool),
    }
}

fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

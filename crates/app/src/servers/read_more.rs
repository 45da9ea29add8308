//! The tool by which an agent reads on where a config cuts long answers: listed with the others, answered by
//! `calls::read_on`.

use serde_json::{Value, json};

/// Its name.
pub(crate) const READ_MORE: &str = "read_more";

/// In MCP's words.
pub(super) fn definition() -> Value {
    json!({
        "name": READ_MORE,
        "title": "Read on",
        "description": "Gives the next part of an answer that was too long to be given at once. The end of such an answer \
                        says the handle.",
        "inputSchema": {
            "type": "object",
            "properties": { "handle": { "type": "string", "description": "The handle that the last part ended with." } },
            "required": ["handle"],
            "additionalProperties": false,
        },
        "annotations": {
            "title": "Read on", "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true,
            "openWorldHint": false,
        },
    })
}

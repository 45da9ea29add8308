//! A tool of a remote server.

use super::arguments::Arguments;

/// A tool of a remote server.
#[derive(Debug)]
pub struct RemoteTool {
    /// Its name there.
    pub own_name: String,
    /// Its input schema as it came, where that names headers which the server wants beside the arguments; else null.
    pub input_schema: serde_json::Value,
    /// SHA-256 of all that a model is told of it.
    pub digest: [u8; 32],
    pub(crate) arguments: Arguments,
}

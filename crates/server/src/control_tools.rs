//! The control plane's methods, spoken in MCP: `api` knows the tools, `mcp` the protocol, and neither the other.

use serde_json::{Map, Value};
use std::pin::Pin;
use valetkey_api::ControlTools;
use valetkey_app::Result;
use valetkey_app::calls::{AnswerRoom, RequestMemory};
use valetkey_mcp::control::{Caller, ControlPlane};

/// The tools as `mcp` asks for them.
pub(crate) struct Tools(pub(crate) ControlTools);

impl ControlPlane for Tools {
    fn instructions(&self) -> &'static str {
        self.0.instructions()
    }

    fn tools(&self) -> Result<bytes::Bytes> {
        self.0.definitions()
    }

    fn find(&self, name: &str) -> std::result::Result<(), Option<&'static str>> {
        self.0.find(name)
    }

    fn call(
        &self,
        caller: Caller,
        name: String,
        arguments: Map<String, Value>,
        asked: RequestMemory,
    ) -> Pin<Box<dyn Future<Output = std::result::Result<(Value, AnswerRoom), String>> + Send>> {
        let Caller { ctx, token, decided } = caller;
        let by = valetkey_api::Caller { ctx, token, decided };
        Box::pin(self.0.clone().call(by, name, arguments, asked))
    }
}

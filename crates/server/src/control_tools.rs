//! The control plane's methods, spoken in MCP: `api` knows the tools, `mcp` the protocol, and neither the other.

use serde_json::{Map, Value};
use valetkey_api::ControlTools;
use valetkey_app::Result;
use valetkey_app::calls::RequestMemory;
use valetkey_mcp::control::{Caller, ControlCall, ControlPlane};

/// The tools as `mcp` asks for them.
pub(crate) struct Tools(pub(crate) ControlTools);

impl ControlPlane for Tools {
    fn instructions(&self) -> &'static str {
        self.0.instructions()
    }

    fn tools(&self) -> Result<bytes::Bytes> {
        self.0.definitions()
    }

    fn call(
        &self,
        caller: Caller,
        name: &str,
        arguments: Map<String, Value>,
        asked: RequestMemory,
    ) -> std::result::Result<ControlCall, Option<&'static str>> {
        let Caller { ctx, token, decided } = caller;
        let by = valetkey_api::Caller { ctx, token, decided };
        let called = self.0.clone().call(by, name, arguments, asked)?;
        Ok(Box::pin(called))
    }
}

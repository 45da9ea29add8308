//! The control plane's methods as tools for a coding agent. A tool is a line of [`table`]: a method with the members of
//! its request that a model needs. Its schema comes from the descriptors, its call is the method itself, through the same
//! gate; so a caller sees and does here what it could by the API, no more and no less.
//!
//! How the protocol is spoken is not known here: see [`ControlTools`] for what its speaker asks.

mod arguments;
mod listing;
mod table;

use crate::called::Called;
use crate::contract::Contract;
use crate::entrance::Admitted;
use crate::{given, rest};
use axum::Router;
use bytes::Bytes;
use serde_json::{Map, Value};
use std::sync::Arc;
use table::{TOOLS, Tool};
use tokio::time::Instant;
use tonic::Status;
use valetkey_app::calls::{AnswerRoom, Asked, RequestMemory};
use valetkey_app::{App, Error, Result};
use valetkey_domain::{Ctx, Kind, Secret};

/// What a model is told when it opens.
const INSTRUCTIONS: &str = "These tools set Valetkey up: a server that gives each user of an app an MCP URL of their own, \
    signed in to that user's accounts. From nothing to a first user: (1) list_providers shows the apps there are; \
    (2) create_connection makes a connection to one; for OAuth, register its redirect_uri (get_connection shows it) with \
    the app's vendor, and give the OAuth client's id and secret to update_connection until the connection's status is \
    COMPLETED; (3) search_tools finds tools, create_mcp_config says which connections and tools an agent gets; \
    (4) ensure_mcp_instance makes a user's server, and get_mcp_instance_auth_state with include_auth_links gives the links \
    by which that user signs in. An instance's url is a credential of that user: hand it to their agent and show it to \
    nobody else. A link is for that user alone. Never invent a client secret: ask the person you work for.";

/// The tools, and what calls them.
#[derive(Clone)]
pub struct ControlTools {
    app: App,
    contract: Arc<Contract>,
    grpc: Router,
}

/// A tool's answer with the room that it takes, or what is wrong.
type Answered = std::result::Result<(Value, AnswerRoom), String>;

/// Who calls a tool.
pub struct Caller {
    /// Its right, as the door gave it.
    pub ctx: Ctx,
    /// Its access token.
    pub token: Arc<Secret<str>>,
    /// When the door decided.
    pub decided: Instant,
}

impl ControlTools {
    pub(crate) fn new(app: App, contract: Arc<Contract>, grpc: Router) -> Self {
        Self { app, contract, grpc }
    }

    /// What a model is told when it opens.
    #[must_use]
    pub const fn instructions(&self) -> &'static str {
        INSTRUCTIONS
    }

    /// All tools, as a JSON array of their definitions in the Model Context Protocol.
    ///
    /// # Errors
    /// The .proto files say something that has no schema, which is a defect.
    pub fn definitions(&self) -> Result<Bytes> {
        listing::written().map_err(|why| Error::new(Kind::Internal, "the tools cannot be listed").because(why))
    }

    /// Calls the tool of this name. Its answer is its method's in the API's JSON, or what is wrong and what to do, in words for
    /// a model.
    ///
    /// # Errors
    /// There is none of this name; the nearest one, if one is near.
    pub fn call(
        self,
        by: Caller,
        name: &str,
        arguments: Map<String, Value>,
        asked: RequestMemory,
    ) -> std::result::Result<impl Future<Output = Answered> + Send + use<>, Option<&'static str>> {
        let near = || valetkey_domain::nearest(name, TOOLS.iter().map(|tool| tool.name));
        let tool = tool(name).ok_or_else(near)?;
        Ok(self.called(by, tool, arguments, asked))
    }

    async fn called(self, by: Caller, tool: &Tool, arguments: Map<String, Value>, asked: RequestMemory) -> Answered {
        let method = self.contract.method(tool.method).ok_or("the tool's method is not served")?;
        let request = arguments::request(tool, method, &arguments).map_err(|failure| failure.message)?;
        let Caller { ctx, token, decided } = by;
        let time_left = self.app.settings().bounds.api_time;
        let ctx = Ctx { deadline: self.app.now() + time_left, ..ctx };
        let admitted = Admitted { ctx: ctx.clone(), time_left, token, decided, called: Called::default() };
        let reply = rest::unary(&self.grpc, tool.method, (admitted, asked), &request).await;
        let (reply, room) = reply.map_err(|status: Status| status.message().to_owned())?;
        let written = rest::written(&self.app, &ctx, method, reply, room).await;
        let (json, mut room) = written.map_err(|failure| failure.message)?;
        if room.is_some() {
            // It is quoted as the text of a result.
            let asked = if method.reads() { Asked::Read } else { Asked::Done };
            let fitted = given::fit(&self.app, &ctx, &mut room, json.len() * 2, asked).await;
            fitted.map_err(|failure| failure.message)?;
        }
        let value = serde_json::from_slice(&json);
        Ok((value.map_err(|_| "the call was made, but its answer cannot be shown".to_owned())?, room))
    }
}

fn tool(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::loaded;
    use crate::services::IMPLEMENTED;
    use std::collections::BTreeSet;
    use table::{Effect, LEFT_OUT};

    #[test]
    fn every_method_that_is_served_is_a_tool_or_left_out_for_a_reason() {
        let served = IMPLEMENTED.iter().flat_map(|(of, names)| names.iter().map(move |name| format!("/{of}/{name}")));
        let served: BTreeSet<String> = served.collect();
        let tools: BTreeSet<String> = TOOLS.iter().map(|tool| tool.method.to_owned()).collect();
        let left_out: BTreeSet<String> = LEFT_OUT.iter().map(|(method, _)| (*method).to_owned()).collect();
        assert_eq!(tools.len(), TOOLS.len(), "a method is one tool");
        assert!(tools.is_disjoint(&left_out));
        assert_eq!(&tools | &left_out, served);
    }

    #[test]
    fn effects_agree_with_the_methods() {
        let contract = loaded();
        for tool in TOOLS {
            let method = contract.method(tool.method).unwrap();
            let deletes = method.descriptor.name().starts_with("Delete");
            assert_eq!(tool.effect == Effect::Deletes, deletes || tool.name == "disconnect_account", "{}", tool.name);
            assert!(!method.reads() || tool.effect == Effect::Reads, "{}", tool.name);
        }
    }
}

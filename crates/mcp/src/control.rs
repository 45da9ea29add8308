//! The control plane as a server of tools, for coding agents. What the tools are and do is the control plane's own, which
//! stands beside this crate: whoever builds the server introduces the two.

use bytes::Bytes;
use futures::future::BoxFuture;
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::time::Instant;
use valetkey_app::Result;
use valetkey_app::calls::{AnswerRoom, RequestMemory};
use valetkey_domain::{Ctx, Secret};

/// An API client whose token was looked at.
#[derive(Clone)]
pub struct Caller {
    /// Its right.
    pub ctx: Ctx,
    /// Its access token, to be looked at again by whoever waits.
    pub token: Arc<Secret<str>>,
    /// When it was looked at.
    pub decided: Instant,
}

/// What answers with tools on the control plane's behalf.
pub trait ControlPlane: Send + Sync {
    /// What a model is told when it opens.
    fn instructions(&self) -> &'static str;

    /// All tools, as a JSON array in the protocol's form.
    ///
    /// # Errors
    /// They cannot be written, which is a defect.
    fn tools(&self) -> Result<Bytes>;

    /// Calls the tool of this name.
    ///
    /// # Errors
    /// There is none; the nearest name that there is, if one is near.
    fn call(
        &self,
        caller: Caller,
        name: &str,
        arguments: Map<String, Value>,
        asked: RequestMemory,
    ) -> std::result::Result<ControlCall, Option<&'static str>>;
}

/// A call under way: its answer with the room that it takes, or what is wrong and what to do in words.
pub type ControlCall = BoxFuture<'static, std::result::Result<(Value, AnswerRoom), String>>;

//! Where a credential meets a request to a remote MCP server: added after it is checked that the request stays where the
//! server is and the credential was given for. And the room that its answers are given.

use super::room::{Holding, RoomTaken};
use crate::App;
use crate::connections::{self, Wired};
use crate::credentials::refresh::Opened;
use crate::credentials::schemes;
use bytes::Bytes;
use http::{Request, Response, Uri};
use valetkey_connectors::native::HEAVY_BYTES;
use valetkey_core::Full;
use valetkey_core::memory::{needed, values_in};
use valetkey_domain::Ctx;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::json::MAX_VALUES;
use valetkey_outbound::{Download, Error, Limits, Upload};
use valetkey_upstream::Carrier;

/// The way to one server with one account's credential.
pub(crate) struct ToServer<'a> {
    pub(crate) app: &'a App,
    pub(crate) ctx: &'a Ctx,
    pub(crate) wired: &'a Wired,
    pub(crate) account: &'a ConnectedAccount,
    pub(crate) credential: &'a Opened,
    /// The server's address.
    pub(crate) url: &'a Uri,
    /// What one answer may cost.
    pub(crate) limits: Limits,
    /// The room that its answers have.
    pub(crate) holding: Holding,
}

/// Why something did not get through.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// It could not be sent, or its answer could not be had.
    #[error("{0}")]
    Outbound(#[from] Error),
    /// There was no room for its answer.
    #[error("{0}: wait for calls to end, then try again")]
    Full(Full),
    /// What the call was made through does not stand any more, so it was not sent.
    #[error("what it was called through was withdrawn")]
    Withdrawn,
    /// What read its answer ended by a defect.
    #[error("its answer could not be read, because of an internal error")]
    Defect,
}

impl Carrier for ToServer<'_> {
    type Body = Download;
    type Fault = Fault;
    type Room = RoomTaken;

    async fn carry(&self, mut request: Request<Bytes>) -> Result<Response<Download>, Fault> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        if !self.may_go(request.uri()) {
            tracing::error!(host, "a request to a remote MCP server leads where its credential may not go");
            return Err(Error::Forbidden { host, why: "this connection's credential was not given for it" }.into());
        }
        if schemes::present(&mut request, self.wired, self.credential).is_err() {
            return Err(Error::Invalid { host, why: "its credential is no header value".to_owned() }.into());
        }
        let outbound = self.app.core.outbound.of(&self.ctx.environment);
        Ok(outbound.pass(request.map(Upload::Whole), &self.limits).await?)
    }

    async fn room_to_read(&self, bytes: Option<usize>) -> Result<RoomTaken, Fault> {
        let bytes = bytes.unwrap_or(self.limits.max_bytes).min(self.limits.max_bytes);
        let patience = self.holding.patience_to_read(self.limits.timeout);
        let share = self.app.core.memory.to_read(&self.ctx.environment, bytes, patience).await;
        share.map(|share| self.holding.read(share)).map_err(|full| self.full(full))
    }

    async fn room_to_parse(&self, json: &[u8]) -> Result<RoomTaken, Fault> {
        // A document with more values is refused when so many of them were read.
        let bytes = needed(json.len(), values_in(json).min(MAX_VALUES));
        let patience = self.holding.patience_to_parse(self.limits.timeout);
        let share = self.app.core.memory.to_shape(&self.ctx.environment, bytes, patience).await;
        share.map(|share| self.holding.parsed(share)).map_err(|full| self.full(full))
    }

    async fn aside<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        if bytes < HEAVY_BYTES {
            return Ok(work());
        }
        self.app.core.tasks.spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "a remote MCP server's answer ended by a defect");
            Fault::Defect
        })
    }
}

impl ToServer<'_> {
    /// The server's own origin, which has to be among those that the credential was given for.
    fn may_go(&self, uri: &Uri) -> bool {
        let origin = |uri: &Uri| connections::origin(&uri.to_string());
        let given = self.account.credential.as_ref().zip(origin(uri));
        origin(uri) == origin(self.url) && given.is_some_and(|(held, origin)| held.audience.contains(&origin))
    }

    fn full(&self, full: Full) -> Fault {
        self.app.core.metrics.refused(full.limit);
        Fault::Full(full)
    }
}

//! Where a credential meets a request to a remote MCP server: added after it is checked that the request stays where the
//! server is and the credential was given for.

use crate::App;
use crate::connections::{self, Wired};
use crate::credentials::refresh::Opened;
use crate::credentials::schemes;
use bytes::Bytes;
use http::{Request, Response, Uri};
use valetkey_domain::Ctx;
use valetkey_domain::account::ConnectedAccount;
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
}

impl Carrier for ToServer<'_> {
    type Body = Download;
    type Fault = Error;

    async fn carry(&self, mut request: Request<Bytes>) -> Result<Response<Download>, Error> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        if !self.may_go(request.uri()) {
            tracing::error!(host, "a request to a remote MCP server leads where its credential may not go");
            return Err(Error::Forbidden { host, why: "this connection's credential was not given for it" });
        }
        if schemes::present(&mut request, self.wired, self.credential).is_err() {
            return Err(Error::Invalid { host, why: "its credential is no header value".to_owned() });
        }
        let outbound = self.app.core.outbound.of(&self.ctx.environment);
        outbound.pass(request.map(Upload::Whole), &self.limits).await
    }
}

impl ToServer<'_> {
    /// The server's own origin, which has to be among those that the credential was given for.
    fn may_go(&self, uri: &Uri) -> bool {
        let origin = |uri: &Uri| connections::origin(&uri.to_string());
        let given = self.account.credential.as_ref().zip(origin(uri));
        origin(uri) == origin(self.url) && given.is_some_and(|(held, origin)| held.audience.contains(&origin))
    }
}

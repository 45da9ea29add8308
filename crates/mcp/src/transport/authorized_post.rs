//! Who came, to what, and what they can read.

use super::accept::Accepts;
use super::door::{Behind, Door};
use super::state::TransportState;
use axum::http::HeaderMap;
use axum::response::Response;
use tracing::Instrument as _;
use valetkey_app::calls::RequestMemory;
use valetkey_domain::Ctx;

/// One POST whose door opened.
pub(super) struct AuthorizedPost<'a> {
    pub(super) state: &'a TransportState,
    pub(super) door: Door,
    pub(super) ctx: Ctx,
    pub(super) behind: Behind,
    pub(super) headers: HeaderMap,
    pub(super) accepts: Accepts,
    /// The memory that what was posted takes.
    pub(super) asked: RequestMemory,
}

/// Whether a door that opened still does.
pub(super) enum UrlStatus {
    Yes,
    /// It cannot be said right now.
    Unknown,
    /// No, and this is the answer to who stands before it.
    No(Response),
}

impl AuthorizedPost<'_> {
    /// Whether the door still opens.
    pub(super) async fn url_status(&self) -> UrlStatus {
        match self.again().await {
            Ok(_) => UrlStatus::Yes,
            Err(refusal) if refusal.status().is_server_error() => UrlStatus::Unknown,
            Err(refusal) => UrlStatus::No(refusal),
        }
    }

    /// Opens the door anew: what is behind it now, or the answer to who may not go on.
    pub(super) async fn again(&self) -> Result<Behind, Response> {
        // The request has its name in the trace; a second look is none of its own.
        let opened = self.door.open(self.state).instrument(tracing::Span::none()).await;
        opened.map(|(_, behind)| behind)
    }
}

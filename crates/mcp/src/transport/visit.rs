//! Who came, to what, and what they can read.

use super::accept::Takes;
use super::desk::Desk;
use super::door::Door;
use axum::http::HeaderMap;
use axum::response::Response;
use tracing::Instrument as _;
use valetkey_app::servers::toolset::Served;
use valetkey_domain::Ctx;

/// One POST whose door opened.
pub(super) struct Visit<'a> {
    pub(super) desk: &'a Desk,
    pub(super) door: Door,
    pub(super) ctx: Ctx,
    pub(super) served: Served,
    pub(super) headers: HeaderMap,
    pub(super) takes: Takes,
}

/// Whether a door that opened still does.
pub(super) enum Stands {
    Yes,
    /// It cannot be said right now.
    Unknown,
    /// No, and this is the answer to who stands before it.
    No(Response),
}

impl Visit<'_> {
    /// Whether the door still opens.
    pub(super) async fn stands(&self) -> Stands {
        match self.again().await {
            Ok(_) => Stands::Yes,
            Err(refusal) if refusal.status().is_server_error() => Stands::Unknown,
            Err(refusal) => Stands::No(refusal),
        }
    }

    /// Opens the door anew: what is behind it now, or the answer to who may not go on.
    pub(super) async fn again(&self) -> Result<Served, Response> {
        // The request has its name in the trace; a second look is none of its own.
        let opened = self.door.open(self.desk).instrument(tracing::Span::none()).await;
        opened.map(|(_, served)| served)
    }
}

//! Reading a request's body, no further than its limit.

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http_body_util::LengthLimitError;
use std::error::Error as _;
use valetkey_app::{App, Limit, Metrics};

/// The most that a request's body may have, on either wire.
#[derive(Clone)]
pub(crate) struct BodyLimit {
    /// In bytes.
    pub(crate) most: usize,
    metrics: Metrics,
}

impl BodyLimit {
    /// What the operator chose.
    pub(crate) fn of(app: &App) -> Self {
        Self { most: app.settings().bounds.api_body_bytes, metrics: app.metrics().clone() }
    }

    /// The whole body; none if it is longer, or broke off.
    pub(crate) async fn read(&self, body: Body) -> Option<Bytes> {
        match to_bytes(body, self.most).await {
            Ok(whole) => Some(whole),
            Err(error) => {
                if error.source().is_some_and(|source| source.is::<LengthLimitError>()) {
                    self.metrics.refused(Limit::ApiBody);
                }
                None
            }
        }
    }
}

//! What an answer is held against: an axum handler that reads a POST and answers ready bytes.

use crate::serving;
use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use http::header;
use std::path::PathBuf;

/// The argument by which this program starts itself as this.
pub(crate) const ARGUMENT: &str = "same-bytes";

/// Serves the bytes of files on a free port, those of the n-th at `/n`.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn serve(files: &[PathBuf]) -> Result<()> {
    let mut router = Router::new();
    for (number, file) in files.iter().enumerate() {
        let bytes = Bytes::from(std::fs::read(file)?);
        router = router.route(&path(number), post(answer).with_state(bytes));
    }
    serving::serve(router)
}

/// Where the bytes of the n-th file are.
pub(crate) fn path(number: usize) -> String {
    format!("/{number}")
}

async fn answer(State(bytes): State<Bytes>, _posted: Bytes) -> ([(header::HeaderName, &'static str); 1], Bytes) {
    ([(header::CONTENT_TYPE, "application/json")], bytes)
}

//! Reading what was posted: no more than its limit, and not for ever.

use crate::protocol::fault::INVALID_REQUEST;
use crate::protocol::{Fault, Reply};
use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::time::Duration;

/// The longest message.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// How long a client may take to send it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The whole body, or the answer to who sends too much or too slowly.
pub(super) async fn read(body: Body) -> Result<Bytes, Reply> {
    let refuse = |status, message| {
        let fault = Fault { status, ..Fault::bad(INVALID_REQUEST, message) };
        Err(Reply::fault(None, &fault))
    };
    match tokio::time::timeout(PATIENCE, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => refuse(413, "the body is longer than 4 MiB"),
        Ok(Err(_)) => refuse(400, "the body broke off"),
        Err(_) => refuse(408, "the body did not arrive within 30 s"),
    }
}

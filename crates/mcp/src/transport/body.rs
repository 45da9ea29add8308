//! Reading what was posted: no more than its limit, and not for ever.

use crate::protocol::fault::INVALID_REQUEST;
use crate::protocol::{Fault, Reply};
use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::borrow::Cow;
use std::time::Duration;
use valetkey_app::{App, Limit};

/// How long a client may take to send it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The whole body, or the answer to who sends too much or too slowly.
pub(super) async fn read(app: &App, body: Body) -> Result<Bytes, Reply> {
    let most = app.settings().bounds.mcp_body_bytes;
    match tokio::time::timeout(PATIENCE, Limited::new(body, most).collect()).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            app.metrics().refused(Limit::McpBody);
            refuse(413, format!("the body is longer than {most} bytes"))
        }
        Ok(Err(_)) => refuse(400, "the body broke off"),
        Err(_) => refuse(408, "the body did not arrive within 30 s"),
    }
}

fn refuse(status: u16, message: impl Into<Cow<'static, str>>) -> Result<Bytes, Reply> {
    let fault = Fault { status, ..Fault::bad(INVALID_REQUEST, message) };
    Err(Reply::fault(None, &fault))
}

//! Reading what was posted: no more than its limit, not for ever, and within the budget.

use crate::protocol::fault::{INTERNAL_ERROR, INVALID_REQUEST};
use crate::protocol::{Fault, Reply};
use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::borrow::Cow;
use std::time::Duration;
use valetkey_app::calls::RequestMemory;
use valetkey_app::{App, Limit};
use valetkey_domain::Ctx;

/// How long a client may take to send it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The whole body with the room that it takes, or the answer to who sends too much, too slowly, or while others take all
/// of the room. It is not begun to be read before there is some.
pub(super) async fn read(
    app: &App,
    ctx: &Ctx,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Bytes, RequestMemory), Reply> {
    let most = app.settings().bounds.mcp_body_bytes;
    let header = || headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    let told = body.size_hint().exact().or_else(header).and_then(|told| usize::try_from(told).ok());
    let mut asked =
        RequestMemory::room(app, ctx, told.map_or(most, |told| told.min(most))).await.map_err(|error| full(&error))?;
    let bytes = whole(app, most, body).await?;
    asked.fit_json(app, ctx, &bytes).await.map_err(|error| full(&error))?;
    Ok((bytes, asked))
}

fn full(error: &valetkey_app::Error) -> Reply {
    let fault = Fault { status: 429, ..Fault::bad(INTERNAL_ERROR, error.message().to_owned()) };
    Reply::fault(None, &fault)
}

async fn whole(app: &App, most: usize, body: Body) -> Result<Bytes, Reply> {
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

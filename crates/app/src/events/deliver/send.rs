//! One event, signed and sent.

use crate::events::message;
use crate::events::webhooks::Secrets;
use crate::{App, Error, Result};
use http::{Request, StatusCode, header};
use std::time::Duration;
use valetkey_domain::Ctx;
use valetkey_outbound::{Limits, Upload};
use valetkey_storage::events::Event;
use valetkey_storage::webhooks::Webhook;
use valetkey_vault::webhook as signing;

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Why an event did not arrive.
pub(super) struct Failure {
    pub(super) why: String,
    /// How long the receiver asks to wait.
    pub(super) wait: Option<Duration>,
    /// Whether the receiver wants nothing any more.
    pub(super) gone: bool,
    /// Whether that says something of the receiver, rather than of this one event.
    pub(super) down: bool,
}

/// That an event arrived.
pub(super) struct Arrival {
    /// The status of the receiver's answer.
    pub(super) status: StatusCode,
    /// How long it took.
    pub(super) took: Duration,
}

/// Sends one event, signed.
///
/// # Errors
/// It could not even be written; that it did not arrive is the failure inside.
pub(super) async fn send(
    app: &App,
    ctx: &Ctx,
    webhook: &Webhook,
    secrets: &Secrets,
    event: &Event,
) -> Result<std::result::Result<Arrival, Failure>> {
    let (id, begun) = (event.id.as_str(), app.core.now());
    let at = begun.as_second();
    let body = serde_json::to_vec(&message(ctx, event)).map_err(Error::internal)?;
    let mut signatures = signing::sign(&secrets.newest, id, at, &body)?;
    if let Some(before) = &secrets.before {
        signatures = format!("{signatures} {}", signing::sign(before, id, at, &body)?);
    }
    let request = Request::post(&webhook.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", at)
        .header("webhook-signature", signatures)
        .body(Upload::Whole(body.into()))
        .map_err(Error::internal)?;
    // Of the answer the status counts, and nothing else of it is read.
    let limits = Limits { timeout: TIMEOUT, max_bytes: usize::MAX };
    Ok(match app.core.outbound.of(&ctx.environment).pass(request, &limits).await {
        Ok(answer) if answer.status().is_success() => {
            let took = Duration::try_from(app.core.now().duration_since(begun)).unwrap_or_default();
            Ok(Arrival { status: answer.status(), took })
        }
        Ok(answer) => Err(Failure {
            why: refusal(answer.status()),
            wait: retry_after(answer.headers()),
            gone: answer.status() == StatusCode::GONE,
            down: is_down(answer.status()),
        }),
        Err(error) => Err(Failure { why: error.to_string(), wait: None, gone: false, down: true }),
    })
}

const fn is_down(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500..)
}

fn refusal(status: StatusCode) -> String {
    let what_to_do = match status {
        StatusCode::GONE => ": the webhook is paused until `valetkey webhook update --resume`",
        status if status.is_redirection() => ": redirects are not followed; give the webhook the URL that it leads to",
        _ => "",
    };
    format!("the receiver answered {}{what_to_do}", status.as_u16())
}

fn retry_after(headers: &header::HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

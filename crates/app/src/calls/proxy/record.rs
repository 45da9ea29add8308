//! The journal's part of a proxied request, in the records that tools' calls have.

use super::exchange::ProxyRequest;
use crate::calls::attempt::Call;
use crate::calls::failed::{Failed, FailureReason};
use crate::calls::usable::Admitted;
use http::{Response, StatusCode, Uri};
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use valetkey_domain::Timestamp;

const ACTION: &str = "tool.call";

/// What the calls of this door are counted and recorded as, where others have a tool's name.
pub(super) const TOOL: &str = "proxy";

/// What every record of a request says: method and host, and of path and query a digest salted with the execution.
pub(super) async fn detail(
    call: &Call,
    asked: &ProxyRequest,
    uri: &Uri,
    admitted: &Admitted,
) -> Result<Map<String, Value>, Failed> {
    let text = format!("{} {}", asked.method, asked.target);
    let keyring = &call.app.core.keyring;
    let digest = keyring.digest(&call.ctx.environment, call.execution.as_str(), text.as_bytes()).await;
    let digest = digest.map_err(|error| call.before(&error))?;
    Ok(Map::from_iter([
        ("source".to_owned(), json!("PROXY")),
        ("tool".to_owned(), json!(TOOL)),
        ("connector".to_owned(), json!(admitted.wired.connection.connector)),
        ("effect".to_owned(), json!(call.effect.as_str())),
        ("method".to_owned(), json!(asked.method.as_str())),
        ("host".to_owned(), json!(uri.host().unwrap_or_default())),
        ("connection".to_owned(), json!(admitted.wired.connection.id)),
        ("account".to_owned(), json!(admitted.account.id)),
        ("arguments_hmac".to_owned(), json!(digest)),
    ]))
}

/// Records that a request that may change something is about to leave. Without that record it doesn't; nor does one that
/// reads while its record could not be taken.
pub(super) async fn intent(call: &Call, detail: &Map<String, Value>) -> Result<(), Failed> {
    let journal = &call.app.core.journal;
    if call.effect.read_only() {
        return journal.accepts().map_err(|error| call.before(&error));
    }
    let begun = Instant::now();
    let recorded = journal.intent(&call.ctx, ACTION, call.execution.as_str(), detail.clone()).await;
    call.app.core.metrics.journalled(begun.elapsed());
    recorded.map_err(|error| call.before(&error))
}

/// Records how it ended. What could not be recorded is not disclosed; that it was done is.
pub(super) async fn ended<B>(
    call: &Call,
    mut detail: Map<String, Value>,
    started: Timestamp,
    ended: Result<Response<B>, Failed>,
) -> Result<Response<B>, Failed> {
    let word = match &ended {
        Ok(answer) => {
            detail.insert("status".to_owned(), answer.status().as_u16().into());
            outcome(answer.status())
        }
        Err(failed) => failed.why.as_str(),
    };
    detail.insert("outcome".to_owned(), word.into());
    let millis = call.app.core.now().as_millisecond() - started.as_millisecond();
    detail.insert("duration_ms".to_owned(), millis.into());
    match write(call, detail).await {
        Ok(()) => ended,
        Err(error) => {
            let execution = &call.execution;
            tracing::error!(%execution, error = &error as &dyn std::error::Error, "a proxied request is not recorded");
            Err(call.because(FailureReason::Unrecorded, unrecorded(call)))
        }
    }
}

async fn write(call: &Call, detail: Map<String, Value>) -> crate::Result<()> {
    let (journal, subject) = (&call.app.core.journal, call.execution.as_str());
    if call.effect.read_only() {
        let begun = Instant::now();
        let recorded = journal.fact_now(&call.ctx, ACTION, subject, detail).await;
        call.app.core.metrics.journalled(begun.elapsed());
        return recorded;
    }
    journal.outcome(&call.ctx, ACTION, subject, detail)
}

fn unrecorded(call: &Call) -> String {
    let execution = &call.execution;
    if call.effect.read_only() {
        return format!("the answer is held back because it could not be recorded: try again later ({execution})");
    }
    format!(
        "the app has answered, and that could not be recorded{}. The request's execution id is {execution}",
        call.caution()
    )
}

/// An answer's status in the journal's words.
pub(super) fn outcome(status: StatusCode) -> &'static str {
    match status.as_u16() {
        0..400 => "ok",
        403 => FailureReason::Forbidden.as_str(),
        404 => FailureReason::NotFound.as_str(),
        409 => FailureReason::Conflict.as_str(),
        429 => FailureReason::RateLimited.as_str(),
        _ => FailureReason::App.as_str(),
    }
}

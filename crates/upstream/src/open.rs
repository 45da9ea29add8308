//! Which era a server speaks. The modern opening comes first; a server that does not know it is opened the legacy way.

use crate::carrier::Carrier;
use crate::error::Error;
use crate::exchange::{Ask, Exchange};
use crate::message;
use crate::session::{OPENING, Session, client_info};
use crate::versions::{LEGACY, MODERN};
use serde_json::{Map, Value, json};

/// Opens a server over streamable HTTP.
pub(crate) async fn open<C: Carrier>(exchange: Exchange<'_, C>) -> Result<Session, Error<C::Fault>> {
    let mut discovered = discover(exchange).await;
    if matches!(discovered, Err(Error::Version { takes_ours: true })) {
        // As the protocol wants it: once more, in a version that the server has just named.
        discovered = discover(exchange).await;
    }
    match discovered {
        Ok(true) => Ok(Session::modern()),
        Ok(false) => initialize(exchange).await,
        Err(error) if is_about_the_opening(&error) => initialize(exchange).await,
        Err(error) => Err(error),
    }
}

/// Whether a server says by this that it doesn't know the modern opening, rather than something of us or itself.
fn is_about_the_opening<F>(error: &Error<F>) -> bool {
    match error {
        Error::Refused { .. }
        | Error::Lacks { .. }
        | Error::Version { .. }
        | Error::Nonsense(_)
        | Error::SessionEnded => true,
        Error::Status { status, .. } => !matches!(status, 403 | 429 | 503),
        Error::Unsent(_) | Error::Unauthorized { .. } | Error::TooMuch { .. } => false,
    }
}

async fn discover<C: Carrier>(exchange: Exchange<'_, C>) -> Result<bool, Error<C::Fault>> {
    let ask = Ask::of(OPENING, "server/discover", Map::new());
    let answered = exchange.ask(Some(&Session::modern()), ask).await?;
    let versions = answered.result.get("supportedVersions").and_then(Value::as_array);
    Ok(versions.is_some_and(|versions| versions.iter().any(|version| version == MODERN)))
}

async fn initialize<C: Carrier>(exchange: Exchange<'_, C>) -> Result<Session, Error<C::Fault>> {
    let answered = exchange.ask(None, Ask::of(OPENING, "initialize", opening())).await?;
    let session = Session::legacy(agreed(&answered.result)?, &answered.headers);
    match exchange.tell(Some(&session), initialized()).await {
        // What comes of it shows with the first request.
        Ok(()) | Err(Error::Status { .. } | Error::Refused { .. } | Error::Lacks { .. }) => Ok(session),
        Err(error) => Err(error),
    }
}

/// What the legacy opening says.
pub(crate) fn opening() -> Map<String, Value> {
    let newest = LEGACY.first().copied().unwrap_or_default();
    let opening = [
        ("protocolVersion".to_owned(), newest.into()),
        ("capabilities".to_owned(), json!({})),
        ("clientInfo".to_owned(), client_info()),
    ];
    opening.into_iter().collect()
}

/// What ends it.
pub(crate) fn initialized() -> bytes::Bytes {
    message::notification("notifications/initialized", None)
}

/// The revision that a server chose.
pub(crate) fn agreed<F>(result: &Value) -> Result<&'static str, Error<F>> {
    let chosen = result.get("protocolVersion").and_then(Value::as_str).unwrap_or_default();
    let known = LEGACY.into_iter().find(|version| *version == chosen);
    known.ok_or_else(|| Error::nonsense(format!("it speaks protocol version '{}'", crate::words::shown(chosen))))
}

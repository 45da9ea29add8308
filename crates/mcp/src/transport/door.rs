//! From a URL or a bearer token to what it serves. Whoever has neither learns nothing: all refusals of a door are the
//! same bytes.

use super::answer::json;
use super::state::TransportState;
use crate::control::{Caller, ControlPlane};
use crate::protocol::fault::INTERNAL_ERROR;
use crate::protocol::{Fault, Reply};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::borrow::Cow;
use std::sync::Arc;
use tokio::time::Instant;
use tracing::Instrument as _;
use valetkey_app::entrance::doors;
use valetkey_app::entrance::grants::Presented;
use valetkey_app::entrance::sessions::StaticUrl;
use valetkey_app::servers::agents;
use valetkey_app::servers::toolset::{self, Served};
use valetkey_domain::{Ctx, Kind, Secret};

/// How a caller came in.
#[derive(Clone)]
pub(super) enum Door {
    /// By an instance's URL, whose last part this is, with what was brought beside it.
    Url(String, Presented),
    /// By the same token in `Authorization`.
    Bearer(String),
    /// At a static URL with this session token.
    Session(StaticUrl, String),
    /// To the control plane's tools, with an API client's access token.
    Control(Arc<dyn ControlPlane>, Arc<Secret<str>>),
}

/// What is behind a door that opened.
#[derive(Clone)]
pub(super) enum Behind {
    /// A user's tools.
    User(Served),
    /// The control plane's.
    Control(Arc<dyn ControlPlane>, Caller),
}

impl Behind {
    /// Names who came in, so that one caller's calls are told from another's.
    pub(super) fn id(&self) -> Cow<'_, str> {
        match self {
            Self::User(served) => served.id().into(),
            Self::Control(_, caller) => caller.ctx.actor.text().into(),
        }
    }
}

impl Door {
    /// What is behind it; else the answer to a stranger.
    pub(super) async fn open(&self, state: &TransportState) -> Result<(Ctx, Behind), Response> {
        let opened = match self {
            Self::Url(token, _) | Self::Bearer(token) if token.len() > LONGEST => return Err(nowhere()),
            Self::Url(_, Presented { token: Some(brought), .. }) if brought.bytes().len() > LONGEST_SESSION => {
                return Err(self.refusal(state));
            }
            Self::Session(_, token) if token.len() > LONGEST_SESSION => return Err(self.refusal(state)),
            Self::Control(_, token) if token.bytes().len() > LONGEST_SESSION => return Err(self.refusal(state)),
            Self::Url(token, presented) => toolset::open_with(&state.app, token, presented).await.map(of_user),
            Self::Bearer(token) => toolset::open(&state.app, token).await.map(of_user),
            Self::Session(site, token) => toolset::open_session(&state.app, site, token).await.map(of_user),
            Self::Control(plane, token) => doors::client_token(&state.app, token.expose()).await.map(|ctx| {
                let caller = Caller { ctx: ctx.clone(), token: Arc::clone(token), decided: Instant::now() };
                (ctx, Behind::Control(Arc::clone(plane), caller))
            }),
        };
        opened.map_err(|error| match error.kind() {
            Kind::NotFound if matches!(self, Self::Url(..)) => nowhere(),
            Kind::NotFound | Kind::Unauthenticated => self.refusal(state),
            _ => trouble(&error),
        })
    }

    /// The answer to who stands before it without the right token, whatever is wrong with theirs. At the URL of an instance
    /// whose user has to sign in it says where that begins (RFC 9728 §5.1).
    fn refusal(&self, state: &TransportState) -> Response {
        match self {
            Self::Url(token, presented) => {
                let metadata = agents::resource_metadata(&state.app, token);
                let wrong = if presented.token.is_some() { "error=\"invalid_token\", " } else { "" };
                unauthorized(&format!("Bearer {wrong}resource_metadata=\"{metadata}\""))
            }
            Self::Bearer(_) | Self::Session(..) | Self::Control(..) => unauthorized(WRONG),
        }
    }

    /// Whether it still opens. An answer that cannot be had means no.
    pub(super) async fn holds(&self, state: &TransportState) -> bool {
        self.open(state).instrument(tracing::Span::none()).await.is_ok()
    }
}

fn of_user((ctx, served): (Ctx, Served)) -> (Ctx, Behind) {
    (ctx, Behind::User(served))
}

/// The longest text that is looked at as the token of an instance. Ours have less than half of that.
const LONGEST: usize = 512;

/// The longest text that is looked at as a session or an access token. Ours name 25 accounts at most, and have less than half of that.
const LONGEST_SESSION: usize = 8 * 1024;

/// What is said to who brought a token that opens nothing, whatever is wrong with it (RFC 6750 §3.1). It names no
/// metadata: tokens for these doors are not had by signing in.
const WRONG: &str = "Bearer error=\"invalid_token\", error_description=\"the token does not open this URL (any more)\"";

/// The token of `Authorization: Bearer vkm_..`, if there is exactly one such header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<String> {
    any_bearer(headers).filter(|token| token.starts_with("vkm_"))
}

/// The token of `Authorization: Bearer ..`, if there is exactly one such header.
pub(super) fn any_bearer(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = values.next()?.to_str().ok()?.split_once(' ')?;
    let fits = values.next().is_none() && scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty();
    fits.then(|| token.trim().to_owned())
}

/// The answer to who has no token.
pub(super) fn stranger() -> Response {
    unauthorized("Bearer")
}

fn unauthorized(challenge: &str) -> Response {
    let mut response = StatusCode::UNAUTHORIZED.into_response();
    if let Ok(mut challenge) = HeaderValue::from_str(challenge) {
        // It may name a URL that is a credential.
        challenge.set_sensitive(true);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// The answer at an address that leads nowhere.
fn nowhere() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

/// Nothing was done, so a client may repeat this.
fn trouble(error: &valetkey_app::Error) -> Response {
    tracing::error!(error = error as &dyn std::error::Error, "an MCP request could not be served");
    let message = match error.kind() {
        // Not a moment's trouble: the operator has to do something, and the caller may know what is wrong.
        Kind::FailedPrecondition => error.message().to_owned(),
        _ => "the server cannot answer right now: try again in a moment".to_owned(),
    };
    let fault = Fault { status: 503, ..Fault::bad(INTERNAL_ERROR, message) };
    let mut response = json(Reply::fault(None, &fault));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_tokens_are_read_exactly() {
        let read = |values: &[&str]| {
            let pair = |value: &&str| (header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            bearer(&values.iter().map(pair).collect())
        };
        assert_eq!(read(&["Bearer vkm_abc"]).as_deref(), Some("vkm_abc"));
        assert_eq!(read(&["bearer vkm_abc"]).as_deref(), Some("vkm_abc"));
        for wrong in [&["Basic vkm_abc"][..], &["Bearer abc"], &["vkm_abc"], &[], &["Bearer vkm_a", "Bearer vkm_b"]] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}

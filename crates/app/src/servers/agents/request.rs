//! What an agent asks for on behalf of the person whose browser it sent here.
//!
//! Until it is known that the answer goes to where that agent is to be answered, what is wrong is shown to the person; then
//! the agent is told (RFC 6749 §4.1.2.1).

use super::agent::Agent;
use super::clients;
use super::redirects;
use crate::entrance::{doors, grants};
use crate::servers::configs;
use crate::servers::user_provider::provider;
use crate::{App, Error, Result, SignOn};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use url::Url;
use valetkey_domain::brand::Brand;
use valetkey_domain::instance::McpInstance;
use valetkey_domain::{Ctx, Kind};

/// The longest `state` of an agent, in bytes.
const LONGEST_STATE: usize = 1_024;

/// The length of an S256 challenge (RFC 7636 §4.2).
const CHALLENGE: usize = 43;

/// The parameters of the authorization endpoint; others don't count (RFC 6749 §3.1). There is no debug text: the URL is a
/// credential.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthorizeRequest {
    /// `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_type: Option<String>,
    /// Which agent asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Where it wants to be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// What it wants to hear again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// PKCE's challenge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<String>,
    /// `S256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_challenge_method: Option<String>,
    /// The MCP URL (RFC 8707).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
}

/// Why nobody is let in.
#[derive(Debug)]
pub enum Stop {
    /// The agent asked for what nobody can be asked, and cannot be answered: the parameter that is wrong.
    Wrong(&'static str),
    /// The agent is told why, at this address.
    Back(Url),
    /// The browser is not the one that began, or took too long.
    Stale,
    /// The provider signed nobody in.
    NotSignedIn,
    /// Somebody signed in whose server this is not: the provider's name of them.
    SomebodyElse(String),
    /// It does not work at this moment, or at all.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A request that can be put to a person.
#[derive(Debug)]
pub struct Question {
    /// Who asks.
    pub agent: Agent,
    /// What people call the app whose server it is.
    pub app: String,
    /// How that looks.
    pub brand: Brand,
    /// The host where the person is to sign in.
    pub provider: String,
    /// The host that is answered; none for a program on the person's own machine.
    pub answered: Option<String>,
    pub(super) ctx: Ctx,
    pub(super) instance: McpInstance,
    pub(super) on: Arc<SignOn>,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
}

/// The question of a request.
///
/// # Errors
/// Whatever is wrong with it.
pub async fn question(app: &App, request: &AuthorizeRequest) -> std::result::Result<Question, Stop> {
    // The URL comes first: whoever has none makes nobody fetch a document.
    let (ctx, instance) = resource(app, request.resource.as_deref()).await?;
    let (on, environment) = provider(app, &ctx).await?;
    let id = request.client_id.as_deref().ok_or(Stop::Wrong("client_id"))?;
    let agent = clients::find(app, &ctx, id).await.map_err(|error| not_there(error, "client_id"))?;
    let redirect_uri = request.redirect_uri.as_deref().filter(|uri| agent.takes(uri));
    let redirect_uri = redirect_uri.ok_or(Stop::Wrong("redirect_uri"))?;
    let url = redirects::read(redirect_uri).ok_or(Stop::Wrong("redirect_uri"))?;
    if request.state.as_ref().is_some_and(|state| state.len() > LONGEST_STATE) {
        return Err(Stop::Wrong("state"));
    }
    let told =
        |error, why| Stop::Back(answer(app, url.clone(), request, &[("error", error), ("error_description", why)]));
    if request.response_type.as_deref() != Some("code") {
        return Err(told("unsupported_response_type", "response_type has to be code"));
    }
    let challenge = request.code_challenge.as_deref().filter(|text| {
        let s256 = request.code_challenge_method.as_deref() == Some("S256");
        s256 && text.len() == CHALLENGE && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    });
    let challenge = challenge.ok_or_else(|| told("invalid_request", "PKCE is needed: code_challenge with S256"))?;
    let answered = (!redirects::is_loopback(&url)).then(|| url.host_str().unwrap_or(url.scheme()).to_owned());
    Ok(Question {
        agent,
        app: environment.label().to_owned(),
        provider: on.issuer.host_str().unwrap_or_default().to_owned(),
        brand: environment.brand,
        answered,
        ctx,
        instance,
        on,
        redirect_uri: redirect_uri.to_owned(),
        challenge: challenge.to_owned(),
    })
}

/// Where the agent is told that the person said no.
///
/// # Errors
/// As for [`question`].
pub async fn refuse(app: &App, request: &AuthorizeRequest) -> std::result::Result<Url, Stop> {
    let question = question(app, request).await?;
    let url = redirects::read(&question.redirect_uri).ok_or(Stop::Wrong("redirect_uri"))?;
    Ok(answer(app, url, request, &[("error", "access_denied"), ("error_description", "the person said no")]))
}

/// The address at which the agent is told something: with its own state, and by whom (RFC 9207).
pub(super) fn answer(app: &App, mut url: Url, request: &AuthorizeRequest, says: &[(&str, &str)]) -> Url {
    {
        let mut pairs = url.query_pairs_mut();
        pairs.extend_pairs(says);
        if let Some(state) = &request.state {
            pairs.append_pair("state", state);
        }
        pairs.append_pair("iss", &grants::issuer(app));
    }
    url
}

/// The instance of this URL, if its config wants its user signed in.
async fn resource(app: &App, url: Option<&str>) -> std::result::Result<(Ctx, McpInstance), Stop> {
    let wrong = Stop::Wrong("resource");
    let Some(token) = url.and_then(|url| url.strip_prefix(&app.core.settings.public("/mcp/v1/"))) else {
        return Err(wrong);
    };
    let found = doors::instance_url(app, token).await.map_err(|error| not_there(error, "resource"))?;
    let (ctx, instance, version) = found;
    let asks = configs::at(app, &ctx, &instance.config, version).await?.options.sign_in;
    if asks { Ok((ctx, instance)) } else { Err(wrong) }
}

/// What is not there was asked for wrongly; all else is trouble of ours.
fn not_there(error: Error, parameter: &'static str) -> Stop {
    if error.kind() == Kind::NotFound { Stop::Wrong(parameter) } else { Stop::Failed(error) }
}

/// Whether an instance's config still wants its user signed in.
///
/// # Errors
/// The database cannot be read.
pub(super) async fn still_asks(app: &App, ctx: &Ctx, instance: &McpInstance) -> Result<bool> {
    Ok(configs::get(app, ctx, &instance.config).await?.options.sign_in)
}

//! A connector, compiled: what the other rooms ask of one.

use crate::failure::Failure;
use crate::file::{LostAnswer, Pkce, TokenClientAuth};
use crate::input::Input;
use crate::plan::Plan;
use crate::rules::Rules;
use crate::scopes::ScopeRule;
use crate::sign_in::{Identity, Revoke};
use http::Uri;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use valetkey_domain::tool::Tool as Definition;

/// One app.
#[derive(Debug)]
pub struct Connector {
    /// The name that its tools' names begin with.
    pub slug: String,
    /// The app's name, for people.
    pub display_name: String,
    /// The hosts that a request may go to.
    pub hosts: Vec<String>,
    /// What the proxy appends whole paths to: an origin.
    pub proxy_url: String,
    /// How a user signs in.
    pub auth: Auth,
    /// The scopes that a new connection asks for.
    pub default_scopes: Vec<String>,
    /// What scopes allow, in English words for the person who is asked for them.
    pub scope_words: IndexMap<String, String>,
    /// Headers that the app always wants, on proxied calls too.
    pub headers: Vec<(String, String)>,
    /// Whether its tools were checked against a description of the vendor's; else they are from documentation.
    pub checked: bool,
    /// Documented tools that are not built.
    pub not_yet: Vec<String>,
    /// Its tools in the order of the file.
    pub tools: IndexMap<String, Arc<Tool>>,
}

/// How a user signs in.
#[derive(Debug)]
pub enum Auth {
    /// The authorization code flow.
    OAuth2(OAuth2),
}

impl Auth {
    /// It in one word, as the API has it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::OAuth2(_) => "OAUTH2",
        }
    }
}

/// The facts of an app's OAuth.
#[derive(Debug)]
pub struct OAuth2 {
    /// The authorization endpoint.
    pub authorize_url: String,
    /// The token endpoint.
    pub token_url: String,
    /// How the client names itself there.
    pub token_client_auth: TokenClientAuth,
    /// What stands between two scopes.
    pub scope_separator: String,
    /// The parameter that the scopes are asked for in.
    pub scope_param: String,
    /// The member of a token endpoint's answer that has the tokens, where the answer itself has none.
    pub token_in: Option<String>,
    /// The app's own codes for a refresh token that is good for nothing any more.
    pub ended: Vec<String>,
    /// Whether the proof key is sent.
    pub pkce: Pkce,
    /// What the authorization endpoint is also told.
    pub authorize_params: Vec<(String, String)>,
    /// What the app does with refresh tokens.
    pub refresh: RefreshRule,
    /// How a grant is revoked, where it can be.
    pub revoke: Option<Revoke>,
    /// How it is found out who signed in, where it can be.
    pub identity: Option<Identity>,
    /// The issuer (`iss`) that every answer of the authorization endpoint must name, where the provider promises it.
    pub issuer: Option<String>,
}

/// What an app does with refresh tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshRule {
    /// What to do when a refresh was sent and its answer was never seen.
    pub lost_answer: LostAnswer,
    /// How long an unused one lives, where it dies of idleness.
    pub idle_ttl: Option<Duration>,
}

/// One tool, ready to be called.
#[derive(Debug)]
pub struct Tool {
    /// What an agent sees.
    pub definition: Definition,
    /// What the user must have granted.
    pub scopes: ScopeRule,
    pub(crate) input: Input,
    pub(crate) plan: Plan,
    pub(crate) upstream: Arc<Upstream>,
}

/// What all tools of a connector share when they call.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) app: String,
    pub(crate) origin: String,
    pub(crate) hosts: Vec<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) rules: Rules,
}

impl Connector {
    /// The provider's name in the API: the slug in upper case.
    #[must_use]
    pub fn provider_key(&self) -> String {
        self.slug.to_ascii_uppercase()
    }

    /// How far its tools can be trusted to be what the app has, in words.
    #[must_use]
    pub const fn status(&self) -> &'static str {
        if self.checked { "checked against the vendor" } else { "from documentation" }
    }

    /// Whether a request may go there: https to one of the hosts, or below the connection's own base URL.
    #[must_use]
    pub fn allows(&self, uri: &Uri, api_base_url: Option<&str>) -> bool {
        allows(&self.hosts, uri, api_base_url)
    }
}

impl Tool {
    /// Checks arguments against the schema; what comes back has defaults filled in.
    ///
    /// # Errors
    /// Everything that is wrong, for the model to correct.
    pub fn check(&self, arguments: &Map<String, Value>) -> Result<Map<String, Value>, Failure> {
        self.input.check(&self.definition.name, arguments)
    }

    /// The scopes that were withheld; none where the tool may run. Nothing granted means unknown, and may run.
    #[must_use]
    pub fn missing_scopes(&self, granted: &[String]) -> Vec<String> {
        self.scopes.missing(granted)
    }

    /// Whether shaping its answer may take milliseconds, so that it belongs off the async threads.
    #[must_use]
    pub fn heavy(&self) -> bool {
        self.plan.output.heavy()
    }
}

/// Whether a request may go to this address.
pub(crate) fn allows(hosts: &[String], uri: &Uri, api_base_url: Option<&str>) -> bool {
    let Ok(url) = Url::parse(&uri.to_string()) else { return false };
    if !url.username().is_empty() || url.password().is_some() {
        return false;
    }
    if let Some(own) = api_base_url {
        return Url::parse(own).is_ok_and(|own| lies_under(&url, &own));
    }
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https" && url.port().is_none() && hosts.iter().any(|known| known == host)
}

/// The same scheme, host and port, and a path that goes on where the other ends.
fn lies_under(url: &Url, base: &Url) -> bool {
    let prefix = base.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(prefix);
    url.origin() == base.origin() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(uri: &str, own: Option<&str>) -> bool {
        allows(&["www.googleapis.com".to_owned()], &uri.parse().unwrap(), own)
    }

    #[test]
    fn only_https_to_the_listed_hosts() {
        assert!(may("https://www.googleapis.com/calendar/v3/x", None));
        for uri in [
            "http://www.googleapis.com/x",
            "https://www.googleapis.com:8443/x",
            "https://www.googleapis.com.evil.test/x",
            "https://evil.test/www.googleapis.com",
            "https://user@www.googleapis.com/x",
            "https://169.254.169.254/x",
        ] {
            assert!(!may(uri, None), "{uri}");
        }
    }

    #[test]
    fn a_base_url_of_the_connections_own_replaces_the_hosts() {
        let own = Some("http://127.0.0.1:8090/google");
        assert!(may("http://127.0.0.1:8090/google/calendar/v3", own));
        assert!(!may("http://127.0.0.1:8090/googles/calendar", own));
        assert!(!may("http://127.0.0.1:8091/google/calendar", own));
        assert!(!may("http://127.0.0.1:8090/google/../admin", own), "dots are resolved before the comparison");
        assert!(!may("https://evil.test/google/x", own));
    }
}

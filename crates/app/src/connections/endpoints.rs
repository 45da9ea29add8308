//! Where a connection reaches: its own settings, else the connector's.

use crate::{Error, Result};
use url::Url;
use valetkey_connectors::OAuth2;
use valetkey_domain::connection::Settings;

/// Where a connection reaches: its own settings, else the connector's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Where people sign in.
    pub authorize_url: String,
    /// Where codes and refresh tokens are exchanged.
    pub token_url: String,
    /// Where tokens are revoked, if the vendor offers it.
    pub revoke_url: Option<String>,
    /// Who the account is, if the vendor says.
    pub identity_url: Option<String>,
    /// What replaces scheme, host and port of the connector's API, if anything.
    pub api_base_url: Option<String>,
}

impl Endpoints {
    /// Of a connection with these settings, to a connector that signs in so.
    pub(super) fn of(oauth: &OAuth2, own: &Settings) -> Self {
        let or = |own: &Option<String>, theirs: Option<&str>| own.clone().or_else(|| theirs.map(str::to_owned));
        Self {
            authorize_url: own.authorize_url.clone().unwrap_or_else(|| oauth.authorize_url.clone()),
            token_url: own.token_url.clone().unwrap_or_else(|| oauth.token_url.clone()),
            revoke_url: or(&own.revoke_url, revoke_of(oauth)),
            identity_url: or(&own.identity_url, identity_of(oauth)),
            api_base_url: own.api_base_url.clone(),
        }
    }
}

/// `scheme://host[:port]` of a web address.
pub(crate) fn origin(url: &str) -> Option<String> {
    Url::parse(url).ok().map(|url| url.origin().ascii_serialization())
}

/// Endpoints are where people and secrets are sent: web addresses without credentials or a fragment, and in clear text
/// only on this machine. Whether a private address may be reached at all is the guard's matter, at connect time.
///
/// # Errors
/// One is something else; the message names it.
pub(super) fn check(settings: &Settings) -> Result<()> {
    let given = [
        ("authorize_url", &settings.authorize_url),
        ("token_url", &settings.token_url),
        ("revoke_url", &settings.revoke_url),
        ("identity_url", &settings.identity_url),
        ("api_base_url", &settings.api_base_url),
    ];
    for (member, text) in given {
        let Some(text) = text else { continue };
        let url = Url::parse(text).map_err(|why| Error::invalid(format!("{member} is not a web address: {why}")))?;
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && local);
        if !scheme || url.host_str().is_none() {
            return Err(Error::invalid(format!("{member} must begin with https:// (http:// only on this machine)")));
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(Error::invalid(format!("{member} must not hold a user name, a password or a fragment")));
        }
    }
    Ok(())
}

fn revoke_of(oauth: &OAuth2) -> Option<&str> {
    oauth.revoke.as_ref().map(|revoke| revoke.url.as_str())
}

fn identity_of(oauth: &OAuth2) -> Option<&str> {
    oauth.identity.as_ref().map(|identity| identity.url.as_str())
}

//! OAuth endpoints that are each account's own: `https://{{tenant}}.acme.com/oauth/token`.
//!
//! The client's secret, codes and tokens go there, so a host that an account fills ends with the app's own domain in any
//! case: domains that the proxy is allowed don't count here.

use super::address::single_braces;
use super::pattern::Pattern;
use super::place::problem;
use crate::error::Problem;
use crate::host::{OwnHost, is_anchored, placeholders};
use url::Url;

/// An endpoint in which account fields stand.
#[derive(Debug)]
pub(super) struct OwnEndpoint {
    /// As it was written, with names in double braces.
    pub(super) written: String,
    /// Where it was written.
    pub(super) place: String,
    /// The names in it.
    pub(super) names: Vec<String>,
    origin: String,
    path: String,
}

impl OwnEndpoint {
    /// What fills it.
    ///
    /// # Errors
    /// A brace that belongs to no name.
    pub(super) fn host(&self) -> Result<OwnHost, String> {
        OwnHost::endpoint(&self.origin, &self.path)
    }
}

/// Reads those of a pattern.
///
/// # Errors
/// The first that won't do, with its place.
pub(super) fn read(at: &str, pattern: &Pattern) -> Result<Vec<OwnEndpoint>, Problem> {
    let Some(oauth) = &pattern.oauth_config else { return Ok(Vec::new()) };
    let all = [
        ("authorize_uri", &oauth.authorize_uri),
        ("token_uri", &oauth.token_uri),
        ("user_info_uri", &oauth.user_info_uri),
    ];
    let own = all.into_iter().filter(|(_, text)| text.contains(['{', '}']));
    own.map(|(member, text)| {
        let place = format!("{at}.oauth_config.{member}");
        one(&place, text).map_err(|why| problem(place, why))
    })
    .collect()
}

fn one(place: &str, text: &str) -> Result<OwnEndpoint, String> {
    let (single, names) = single_braces(text)?;
    let (scheme, rest) = single.split_once("://").ok_or("is no web address")?;
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (segments, query) = path.split_once('?').unwrap_or((path, ""));
    if path.contains(['#', '\\']) || authority.contains(['?', '#', '\\', '@']) {
        return Err("has account fields, and with them no fragment, no @ in its host and no backslash".to_owned());
    }
    if query.contains('{') {
        return Err("has an account field in its query: one stands in the host or the path".to_owned());
    }
    let step = |part: &str| matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if segments.split('/').any(step) {
        return Err("must not hold the segments . or .. in its path".to_owned());
    }
    let (name, port) = authority.split_once(':').map_or((authority, None), |(name, port)| (name, Some(port)));
    if port.is_some_and(|port| port.contains('{')) {
        return Err("has an account field in its port".to_owned());
    }
    let origin = format!("{scheme}://{authority}");
    // What is filled is compared byte for byte with what URLs become.
    let same =
        Url::parse(&placeholders(&origin)).is_ok_and(|url| url.origin().ascii_serialization() == placeholders(&origin));
    if !same {
        return Err("has a host or a port that is not plain: lower case, and no port that is usual anyway".to_owned());
    }
    if name.contains('{') && !is_anchored(name) {
        return Err(
            "lets an account choose the whole host, and with it where the client's secret goes: end it with the \
                    app's own domain, such as {{domain}}.acme.com"
                .to_owned(),
        );
    }
    Ok(OwnEndpoint { written: text.to_owned(), place: place.to_owned(), names, origin, path: path.to_owned() })
}

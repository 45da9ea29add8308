//! From an address with ways to sign in to a connector.

use super::placed::{Place, Remote};
use crate::auth::Auth;
use crate::connector::{Connector, Upstream};
use crate::error::Problem;
use crate::file::{Errors, RateLimit};
use crate::host::OwnHost;
use crate::rules::Rules;
use indexmap::IndexMap;
use std::sync::{Arc, OnceLock};

/// A remote MCP server, as whoever sets it up says.
#[derive(Debug)]
pub struct Server {
    /// The connector's name.
    pub slug: String,
    /// The app's name, for people.
    pub display_name: String,
    /// Where it is.
    pub remote: Remote,
    /// The ways to sign in, the usual one first.
    pub ways: Vec<Auth>,
    /// What is asked for, where people sign in by OAuth and the server does not say it.
    pub scopes: Vec<String>,
}

/// The connector of a remote MCP server.
///
/// # Errors
/// Its address is none: `https`, or `http` on this machine, without credentials and a fragment.
pub fn connector(server: Server) -> Result<Connector, Problem> {
    let Server { slug, display_name, remote, ways, scopes } = server;
    let problem = |why: &str| Problem::new("url", why);
    let Place::Fixed(url) = &remote.place else { return Err(problem("is no address")) };
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() != "https" && !(url.scheme() == "http" && here) {
        return Err(problem("is no https address (http is for this machine only)"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(problem("holds a user name, a password or a fragment"));
    }
    let origin = url.origin().ascii_serialization();
    // A host with a port of its own is known by its origin alone.
    let hosts: Vec<String> = url
        .host_str()
        .filter(|_| origin.starts_with("https:") && url.port().is_none())
        .map(str::to_owned)
        .into_iter()
        .collect();
    let rules = Rules::compile(&display_name, &Errors::default(), &RateLimit::default());
    let upstream = Upstream {
        app: display_name.clone(),
        origin: origin.clone(),
        hosts: hosts.clone(),
        headers: Vec::new(),
        rules: rules.map_err(|why| problem(&why))?,
    };
    Ok(Connector {
        own_host: OwnHost::compile(&origin, &hosts).map_err(|why| problem(&why))?,
        own_endpoints: Vec::new(),
        segment: OnceLock::new(),
        slug,
        display_name,
        alias_of: None,
        hosts,
        proxy_url: origin,
        ways,
        account_fields: Vec::new(),
        verify: None,
        default_scopes: scopes,
        scope_words: IndexMap::new(),
        scope_includes: Arc::default(),
        headers: Vec::new(),
        checked: false,
        not_yet: IndexMap::new(),
        tools: IndexMap::new(),
        remote: Some(remote),
        custom: None,
        upstream: Arc::new(upstream),
    })
}

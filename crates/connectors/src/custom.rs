//! Custom providers: apps that a developer describes by API, compiled into the same connector that a file becomes. Tools
//! they have where a document is imported ([`crate::import`]); those are named for each connection, and are not in here.
//!
//! [`pattern`] reads what is said of signing in, [`way`] makes a way of it, [`address`] reads where requests go.

mod address;
mod endpoint;
mod field;
mod oauth;
mod pattern;
mod place;
mod sends;
mod way;

use crate::connector::{Connector, Custom, Upstream};
use crate::error::Problem;
use crate::host::OwnHost;
use crate::remote::Remote;
use crate::rules::Rules;
use address::Address;
use indexmap::{IndexMap, IndexSet};
use pattern::Pattern;
use place::{at, problem};
use serde_json::Value;
use std::sync::{Arc, OnceLock};
use way::Way;

/// How many patterns one provider has at most.
const PATTERNS: usize = 5;

/// What a developer says of an app.
#[derive(Clone, Copy, Debug)]
pub struct Description<'a> {
    /// The name that its connections know it by.
    pub slug: &'a str,
    /// Its name, for people.
    pub display_name: &'a str,
    /// What the proxy appends whole paths to; account fields stand in it as `{{name}}`.
    pub proxy_url: &'a str,
    /// Whether requests to its API may be made beside tools.
    pub proxy_enabled: bool,
    /// How people sign in: a list of objects, of which unknown members are passed over.
    pub auth_patterns: &'a Value,
    /// The hash of its imported tools; empty if there are none.
    pub tools_digest: &'a str,
}

impl Connector {
    /// Compiles what a developer said of an app.
    ///
    /// # Errors
    /// The first thing that won't do, with its place in the words of the API.
    pub fn custom(description: Description<'_>) -> Result<Self, Problem> {
        let patterns = pattern::read(description.auth_patterns)?;
        if !(1..=PATTERNS).contains(&patterns.len()) {
            let why = format!("has {} patterns, and may have 1 to {PATTERNS}", patterns.len());
            return Err(problem("auth_patterns", why));
        }
        let address = Address::read(description.proxy_url, &patterns)?;
        let mut ways = Vec::with_capacity(patterns.len());
        for (index, pattern) in patterns.iter().enumerate() {
            let way = way::compile(&at(index), pattern, &address)?;
            if let Some(other) = ways.iter().position(|known: &Way| known.auth.kind() == way.auth.kind()) {
                let why =
                    format!("is the same as that of auth_patterns[{other}]: each way to sign in stands there once");
                return Err(problem(format!("{}.type", at(index)), why));
            }
            ways.push(way);
        }
        assembled(description, &patterns, address, ways)
    }
}

fn assembled(
    description: Description<'_>,
    patterns: &[Pattern],
    address: Address,
    ways: Vec<Way>,
) -> Result<Connector, Problem> {
    let upstream = Upstream {
        app: description.display_name.to_owned(),
        origin: format!("https://{}", address.host),
        hosts: vec![address.host.clone()],
        headers: Vec::new(),
        rules: Rules::usual(description.display_name),
    };
    let mut account_fields = Vec::new();
    for field in ways.iter().flat_map(|way| &way.account_fields) {
        if account_fields.iter().all(|known: &crate::auth::Field| known.name != field.name) {
            account_fields.push(field.clone());
        }
    }
    let mut own_endpoints = Vec::new();
    for own in ways.iter().flat_map(|way| &way.own_endpoints) {
        own_endpoints.push((own.written.clone(), own.host().map_err(|why| problem("auth_patterns", why))?));
    }
    let scopes: Vec<_> = patterns.iter().filter_map(|pattern| pattern.oauth_config.as_ref()).collect();
    let is_mcp = patterns.iter().any(|pattern| pattern.is_mcp);
    let remote = is_mcp.then(|| address.remote());
    let own_host = match remote.as_ref().and_then(Remote::origin) {
        None => address.own_host,
        Some(origin) => {
            let hosts = [address.host.clone()];
            OwnHost::compile(&origin, &hosts).map_err(|why| problem("proxy_url", why))?
        }
    };
    Ok(Connector {
        slug: description.slug.to_owned(),
        display_name: description.display_name.to_owned(),
        hosts: vec![address.host],
        proxy_url: address.written,
        default_scopes: scopes
            .iter()
            .flat_map(|oauth| oauth.required_scopes())
            .collect::<IndexSet<_>>()
            .into_iter()
            .collect(),
        scope_words: scopes.iter().flat_map(|oauth| oauth.scope_words()).collect(),
        scope_includes: Arc::default(),
        ways: ways.into_iter().map(|way| way.auth).collect(),
        account_fields,
        verify: None,
        headers: Vec::new(),
        checked: false,
        not_yet: IndexMap::new(),
        alias_of: None,
        tools: IndexMap::new(),
        upstream: Arc::new(upstream),
        segment: OnceLock::new(),
        own_host,
        own_endpoints,
        remote,
        custom: Some(Custom {
            is_mcp,
            proxy_enabled: description.proxy_enabled,
            allowed_domains: address.domains,
            tools_digest: description.tools_digest.to_owned(),
        }),
    })
}

#[cfg(test)]
mod tests;

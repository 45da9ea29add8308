//! Where a custom provider's requests go: `proxy_url` with account fields in it (`https://{{domain}}/api`), and the domains
//! that those may lead to.

use super::pattern::Pattern;
use super::place::{at, problem};
use crate::error::Problem;
use crate::host::{OwnHost, is_anchored, lies_in, placeholders};
use crate::remote::{Place, Remote, Transport};
use url::Url;

/// The longest address, in characters (the wire's rule).
const LONGEST: usize = 2048;
/// How many domains a pattern names at most.
const DOMAINS: usize = 50;

/// Where requests go.
#[derive(Debug)]
pub(super) struct Address {
    /// All of it, with names in braces.
    pub(super) written: String,
    /// Host and, if it is not the usual one, port.
    pub(super) host: String,
    /// The names in it.
    pub(super) names: Vec<String>,
    /// The domains that its host may lie in; none named means only that host.
    pub(super) domains: Vec<String>,
    pub(super) own_host: OwnHost,
}

impl Address {
    /// As the address of a remote MCP server.
    pub(super) fn remote(&self) -> Remote {
        let fixed = Url::parse(&self.written).ok().filter(|_| self.names.is_empty());
        Remote {
            place: fixed.map_or_else(|| Place::OfAccount(self.written.clone()), Place::Fixed),
            transport: Transport::Http,
            sources: None,
            documented: Vec::new(),
            by_connection: true,
            note: None,
        }
    }

    /// Reads an address and the domains of all patterns.
    ///
    /// # Errors
    /// What is wrong, with its place.
    pub(super) fn read(proxy_url: &str, patterns: &[Pattern]) -> Result<Self, Problem> {
        let wrong = |why: &str| problem("proxy_url", why);
        let (written, names) = single_braces(proxy_url).map_err(|why| wrong(&why))?;
        let url = plain(&written).map_err(|why| wrong(&why))?;
        let rest = written.get("https://".len()..).unwrap_or_default();
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let name = authority.split(':').next().unwrap_or_default().to_owned();
        let host = url.port().map_or_else(|| name.clone(), |port| format!("{name}:{port}"));
        if authority.get(name.len()..).is_some_and(|port| port.contains('{')) {
            return Err(wrong("has an account field in its port"));
        }
        // What isn't filled is compared byte for byte with what URLs become.
        let fixed = !name.contains('{');
        if fixed && url.host_str() != Some(name.as_str()) {
            return Err(wrong("has a host that is not a plain host name in lower case"));
        }
        let domains = domains(patterns)?;
        if fixed && !lies_in(&name, &domains) {
            return Err(wrong(&format!("its host `{name}` is in none of allowed_proxy_domains")));
        }
        if !fixed {
            anchored(&name, &domains, patterns)?;
        }
        let own_host = OwnHost::whole(&host, path, domains.clone()).map_err(|why| wrong(&why))?;
        Ok(Self { written: format!("https://{host}{path}"), host, names, domains, own_host })
    }
}

/// `{{name}}` as `{name}`, and the names. No other brace stands in an address.
pub(super) fn single_braces(text: &str) -> Result<(String, Vec<String>), String> {
    let (mut written, mut names, mut rest) = (String::new(), Vec::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, behind) = after.split_once("}}").ok_or("has {{ without }}")?;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err("has something else between {{ and }} than the name of a field".to_owned());
        }
        if before.contains(['{', '}']) {
            return Err("has a brace that belongs to no {{name}}".to_owned());
        }
        written.push_str(before);
        written.push_str(&format!("{{{name}}}"));
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        rest = behind;
    }
    if rest.contains(['{', '}']) {
        return Err("has a brace that belongs to no {{name}}".to_owned());
    }
    Ok((written + rest, names))
}

/// An address that means one place: https, without user name, query, fragment or steps in its path.
fn plain(written: &str) -> Result<Url, String> {
    if written.chars().count() > LONGEST {
        return Err(format!("has more than {LONGEST} characters"));
    }
    if written.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\' || !c.is_ascii()) {
        return Err("has a blank, a control character, a backslash or a character outside ASCII".to_owned());
    }
    if !written.starts_with("https://") {
        return Err("must begin with https://".to_owned());
    }
    let url = Url::parse(&placeholders(written)).map_err(|why| format!("is not a web address: {why}"))?;
    if !url.username().is_empty() || url.password().is_some() || written.contains('@') {
        return Err("must not hold a user name or a password (nor an @)".to_owned());
    }
    if written.contains(['?', '#']) {
        return Err("must not hold a query or a fragment: paths of requests are put behind it".to_owned());
    }
    let step = |part: &str| matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if written.split('/').any(step) {
        return Err("must not hold the segments . or .. in its path".to_owned());
    }
    Ok(url)
}

fn domains(patterns: &[Pattern]) -> Result<Vec<String>, Problem> {
    let mut all: Vec<String> = Vec::new();
    for (index, pattern) in patterns.iter().enumerate() {
        let place = format!("{}.allowed_proxy_domains", at(index));
        if pattern.allowed_proxy_domains.len() > DOMAINS {
            return Err(problem(place, format!("has more than {DOMAINS} domains")));
        }
        for (item, text) in pattern.allowed_proxy_domains.iter().enumerate() {
            let domain = text.strip_prefix("*.").unwrap_or(text).to_ascii_lowercase();
            let same =
                Url::parse(&format!("https://{domain}/")).is_ok_and(|url| url.host_str() == Some(domain.as_str()));
            let inner = domain == "localhost" || domain.trim_matches('.').contains('.');
            if !same || !inner || domain.contains(['{', '}', '*', ':', '/', '@']) {
                let shown: String = text.chars().take(80).collect();
                let why =
                    format!("`{shown}` is not a plain domain name such as acme.com, without scheme, port and path");
                return Err(problem(format!("{place}[{item}]"), why));
            }
            all.push(domain);
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

/// A host that an account fills ends with the app's own domain, wherever more than the account's own key goes.
fn anchored(host: &str, domains: &[String], patterns: &[Pattern]) -> Result<(), Problem> {
    let own_key = patterns.iter().all(|pattern| matches!(pattern.kind.as_str(), "BASIC" | "BEARER" | "API_KEY"));
    if is_anchored(host) || own_key || !domains.is_empty() {
        return Ok(());
    }
    let why = "lets an account choose the whole host, and with it where tokens go: end it with the app's own domain, \
               such as {{domain}}.acme.com, or name the domains in allowed_proxy_domains";
    Err(problem("proxy_url", why))
}

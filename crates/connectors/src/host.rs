//! Hosts that are each account's own: `https://{domain}.acme.example`. What an account says goes into a host only where
//! it makes exactly the host that is written, so that nobody is led to another one.

use crate::auth::{Field, Template};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use url::Url;

/// The origin of a connector's API and its hosts, as far as an account fills them.
#[derive(Debug)]
pub(crate) struct OwnHost {
    /// `https://host[:port]`, as written.
    origin: String,
    template: Template,
    hosts: Vec<Template>,
    root: String,
    /// What the origin of a custom provider is always followed by.
    path: Option<Template>,
    /// The domains that a filled host may lie in; none named means any.
    domains: Vec<String>,
    /// The fields of which a host of any domain can be made.
    free: Vec<String>,
}

/// What stands in a segment of a path as it is (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest value that goes into a path, in bytes.
const LONGEST_SEGMENT: usize = 500;

/// Why an account's address can't be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfilled {
    /// The field that lacks a value, or has one that makes no host.
    pub field: String,
    /// What the form calls it.
    pub label: String,
    /// Why.
    pub lack: Lack,
}

/// What an account's address lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The field has no value.
    Value,
    /// The value makes no host.
    Host,
    /// The value makes no part of a path.
    Segment,
    /// It makes this host, which lies in none of the domains that are allowed.
    Allowed(String),
}

impl std::fmt::Display for Unfilled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = match &self.lack {
            Lack::Value => "is missing".to_owned(),
            Lack::Host => "makes no host name of this app".to_owned(),
            Lack::Segment => {
                "makes no part of a path (it is '.' or '..', too long, or holds a slash, a backslash, a percent sign \
                              or a control character)"
                    .to_owned()
            }
            Lack::Allowed(host) => {
                format!("leads to '{host:.100}', which is in none of the provider's allowed_proxy_domains")
            }
        };
        write!(f, "the account's `{}` ({}) {how}: set it in api_config, or sign in again", self.field, self.label)
    }
}

impl OwnHost {
    /// Reads a base address and hosts.
    ///
    /// # Errors
    /// The address is none.
    pub(crate) fn compile(base_url: &str, hosts: &[String]) -> Result<Self, String> {
        let plain = Url::parse(&placeholders(base_url)).map_err(|why| why.to_string())?;
        let root = plain.path().trim_end_matches('/').to_owned();
        let written = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
        let host = written.split('/').next().unwrap_or_default();
        let origin = if host.contains('{') { format!("https://{host}") } else { plain.origin().ascii_serialization() };
        let free = hosts.iter().map(String::as_str).chain([host]).filter(|host| !is_anchored(host));
        let free = free.map(Template::parse).collect::<Result<Vec<_>, _>>()?.into_iter();
        let hosts = hosts.iter().map(|host| Template::parse(host)).collect::<Result<_, _>>()?;
        let free = free.flat_map(|host| host.names().map(str::to_owned).collect::<Vec<_>>()).collect();
        let template = Template::parse(&origin)?;
        Ok(Self { template, origin, hosts, root, path: None, domains: Vec::new(), free })
    }

    /// Of a custom provider: one host, perhaps with a port, and a path in which account fields may stand too.
    ///
    /// # Errors
    /// A brace that belongs to no name.
    pub(crate) fn whole(host: &str, path: &str, domains: Vec<String>) -> Result<Self, String> {
        let origin = format!("https://{host}");
        let (template, name) = (Template::parse(&origin)?, Template::parse(host)?);
        let bound = is_anchored(host) || !domains.is_empty();
        let free = if bound { Vec::new() } else { name.names().map(str::to_owned).collect() };
        let path = Some(Template::parse(path)?);
        Ok(Self { template, origin, hosts: vec![name], root: String::new(), path, domains, free })
    }

    /// Of an OAuth endpoint: the address up to its path, and the path, in both of which account fields may stand.
    ///
    /// # Errors
    /// A brace that belongs to no name.
    pub(crate) fn endpoint(origin: &str, path: &str) -> Result<Self, String> {
        let (template, path) = (Template::parse(origin)?, Some(Template::parse(path)?));
        let (hosts, domains, free) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { template, origin: origin.to_owned(), hosts, root: String::new(), path, domains, free })
    }

    /// Whether a host of any domain can be made of what an account says in this field.
    pub(crate) fn is_free(&self, field: &str) -> bool {
        self.free.iter().any(|name| name == field)
    }

    /// The origin as written.
    pub(crate) fn written(&self) -> &str {
        &self.origin
    }

    /// The path that all others stand under.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// What replaces the connector's origin for an account; none where it is the same for all. Of a custom provider, the
    /// whole address.
    pub(crate) fn origin(&self, fields: &[Field], of: &Map<String, Value>) -> Result<Option<String>, Unfilled> {
        let filled = self.filled_origin(fields, of)?;
        let Some(path) = &self.path else { return Ok(filled) };
        for name in path.names() {
            segment(fields, of, name)?;
        }
        let encoded: Vec<_> = path.names().filter_map(|name| Some((name, encoded(text(of, name)?)))).collect();
        let value = |name: &str| encoded.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        let path = path.fill(value).unwrap_or_default();
        Ok(Some(format!("{}{path}", filled.unwrap_or_else(|| self.origin.clone()))))
    }

    fn filled_origin(&self, fields: &[Field], of: &Map<String, Value>) -> Result<Option<String>, Unfilled> {
        let Some(first) = self.template.names().next() else { return Ok(None) };
        for name in self.template.names() {
            part(fields, of, name)?;
        }
        let filled = self.template.fill(|name| text(of, name)).unwrap_or_default().to_ascii_lowercase();
        let same = Url::parse(&filled).is_ok_and(|url| url.origin().ascii_serialization() == filled);
        if !same {
            return Err(unfilled(fields, first, Lack::Host));
        }
        let host = Url::parse(&filled).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        if lies_in(&host, &self.domains) { Ok(Some(filled)) } else { Err(unfilled(fields, first, Lack::Allowed(host))) }
    }

    /// The hosts for an account.
    pub(crate) fn hosts(&self, fields: &[Field], of: &Map<String, Value>) -> Vec<String> {
        let whole = |host: &&Template| host.names().all(|name| part(fields, of, name).is_ok());
        let filled = self.hosts.iter().filter(whole).filter_map(|host| host.fill(|name| text(of, name)));
        let filled = filled.map(|host| host.to_ascii_lowercase());
        filled.filter(|host| lies_in(host.split(':').next().unwrap_or_default(), &self.domains)).collect()
    }
}

/// Whether a host is one of these domains or lies below one of them; where there are none, any does.
pub(crate) fn lies_in(host: &str, domains: &[String]) -> bool {
    let below = |domain: &String| host.strip_suffix(domain.as_str()).is_some_and(|sub| sub.ends_with('.'));
    domains.is_empty() || domains.iter().any(|domain| host == domain || below(domain))
}

/// Whether a host that an account fills ends with the app's own domain, such as `{name}.acme.com`.
pub(crate) fn is_anchored(host: &str) -> bool {
    let behind = host.rsplit_once('}').map_or("", |(_, behind)| behind);
    behind.starts_with('.') && behind.matches('.').count() >= 2
}

/// An address with every name in braces replaced by a letter, so that it can be read as one.
pub(crate) fn placeholders(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        plain.push_str(before);
        plain.push('x');
        rest = after.split_once('}').map_or("", |(_, behind)| behind);
    }
    plain + rest
}

/// What an account says: beside the rest of `api_config`, or among its `path_variables`.
fn text<'a>(of: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let within = || of.get("path_variables").and_then(|variables| variables.get(name));
    of.get(name).or_else(within).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// That an account has this part of a path, and that it is one segment of it, whoever reads it.
fn segment(fields: &[Field], of: &Map<String, Value>, name: &str) -> Result<(), Unfilled> {
    let Some(value) = text(of, name) else { return Err(unfilled(fields, name, Lack::Value)) };
    let plain =
        !value.contains(['/', '\\', '%']) && !value.contains(char::is_control) && value.len() <= LONGEST_SEGMENT;
    let steps = matches!(value.split(';').next(), Some("." | ".."));
    let fits = fields.iter().find(|field| field.name == name).is_none_or(|field| field.check(value).is_ok());
    if plain && fits && !steps { Ok(()) } else { Err(unfilled(fields, name, Lack::Segment)) }
}

fn encoded(value: &str) -> String {
    utf8_percent_encode(value, SEGMENT).to_string()
}

/// That an account has this part of a host, and that it is one: letters, digits, hyphens and dots.
fn part(fields: &[Field], of: &Map<String, Value>, name: &str) -> Result<(), Unfilled> {
    let Some(value) = text(of, name) else { return Err(unfilled(fields, name, Lack::Value)) };
    let label = |label: &str| !label.is_empty() && label.len() < 64 && !label.starts_with('-') && !label.ends_with('-');
    let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    let fits = fields.iter().find(|field| field.name == name).is_none_or(|field| field.check(value).is_ok());
    if plain && fits && value.split('.').all(label) { Ok(()) } else { Err(unfilled(fields, name, Lack::Host)) }
}

fn unfilled(fields: &[Field], name: &str, lack: Lack) -> Unfilled {
    let label = fields.iter().find(|field| field.name == name).map_or(name, |field| &field.label);
    Unfilled { field: name.to_owned(), label: label.to_owned(), lack }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn own(base: &str) -> OwnHost {
        OwnHost::compile(base, &["{domain}.acme.test".to_owned(), "files.acme.test".to_owned()]).unwrap()
    }

    fn of(domain: &Value) -> Map<String, Value> {
        Map::from_iter([("domain".to_owned(), domain.clone())])
    }

    #[test]
    fn an_accounts_own_host_is_filled() {
        let own = own("https://{domain}.acme.test/v2/");
        assert_eq!((own.written(), own.root()), ("https://{domain}.acme.test", "/v2"));
        assert_eq!(own.origin(&[], &of(&json!("Box-1"))), Ok(Some("https://box-1.acme.test".into())));
        assert_eq!(own.hosts(&[], &of(&json!("box"))), ["box.acme.test", "files.acme.test"]);
        assert_eq!(own.hosts(&[], &Map::new()), ["files.acme.test"]);
        assert_eq!(own.origin(&[], &Map::new()).unwrap_err().lack, Lack::Value);
        assert_eq!(super::OwnHost::compile("https://a.test/x", &[]).unwrap().origin(&[], &Map::new()), Ok(None));
    }

    #[test]
    fn attack_83_what_can_name_a_host_of_any_domain_is_known() {
        let free = |base: &str, host: &str| OwnHost::compile(base, &[host.to_owned()]).unwrap().is_free("domain");
        assert!(!free("https://{domain}.acme.test", "{domain}.acme.test"));
        assert!(!free("https://api.acme.test/{domain}", "api.acme.test"));
        for (base, host) in [
            ("https://{domain}", "{domain}"),
            ("https://api.acme.test", "{domain}"),
            ("https://x.{domain}", "x.{domain}"),
            ("https://{domain}.test", "{domain}.test"),
        ] {
            assert!(free(base, host), "{base} {host}");
        }
    }

    #[test]
    fn attack_60_no_value_leads_to_another_host() {
        let own = own("https://{domain}.acme.test");
        for lure in [
            "evil.test/",
            "evil.test#",
            "evil.test?",
            "evil.test\\",
            "a@evil.test",
            "evil.test:443/",
            "",
            "-a",
            "a-",
            "a..b",
            ".",
            "a b",
            "a%2e",
            "ä",
            "a\u{3002}b",
            "a\n",
            "[::1]",
            "{domain}",
        ] {
            assert!(own.origin(&[], &of(&json!(lure))).is_err(), "{lure:?}");
            assert_eq!(own.hosts(&[], &of(&json!(lure))), ["files.acme.test"], "{lure:?}");
        }
        assert!(own.origin(&[], &of(&json!(7))).is_err());
    }
}

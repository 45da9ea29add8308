//! Where a remote MCP server is.

use super::name::{connection_prefix, served_name};
use serde::Deserialize;
use url::Url;

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Streamable HTTP.
    #[default]
    Http,
    /// The first revision's stream of events beside an address for requests.
    Sse,
}

/// Where a server is.
#[derive(Clone, Debug)]
pub enum Place {
    /// At one address for all accounts, or at the same path below a base of the connection's own.
    Fixed(Url),
    /// At an address of each account's own, which fills this one.
    OfAccount(String),
}

/// A remote MCP server.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Where it is.
    pub place: Place,
    /// How it is spoken to.
    pub transport: Transport,
    /// On how many independent sources the address rests; none where whoever set it up knows it.
    pub sources: Option<u32>,
    /// The names that are documented for its tools, as the server has them.
    pub documented: Vec<String>,
    /// Whether its tools are named by their connection rather than by the connector.
    pub by_connection: bool,
    /// What is to be known of it.
    pub note: Option<String>,
}

impl Remote {
    /// What its tools' names begin with.
    #[must_use]
    pub fn prefix(&self, slug: &str, connection: &str) -> String {
        if self.by_connection { connection_prefix(connection) } else { slug.to_owned() }
    }

    /// Its address, or the same path below a base of the connection's own. Of one that is at each account's own address,
    /// `base` is all of it.
    #[must_use]
    pub fn address(&self, base: Option<&str>) -> String {
        let (url, base) = match (&self.place, base) {
            (Place::Fixed(url), None) => return url.to_string(),
            (Place::Fixed(url), Some(base)) => (url, base),
            (Place::OfAccount(written), base) => return base.unwrap_or(written).to_owned(),
        };
        let path = if url.path() == "/" { "" } else { url.path() };
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{path}{query}", base.trim_end_matches('/'))
    }

    /// Its address for people, where it is each account's own with the fields in double braces.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.place {
            Place::Fixed(url) => url.to_string(),
            Place::OfAccount(written) => written.replace('{', "{{").replace('}', "}}"),
        }
    }

    /// `scheme://host[:port]` of its address, where that is one for all accounts.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        match &self.place {
            Place::Fixed(url) => Some(url.origin().ascii_serialization()),
            Place::OfAccount(_) => None,
        }
    }

    /// Whether a name, whole or as it is served, is one that is documented for it.
    #[must_use]
    pub fn documents(&self, prefix: &str, name: &str) -> bool {
        self.served_as(prefix, name).is_some()
    }

    /// The name under which a documented tool is served, by that or by its whole name.
    #[must_use]
    pub fn served_as(&self, prefix: &str, name: &str) -> Option<String> {
        let rest = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
        self.documented.iter().find_map(|own| {
            let served = served_name(prefix, own);
            (served == name || rest == Some(own)).then_some(served)
        })
    }
}

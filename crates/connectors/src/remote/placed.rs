//! Where a remote MCP server is.

use super::name::served_name;
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

/// A remote MCP server.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Its address.
    pub url: Url,
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
        if self.by_connection { format!("c-{connection}") } else { slug.to_owned() }
    }

    /// Its address, or the same path below a base of the connection's own.
    #[must_use]
    pub fn address(&self, base: Option<&str>) -> String {
        let Some(base) = base else { return self.url.to_string() };
        let path = if self.url.path() == "/" { "" } else { self.url.path() };
        let query = self.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{path}{query}", base.trim_end_matches('/'))
    }

    /// `scheme://host[:port]` of its address.
    #[must_use]
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
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

//! Where a connection leads that is not the vendor's own: told to the person before anything is sent there.

use super::endpoints::{Endpoints, on_this_machine, origin};
use url::Url;
use valetkey_connectors::Connector;

/// Hosts that a connection's own settings chose, in place of the connector file's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomHosts {
    /// Host and port of each, as an address bar names them, in the order of the endpoints; none for most connections.
    pub hosts: Vec<String>,
    /// Whether all of them are on this machine, as a demo's or a developer's are.
    pub on_this_machine: bool,
}

impl CustomHosts {
    /// Of a connection that reaches these endpoints, where the vendor has those.
    pub(super) fn of(connector: &Connector, vendors: &Endpoints, endpoints: &Endpoints) -> Self {
        let mut known: Vec<String> = connector.hosts.iter().map(|host| format!("https://{host}")).collect();
        known.extend(vendors.named().into_iter().filter_map(|(_, url)| origin(url?)));
        known.extend(origin(&connector.proxy_url));
        let mut found = Self { hosts: Vec::new(), on_this_machine: true };
        for (_, url) in endpoints.named() {
            let Some(url) = url.and_then(|url| Url::parse(url).ok()) else { continue };
            let host = host_and_port(&url);
            if known.contains(&url.origin().ascii_serialization()) || found.hosts.contains(&host) {
                continue;
            }
            found.on_this_machine &= on_this_machine(&url);
            found.hosts.push(host);
        }
        if found.hosts.is_empty() { Self::default() } else { found }
    }
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

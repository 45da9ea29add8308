//! What the operator allowed beyond the public internet. It comes from the settings file, never from a request.

use ipnet::IpNet;
use std::net::IpAddr;
use std::str::FromStr;
use url::Url;

/// What may be called beside public https addresses.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    allow: Vec<Allowed>,
}

/// One thing that the operator allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// A host, as it stands in URLs, at one port: may be private, and may be spoken to in clear text.
    Endpoint {
        /// Name or address in its plain form, lower case, IPv6 in brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// Every address of a network, over https.
    Network(IpNet),
}

/// An entry of `outbound.allow` that is neither `host:port` nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("outbound.allow: '{0}' is neither host:port (localhost:8090) nor a network (10.1.0.0/16)")]
pub struct InvalidAllowed(String);

impl Policy {
    /// The public internet over https, and these.
    #[must_use]
    pub const fn allowing(allow: Vec<Allowed>) -> Self {
        Self { allow }
    }

    /// Whether exactly this host and port was allowed.
    pub(crate) fn endpoint(&self, host: &str, port: u16) -> bool {
        self.allow.iter().any(|one| matches!(one, Allowed::Endpoint { host: h, port: p } if h == host && *p == port))
    }

    /// Whether a network with this address was allowed.
    pub(crate) fn network(&self, ip: IpAddr) -> bool {
        self.allow.iter().any(|one| matches!(one, Allowed::Network(net) if net.contains(&ip)))
    }
}

impl FromStr for Allowed {
    type Err = InvalidAllowed;

    fn from_str(text: &str) -> Result<Self, InvalidAllowed> {
        if let Ok(network) = text.parse() {
            return Ok(Self::Network(network));
        }
        endpoint(text).ok_or_else(|| InvalidAllowed(text.chars().take(200).collect()))
    }
}

/// Reads `host:port`; the host comes out as URLs have it, so that the two compare equal.
fn endpoint(text: &str) -> Option<Allowed> {
    let port = text.rsplit_once(':')?.1.parse().ok()?;
    let url = Url::parse(&format!("http://{text}")).ok()?;
    let plain = url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.fragment().is_none();
    let host = url.host_str().filter(|_| plain)?;
    Some(Allowed::Endpoint { host: host.to_owned(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_endpoints_and_networks() {
        let endpoint = |host: &str, port| Allowed::Endpoint { host: host.into(), port };
        assert_eq!("localhost:8090".parse(), Ok(endpoint("localhost", 8090)));
        assert_eq!("LOCALHOST:80".parse(), Ok(endpoint("localhost", 80)));
        assert_eq!("[::1]:443".parse(), Ok(endpoint("[::1]", 443)));
        assert_eq!("10.1.0.0/16".parse::<Allowed>(), Ok(Allowed::Network("10.1.0.0/16".parse().unwrap())));
        for wrong in ["", "localhost", "http://localhost:1", "a@b:1", "host:99999", "host:1/path", "::1", "10.0.0.0/33"]
        {
            assert!(wrong.parse::<Allowed>().is_err(), "{wrong}");
        }
    }
}

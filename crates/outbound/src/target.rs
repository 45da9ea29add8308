//! Where a request goes, checked before anything else happens. One reading of the address is used for the check and
//! for the connection, so that no two parsers can disagree about the host.

use crate::Error;
use crate::policy::Policy;
use crate::resolve;
use http::Uri;
use percent_encoding::percent_decode_str;
use std::net::IpAddr;
use url::{Host, Url};

/// A checked address.
pub(crate) struct Target {
    /// What is called.
    pub(crate) url: Url,
    /// Its host, for messages.
    pub(crate) host: String,
    /// Whether the operator allowed this very host and port.
    pub(crate) endpoint: bool,
}

impl Target {
    /// Reads and checks an address.
    ///
    /// # Errors
    /// It is not one that may be called, or it can be read in two ways.
    pub(crate) fn check(uri: &Uri, policy: &Policy) -> Result<Self, Error> {
        let url = plain(uri)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let port = url.port_or_known_default().unwrap_or_default();
        let endpoint = policy.endpoint(&host, port);
        let forbidden = |why| Error::Forbidden { host: host.clone(), why };
        match url.scheme() {
            "https" => {}
            "http" if endpoint => {}
            "http" => return Err(forbidden("it is to be called in clear text; use https")),
            _ => return Err(forbidden("only https is called")),
        }
        address(&url, policy, endpoint).map_err(forbidden)?;
        Ok(Self { url, host, endpoint })
    }
}

/// The address as a URL, refused if that changes its host or its path: the caller checked what it wrote.
fn plain(uri: &Uri) -> Result<Url, Error> {
    let written = uri.host().unwrap_or_default();
    let invalid = |why: &str| Error::Invalid { host: written.to_owned(), why: why.to_owned() };
    let url = Url::parse(&uri.to_string()).map_err(|error| invalid(&format!("its address is not one ({error})")))?;
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(invalid("its address has a user name in it"));
    }
    if url.host_str() != Some(written.to_ascii_lowercase().as_str()) {
        return Err(invalid("its host is not in its plain form: write addresses as 192.0.2.1, names in ASCII"));
    }
    if written.ends_with('.') {
        return Err(invalid("its host ends with a dot"));
    }
    if uri.path().split('/').any(dots) {
        return Err(invalid("its path has a '.' or '..' part"));
    }
    Ok(url)
}

/// Whether a part of a path is `.` or `..`, also in percent form.
fn dots(part: &str) -> bool {
    matches!(percent_decode_str(part).collect::<Vec<u8>>().as_slice(), b"." | b"..")
}

/// The check of what the resolver never sees (literal addresses), and of names that need no resolver to know.
fn address(url: &Url, policy: &Policy, endpoint: bool) -> Result<(), &'static str> {
    let literal = |ip: IpAddr| resolve::check(ip, policy, endpoint).map_err(|forbidden| forbidden.why);
    match url.host() {
        Some(Host::Ipv4(ip)) => literal(ip.into()),
        Some(Host::Ipv6(ip)) => literal(ip.into()),
        Some(Host::Domain(name)) if !endpoint && (name == "localhost" || name.ends_with(".localhost")) => {
            Err("it is this machine")
        }
        Some(Host::Domain(_)) => Ok(()),
        None => Err("it has no host"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, policy: &Policy) -> bool {
        // What http's own reading of addresses refuses never becomes a request.
        text.parse::<Uri>().map_or(true, |uri| Target::check(&uri, policy).is_err())
    }

    fn lab() -> Policy {
        Policy::allowing(vec!["127.0.0.1:8090".parse().unwrap(), "localhost:8090".parse().unwrap()])
    }

    #[test]
    fn public_https_passes() {
        for text in ["https://gmail.googleapis.com/gmail/v1/users/me", "https://api.example.org:8443/a%20b?c=../d"] {
            assert!(!refused(text, &Policy::default()), "{text}");
        }
    }

    #[test]
    fn attack_35_forged_addresses() {
        for text in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://localhost/",
            "https://LOCALHOST/",
            "https://a.localhost/",
            "https://localhost./",
            "https://example.org./",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://user@example.org/",
            "https://example.org@127.0.0.1/",
            "https://example.org\\@127.0.0.1/",
            "https://b\u{fc}cher.example/",
            "https://example.org/a/../b",
            "https://example.org/a/%2e%2E/b",
            "//example.org/",
            "/just/a/path",
            "http://example.org/",
            "ftp://example.org/",
        ] {
            assert!(refused(text, &Policy::default()), "{text}");
        }
    }

    #[test]
    fn attack_17_odd_schemes() {
        for text in ["javascript:alert(1)", "file:///etc/passwd", "data:text/plain,x", "gopher://example.org/"] {
            assert!(refused(text, &Policy::default()), "{text}");
        }
    }

    #[test]
    fn an_allowed_endpoint_is_that_host_and_port_alone() {
        for right in ["http://127.0.0.1:8090/token", "http://localhost:8090/", "https://localhost:8090/"] {
            assert!(!refused(right, &lab()), "{right}");
        }
        for wrong in ["http://127.0.0.1:8091/", "http://127.0.0.2:8090/", "http://localhost/", "http://[::1]:8090/"] {
            assert!(refused(wrong, &lab()), "{wrong}");
        }
    }

    #[test]
    fn metadata_services_cannot_be_allowed() {
        let allow = ["169.254.169.254:80", "169.254.0.0/16", "[::ffff:169.254.169.254]:80"];
        let policy = Policy::allowing(allow.iter().map(|text| text.parse().unwrap()).collect());
        for text in ["http://169.254.169.254/", "https://169.254.169.254/", "http://[::ffff:169.254.169.254]/"] {
            assert!(refused(text, &policy), "{text}");
        }
        assert!(!refused("https://169.254.1.1/", &policy));
    }
}

//! The URLs at which others reach the server.

use anyhow::{Result, bail};
use std::net::SocketAddr;
use url::Url;

/// `public_url` and `sdk_url`, as they were given or as the ports of the clear-text and the TLS listener make them.
///
/// # Errors
/// One is not a scheme, host and port alone, or is clear text and not of this machine.
pub(super) fn both((public, sdk): (Option<Url>, Option<Url>), http: SocketAddr, tls: SocketAddr) -> Result<(Url, Url)> {
    // Behind one public hostname both URLs are the same; on this machine the SDKs need the TLS port.
    let shared = public.clone().filter(|url| url.scheme() == "https");
    let public = public.map_or_else(|| local("http", http.port()), Ok)?;
    let sdk = sdk.or(shared).map_or_else(|| local("https", tls.port()), Ok)?;
    for url in [&public, &sdk] {
        check(url)?;
    }
    Ok((public, sdk))
}

pub(crate) fn on_this_machine(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn local(scheme: &str, port: u16) -> Result<Url> {
    Ok(Url::parse(&format!("{scheme}://localhost:{port}"))?)
}

fn check(url: &Url) -> Result<()> {
    let clean = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let loopback = on_this_machine(url);
    if !clean || url.path() != "/" {
        bail!("{url}: public_url and sdk_url are scheme, host and port alone (gRPC cannot live under a path)");
    }
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        bail!("{url}: must begin with https:// (http:// only for localhost): tokens and links travel over it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_text_is_for_this_machine_alone() {
        for wrong in ["http://a.example", "https://a.example/path", "https://u@a.example", "ftp://localhost"] {
            assert!(check(&wrong.parse().unwrap()).is_err(), "{wrong}");
        }
        assert!(check(&"https://a.example".parse().unwrap()).is_ok());
    }
}

//! The one constructor of HTTP clients.

use crate::Error;
use crate::cause;
use crate::resolve::Guarded;
use reqwest::redirect;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;

/// How long an unused connection is kept.
const KEEP: Duration = Duration::from_secs(60);

/// How many connections to one host are kept unused.
const KEPT: usize = 32;

/// Whether a connection may have carried requests before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connections {
    /// They are kept for a while, and used again.
    Kept,
    /// Each request has one of its own.
    New,
}

/// TLS as every client speaks it. It is made once: reading the system's certificates takes milliseconds.
///
/// # Errors
/// TLS could not be set up on this machine.
pub(crate) fn tls() -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (known, _) = roots.add_parsable_certificates(found.certs);
    if known == 0 {
        // A bare container has none. Clear-text endpoints that the operator allowed still work there.
        tracing::warn!("no CA certificates: every https call will be refused; install ca-certificates");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|source| Error::Setup(cause::root(&source)))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// A client that goes where its resolver lets it and brings back exactly one answer for one request.
///
/// # Errors
/// TLS could not be set up on this machine.
pub(crate) fn build(
    resolver: Guarded,
    tls: ClientConfig,
    connect: Duration,
    connections: Connections,
) -> Result<reqwest::Client, Error> {
    #[expect(clippy::disallowed_methods, reason = "this is the one constructor")]
    let builder = reqwest::Client::builder();
    let client = builder
        .no_proxy()
        .referer(false)
        .redirect(redirect::Policy::none())
        .dns_resolver(Arc::new(resolver))
        .tls_backend_preconfigured(tls)
        .tcp_nodelay(true)
        .connect_timeout(connect)
        .pool_idle_timeout(KEEP)
        .pool_max_idle_per_host(if connections == Connections::Kept { KEPT } else { 0 })
        .user_agent(concat!("valetkey/", env!("CARGO_PKG_VERSION")))
        .build();
    client.map_err(|source| Error::Setup(cause::root(&source)))
}

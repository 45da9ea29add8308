//! The one constructor of HTTP clients.

use crate::Error;
use crate::resolve::Guarded;
use reqwest::redirect;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may take to be made.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may pause, its first byte included.
const IDLE: Duration = Duration::from_secs(30);
/// How long an unused connection is kept.
const KEEP: Duration = Duration::from_secs(60);

/// A client that goes where its resolver lets it and brings back exactly one answer for one request.
///
/// # Errors
/// TLS could not be set up on this machine.
pub(crate) fn build(resolver: Guarded) -> Result<reqwest::Client, Error> {
    let resolver = Arc::new(resolver);
    builder(resolver.clone()).build().or_else(|no_system_roots| {
        // A bare container has no CA certificates. Clear-text endpoints that the operator allowed still work there.
        tracing::warn!(cause = %root_cause(&no_system_roots), "no CA certificates: every https call will be refused; install ca-certificates");
        let none: [reqwest::Certificate; 0] = [];
        builder(resolver).tls_certs_only(none).build().map_err(|source| Error::Setup(root_cause(&source)))
    })
}

#[expect(clippy::disallowed_methods, reason = "this is the one constructor")]
fn builder(resolver: Arc<Guarded>) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .referer(false)
        .redirect(redirect::Policy::none())
        .dns_resolver(resolver)
        .tcp_nodelay(true)
        .connect_timeout(CONNECT)
        .read_timeout(IDLE)
        .pool_idle_timeout(KEEP)
        .pool_max_idle_per_host(32)
        .user_agent(concat!("valetkey/", env!("CARGO_PKG_VERSION")))
}

/// The innermost cause: the words of the operating system or of TLS, which know no URL and no header.
pub(crate) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

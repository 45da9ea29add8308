//! Where a request came in.

use std::net::SocketAddr;

/// The connection that a request came by. An extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnInfo {
    /// Which of the listeners took it.
    pub(crate) carrier: Carrier,
    /// The listener's address.
    pub(crate) local: SocketAddr,
    /// The other end, which behind a proxy is the proxy.
    pub(crate) peer: SocketAddr,
}

/// What carries the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// TCP as it is.
    Clear,
    /// TLS over TCP.
    Tls,
}

//! How long a listener waits for its peers.

use std::time::Duration;

/// How patient a listener is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// For the TLS handshake, and on clear text for the first bytes.
    pub(crate) opening: Duration,
    /// For the head of a request, and between two of them. Longer than the minute for which proxies keep an idle
    /// connection, so that it is they who close it.
    pub(crate) head: Duration,
    /// Between two pings of ours on HTTP/2, which find peers that are gone.
    pub(crate) ping: Duration,
    /// For a request that was on its way when the listener was told to stop: whoever sent it could not know, and a
    /// balancer does not send it again.
    pub(crate) on_its_way: Duration,
    /// For a request's body.
    pub(crate) body: Duration,
    /// For a peer that takes nothing of what is written to it.
    pub(crate) write: Duration,
    /// For requests still running when the listener stops.
    pub(crate) drain: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            opening: seconds(10),
            head: seconds(65),
            ping: seconds(60),
            on_its_way: seconds(1),
            body: seconds(60),
            write: seconds(30),
            drain: seconds(30),
        }
    }
}

//! The listeners: they take connections, find out which HTTP is spoken, and hand requests to the router.
//!
//! Clear text carries HTTP/1.1 and HTTP/2 with prior knowledge, told apart by HTTP/2's preface. TLS tells by ALPN;
//! no ALPN means HTTP/1.1 (Node's axios sends none). Read [`Listener::serve`] first, then [`connection`].

mod connection;
mod head;
mod idle;
mod info;
mod preface;
mod rest;
mod seats;
mod stall;
mod timeouts;

pub(crate) use info::{Carrier, ConnInfo};
pub(crate) use timeouts::Timeouts;

use crate::process;
use axum::Router;
use connection::Connection;
use prometheus_client::metrics::gauge::Gauge;
use rustls::ServerConfig;
use seats::{Seat, Seats};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long to wait before accepting again when the system has no descriptor left.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);

/// Why a listener could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Another program listens there.
    #[error(
        "port {} of {} is in use by another program (which one cannot be seen from here; `ss -ltnp` lists them). \
         Stop that program, or choose another port with {setting}",
        address.port(), address.ip()
    )]
    InUse {
        /// The address that is taken.
        address: SocketAddr,
        /// The setting that changes it.
        setting: &'static str,
    },
    /// The system refused for another reason.
    #[error("cannot listen on {address}: {source}. Choose another address or port with {setting}")]
    Refused {
        /// The address that was asked for.
        address: SocketAddr,
        /// The setting that changes it.
        setting: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

/// An open port that is not yet served.
pub(crate) struct Listener {
    socket: TcpListener,
    local: SocketAddr,
    tls: Option<TlsAcceptor>,
    timeouts: Timeouts,
    seats: Seats,
    open: Gauge,
}

impl Listener {
    /// Opens a port for clear text. `setting` names what the operator would change, for the error.
    ///
    /// # Errors
    /// The port is in use, or the system refuses it.
    pub(crate) async fn clear(address: SocketAddr, setting: &'static str) -> Result<Self, Error> {
        let refused = |source: std::io::Error| match source.kind() {
            ErrorKind::AddrInUse => Error::InUse { address, setting },
            _ => Error::Refused { address, setting, source },
        };
        let socket = TcpListener::bind(address).await.map_err(refused)?;
        let local = socket.local_addr().map_err(refused)?;
        let seats = Seats::of(process::seats());
        Ok(Self { socket, local, tls: None, timeouts: Timeouts::default(), seats, open: Gauge::default() })
    }

    /// Opens a port for TLS with this certificate.
    ///
    /// # Errors
    /// The port is in use, or the system refuses it.
    pub(crate) async fn tls(
        address: SocketAddr,
        setting: &'static str,
        config: Arc<ServerConfig>,
    ) -> Result<Self, Error> {
        Ok(Self { tls: Some(TlsAcceptor::from(config)), ..Self::clear(address, setting).await? })
    }

    /// The same listener with another patience.
    #[must_use]
    pub(crate) fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    /// The same listener; `open` says how many connections it holds.
    #[must_use]
    pub(crate) fn counted(self, open: Gauge) -> Self {
        Self { open, ..self }
    }

    /// The same listener with another number of seats.
    #[must_use]
    pub(crate) fn seating(self, most: usize) -> Self {
        Self { seats: Seats::of(most), ..self }
    }

    /// The address it listens on; the port is the system's choice where 0 was asked for.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn address(&self) -> SocketAddr {
        self.local
    }

    /// Serves until `stop`, then what is on its way, lets running requests end within the patience for that and cuts off
    /// the rest.
    pub(crate) async fn serve(self, router: Router, stop: CancellationToken) {
        let connections = TaskTracker::new();
        let cut = CancellationToken::new();
        // Also when this future is dropped, no connection outlives it.
        let _cut_at_end = cut.clone().drop_guard();
        let carrier = if self.tls.is_some() { Carrier::Tls } else { Carrier::Clear };
        let begin = |stream, peer, seat| {
            let connection = Connection {
                info: ConnInfo { carrier, local: self.local, peer },
                router: router.clone(),
                tls: self.tls.clone(),
                timeouts: self.timeouts,
                stop: stop.clone(),
                cut: cut.clone(),
                seat,
            };
            let open = Open::count(&self.open);
            connections.spawn(async move {
                connection.run(stream).await;
                drop(open);
            });
        };
        while let Some((stream, peer, seat)) = self.accept(&stop).await {
            begin(stream, peer, seat);
        }
        queued(self.socket, &self.seats, begin);
        connections.close();
        if tokio::time::timeout(self.timeouts.drain, connections.wait()).await.is_err() {
            tracing::warn!(left = connections.len(), listener = %self.local, "connections were cut off at shutdown");
        }
    }

    /// The next connection and its seat; none once it is time to stop. While all seats are taken and in use, it waits,
    /// and others in the system's queue: what is open is served, and descriptors are left for the database and the way
    /// out.
    async fn accept(&self, stop: &CancellationToken) -> Option<(TcpStream, SocketAddr, Seat)> {
        let next = async {
            let (stream, peer) = self.next().await;
            if self.seats.are_newly_taken() {
                tracing::warn!(listener = %self.local, "as many connections are open as may be: idle ones end");
            }
            Some((stream, peer, self.seats.take().await?))
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => None,
            next = next => next,
        }
    }

    async fn next(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.socket.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, listener = %self.local, "cannot accept a connection");
                    tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
                }
            }
        }
    }
}

/// Begins what the system has accepted and nobody has taken yet, as far as seats go, and frees the port.
fn queued(socket: TcpListener, seats: &Seats, mut begin: impl FnMut(TcpStream, SocketAddr, Seat)) {
    let Ok(socket) = socket.into_std() else { return };
    while let Some(seat) = seats.take_free() {
        match socket.accept() {
            Ok((stream, peer)) => {
                let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                let _ = stream.map(|stream| begin(stream, peer, seat));
            }
            Err(error) if is_about_one_connection(&error) => {}
            Err(_) => return,
        }
    }
}

/// A connection that is counted until this is dropped.
struct Open(Gauge);

impl Open {
    fn count(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The peer went away before it was accepted: nothing to wait for.
fn is_about_one_connection(error: &std::io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests;

//! One connection, from its first byte to its last.

use super::head;
use super::info::ConnInfo;
use super::preface::{Protocol, sniff};
use super::rest::{self, Rest};
use super::seats::Seat;
use super::stall::Stalls;
use super::timeouts::Timeouts;
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::header::CONNECTION;
use http::{HeaderValue, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::Service;
use valetkey_app::stays::Peer;

/// The same for HTTP/2, which counts 32 bytes more for each field; what fits there is counted again as HTTP/1.1 would.
const HEADER_LIST: u32 = 72 * 1024;

/// Requests at a time on one HTTP/2 connection. Clients that want more open another one.
const STREAMS: u32 = 128;

/// Streams that a peer opened and reset before they were looked at, and such that were refused, on one connection:
/// more is an attack (CVE-2023-44487), and the connection ends.
const RESETS: usize = 20;

/// Bytes of answers that wait on one stream for a peer that does not take them.
const SEND_BUFFER: usize = 128 * 1024;

/// How long the answer to a ping of ours may take.
const PING_ANSWER: Duration = Duration::from_secs(20);

/// Why a connection is ended whose peer takes no more of an answer.
const UNTAKEN: &str = "the peer took no more of an answer";

/// How long a peer may take that is told that its seat is another one's now.
const FAREWELL: Duration = Duration::from_millis(200);

/// Why a connection is ended while all seats were taken.
const GIVEN: &str = "nothing was asked for on it, and its seat was needed";

/// Why a connection is ended that had not opened when it was time to stop.
const STOPPED: &str = "it had not opened when it was time to stop";

/// Why a connection is ended on which nothing was asked for any more.
const UNUSED: &str = "nothing was asked for on it for too long";

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a connection needs to know.
pub(super) struct Connection {
    pub(super) info: ConnInfo,
    pub(super) router: Router,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) timeouts: Timeouts,
    /// No new request.
    pub(super) stop: CancellationToken,
    /// Nothing more at all.
    pub(super) cut: CancellationToken,
    /// Where it sits.
    pub(super) seat: Seat,
}

impl Connection {
    /// Serves it to its end. What goes wrong here is the network's or the peer's doing, so it is logged for those who
    /// look for it and is no error of the server.
    pub(super) async fn run(self, stream: TcpStream) {
        let ended = tokio::select! {
            () = self.cut.cancelled() => return,
            () = self.given_away() => Err(GIVEN.into()),
            ended = self.carry(stream) => ended,
        };
        if let Err(error) = ended {
            tracing::debug!(%error, peer = %self.info.peer, "a connection ended early");
        }
    }

    /// Returns when its seat was given away and the peer, who was told, has had time to go.
    async fn given_away(&self) {
        self.seat.given.cancelled().await;
        tokio::time::sleep(FAREWELL).await;
        self.seat.requests.none_for(FAREWELL).await;
    }

    async fn carry(&self, stream: TcpStream) -> Result<(), Failure> {
        // Without this, the pieces of a streamed answer wait for each other's acknowledgements.
        stream.set_nodelay(true)?;
        let Some(acceptor) = &self.tls else {
            let protocol = self.opened(sniff(&stream)).await?;
            return self.speak(protocol, stream).await;
        };
        let stream = self.opened(acceptor.accept(stream)).await?;
        let protocol = match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Protocol::Http2,
            _ => Protocol::Http1,
        };
        self.speak(protocol, stream).await
    }

    /// What comes of an opening that takes no longer than it may.
    async fn opened<T>(&self, opening: impl Future<Output = std::io::Result<T>>) -> Result<T, Failure> {
        let stopped = async {
            self.stop.cancelled().await;
            tokio::time::sleep(self.timeouts.on_its_way).await;
        };
        tokio::select! {
            opened = tokio::time::timeout(self.timeouts.opening, opening) => Ok(opened??),
            () = stopped => Err(STOPPED.into()),
        }
    }

    /// Returns when it is time to tell the peer that no further request is taken. On HTTP/2 that can be told at once:
    /// what crosses it on its way is still answered. On HTTP/1.1 only an answer can tell it, or the end.
    async fn leaving(&self, protocol: Protocol) {
        self.stop.cancelled().await;
        if protocol == Protocol::Http1 {
            self.seat.requests.one_within(self.timeouts.on_its_way).await;
        }
    }

    async fn speak<S>(&self, protocol: Protocol, stream: S) -> Result<(), Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (stalls, requests) = (Stalls::default(), &self.seat.requests);
        let service = service_fn(|request: http::Request<Incoming>| {
            let (open, stalls, stop) = (requests.begin(), stalls.clone(), self.stop.clone());
            let answer = answer(protocol, self.info, self.router.clone(), request);
            async move {
                let mut answer = answer.await?;
                if protocol == Protocol::Http1 && stop.is_cancelled() {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(answer.map(|body| open.until_the_end_of(stalls.watch(body))))
            }
        });
        let builder = builder(protocol, &self.timeouts);
        // Who reads nothing of its answer holds its memory and its seat for so long and no longer.
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.timeouts.write));
        let mut serving = pin!(builder.serve_connection(TokioIo::new(Box::pin(stream)), service));
        tokio::select! {
            ended = serving.as_mut() => return ended,
            () = stalls.longer_than(self.timeouts.write) => return Err(UNTAKEN.into()),
            () = requests.none_for(self.timeouts.head) => serving.as_mut().graceful_shutdown(),
            () = self.seat.given.cancelled() => serving.as_mut().graceful_shutdown(),
            () = self.leaving(protocol) => serving.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            ended = serving => ended,
            () = stalls.longer_than(self.timeouts.write) => Err(UNTAKEN.into()),
            // It was told, and neither asks for anything nor goes.
            () = requests.none_for(self.timeouts.head + self.timeouts.write) => Err(UNUSED.into()),
        }
    }
}

/// The router's answer, to a head that fits; on HTTP/1.1 once the request's body is out of the way.
async fn answer(
    protocol: Protocol,
    info: ConnInfo,
    mut router: Router,
    request: http::Request<Incoming>,
) -> Result<Response, Infallible> {
    let (mut head, body) = request.into_parts();
    if !head::fits(&head) {
        return Ok(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response());
    }
    head.extensions.insert(Peer::at(info.peer.ip()));
    head.extensions.insert(info);
    let body = Body::new(body);
    if protocol == Protocol::Http2 || rest::waits_for_us(&head) {
        return router.call(http::Request::from_parts(head, body)).await;
    }
    let rest = Rest::default();
    let answer = router.call(http::Request::from_parts(head, rest.of(body))).await?;
    Ok(rest.read(answer).await)
}

/// HTTP/2 answers a client's pings however many come (grpc-python sends one a minute on an idle channel, and takes a
/// GOAWAY for the end of it).
fn builder(protocol: Protocol, timeouts: &Timeouts) -> Builder<TokioExecutor> {
    let mut builder = match protocol {
        Protocol::Http1 => Builder::new(TokioExecutor::new()).http1_only(),
        Protocol::Http2 => Builder::new(TokioExecutor::new()).http2_only(),
    };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(timeouts.head)
        .max_buf_size(head::MAX_BYTES)
        .max_headers(head::MAX_FIELDS)
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(timeouts.ping)
        .keep_alive_timeout(PING_ANSWER)
        .max_header_list_size(HEADER_LIST)
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(RESETS)
        .max_send_buf_size(SEND_BUFFER);
    builder
}

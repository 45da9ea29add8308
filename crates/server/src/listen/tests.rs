//! The listeners as clients meet them: over real sockets.

use super::*;
use crate::tls::{Source, prepare};
use axum::Extension;
use axum::routing::get;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::path::Path;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
const SETTING: &str = "--listen";

fn short() -> Timeouts {
    let millis = Duration::from_millis;
    Timeouts {
        opening: millis(150),
        head: millis(150),
        ping: millis(1000),
        on_its_way: millis(300),
        body: millis(1000),
        write: millis(300),
        drain: millis(400),
    }
}

/// What is served; `entered` learns of each request that takes its time, once it is being answered.
fn router(entered: &Arc<Notify>) -> Router {
    let entering = |entered: &Arc<Notify>| {
        let entered = entered.clone();
        move || entered.notify_one()
    };
    let (slow, stuck) = (entering(entered), entering(entered));
    Router::new()
        .route("/", get(|Extension(info): Extension<ConnInfo>| async move { format!("{:?}", info.carrier) }))
        .route(
            "/slow",
            get(|| async move {
                slow();
                tokio::time::sleep(Duration::from_millis(200)).await;
            }),
        )
        .route(
            "/stuck",
            get(|| async move {
                stuck();
                std::future::pending::<()>().await;
            }),
        )
        .route("/refuse", axum::routing::post(|| async { axum::http::StatusCode::SERVICE_UNAVAILABLE }))
        .route("/long", get(|| async { vec![b'x'; 64 << 20] }))
}

struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    entered: Arc<Notify>,
    task: JoinHandle<()>,
}

#[expect(clippy::disallowed_methods, reason = "the test itself waits for the task")]
fn served(listener: Listener) -> Served {
    let (address, stop, entered) = (listener.address(), CancellationToken::new(), Arc::new(Notify::new()));
    let task = tokio::spawn(listener.serve(router(&entered), stop.clone()));
    Served { address, stop, entered, task }
}

async fn clear() -> Served {
    served(Listener::clear(ANY, SETTING).await.unwrap().with_timeouts(short()))
}

/// What a raw connection gets back until the server closes it.
async fn raw(address: SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent).await.unwrap();
    let mut received = Vec::new();
    // A reset tells the same as an end: the server is done with this connection.
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut received)).await.expect("still open");
    String::from_utf8_lossy(&received).into_owned()
}

#[expect(clippy::disallowed_methods, reason = "the test itself waits for the answer")]
async fn over_http2<S>(stream: S, pause: Duration) -> String
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_millis(10))
        .keep_alive_while_idle(true)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    tokio::time::sleep(pause).await;
    let request = http::Request::get("http://localhost/").body(Empty::<Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// A month-long certificate's last month has begun: it is renewed under an open connection.
#[tokio::test]
async fn a_renewed_certificate_is_shown_to_new_connections_and_old_ones_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let day = |text: &str| format!("{text}T12:00:00Z").parse().unwrap();
    let tls = prepare(&Source::Local { folder: folder.path().into() }, day("2026-11-22")).unwrap();
    let server = served(Listener::tls(ANY, SETTING, Arc::clone(&tls.config)).await.unwrap());
    let shown = |stream: &TlsStream<TcpStream>| stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    let before = handshake(folder.path(), server.address, "localhost", &["h2"]).await.unwrap();
    let same = handshake(folder.path(), server.address, "localhost", &["h2"]).await.unwrap();
    assert_eq!(shown(&before), shown(&same));
    // A clock before the certificate's first day renews it as one in its last month does.
    assert!(tls.renew(day("2026-11-19")).unwrap());
    let after = handshake(folder.path(), server.address, "localhost", &["h2"]).await.unwrap();
    assert_ne!(shown(&before), shown(&after));
    assert_eq!(over_http2(before, Duration::ZERO).await, "Tls");
    assert_eq!(over_http2(after, Duration::ZERO).await, "Tls");
    server.stop.cancel();
}

async fn tls(folder: &Path) -> Served {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let tls = prepare(&Source::Local { folder: folder.into() }, now).unwrap();
    served(Listener::tls(ANY, SETTING, tls.config).await.unwrap().with_timeouts(short()))
}

/// A client that trusts the bundle and nothing else.
async fn handshake(folder: &Path, to: SocketAddr, name: &str, alpn: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    for root in CertificateDer::pem_file_iter(folder.join("ca-bundle.pem")).unwrap() {
        roots.add(root.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(to).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name.to_owned()).unwrap(), stream).await
}

#[tokio::test]
async fn clear_text_carries_both_versions_on_one_port() {
    let server = clear().await;
    let answer = raw(server.address, b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("Clear"), "{answer}");
    let stream = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(over_http2(stream, Duration::ZERO).await, "Clear");
}

#[tokio::test]
async fn tls_speaks_what_alpn_chose_and_http1_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = tls(folder.path()).await;
    let stream = handshake(folder.path(), server.address, "localhost", &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    assert_eq!(over_http2(stream, Duration::ZERO).await, "Tls");
    for alpn in [&["http/1.1"][..], &[]] {
        let mut stream = handshake(folder.path(), server.address, "localhost", alpn).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), alpn.first().map(|name| name.as_bytes()));
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("Tls"), "{alpn:?}: {answer}");
    }
}

#[tokio::test]
async fn local_certificate_is_for_this_machine_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = tls(folder.path()).await;
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert!(handshake(folder.path(), server.address, name, &[]).await.is_ok(), "{name}");
    }
    assert!(handshake(folder.path(), server.address, "example.com", &[]).await.is_err());
}

/// grpc-python pings an idle channel; a server that minds would end it with GOAWAY.
#[tokio::test]
async fn pings_on_an_idle_connection_are_answered() {
    let server = clear().await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(over_http2(stream, Duration::from_millis(100)).await, "Clear", "after some ten pings");
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_setting() {
    let server = clear().await;
    let refusal = Listener::clear(server.address, SETTING).await.err().unwrap().to_string();
    assert!(refusal.contains(&format!("port {} of 127.0.0.1 is in use", server.address.port())), "{refusal}");
    assert!(refusal.contains(SETTING), "{refusal}");
}

/// Attack 53, at the listener: heads that never end.
#[tokio::test]
async fn slow_openings_are_closed() {
    let server = clear().await;
    for begun in [&b""[..], b"PRI * HTTP", b"GET / HTTP/1.1\r\nhost: local"] {
        raw(server.address, begun).await;
    }
    let folder = tempfile::tempdir().unwrap();
    raw(tls(folder.path()).await.address, b"\x16\x03\x01").await;
}

#[tokio::test]
async fn a_huge_head_is_refused() {
    let server = clear().await;
    let head = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "a".repeat(200_000));
    let answer = raw(server.address, head.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn stopping_lets_a_running_request_end() {
    let server = clear().await;
    let running = raw(server.address, b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let stopping = async {
        server.entered.notified().await;
        server.stop.cancel();
    };
    let (answer, ()) = tokio::join!(running, stopping);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.task.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "the port is free");
}

/// Asks on a connection that is open, and says what came back.
async fn asked(mut stream: TcpStream) -> String {
    let mut received = Vec::new();
    let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let _ = stream.read_to_end(&mut received).await;
    String::from_utf8_lossy(&received).into_owned()
}

/// Asks on a connection of a listener that stops; the answer must say that it is the last.
async fn asked_last(stream: TcpStream, why: &str) {
    let answer = asked(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{why}: {answer:?}");
}

#[tokio::test]
async fn what_was_on_its_way_when_it_was_told_to_stop_is_answered() {
    let listener = Listener::clear(ANY, SETTING).await.unwrap().with_timeouts(short());
    let queued = TcpStream::connect(listener.address()).await.unwrap();
    let server = served(listener);
    server.stop.cancel();
    asked_last(queued, "it was in the system's queue").await;
    server.task.await.unwrap();

    let open = Gauge::default();
    let listener = Listener::clear(ANY, SETTING).await.unwrap().with_timeouts(short()).counted(open.clone());
    let server = served(listener);
    let silent = TcpStream::connect(server.address).await.unwrap();
    let mut kept = TcpStream::connect(server.address).await.unwrap();
    kept.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(kept.read(&mut [0; 4096]).await.unwrap() > 0);
    assert_eq!(open.get(), 2);
    server.stop.cancel();
    tokio::task::yield_now().await;
    asked_last(silent, "nothing had been asked for on it").await;
    asked_last(kept, "its second request").await;
    server.task.await.unwrap();
}

#[tokio::test]
async fn who_asks_for_nothing_does_not_keep_it_from_stopping() {
    for timeouts in [Timeouts { opening: Duration::from_secs(60), ..short() }, short()] {
        let timeouts = Timeouts { head: Duration::from_secs(60), drain: Duration::from_secs(60), ..timeouts };
        let server = served(Listener::clear(ANY, SETTING).await.unwrap().with_timeouts(timeouts));
        let mut silent = TcpStream::connect(server.address).await.unwrap();
        let mut kept = TcpStream::connect(server.address).await.unwrap();
        kept.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        assert!(kept.read(&mut [0; 4096]).await.unwrap() > 0);
        server.stop.cancel();
        tokio::time::timeout(Duration::from_secs(30), server.task).await.expect("it stops").unwrap();
        assert_eq!(silent.read(&mut [0; 16]).await.unwrap_or(0), 0);
    }
}

#[tokio::test]
async fn stopping_cuts_off_what_does_not_end() {
    let server = clear().await;
    let running = raw(server.address, b"GET /stuck HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let stopping = async {
        server.entered.notified().await;
        server.stop.cancel();
    };
    let begun = tokio::time::Instant::now();
    let (answer, ()) = tokio::join!(running, stopping);
    assert_eq!(answer, "");
    assert!(begun.elapsed() >= short().drain, "it was cut off before its time was over");
    server.task.await.unwrap();
}

#[tokio::test]
async fn a_connection_beyond_the_seats_waits_for_one() {
    let served = served(Listener::clear(ANY, SETTING).await.unwrap().seating(1));
    let mut first = TcpStream::connect(served.address).await.unwrap();
    first.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(first.read(&mut [0; 64]).await.unwrap() > 0);
    let second = raw(served.address, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let mut second = std::pin::pin!(second);
    tokio::time::timeout(Duration::from_millis(200), second.as_mut()).await.expect_err("answered without a seat");
    drop(first);
    assert!(second.await.starts_with("HTTP/1.1 200"));
    served.stop.cancel();
}

#[tokio::test]
async fn attack_53_strangers_who_only_sit_there_keep_nobody_out_and_no_request_is_ended_for_another() {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    let served = served(Listener::clear(ANY, SETTING).await.unwrap().seating(4));
    let mut busy = TcpStream::connect(served.address).await.unwrap();
    busy.write_all(get("/stuck").as_bytes()).await.unwrap();
    let silent = TcpStream::connect(served.address).await.unwrap();
    let mut half = TcpStream::connect(served.address).await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let pings = kept_alive_by(served.address, &[0, 0, 8, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let mut others = Vec::new();
    let come = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        for _ in 0..6 {
            let mut other = TcpStream::connect(served.address).await.unwrap();
            other.write_all(get("/stuck").as_bytes()).await.unwrap();
            others.push(other);
        }
        // Three have the seats of those who sat there; the others wait for one, however long it takes.
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    let (ended, ()) = tokio::join!(tokio::time::timeout(Duration::from_secs(5), pings), come);
    ended.expect("who sends pings alone sits there still");
    for mut gone in [silent, half] {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_millis(100), gone.read_to_end(&mut rest)).await;
        read.expect("who asks for nothing sits there still").unwrap_or_default();
    }
    for open in others.iter_mut().chain([&mut busy]) {
        let read = tokio::time::timeout(Duration::from_millis(50), open.read(&mut [0; 8])).await;
        assert!(read.is_err(), "a request was ended: {read:?}");
    }
    served.stop.cancel();
}

#[tokio::test]
async fn attack_53_a_client_that_reads_nothing_is_cut_off() {
    let open = Gauge::default();
    let served = served(Listener::clear(ANY, SETTING).await.unwrap().with_timeouts(short()).counted(open.clone()));
    let mut lazy = TcpStream::connect(served.address).await.unwrap();
    lazy.write_all(b"GET /long HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    lazy.read_exact(&mut [0; 16]).await.unwrap();
    let let_go = async {
        while open.get() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), let_go).await.expect("it is still served");
}

/// HTTP/2 as it is before any request: the preface and empty settings.
const OPENED: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Sends a frame again and again, and answers what has to be, until the server ends the connection.
async fn kept_alive_by(address: SocketAddr, frame: &'static [u8]) {
    let (mut reader, mut writer) = TcpStream::connect(address).await.unwrap().into_split();
    writer.write_all(OPENED).await.unwrap();
    let alive = async {
        // A ping's answer counts as sign of life, so all pings are answered with theirs: the frame is its own echo.
        while writer.write_all(frame).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = async {
        let mut received = [0; 4096];
        while reader.read(&mut received).await.is_ok_and(|count| count > 0) {}
    };
    let until = tokio::time::timeout(Duration::from_secs(5), async {
        tokio::select! { () = alive => {} () = ended => {} }
    });
    until.await.expect("it holds its seat without a request");
}

#[tokio::test]
async fn attack_53_no_frame_but_a_request_keeps_a_connection() {
    let server = clear().await;
    for frame in [
        &b""[..],
        b"\0\0\x08\x06\0\0\0\0\0abcdefgh",
        b"\0\0\0\x04\0\0\0\0\0",
        b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01",
        b"\0\0\x05\x02\0\0\0\0\x01\0\0\0\0\x10",
    ] {
        kept_alive_by(server.address, frame).await;
    }
}

#[tokio::test]
async fn attack_53_half_a_head_keeps_no_connection_on_http2() {
    let server = clear().await;
    // HEADERS without END_HEADERS: an indexed `:method: GET`, and nothing after it.
    let begun = [OPENED, b"\0\0\x01\x01\0\0\0\0\x01\x82"].concat();
    raw(server.address, &begun).await;
}

#[tokio::test]
async fn a_request_that_takes_longer_than_the_head_may_is_answered() {
    let server = clear().await;
    let answer = raw(server.address, b"GET /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

async fn status_over_http2(address: SocketAddr, request: http::Request<Empty<Bytes>>) -> http::StatusCode {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::select! {
        answer = sender.send_request(request) => answer.unwrap().status(),
        ended = connection => panic!("{ended:?}"),
    }
}

#[tokio::test]
async fn both_versions_take_heads_of_the_same_size() {
    let server = clear().await;
    for (count, length, status) in [(90, 10, 200), (110, 10, 431), (9, 6_000, 200), (20, 6_000, 431)] {
        let value = "a".repeat(length);
        let fields: String = (0..count).map(|at| format!("x-{at}: {value}\r\n")).collect();
        let head = format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n");
        let answer = raw(server.address, head.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{count} of {length}: {answer}");
        let request = (0..count)
            .fold(http::Request::get("http://a/"), |request, at| request.header(format!("x-{at}"), value.as_str()));
        let request = request.body(Empty::new()).unwrap();
        assert_eq!(status_over_http2(server.address, request).await, status, "{count} of {length}");
    }
}

/// A refusal comes before the body is read. The body is on its way all the same, and the connection goes on.
#[tokio::test]
async fn a_refusal_reaches_who_still_writes_and_the_connection_serves_the_next_request() {
    let server = clear().await;
    for length in [10, 300_000] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = format!("POST /refuse HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
        for _ in 0..2 {
            stream.write_all(head.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.write_all(&vec![b'x'; length]).await.unwrap();
            let mut answer = vec![0; 4096];
            let count = stream.read(&mut answer).await.expect("a reset in place of the answer");
            let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
            assert!(answer.starts_with("HTTP/1.1 503") && !answer.contains("connection: close"), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_costs_the_connection_and_says_so() {
    let server = clear().await;
    let answer = raw(server.address, b"POST /refuse HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nx").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("connection: close"), "{answer}");
}

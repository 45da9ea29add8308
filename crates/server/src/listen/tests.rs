//! The listeners as clients meet them: over real sockets.

mod carriers;
mod heads;
mod idle;
mod stopping;
mod unread;

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
use valetkey_app::stays::Peer;

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
        .route("/peer", get(|Extension(peer): Extension<Peer>| async move { format!("{peer:?}") }))
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
        .route(
            "/later",
            get(|| async {
                let pieces = futures::stream::unfold(0, |said| async move {
                    // Longer than a peer has to take what is there.
                    tokio::time::sleep(short().write * said * 3).await;
                    let piece = if said == 0 { "x".repeat(60_000) } else { "the end".to_owned() };
                    (said < 2).then_some((Ok::<_, std::convert::Infallible>(piece), said + 1))
                });
                axum::body::Body::from_stream(pieces)
            }),
        )
        .route("/piece", get(|| async { vec![b'x'; 60_000] }))
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

async fn tls(folder: &Path) -> Served {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let tls = prepare(&Source::Local { folder: folder.into() }, now).unwrap();
    served(Listener::tls(ANY, SETTING, tls.config).await.unwrap().with_timeouts(short()))
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

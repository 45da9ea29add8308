//! What `tools/list` is held against: an axum handler that reads a POST and answers ready bytes.

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use http::header;
use std::path::Path;
use tokio::net::TcpListener;

/// The argument by which this program starts itself as this.
pub(crate) const ARGUMENT: &str = "same-bytes";

/// The line that names its address.
pub(crate) const READY: &str = "listening on ";

/// Serves the bytes of a file on a free port, on as many threads as tokio likes, as the server does.
///
/// # Errors
/// The file cannot be read.
pub(crate) async fn serve(file: &Path) -> Result<()> {
    let bytes = Bytes::from(std::fs::read(file)?);
    let router = Router::new().route("/", post(answer)).with_state(bytes);
    let serving = std::thread::spawn(move || {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let line = format!("{READY}{}\n", listener.local_addr()?);
            std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes())?;
            let listener = axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true)));
            Ok(axum::serve(listener, router).await?)
        })
    });
    serving.join().unwrap_or_else(|_| Err(anyhow::anyhow!("the handler panicked")))
}

async fn answer(State(bytes): State<Bytes>, _posted: Bytes) -> ([(header::HeaderName, &'static str); 1], Bytes) {
    ([(header::CONTENT_TYPE, "application/json")], bytes)
}

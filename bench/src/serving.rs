//! A router served on a free port by a process of its own, which says where.

use anyhow::Result;
use axum::Router;
use tokio::net::TcpListener;

/// The line that names the address.
pub(crate) const READY: &str = "listening on ";

/// Serves on as many threads as tokio likes, as the server does.
///
/// # Errors
/// No port is free.
pub(crate) fn serve(router: Router) -> Result<()> {
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

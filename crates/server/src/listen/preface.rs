//! Tells HTTP/2 with prior knowledge from HTTP/1.1 on a clear-text connection, without taking a byte from it.

use std::time::Duration;
use tokio::net::TcpStream;

/// What every HTTP/2 client sends first (RFC 9113, section 3.4). No HTTP/1.1 request begins like that.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long to wait for the rest of a preface that has begun: peeking can't wait for more than it has seen.
const PAUSE: Duration = Duration::from_millis(5);

/// The two that are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// Looks at the first bytes. The caller bounds the time.
pub(super) async fn sniff(stream: &TcpStream) -> std::io::Result<Protocol> {
    let mut seen = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut seen).await?;
        let head = seen.get(..count).unwrap_or_default();
        if count == PREFACE.len() && head == PREFACE {
            return Ok(Protocol::Http2);
        }
        // At the end of the stream nothing was seen: HTTP/1.1 closes such a connection quietly.
        if count == 0 || !PREFACE.starts_with(head) {
            return Ok(Protocol::Http1);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

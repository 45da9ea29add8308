//! Answers that nobody takes. On HTTP/1.1 a peer that stops reading stops the socket; on HTTP/2 it reads on, answers
//! pings, and only keeps one stream's window shut, so what waits for that window has to be watched.

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// The longest piece that is handed over at once: hyper asks for the next when the peer has room for it, so this is what
/// a peer that takes nothing can hold of one answer.
const PIECE: usize = 64 * 1024;

/// The answers of one connection of which a piece is there and not asked for, and since when.
#[derive(Clone, Default)]
pub(super) struct Stalls {
    since: Arc<Mutex<HashMap<u64, Instant>>>,
    next: Arc<AtomicU64>,
}

impl Stalls {
    /// The same answer, in pieces, watched.
    pub(super) fn watch(&self, body: Body) -> Body {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // A window that was shut from the start is never asked for the first piece.
        self.locked().insert(number, Instant::now());
        Body::new(Watched { body, rest: Bytes::new(), stalls: self.clone(), number })
    }

    /// Returns when an answer was not taken any further for so long.
    pub(super) async fn longer_than(&self, limit: Duration) {
        while self.oldest().is_none_or(|since| since.elapsed() < limit) {
            tokio::time::sleep(limit / 4).await;
        }
    }

    fn oldest(&self) -> Option<Instant> {
        self.locked().values().min().copied()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<u64, Instant>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Watched {
    body: Body,
    /// What is left of a piece that was too long.
    rest: Bytes,
    stalls: Stalls,
    number: u64,
}

impl Watched {
    fn hand_over(&mut self, mut data: Bytes) -> Frame<Bytes> {
        self.rest = data.split_off(data.len().min(PIECE));
        self.stalls.locked().insert(self.number, Instant::now());
        Frame::data(data)
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.stalls.locked().remove(&self.number);
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            return Poll::Ready(Some(Ok(self.hand_over(rest))));
        }
        Pin::new(&mut self.body).poll_frame(cx).map(|frame| {
            let frame = frame?.map(|frame| match frame.into_data() {
                Ok(data) => self.hand_over(data),
                Err(trailers) => trailers,
            });
            Some(frame)
        })
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, inner) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.stalls.locked().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    #[tokio::test]
    async fn a_long_answer_arrives_whole_in_pieces() {
        let stalls = Stalls::default();
        let sent: Vec<u8> = (0..PIECE * 2 + 7).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let mut body = stalls.watch(Body::from(sent.clone()));
        assert_eq!(body.size_hint().exact(), Some(sent.len() as u64));
        let mut pieces = Vec::new();
        while let Some(frame) = body.frame().await {
            pieces.push(frame.unwrap().into_data().unwrap());
        }
        assert_eq!(pieces.iter().map(Bytes::len).collect::<Vec<_>>(), [PIECE, PIECE, 7]);
        assert_eq!(pieces.concat(), sent);
        drop(body);
        assert!(stalls.oldest().is_none());
    }

    #[tokio::test]
    async fn attack_53_only_an_answer_that_is_not_taken_counts_as_stalled() {
        let stalls = Stalls::default();
        let limit = Duration::from_millis(100);
        let mut waiting = stalls.watch(Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>()));
        assert!(futures::poll!(waiting.frame()).is_pending());
        tokio::time::timeout(limit * 5, stalls.longer_than(limit)).await.expect_err("it is we who are slow");
        let mut taken = stalls.watch(Body::from("a piece and then nothing"));
        taken.frame().await.unwrap().unwrap();
        tokio::time::timeout(limit * 50, stalls.longer_than(limit)).await.expect("nobody asks for more");
        drop(taken);
        let _unasked = stalls.watch(Body::from("a piece"));
        tokio::time::timeout(limit * 50, stalls.longer_than(limit)).await.expect("nobody asks at all");
    }
}

//! Answers that nobody takes. On HTTP/1.1 a peer that stops reading stops the socket; on HTTP/2 it reads on, answers
//! pings, and only keeps one stream's window shut; on both it may take a byte now and then. So it is watched when a piece of
//! an answer was handed over, and when all of it had gone: each has to be taken in time, and the last one too, of which
//! hyper holds the bytes when it has let go of the body.

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// The longest piece that is handed over at once: hyper asks for the next when the peer has room for it, so this is what
/// a peer that takes nothing can hold of one answer.
const PIECE: usize = 64 * 1024;

/// Pieces up to this are not watched once they were handed over.
const SHORT: usize = 8 * 1024;

/// The answers of one connection of which a piece is there and not taken, and since when.
#[derive(Clone, Default)]
pub(super) struct Stalls {
    answers: Arc<Mutex<HashMap<u64, Waiting>>>,
    next: Arc<AtomicU64>,
}

/// What of an answer waits for its peer.
struct Waiting {
    /// Since when, or since a piece was taken.
    since: Instant,
    /// Whether the next piece is, because it was not asked for.
    unasked: bool,
    /// How many pieces are that were handed over.
    pieces: usize,
}

impl Stalls {
    /// The same answer, in pieces, watched.
    pub(super) fn watch(&self, body: Body) -> Body {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // A window that was shut from the start is never asked for the first piece.
        self.locked().insert(number, Waiting { since: Instant::now(), unasked: true, pieces: 0 });
        Body::new(Watched { body, rest: Bytes::new(), stalls: self.clone(), number })
    }

    /// Returns when an answer was not taken any further for so long.
    pub(super) async fn longer_than(&self, limit: Duration) {
        while self.oldest().is_none_or(|since| since.elapsed() < limit) {
            tokio::time::sleep(limit / 4).await;
        }
    }

    fn oldest(&self) -> Option<Instant> {
        self.locked().values().map(|waiting| waiting.since).min()
    }

    /// Less of an answer waits; nothing is kept of one of which nothing does.
    fn less(&self, number: u64, change: impl FnOnce(&mut Waiting)) {
        if let Entry::Occupied(mut answer) = self.locked().entry(number) {
            change(answer.get_mut());
            if !answer.get().unasked && answer.get().pieces == 0 {
                answer.remove();
            }
        }
    }

    /// The next piece waits, in the hands of hyper too if it is a long one.
    fn more(&self, number: u64, long: bool) {
        let mut answers = self.locked();
        let new = || Waiting { since: Instant::now(), unasked: true, pieces: 0 };
        let waiting = answers.entry(number).or_insert_with(new);
        waiting.unasked = true;
        waiting.pieces += usize::from(long);
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<u64, Waiting>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A piece that was handed over. It is dropped when it was taken: when all of it was written, or the connection is gone.
struct Piece {
    data: Bytes,
    stalls: Stalls,
    number: u64,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.stalls.less(self.number, |waiting| {
            waiting.pieces = waiting.pieces.saturating_sub(1);
            waiting.since = Instant::now();
        });
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
        let long = data.len() > SHORT;
        self.stalls.more(self.number, long);
        Frame::data(if long {
            Bytes::from_owner(Piece { data, stalls: self.stalls.clone(), number: self.number })
        } else {
            data
        })
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.stalls.less(self.number, |waiting| waiting.unasked = false);
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
        self.stalls.less(self.number, |waiting| waiting.unasked = false);
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
        drop((body, pieces));
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
        let unasked = stalls.watch(Body::from("a piece"));
        tokio::time::timeout(limit * 50, stalls.longer_than(limit)).await.expect("nobody asks at all");
        drop(unasked);
        assert!(stalls.oldest().is_none());
    }

    #[tokio::test]
    async fn attack_78_the_last_piece_of_an_answer_is_to_be_taken_too() {
        let stalls = Stalls::default();
        let limit = Duration::from_millis(100);
        let mut answer = stalls.watch(Body::from(vec![b'x'; PIECE]));
        let piece = answer.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(answer.frame().await.is_none());
        drop(answer);
        let part = piece.slice(PIECE - 1..);
        drop(piece);
        tokio::time::timeout(limit * 50, stalls.longer_than(limit)).await.expect("a byte of it is there still");
        drop(part);
        assert!(stalls.oldest().is_none());
    }
}

//! What is left of a request's body when its answer is there. HTTP/1.1 can only close a connection on which a body was
//! not read to its end: the peer, which still writes, sees a reset in place of the answer, or sends its next request into
//! a connection that is about to close. So a rest that is on its way anyway is read before the answer goes out.

use axum::body::{Body, Bytes, HttpBody};
use http::request::Parts;
use http::{HeaderValue, Response, header};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// The most bytes that are read for nothing.
const MOST: usize = 1 << 20;

/// How long is waited for them.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Keeps what its reader leaves.
#[derive(Clone, Default)]
pub(super) struct Rest(Arc<Mutex<Option<Body>>>);

impl Rest {
    /// The same body, whose rest comes back here when it is dropped.
    pub(super) fn of(&self, body: Body) -> Body {
        Body::new(Lent { body, rest: self.clone() })
    }

    /// Reads what was left. An answer after which something is left all the same says that the connection ends.
    pub(super) async fn read<B>(self, mut answer: Response<B>) -> Response<B> {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(body) = left else { return answer };
        if !matches!(tokio::time::timeout(MAX_WAIT, drained(body)).await, Ok(true)) {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}

/// Whether it waits for a word of ours before it sends its body: then nothing is on its way.
pub(super) fn waits_for_us(head: &Parts) -> bool {
    head.headers.contains_key(header::EXPECT)
}

async fn drained(mut body: Body) -> bool {
    let mut read = 0;
    while read <= MOST {
        match body.frame().await {
            None => return true,
            Some(Err(_)) => return false,
            Some(Ok(frame)) => read += frame.data_ref().map_or(0, Bytes::len),
        }
    }
    false
}

struct Lent {
    body: Body,
    rest: Rest,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.body.is_end_stream() {
            let body = std::mem::take(&mut self.body);
            *self.rest.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}

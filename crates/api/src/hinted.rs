//! A body with the length that another one told: what is made of a stream forgets it.

use axum::body::{Body, Bytes};
use futures::Stream;
use http_body::{Frame, SizeHint};
use http_body_util::StreamBody;
use std::pin::Pin;
use std::task::{Context, Poll};

type Pieces = dyn Stream<Item = Result<Frame<Bytes>, axum::Error>> + Send;

struct Hinted {
    pieces: StreamBody<Pin<Box<Pieces>>>,
    length: SizeHint,
}

/// These pieces as a body that is as long as this says.
pub(crate) fn body(
    pieces: impl Stream<Item = Result<Frame<Bytes>, axum::Error>> + Send + 'static,
    length: SizeHint,
) -> Body {
    Body::new(Hinted { pieces: StreamBody::new(Box::pin(pieces)), length })
}

impl http_body::Body for Hinted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.pieces).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        self.length
    }
}

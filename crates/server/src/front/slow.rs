//! Bodies that come drop by drop: a request's body has to be there in time, whichever door it is for.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// A body that fails when its time is up.
struct Timed {
    body: Body,
    end: Pin<Box<Sleep>>,
}

/// Gives a request's body its time. What has no body waits for nothing.
pub(super) fn within(timeouts: Duration, request: Request) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    request.map(|body| Body::new(Timed { body, end: Box::pin(tokio::time::sleep(timeouts)) }))
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        self.end.as_mut().poll(cx).map(|()| Some(Err("the body did not arrive in time".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;
    use futures::stream;

    #[tokio::test]
    async fn attack_53_a_body_that_never_ends_is_given_up() {
        let timeouts = Duration::from_millis(100);
        let drop_by_drop = stream::repeat(Bytes::from_static(b" ")).then(move |piece| async move {
            tokio::time::sleep(timeouts / 10).await;
            Ok::<_, std::io::Error>(piece)
        });
        let request = within(timeouts, Request::new(Body::from_stream(drop_by_drop)));
        let read = axum::body::to_bytes(request.into_body(), usize::MAX);
        let given_up = tokio::time::timeout(timeouts * 50, read).await.expect("it is still read");
        assert!(given_up.is_err());
    }

    #[tokio::test]
    async fn a_body_in_time_arrives_whole() {
        let request = within(Duration::from_secs(60), Request::new(Body::from("whole")));
        assert_eq!(request.body().size_hint().exact(), Some(5));
        assert_eq!(axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap(), "whole");
    }
}

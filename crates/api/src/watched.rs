//! Streams behind a client's token: they end when the token does, not when their reader or sender pleases.

use crate::entrance::{Admitted, Entrance};
use crate::failure::Failure;
use crate::hinted;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::BodyExt;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tonic::Status;

/// How often it is looked whether the token still holds.
const RECHECK: Duration = Duration::from_secs(2);

/// Lets anyone with a client's token through, whatever is asked: for services that show nothing of an environment.
pub(crate) async fn client(State(entrance): State<Entrance>, request: Request, next: Next) -> Response {
    match entrance.client(request.headers()).await {
        Ok(by) => next.run(request).await.map(|body| while_it_holds(entrance, by, body, End::Status)),
        Err(failure) => Status::from(failure).into_http(),
    }
}

/// How a body ends whose token is gone.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// With the status of a gRPC call.
    Status,
    /// Broken off, so that nobody takes it for the whole.
    Broken,
}

struct Watched {
    entrance: Entrance,
    by: Admitted,
    body: Body,
    end: End,
    recheck: Interval,
}

/// A body that goes on while its caller's token holds.
pub(crate) fn while_it_holds(entrance: Entrance, by: Admitted, body: Body, end: End) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let mut recheck = interval(RECHECK);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    recheck.reset();
    let length = body.size_hint();
    let watched = Watched { entrance, by, body, end, recheck };
    hinted::body(stream::unfold(Some(watched), |watched| async { watched?.next().await }), length)
}

impl Watched {
    /// The next piece, and what goes on with; once the token is gone, what says so as the last one.
    async fn next(mut self) -> Option<(Result<Frame<Bytes>, axum::Error>, Option<Self>)> {
        loop {
            tokio::select! {
                // A reader that let its stream lie is looked at before it gets more.
                biased;
                _ = self.recheck.tick() => {
                    if let Err(failure) = self.entrance.still(&mut self.by).await {
                        let last = match self.end {
                            End::Status => Ok(Frame::trailers(trailers(failure))),
                            End::Broken => Err(axum::Error::new(Gone)),
                        };
                        return Some((last, None));
                    }
                }
                frame = self.body.frame() => return frame.map(|frame| (frame, Some(self))),
            }
        }
    }
}

/// What somebody sends piece by piece, who may do so only while the token holds: each piece is passed on under a decision
/// that is no older than it may be where an effect begins.
pub(crate) fn sent_while_it_holds(entrance: Entrance, by: Admitted, body: Body) -> Body {
    let length = body.size_hint();
    let pieces = stream::unfold(Some((entrance, by, body)), |state| async {
        let (entrance, mut by, mut body) = state?;
        let frame = body.frame().await?;
        match entrance.before(&mut by).await {
            Ok(()) => Some((frame, Some((entrance, by, body)))),
            Err(_) => Some((Err(axum::Error::new(Gone)), None)),
        }
    });
    hinted::body(pieces, length)
}

#[derive(Debug, thiserror::Error)]
#[error("the caller's token has ended")]
struct Gone;

fn trailers(failure: Failure) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    // The texts are percent-encoded, so that none of them can be refused as a header.
    drop(Status::from(failure).add_header(&mut trailers));
    trailers
}

//! A stream behind a client's token: it ends when the token does, not when its reader pleases.

use crate::entrance::{Admitted, Entrance};
use crate::failure::Failure;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tonic::Status;

/// How often it is looked whether the token still holds.
const RECHECK: Duration = Duration::from_secs(2);

/// Lets anyone with a client's token through, whatever is asked: for services that show nothing of an environment.
pub(crate) async fn client(State(entrance): State<Entrance>, request: Request, next: Next) -> Response {
    match entrance.client(request.headers()).await {
        Ok(by) => next.run(request).await.map(|body| while_it_holds(entrance, by, body)),
        Err(failure) => Status::from(failure).into_http(),
    }
}

struct Watched {
    entrance: Entrance,
    by: Admitted,
    body: Body,
    recheck: Interval,
}

fn while_it_holds(entrance: Entrance, by: Admitted, body: Body) -> Body {
    let mut recheck = interval(RECHECK);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    recheck.reset();
    let frames =
        stream::unfold(Some(Watched { entrance, by, body, recheck }), |watched| async { watched?.next().await });
    Body::new(StreamBody::new(frames))
}

impl Watched {
    /// The next piece, and what goes on with; once the token is gone, the status that says so as the last one.
    async fn next(mut self) -> Option<(Result<Frame<Bytes>, axum::Error>, Option<Self>)> {
        loop {
            tokio::select! {
                // A reader that let its stream lie is looked at before it gets more.
                biased;
                _ = self.recheck.tick() => {
                    if let Err(failure) = self.entrance.still(&mut self.by).await {
                        return Some((Ok(Frame::trailers(trailers(failure))), None));
                    }
                }
                frame = self.body.frame() => return frame.map(|frame| (frame, Some(self))),
            }
        }
    }
}

fn trailers(failure: Failure) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    // The texts are percent-encoded, so that none of them can be refused as a header.
    drop(Status::from(failure).add_header(&mut trailers));
    trailers
}

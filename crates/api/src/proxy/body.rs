//! A proxied request's body: a short one is held, so that it can be sent again; a longer one passes through.

use crate::hinted;
use axum::body::{Body, Bytes};
use futures::stream;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use std::time::Duration;
use valetkey_app::calls::proxy::Upload;

/// Up to this many bytes a body is held.
pub(super) const HELD: usize = 64 * 1024;

/// Why there is no body to send.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// It says that it is longer than it may be.
    TooLong,
    /// It broke off, or didn't come in time.
    Broken,
}

/// Reads as much of a body as is held, and no more than `most` bytes of it ever.
pub(super) async fn upload(body: Body, most: usize, patience: Duration) -> Result<Upload, BodyError> {
    let length = body.size_hint();
    if length.lower() > u64::try_from(most).unwrap_or(u64::MAX) {
        return Err(BodyError::TooLong);
    }
    let begun = tokio::time::timeout(patience, beginning(body)).await.map_err(|_| BodyError::Broken)??;
    match begun {
        (beginning, None) if beginning.len() > most => Err(BodyError::TooLong),
        (beginning, None) => Ok(Upload::Whole(beginning)),
        (beginning, Some(rest)) => Ok(Upload::stream(joined(beginning, rest, length), most)),
    }
}

/// What of a body is held, and the rest of it if that is not all.
async fn beginning(mut body: Body) -> Result<(Bytes, Option<Body>), BodyError> {
    let mut held = Vec::new();
    while held.len() <= HELD {
        match body.frame().await {
            None => return Ok((held.into(), None)),
            Some(Err(_)) => return Err(BodyError::Broken),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    held.extend_from_slice(&data);
                }
            }
        }
    }
    Ok((held.into(), Some(body)))
}

/// A body of which the beginning was read, with the length that it said at first.
fn joined(beginning: Bytes, rest: Body, length: SizeHint) -> Body {
    let frames = stream::unfold((Some(beginning), rest), |(beginning, mut rest)| async {
        let frame = match beginning {
            Some(beginning) => Ok(Frame::data(beginning)),
            None => rest.frame().await?,
        };
        Some((frame, (None, rest)))
    });
    hinted::body(frames, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn of(size: usize, most: usize) -> Result<Upload, BodyError> {
        upload(Body::from(vec![b'x'; size]), most, Duration::from_secs(5)).await
    }

    #[tokio::test]
    async fn short_ones_are_held_and_long_ones_pass() {
        assert!(matches!(of(HELD, 1 << 20).await, Ok(Upload::Whole(held)) if held.len() == HELD));
        assert!(matches!(of(HELD + 1, 1 << 20).await, Ok(Upload::Stream(_))));
        assert!(matches!(of(0, 1 << 20).await, Ok(Upload::Whole(held)) if held.is_empty()));
        assert_eq!(of(1025, 1024).await.unwrap_err(), BodyError::TooLong);
    }

    #[tokio::test]
    async fn what_passes_is_all_of_it_with_its_length() {
        let body = Body::from(vec![b'x'; HELD + 5]);
        let length = body.size_hint();
        let (held, rest) = beginning(body).await.unwrap();
        let whole = joined(held, rest.unwrap(), length);
        assert_eq!(whole.size_hint().exact(), Some(HELD as u64 + 5));
        assert_eq!(whole.collect().await.unwrap().to_bytes().len(), HELD + 5);
    }

    #[tokio::test]
    async fn attack_53_one_that_never_comes_is_given_up() {
        let never = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(upload(never, 1024, Duration::from_millis(50)).await.unwrap_err(), BodyError::Broken);
    }
}

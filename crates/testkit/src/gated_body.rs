//! A request's body that a test holds back, to see what is decided before it is read.

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// A body of which nothing comes until [`GatedBody::release`], and which knows whether it was polled. Clones are the same
/// body.
#[derive(Clone, Debug, Default)]
pub struct GatedBody(Arc<Gate>);

#[derive(Debug, Default)]
struct Gate {
    polled: AtomicBool,
    at_poll: Notify,
    released: Notify,
}

impl GatedBody {
    /// The body, which gives these bytes in one piece once it is released.
    pub fn stream(&self, bytes: impl Into<Bytes>) -> BoxStream<'static, Result<Bytes, Infallible>> {
        let (gate, bytes) = (Arc::clone(&self.0), bytes.into());
        stream::once(async move {
            gate.polled.store(true, Ordering::SeqCst);
            gate.at_poll.notify_one();
            gate.released.notified().await;
            Ok(bytes)
        })
        .boxed()
    }

    /// Whether anybody asked for a byte of it.
    #[must_use]
    pub fn polled(&self) -> bool {
        self.0.polled.load(Ordering::SeqCst)
    }

    /// Returns once somebody has.
    pub async fn until_polled(&self) {
        self.0.at_poll.notified().await;
    }

    /// Lets the bytes come.
    pub fn release(&self) {
        self.0.released.notify_one();
    }
}

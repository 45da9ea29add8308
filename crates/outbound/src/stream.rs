//! Bodies that pass through: sent as they come, and handed on as they are read, without ever being held whole.

use crate::error::{Error, TooLong};
use crate::timeouts::Timeouts;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// Why a body that somebody else sends broke off.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What a request carries.
pub enum Upload {
    /// All of it, so that it can be sent again.
    Whole(Bytes),
    /// As it comes, once.
    Stream(Incoming),
}

impl Upload {
    /// A body that is sent as it comes, no more than `most` bytes of it.
    pub fn stream<B>(body: B, most: usize) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Cause>,
    {
        let body: Pin<Box<dyn Body<Data = Bytes, Error = Cause> + Send>> = Box::pin(MapError(Box::pin(body)));
        Self::Stream(Incoming { body: Mutex::new(body), left: most, most })
    }

    /// Another of the same, if that can be had.
    #[must_use]
    pub fn again(&self) -> Option<Self> {
        match self {
            Self::Whole(bytes) => Some(Self::Whole(bytes.clone())),
            Self::Stream(_) => None,
        }
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Whole(_) => "Whole(..)",
            Self::Stream(_) => "Stream(..)",
        })
    }
}

/// A body that is sent as it comes.
pub struct Incoming {
    /// Locked by nobody: the HTTP client wants what it sends to be shareable, and polls it alone.
    body: Mutex<Pin<Box<dyn Body<Data = Bytes, Error = Cause> + Send>>>,
    left: usize,
    most: usize,
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = Cause;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cause>>> {
        let most = self.most;
        let body = self.body.get_mut().map_err(|_| "the body broke")?;
        let frame = match ready!(body.as_mut().poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            other => return Poll::Ready(other),
        };
        // Trailers are the connection's, as its other headers are.
        let Ok(data) = frame.into_data() else { return Poll::Ready(None) };
        let Some(left) = self.left.checked_sub(data.len()) else {
            return Poll::Ready(Some(Err(Box::new(TooLong(most)))));
        };
        self.left = left;
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.lock().is_ok_and(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.body.lock().map(|body| body.size_hint()).unwrap_or_default()
    }
}

struct MapError<B>(Pin<Box<B>>);

impl<B> Body for MapError<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Cause>,
{
    type Data = Bytes;
    type Error = Cause;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cause>>> {
        self.0.as_mut().poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// An answer's body, read as it is asked for: no longer than it may be, no slower, and not beyond its time.
pub struct Download {
    body: reqwest::Body,
    host: String,
    left: usize,
    most: usize,
    timeouts: Timeouts,
    /// When the whole exchange has to be over, and how long that was from its beginning.
    end: (Instant, Duration),
    timer: Pin<Box<Sleep>>,
    /// Whether a part is waited for. Nobody is slow while it is not asked for more.
    waits: bool,
}

impl Download {
    pub(crate) fn new(
        body: reqwest::Body,
        host: String,
        most: usize,
        timeouts: Timeouts,
        end: (Instant, Duration),
    ) -> Self {
        let timer = Box::pin(sleep_until(end.0));
        Self { body, host, left: most, most, timeouts, end, timer, waits: false }
    }

    /// The rest of it, held whole if it has no more than `most` bytes.
    ///
    /// # Errors
    /// As of its pieces, and if it has more.
    pub async fn whole(mut self, most: usize) -> Result<Bytes, Error> {
        (self.left, self.most) = (self.left.min(most), self.most.min(most));
        let mut whole = bytes::BytesMut::new();
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await {
            if let Ok(data) = frame?.into_data() {
                whole.extend_from_slice(&data);
            }
        }
        Ok(whole.freeze())
    }
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
                if !self.waits {
                    self.waits = true;
                    let until = self.end.0.min(Instant::now() + self.timeouts.idle);
                    self.timer.as_mut().reset(until);
                }
                ready!(self.timer.as_mut().poll(cx));
                let after = if Instant::now() >= self.end.0 { self.end.1 } else { self.timeouts.idle };
                return Poll::Ready(Some(Err(Error::TimedOut { host: self.host.clone(), after })));
            };
            self.waits = false;
            let data = match frame {
                None => return Poll::Ready(None),
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(Error::from_client(&self.host, &error, self.timeouts))));
                }
                Some(Ok(frame)) => frame.into_data(),
            };
            // Trailers stay here.
            let Ok(data) = data else { continue };
            let Some(left) = self.left.checked_sub(data.len()) else {
                return Poll::Ready(Some(Err(Error::TooLarge { host: self.host.clone(), limit: self.most })));
            };
            self.left = left;
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! How requests get out, and what their answers may take.

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

/// Why something did not get through.
pub trait Fault: std::error::Error + Send + Sync + 'static {}

impl<E: std::error::Error + Send + Sync + 'static> Fault for E {}

/// Memory that is held until this is dropped.
pub trait Room: Send + 'static {
    /// Gives back what is over this many bytes.
    fn shrink_to(&mut self, bytes: usize);
}

/// Sends requests and brings back their answers. It adds the credential, looks where the request goes, and sees to it that
/// an answer is neither too long nor too slow: what is read here is read to its end.
pub trait Carrier: Sync {
    /// The body of an answer, as it comes.
    type Body: Body<Data = Bytes, Error: Into<Self::Fault>> + Send + Unpin;
    /// Why there is none.
    type Fault: Fault;
    /// Memory that answers take.
    type Room: Room;

    /// Sends one request.
    fn carry(&self, request: Request<Bytes>) -> impl Future<Output = Result<Response<Self::Body>, Self::Fault>> + Send;

    /// Waits for room for an answer of so many bytes while it is read and held; for as many as may come, where nobody says
    /// how many there are.
    fn room_to_read(&self, bytes: Option<usize>) -> impl Future<Output = Result<Self::Room, Self::Fault>> + Send;

    /// Waits for room for what is read of this JSON.
    fn room_to_parse(&self, json: &[u8]) -> impl Future<Output = Result<Self::Room, Self::Fault>> + Send;

    /// Does some work on a text of so many bytes, where it keeps no thread from others.
    fn aside<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Self::Fault>> + Send;
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::io;

    /// A stand-in for a server, which is asked nothing of room and threads.
    pub trait Answers: Sync {
        type Body: Body<Data = Bytes, Error = io::Error> + Send + Unpin;

        fn answer(&self, request: Request<Bytes>) -> impl Future<Output = io::Result<Response<Self::Body>>> + Send;
    }

    impl Room for () {
        fn shrink_to(&mut self, _: usize) {}
    }

    impl<A: Answers> Carrier for A {
        type Body = A::Body;
        type Fault = io::Error;
        type Room = ();

        async fn carry(&self, request: Request<Bytes>) -> io::Result<Response<A::Body>> {
            self.answer(request).await
        }

        async fn room_to_read(&self, _: Option<usize>) -> io::Result<()> {
            Ok(())
        }

        async fn room_to_parse(&self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }

        async fn aside<T: Send + 'static>(&self, _: usize, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
            Ok(work())
        }
    }
}

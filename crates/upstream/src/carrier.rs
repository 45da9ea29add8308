//! How requests get out.

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

/// Why something did not get through.
pub trait Fault: std::error::Error + Send + Sync + 'static {}

impl<E: std::error::Error + Send + Sync + 'static> Fault for E {}

/// Sends requests and brings back their answers. It adds the credential, looks where the request goes, and sees to it that
/// an answer is neither too long nor too slow: what is read here is read to its end.
pub trait Carrier: Sync {
    /// The body of an answer, as it comes.
    type Body: Body<Data = Bytes, Error = Self::Fault> + Send + Unpin;
    /// Why there is none.
    type Fault: Fault;

    /// Sends one request.
    fn carry(&self, request: Request<Bytes>) -> impl Future<Output = Result<Response<Self::Body>, Self::Fault>> + Send;
}

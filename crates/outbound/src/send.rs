//! Sending one request and reading its answer, within limits.

use crate::client::Connections;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::policy::Policy;
use crate::pools::Pools;
use crate::resolve::Resolve;
use crate::stream::{Download, Upload};
use crate::target::Target;
use crate::timeouts::Timeouts;
use bytes::{Bytes, BytesMut};
use http::Method;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use valetkey_domain::id::EnvironmentId;

/// What one answer may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first byte sent (connecting included) to the last byte read.
    pub timeout: Duration,
    /// The longest answer that is read, in bytes after decompression.
    pub max_bytes: usize,
}

impl Default for Limits {
    /// A minute and ten mebibytes.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(60), max_bytes: 10 * 1024 * 1024 }
    }
}

/// An answer up to this long is read without asking for room.
pub const SHORT: usize = 64 * 1024;

/// Who is asked for room once, as soon as an answer is longer than [`SHORT`].
pub trait Room: Sync {
    /// Waits for room for so many bytes; false if there is none.
    fn make(&self, bytes: usize) -> impl Future<Output = bool> + Send;
}

/// Room without end.
struct Endless;

impl Room for Endless {
    async fn make(&self, _: usize) -> bool {
        true
    }
}

/// How much is read of an answer that is no success, where its words are all that is wanted.
const WORDS: usize = 16 * 1024;
/// For how long.
const WORDS_TIME: Duration = Duration::from_secs(5);

/// What is read of an answer that is no success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failures {
    /// All of it, or it is a failure to get it.
    Whole,
    /// Its first words, if they come: its status says enough.
    Words,
}

/// The one way out. Cheap to clone: clones share their connections.
#[derive(Clone)]
pub struct Outbound {
    policy: Arc<Policy>,
    pools: Arc<Pools>,
    timeouts: Timeouts,
    metrics: Metrics,
    /// For whom requests are sent: its connections carry no other's.
    environment: Option<EnvironmentId>,
}

impl Outbound {
    /// A way out with the usual patience.
    ///
    /// # Errors
    /// TLS could not be set up on this machine.
    pub fn new(policy: Policy, resolver: Arc<dyn Resolve>) -> Result<Self, Error> {
        Self::with_timeouts(policy, resolver, Timeouts::default())
    }

    /// A way out that waits so long.
    ///
    /// # Errors
    /// TLS could not be set up on this machine.
    pub fn with_timeouts(policy: Policy, resolver: Arc<dyn Resolve>, timeouts: Timeouts) -> Result<Self, Error> {
        let policy = Arc::new(policy);
        let pools = Arc::new(Pools::new(policy.clone(), resolver, timeouts)?);
        Ok(Self { policy, pools, timeouts, metrics: Metrics::default(), environment: None })
    }

    /// The same for one environment: on connections of its own, so that it waits for no other's requests.
    #[must_use]
    pub fn of(&self, environment: &EnvironmentId) -> Self {
        Self { environment: Some(environment.clone()), ..self.clone() }
    }

    /// Whether an address is one that may be called, as far as it says itself: where its name leads is looked at when it
    /// is called.
    ///
    /// # Errors
    /// It may not.
    pub fn permits(&self, uri: &http::Uri) -> Result<(), Error> {
        Target::check(uri, &self.policy).map(drop)
    }

    /// What it counts, for whoever makes it part of a registry.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Sends a request and reads the whole answer. A redirect is an answer like any other; a compressed one comes
    /// out plain.
    ///
    /// # Errors
    /// The guard refused the address, nobody was reached, or no whole answer came within the limits.
    /// [`Error::may_have_been_received`] tells these apart.
    pub async fn send(&self, request: http::Request<Bytes>, limits: &Limits) -> Result<http::Response<Bytes>, Error> {
        self.send_over(Connections::Kept, Failures::Whole, request, limits, &Endless).await
    }

    /// The same, where a long answer is read only if there is room for it.
    ///
    /// # Errors
    /// The same, or there was no room: [`Error::NoRoom`].
    pub async fn send_with(
        &self,
        request: http::Request<Bytes>,
        limits: &Limits,
        room: &impl Room,
    ) -> Result<http::Response<Bytes>, Error> {
        self.send_over(Connections::Kept, Failures::Whole, request, limits, room).await
    }

    /// The same, where the status of a failure is all that counts: one whose body is too long, slow or broken comes with
    /// what of it was read.
    pub(crate) async fn send_told(
        &self,
        request: http::Request<Bytes>,
        limits: &Limits,
    ) -> Result<http::Response<Bytes>, Error> {
        self.send_over(Connections::Kept, Failures::Words, request, limits, &Endless).await
    }

    /// The same for what can be sent only once, over a connection opened for it. The other side may close a kept one in
    /// the moment it is used again, and then nobody can tell whether the request was received.
    pub(crate) async fn send_once_told(
        &self,
        request: http::Request<Bytes>,
        limits: &Limits,
    ) -> Result<http::Response<Bytes>, Error> {
        self.send_over(Connections::New, Failures::Words, request, limits, &Endless).await
    }

    /// Sends a request whose body may come piece by piece, and gives the answer as soon as its head is there: its body is
    /// read as it is asked for, within the same limits.
    ///
    /// # Errors
    /// As of [`Outbound::send`], up to the answer's head; or the request's body broke off or is too long.
    pub async fn pass(
        &self,
        request: http::Request<Upload>,
        limits: &Limits,
    ) -> Result<http::Response<Download>, Error> {
        let target = Target::check(request.uri(), &self.policy);
        let endpoint = target.as_ref().is_ok_and(|target| target.endpoint);
        let passed = match target {
            Ok(target) => self.pass_to(target, request, limits).await,
            Err(error) => Err(error),
        };
        self.metrics.sent(endpoint, &passed);
        passed
    }

    async fn pass_to(
        &self,
        target: Target,
        request: http::Request<Upload>,
        limits: &Limits,
    ) -> Result<http::Response<Download>, Error> {
        let end = (Instant::now() + limits.timeout, limits.timeout);
        let clients = self.pools.of(self.environment.as_ref())?;
        let client = if target.endpoint { clients.endpoints } else { clients.public };
        let host = target.host.clone();
        let (parts, body) = request.into_parts();
        let Timeouts { connect, first_byte, .. } = self.timeouts;
        let (body, time) = match body {
            Upload::Whole(bytes) => {
                ((!bytes.is_empty()).then(|| bytes.into()), limits.timeout.min(connect + first_byte))
            }
            // The head of the answer may come only once all of the body has.
            Upload::Stream(body) => (Some(reqwest::Body::wrap(body)), limits.timeout),
        };
        let says_length = body.is_none() && matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
        let mut request = outgoing(target, parts, body)?;
        if says_length {
            // Vendors' front ends refuse such a request that is silent on its length (411).
            request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let answer = within(time, &host, client.execute(request)).await?;
        let answer = answer.map_err(|error| Error::from_client(&host, &error, self.timeouts))?;
        let announced = answer.content_length().unwrap_or(0);
        if usize::try_from(announced).map_or(true, |length| length > limits.max_bytes) {
            return Err(Error::TooLarge { host, limit: limits.max_bytes });
        }
        let timeouts = self.timeouts;
        let answer = http::Response::<reqwest::Body>::from(answer);
        Ok(answer.map(|body| Download::new(body, host, limits.max_bytes, timeouts, end)))
    }

    async fn send_over(
        &self,
        connections: Connections,
        failures: Failures,
        request: http::Request<Bytes>,
        limits: &Limits,
        room: &impl Room,
    ) -> Result<http::Response<Bytes>, Error> {
        let target = match Target::check(request.uri(), &self.policy) {
            Ok(target) => target,
            Err(error) => {
                let refused = Err(error);
                self.metrics.sent(false, &refused);
                return refused;
            }
        };
        let (endpoint, host) = (target.endpoint, target.host.clone());
        let exchange = self.exchange(connections, failures, target, request, (limits.max_bytes, room));
        let in_time = tokio::time::timeout(limits.timeout, exchange).await;
        let answered = in_time.unwrap_or(Err(Error::TimedOut { host, after: limits.timeout }));
        self.metrics.sent(endpoint, &answered);
        answered
    }

    async fn exchange(
        &self,
        connections: Connections,
        failures: Failures,
        target: Target,
        request: http::Request<Bytes>,
        bounds: (usize, &impl Room),
    ) -> Result<http::Response<Bytes>, Error> {
        let clients = match connections {
            Connections::Kept => self.pools.of(self.environment.as_ref())?,
            Connections::New => self.pools.none().clone(),
        };
        let client = if target.endpoint { clients.endpoints } else { clients.public };
        let host = target.host.clone();
        let (parts, body) = request.into_parts();
        let request = outgoing(target, parts, (!body.is_empty()).then(|| body.into()))?;
        let Timeouts { connect, first_byte, .. } = self.timeouts;
        let answer = within(connect + first_byte, &host, client.execute(request)).await?;
        let answer = answer.map_err(|error| Error::from_client(&host, &error, self.timeouts))?;
        if failures == Failures::Words && !answer.status().is_success() {
            return Ok(read_words(answer).await);
        }
        read(answer, &host, bounds, self.timeouts).await
    }
}

/// The outcome of some work, if it comes in time.
async fn within<T>(time: Duration, host: &str, work: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout(time, work).await.map_err(|_| Error::TimedOut { host: host.to_owned(), after: time })
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// The client's own request; whoever wrote `request` does not steer the connection.
fn outgoing(
    target: Target,
    parts: http::request::Parts,
    body: Option<reqwest::Body>,
) -> Result<reqwest::Request, Error> {
    let mut headers = parts.headers;
    if let Some(name) = headers.keys().find(|name| steers_transport(name)) {
        return Err(Error::Invalid { host: target.host, why: format!("the header '{name}' is the connection's own") });
    }
    mark_secrets(&mut headers);
    let mut outgoing = reqwest::Request::new(parts.method, target.url);
    *outgoing.headers_mut() = headers;
    *outgoing.body_mut() = body;
    Ok(outgoing)
}

/// Headers that say how a message is framed or where it goes: set by the client alone, or requests can be smuggled.
fn steers_transport(name: &HeaderName) -> bool {
    const OWN: [HeaderName; 8] = [
        header::HOST,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::TE,
        header::TRAILER,
        header::UPGRADE,
        header::EXPECT,
    ];
    OWN.contains(name) || matches!(name.as_str(), "proxy-connection" | "proxy-authorization" | "keep-alive")
}

/// Marks what may be a credential, so that no layer below prints it and HTTP/2 does not index it.
fn mark_secrets(headers: &mut HeaderMap) {
    const WORDS: [&str; 5] = ["auth", "token", "key", "secret", "cookie"];
    for (name, value) in headers.iter_mut() {
        if WORDS.iter().any(|word| name.as_str().contains(word)) {
            value.set_sensitive(true);
        }
    }
}

async fn read(
    mut answer: reqwest::Response,
    host: &str,
    (max_bytes, room): (usize, &impl Room),
    timeouts: Timeouts,
) -> Result<http::Response<Bytes>, Error> {
    let too_large = || Error::TooLarge { host: host.to_owned(), limit: max_bytes };
    let announced = answer.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |length| length > max_bytes) {
        return Err(too_large());
    }
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    // How long it will be is not known where nothing says it, or where it comes compressed.
    let wanted = usize::try_from(announced).ok().filter(|length| *length > 0).unwrap_or(max_bytes);
    let (mut body, mut asked) = (BytesMut::new(), false);
    loop {
        let chunk = within(timeouts.idle, host, answer.chunk()).await?;
        let chunk = chunk.map_err(|error| Error::from_client(host, &error, timeouts))?;
        let Some(chunk) = chunk else { break };
        if body.len() + chunk.len() > max_bytes {
            return Err(too_large());
        }
        if !asked && body.len() + chunk.len() > SHORT {
            asked = true;
            if !room.make(wanted).await {
                return Err(Error::NoRoom { host: host.to_owned() });
            }
        }
        body.extend_from_slice(&chunk);
    }
    Ok(put_together(status, headers, body))
}

/// A failure with as much of its body as comes soon and is short.
async fn read_words(mut answer: reqwest::Response) -> http::Response<Bytes> {
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    let mut body = BytesMut::new();
    let reading = async {
        while body.len() < WORDS {
            let Ok(Some(chunk)) = answer.chunk().await else { break };
            let room = WORDS - body.len();
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        }
    };
    // What came until then is in the body.
    drop(tokio::time::timeout(WORDS_TIME, reading).await);
    put_together(status, headers, body)
}

fn put_together(status: http::StatusCode, headers: HeaderMap, body: BytesMut) -> http::Response<Bytes> {
    let mut whole = http::Response::new(body.freeze());
    *whole.status_mut() = status;
    *whole.headers_mut() = headers;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_may_be_a_credential_is_marked() {
        let mut headers = HeaderMap::new();
        for name in ["authorization", "x-api-key", "dd-application-key", "x-auth-token", "cookie", "accept"] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("value"));
        }
        mark_secrets(&mut headers);
        let open: Vec<_> = headers.iter().filter(|(_, value)| !value.is_sensitive()).map(|(name, _)| name).collect();
        assert_eq!(open, ["accept"]);
    }
}

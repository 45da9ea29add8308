//! Sending one request and reading its answer, within limits.

use crate::client;
use crate::error::Error;
use crate::policy::Policy;
use crate::resolve::{Guarded, Resolve};
use crate::target::Target;
use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName};
use std::sync::Arc;
use std::time::Duration;

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

/// The one way out. Cheap to clone: clones share their connections.
#[derive(Clone)]
pub struct Outbound {
    policy: Arc<Policy>,
    /// For public addresses and the networks that the operator allowed.
    public: reqwest::Client,
    /// For the endpoints that the operator allowed by host and port, wherever their names lead.
    endpoints: reqwest::Client,
}

impl Outbound {
    /// Makes the clients.
    ///
    /// # Errors
    /// TLS could not be set up on this machine.
    pub fn new(policy: Policy, resolver: Arc<dyn Resolve>) -> Result<Self, Error> {
        let policy = Arc::new(policy);
        let public = client::build(Guarded::new(resolver.clone(), policy.clone(), false))?;
        let endpoints = client::build(Guarded::new(resolver, policy.clone(), true))?;
        Ok(Self { policy, public, endpoints })
    }

    /// Sends a request and reads the whole answer. A redirect is an answer like any other; a compressed one comes
    /// out plain.
    ///
    /// # Errors
    /// The guard refused the address, nobody was reached, or no whole answer came within the limits.
    /// [`Error::may_have_been_received`] tells these apart.
    pub async fn send(&self, request: http::Request<Bytes>, limits: &Limits) -> Result<http::Response<Bytes>, Error> {
        let target = Target::check(request.uri(), &self.policy)?;
        let client = if target.endpoint { &self.endpoints } else { &self.public };
        let host = target.host.clone();
        let request = outgoing(target, request)?;
        let work = async {
            let answer = client.execute(request).await;
            let answer = answer.map_err(|error| Error::from_client(&host, &error, limits.timeout))?;
            read(answer, &host, limits).await
        };
        let in_time = tokio::time::timeout(limits.timeout, work).await;
        in_time.unwrap_or_else(|_| Err(Error::TimedOut { host: host.clone(), after: limits.timeout }))
    }
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// The client's own request; whoever wrote `request` does not steer the connection.
fn outgoing(target: Target, request: http::Request<Bytes>) -> Result<reqwest::Request, Error> {
    let (parts, body) = request.into_parts();
    let mut headers = parts.headers;
    if let Some(name) = headers.keys().find(|name| steers_transport(name)) {
        return Err(Error::Invalid { host: target.host, why: format!("the header '{name}' is the connection's own") });
    }
    mark_secrets(&mut headers);
    let mut outgoing = reqwest::Request::new(parts.method, target.url);
    *outgoing.headers_mut() = headers;
    if !body.is_empty() {
        *outgoing.body_mut() = Some(body.into());
    }
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

async fn read(mut answer: reqwest::Response, host: &str, limits: &Limits) -> Result<http::Response<Bytes>, Error> {
    let too_large = || Error::TooLarge { host: host.to_owned(), limit: limits.max_bytes };
    let announced = answer.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |length| length > limits.max_bytes) {
        return Err(too_large());
    }
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    let mut body = BytesMut::new();
    loop {
        let chunk = answer.chunk().await.map_err(|error| Error::from_client(host, &error, limits.timeout))?;
        let Some(chunk) = chunk else { break };
        if body.len() + chunk.len() > limits.max_bytes {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    let mut whole = http::Response::new(body.freeze());
    *whole.status_mut() = status;
    *whole.headers_mut() = headers;
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

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

//! How much anyone may take: of calls at once, of bytes, of time. Each bound has the name it has in `[limits]` of the
//! settings file, in errors and in metrics.

use std::time::Duration;

/// What may be reached, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Tool calls in flight in this process.
    InFlight,
    /// Tool calls in flight for one environment.
    InFlightPerEnvironment,
    /// Tool calls in flight on one account.
    InFlightPerAccount,
    /// Requests in flight from one environment to one host.
    InFlightPerHost,
    /// Bytes of memory that questions and apps' answers take in this process.
    BytesInFlight,
    /// Bytes of memory that questions and apps' answers take for one environment.
    BytesInFlightPerEnvironment,
    /// Bytes of a request to the control plane.
    ApiBody,
    /// Bytes of an MCP message.
    McpBody,
    /// Bytes of an app's answer.
    Answer,
    /// Bytes of a proxied request.
    ProxyBody,
    /// Bytes of the answer to a proxied request.
    ProxyAnswer,
}

impl Limit {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InFlight => "in_flight",
            Self::InFlightPerEnvironment => "in_flight_per_environment",
            Self::InFlightPerAccount => "in_flight_per_account",
            Self::InFlightPerHost => "in_flight_per_host",
            Self::BytesInFlight => "bytes_in_flight",
            Self::BytesInFlightPerEnvironment => "bytes_in_flight_per_environment",
            Self::ApiBody => "api_body_bytes",
            Self::McpBody => "mcp_body_bytes",
            Self::Answer => "answer_bytes",
            Self::ProxyBody => "proxy_body_bytes",
            Self::ProxyAnswer => "proxy_answer_bytes",
        }
    }
}

/// The bounds that use cases and surfaces keep. Those of connections are the server's, those of the way out
/// `outbound`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Tool calls in flight in this process. Beyond this and the next two calls wait in line, four times as many at most.
    pub in_flight: usize,
    /// Tool calls in flight for one environment.
    pub in_flight_per_environment: usize,
    /// Tool calls in flight on one account.
    pub in_flight_per_account: usize,
    /// Requests in flight from one environment to one host. Others wait for their turn, `host_wait` at most.
    pub in_flight_per_host: usize,
    /// How long a request waits for its turn at a host.
    pub host_wait: Duration,
    /// Bytes of memory that what callers send takes in this process until it is answered, apps' answers while they are
    /// read and shaped, and long answers until their callers have read them. Others wait.
    pub bytes_in_flight: usize,
    /// The same for one environment.
    pub bytes_in_flight_per_environment: usize,
    /// Bytes of a request to the control plane, on either wire.
    pub api_body_bytes: usize,
    /// Bytes of an MCP message.
    pub mcp_body_bytes: usize,
    /// Bytes of one answer of an app, and of the result made of it.
    pub answer_bytes: usize,
    /// Bytes of a proxied request's body, which passes through and is not held.
    pub proxy_body_bytes: usize,
    /// Bytes of the answer to a proxied request, which passes through and is not held.
    pub proxy_answer_bytes: usize,
    /// How long a proxied request may take, from its head to the last byte of its answer.
    pub proxy_time: Duration,
    /// How long a control-plane call may take.
    pub api_time: Duration,
    /// How long an MCP call may take.
    pub mcp_time: Duration,
    /// How long one answer of an app may take, from connecting to its last byte.
    pub answer_time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            in_flight: 1_000,
            in_flight_per_environment: 256,
            in_flight_per_account: 8,
            in_flight_per_host: 32,
            host_wait: Duration::from_secs(5),
            bytes_in_flight: 512 * 1024 * 1024,
            bytes_in_flight_per_environment: 128 * 1024 * 1024,
            api_body_bytes: 1024 * 1024,
            mcp_body_bytes: 4 * 1024 * 1024,
            answer_bytes: 10 * 1024 * 1024,
            proxy_body_bytes: 64 * 1024 * 1024,
            proxy_answer_bytes: 256 * 1024 * 1024,
            proxy_time: Duration::from_secs(60),
            api_time: Duration::from_secs(60),
            mcp_time: Duration::from_secs(300),
            answer_time: Duration::from_secs(60),
        }
    }
}

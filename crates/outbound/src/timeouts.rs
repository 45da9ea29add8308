//! How long to wait for what.

use std::time::Duration;

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection: address, TCP and TLS.
    pub connect: Duration,
    /// For an answer's head, once there is a connection.
    pub first_byte: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
}

impl Default for Timeouts {
    /// 5 s, 30 s, 30 s.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(5), first_byte: seconds(30), idle: seconds(30) }
    }
}

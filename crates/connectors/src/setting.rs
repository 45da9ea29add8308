//! What a call is given beside its arguments.

use crate::native::Work;
use serde_json::{Map, Value};
use valetkey_domain::Timestamp;

/// The surroundings of one call: all that a native or a request may depend on beside its arguments, so that the same
/// setting and the same answers always make the same requests.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The connection's own `api_base_url`: it replaces scheme, host and port of the connector's base, and may put a
    /// prefix before its paths.
    pub base_url: Option<String>,
    /// The time of the call.
    pub now: Timestamp,
    /// A number that no other call has: for MIME boundaries and ids of requests.
    pub nonce: u128,
    /// The connected account's `api_config`.
    pub api_config: Map<String, Value>,
    /// What its natives may still do. Whoever drives the call keeps a clone, to stop them.
    pub work: Work,
}

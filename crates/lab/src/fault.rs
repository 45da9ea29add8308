//! What a failure on request is.

use serde::{Deserialize, Serialize};

/// A failure that waits for its calls.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// The route, as the control listener's `/routes` lists them.
    pub(crate) route: String,
    /// How many calls it still strikes.
    #[serde(default = "once")]
    pub(crate) times: u32,
    /// What goes wrong.
    pub(crate) fault: What,
}

const fn once() -> u32 {
    1
}

/// What goes wrong.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum What {
    /// The access token of the call has run out: 401, and a refresh helps.
    TokenExpired {},
    /// The grant behind the call's access or refresh token has ended: 401 or `invalid_grant`, and only consent helps.
    TokenRevoked {},
    /// The refresh answers with a new refresh token, and the old one is dead.
    RefreshRotated {},
    /// The exchange of a code gives none of these scopes, as if they had been unticked.
    ScopeWithheld {
        /// In full.
        scopes: Vec<String>,
    },
    /// The token answer's `expires_in` is this instead; null takes it away.
    ExpiresIn {
        /// Any JSON.
        value: serde_json::Value,
    },
    /// The authorization endpoint takes no request for `openid` without a `nonce`, as many servers don't.
    NonceWanted {},
    /// The ID token of an exchange carries this nonce instead; null leaves it out.
    NonceChanged {
        /// The nonce of another sign-in.
        nonce: Option<String>,
    },
    /// Basic carries id and secret as they are, not form-encoded, as many servers want it against the RFC.
    RawBasic {},
    /// The revocation endpoint takes no token from somebody who doesn't authenticate as its client. The refusal is
    /// this.
    ClientWanted {
        /// 400 to 499.
        #[serde(default = "unauthorized")]
        status: u16,
        /// The whole body.
        #[serde(default)]
        body: String,
        /// As `raw_basic` has it.
        #[serde(default)]
        raw_basic: bool,
    },
    /// A refusal that isn't in OAuth's or the API's words: this body, often none.
    Refused {
        /// Usually 400 or 401; 200 for those who tell errors so.
        #[serde(default = "unauthorized")]
        status: u16,
        /// The whole body.
        #[serde(default)]
        body: String,
    },
    /// The answer begins with a byte-order mark.
    ByteOrderMark {},
    /// Too many requests.
    RateLimited {
        /// Seconds, for `Retry-After`.
        #[serde(default)]
        retry_after: u64,
        /// 429, or 403 as some of Google's APIs have it.
        #[serde(default = "too_many")]
        status: u16,
    },
    /// A failure of the provider.
    ServerError {
        /// 500 to 599.
        #[serde(default = "internal")]
        status: u16,
        /// Whether the call takes effect first: an answer that is lost.
        #[serde(default)]
        handled: bool,
    },
    /// The answer comes after so many milliseconds.
    Slow {
        /// At most a minute.
        millis: u64,
    },
    /// The call takes effect and its JSON ends in the middle.
    Truncated {},
    /// A redirect to another host.
    Redirect {
        /// The whole URL.
        to: String,
    },
    /// The connection breaks within the answer.
    Reset {
        /// Whether the call takes effect first.
        #[serde(default)]
        handled: bool,
    },
}

const fn too_many() -> u16 {
    429
}

const fn unauthorized() -> u16 {
    401
}

const fn internal() -> u16 {
    500
}

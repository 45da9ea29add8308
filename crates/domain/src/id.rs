//! Typed ids: a prefix that says what it names, then 26 lower-case ULID characters. An imported id keeps its own
//! tail, so any id of at most 32 characters of `[A-Za-z0-9_]` behind the right prefix is one.

use crate::{Clock, Rng, Timestamp};
use serde::{Deserialize, Serialize};

/// The longest id in characters, prefix included (the wire's rule for `ca_` and `conn_`, kept for all).
pub const MAX_LEN: usize = 32;

/// How many characters of a ULID are its time.
const TIME_LEN: usize = 10;

/// A text that is not an id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is not {what}: it must begin with '{prefix}' and have at most {MAX_LEN} letters, digits or '_'")]
pub struct InvalidId {
    given: String,
    what: &'static str,
    prefix: &'static str,
}

/// A new ULID in lower case: sorts by the clock's milliseconds, then by the random part.
#[must_use]
pub fn ulid(clock: &dyn Clock, rng: &dyn Rng) -> String {
    let millis = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
    ulid::Ulid::from_parts(millis, rng.next_u128()).to_string().to_ascii_lowercase()
}

/// The beginning that ULIDs of this millisecond have: those made earlier sort before it, those made from then on behind.
#[must_use]
pub fn ulid_time(at: Timestamp) -> String {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0).min((1 << ulid::Ulid::TIME_BITS) - 1);
    let mut text = ulid::Ulid::from_parts(millis, 0).to_string().to_ascii_lowercase();
    text.truncate(TIME_LEN);
    text
}

/// Whether a text is a ULID as [`ulid()`] writes them.
#[must_use]
pub fn is_ulid(text: &str) -> bool {
    ulid::Ulid::from_string(text).is_ok_and(|ulid| ulid.to_string().to_ascii_lowercase() == text)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new one, ordered by the clock.
            #[must_use]
            pub fn new(clock: &dyn Clock, rng: &dyn Rng) -> Self {
                Self(format!("{}{}", $prefix, ulid(clock, rng)).into())
            }

            /// Reads one that came from outside.
            ///
            /// # Errors
            /// The text has another prefix, a foreign character, nothing behind the prefix, or too many characters.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let tail = text.strip_prefix($prefix).unwrap_or_default();
                let fits = !tail.is_empty()
                    && text.len() <= MAX_LEN
                    && tail.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                if fits {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidId { given: text.chars().take(80).collect(), what: $what, prefix: $prefix })
                }
            }
        }

        $crate::text::text!($name, InvalidId, parse);
    )*};
}

ids! {
    /// An environment: the isolation boundary.
    EnvironmentId = "env_", "an environment id";
    /// An API client of the control plane.
    ClientId = "skc_", "a client id";
    /// One secret of an API client.
    ClientSecretId = "sks_", "a client secret id";
    /// An organisation: a customer of an app.
    OrganizationId = "org_", "an organisation id";
    /// A custom provider.
    ProviderId = "prv_", "a provider id";
    /// A connection.
    ConnectionId = "conn_", "a connection id";
    /// A connected account.
    AccountId = "ca_", "a connected account id";
    /// One consent in flight.
    AuthorizationId = "auth_", "an authorization id";
    /// A call that waits for its user's word.
    ApprovalId = "appr_", "an approval's id";
    /// The closing of a connection or an account under way.
    ClosingId = "cls_", "a closing's id";
    /// A revocation at a provider that is still to be made.
    RevocationId = "rvk_", "a revocation's id";
    /// An MCP config.
    ConfigId = "cfg_", "an MCP config id";
    /// An MCP instance.
    InstanceId = "inst_", "an MCP instance id";
    /// An agent that its user let in by signing in.
    GrantId = "grt_", "a grant's id";
    /// One call of a tool.
    ExecutionId = "exec_", "an execution id";
    /// A record of the journal.
    RecordId = "rec_", "a journal record id";
    /// A segment of the journal's chain: what one process wrote.
    SegmentId = "seg_", "a segment id of the journal";
    /// A data key of the vault.
    DataKeyId = "key_", "a data key id";
    /// A signing key, the `kid` of a JWT.
    SigningKeyId = "snk_", "a signing key id";
    /// One run of the server.
    ProcessId = "proc_", "a process id";
    /// An installation: one database and who serves on it.
    InstallationId = "vk_", "an installation id";
    /// A member: a person who signs in to the dashboard.
    MemberId = "mem_", "a member id";
    /// A member's session in a browser.
    SessionId = "ses_", "a session id";
    /// Something that happened, as apps are told of it.
    EventId = "evt_", "an event id";
    /// A webhook: where events are sent.
    WebhookId = "whk_", "a webhook id";
    /// A token of ours, the `jti` of a JWT.
    TokenId = "tkn_", "a token id";
    /// One request, from whichever door it came.
    RequestId = "req_", "a request id";
}

impl EnvironmentId {
    /// What stands for no environment, where records concern the whole installation: its keys, its backups. No
    /// environment has this id, for theirs have a ULID.
    #[must_use]
    pub fn installation() -> Self {
        Self("env_installation".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_ulids_as_they_are_written() {
        assert!(is_ulid("01jdtq2vk5m3c8x9y0z1a2b3c4"));
        for other in
            ["", "0", "01JDTQ2VK5M3C8X9Y0Z1A2B3C4", "garbage", "81jdtq2vk5m3c8x9y0z1a2b3c4", "88630864544790977"]
        {
            assert!(!is_ulid(other), "{other}");
        }
    }

    #[test]
    fn takes_imported_tails_and_refuses_the_rest() {
        assert!(ConnectionId::parse("conn_88630864544790977").is_ok());
        for wrong in ["", "conn_", "ca_1", "conn_a b", "conn_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "CONN_1", "conn_é"] {
            assert!(ConnectionId::parse(wrong).is_err(), "{wrong}");
        }
    }
}

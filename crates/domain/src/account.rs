//! Connected accounts: one user's authorisation on a connection, and how its status moves.

use crate::id::{AccountId, ConnectionId, EnvironmentId};
use crate::name::Identifier;
use crate::{Sealed, Timestamp};
use serde_json::{Map, Value};

/// Whose account it is, in the app's own words. Identity is a parameter: nothing is looked up without one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The app's name for the user.
    pub identifier: Identifier,
    /// The organisation, where the app has such; narrows, never widens.
    pub organization: Option<String>,
    /// The user id beside the identifier, where the app has such.
    pub user: Option<String>,
}

impl Owner {
    /// The user with this identifier, in no organisation.
    #[must_use]
    pub fn of(identifier: Identifier) -> Self {
        Self { identifier, organization: None, user: None }
    }
}

/// One user's authorisation on a connection.
#[derive(Clone, Debug)]
pub struct ConnectedAccount {
    /// Its id.
    pub id: AccountId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// The connection it is on.
    pub connection: ConnectionId,
    /// Whose it is.
    pub owner: Owner,
    /// Whether it can be used, and if not, why.
    pub status: Status,
    /// What was granted at the last consent or refresh; empty when the provider did not say.
    pub scopes: Vec<String>,
    /// Who the account is at the provider (`sub`, e-mail address...), once known.
    pub subject: Option<String>,
    /// The sealed tokens; none before the first consent and after a disconnect.
    pub credential: Option<Credential>,
    /// That the provider does not renew its access for now, if that is so.
    pub refusal: Option<Refusal>,
    /// Account-level values of the app (`domain`...), merged on update.
    pub api_config: Map<String, Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When anything of it last changed.
    pub updated_at: Timestamp,
    /// When a call last used it.
    pub last_used_at: Option<Timestamp>,
}

/// Tokens at rest. Their plaintext is a JSON object that only `app` reads.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Access token, refresh token and what came with them.
    pub sealed: Sealed,
    /// The origins it may be sent to (`https://host[:port]`), fixed at consent and part of the seal.
    pub audience: Vec<String>,
    /// Raised by every change of tokens; a refresh commits only over the generation it started from.
    pub generation: i64,
    /// When the access token ends, as far as the provider said (at most 24 h is believed).
    pub expires_at: Option<Timestamp>,
    /// Whether there is a refresh token inside, so that nothing needs opening to know.
    pub refreshable: bool,
}

/// The provider did not renew an account's access, and said nothing that would end it: it refused without saying in
/// OAuth's terms why, found fault with the client, or asked to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// When it last did so.
    pub at: Timestamp,
    /// How often in a row it refused; 0 if it only asked to wait.
    pub times: i64,
    /// Until when it is not asked again.
    pub until: Timestamp,
    /// The revision of the connection that it was asked with. Another one may be answered otherwise.
    pub revision: i64,
    /// What it answered, in our words.
    pub words: String,
}

/// Whether an account can be used. Names and numbers are the wire's (`ConnectorStatus`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its credential works as far as known.
    Active,
    /// It worked once and needs a new consent, because of this.
    Expired(Reason),
    /// Nobody has consented yet.
    PendingAuth,
    /// Consent is done, the app has still to confirm the user.
    PendingVerification,
    /// Somebody ended it.
    Disconnected,
}

/// Why an account went out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The provider refused the refresh token (`invalid_grant`).
    InvalidGrant,
    /// The access token ended and there is no refresh token.
    NoRefreshToken,
    /// The answer to a refresh was lost on the way and the provider had already spent the old token.
    RefreshAnswerLost,
    /// The connection now points elsewhere; no credential follows it there.
    EndpointsChanged,
    /// The provider refused a fresh access token.
    Rejected,
}

impl Reason {
    const ALL: [Self; 5] =
        [Self::InvalidGrant, Self::NoRefreshToken, Self::RefreshAnswerLost, Self::EndpointsChanged, Self::Rejected];

    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidGrant => "invalid_grant",
            Self::NoRefreshToken => "no_refresh_token",
            Self::RefreshAnswerLost => "refresh_answer_lost",
            Self::EndpointsChanged => "endpoints_changed",
            Self::Rejected => "rejected",
        }
    }

    /// The same for people: what became of the sign-in.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::InvalidGrant => "the app withdrew it",
            Self::NoRefreshToken => "it ran out, and the app gave no means to renew it",
            Self::RefreshAnswerLost => "its renewal was lost on the way",
            Self::EndpointsChanged => "the connection now points elsewhere",
            Self::Rejected => "the app no longer accepts it",
        }
    }
}

impl Status {
    /// All names that [`Self::name`] gives.
    pub const NAMES: [&str; 5] = ["ACTIVE", "EXPIRED", "PENDING_AUTH", "PENDING_VERIFICATION", "DISCONNECTED"];

    /// The upper-case name, as MCP messages and the agent documentation have it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Expired(_) => "EXPIRED",
            Self::PendingAuth => "PENDING_AUTH",
            Self::PendingVerification => "PENDING_VERIFICATION",
            Self::Disconnected => "DISCONNECTED",
        }
    }

    /// The wire's number.
    #[must_use]
    pub const fn number(&self) -> i32 {
        match self {
            Self::Active => 1,
            Self::Expired(_) => 2,
            Self::PendingAuth => 3,
            Self::PendingVerification => 4,
            Self::Disconnected => 5,
        }
    }

    /// The reason stored beside the name; empty for all but [`Status::Expired`].
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Expired(reason) => reason.as_str(),
            _ => "",
        }
    }

    /// Reads name and reason as stored; none if they fit no status.
    #[must_use]
    pub fn from_stored(name: &str, reason: &str) -> Option<Self> {
        match (name, reason) {
            ("ACTIVE", "") => Some(Self::Active),
            ("EXPIRED", word) => Reason::ALL.into_iter().find(|r| r.as_str() == word).map(Self::Expired),
            ("PENDING_AUTH", "") => Some(Self::PendingAuth),
            ("PENDING_VERIFICATION", "") => Some(Self::PendingVerification),
            ("DISCONNECTED", "") => Some(Self::Disconnected),
            _ => None,
        }
    }
}

//! Authorizations: one consent in flight, from the link to its outcome.
//!
//! ```text
//! Linked ──POST of our page──> Started ──callback──> Exchanging ──> Done(outcome)
//!    └───────── expires ───────────┴────────────────────────────────> Done(Expired)
//! ```
//! Opening a link spends nothing. `Exchanging` is entered by one status change, so a code is exchanged once; a crash
//! there ends it as `Interrupted`, and the person starts again.

use crate::id::{AccountId, AuthorizationId, ConnectionId, EnvironmentId};
use crate::{Sealed, Timestamp};

/// One consent in flight.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// Its id.
    pub id: AuthorizationId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// The connection to consent to.
    pub connection: ConnectionId,
    /// The account that will hold the credential.
    pub account: AccountId,
    /// How far it has come.
    pub stage: Stage,
    /// Which scopes its start asked for. Before a start: those that the call needs of which the link came, if it came of
    /// one that lacked some.
    pub asked: Option<Vec<String>>,
    /// Where the person is sent to be confirmed by the app; none if nobody confirms.
    pub verify: Option<VerifyAt>,
    /// Until when the link opens.
    pub link_expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Where an app confirms who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyAt {
    /// The app's address.
    pub url: String,
    /// What the app wants back there.
    pub state: Option<String>,
}

/// How far a consent has come.
#[derive(Clone, Debug)]
pub enum Stage {
    /// A link was handed out; anybody may look at the page.
    Linked,
    /// A person pressed the button: bound to that browser, the provider's page is open.
    Started(Started),
    /// The provider sent the person back and the code is being exchanged.
    Exchanging(Started),
    /// Over, this way.
    Done {
        /// How it ended.
        outcome: Outcome,
        /// When.
        at: Timestamp,
        /// What the provider said of it: bounded and cleaned, but its words and not ours.
        words: Option<String>,
        /// SHA-256 of the cookie of the browser that may see the outcome; none if no browser was ever bound.
        browser: Option<[u8; 32]>,
    },
}

/// What a started consent is bound to.
#[derive(Clone, Debug)]
pub struct Started {
    /// SHA-256 of the browser's binding cookie.
    pub browser: [u8; 32],
    /// SHA-256 of `state`.
    pub state: [u8; 32],
    /// The PKCE verifier, sealed.
    pub verifier: Sealed,
    /// The redirect URI as sent, to be repeated at the exchange.
    pub redirect_uri: String,
    /// Until when the provider may send the person back.
    pub expires_at: Timestamp,
}

/// How a consent ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The account is ACTIVE with all scopes that were asked.
    Connected,
    /// The account is ACTIVE, but these scopes were withheld.
    ConnectedWithout(Vec<String>),
    /// The person said no.
    Declined,
    /// The provider refused, with its error code (a short word, checked) .
    Refused(String),
    /// The provider could not be reached or answered nonsense.
    ProviderFailed,
    /// Another provider account than before; nothing was replaced.
    OtherAccount {
        /// Who the account was.
        before: String,
        /// Who signed in now.
        now: String,
    },
    /// The person signed in, and the app has still to confirm that it is its user.
    Unconfirmed,
    /// Time ran out.
    Expired,
    /// The server ended while the code was being exchanged; what came of it is lost.
    Interrupted,
}

impl Outcome {
    /// It in one word, for the journal and metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::ConnectedWithout(_) => "connected_without",
            Self::Declined => "declined",
            Self::Refused(_) => "refused",
            Self::ProviderFailed => "provider_failed",
            Self::OtherAccount { .. } => "other_account",
            Self::Unconfirmed => "unconfirmed",
            Self::Expired => "expired",
            Self::Interrupted => "interrupted",
        }
    }
}

//! The ways to sign in, compiled. Who looks into them is in `app/credentials/schemes` and `app/connections/wired`; all
//! others ask the methods here.

mod field;
mod template;

pub use field::{Field, Unfit};
pub use template::Template;

use crate::file::{AuthKind, LostAnswer, Pkce, SentAs, TokenBody, TokenClientAuth};
use crate::sign_in::{Identity, Revoke};
use http::HeaderName;
use std::time::Duration;

/// One way to sign in.
#[derive(Debug)]
pub enum Auth {
    /// The authorization code flow.
    OAuth2(Box<OAuth2>),
    /// What a person or an app gives is sent as it is.
    Static(Static),
    /// What is given brings access tokens, without a person.
    Minted(Minted),
    /// No credential.
    None,
}

impl Auth {
    /// Which of the kinds it is.
    #[must_use]
    pub const fn kind(&self) -> AuthKind {
        match self {
            Self::OAuth2(_) => AuthKind::OAuth2,
            Self::Static(given) => given.kind,
            Self::Minted(minted) => minted.kind,
            Self::None => AuthKind::None,
        }
    }

    /// What is asked of an account's owner.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        match self {
            Self::Static(given) => &given.fields,
            Self::Minted(minted) => &minted.fields,
            Self::OAuth2(_) | Self::None => &[],
        }
    }

    /// What the developer gives to a connection that signs in so.
    #[must_use]
    pub fn connection_credential(&self) -> ConnectionCredential {
        match self {
            Self::OAuth2(_) => ConnectionCredential::OAuthClient,
            Self::Minted(minted) if minted.kind == AuthKind::GoogleDwd => ConnectionCredential::ServiceAccountKey,
            Self::Minted(minted) if minted.fields.is_empty() => ConnectionCredential::OAuthClient,
            Self::Minted(_) | Self::Static(_) | Self::None => ConnectionCredential::None,
        }
    }

    /// Whether scopes are asked for.
    #[must_use]
    pub const fn has_scopes(&self) -> bool {
        matches!(self, Self::OAuth2(_) | Self::Minted(_))
    }

    /// Whether a client is registered by itself where the connection brings none.
    #[must_use]
    pub fn registers_by_itself(&self) -> bool {
        matches!(self, Self::OAuth2(oauth) if oauth.discovery == Some(Discovery::Whole))
    }

    /// Whether somebody gives access tokens, who can be asked before anybody has signed in.
    #[must_use]
    pub const fn has_token_endpoint(&self) -> bool {
        match self {
            Self::OAuth2(_) => true,
            Self::Minted(minted) => minted.token_url.is_some(),
            Self::Static(_) | Self::None => false,
        }
    }

    /// Where the credential stands in a request.
    #[must_use]
    pub fn sends(&self) -> &[Sends] {
        match self {
            Self::OAuth2(oauth) => &oauth.sends,
            Self::Static(given) => &given.sends,
            Self::Minted(minted) => &minted.sends,
            Self::None => &[],
        }
    }
}

/// A credential that a connection has for all of its accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionCredential {
    /// An OAuth client's id and secret.
    OAuthClient,
    /// A service account's key.
    ServiceAccountKey,
    /// None: each account brings its own, or needs none.
    None,
}

/// Credentials that are sent as they are.
#[derive(Debug)]
pub struct Static {
    /// Which kind.
    pub kind: AuthKind,
    /// What is asked.
    pub fields: Vec<Field>,
    /// Where it goes.
    pub sends: Vec<Sends>,
}

/// Credentials that bring access tokens without a person.
#[derive(Debug)]
pub struct Minted {
    /// Which kind.
    pub kind: AuthKind,
    /// What is asked of an account's owner. What isn't, the connection has.
    pub fields: Vec<Field>,
    /// Where the access tokens go.
    pub sends: Vec<Sends>,
    /// The token endpoint; none where what is signed is the access token.
    pub token_url: Option<String>,
    /// How a client names itself there.
    pub token_client_auth: TokenClientAuth,
    /// What stands between two scopes.
    pub scope_separator: String,
    /// What a key pair signs.
    pub assertion: Option<Assertion>,
}

/// What is signed with the private key of an account, and where it goes.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// What it is good for.
    pub sent_as: SentAs,
    /// What it says, beside its times and its number.
    pub claims: Vec<(String, Template)>,
    /// How long it is good.
    pub life: Duration,
}

impl Assertion {
    /// The field with the private key.
    pub const PRIVATE_KEY: &'static str = "private_key";
    /// The field with the name that the app has for the key, which becomes the header's `kid`.
    pub const KEY_ID: &'static str = "key_id";
    /// The field with the client's id.
    pub const CLIENT_ID: &'static str = "client_id";
    /// What in braces is the SHA-256 of the key's public half.
    pub const KEY_SHA256: &'static str = "key_sha256";
    /// The claims that the server sets.
    pub const OURS: [&'static str; 4] = ["iat", "exp", "jti", "nbf"];
}

/// A place in a request, and what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sends {
    /// Where.
    pub slot: Slot,
    /// What.
    pub value: Sent,
}

/// A place in a request that a credential may fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A header.
    Header(HeaderName),
    /// A query parameter.
    Query(String),
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A text.
    Text(Template),
    /// The two halves of a Basic header (RFC 7617). One that has no value is empty.
    Basic(Template, Template),
}

/// The facts of an app's OAuth.
#[derive(Debug)]
pub struct OAuth2 {
    /// The authorization endpoint.
    pub authorize_url: String,
    /// The token endpoint.
    pub token_url: String,
    /// How the client names itself there.
    pub token_client_auth: TokenClientAuth,
    /// How what is sent there is written.
    pub token_body: TokenBody,
    /// What stands between two scopes.
    pub scope_separator: String,
    /// The parameter that the scopes are asked for in.
    pub scope_param: String,
    /// The member of a token endpoint's answer that has the tokens, where the answer itself has none.
    pub token_in: Option<String>,
    /// The app's own codes for a refresh token that is good for nothing any more.
    pub ended: Vec<String>,
    /// Whether the proof key is sent.
    pub pkce: Pkce,
    /// What the authorization endpoint is also told.
    pub authorize_params: Vec<(String, String)>,
    /// What the app does with refresh tokens.
    pub refresh: RefreshRule,
    /// How a grant is revoked, where it can be.
    pub revoke: Option<Revoke>,
    /// How it is found out who signed in, where it can be.
    pub identity: Option<Identity>,
    /// The issuer (`iss`) that every answer of the authorization endpoint must name, where the provider promises it.
    pub issuer: Option<String>,
    /// Where the access token stands in a request.
    pub sends: Vec<Sends>,
    /// Whether endpoints and client are found when somebody signs in first; what is said of them above is empty then.
    pub discovery: Option<Discovery>,
}

/// How the endpoints and the client of a way to sign in are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// Both by the server's own metadata (RFC 9728, 8414, 7591).
    Whole,
    /// The endpoints so; the connection brings the client.
    Endpoints,
}

/// What an app does with refresh tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshRule {
    /// What to do when a refresh was sent and its answer was never seen.
    pub lost_answer: LostAnswer,
    /// How long an unused one lives, where it dies of idleness.
    pub idle_ttl: Option<Duration>,
}

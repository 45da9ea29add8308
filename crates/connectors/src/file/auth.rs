//! The ways to sign in, as a file has them.

use super::Ordered;
use serde::Deserialize;
use serde_json::Value;

/// One way to sign in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthFile {
    /// Which way.
    pub kind: AuthKind,
    /// The authorization endpoint.
    pub authorize_url: Option<String>,
    /// The token endpoint.
    pub token_url: Option<String>,
    /// How the client names itself at the token endpoint.
    #[serde(default)]
    pub token_client_auth: TokenClientAuth,
    /// How what is sent to the token endpoint is written.
    #[serde(default)]
    pub token_body: TokenBody,
    /// What stands between two scopes.
    #[serde(default = "space")]
    pub scope_separator: String,
    /// The parameter that the scopes are asked for in.
    #[serde(default = "scope")]
    pub scope_param: String,
    /// The member of a token endpoint's answer that has the tokens, where they don't stand in the answer itself.
    pub token_in: Option<String>,
    /// Whether the proof key is sent.
    #[serde(default)]
    pub pkce: Pkce,
    /// What the authorization endpoint is also told.
    #[serde(default)]
    pub authorize_params: Ordered<String>,
    /// What the app does with refresh tokens.
    #[serde(default)]
    pub refresh: Refresh,
    /// How a grant is revoked.
    pub revoke: Option<RevokeFile>,
    /// Who signed in.
    pub identity: Option<IdentityFile>,
    /// The issuer that the provider names in every answer of the authorization endpoint (`iss`, RFC 9207), where it
    /// promises to (`authorization_response_iss_parameter_supported`).
    pub issuer: Option<String>,
    /// What a person or an app gives, by name, in the order of the form.
    #[serde(default)]
    pub fields: Ordered<CredentialField>,
    /// What is signed with the private key of a `key_pair`, and where it goes.
    pub assertion: Option<AssertionFile>,
    /// Where the credential stands in a request, `header.NAME` or `query.name`, and what stands there: a text with the
    /// names of fields, or `access_token`, in braces.
    #[serde(default)]
    pub send: Ordered<String>,
    /// The first half of a Basic header: a text with the names of fields in braces.
    pub username: Option<String>,
    /// The other half.
    pub password: Option<String>,
}

fn scope() -> String {
    "scope".to_owned()
}

fn space() -> String {
    " ".to_owned()
}

/// The ways to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthKind {
    /// The authorization code flow of RFC 6749.
    #[serde(rename = "oauth2")]
    OAuth2,
    /// One or more keys that the app hands out, sent as they are.
    ApiKey,
    /// A token that the app hands out, sent as `Authorization: Bearer`.
    Bearer,
    /// A user name and a password, or what an app puts in their places.
    Basic,
    /// Access tokens for a client of its own (RFC 6749, section 4.4).
    ClientCredentials,
    /// Access tokens for a service account's key (RFC 7523): the person gives the key.
    ServiceAccount,
    /// The same in the name of a person of the service account's organisation: the connection has the key.
    GoogleDwd,
    /// Access tokens for an assertion that is signed with a private key of the account's own (RFC 7523), or the assertion
    /// itself.
    KeyPair,
    /// No credential.
    None,
}

impl AuthKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::OAuth2,
        Self::ApiKey,
        Self::Bearer,
        Self::Basic,
        Self::ClientCredentials,
        Self::ServiceAccount,
        Self::GoogleDwd,
        Self::KeyPair,
        Self::None,
    ];

    /// The word in connector files and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OAuth2 => "oauth2",
            Self::ApiKey => "api_key",
            Self::Bearer => "bearer",
            Self::Basic => "basic",
            Self::ClientCredentials => "client_credentials",
            Self::ServiceAccount => "service_account",
            Self::GoogleDwd => "google_dwd",
            Self::KeyPair => "key_pair",
            Self::None => "none",
        }
    }
}

/// What is signed with a private key, and where it goes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssertionFile {
    /// What it is good for.
    #[serde(default)]
    pub sent_as: SentAs,
    /// What it says, beside its times and its number: texts with the names of fields, or `key_sha256`, in braces.
    #[serde(default)]
    pub claims: Ordered<String>,
    /// How long it is good: a number and `d`, `h`, `m` or `s`.
    pub life: Option<String>,
}

/// What a signed assertion is good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentAs {
    /// A client says by it who it is and asks for a token of its own (RFC 7523, section 2.2; `private_key_jwt`).
    #[default]
    Client,
    /// It is exchanged for a token (RFC 7523, section 2.1).
    Grant,
    /// It is the access token itself.
    Token,
}

/// How a client authenticates at a token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenClientAuth {
    /// Id and secret in the form.
    #[default]
    Post,
    /// Id and secret in the `Authorization` header, form-encoded first, as RFC 6749 §2.3.1 has it.
    Basic,
    /// The same without encoding them, as many servers have it: it differs for ids and secrets with special characters.
    BasicRaw,
    /// The id in the form, and no secret.
    None,
}

/// How requests to a token endpoint are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenBody {
    /// As a form, as RFC 6749 has it.
    #[default]
    Form,
    /// As JSON.
    Json,
}

/// Proof keys, RFC 7636.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Pkce {
    /// Sent, as SHA-256.
    #[default]
    S256,
    /// Not sent: the app does not take it.
    #[serde(rename = "none")]
    None,
}

/// What an app does with refresh tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// Whether every refresh gives a new one and ends the old. Where it says that none does, a lost answer costs
    /// nothing, and `lost_answer` is `retry_now` by itself.
    pub rotates: Option<bool>,
    /// What to do when a refresh was sent and its answer was never seen.
    pub lost_answer: Option<LostAnswer>,
    /// The app's own codes for `invalid_grant`: the refresh token is good for nothing any more.
    #[serde(default)]
    pub ended: Vec<String>,
    /// How long an unused one lives: a number and `d`, `h`, `m` or `s`.
    pub idle_ttl: Option<String>,
}

/// What to do when a refresh was sent and its answer was never seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostAnswer {
    /// Ask again at once: the app accepts a repeat.
    RetryNow,
    /// Live on the access token, then try the old refresh token once.
    RetryAtExpiry,
    /// The account is lost.
    Never,
}

/// How a grant is revoked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeFile {
    /// The HTTP method, one that has a body.
    pub method: String,
    /// The address.
    pub url: String,
    /// Where the token stands: `form.<name>`, or `json.<name>` where the request is JSON.
    pub token_in: String,
    /// Which token is sent.
    #[serde(default)]
    pub token: RevokedToken,
    /// The member of a good answer that is true where it was done, for apps that answer 200 to either.
    pub done_in: Option<String>,
}

/// The token by which a grant is revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokedToken {
    /// The refresh token, whose end is the end of the grant; where there is none, the access token.
    #[default]
    Refresh,
    /// The access token: the app revokes no other.
    Access,
}

/// How it is found out who signed in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityFile {
    /// The HTTP method.
    pub method: String,
    /// The address; its host is one of the file's.
    pub url: String,
    /// What is sent as JSON, where the question has a body.
    pub body: Option<Value>,
    /// A shape that gives the account's stable id.
    pub id: String,
    /// A shape that gives what people call the account.
    pub name: Option<String>,
    /// The scopes of which any one allows the question.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// One thing that is asked of whoever signs in without OAuth, or that an account says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialField {
    /// What the form calls it.
    pub label: String,
    /// Where it is found, in a line below.
    pub hint: Option<String>,
    /// Whether it is hidden while it is typed and never shown again. A field of a credential is, unless it says no.
    pub secret: Option<bool>,
    /// The regular expression that it fits as a whole.
    pub pattern: Option<String>,
    /// Whether it may not be left out.
    #[serde(default = "yes")]
    pub required: bool,
    /// The only values that it can have.
    #[serde(default)]
    pub options: Vec<String>,
}

const fn yes() -> bool {
    true
}

/// A cheap request by which a credential is tried.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyFile {
    /// The HTTP method: `GET`, or `POST` where the app has nothing else.
    pub method: String,
    /// The path below `base_url`.
    pub path: String,
    /// A shape that gives the account's stable id, where the answer has one.
    pub id: Option<String>,
    /// A shape that gives what people call the account.
    pub name: Option<String>,
}

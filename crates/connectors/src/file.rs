//! A connector file as written: one app, how to sign in there, and its tools. Structure is data; what must be computed
//! stands in one-line expressions ([`crate::expression`]), and answers are shaped by jq ([`crate::shape`]).
//!
//! Unknown keys are refused everywhere. [`read`](read::read) gives errors with line, column and path.

mod body_form;
mod ordered;
pub mod read;
mod tool;

pub use body_form::BodyForm;
pub use ordered::Ordered;
pub use tool::{
    Empty, Field, ManualRequest, OutputFile, Over, Paginate, ScopeAlternative, ScopeFile, StepFile, ToolFile,
};

use crate::FailureKind;
use serde::Deserialize;

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The connector's name, which every tool's name begins with.
    pub connector: String,
    /// The app's name, for people.
    pub display_name: String,
    /// How its tools reach the app.
    pub upstream: Upstream,
    /// What the paths of manual requests are appended to; the paths of described operations must lie under it.
    pub base_url: String,
    /// What the proxy appends whole paths to: an origin only.
    pub proxy_url: String,
    /// The hosts that a request may go to.
    pub hosts: Vec<String>,
    /// Where the app's API is described.
    pub description: Description,
    /// Where other APIs of the vendor's that its tools call are described; their hosts are among `hosts` too.
    #[serde(default)]
    pub also_described: Vec<Description>,
    /// How a user signs in. Exactly one way for now.
    pub auth: Vec<AuthFile>,
    /// The scopes that a new connection asks for.
    #[serde(default)]
    pub default_scopes: Vec<String>,
    /// What each scope allows, in English words for the person who is asked for it.
    #[serde(default)]
    pub scopes: Ordered<String>,
    /// Headers that the app always wants.
    #[serde(default)]
    pub headers: Ordered<String>,
    /// How the app asks to slow down.
    #[serde(default)]
    pub rate_limit: RateLimit,
    /// How the app's failures are read.
    #[serde(default)]
    pub errors: Errors,
    /// How the bodies of requests are written.
    #[serde(default)]
    pub body: BodyForm,
    /// The tools by name.
    pub tools: Ordered<ToolFile>,
    /// Documented names that are not built yet.
    #[serde(default)]
    pub not_yet: Vec<String>,
}

/// How a connector's tools reach the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upstream {
    /// Requests to an HTTP API.
    Http,
}

/// Where an API is described, and so what a file is held against.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// What sort of description it is.
    pub kind: DescriptionKind,
    /// Discovery and OpenAPI: the digest's id, such as `calendar:v3`.
    pub id: Option<String>,
    /// Discovery and OpenAPI: the hash of the document, as its digest has it.
    pub sha256: Option<String>,
    /// Manual: the page that it was read from.
    pub url: Option<String>,
    /// Manual: the day on which it was read.
    pub read_on: Option<String>,
}

/// The sorts of description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DescriptionKind {
    /// A Discovery document of the vendor, digested and committed: the file is checked against it.
    Discovery,
    /// The same with an OpenAPI document.
    Openapi,
    /// The same with the types of an SDK of the vendor's.
    Sdk,
    /// Documentation that a person read: nothing can be checked against it.
    Manual,
}

/// One way to sign in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthFile {
    /// Which way.
    pub kind: AuthKind,
    /// The authorization endpoint.
    pub authorize_url: String,
    /// The token endpoint.
    pub token_url: String,
    /// How the client names itself at the token endpoint.
    #[serde(default)]
    pub token_client_auth: TokenClientAuth,
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
}

fn scope() -> String {
    "scope".to_owned()
}

fn space() -> String {
    " ".to_owned()
}

/// The ways to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum AuthKind {
    /// The authorization code flow of RFC 6749.
    #[serde(rename = "oauth2")]
    OAuth2,
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
    /// The HTTP method, one that has a body: the request is a form.
    pub method: String,
    /// The address.
    pub url: String,
    /// Where the token stands: `form.<name>`.
    pub token_in: String,
}

/// How it is found out who signed in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityFile {
    /// The HTTP method.
    pub method: String,
    /// The address; its host is one of the file's.
    pub url: String,
    /// A shape that gives the account's stable id.
    pub id: String,
    /// A shape that gives what people call the account.
    pub name: Option<String>,
    /// The scopes of which any one allows the question.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// How the app asks to slow down, beside status 429.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimit {
    /// The statuses that may mean it.
    pub status: Vec<u16>,
    /// The reasons that mean it; none named means any.
    pub reason: Vec<String>,
    /// The header that says how long to wait, in seconds or as a date.
    pub retry_after: String,
    /// A shape that finds in a failed answer how long to wait: seconds, a text such as `30s`, or a list of which the
    /// first is taken. The header goes first.
    pub retry_in: Option<String>,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { status: Vec::new(), reason: Vec::new(), retry_after: "retry-after".to_owned(), retry_in: None }
    }
}

/// How the app's failures are read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Errors {
    /// A shape that finds the reason's code in a failed answer, or a list of codes where it may stand in several
    /// places. `error` of a `WWW-Authenticate` header is always one of them.
    pub reason: Option<String>,
    /// A shape that finds the message in a failed answer.
    pub message: Option<String>,
    /// What failures mean; the first that matches wins, then the status decides.
    pub rules: Vec<ErrorRule>,
}

/// What one sort of failure means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorRule {
    /// The statuses that it is about. 200 is one too: some apps fail in a good answer.
    pub status: Vec<u16>,
    /// The reasons of which any one may have been found; none named means any answer, `*` one that has a reason.
    #[serde(default)]
    pub reason: Vec<String>,
    /// How the message begins, where an app has no codes; any one.
    #[serde(default)]
    pub says: Vec<String>,
    /// What it is.
    pub kind: FailureKind,
    /// What the model is told to do, where the kind's own advice would be wrong.
    pub say: Option<String>,
}

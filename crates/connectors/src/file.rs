//! A connector file as written: one app, how to sign in there, and its tools. Structure is data; what must be computed
//! stands in one-line expressions ([`crate::expression`]), and answers are shaped by jq ([`crate::shape`]).
//!
//! Unknown keys are refused everywhere. [`read`](read::read) gives errors with line, column and path.

mod alias;
mod answer_form;
mod auth;
mod body_form;
pub(crate) mod lines;
mod ordered;
pub mod read;
mod tool;

pub use alias::AliasFile;
pub use answer_form::AnswerForm;
pub use auth::{
    AssertionFile, AuthFile, AuthKind, CredentialField, IdentityFile, LostAnswer, Pkce, Refresh, RevokeFile,
    RevokedToken, SentAs, TokenBody, TokenClientAuth, VerifyFile,
};
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
    /// The connector whose tools it repeats; a file that says so is read as an [`AliasFile`] and made whole by it.
    pub alias_of: Option<String>,
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
    /// The ways to sign in, the usual one first. A connection takes one of them.
    pub auth: Vec<AuthFile>,
    /// What an account says of itself that requests need: a subdomain, a region. They are no secrets.
    #[serde(default)]
    pub account_fields: Ordered<CredentialField>,
    /// A cheap request by which a credential that somebody typed is tried before it counts.
    pub verify: Option<VerifyFile>,
    /// The scopes that a new connection asks for.
    #[serde(default)]
    pub default_scopes: Vec<String>,
    /// What each scope allows, in English words for the person who is asked for it.
    #[serde(default)]
    pub scopes: Ordered<String>,
    /// By scope, the narrower ones that are in it: where it was granted, so were they. Some apps leave those out of what
    /// they say was granted.
    #[serde(default)]
    pub scope_includes: Ordered<Vec<String>>,
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
    /// Documented names that are not built yet, each with why.
    #[serde(default)]
    pub not_yet: Ordered<String>,
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
    /// The headers by which an answer says that the token's scopes do not cover the request.
    pub scopes: Option<ScopeHeaders>,
}

/// Two headers, each a list of scopes between commas.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeHeaders {
    /// The one with the scopes that the token has.
    pub has: String,
    /// The one with those of which any would have done.
    pub wants: String,
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

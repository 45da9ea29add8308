//! A file that repeats another connector's tools under its own name, for another way to sign in.

use super::auth::{AuthFile, CredentialField, VerifyFile};
use super::ordered::Ordered;
use serde::Deserialize;

/// What such a file says; all else is as the other one has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasFile {
    /// The connector's name, which takes the place of the other's in the names of its tools.
    pub connector: String,
    /// The app's name, for people.
    pub display_name: String,
    /// The connector whose tools it repeats.
    pub alias_of: String,
    /// The ways to sign in.
    pub auth: Vec<AuthFile>,
    /// What an account says of itself that requests need.
    #[serde(default)]
    pub account_fields: Ordered<CredentialField>,
    /// A cheap request by which a credential that somebody typed is tried.
    pub verify: Option<VerifyFile>,
    /// The scopes that a new connection asks for.
    #[serde(default)]
    pub default_scopes: Vec<String>,
}

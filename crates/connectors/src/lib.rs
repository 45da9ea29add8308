//! Connector files: read, checked, compiled, and played as calls. It renders requests, reads answers and shapes them;
//! it never sends anything, sees no credential, and holds no user's data longer than a call.
//!
//! Read [`mod@file`] for what a connector is, [`lint`] for what is demanded of it, [`Catalog`] for how one is found, and
//! [`call`] for how a tool call runs: a machine that says what to send and is given the answers.

mod alias;
mod auth;
pub mod call;
mod catalog;
mod compile;
mod connector;
mod custom;
mod error;
pub mod expression;
mod failure;
pub mod file;
pub mod golden;
mod host;
pub mod import;
pub mod input;
pub mod lint;
mod made;
pub mod native;
mod own;
mod own_files;
mod parameter_name;
mod patterns;
mod plan;
mod reasons;
pub mod remote;
mod rules;
mod scopes;
pub mod search;
mod segment;
mod setting;
pub mod shape;
mod shipped;
mod sign_in;
mod starter;
pub mod target;
#[cfg(test)]
mod thread_time;
pub mod words;

pub use auth::{
    Assertion, Auth, ConnectionCredential, Discovery, Field, Minted, OAuth2, RefreshRule, Sends, Sent, Slot, Static,
    Template, Unfit,
};
pub use call::{Run, Step, memory_needed, memory_needed_by};
pub use catalog::Catalog;
pub use connector::{Connector, Custom, Tool};
pub use custom::Description as CustomProvider;
pub use error::{Error, Problem};
pub use failure::{Failure, FailureKind, Unsent};
pub use file::{AuthKind, LostAnswer, Pkce, RevokedToken, SentAs, TokenBody, TokenClientAuth};
pub use host::{Lack, Unfilled};
pub use made::{check_file, open_file};
pub use own::{Change, Digests, Folder};
pub use own_files::OwnFiles;
pub use reasons::lacks_scope;
pub use scopes::{ScopeIncludes, ScopeRule};
pub use setting::Setting;
pub use sign_in::{Identity, Revoke, Verify};
pub use starter::{SCHEMA, STARTER, starter};
pub use valetkey_domain::nearest;

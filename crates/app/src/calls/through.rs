//! What a call came through: an agent's server, or the API, by which an app's own code calls.

use crate::servers::toolset::{self, OpenedBy, Served, ServedTool, ToolSet};
use crate::tenancy::clients;
use crate::{App, Result};
use std::sync::Arc;
use valetkey_domain::Ctx;
use valetkey_domain::id::AccountId;
use valetkey_domain::instance::McpInstance;

/// What a call came through.
pub(super) enum Through {
    /// A server's URL, which says whose account is meant.
    Server(Served),
    /// The API. Its client has said which account is meant.
    Api {
        /// That account.
        account: AccountId,
        /// The app's name for what the call is part of.
        run: Option<String>,
    },
}

impl Through {
    /// The instance that it came through, if it is one's, with its tools.
    pub(super) fn instance(&self) -> Option<(McpInstance, Arc<ToolSet>)> {
        match self {
            Self::Server(Served { by: OpenedBy::Instance(instance), set, .. }) => Some((instance.clone(), set.clone())),
            Self::Server(_) | Self::Api { .. } => None,
        }
    }

    /// The word in the journal, which is the contract's.
    pub(super) const fn source(&self) -> &'static str {
        match self {
            Self::Server(_) => "MCP",
            Self::Api { .. } => "API",
        }
    }

    /// The app's name for what the call is part of.
    pub(super) fn run(&self) -> Option<&str> {
        match self {
            Self::Server(_) => None,
            Self::Api { run, .. } => run.as_deref(),
        }
    }

    /// Where the config that it is a server of has people confirmed who sign in.
    pub(super) fn verify_url(&self) -> Option<String> {
        match self {
            Self::Server(served) => served.set.options.user_verify_url.clone(),
            Self::Api { .. } => None,
        }
    }

    /// Whether the user's account is the one that the caller means.
    pub(super) fn means(&self, account: &AccountId) -> bool {
        match self {
            Self::Server(_) => true,
            Self::Api { account: meant, .. } => meant == account,
        }
    }

    /// Whether it is still there, and still leads to this tool: looked at again after a wait.
    pub(super) async fn stands(&self, app: &App, ctx: &Ctx, tool: &ServedTool) -> Result<bool> {
        match self {
            Self::Server(served) => toolset::still(app, ctx, served, tool).await,
            Self::Api { .. } => clients::stands(app, ctx).await,
        }
    }
}

#[cfg(test)]
mod tests;

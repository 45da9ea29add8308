//! What stands for a server's tools while nobody can ask it for them: one tool to sign in by, and any name that is called.

use crate::connections::Wired;
use std::sync::Arc;
use valetkey_connectors::Tool;
use valetkey_connectors::remote::{SIGN_IN, standing_in};

/// The one tool of a server at which the user has still to sign in: a call of it answers with the link.
pub(crate) fn sign_in_tool(wired: &Wired, prefix: &str) -> Arc<Tool> {
    let (app, connection) = (&wired.connector.display_name, &wired.connection.name);
    let description = format!(
        "The user has not connected {app} yet (connection '{connection}'), so its tools are not known. Call this to get the \
         link at which the user signs in; list the tools again afterwards."
    );
    Arc::new(standing_in(format!("{prefix}_{SIGN_IN}"), format!("Sign in to {app}"), description))
}

/// A tool of this name, which nothing is known of: it is called to be told why.
pub(crate) fn unlisted_tool(name: &str) -> Arc<Tool> {
    Arc::new(standing_in(name.to_owned(), name.to_owned(), String::new()))
}

/// Whether a tool is one that stands for signing in.
pub(crate) fn is_sign_in(tool: &Tool, prefix: &str) -> bool {
    tool.definition.name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')) == Some(SIGN_IN)
}

//! How a coding agent on this machine is given the control plane's tools.

use crate::operator;
use crate::sdk_access::{quoted, word};
use anyhow::{Context, Result};
use serde_json::json;
use std::path::Path;
use valetkey_app::App;

/// What to type for Claude Code, if the server is on this machine alone. No secret is in it: the agent asks for a header
/// whenever it connects.
///
/// # Errors
/// The binary's own path cannot be found.
pub(crate) fn how(app: &App, data: &Path) -> Result<Option<String>> {
    if !app.settings().on_this_machine() {
        return Ok(None);
    }
    let binary = std::env::current_exe().context("cannot find the binary's own path")?;
    let data = std::fs::canonicalize(data)?;
    let helper = format!("{} --data {} env --headers", word(&binary.to_string_lossy()), word(&data.to_string_lossy()));
    let server = json!({ "type": "http", "url": app.settings().public("/mcp"), "headersHelper": helper });
    Ok(Some(format!(
        "A coding agent can set it up for you. This gives Claude Code the tools:\n\n  claude mcp add-json valetkey {}\n\n",
        quoted(&server.to_string())
    )))
}

/// Prints the header that lets a client in, as JSON.
///
/// # Errors
/// No server runs on the data folder, or its `public_url` is not on this machine.
pub(crate) async fn headers(data: &Path) -> Result<()> {
    let token = operator::shell_token(data).await?;
    let headers = format!("{}\n", json!({ "Authorization": format!("Bearer {token}") }));
    std::io::Write::write_all(&mut std::io::stdout(), headers.as_bytes())?;
    Ok(())
}

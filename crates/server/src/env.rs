//! `env`: the lines that point an official SDK, and an MCP client beside it, at this server.

use crate::data::Folder;
use crate::operator;
use crate::sdk_access::SdkAccess;
use anyhow::{Context, Result};
use std::path::Path;

/// Prints the lines, each safe to evaluate in a POSIX shell.
///
/// # Errors
/// No demo has run on the data folder, and no server runs now that could make a secret.
pub(crate) async fn run(data: &Path) -> Result<()> {
    let kept = Folder::at(data).demo_client();
    let access: SdkAccess = match std::fs::read_to_string(&kept) {
        Ok(text) => serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged: remove it and run the demo again", kept.display()))?,
        Err(_) => operator::shell_access(data).await?,
    };
    std::io::Write::write_all(&mut std::io::stdout(), access.exports().as_bytes())?;
    Ok(())
}

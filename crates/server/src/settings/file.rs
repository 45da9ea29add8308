//! `valetkey.toml`, as it stands in the data folder.

use super::limits::LimitsFile;
use super::mcp::McpFile;
use super::watching::{Listening, LogFile, TelemetryFile};
use crate::roots::Transit;
use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use url::Url;

/// What `valetkey.toml` may say. A key that is not here is an error, so that a typo is not a silent default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) public_url: Option<Url>,
    pub(super) sdk_url: Option<Url>,
    pub(super) http: Option<SocketAddr>,
    pub(super) tls: Option<SocketAddr>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) certificate_key: Option<PathBuf>,
    /// A PostgreSQL URL or an SQLite file.
    pub(super) database: Option<String>,
    /// A file that holds the URL.
    pub(super) database_file: Option<PathBuf>,
    pub(super) root_key_file: Option<PathBuf>,
    pub(super) connectors: Option<PathBuf>,
    pub(super) transit: Option<Transit>,
    pub(super) operations: Option<SocketAddr>,
    pub(super) metrics: Option<Vec<Listening>>,
    pub(super) dashboard: Option<Vec<Listening>>,
    pub(super) outbound: OutboundFile,
    pub(super) sign_on: Option<SignOnFile>,
    /// By environment.
    pub(super) user_sign_in: BTreeMap<String, UserSignInFile>,
    pub(super) links: LinksFile,
    pub(super) mcp: McpFile,
    pub(super) journal: JournalFile,
    pub(super) limits: LimitsFile,
    pub(super) log: LogFile,
    pub(super) telemetry: TelemetryFile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OutboundFile {
    /// `host:port` or CIDR that may be reached although it is private; metadata addresses never.
    pub(super) allow: Vec<String>,
}

/// An OpenID provider at which members sign in to the dashboard.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignOnFile {
    pub(super) issuer: Url,
    pub(super) client_id: String,
    /// A file that holds the client's secret; none for a public client.
    pub(super) client_secret_file: Option<PathBuf>,
    /// `email` or `sub`.
    pub(super) member: Option<String>,
}

/// An OpenID provider at which an environment's users sign in for their agents.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserSignInFile {
    pub(super) issuer: Url,
    pub(super) client_id: String,
    /// A file that holds the client's secret; none for a public client.
    pub(super) client_secret_file: Option<PathBuf>,
    /// Which claim is the app's identifier of a user: `email` (verified) or `sub`.
    pub(super) identifier: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LinksFile {
    /// Minutes that a link opens which came with an MCP answer.
    pub(super) chat_minutes: Option<u64>,
    /// Hours that a link opens which was made to be mailed.
    pub(super) mail_hours: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct JournalFile {
    /// Days that records are kept; all of them if it is not there.
    pub(super) keep_days: Option<u32>,
}

/// Reads the file; one that is not there says nothing.
///
/// # Errors
/// It cannot be read, has an unknown key or a wrong value.
pub(super) fn read(path: &Path) -> Result<File> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(File::default()),
        Err(why) => return Err(why).with_context(|| format!("cannot read {}", path.display())),
    };
    let file = toml::from_str(&text).map_err(|why| wrong(&text, &why));
    file.with_context(|| format!("{} is not right", path.display()))
}

/// Which line is wrong, whose it is, and why. Not all of the line, which the library would show: a password may stand
/// in it.
fn wrong(text: &str, why: &toml::de::Error) -> anyhow::Error {
    let before = why.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let number = before.matches('\n').count();
    let key = text.lines().nth(number).and_then(|line| line.split_once('=')).map_or("", |(key, _)| key.trim());
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let whose = if plain { format!(" ({key})") } else { String::new() };
    anyhow!("line {}{whose}: {}", number + 1, why.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("valetkey.toml");
        std::fs::write(&path, text).unwrap();
        format!("{:#}", read(&path).unwrap_err())
    }

    #[test]
    fn a_typo_is_named_with_its_line() {
        let why = why("# settings\npublik_url = \"https://a.example\"\n");
        assert!(why.contains("line 2 (publik_url): ") && why.contains("expected one of"), "{why}");
    }

    #[test]
    fn attack_48_a_line_that_is_wrong_does_not_tell_its_password() {
        let url = "postgres://valetkey:hunter2@db/valetkey";
        for wrong in [format!("databse = \"{url}\""), format!("database = \"{url}"), format!("database = {url}")] {
            let why = why(&wrong);
            assert!(why.contains("line 1 (data") && !why.contains("hunter2"), "{why}");
        }
        let why = why(&format!("metrics = [\n\"{url}?a=b\n]\n"));
        assert!(why.contains("line 2: ") && !why.contains("hunter2"), "{why}");
    }
}

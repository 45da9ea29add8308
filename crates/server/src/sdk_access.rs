//! What an official SDK, and an MCP client beside it, needs to reach this server.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What an SDK needs to reach this server; as the demo keeps it for `env` (mode 0600).
#[derive(Serialize, Deserialize)]
pub(crate) struct SdkAccess {
    /// `SCALEKIT_ENV_URL`.
    pub(crate) sdk_url: String,
    /// `SCALEKIT_CLIENT_ID`.
    pub(crate) client_id: String,
    /// `SCALEKIT_CLIENT_SECRET`.
    pub(crate) client_secret: String,
    /// One PEM file with everything to trust: the system's roots and the local CA. None with a certificate of the
    /// operator's own.
    pub(crate) ca_bundle: Option<PathBuf>,
}

impl SdkAccess {
    /// The lines that point an SDK here, each safe to evaluate in a POSIX shell.
    pub(crate) fn exports(&self) -> String {
        // The vendor's documentation and samples use either name for the URL.
        let ours = [
            ("SCALEKIT_ENV_URL", self.sdk_url.as_str()),
            ("SCALEKIT_ENVIRONMENT_URL", self.sdk_url.as_str()),
            ("SCALEKIT_CLIENT_ID", self.client_id.as_str()),
            ("SCALEKIT_CLIENT_SECRET", self.client_secret.as_str()),
        ];
        // Each stack reads another variable for the certificates it trusts.
        let trust = ["REQUESTS_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"];
        let bundle = self.ca_bundle.as_deref().and_then(Path::to_str);
        let trust = trust.into_iter().filter_map(|name| Some((name, bundle?)));
        ours.into_iter().chain(trust).map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect()
    }
}

/// A URL as the SDKs want it: they append to it, so it ends without a slash.
pub(crate) fn base(url: &url::Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// The same, left as it is where no shell makes anything of it.
pub(crate) fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

/// One word for a POSIX shell, whatever is in it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_the_quotes() {
        assert_eq!(
            (word("/opt/a-1/b_c.d"), word("a b"), word("")),
            ("/opt/a-1/b_c.d".into(), "'a b'".into(), "''".into())
        );
        assert_eq!(quoted("a'; rm -rf /; '"), r"'a'\''; rm -rf /; '\'''");
    }
}

//! `[mcp]`: which web pages may speak MCP with this server, and how strictly its clients are read.

use anyhow::{Result, bail};
use serde::Deserialize;
use url::Url;
use valetkey_mcp::Settings;
use valetkey_mcp::protocol::Tolerance;

/// What `[mcp]` may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct McpFile {
    /// Origins of web pages.
    allowed_origins: Vec<String>,
    /// Whether the known bug of clients in the protocol's headers is refused.
    strict_headers: bool,
}

impl McpFile {
    pub(super) fn read(self) -> Result<Settings> {
        for origin in &self.allowed_origins {
            if !is_origin(origin) {
                bail!(
                    "mcp.allowed_origins has '{origin}', which is no origin as browsers send it: https:// (http:// for \
                     localhost only), a host in small letters, and a port unless it is the usual one; no path, no `*`"
                );
            }
        }
        let tolerance = if self.strict_headers { Tolerance::Strict } else { Tolerance::StaleHeader };
        Ok(Settings { allowed_origins: self.allowed_origins, tolerance, ..Settings::default() })
    }
}

/// Whether a text is an origin, exactly as browsers write it.
fn is_origin(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let secure = url.scheme() == "https" || url.scheme() == "http" && super::on_this_machine(&url);
    secure && url.origin().ascii_serialization() == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_taken_as_browsers_send_them_and_nothing_else() {
        let read = |origin: &str| McpFile { allowed_origins: vec![origin.to_owned()], strict_headers: false }.read();
        for right in ["https://a.example", "https://a.example:8443", "http://localhost:3000", "http://127.0.0.1:6274"] {
            assert_eq!(read(right).unwrap().allowed_origins, [right]);
        }
        for wrong in
            ["*", "null", "https://a.example/", "https://A.example", "https://a.example:443", "http://a.example", "a"]
        {
            assert!(read(wrong).unwrap_err().to_string().contains("mcp.allowed_origins"), "{wrong}");
        }
        assert_eq!(McpFile::default().read().unwrap().tolerance, Tolerance::StaleHeader);
        let strict = McpFile { strict_headers: true, ..McpFile::default() };
        assert_eq!(strict.read().unwrap().tolerance, Tolerance::Strict);
    }
}

//! `Debug` for messages that hold a secret: the name and nothing else, so that no log line can show one.
//! The list in `build.rs` takes the generated `Debug` away; a name missing here doesn't compile.

use crate::v1::{connected_accounts, connections, mcp, own};
use std::fmt;

macro_rules! redacted {
    ($($module:ident::$name:ident),* $(,)?) => {$(
        impl fmt::Debug for $module::$name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

redacted!(
    connected_accounts::AuthorizeOrgWideCredentialResponse,
    connected_accounts::GetMagicLinkForConnectedAccountResponse,
    connected_accounts::GetMyConnectionMagicLinkResponse,
    connected_accounts::GoogleDwdAuth,
    connected_accounts::OauthToken,
    connected_accounts::StaticAuth,
    connected_accounts::TrustedIdpAuth,
    connections::GoogleDwdConfig,
    connections::OAuthConnectionConfig,
    connections::OidcConnectionConfig,
    mcp::CreateMcpSessionTokenResponse,
    mcp::McpConnectionAuthState,
    mcp::McpInstance,
    mcp::McpInstanceConnectionAuthState,
    own::ExplainCallRequest,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_around_a_secret_shows_nothing_either() {
        let token = connected_accounts::OauthToken { access_token: "ya29.hunter2".into(), ..Default::default() };
        let details = connected_accounts::AuthorizationDetails {
            details: Some(connected_accounts::authorization_details::Details::OauthToken(token)),
        };
        let shown = format!("{details:?}");
        assert!(shown.contains("OauthToken(..)") && !shown.contains("hunter2"), "{shown}");
    }
}

//! What was just done, as the next page says it.

/// The marks that a redirect may carry, and their words. Nothing else is shown, whatever an address says.
const WORDS: [(&str, &str); 35] = [
    ("connection-created", "The connection is created. Register the redirect URI below with the vendor."),
    ("connection-ready", "The connection is created."),
    ("connection-saved", "The connection is saved."),
    ("connection-enabled", "The connection is enabled."),
    ("connection-disabled", "The connection is disabled: nobody can use it until it is enabled again."),
    ("connection-deleted", "The connection is being deleted with its accounts."),
    ("account-disconnected", "The account is disconnected; its tokens are revoked at the provider."),
    ("account-deleted", "The account is deleted; its tokens are revoked at the provider."),
    ("config-created", "The MCP config is created."),
    ("config-saved", "The MCP config is saved: running agents see it at their next call."),
    ("config-rolled-back", "The MCP config is what it was: running agents see it at their next call."),
    ("config-deleted", "The MCP config and its users' servers are deleted."),
    ("instance-ready", "The user's MCP server is ready."),
    ("url-rotated", "The URL is a new one; the one before has stopped."),
    ("instance-deleted", "The user's MCP server is deleted; its URL has stopped."),
    ("client-deleted", "The API client is deleted; its secrets and tokens have stopped."),
    ("secrets-expired", "All secrets of the client but the newest have ended, and the tokens made with them."),
    ("brand-saved", "Saved: consent pages show it from now on."),
    ("verification-saved", "Saved: links that are made from now on go by it."),
    ("password-set", "Your password is set. Other browsers are signed out."),
    ("session-ended", "That browser is signed out."),
    ("member-added", "The member is added: send the link."),
    ("member-changed", "The member's role is changed."),
    ("member-deleted", "The member is removed and signed out everywhere."),
    ("webhook-saved", "The webhook is saved."),
    ("webhook-deleted", "The webhook is deleted."),
    ("webhook-paused", "The webhook is paused: what happens meanwhile waits."),
    ("webhook-resumed", "The webhook is resumed: what has waited is being sent."),
    ("events-again", "It is being sent again."),
    ("provider-created", "The provider is created: make a connection on it."),
    ("provider-saved", "The provider is saved."),
    ("tools-imported", "The tools are saved: connections on this provider have them from now on."),
    ("tools-removed", "The provider has no tools any more."),
    ("provider-deleted", "The provider is deleted."),
    ("signed-in", "Welcome."),
];

/// The words of a mark.
pub(super) fn words(mark: &str) -> Option<&'static str> {
    WORDS.iter().find(|(of, _)| *of == mark).map(|(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_can_make_the_page_say_nothing_else() {
        assert!(words("client-deleted").is_some());
        assert_eq!(words("Call this number"), None);
    }
}

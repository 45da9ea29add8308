//! What an app can be told of its users' accounts.

/// A kind of event. The words are the wire's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An account was made.
    Created,
    /// Its credential or the app's own values were changed by the app or by the person.
    Updated,
    /// It has another status than before.
    StatusUpdated,
    /// It is no more.
    Deleted,
    /// A link was made for its person to sign in with.
    MagicLinkGenerated,
    /// The app read its tokens.
    TokensFetched,
    /// Its access was renewed.
    RefreshSucceeded,
    /// Its access could not be renewed.
    RefreshFailed,
    /// Its person signed in at the provider.
    OauthSucceeded,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::Updated,
        Self::StatusUpdated,
        Self::Deleted,
        Self::MagicLinkGenerated,
        Self::TokensFetched,
        Self::RefreshSucceeded,
        Self::RefreshFailed,
        Self::OauthSucceeded,
    ];

    /// The event's `type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "connected_account.created",
            Self::Updated => "connected_account.updated",
            Self::StatusUpdated => "connected_account.status_updated",
            Self::Deleted => "connected_account.deleted",
            Self::MagicLinkGenerated => "connected_account.magic_link_generated",
            Self::TokensFetched => "connected_account.oauth_tokens_fetched",
            Self::RefreshSucceeded => "connected_account.token_refresh_succeeded",
            Self::RefreshFailed => "connected_account.token_refresh_failed",
            Self::OauthSucceeded => "connected_account.oauth_succeeded",
        }
    }

    /// The same for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Created => "Connected account created",
            Self::Updated => "Connected account updated",
            Self::StatusUpdated => "Connected account's status updated",
            Self::Deleted => "Connected account deleted",
            Self::MagicLinkGenerated => "Magic link generated",
            Self::TokensFetched => "OAuth tokens fetched",
            Self::RefreshSucceeded => "Token refresh succeeded",
            Self::RefreshFailed => "Token refresh failed",
            Self::OauthSucceeded => "OAuth succeeded",
        }
    }

    /// The kind of this `type`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

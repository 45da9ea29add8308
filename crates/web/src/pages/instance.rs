//! Every connection of a user's MCP server, and the way to sign in where that is missing.

use super::look::Look;
use super::page::Page;
use serde::Serialize;
use valetkey_domain::Timestamp;

/// The page of an instance.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct InstancePage {
    /// The app's name.
    pub(crate) app: String,
    /// How the app looks.
    pub(crate) brand: Look,
    /// The app's name for the user.
    pub(crate) identifier: String,
    /// The connections.
    pub(crate) connections: Vec<InstanceLine>,
    /// Whether any of them wants a sign-in.
    pub(crate) missing: bool,
    /// Until when the link opens.
    pub(crate) until: Timestamp,
    /// The form token.
    pub(crate) token: String,
}

/// One connection.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct InstanceLine {
    /// The kind of app, as people call it.
    pub(crate) connector: String,
    /// The connection's name.
    pub(crate) connection: String,
    /// The key of the text that says how it stands.
    pub(crate) state: &'static str,
    /// Whether the person can sign in, and should.
    pub(crate) missing: bool,
}

/// The way back to such a page from the end of a consent.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WayBack {
    /// Its address.
    pub(crate) url: String,
    /// The other connections, as they stand.
    pub(crate) others: Vec<InstanceLine>,
}

impl WayBack {
    /// One for samples, where all others are signed in to or one is not.
    pub(crate) fn sample(all: bool) -> Self {
        let line = |connector: &str, connection: &str, done| InstanceLine {
            connector: connector.into(),
            connection: connection.into(),
            state: if done { "state-active" } else { "state-pending" },
            missing: !done,
        };
        let others = vec![line("Google Calendar", "MY_CALENDAR", all), line("<b>Hostile</b>", "MY_OTHER", true)];
        Self { url: "/connect/i/link".into(), others }
    }
}

impl Page for InstancePage {
    const TEMPLATE: &'static str = "instance.html";

    fn samples() -> Vec<(String, Self)> {
        let line = |connector: &str, connection: &str, state, missing| InstanceLine {
            connector: connector.into(),
            connection: connection.into(),
            state,
            missing,
        };
        let page = Self {
            app: "Acme Assistant".into(),
            brand: Look::default(),
            identifier: "user_123".into(),
            connections: vec![
                line("Gmail", "MY_GMAIL", "state-active", false),
                line("Google Calendar", "MY_CALENDAR", "state-pending", true),
                line("GitHub", "MY_GITHUB", "state-expired", true),
                line("Slack", "SWITCHED_OFF", "state-disconnected", false),
                line("<b>Hostile</b>", "A_LONG_NAME_THAT_GOES_ON_AND_ON_AND_ON_AND_ON", "state-unconfirmed", true),
            ],
            missing: true,
            until: Timestamp::from_second(1_795_363_680).unwrap_or(Timestamp::UNIX_EPOCH),
            token: "0000".into(),
        };
        let done = Self {
            brand: Look::sample(),
            connections: vec![line("Gmail", "MY_GMAIL", "state-active", false)],
            missing: false,
            ..page.clone()
        };
        vec![("instance".into(), page), ("instance-done".into(), done)]
    }

    fn has_form(&self) -> bool {
        self.missing
    }
}

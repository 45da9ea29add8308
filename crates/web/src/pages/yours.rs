//! What a person sees of what they gave, and takes back.

use super::look::Look;
use super::page::Page;
use serde::Serialize;

/// A person's connections in one app.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Yours {
    /// The app's name.
    pub(crate) app: String,
    /// How the app looks.
    pub(crate) brand: Look,
    /// The app's name for the user.
    pub(crate) identifier: String,
    /// The connections.
    pub(crate) connections: Vec<YourLine>,
    /// What was just done: the key of its text, and the kind of app.
    pub(crate) done: Option<(&'static str, String)>,
    /// The form token.
    pub(crate) token: String,
}

/// One connection.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct YourLine {
    /// The kind of app, as people call it.
    pub(crate) connector: String,
    /// The connection's name.
    pub(crate) connection: String,
    /// The key of the text that says how it stands.
    pub(crate) state: &'static str,
    /// The account, if this browser can take it back.
    pub(crate) account: Option<String>,
    /// Who signed in at the provider, where this browser may know.
    pub(crate) subject: Option<String>,
    /// Whether it is connected, but was not in this browser.
    pub(crate) elsewhere: bool,
}

#[cfg(test)]
impl Yours {
    /// The keys of texts that its data names.
    pub(super) const KEYS: [&'static str; 9] = [
        "state-active",
        "state-expired",
        "state-pending",
        "state-unconfirmed",
        "state-disconnected",
        "withdrawn-revoked",
        "withdrawn-later",
        "withdrawn-there",
        "withdrawn-shared",
    ];
}

impl Page for Yours {
    const TEMPLATE: &'static str = "yours.html";

    fn samples() -> Vec<(String, Self)> {
        let line = |connector: &str, connection: &str, state| YourLine {
            connector: connector.into(),
            connection: connection.into(),
            state,
            account: None,
            subject: None,
            elsewhere: false,
        };
        let given = YourLine {
            account: Some("ca_1".into()),
            subject: Some("ada@example.com".into()),
            ..line("Gmail", "MY_GMAIL", "state-active")
        };
        let page = Self {
            app: "Acme Assistant".into(),
            brand: Look::default(),
            identifier: "user_123".into(),
            connections: vec![
                given,
                YourLine { elsewhere: true, ..line("Slack", "MY_SLACK", "state-active") },
                line("Google Calendar", "MY_CALENDAR", "state-pending"),
                line("GitHub", "MY_GITHUB", "state-expired"),
                line("<b>Hostile</b>", "A_LONG_NAME_THAT_GOES_ON_AND_ON_AND_ON_AND_ON", "state-unconfirmed"),
            ],
            done: None,
            token: "0000".into(),
        };
        let of = |key| {
            let line = line("Gmail", "MY_GMAIL", "state-disconnected");
            Self { connections: vec![line], done: Some((key, "Gmail".into())), ..page.clone() }
        };
        [
            ("yours-branded", Self { brand: Look::sample(), ..page.clone() }),
            ("yours", page.clone()),
            ("yours-withdrawn", of("withdrawn-revoked")),
            ("yours-withdrawn-later", of("withdrawn-later")),
            ("yours-withdrawn-there", of("withdrawn-there")),
            ("yours-withdrawn-shared", of("withdrawn-shared")),
        ]
        .map(|(name, page)| (name.to_owned(), page))
        .into()
    }

    fn has_form(&self) -> bool {
        true
    }
}

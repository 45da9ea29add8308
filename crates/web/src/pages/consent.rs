//! What a link opens: who asks for what, and one button.

use super::look::Look;
use super::page::Page;
use super::scope::Scope;
use serde::Serialize;
use valetkey_domain::Timestamp;

/// The page before a person goes to the provider.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Consent {
    /// The kind of app to connect, as people call it.
    pub(crate) connector: String,
    /// Where the button leads: the host of the provider's sign-in page.
    pub(crate) provider: String,
    /// Who asks: the environment's display name.
    pub(crate) app: String,
    /// How the app looks.
    pub(crate) brand: Look,
    /// The connection's name.
    pub(crate) connection: String,
    /// The app's name for the user.
    pub(crate) identifier: String,
    /// What is asked for; empty when the provider alone knows.
    pub(crate) scopes: Vec<Scope>,
    /// Where the sign-in goes that is not the vendor's own.
    pub(crate) custom_hosts: Option<CustomHosts>,
    /// Until when the link opens.
    pub(crate) until: Timestamp,
    /// The form token.
    pub(crate) token: String,
}

/// Addresses that the connection's own settings chose, in place of the vendor's.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CustomHosts {
    /// Their hosts, one after the other.
    pub(crate) hosts: String,
    /// Whether all of them are on this machine, as a demo's are: said, but nothing to beware of.
    pub(crate) here: bool,
}

impl Page for Consent {
    const TEMPLATE: &'static str = "consent.html";

    fn samples() -> Vec<(String, Self)> {
        let plain = Self {
            connector: "Gmail".into(),
            provider: "accounts.google.com".into(),
            app: "Acme Assistant".into(),
            brand: Look::default(),
            connection: "MY_GMAIL".into(),
            identifier: "user_123".into(),
            scopes: [
                ("readonly", "Read all your mail, and see your Gmail settings"),
                ("send", "Send mail in your name"),
            ]
            .map(|(name, words)| {
                Scope::new(&format!("https://www.googleapis.com/auth/gmail.{name}"), Some(words.into()))
            })
            .into(),
            custom_hosts: None,
            until: Timestamp::from_second(1_795_363_680).unwrap_or(Timestamp::UNIX_EPOCH),
            token: "0000".into(),
        };
        let raw = Self {
            connector: "Google Calendar".into(),
            connection: "GOOGLEWORKSPACE:12345".into(),
            scopes: vec![
                Scope::new("https://www.googleapis.com/auth/calendar.events.owned.readonly", None),
                Scope::new("acme.read", Some("Read what Acme has".into())),
            ],
            ..plain.clone()
        };
        let hostile = Self {
            connector: "<script>alert(1)</script>".into(),
            identifier: "a\"b'c&d<e> \u{5d0}\u{5d1}\u{5d2} with a name that goes on and on and on".into(),
            app: "an environment whose name is as long as somebody liked".into(),
            connection: "CONNECTION_".repeat(12),
            scopes: Vec::new(),
            ..plain.clone()
        };
        let custom_hosts = |hosts: &str, here| Some(CustomHosts { hosts: hosts.to_owned(), here });
        let moved = Self {
            provider: "login.example.net".into(),
            custom_hosts: custom_hosts("login.example.net, tokens.example.net:8443", false),
            ..plain.clone()
        };
        let lab = Self {
            provider: "127.0.0.1:8090".into(),
            custom_hosts: custom_hosts("127.0.0.1:8090", true),
            ..plain.clone()
        };
        let branded = Self { brand: Look::sample(), ..plain.clone() };
        [
            ("consent-branded", branded),
            ("consent", plain),
            ("consent-calendar", raw),
            ("consent-hostile-names", hostile),
            ("consent-elsewhere", moved),
            ("consent-lab", lab),
        ]
        .map(|(name, page)| (name.to_owned(), page))
        .into()
    }

    fn has_form(&self) -> bool {
        true
    }
}

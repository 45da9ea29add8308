//! The question whether another provider account may take the place of the one that is connected.

use super::look::Look;
use super::page::Page;
use serde::Serialize;

/// Two accounts, two buttons.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Replace {
    /// The kind of app, as people call it.
    pub(crate) connector: String,
    /// How the app looks.
    pub(crate) brand: Look,
    /// The connection's name.
    pub(crate) connection: String,
    /// The app's name for the user.
    pub(crate) identifier: String,
    /// Who the connected account is at the provider, if that is known.
    pub(crate) before: Option<String>,
    /// Who signed in just now, if that is known.
    pub(crate) now: Option<String>,
    /// The form token.
    pub(crate) token: String,
}

impl Page for Replace {
    const TEMPLATE: &'static str = "replace.html";

    fn samples() -> Vec<(String, Self)> {
        let page = Self {
            connector: "Gmail".into(),
            brand: Look::default(),
            connection: "MY_GMAIL".into(),
            identifier: "user_123".into(),
            before: Some("ada@example.com".into()),
            now: Some("ada.lovelace@analytical-engines.example".into()),
            token: "0000".into(),
        };
        let unnamed = Self { before: None, ..page.clone() };
        vec![("replace".to_owned(), page), ("replace-unnamed".to_owned(), unnamed)]
    }

    fn has_form(&self) -> bool {
        true
    }
}

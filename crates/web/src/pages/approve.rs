//! What an agent is about to do, and the question whether it may.

use super::look::Look;
use super::page::Page;
use serde::Serialize;
use valetkey_domain::Timestamp;

/// A call that waits for its user's word.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Approve {
    /// The kind of app, as people call it.
    pub(crate) connector: String,
    /// What the tool does, in a few words of its connector's.
    pub(crate) title: String,
    /// The tool's name.
    pub(crate) tool: String,
    /// The key of the text that says what it does to the user's data.
    pub(crate) effect: &'static str,
    /// Who asks.
    pub(crate) app: String,
    /// How the app looks.
    pub(crate) brand: Look,
    /// The connection's name.
    pub(crate) connection: String,
    /// Who the account is at the provider, if that is known.
    pub(crate) subject: Option<String>,
    /// The app's name for the user.
    pub(crate) identifier: String,
    /// The arguments.
    pub(crate) arguments: Vec<ApproveArgument>,
    /// How many more there are, if any.
    pub(crate) more: Option<String>,
    /// Until when the question can be answered.
    pub(crate) until: Timestamp,
    /// The form token.
    pub(crate) token: String,
}

/// An argument.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ApproveArgument {
    /// Its name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) text: String,
    /// How many characters more it has, if any.
    pub(crate) more: Option<String>,
}

#[cfg(test)]
impl Approve {
    /// The keys of texts that its data names.
    pub(super) const KEYS: [&'static str; 3] = ["approve-reads", "approve-writes", "approve-destroys"];
}

impl Page for Approve {
    const TEMPLATE: &'static str = "approve.html";

    fn samples() -> Vec<(String, Self)> {
        let argument = |name: &str, text: &str| ApproveArgument { name: name.into(), text: text.into(), more: None };
        let page = Self {
            connector: "Gmail".into(),
            title: "Send a message".into(),
            tool: "gmail_send_message".into(),
            effect: "approve-writes",
            app: "Acme Assistant".into(),
            brand: Look::default(),
            connection: "MY_GMAIL".into(),
            subject: Some("ada@example.com".into()),
            identifier: "user_123".into(),
            arguments: vec![
                argument("to", "bob@example.com"),
                argument("subject", "Lunch"),
                argument("body", "At noon?⏎Ada"),
            ],
            more: None,
            until: Timestamp::from_second(1_795_363_680).unwrap_or(Timestamp::UNIX_EPOCH),
            token: "0000".into(),
        };
        let long = ApproveArgument {
            text: "<script>alert(1)</script> ".repeat(20),
            more: Some("12000".into()),
            ..argument("a_name_that_goes_on_and_on_and_on_and_on", "")
        };
        let hostile = Self {
            title: "<b>Nothing</b> to see".into(),
            effect: "approve-destroys",
            subject: None,
            arguments: vec![long],
            more: Some("3".into()),
            ..page.clone()
        };
        let bare = Self { effect: "approve-reads", arguments: vec![], ..page.clone() };
        vec![("approve".into(), page), ("approve-hostile".into(), hostile), ("approve-bare".into(), bare)]
    }

    fn has_form(&self) -> bool {
        true
    }
}

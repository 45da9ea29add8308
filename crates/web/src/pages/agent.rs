//! An agent wants to be let in at a user's MCP server, and the question whether it may.

use super::look::Look;
use super::page::Page;
use serde::Serialize;

/// The question.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AgentPage {
    /// What the agent calls itself.
    pub(crate) agent: String,
    /// The host whose word that is, if it is anybody's.
    pub(crate) host: Option<String>,
    /// The app's name.
    pub(crate) app: String,
    /// How the app looks.
    pub(crate) brand: Look,
    /// The host where the person is to sign in.
    pub(crate) provider: String,
    /// The host that is answered; none for a program on the person's own machine.
    pub(crate) answered: Option<String>,
    /// The form token.
    pub(crate) token: String,
}

impl Page for AgentPage {
    const TEMPLATE: &'static str = "agent.html";

    fn samples() -> Vec<(String, Self)> {
        let page = Self {
            agent: "Desk Agent".into(),
            host: Some("agent.example".into()),
            app: "Acme Assistant".into(),
            brand: Look::sample(),
            provider: "login.acme.example".into(),
            answered: Some("agent.example".into()),
            token: "0000".into(),
        };
        let unknown = Self {
            agent: "<script>alert(1)</script> Claude".into(),
            host: None,
            answered: None,
            brand: Look::default(),
            ..page.clone()
        };
        vec![("agent".into(), page), ("agent-unknown".into(), unknown)]
    }

    fn has_form(&self) -> bool {
        true
    }
}

//! Why a call doesn't work.

use super::framed::framed;
use crate::dashboard::frame::{Frame, Section};
use serde::Serialize;

/// A question, and its answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WhyPage {
    /// The frame.
    pub(crate) frame: Frame,
    /// What was asked about, unless it was a URL.
    pub(crate) what: String,
    /// The user.
    pub(crate) user: String,
    /// The tool.
    pub(crate) tool: String,
    /// The answer.
    pub(crate) steps: Vec<StepRow>,
    /// The field that is wrong; empty for none.
    pub(crate) at: &'static str,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

/// One thing that a call stands on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StepRow {
    /// What it is.
    pub(crate) label: &'static str,
    /// Which one.
    pub(crate) of: String,
    /// `ok`, `note` or `stops`.
    pub(crate) state: &'static str,
    /// How it is.
    pub(crate) words: String,
    /// What would mend it.
    pub(crate) mend: Option<MendRow>,
}

/// What would mend it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct MendRow {
    /// In words.
    pub(crate) words: String,
    /// The page where it is done.
    pub(crate) page: Option<String>,
    /// Where a link for the user is made.
    pub(crate) link: Option<LinkForm>,
}

/// A form that makes a link for a user.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LinkForm {
    /// Where it goes.
    pub(crate) action: String,
    /// The connection's name.
    pub(crate) connection: String,
    /// The user.
    pub(crate) user: String,
}

impl StepRow {
    /// One of each kind, for samples.
    pub(crate) fn samples() -> Vec<Self> {
        let step =
            |label, state, words: &str, mend| Self { label, of: String::new(), state, words: words.into(), mend };
        let page = MendRow {
            words: "Add it to the tools of that connection.".into(),
            page: Some("/dashboard/development/configs/cfg_1".into()),
            link: None,
        };
        let form = LinkForm {
            action: "/dashboard/development/links".into(),
            connection: "MY_GMAIL".into(),
            user: "<b>".into(),
        };
        let link = MendRow { words: "Send the user a link to sign in.".into(), page: None, link: Some(form) };
        vec![
            step("MCP config", "ok", "reminder-manager, version 3 of 2026-11-29 02:00 UTC.", None),
            step("Tool", "stops", "gmail_trash is not on the whitelist of MY_GMAIL in reminder-manager.", Some(page)),
            Self { of: "MY_GMAIL".into(), ..step("Account", "stops", "<b> has not signed in yet.", Some(link)) },
            step("Access token", "note", "It works until 2026-11-29 04:00 UTC, and nothing renews it.", None),
        ]
    }
}

framed!(WhyPage, "dashboard/why.html", {
    let first = Self {
        frame: Frame::sample(Section::Why),
        what: String::new(),
        user: String::new(),
        tool: String::new(),
        steps: vec![],
        at: "",
        wrong: None,
    };
    let answered =
        Self { what: "MY_GMAIL".into(), user: "john-doe".into(), steps: StepRow::samples(), ..first.clone() };
    let wrong = Some("There is no connection '\"><b>'.".into());
    let wrong = Self { what: "\"><b>".into(), at: "what", wrong, ..first.clone() };
    vec![("why", first), ("why-answered", answered), ("why-wrong", wrong)]
});

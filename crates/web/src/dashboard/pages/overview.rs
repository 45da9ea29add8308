//! The first page.

use super::framed::framed;
use super::logs::Record;
use crate::dashboard::frame::{Frame, Moment, Section};
use serde::Serialize;
use valetkey_domain::Timestamp;

/// How it is going.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Overview {
    /// The frame.
    pub(crate) frame: Frame,
    /// The way to a first call.
    pub(crate) steps: Vec<Step>,
    /// What is there.
    pub(crate) counts: Vec<Count>,
    /// Accounts that don't work.
    pub(crate) attention: Vec<Attention>,
    /// The newest records.
    pub(crate) records: Vec<Record>,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Step {
    /// What it is called.
    pub(crate) title: &'static str,
    /// What is done in it.
    pub(crate) text: &'static str,
    /// Where.
    pub(crate) path: &'static str,
    /// What the button says.
    pub(crate) action: &'static str,
    /// Whether it is done.
    pub(crate) done: bool,
}

/// How many there are of something.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Count {
    /// Of what.
    pub(crate) label: &'static str,
    /// Where they are.
    pub(crate) path: &'static str,
    /// How many.
    pub(crate) number: u64,
}

/// An account that doesn't work.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Attention {
    /// Its id.
    pub(crate) id: String,
    /// Its user.
    pub(crate) identifier: String,
    /// Why it doesn't.
    pub(crate) why: String,
    /// Since when.
    pub(crate) at: Moment,
}

framed!(Overview, "dashboard/overview.html", {
    let step = |title, done| Step {
        title,
        text: "What is done in it.",
        path: "connections/create",
        action: "Create Connection",
        done,
    };
    let count = |label, number| Count { label, path: "connections", number };
    let first = Self {
        frame: Frame::sample(Section::Overview),
        steps: vec![step("Connect an app", false), step("Make an MCP config", false)],
        counts: vec![count("Connections", 0), count("MCP configs", 0)],
        attention: vec![],
        records: vec![],
    };
    let attention = Attention {
        id: "ca_1".into(),
        identifier: "john-doe".into(),
        why: "The app withdrew it: send the user a link to sign in again.".into(),
        at: Moment::from(Timestamp::UNIX_EPOCH),
    };
    let frame = Frame { done: Some("Welcome."), ..first.frame.clone() };
    let running = Self {
        frame,
        steps: vec![step("Connect an app", true), step("Make an MCP config", true)],
        counts: vec![count("Connections", 4), count("Connected accounts", 120_000)],
        attention: vec![attention],
        records: vec![Record::sample()],
    };
    vec![("overview-first", first), ("overview", running)]
});

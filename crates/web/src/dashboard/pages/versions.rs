//! The versions of an MCP config.

use super::framed::framed;
use crate::dashboard::frame::{Frame, Moment, Section};
use serde::Serialize;
use valetkey_domain::Timestamp;

/// All versions.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Versions {
    /// The frame.
    pub(crate) frame: Frame,
    /// The config.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// The versions.
    pub(crate) rows: Vec<VersionRow>,
    /// Before which number older ones are.
    pub(crate) older: Option<i64>,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct VersionRow {
    /// Its number.
    pub(crate) version: i64,
    /// What the config was for.
    pub(crate) description: String,
    /// How many connections it had.
    pub(crate) connections: usize,
    /// When it was made.
    pub(crate) at: Moment,
    /// Whether it is the one of now.
    pub(crate) current: bool,
}

framed!(Versions, "dashboard/versions.html", {
    let row = |version, current| VersionRow {
        version,
        description: "Summarizes <b>latest</b> email".into(),
        connections: 2,
        at: Moment::from(Timestamp::UNIX_EPOCH),
        current,
    };
    let (id, name) = ("cfg_1".into(), "reminder-manager".into());
    let rows = vec![row(3, true), row(2, false)];
    vec![("versions", Self { frame: Frame::sample(Section::Configs), id, name, rows, older: Some(2) })]
});

/// What changed with a version.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct VersionPage {
    /// The frame.
    pub(crate) frame: Frame,
    /// The config.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// The version.
    pub(crate) version: i64,
    /// The one that it is compared with; none for the first.
    pub(crate) before: Option<i64>,
    /// The one of now.
    pub(crate) current: i64,
    /// When it was made.
    pub(crate) at: Moment,
    /// The description before and after, if it changed.
    pub(crate) description: Option<(String, String)>,
    /// What else it says, each with the words before and after, if they changed.
    pub(crate) said: Vec<(&'static str, String, String)>,
    /// What changed on connections.
    pub(crate) changed: Vec<ChangedRow>,
    /// What the version had: each connection with its tools, none named for all.
    pub(crate) tools: Vec<(String, Vec<String>)>,
    /// How many connections of it are gone.
    pub(crate) gone: usize,
    /// For how many minutes what a way back takes out may still be called, as chosen.
    pub(crate) grace: String,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

/// What changed on a connection.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChangedRow {
    /// Its name.
    pub(crate) connection: String,
    /// What happened.
    pub(crate) how: &'static str,
    /// Tools that came.
    pub(crate) added: Vec<String>,
    /// Tools that went.
    pub(crate) removed: Vec<String>,
}

framed!(VersionPage, "dashboard/version.html", {
    let first = Self {
        frame: Frame::sample(Section::Configs),
        id: "cfg_1".into(),
        name: "reminder-manager".into(),
        version: 1,
        before: None,
        current: 3,
        at: Moment::from(Timestamp::UNIX_EPOCH),
        description: None,
        said: vec![],
        changed: vec![],
        tools: vec![("MY_GMAIL".into(), vec!["gmail_fetch_mails".into()]), ("MY_CALENDAR".into(), vec![])],
        gone: 1,
        grace: String::new(),
        wrong: None,
    };
    let row = ChangedRow {
        connection: "MY_GMAIL".into(),
        how: "other tools",
        added: vec!["gmail_fetch_mails".into()],
        removed: vec!["gmail_send_message".into()],
    };
    let changed = Self {
        version: 3,
        before: Some(2),
        description: Some(("Reads".into(), "<b>Reads</b> and reminds".into())),
        said: vec![("Called only with the user’s word", "no tool".into(), "gmail_send_message".into())],
        changed: vec![row],
        gone: 0,
        ..first.clone()
    };
    let stale = Self {
        version: 2,
        wrong: Some("This config was changed elsewhere since the page was shown.".into()),
        ..changed.clone()
    };
    vec![("version-first", first), ("version", changed), ("version-stale", stale)]
});

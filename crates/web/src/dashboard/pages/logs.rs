//! The journal.

use super::framed::framed;
use crate::dashboard::frame::{Frame, Moment, Pager, Section};
use serde::Serialize;
use valetkey_domain::Timestamp;

/// Records, newest first.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Logs {
    /// The frame.
    pub(crate) frame: Frame,
    /// What the records are narrowed to.
    pub(crate) subject: String,
    /// Whether they are of the installation itself, not of the environment.
    pub(crate) installation: bool,
    /// The records.
    pub(crate) records: Vec<Record>,
    /// The other pages.
    pub(crate) pager: Pager,
}

/// One record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    /// When.
    pub(crate) at: Moment,
    /// Who, as the journal has it.
    pub(crate) actor: String,
    /// What the member or API client is called; else which kind of caller it was.
    pub(crate) who: String,
    /// The page of the user's server that called, if it was one.
    pub(crate) instance: Option<String>,
    /// What.
    pub(crate) action: String,
    /// `intent`, `outcome` or `fact`.
    pub(crate) phase: String,
    /// On what.
    pub(crate) subject: String,
    /// More, by name.
    pub(crate) detail: Vec<(String, String)>,
}

impl Record {
    /// One for samples.
    pub(super) fn sample() -> Self {
        Self {
            at: Moment::from(Timestamp::UNIX_EPOCH),
            actor: "client:skc_01k0000000000000000000000a".into(),
            who: "<b>shop</b>".into(),
            instance: None,
            action: "config.created".into(),
            phase: "fact".into(),
            subject: "cfg_01k0000000000000000000000a".into(),
            detail: vec![
                ("tool".into(), "gmail_fetch_mails".into()),
                ("error".into(), "<script>alert(1)</script>".into()),
            ],
        }
    }
}

framed!(Logs, "dashboard/logs.html", {
    let frame = Frame::sample(Section::Logs);
    let none = Self { frame, subject: String::new(), installation: false, records: vec![], pager: Pager::default() };
    let own = Record {
        who: "MCP instance".into(),
        actor: "instance:inst_1".into(),
        instance: Some("inst_1".into()),
        ..Record::sample()
    };
    let some = Self { subject: "cfg_1".into(), records: vec![Record::sample(), own], ..none.clone() };
    let installation = Self { installation: true, ..some.clone() };
    vec![("logs-empty", none), ("logs", some), ("logs-installation", installation)]
});

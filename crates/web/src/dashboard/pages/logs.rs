//! The journal.

use super::framed::framed;
use crate::dashboard::frame::{Frame, Moment, Section};
use serde::Serialize;
use valetkey_domain::Timestamp;

/// Records, newest first.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Logs {
    /// The frame.
    pub(crate) frame: Frame,
    /// What the records are narrowed to.
    pub(crate) subject: String,
    /// Whether there may be older ones.
    pub(crate) full: bool,
    /// How many are shown at most.
    pub(crate) shown: u32,
    /// The records.
    pub(crate) records: Vec<Record>,
}

/// One record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    /// When.
    pub(crate) at: Moment,
    /// Who.
    pub(crate) actor: String,
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
    let none = Self { frame, subject: String::new(), full: false, shown: 100, records: vec![] };
    let some =
        Self { subject: "cfg_1".into(), full: true, records: vec![Record::sample(), Record::sample()], ..none.clone() };
    vec![("logs-empty", none), ("logs", some)]
});

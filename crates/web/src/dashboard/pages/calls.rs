//! Tool calls that ended.

use super::framed::framed;
use super::logs::Record;
use crate::dashboard::frame::{Frame, Moment, Pager, Section};
use crate::pages::page::Again;
use serde::Serialize;
use valetkey_domain::Timestamp;

/// Calls, newest first.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Calls {
    /// The frame.
    pub(crate) frame: Frame,
    /// The codes of failures to choose from.
    pub(crate) codes: Vec<&'static str>,
    /// What they are narrowed to.
    pub(crate) asked: CallFilter,
    /// The calls.
    pub(crate) rows: Vec<CallRow>,
    /// The other pages.
    pub(crate) pager: Pager,
    /// The way to the same page, looked at again and again by itself or no longer.
    pub(crate) watch: String,
    /// Until when it is.
    pub(crate) until: Option<Moment>,
    /// The field that is wrong; empty for none.
    pub(crate) at: &'static str,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

/// What calls are narrowed to; what is empty narrows nothing.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct CallFilter {
    /// The user.
    pub(crate) user: String,
    /// The connection's name.
    pub(crate) connection: String,
    /// How they ended.
    pub(crate) status: String,
    /// Through what they came.
    pub(crate) source: String,
    /// The failure's code.
    pub(crate) code: String,
    /// From this day on.
    pub(crate) from: String,
    /// Up to this day.
    pub(crate) to: String,
}

/// One call.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CallRow {
    /// Its name in the journal.
    pub(crate) execution: String,
    /// When it was recorded.
    pub(crate) at: Moment,
    /// The tool.
    pub(crate) tool: String,
    /// The user, if the account is still there.
    pub(crate) user: String,
    /// The account's id, if it is still there.
    pub(crate) account: String,
    /// The connection, if it is still there.
    pub(crate) connection: String,
    /// Through what it came.
    pub(crate) source: String,
    /// `done`, or the code of its failure.
    pub(crate) outcome: String,
    /// Whether it was done.
    pub(crate) done: bool,
    /// How long it took, in milliseconds.
    pub(crate) took: u128,
}

impl CallRow {
    fn sample(outcome: &str) -> Self {
        Self {
            execution: "exec_1".into(),
            at: Moment::from(Timestamp::UNIX_EPOCH),
            tool: "gmail_fetch_mails".into(),
            user: "<b>john</b>".into(),
            account: "ca_1".into(),
            connection: "MY_GMAIL".into(),
            source: "MCP".into(),
            outcome: outcome.into(),
            done: outcome == "done",
            took: 230,
        }
    }
}

framed!(Calls, "dashboard/calls.html", {
    let frame = Frame::sample(Section::Calls);
    let none = Self {
        frame,
        codes: vec!["rate_limited", "busy"],
        asked: CallFilter::default(),
        rows: vec![],
        pager: Pager::default(),
        watch: "?live=0".into(),
        until: None,
        at: "",
        wrong: None,
    };
    let rows = vec![CallRow::sample("done"), CallRow::sample("rate_limited")];
    let some = Self { rows, ..none.clone() };
    let asked = CallFilter { user: "\"><b>".into(), status: "success".into(), ..CallFilter::default() };
    let lost = Self { asked, at: "connection", wrong: Some("There is no connection 'FAX'.".into()), ..none.clone() };
    let further = Self { asked: CallFilter { code: "busy".into(), ..CallFilter::default() }, ..none.clone() };
    let further = Self { pager: Pager::sample(), ..further };
    let frame = Frame { again: Some(Again { seconds: 5, query: "?live=1".into() }), ..some.frame.clone() };
    let until = Some(Moment::from(Timestamp::UNIX_EPOCH));
    let live = Self { frame, watch: "?".into(), until, ..some.clone() };
    vec![
        ("calls-empty", none),
        ("calls", some),
        ("calls-wrong", lost),
        ("calls-further", further),
        ("calls-live", live),
    ]
});

/// One call, whole.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CallPage {
    /// The frame.
    pub(crate) frame: Frame,
    /// The call.
    pub(crate) row: CallRow,
    /// Why it failed, and what that means.
    pub(crate) words: String,
    /// The account's id.
    pub(crate) account: String,
    /// Everything that its record says.
    pub(crate) detail: Vec<(String, String)>,
    /// Its records.
    pub(crate) records: Vec<Record>,
}

framed!(CallPage, "dashboard/call.html", {
    let done = Self {
        frame: Frame::sample(Section::Calls),
        row: CallRow::sample("done"),
        words: String::new(),
        account: "ca_1".into(),
        detail: vec![("effect".into(), "read".into()), ("agent_run".into(), "<script>alert(1)</script>".into())],
        records: vec![Record::sample()],
    };
    let row = CallRow::sample("rate_limited");
    let failed = Self { row, words: "The app asked to slow down.".into(), ..done.clone() };
    vec![("call", done), ("call-failed", failed)]
});

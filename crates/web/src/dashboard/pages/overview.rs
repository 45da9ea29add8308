//! The first page.

use super::framed::framed;
use super::logs::Record;
use crate::dashboard::chart::Chart;
use crate::dashboard::frame::{Frame, Moment, Section};
use crate::pages::page::Again;
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
    /// How calls went; none before there was one.
    pub(crate) calls: Option<CallCharts>,
    /// Whether that is still being counted.
    pub(crate) counting: bool,
    /// Accounts that don't work.
    pub(crate) attention: Vec<Attention>,
    /// The newest records.
    pub(crate) records: Vec<Record>,
}

/// How calls went.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CallCharts {
    /// How many there were, and how many of them failed, in so many days.
    pub(crate) total: u64,
    /// Those that failed.
    pub(crate) failed: u64,
    /// Over so many days.
    pub(crate) days: usize,
    /// By day.
    pub(crate) by_day: Chart,
    /// How long the newest took.
    pub(crate) took: Chart,
    /// Half of those took no longer than this, in milliseconds.
    pub(crate) median: u64,
    /// Of twenty, nineteen took no longer than this.
    pub(crate) most: u64,
    /// The failures that came most often: code, and how often.
    pub(crate) codes: Vec<(String, i64)>,
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
    /// Its status.
    pub(crate) status: &'static str,
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
    let frame = Frame::sample(Section::Overview);
    let first = Self {
        // A new server has one environment.
        frame: Frame { environments: frame.environments.iter().take(1).cloned().collect(), ..frame.clone() },
        steps: vec![step("Connect an app", false), step("Make an MCP config", false)],
        counts: vec![count("Connections", 0), count("MCP configs", 0)],
        calls: None,
        counting: false,
        attention: vec![],
        records: vec![],
    };
    let attention = |status, why: &str| Attention {
        id: "ca_1".into(),
        identifier: "john-doe".into(),
        status,
        why: why.into(),
        at: Moment::from(Timestamp::UNIX_EPOCH),
    };
    let calls = CallCharts {
        total: 1_234,
        failed: 56,
        days: 14,
        by_day: Chart::sample(),
        took: Chart::sample(),
        median: 120,
        most: 900,
        codes: vec![("rate_limited".into(), 40), ("timeout".into(), 16)],
    };
    let frame = Frame { done: Some("Welcome."), ..frame };
    let running = Self {
        frame,
        steps: vec![step("Connect an app", true), step("Make an MCP config", true)],
        counts: vec![count("Connections", 4), count("Connected accounts", 120_000)],
        calls: Some(calls),
        counting: false,
        attention: vec![
            attention("EXPIRED", "The app withdrew it: send the user a link to sign in again."),
            attention("ACTIVE", "The provider did not renew its access (3 times in a row): <b>it is down</b>."),
        ],
        records: vec![Record::sample()],
    };
    let frame = Frame { again: Some(Again { seconds: 2, query: "?live=1".into() }), ..running.frame.clone() };
    let counting = Self { frame, calls: None, counting: true, ..running.clone() };
    let frame = Frame { again: None, ..counting.frame.clone() };
    let long = Self { frame, ..counting.clone() };
    vec![
        ("overview-first", first),
        ("overview", running),
        ("overview-counting", counting),
        ("overview-counting-long", long),
    ]
});

//! What the server itself is set to: limits and keys.

use super::framed::framed;
use crate::dashboard::frame::{Frame, Moment, Section};
use serde::Serialize;
use valetkey_domain::Timestamp;

/// How much anyone may take.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Limits {
    /// The frame.
    pub(crate) frame: Frame,
    /// The limits.
    pub(crate) rows: Vec<LimitRow>,
}

/// One limit.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LimitRow {
    /// Its name in the settings file, errors and metrics.
    pub(crate) name: &'static str,
    /// What it bounds.
    pub(crate) what: &'static str,
    /// How much that is, with its unit.
    pub(crate) most: String,
}

framed!(Limits, "dashboard/limits.html", {
    let row = LimitRow { name: "in_flight", what: "Tool calls at once", most: "1,000".into() };
    vec![("limits", Self { frame: Frame::sample(Section::Settings), rows: vec![row] })]
});

/// What secrets are sealed under.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Keys {
    /// The frame.
    pub(crate) frame: Frame,
    /// The root keys: name, how many data keys it wraps, and what it is for now.
    pub(crate) roots: Vec<(String, u64, &'static str)>,
    /// The data keys, newest first.
    pub(crate) rows: Vec<KeyRow>,
    /// How many more there are than are shown.
    pub(crate) more: usize,
}

/// A data key.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct KeyRow {
    /// What it is for.
    pub(crate) purpose: String,
    /// Its environment; none if environments share it.
    pub(crate) environment: Option<String>,
    /// Which in turn.
    pub(crate) generation: i64,
    /// Whether values are sealed under it now.
    pub(crate) newest: bool,
    /// When it was made.
    pub(crate) created: Moment,
}

framed!(Keys, "dashboard/keys.html", {
    let row = |environment: Option<&str>, newest| KeyRow {
        purpose: "credential".into(),
        environment: environment.map(Into::into),
        generation: 2,
        newest,
        created: Moment::from(Timestamp::UNIX_EPOCH),
    };
    let rows = vec![row(Some("development"), true), row(None, false)];
    let roots = vec![("root_0a1b2c".into(), 7, "wraps new keys"), ("root_3d4e5f".into(), 1, "not at hand")];
    vec![("keys", Self { frame: Frame::sample(Section::Settings), roots, rows, more: 12 })]
});

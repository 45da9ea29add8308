//! The journal, newest first.

use super::frame::{Moment, Section};
use super::pages::{Logs, Record};
use super::visit::{Answer, Visit};
use valetkey_app::insight::audit::{self, JournalRecord};
use valetkey_domain::member::Right;

/// How many records a page shows.
const SHOWN: u32 = 100;

/// The page; `subject` narrows it to one account, config, call.
pub(crate) async fn list(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let subject = Some(visit.query("subject")).filter(|subject| !subject.is_empty());
    let found = audit::newest(&visit.web.app, &ctx, subject, SHOWN).await.map_err(|error| visit.fail(&error))?;
    Ok(visit.page(&Logs {
        frame: visit.frame(Section::Logs),
        subject: subject.unwrap_or_default().to_owned(),
        full: found.len() == SHOWN as usize,
        shown: SHOWN,
        records: found.iter().map(record).collect(),
    }))
}

/// A record as tables show it.
pub(super) fn record(line: &JournalRecord) -> Record {
    // Digests say nothing to a reader; `valetkey logs list` has them.
    let detail = line.detail.iter().filter(|(name, _)| name.as_str() != "row" && !name.ends_with("_hmac"));
    let words = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    Record {
        at: Moment::from(line.at),
        actor: line.actor.clone(),
        action: line.action.clone(),
        phase: line.phase.clone(),
        subject: line.subject.clone(),
        detail: detail.map(|(name, value)| (name.clone(), words(value))).collect(),
    }
}

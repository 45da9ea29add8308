//! The journal: who did what, for whom, and how it ended.

use super::backend::Backend;
use super::reply::{Reply, moment, one, rows};
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use valetkey_app::App;
use valetkey_app::insight::audit::{self, Finding, OpenIntent, Report};
use valetkey_domain::Ctx;
use valetkey_domain::journal::Head;

/// How many records may be asked for.
const MOST: u32 = 1000;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// The newest records of the journal
    List {
        /// How many, 1,000 at most
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
        limit: u32,
        /// Only what concerns this id
        #[arg(long, value_name = "ID")]
        subject: Option<String>,
        /// Of the installation itself, instead of an environment: its keys, its backups, what became of a restored one
        #[arg(long)]
        installation: bool,
    },
    /// The chain's newest head, which covers all records so far: keep it elsewhere, for `verify --head`
    Head,
    /// Check all records of all environments; ends with status 1 if any was changed, removed, moved or added
    Verify {
        /// A head that `logs head` printed earlier; several times for several
        #[arg(long = "head", value_name = "HEAD")]
        heads: Vec<String>,
    },
}

impl Verb {
    /// Whether it is about the installation's own journal, which is no environment's.
    pub(super) fn is_of_installation(&self) -> bool {
        matches!(self, Self::List { installation: true, .. })
    }
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(backend: &Backend, ctx: &Ctx, verb: Verb) -> Result<Reply> {
    let app = &backend.app;
    match verb {
        Verb::List { limit, subject, .. } => list(app, ctx, limit, subject.as_deref()).await,
        Verb::Head => Ok(one(json!({ "head": audit::head(app).await?.to_string() }))),
        Verb::Verify { heads } => {
            let heads = heads.iter().map(|text| text.parse()).collect::<Result<Vec<Head>, _>>()?;
            let ctx = Ctx { progress: backend.progress.clone(), ..ctx.clone() };
            Ok(checked(&audit::verify(app, &ctx, &heads).await?))
        }
    }
}

async fn list(app: &App, ctx: &Ctx, limit: u32, subject: Option<&str>) -> Result<Reply> {
    // One more than is shown says whether there are older ones.
    let found = audit::newest(app, ctx, subject, limit + 1).await?;
    let shown = found.iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).map(|record| {
        json!({
            "at": moment(record.at), "actor": record.actor, "action": record.action,
            "subject": record.subject, "phase": record.phase, "detail": record.detail,
        })
    });
    let reply = rows(shown);
    let note = older(reply.rows.len() < found.len(), limit);
    Ok(Reply { note, ..reply })
}

fn older(are_there: bool, limit: u32) -> Option<String> {
    let further = if limit < MOST { "a higher --limit, " } else { "" };
    are_there.then(|| format!("These are the newest; for older ones {further}--subject, or the dashboard's Journal."))
}

fn checked(report: &Report) -> Reply {
    let findings = report.findings.iter().map(finding);
    let reply = rows(findings.chain(report.open_intents.iter().map(open_intent)));
    let several = if report.segments == 1 { "" } else { "s" };
    let mut note = format!("{} records in {} segment{several}", report.records, report.segments);
    if report.waiting > 0 {
        note += &format!(", {} of them without a place yet", report.waiting);
    }
    if report.more_open_intents {
        note += &format!(
            "; of the intents without an outcome the oldest {} are listed, and there are more",
            report.open_intents.len()
        );
    }
    if report.found == 0 {
        return Reply { note: Some(note + ": nothing was changed, removed, moved or added"), ..reply };
    }
    let cut = u64::try_from(report.findings.len()).is_ok_and(|listed| listed < report.found);
    let listed = if cut { format!(", the first {} of which are listed", report.findings.len()) } else { String::new() };
    let s = if report.found == 1 { "" } else { "s" };
    let fault = format!("the journal was tampered with: {} finding{s}{listed}", report.found);
    Reply { note: Some(note), fault: Some(fault), ..reply }
}

fn finding(found: &Finding) -> Value {
    let Finding { segment, seq, record, what } = found;
    json!({ "level": "finding", "segment": segment, "number": seq, "record": record, "what": what })
}

fn open_intent(open: &OpenIntent) -> Value {
    let what = format!("{} {}: how it ended is not recorded (yet); no sign of tampering", open.action, open.subject);
    json!({ "level": "information", "segment": "", "number": null, "record": open.record, "what": what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_ends_in_a_fault_and_an_open_intent_does_not() {
        let open = OpenIntent { record: "rec_1".into(), action: "tool.call".into(), subject: "exec_1".into() };
        let clean = Report { records: 3, segments: 1, open_intents: vec![open], ..Report::default() };
        let reply = checked(&clean);
        assert!(reply.fault.is_none() && reply.rows.len() == 1 && reply.rows[0]["level"] == "information");
        assert!(!reply.note.unwrap().contains("more"));
        let cut = checked(&Report { more_open_intents: true, ..clean });
        assert!(cut.note.unwrap().contains("the oldest 1 are listed, and there are more"));
        let found = Finding { segment: "seg_1".into(), seq: Some(2), record: "rec_2".into(), what: "x".into() };
        let spoilt = checked(&Report { findings: vec![found.clone()], found: 1, ..Report::default() });
        assert_eq!(spoilt.fault.as_deref(), Some("the journal was tampered with: 1 finding"));
        assert!(spoilt.rows[0]["level"] == "finding" && spoilt.rows[0]["number"] == 2);
        let cut = checked(&Report { findings: vec![found], found: 7, ..Report::default() });
        assert!(cut.fault.unwrap().ends_with("7 findings, the first 1 of which are listed"));
    }

    #[test]
    fn a_list_that_ends_early_says_so() {
        assert_eq!(older(false, 30), None);
        assert!(older(true, 30).unwrap().contains("--limit"));
        assert!(!older(true, MOST).unwrap().contains("--limit"));
    }
}

//! `doctor`: whether everything is as it should be.

use super::backend::Backend;
use super::reply::{Reply, message};
use crate::doctor as here;
use crate::flags::ServeFlags;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use valetkey_app::upkeep::doctor::{self, Check, Part, Verdict};
use valetkey_domain::time::SystemClock;

/// What `doctor` is asked.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct Flags {
    /// Take this row as it is now: you have looked into it
    #[arg(long, value_name = "ID")]
    pub(super) accept: Option<String>,
    /// Print JSON instead of lines
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    #[serde(skip)]
    pub(super) serve: ServeFlags,
}

/// Looks at everything, or accepts the row.
///
/// # Errors
/// The row cannot be accepted.
pub(super) async fn perform(backend: &Backend, flags: Flags) -> Result<Reply> {
    if let Some(row) = flags.accept {
        doctor::accept(&backend.app, &row).await?;
        return Ok(message(format!("{row} is taken as it is now; the journal says that you did")));
    }
    let mut checks = here::look(&backend.settings, &SystemClock);
    checks.extend(here::connectors(&backend.connectors));
    checks.extend(doctor::examine(&backend.app, &SystemClock, &backend.progress).await);
    Ok(report(checks))
}

fn report(checks: Vec<Check>) -> Reply {
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let (problems, warnings) = (count(Verdict::Problem), count(Verdict::Warning));
    let row = |check: Check| {
        let Check { part, verdict, found, todo } = check;
        json!({"result": verdict.as_str(), "part": part, "found": found, "todo": todo})
    };
    let fault = (problems > 0).then(|| format!("{problems} of these are problems"));
    let note = (problems + warnings == 0).then(|| "everything is as it should be".to_owned());
    Reply { rows: checks.into_iter().map(row).collect(), report: true, note, fault, ..Reply::default() }
}

/// The settings as they stand would not start a server.
pub(super) fn unfit(why: &anyhow::Error) -> Reply {
    let mut part = Part::of("settings");
    part.problem(format!("{why:#}"), "a server does not start with these settings: mend them");
    report(part.done())
}

/// What a running server saw, with the settings that the next start would not take.
pub(super) fn beside(reply: Reply, why: &anyhow::Error) -> Reply {
    let unfit = unfit(why);
    Reply { rows: [unfit.rows, reply.rows].concat(), fault: unfit.fault.or(reply.fault), note: None, ..reply }
}

/// What lies here; nothing behind this could be looked at.
pub(super) fn closed(settings: &Settings, why: &anyhow::Error) -> Reply {
    let mut part = Part::of("start");
    part.problem(format!("{why:#}"), "a server does not start on this: mend it, then run this again for the rest");
    report([here::look(settings, &SystemClock), part.done()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_problem_is_a_fault() {
        let part = |say: fn(&mut Part)| {
            let mut part = Part::of("clock");
            say(&mut part);
            part.done()
        };
        let well = report(part(|part| part.checked("right")));
        assert!(well.fault.is_none() && well.note.is_some() && well.rows[0]["result"] == "ok");
        let warned = report(part(|part| part.warning("slow", "wait")));
        assert!(warned.fault.is_none() && warned.note.is_none() && warned.rows[0]["todo"] == "wait");
        let wrong = report(part(|part| part.problem("stopped", "wind it up")));
        assert!(wrong.fault.is_some() && wrong.note.is_none());
        let both = beside(warned, &anyhow::anyhow!("no such key"));
        assert!(both.fault.is_some() && both.rows.len() == 2 && both.rows[0]["part"] == "settings");
    }
}

//! The journal's part of a call: an intent before anything that may change something leaves, the outcome after it; for
//! reads one record before the answer leaves.

use super::admit::Admitted;
use super::{Failed, Job, Why};
use crate::{App, Result};
use serde_json::{Map, Value, json};
use std::time::Duration;
use valetkey_domain::id::{AccountId, InstanceId};
use valetkey_domain::{Ctx, Timestamp};
use valetkey_storage::{accounts, instances};

const ACTION: &str = "tool.call";
/// How old "last used" may get before it is written anew: it is for people, not worth a write for each call.
const USED_AGAIN: Duration = Duration::from_secs(60);

impl Job {
    /// Records that a tool that may change something is about to run. Without that record it doesn't.
    pub(super) async fn record_intent(&self, admitted: &Admitted) -> std::result::Result<(), Failed> {
        if self.served.tool.definition.effect.read_only() {
            return Ok(());
        }
        let detail = self.detail(admitted);
        let recorded = self.app.journal.intent(&self.ctx, ACTION, self.execution.as_str(), detail).await;
        recorded.map_err(|error| self.before(&error))
    }

    /// Records how the call ended. What could not be recorded is not disclosed; that it was done is.
    pub(super) async fn record_outcome(
        &self,
        admitted: &Admitted,
        started: Timestamp,
        ended: std::result::Result<Value, Failed>,
    ) -> std::result::Result<Value, Failed> {
        let mut detail = self.detail(admitted);
        let outcome = ended.as_ref().map_or_else(|failed| failed.why.as_str(), |_| "ok");
        detail.insert("outcome".into(), outcome.into());
        let millis = self.app.now().as_millisecond() - started.as_millisecond();
        detail.insert("duration_ms".into(), millis.into());
        match self.write(detail).await {
            Ok(()) => ended,
            Err(error) => {
                tracing::error!(execution = %self.execution, error = &error as &dyn std::error::Error, "a tool call is not recorded");
                Err(self.unrecorded(&ended))
            }
        }
    }

    async fn write(&self, detail: Map<String, Value>) -> Result<()> {
        let (ctx, subject) = (&self.ctx, self.execution.as_str());
        if self.served.tool.definition.effect.read_only() {
            return self.app.journal.fact_now(ctx, ACTION, subject, detail).await;
        }
        self.app.journal.outcome(ctx, ACTION, subject, detail)
    }

    fn unrecorded(&self, ended: &std::result::Result<Value, Failed>) -> Failed {
        let execution = &self.execution;
        let read = self.served.tool.definition.effect.read_only();
        let message = match (read, ended.is_ok()) {
            (true, _) => {
                format!("the answer is held back because it could not be recorded: try again later ({execution})")
            }
            (false, true) => format!(
                "the app carried the call out, but that could not be recorded: don't repeat it. Its execution id is \
                 {execution}"
            ),
            (false, false) => format!(
                "the call failed and that could not be recorded{}. Its execution id is {execution}",
                self.caution()
            ),
        };
        self.because(Why::Unrecorded, message)
    }

    fn detail(&self, admitted: &Admitted) -> Map<String, Value> {
        let tool = &self.served.tool.definition;
        Map::from_iter([
            ("tool".to_owned(), json!(tool.name)),
            ("effect".to_owned(), json!(tool.effect.as_str())),
            ("connection".to_owned(), json!(admitted.connection.id)),
            ("account".to_owned(), json!(admitted.account.id)),
        ])
    }
}

/// What a call has used.
pub(super) enum Used {
    /// An instance's URL.
    Instance(InstanceId),
    /// A connected account.
    Account(AccountId),
}

/// Notes that something was used, in a task of its own. A failure costs only the note.
pub(super) fn used(app: &App, ctx: &Ctx, what: Used, last: Option<Timestamp>) {
    let fresh = |at: Timestamp| Duration::try_from(app.now().duration_since(at)).is_ok_and(|age| age < USED_AGAIN);
    if last.is_some_and(fresh) {
        return;
    }
    let (app, ctx) = (app.clone(), ctx.clone());
    app.tasks.clone().spawn(async move {
        if let Err(error) = note(&app, &ctx, &what).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "'last used' is not noted");
        }
    });
}

async fn note(app: &App, ctx: &Ctx, what: &Used) -> Result<()> {
    let mut tx = app.store.write().await?;
    match what {
        Used::Instance(id) => instances::touch(ctx, &mut tx, id, app.now()).await?,
        Used::Account(id) => accounts::touch_last_used(ctx, &mut tx, id, app.now()).await?,
    }
    tx.commit().await?;
    Ok(())
}

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

/// What a record says beside who, when and what.
pub(super) type Detail = Map<String, Value>;

const ACTION: &str = "tool.call";
/// How old "last used" may get before it is written anew: it is for people, not worth a write for each call.
const USED_AGAIN: Duration = Duration::from_secs(60);

impl Job {
    /// Records that a tool that may change something is about to run. Without that record it doesn't.
    pub(super) async fn record_intent(&self, detail: &Detail) -> std::result::Result<(), Failed> {
        if self.served.tool.definition.effect.read_only() {
            return Ok(());
        }
        let recorded = self.app.journal.intent(&self.ctx, ACTION, self.execution.as_str(), detail.clone()).await;
        recorded.map_err(|error| self.before(&error))
    }

    /// Records how the call ended. What could not be recorded is not disclosed; that it was done is.
    pub(super) async fn record_outcome(
        &self,
        mut detail: Detail,
        started: Timestamp,
        ended: std::result::Result<Value, Failed>,
    ) -> std::result::Result<Value, Failed> {
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

    async fn write(&self, detail: Detail) -> Result<()> {
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

    /// What every record of this call says. Of the arguments it keeps a digest, salted with the execution: who has
    /// them can show that it was these, who has not learns nothing.
    pub(super) async fn detail(
        &self,
        admitted: &Admitted,
        arguments: &Map<String, Value>,
    ) -> std::result::Result<Detail, Failed> {
        let tool = &self.served.tool.definition;
        let mut sorted = Value::Object(arguments.clone());
        sorted.sort_all_objects();
        let text = sorted.to_string();
        let keyring = &self.app.keyring;
        let digest = keyring.digest(&self.ctx.environment, self.execution.as_str(), text.as_bytes()).await;
        let digest = digest.map_err(|error| self.before(&error))?;
        Ok(Map::from_iter([
            ("tool".to_owned(), json!(tool.name)),
            ("effect".to_owned(), json!(tool.effect.as_str())),
            ("connection".to_owned(), json!(admitted.connection.id)),
            ("account".to_owned(), json!(admitted.account.id)),
            ("arguments_hmac".to_owned(), json!(digest)),
        ]))
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

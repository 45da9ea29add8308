//! The journal's part of a call: an intent before anything that may change something leaves, the outcome after it; for
//! reads one record before the answer leaves.

use super::failed::{Failed, FailureReason};
use super::job::Job;
use super::usable::Admitted;
use crate::Result;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use valetkey_domain::Timestamp;

/// What a record says beside who, when and what.
pub(super) type Detail = Map<String, Value>;

const ACTION: &str = "tool.call";

impl Job {
    /// Records that a tool that may change something is about to run. Without that record it doesn't; nor does one that
    /// reads while its record could not be taken.
    pub(super) async fn record_intent(&self, detail: &Detail) -> std::result::Result<(), Failed> {
        if self.effect.read_only() {
            return self.app.core.journal.accepts().map_err(|error| self.before(&error));
        }
        let begun = Instant::now();
        let recorded = self.app.core.journal.intent(&self.ctx, ACTION, self.execution.as_str(), detail.clone()).await;
        self.app.core.metrics.journalled(begun.elapsed());
        recorded.map_err(|error| self.before(&error))
    }

    /// Records how the call ended. What could not be recorded is not disclosed; that it was done is.
    pub(super) async fn record_outcome<T>(
        &self,
        mut detail: Detail,
        started: Timestamp,
        ended: std::result::Result<T, Failed>,
    ) -> std::result::Result<T, Failed> {
        let outcome = ended.as_ref().map_or_else(|failed| failed.why.as_str(), |_| "ok");
        detail.insert("outcome".into(), outcome.into());
        let millis = self.app.core.now().as_millisecond() - started.as_millisecond();
        detail.insert("duration_ms".into(), millis.into());
        match self.write(detail).await {
            Ok(()) => ended,
            Err(error) => {
                tracing::error!(execution = %self.execution, error = &error as &dyn std::error::Error, "a tool call is not recorded");
                Err(self.unrecorded(ended.is_ok()))
            }
        }
    }

    async fn write(&self, detail: Detail) -> Result<()> {
        let (ctx, subject) = (&self.ctx, self.execution.as_str());
        if self.effect.read_only() {
            let begun = Instant::now();
            let recorded = self.app.core.journal.fact_now(ctx, ACTION, subject, detail).await;
            self.app.core.metrics.journalled(begun.elapsed());
            return recorded;
        }
        self.app.core.journal.outcome(ctx, ACTION, subject, detail)
    }

    fn unrecorded(&self, done: bool) -> Failed {
        let execution = &self.execution;
        let read = self.effect.read_only();
        let message = match (read, done) {
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
        self.because(FailureReason::Unrecorded, message)
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
        let keyring = &self.app.core.keyring;
        let digest = keyring.digest(&self.ctx.environment, self.execution.as_str(), text.as_bytes()).await;
        let digest = digest.map_err(|error| self.before(&error))?;
        let run = self.through.run().map(|run| ("agent_run".to_owned(), json!(run)));
        let grace = self.served.grace.as_ref().map(|grace| ("grace_until".to_owned(), json!(grace.until)));
        let said = [
            ("source".to_owned(), json!(self.through.source())),
            ("tool".to_owned(), json!(tool.name)),
            ("connector".to_owned(), json!(admitted.wired.connection.connector)),
            ("effect".to_owned(), json!(tool.effect.as_str())),
            ("connection".to_owned(), json!(admitted.wired.connection.id)),
            ("account".to_owned(), json!(admitted.account.id)),
            ("arguments_hmac".to_owned(), json!(digest)),
        ];
        Ok(said.into_iter().chain(run).chain(grace).collect())
    }
}

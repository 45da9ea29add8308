//! One call, as its task holds it, and how it says what went wrong.

use super::asked::Asked;
use super::failed::{Failed, FailureReason};
use super::limits::Full;
use super::through::Through;
use crate::servers::toolset::ServedTool;
use crate::{App, Error};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use valetkey_connectors::Failure;
use valetkey_domain::account::Owner;
use valetkey_domain::connection::Connection;
use valetkey_domain::id::ExecutionId;
use valetkey_domain::tool::Effect;
use valetkey_domain::{Ctx, Kind};

/// What a call keeps of its time for what comes after a wait or a request.
const REST: Duration = Duration::from_secs(1);

/// One call, as its task holds it.
pub(super) struct Job {
    pub(super) app: App,
    pub(super) ctx: Ctx,
    /// What it was called through.
    pub(super) through: Through,
    pub(super) served: ServedTool,
    pub(super) owner: Owner,
    pub(super) execution: ExecutionId,
    pub(super) cancellation: CancellationToken,
    /// The room that its arguments take.
    pub(super) _asked: Asked,
}

impl Job {
    pub(super) fn new(app: &App, ctx: &Ctx, through: Through, served: ServedTool, owner: Owner) -> Self {
        let execution = ExecutionId::new(app.core.clock.as_ref(), app.core.rng.as_ref());
        let cancellation = CancellationToken::new();
        let (app, ctx) = (app.clone(), ctx.clone());
        Self { app, ctx, through, served, owner, execution, cancellation, _asked: Asked::default() }
    }

    pub(super) fn failed(&self, failure: Failure) -> Failed {
        let Failure { kind, message, retry_after, .. } = failure;
        Failed { retry_after, ..self.because(kind.into(), message) }
    }

    pub(super) fn because(&self, why: FailureReason, message: impl Into<String>) -> Failed {
        let execution = self.execution.clone();
        Failed { why, message: message.into(), link: None, retry_after: None, execution }
    }

    /// A failure of ours while nothing had left yet, so that trying again is safe.
    pub(super) fn before(&self, error: &Error) -> Failed {
        tracing::error!(execution = %self.execution, error = error as &dyn std::error::Error, "a tool call could not begin");
        let message = match error.kind() {
            Kind::Internal | Kind::Unavailable => format!(
                "the call was not made, because of an internal error: try again in a moment. The server's log has the \
                 cause under {}",
                self.execution
            ),
            _ => format!("the call was not made: {}", error.message()),
        };
        self.because(FailureReason::Ours, message)
    }

    /// The time that the call still has.
    pub(super) fn left(&self) -> Duration {
        Duration::try_from(self.ctx.deadline.duration_since(self.app.core.now())).unwrap_or_default()
    }

    /// How long something may take or be waited for, so that the call has a second for the rest.
    pub(super) fn spare(&self) -> Duration {
        let left = self.left();
        left.saturating_sub(REST).max(left / 2)
    }

    pub(super) fn full(&self, full: &Full) -> Failed {
        self.app.core.metrics.refused(full.limit);
        self.because(FailureReason::Busy, format!("{full}: wait for calls to end, then try again"))
    }

    /// What traces and logs say of this call: which tool it was, never with what or for whom.
    pub(super) fn span(&self) -> tracing::Span {
        // At the highest level, so that every line that is logged within says so.
        tracing::error_span!(
            "tool.call",
            tool = self.served.tool.definition.name,
            connector = self.served.connector.slug,
            execution = %self.execution,
            outcome = tracing::field::Empty,
        )
    }

    pub(super) fn count(&self, outcome: &'static str, took: Duration) {
        tracing::Span::current().record("outcome", outcome);
        let (connector, tool) = (&self.served.connector.slug, &self.served.tool.definition.name);
        self.app.core.metrics.called(connector, tool, outcome, took);
    }

    /// What to mind before trying again, once something may have left.
    pub(super) fn caution(&self) -> &'static str {
        match self.served.tool.definition.effect {
            Effect::Read => "",
            Effect::Write | Effect::Destructive => {
                "; the app may have carried it out all the same, so look there before trying again"
            }
        }
    }

    /// The app and the user's connection to it, by name.
    pub(super) fn app_name(&self, connection: &Connection) -> String {
        format!("{} (connection '{}')", self.served.connector.display_name, connection.name)
    }
}

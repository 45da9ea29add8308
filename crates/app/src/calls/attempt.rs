//! What a tool's call and a proxied request have in common: for whom they are, how long they may take, and how they say
//! what went wrong.

use super::failed::{Failed, FailureReason};
use crate::connections::Wired;
use crate::servers::toolset::ToolSet;
use crate::{App, Error};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use valetkey_core::Full;
use valetkey_domain::account::Owner;
use valetkey_domain::id::ExecutionId;
use valetkey_domain::instance::McpInstance;
use valetkey_domain::tool::Effect;
use valetkey_domain::{Ctx, Kind};

/// What is kept of a call's time for what comes after a wait or a request.
const REST: Duration = Duration::from_secs(1);

/// One call, as its task holds it.
pub(super) struct Call {
    pub(super) app: App,
    pub(super) ctx: Ctx,
    pub(super) owner: Owner,
    /// The server that it came through, if that has a page.
    pub(super) server: Option<(McpInstance, Arc<ToolSet>)>,
    /// What it does to the user's data.
    pub(super) effect: Effect,
    /// What to do once a hindrance is gone, in words for who called: `call the tool again`.
    pub(super) again: &'static str,
    pub(super) execution: ExecutionId,
    pub(super) cancellation: CancellationToken,
    /// Where the config that the call came through has people confirmed who sign in.
    pub(super) verify_url: Option<String>,
}

impl Call {
    pub(super) fn because(&self, why: FailureReason, message: impl Into<String>) -> Failed {
        let execution = self.execution.clone();
        Failed { why, message: message.into(), link: None, questions: None, lacks: None, retry_after: None, execution }
    }

    /// A failure of ours while nothing had left yet, so that trying again is safe.
    pub(super) fn before(&self, error: &Error) -> Failed {
        tracing::error!(execution = %self.execution, error = error as &dyn std::error::Error, "a call could not begin");
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

    /// What to mind before trying again, once something may have left.
    pub(super) fn caution(&self) -> &'static str {
        match self.effect {
            Effect::Read => "",
            Effect::Write | Effect::Destructive => {
                "; the app may have carried it out all the same, so look there before trying again"
            }
        }
    }
}

/// The app and the user's connection to it, by name.
pub(super) fn app_name(wired: &Wired) -> String {
    format!("{} (connection '{}')", wired.connector.display_name, wired.connection.name)
}

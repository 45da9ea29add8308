//! One call of a tool, as its task holds it.

use super::attempt::Call;
use super::failed::Failed;
use super::paused::Answered;
use super::question::Withheld;
use super::request_memory::RequestMemory;
use super::through::Through;
use crate::App;
use crate::servers::toolset::ServedTool;
use std::ops::Deref;
use std::sync::Mutex;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use valetkey_connectors::Failure;
use valetkey_domain::Ctx;
use valetkey_domain::account::Owner;
use valetkey_domain::id::ExecutionId;
use valetkey_upstream::QuestionKinds;

/// One call of a tool, as its task holds it.
pub(super) struct Job {
    pub(super) call: Call,
    /// What it was called through.
    pub(super) through: Through,
    pub(super) served: ServedTool,
    /// Whether it waits a while for its user, who was asked to sign in.
    pub(super) waits: bool,
    /// The kinds of questions of the app that its user may be asked.
    pub(super) questions: QuestionKinds,
    /// What its user has answered to such, in a call that goes on.
    pub(super) answered: Option<Box<Answered>>,
    /// Why something that the app asked its user in the midst of it was not shown to anybody, if there was such.
    pub(super) withheld: Mutex<Option<Withheld>>,
    /// The room that its arguments take.
    pub(super) _asked: RequestMemory,
}

impl Deref for Job {
    type Target = Call;
    fn deref(&self) -> &Call {
        &self.call
    }
}

impl Job {
    pub(super) fn new(app: &App, ctx: &Ctx, through: Through, served: ServedTool, owner: Owner) -> Self {
        let call = Call {
            app: app.clone(),
            ctx: ctx.clone(),
            owner,
            // What was taken out of the config is not on the instance's page either.
            server: through.instance().filter(|_| served.grace.is_none()),
            effect: served.tool.effect_at_most(),
            again: "call the tool again",
            execution: ExecutionId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
            cancellation: CancellationToken::new(),
            verify_url: through.verify_url(),
        };
        Self {
            call,
            through,
            served,
            waits: false,
            questions: QuestionKinds::default(),
            answered: None,
            withheld: Mutex::default(),
            _asked: RequestMemory::default(),
        }
    }

    /// Whether questions of the app are passed on to clients that show them.
    pub(super) fn passes_questions(&self) -> bool {
        matches!(&self.through, Through::Server(server) if server.set.options.questions)
    }

    pub(super) fn failed(&self, failure: Failure) -> Failed {
        let Failure { kind, message, retry_after, .. } = failure;
        Failed { retry_after, ..self.because(kind.into(), message) }
    }

    /// Does some work on a thread that may block.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failed> {
        self.app.core.tasks.spawn_blocking(work).await.map_err(|error| {
            tracing::error!(execution = %self.execution, %error, "a tool call's work ended by a defect");
            Failed::unknown(self.execution.clone())
        })
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
}

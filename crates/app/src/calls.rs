//! Calling a tool for one user: check, account, scopes, limits, credential, intent, requests, outcome. What was looked at
//! before a wait is looked at again after it.
//!
//! ```text
//! start ──> task: check ── admit ── limits ── credential ── intent ── drive ── outcome ──> CallResult
//!                   └────────┴───────┴──────────┴── nothing has left yet ──┘
//! ```
//! The task belongs to nobody who waits for it: dropping a [`Running`] leaves it alone, [`Running::cancellation`] stops what
//! it waits for, and its outcome is recorded either way. Whatever the user or the model can mend is a [`Failed`] whose
//! message says how, with a link where consent is missing.
//!
//! Read [`start`], then `drive` (the machine without I/O is asked what to send) and `send` (where a credential meets a
//! request).

mod admit;
mod approved;
mod attempt;
mod divide;
mod drive;
mod failed;
mod giving;
mod job;
mod limits;
pub mod paused;
pub mod proxy;
mod question;
mod read_on;
mod record;
mod request_memory;
mod send;
mod standing;
mod through;
mod upstream;
mod usable;

use drive::Begun;
pub use failed::{Failed, FailureReason, LINK};
pub use giving::{Asked, make_room};
use job::Job;
pub use limits::Limits;
use paused::Resumed;
pub use read_on::More;
use read_on::Reading;
pub(crate) use read_on::forget_parts;
pub use request_memory::RequestMemory;
pub use valetkey_core::{AnswerRoom, LONG};
pub use valetkey_upstream::QuestionKinds;

use crate::accounts::used::{self, Used};
use crate::credentials::refresh::Opened;
use crate::servers::toolset::{OpenedBy, Served, ServedTool};
use crate::tools::ResolvedTool;
use crate::{App, Error, Result};
use question::Withheld;
use serde_json::{Map, Value};
use through::Through;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use usable::Admitted;
use valetkey_connectors::native::is_heavy;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::queue::locked;
use valetkey_domain::account::Owner;
use valetkey_domain::id::ExecutionId;
use valetkey_domain::{Ctx, Kind};

/// How a call ended.
#[derive(Debug)]
pub enum CallResult {
    /// The app did it.
    Done(Done),
    /// It did not, or nobody knows; the message says what to do.
    Failed(Failed),
}

/// A call that was done.
#[derive(Debug)]
pub struct Done {
    /// What the tool answers; of a remote server's tool its result as it came, in the protocol's form.
    pub data: Value,
    /// Whether it is a remote server's result.
    pub passed_through: bool,
    /// That it goes on beyond what is given at once, if it does.
    pub more: Option<More>,
    /// What else there is to say of it, in our words.
    pub note: Option<&'static str>,
    /// The room that the answer takes, if it is a long one, until it was read.
    pub room: AnswerRoom,
    /// Names the call in the journal.
    pub execution: ExecutionId,
}

/// How a call will be carried out.
enum Planned {
    /// By requests of ours.
    Drive(Box<Begun>),
    /// By the remote server that the tool is of.
    PassOn(Map<String, Value>),
}

/// A call under way.
pub struct Running {
    execution: ExecutionId,
    cancellation: CancellationToken,
    task: JoinHandle<CallResult>,
}

impl Running {
    /// Stops what the call is waiting for at the app. What the app has received cannot be taken back, and the outcome
    /// is recorded all the same.
    #[must_use]
    pub fn cancellation(&self) -> CancellationToken {
        self.cancellation.clone()
    }

    /// Names the call in the journal.
    #[must_use]
    pub const fn execution(&self) -> &ExecutionId {
        &self.execution
    }

    /// Waits for the end. Dropping this wait does not end the call.
    pub async fn answer(&mut self) -> CallResult {
        match (&mut self.task).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(execution = %self.execution, %error, "a tool call ended by a defect");
                CallResult::Failed(Failed::unknown(self.execution.clone()))
            }
        }
    }
}

/// What a call's user can be asked in the chat, and has been.
#[derive(Debug, Default)]
pub struct Chat {
    /// The kinds of questions that the client shows. Those of apps are passed on where the config says so.
    pub questions: QuestionKinds,
    /// What the call comes back with, if it waited for its user.
    pub resumed: Option<Resumed>,
}

/// Starts a call of a tool that a server serves. It holds the memory that its arguments were given to its end. One whose user
/// was asked to open a page waits a while for what the user does there.
#[must_use]
pub fn start(
    app: &App,
    ctx: &Ctx,
    server: &Served,
    tool: &ServedTool,
    arguments: Map<String, Value>,
    (asked, chat): (RequestMemory, Chat),
) -> Running {
    let mut job = job_of_server(app, ctx, server, tool, asked);
    if job.passes_questions() {
        job.questions = chat.questions;
    }
    match chat.resumed {
        None => {}
        Some(Resumed::Page) => job.waits = true,
        Some(Resumed::Answered(answered)) => {
            job.withheld = answered.withheld.into();
            job.answered = Some(answered);
        }
    }
    begin(job, arguments)
}

fn job_of_server(app: &App, ctx: &Ctx, server: &Served, tool: &ServedTool, asked: RequestMemory) -> Job {
    if let OpenedBy::Instance(instance) = &server.by {
        used::note(app, ctx, Used::Instance(instance.id.clone()), instance.last_used_at);
    }
    let owner = Owner::of(server.identifier().clone());
    Job { _asked: asked, ..Job::new(app, ctx, Through::Server(server.clone()), tool.clone(), owner) }
}

/// Starts a call that the app's own code makes with one account. `run` is the app's name for what the call is part of.
#[must_use]
pub fn execute(
    app: &App,
    ctx: &Ctx,
    meant: ResolvedTool,
    arguments: Map<String, Value>,
    run: Option<String>,
    asked: RequestMemory,
) -> Running {
    let ResolvedTool { connector, tool, connection, account } = meant;
    let tool = ServedTool { tool, connector, connection: connection.id, grace: None };
    let job = Job::new(app, ctx, Through::Api { account: account.id, run }, tool, account.owner);
    begin(Job { _asked: asked, ..job }, arguments)
}

/// Starts reading on what was too long to be given at once.
#[must_use]
pub fn read_on(app: &App, ctx: &Ctx, served: &Served, arguments: Map<String, Value>, asked: RequestMemory) -> Running {
    let execution = ExecutionId::new(app.core.clock.as_ref(), app.core.rng.as_ref());
    let reading = Reading { app: app.clone(), ctx: ctx.clone(), served: served.clone(), execution: execution.clone() };
    let named = execution.clone();
    let reading = async move {
        let read = reading.read(&arguments).await;
        drop(asked);
        match read {
            Ok((data, more, room)) => {
                let (passed_through, more) = (true, Some(more));
                CallResult::Done(Done { data, passed_through, more, note: None, room, execution: named })
            }
            Err(failed) => CallResult::Failed(failed),
        }
    };
    let task = app.core.tasks.spawn(reading.in_current_span());
    Running { execution, cancellation: CancellationToken::new(), task }
}

fn begin(job: Job, arguments: Map<String, Value>) -> Running {
    let (execution, cancellation, tasks) =
        (job.execution.clone(), job.cancellation.clone(), job.app.core.tasks.clone());
    let span = job.span();
    let task = tasks.spawn(async move { job.perform(arguments).await }.instrument(span));
    Running { execution, cancellation, task }
}

/// Calls a tool and waits for its end.
///
/// # Errors
/// `NOT_FOUND`: the server serves no such tool; nothing says whether another one does.
pub async fn call(
    app: &App,
    ctx: &Ctx,
    server: &Served,
    tool: &str,
    arguments: Map<String, Value>,
) -> Result<CallResult> {
    let tool = server.find(app, tool).ok_or_else(|| Error::new(Kind::NotFound, "unknown tool"))?;
    Ok(start(app, ctx, server, tool, arguments, <(RequestMemory, Chat)>::default()).answer().await)
}

impl Job {
    async fn perform(&self, arguments: Map<String, Value>) -> CallResult {
        let begun = Instant::now();
        let ended = self.attempt(arguments).await;
        self.count(ended.as_ref().map_or_else(|failed| failed.why.as_str(), |_| "ok"), begun.elapsed());
        let note = locked(&self.withheld).map(Withheld::said);
        match ended {
            Ok((data, more, room)) => {
                let passed_through = self.served.tool.remote().is_some();
                CallResult::Done(Done { data, passed_through, more, note, room, execution: self.execution.clone() })
            }
            Err(failed) => {
                let message = note.map_or_else(|| failed.message.clone(), |note| format!("{}. {note}", failed.message));
                CallResult::Failed(Failed { message, ..failed })
            }
        }
    }

    async fn attempt(
        &self,
        arguments: Map<String, Value>,
    ) -> std::result::Result<(Value, Option<More>, AnswerRoom), Failed> {
        let tool = &self.served.tool;
        let arguments = tool.check(&arguments).map_err(|failure| self.failed(failure))?;
        if self.waits {
            self.wait_for_user(&arguments).await;
            // That may have taken minutes: what led here is looked at again, and not only what is called with.
            self.standing().await?;
        }
        let (_in_flight, admitted, credential) = self.ready(self).await?;
        // A call that goes on has had the word: it was taken before the app asked anything.
        if self.answered.is_none() {
            self.approved(&admitted, &arguments).await?;
        }
        let detail = self.detail(&admitted, &arguments).await?;
        let work = self.begun(arguments, &admitted)?;
        self.record_intent(&detail).await?;
        reach(Failpoint::ExecuteIntentCommitted);
        let account = &admitted.account;
        used::note(&self.app, &self.ctx, Used::Account(account.id.clone()), account.last_used_at);
        let started = self.app.core.now();
        let ended = match self.carry_out(work, &admitted, credential).await {
            Err(failed) if failed.consent_helps() => {
                Err(self.linked(failed, &admitted.wired.connection, self.preferred_scopes(&account.scopes)).await)
            }
            ended => ended,
        };
        reach(Failpoint::ExecuteAnswered);
        let recorded = self.record_outcome(detail, started, ended).await;
        reach(Failpoint::ExecuteRecorded);
        let (value, mut room) = recorded?;
        let (value, more) = self.cut(value, &admitted).await?;
        if more.is_some() {
            self.fit_text(&mut room, divide::size(&value)).await?;
        }
        Ok((value, more, room))
    }

    /// What is to be done for these arguments.
    fn begun(&self, arguments: Map<String, Value>, admitted: &Admitted) -> std::result::Result<Planned, Failed> {
        let tool = &self.served.tool;
        if tool.remote().is_some() {
            return Ok(Planned::PassOn(arguments));
        }
        let (setting, large) = (self.setting(admitted), is_heavy(&arguments));
        let work = setting.work.clone();
        let run = tool.start(arguments, setting).map_err(|failure| self.failed(failure))?;
        Ok(Planned::Drive(Box::new(Begun { run, work, large })))
    }

    async fn carry_out(
        &self,
        planned: Planned,
        admitted: &Admitted,
        credential: Opened,
    ) -> std::result::Result<(Value, AnswerRoom), Failed> {
        match planned {
            Planned::Drive(begun) => self.drive(*begun, admitted, credential).await,
            Planned::PassOn(arguments) => self.pass_on(&arguments, admitted, credential).await,
        }
    }
}

#[cfg(test)]
mod tests;

//! `tools/call`: answered as JSON if it ends soon, as a stream if it takes long or tells of its progress. While it lasts
//! its URL is looked at again and again: who lost it gets no answer any more, in whichever form.

use super::authorized_post::{AuthorizedPost, UrlStatus};
use super::control::Running;
use super::door::Behind;
use super::pending::{News, Outcome, Pages, Pause, Pending, Work};
use super::stream::{Live, every};
use super::{answer, stream};
use crate::control::{Caller, ControlPlane};
use crate::protocol::elicit::Capabilities;
use crate::protocol::fault::INVALID_PARAMS;
use crate::protocol::{Call, Called, Elicits, Fault, Id, Reply, Resumed, Version, elicit};
use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use valetkey_app::calls::paused::{self, Fingerprint, Return};
use valetkey_app::calls::{self, Chat, RequestMemory};
use valetkey_app::servers::remote;
use valetkey_app::servers::toolset::{Served, ServedTool};
use valetkey_domain::{Ctx, Kind};

/// How long what the door said stands without another look.
const STANDS: Duration = Duration::from_millis(100);

/// Who calls: in which revision, how pages are told, and what can be asked for in the midst of a call.
#[derive(Clone, Copy)]
pub(super) struct Client {
    pub(super) version: Version,
    pub(super) elicits: Elicits,
    pub(super) declared: Capabilities,
}

/// What became of a call while its caller waited.
enum Waited {
    /// It ended.
    Ended(Reply),
    /// It goes on, and its caller takes streams; perhaps there is something to tell.
    Long(Option<Bytes>),
    /// Its URL no longer holds.
    Refused(Response),
}

/// Answers a call as a whole or by a stream.
pub(super) async fn answer(post: &AuthorizedPost<'_>, id: Id, how: Client, call: Call) -> Response {
    let mut pending = match begin(post, &id, how, call).await {
        Ok(pending) => pending,
        Err(NotBegun::Fault(fault)) => return answer::one(post.accepts, Reply::fault(Some(&id), &fault)),
        Err(NotBegun::First(reply)) => return answer::one(post.accepts, reply),
        Err(NotBegun::Refused(refusal)) => return refusal,
    };
    match wait(post, &mut pending, post.accepts.streams).await {
        Waited::Ended(reply) => answer::one(post.accepts, reply),
        Waited::Long(first) => stream::response(Live::new(post.state.clone(), post.door.clone(), pending, first)),
        Waited::Refused(refusal) => refusal,
    }
}

/// Answers a call as a whole, for batches.
///
/// # Errors
/// The answer to who lost the URL meanwhile.
pub(super) async fn as_one_reply(
    post: &AuthorizedPost<'_>,
    id: &Id,
    how: Client,
    call: Call,
) -> Result<Reply, Response> {
    match begin(post, id, how, call).await {
        Err(NotBegun::Fault(fault)) => Ok(Reply::fault(Some(id), &fault)),
        Err(NotBegun::First(reply)) => Ok(reply),
        Err(NotBegun::Refused(refusal)) => Err(refusal),
        Ok(mut pending) => match wait(post, &mut pending, false).await {
            Waited::Ended(reply) => Ok(reply),
            Waited::Long(_) => Ok(pending.outcome.end().await),
            Waited::Refused(refusal) => Err(refusal),
        },
    }
}

/// Why a call did not begin.
enum NotBegun {
    Fault(Fault),
    /// There is something to say first.
    First(Reply),
    /// The URL was lost while its tool was looked up.
    Refused(Response),
}

async fn begin(post: &AuthorizedPost<'_>, id: &Id, client: Client, call: Call) -> Result<Pending, NotBegun> {
    let version = client.version;
    let (work, news) = match &post.behind {
        Behind::User(served) => of_user(post, served, id, client, call).await?,
        Behind::Control(plane, caller) => {
            let begun = of_control(plane.as_ref(), caller, version, call, post.asked.clone())?;
            (Work::Control(begun), News::channel(None).1)
        }
    };
    let cancellation = work.cancellation();
    let flight = || post.state.flights.enter(&post.behind.id(), id, cancellation.clone());
    Ok(Pending {
        _flight: (!version.modern()).then(flight),
        _guard: version.modern().then(|| cancellation.clone().drop_guard()),
        outcome: Outcome { work, tasks: post.state.app.tasks().clone(), writing: None, id: id.clone(), version },
        news,
    })
}

/// One of the control plane's tools.
fn of_control(
    plane: &dyn ControlPlane,
    caller: &Caller,
    version: Version,
    call: Call,
    asked: RequestMemory,
) -> Result<Running, NotBegun> {
    let begun = plane.call(caller.clone(), &call.name, call.arguments, asked);
    let work = begun.map_err(|near| NotBegun::Fault(Fault::unknown_tool(version, &call.name, near)))?;
    Ok(Running { cancellation: CancellationToken::new(), work })
}

/// One of a user's tools, and where its progress arrives.
async fn of_user(
    post: &AuthorizedPost<'_>,
    served: &Served,
    id: &Id,
    Client { version, elicits, declared }: Client,
    call: Call,
) -> Result<(Work, mpsc::Receiver<Bytes>), NotBegun> {
    let AuthorizedPost { state, ctx, .. } = post;
    let tool = match served.find(&state.app, &call.name) {
        Some(tool) => Some(tool.clone()),
        None if served.set.reads_on(&call.name) => None,
        None => Some(of_remote(post, served, id, version, &call.name).await?),
    };
    let structured = tool.as_ref().is_some_and(|tool| tool.tool.definition.output_schema.is_some());
    let mut ctx = Ctx { deadline: state.app.now() + state.app.settings().bounds.mcp_time, ..ctx.clone() };
    let (progress, news) = News::channel(call.progress);
    if let Some(progress) = progress {
        ctx.progress = Arc::new(progress);
    }
    let declared = version.modern().then_some(declared);
    let questions = declared.unwrap_or_default().questions;
    let pause = (questions.any() || call.resumed.is_some()).then(|| Pause {
        app: state.app.clone(),
        ctx: ctx.clone(),
        served: served.clone(),
        call: Fingerprint::of(&call.name, &call.arguments),
    });
    let resumed = match (&call.resumed, &pause) {
        (Some(resumed), Some(pause)) => Some(pause.taken_up(id, version, resumed).await?),
        _ => None,
    };
    let chat = Chat { questions, resumed };
    let running = match &tool {
        Some(tool) => calls::start(&state.app, &ctx, served, tool, call.arguments, (post.asked.clone(), chat)),
        None => calls::read_on(&state.app, &ctx, served, call.arguments, post.asked.clone()),
    };
    let pages = Pages { elicits, declared, pause: pause.map(Box::new) };
    Ok((Work::Tool { running, failed: None, structured, pages }, news))
}

impl Pause {
    /// Takes up a call that waited for its user.
    async fn taken_up(&self, id: &Id, version: Version, resumed: &Resumed) -> Result<paused::Resumed, NotBegun> {
        let Self { app, ctx, served, call } = self;
        let responses = resumed.responses.as_ref();
        match paused::resume(app, ctx, served, call, (&resumed.state, responses)).await {
            Ok(Return::GoesOn(paused::Resumed::Page)) if elicit::declined(responses) => {
                let words =
                    "the user did not want to open the page, so the call was not made. Ask before you try again";
                Err(NotBegun::First(Reply::called(id, version, &Called::Failed { words, link: None })))
            }
            Ok(Return::GoesOn(resumed)) => Ok(resumed),
            Ok(Return::Unanswered(questions)) => {
                let requests = Value::Object(questions.requests());
                Err(NotBegun::First(Reply::input_required(id, &requests, &resumed.state)))
            }
            Err(error) if error.kind() == Kind::InvalidArgument => {
                Err(NotBegun::Fault(Fault::of(version, INVALID_PARAMS, error.message().to_owned())))
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a call that waited cannot be taken up");
                let words = "the call was not made, because of an internal error: try again in a moment";
                Err(NotBegun::First(Reply::called(id, version, &Called::Failed { words, link: None })))
            }
        }
    }
}

/// A remote server's tool. Its server may have to be asked what it has, and meanwhile the URL may be lost.
async fn of_remote(
    post: &AuthorizedPost<'_>,
    served: &Served,
    id: &Id,
    version: Version,
    name: &str,
) -> Result<ServedTool, NotBegun> {
    let AuthorizedPost { state, ctx, .. } = post;
    let begun = Instant::now();
    let found = remote::find(&state.app, ctx, served, name).await;
    if begun.elapsed() > STANDS
        && let UrlStatus::No(refusal) = post.url_status().await
    {
        return Err(NotBegun::Refused(refusal));
    }
    match found {
        Ok(Some(tool)) => Ok(tool),
        Ok(None) => Err(NotBegun::Fault(Fault::unknown_tool(version, name, served.set.nearest(name)))),
        Err(error) => {
            let words = format!("the call was not made: {}. Try again in a moment", error.message());
            Err(NotBegun::First(Reply::called(id, version, &Called::Failed { words: &words, link: None })))
        }
    }
}

/// Waits until a call ends, its URL is lost or, where streams are taken, there is reason to begin one.
async fn wait(post: &AuthorizedPost<'_>, pending: &mut Pending, streams: bool) -> Waited {
    let timing = post.state.settings.timing;
    let mut soon = pin!(tokio::time::sleep(timing.soon));
    let mut recheck = every(timing.recheck);
    let mut sure = true;
    loop {
        tokio::select! {
            biased;
            _ = recheck.tick() => match post.url_status().await {
                UrlStatus::No(refusal) => {
                    pending.outcome.cancel();
                    return Waited::Refused(refusal);
                }
                url_status => sure = matches!(url_status, UrlStatus::Yes),
            },
            reply = pending.outcome.end() => return if sure { Waited::Ended(reply) } else { last(post, pending, reply).await },
            Some(line) = pending.news.recv(), if streams => return Waited::Long(Some(line)),
            () = &mut soon, if streams => return Waited::Long(None),
        }
    }
}

/// The end of a call of which it could not be said, when it was looked at last, whether its URL still holds: an answer
/// that cannot be had means no. But the app may have done what was asked.
async fn last(post: &AuthorizedPost<'_>, pending: &mut Pending, reply: Reply) -> Waited {
    match post.url_status().await {
        UrlStatus::Yes => Waited::Ended(reply),
        UrlStatus::No(refusal) => Waited::Refused(refusal),
        UrlStatus::Unknown => {
            let Outcome { id, version, .. } = &pending.outcome;
            let text = "the server cannot say right now whether this URL still holds, so the answer is held back. The \
                        call may have been carried out: look before you repeat it";
            Waited::Ended(Reply::called(id, *version, &Called::Failed { words: text, link: None }))
        }
    }
}

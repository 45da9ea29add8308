//! `tools/call`: answered as JSON if it ends soon, as a stream if it takes long or tells of its progress. While it lasts
//! its URL is looked at again and again: who lost it gets no answer any more, in whichever form.

use super::pending::{News, Outcome, Pending};
use super::stream::{Live, every};
use super::visit::{Stands, Visit};
use super::{answer, stream};
use crate::protocol::{Call, Called, Fault, Id, Reply, Version};
use axum::response::Response;
use bytes::Bytes;
use std::pin::pin;
use std::sync::Arc;
use valetkey_app::calls;
use valetkey_domain::Ctx;

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
pub(super) async fn answer(visit: &Visit<'_>, id: Id, version: Version, call: Call) -> Response {
    let mut pending = match begin(visit, &id, version, call) {
        Ok(pending) => pending,
        Err(fault) => return answer::one(visit.takes, Reply::fault(Some(&id), &fault)),
    };
    match wait(visit, &mut pending, visit.takes.streams).await {
        Waited::Ended(reply) => answer::one(visit.takes, reply),
        Waited::Long(first) => stream::response(Live::new(visit.desk.clone(), visit.door.clone(), pending, first)),
        Waited::Refused(refusal) => refusal,
    }
}

/// Answers a call as a whole, for batches.
///
/// # Errors
/// The answer to who lost the URL meanwhile.
pub(super) async fn whole(visit: &Visit<'_>, id: &Id, version: Version, call: Call) -> Result<Reply, Response> {
    match begin(visit, id, version, call) {
        Err(fault) => Ok(Reply::fault(Some(id), &fault)),
        Ok(mut pending) => match wait(visit, &mut pending, false).await {
            Waited::Ended(reply) => Ok(reply),
            Waited::Long(_) => Ok(pending.outcome.end().await),
            Waited::Refused(refusal) => Err(refusal),
        },
    }
}

fn begin(visit: &Visit<'_>, id: &Id, version: Version, call: Call) -> Result<Pending, Fault> {
    let Visit { desk, ctx, served, .. } = visit;
    let unknown = || Fault::unknown_tool(version, &call.name, served.set.nearest(&call.name));
    let tool = served.set.find(&call.name).ok_or_else(unknown)?;
    let structured = tool.tool.definition.output_schema.is_some();
    let mut ctx = Ctx { deadline: desk.app.now() + desk.app.settings().bounds.mcp_time, ..ctx.clone() };
    let (progress, news) = News::channel(call.progress);
    if let Some(progress) = progress {
        ctx.progress = Arc::new(progress);
    }
    let running = calls::start(&desk.app, &ctx, served, tool, call.arguments);
    let flight = || desk.flights.enter(served.id(), id, running.cancellation());
    Ok(Pending {
        _flight: (!version.modern()).then(flight),
        _guard: version.modern().then(|| running.cancellation().drop_guard()),
        outcome: Outcome { running, id: id.clone(), version, structured },
        news,
    })
}

/// Waits until a call ends, its URL is lost or, where streams are taken, there is reason to begin one.
async fn wait(visit: &Visit<'_>, pending: &mut Pending, streams: bool) -> Waited {
    let patience = visit.desk.settings.patience;
    let mut soon = pin!(tokio::time::sleep(patience.soon));
    let mut recheck = every(patience.recheck);
    let mut sure = true;
    loop {
        tokio::select! {
            biased;
            _ = recheck.tick() => match visit.stands().await {
                Stands::No(refusal) => {
                    pending.outcome.cancel();
                    return Waited::Refused(refusal);
                }
                stands => sure = matches!(stands, Stands::Yes),
            },
            reply = pending.outcome.end() => return if sure { Waited::Ended(reply) } else { last(visit, pending, reply).await },
            Some(line) = pending.news.recv(), if streams => return Waited::Long(Some(line)),
            () = &mut soon, if streams => return Waited::Long(None),
        }
    }
}

/// The end of a call of which it could not be said, when it was looked at last, whether its URL still holds: an answer
/// that cannot be had means no. But the app may have done what was asked.
async fn last(visit: &Visit<'_>, pending: &Pending, reply: Reply) -> Waited {
    match visit.stands().await {
        Stands::Yes => Waited::Ended(reply),
        Stands::No(refusal) => Waited::Refused(refusal),
        Stands::Unknown => {
            let Outcome { id, version, .. } = &pending.outcome;
            let text = "the server cannot say right now whether this URL still holds, so the answer is held back. The \
                        call may have been carried out: look before you repeat it";
            Waited::Ended(Reply::called(id, *version, &Called::Failed { words: text, link: None }))
        }
    }
}

//! `tools/call`: answered as JSON if it ends soon, as a stream if it takes long or tells of its progress.

use super::door::{Door, json};
use super::flights::Flight;
use super::stream::{self, Live};
use super::visit::Visit;
use super::words;
use crate::protocol::reply;
use crate::protocol::{Call, Fault, Id, Reply, Version};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;
use valetkey_app::execute::{self, Answer, Running};
use valetkey_domain::Ctx;
use valetkey_domain::ctx::Progress;

/// How many lines of progress may wait for a slow reader; more are dropped, they are only news.
const NEWS: usize = 16;

/// A call and what its answer needs.
pub(super) struct Pending {
    pub(super) outcome: Outcome,
    pub(super) news: mpsc::Receiver<Bytes>,
    /// Legacy: the call can be found by its id.
    _flight: Option<Flight>,
    /// Modern: who closes the response has cancelled the call.
    _guard: Option<DropGuard>,
}

/// How a call ends, and how that is written.
pub(super) struct Outcome {
    running: Running,
    id: Id,
    version: Version,
    structured: bool,
}

/// Answers a call as a whole or by a stream.
pub(super) async fn answer(visit: &Visit<'_>, door: Door, id: Id, version: Version, call: Call) -> Response {
    let mut pending = match begin(visit, &id, version, call) {
        Ok(pending) => pending,
        Err(fault) => return json(Reply::fault(Some(&id), &fault)),
    };
    if !takes_streams(&visit.headers) {
        return json(pending.outcome.end().await);
    }
    let first = tokio::select! {
        biased;
        reply = pending.outcome.end() => return json(reply),
        Some(line) = pending.news.recv() => Some(line),
        () = tokio::time::sleep(visit.desk.settings.patience.soon) => None,
    };
    stream::response(Live::new(visit.desk.clone(), door, pending, first))
}

/// Answers a call as a whole, for batches.
pub(super) async fn whole(visit: &Visit<'_>, id: &Id, version: Version, call: Call) -> Reply {
    match begin(visit, id, version, call) {
        Ok(mut pending) => pending.outcome.end().await,
        Err(fault) => Reply::fault(Some(id), &fault),
    }
}

fn begin(visit: &Visit<'_>, id: &Id, version: Version, call: Call) -> Result<Pending, Fault> {
    let Visit { desk, ctx, served, .. } = visit;
    let tool = served.set.find(&call.name).ok_or_else(|| Fault::unknown_tool(version))?;
    let structured = tool.tool.definition.output_schema.is_some();
    let (sender, news) = mpsc::channel(NEWS);
    let mut ctx = Ctx { deadline: desk.app.now() + desk.app.settings.bounds.mcp_time, ..ctx.clone() };
    if let Some(token) = call.progress {
        ctx.progress = Arc::new(News { token, sender });
    }
    let running = execute::start(&desk.app, &ctx, served, &call.name, call.arguments);
    let running = running.map_err(|_| Fault::unknown_tool(version))?;
    let flight = || desk.flights.enter(&served.instance.id, id, running.cancellation());
    Ok(Pending {
        _flight: (!version.modern()).then(flight),
        _guard: version.modern().then(|| running.cancellation().drop_guard()),
        outcome: Outcome { running, id: id.clone(), version, structured },
        news,
    })
}

impl Outcome {
    /// The outcome, once there is one. A wait that was dropped can be taken up again, one that ended cannot.
    pub(super) async fn end(&mut self) -> Reply {
        match self.running.answer().await {
            Answer::Done(done) => {
                let text = done.data.to_string();
                let structured = (self.structured && done.data.is_object()).then_some(&done.data);
                Reply::called(&self.id, self.version, &text, structured, false)
            }
            Answer::Failed(failed) => Reply::called(&self.id, self.version, &words::failure(&failed), None, true),
        }
    }

    /// Stops what the call waits for.
    pub(super) fn cancel(&self) {
        self.running.cancellation().cancel();
    }
}

/// Sends progress to whoever reads the stream.
struct News {
    token: Id,
    sender: mpsc::Sender<Bytes>,
}

impl Progress for News {
    fn tell(&self, done: u64, total: Option<u64>, message: &str) {
        // A full channel means a reader that is behind; the next line tells it more than this one.
        drop(self.sender.try_send(reply::progress(&self.token, done, total, message)));
    }
}

/// Whether the client names `text/event-stream` among what it takes. `*/*` alone does not mean that it can read one.
fn takes_streams(headers: &HeaderMap) -> bool {
    let named = |media: &str| {
        media.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("text/event-stream"))
    };
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(named))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn streams_go_only_to_who_names_them() {
        let takes = |values: &[&'static str]| {
            takes_streams(&values.iter().map(|value| (header::ACCEPT, HeaderValue::from_static(value))).collect())
        };
        assert!(takes(&["application/json, text/event-stream"]));
        assert!(takes(&["application/json", "Text/Event-Stream;q=0.5"]));
        assert!(!takes(&[]) && !takes(&["*/*"]) && !takes(&["application/json"]) && !takes(&["text/event-streams"]));
    }
}

//! A call under way: how it ends, what it tells meanwhile, and who can stop it.

use super::control;
use super::flights::Flight;
use crate::protocol::reply;
use crate::protocol::{Called, Id, Link, Reply, Version};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use valetkey_app::calls::{CallResult, More, Running};
use valetkey_domain::ctx::Progress;

/// How many lines of progress may wait for a slow reader; more are dropped, they are only news.
const NEWS: usize = 16;

/// A call and what its answer needs.
pub(super) struct Pending {
    pub(super) outcome: Outcome,
    pub(super) news: mpsc::Receiver<Bytes>,
    /// Legacy: the call can be found by its id.
    pub(super) _flight: Option<Flight>,
    /// Modern: who closes the response has cancelled the call.
    pub(super) _guard: Option<DropGuard>,
}

/// How a call ends, and how that is written.
pub(super) struct Outcome {
    pub(super) work: Work,
    pub(super) id: Id,
    pub(super) version: Version,
}

/// What is waited for.
pub(super) enum Work {
    /// A call of a user's tool; `structured` if its answer is promised in that form too.
    Tool {
        /// The call.
        running: Running,
        /// Whether its tool has a schema for its answers.
        structured: bool,
    },
    /// One of the control plane's.
    Control(control::Running),
}

impl Work {
    /// What stops it.
    pub(super) fn cancellation(&self) -> CancellationToken {
        match self {
            Self::Tool { running, .. } => running.cancellation(),
            Self::Control(running) => running.cancellation.clone(),
        }
    }
}

impl Outcome {
    /// The outcome, once there is one. A wait that was dropped can be taken up again, one that ended cannot.
    pub(super) async fn end(&mut self) -> Reply {
        let Self { work, id, version } = self;
        match work {
            Work::Tool { running, structured } => of_tool(id, *version, *structured, &running.answer().await),
            Work::Control(running) => match running.answer().await {
                Ok(answer) => Reply::called(id, *version, &Called::Answered { text: &answer.to_string() }),
                Err(words) => Reply::called(id, *version, &Called::Failed { words: &words, link: None }),
            },
        }
    }

    /// Stops what the call waits for.
    pub(super) fn cancel(&self) {
        self.work.cancellation().cancel();
    }
}

/// How a call of a user's tool ended, written.
fn of_tool(id: &Id, version: Version, structured: bool, ended: &CallResult) -> Reply {
    match ended {
        CallResult::Done(done) => {
            let more = done.more.as_ref().map(More::said);
            let more = more.as_deref();
            if done.passed_through {
                return Reply::passed_on(id, version, &done.data, more);
            }
            let text = done.data.to_string();
            let structured = (structured && done.data.is_object()).then_some(&done.data);
            Reply::called(id, version, &Called::Done { text: &text, structured, more })
        }
        CallResult::Failed(failed) => {
            let (words, link) = (failed.said(), failed.link_said());
            let link = failed.link.as_ref().zip(link.as_ref()).map(|(link, words)| Link { url: &link.url, words });
            Reply::called(id, version, &Called::Failed { words: &words, link })
        }
    }
}

/// Sends progress to whoever reads the stream.
pub(super) struct News {
    token: Id,
    sender: mpsc::Sender<Bytes>,
}

impl News {
    /// One for this token (if the client sent none, nothing is told), and where its lines arrive.
    pub(super) fn channel(token: Option<Id>) -> (Option<Self>, mpsc::Receiver<Bytes>) {
        let (sender, news) = mpsc::channel(NEWS);
        (token.map(|token| Self { token, sender }), news)
    }
}

impl Progress for News {
    fn report(&self, done: u64, total: Option<u64>, message: &str) {
        // A full channel means a reader that is behind; the next line tells it more than this one.
        drop(self.sender.try_send(reply::progress(&self.token, done, total, message)));
    }
}

//! A call under way: how it ends, what it tells meanwhile, and who can stop it.

use super::answer::joined;
use super::control;
use super::flights::Flight;
use crate::protocol::elicit::Capabilities;
use crate::protocol::reply;
use crate::protocol::{Called, Elicits, Fault, Id, Link, Reply, Version};
use bytes::Bytes;
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use valetkey_app::App;
use valetkey_app::calls::paused::{self, Fingerprint, Questions};
use valetkey_app::calls::{AnswerRoom, CallResult, Done, Failed, More, Running};
use valetkey_app::servers::toolset::Served;
use valetkey_domain::Ctx;
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
    /// Where long answers are written.
    pub(super) tasks: TaskTracker,
    /// A long answer that is being written: that may be waited for again.
    pub(super) writing: Option<JoinHandle<Reply>>,
    pub(super) id: Id,
    pub(super) version: Version,
}

/// What is waited for.
pub(super) enum Work {
    /// A call of a user's tool; `structured` if its answer is promised in that form too.
    Tool {
        /// The call.
        running: Running,
        /// How it failed, if it did: what is still to be done then may be waited for again.
        failed: Option<Box<Failed>>,
        /// Whether its tool has a schema for its answers.
        structured: bool,
        /// How a page is spoken of that its user has to open.
        pages: Pages,
    },
    /// One of the control plane's.
    Control(control::Running),
}

/// How a page is spoken of that a call's user has to open, and what becomes of questions.
pub(super) struct Pages {
    pub(super) elicits: Elicits,
    /// What the client can be asked for in the midst of a call; none where there is no such thing.
    pub(super) declared: Option<Capabilities>,
    /// What the client comes back with, for those that do so by themselves.
    pub(super) pause: Option<Box<Pause>>,
}

/// What is needed to let a call wait for its user, and to take it up again.
pub(super) struct Pause {
    pub(super) app: App,
    pub(super) ctx: Ctx,
    pub(super) served: Served,
    pub(super) call: Fingerprint,
}

impl Pages {
    /// The reply to a call that needs its user to open a page, or to answer, if this client takes it so; in words otherwise.
    async fn needed(&self, id: &Id, failed: &Failed) -> Option<Reply> {
        if let (Some(questions), Some(pause)) = (&failed.questions, &self.pause) {
            let state = pause.state(Some(questions)).await?;
            return Some(Reply::input_required(id, &Value::Object(questions.requests()), &state));
        }
        if let (Some(wanted), Some(declared)) = (&failed.lacks, self.declared) {
            let lacking = declared.lacks(wanted);
            return (!lacking.is_empty()).then(|| Reply::fault(Some(id), &Fault::lacks(&lacking, failed.said())));
        }
        let url = &failed.link.as_ref()?.url;
        match (self.elicits, &self.pause) {
            (Elicits::ByError, _) => {
                let fault = Fault::page_needed(failed.execution.as_str(), url, failed.said());
                Some(Reply::fault(Some(id), &fault))
            }
            (Elicits::ByResult, Some(pause)) => {
                let state = pause.state(None).await?;
                Some(Reply::page_needed(id, url, &failed.said(), &state))
            }
            _ => None,
        }
    }
}

impl Pause {
    /// What the client comes back with, if there can be such.
    async fn state(&self, questions: Option<&Questions>) -> Option<String> {
        let Self { app, ctx, served, call } = self;
        let state = paused::pause(app, ctx, served, call, questions).await;
        state
            .map_err(|error| {
                tracing::error!(error = &error as &dyn std::error::Error, "a call cannot wait for its user");
            })
            .ok()
    }
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
        if self.writing.is_some() {
            return self.finished().await;
        }
        match &mut self.work {
            Work::Tool { running, failed, structured, pages } => {
                let failed = match failed {
                    Some(failed) => failed,
                    None => match running.answer().await {
                        CallResult::Failed(ended) => failed.insert(Box::new(ended)),
                        CallResult::Done(done) => {
                            let (long, structured) = (done.room.is_some(), *structured);
                            let write = move |id: &Id, version| of_done(id, version, structured, done);
                            return self.written(long, write).await;
                        }
                    },
                };
                let needed = pages.needed(&self.id, failed).await;
                needed.unwrap_or_else(|| of_failed(&self.id, self.version, failed))
            }
            Work::Control(running) => match running.answer().await {
                Ok((answer, room)) => {
                    let (long, write) = (room.is_some(), move |id: &Id, version| of_control(id, version, answer, room));
                    self.written(long, write).await
                }
                Err(words) => Reply::called(&self.id, self.version, &Called::Failed { words: &words, link: None }),
            },
        }
    }

    /// The reply that is written so, off the async threads if it is a long one.
    async fn written(&mut self, long: bool, write: impl FnOnce(&Id, Version) -> Reply + Send + 'static) -> Reply {
        if !long {
            return write(&self.id, self.version);
        }
        let (id, version) = (self.id.clone(), self.version);
        self.writing = Some(self.tasks.spawn_blocking(move || write(&id, version)));
        self.finished().await
    }

    async fn finished(&mut self) -> Reply {
        let finished = match &mut self.writing {
            Some(writing) => writing.await.map_err(|error| tracing::error!(%error, "an answer ended by a defect")),
            None => Err(()),
        };
        finished.unwrap_or_else(|()| {
            let words = "the call was made, but its answer can't be shown, because of an internal error";
            Reply::called(&self.id, self.version, &Called::Failed { words, link: None })
        })
    }

    /// Stops what the call waits for.
    pub(super) fn cancel(&self) {
        self.work.cancellation().cancel();
    }
}

/// What a call of a user's tool gave, written.
fn of_done(id: &Id, version: Version, structured: bool, done: Done) -> Reply {
    let Done { data, passed_through, more, note, room, .. } = done;
    let more = more.as_ref().map(More::said);
    let said = note.map(str::to_owned).into_iter().chain(more).collect::<Vec<_>>().join("\n");
    let more = Some(said.as_str()).filter(|said| !said.is_empty());
    let reply = if passed_through {
        Reply::passed_on(id, version, data, more)
    } else {
        let text = data.to_string();
        let structured = (structured && data.is_object()).then_some(&data);
        Reply::called(id, version, &Called::Done { text: &text, structured, more })
    };
    held(reply, room)
}

/// What a call of one of the control plane's tools gave, written.
fn of_control(id: &Id, version: Version, answer: Value, room: AnswerRoom) -> Reply {
    let text = answer.to_string();
    drop(answer);
    held(Reply::called(id, version, &Called::Answered { text: &text }), room)
}

/// A reply that has its room until it was sent.
fn held(reply: Reply, room: AnswerRoom) -> Reply {
    Reply { body: vec![room.hold(joined(reply.body))], ..reply }
}

/// How a call of a user's tool failed, written.
fn of_failed(id: &Id, version: Version, failed: &Failed) -> Reply {
    let (words, link) = (failed.said(), failed.link_text());
    let link = failed.link.as_ref().zip(link.as_ref()).map(|(link, words)| Link { url: &link.url, words });
    Reply::called(id, version, &Called::Failed { words: &words, link })
}

/// Sends progress to whoever reads the stream.
pub(super) struct News {
    token: Id,
    sender: mpsc::Sender<Bytes>,
    /// How far it was said to be last: by the protocol the numbers increase, and what does not is no news.
    last: Mutex<f64>,
}

impl News {
    /// One for this token (if the client sent none, nothing is told), and where its lines arrive.
    pub(super) fn channel(token: Option<Id>) -> (Option<Self>, mpsc::Receiver<Bytes>) {
        let (sender, news) = mpsc::channel(NEWS);
        (token.map(|token| Self { token, sender, last: Mutex::new(f64::NEG_INFINITY) }), news)
    }
}

impl Progress for News {
    fn report(&self, done: u64, total: Option<u64>, message: &str) {
        #[expect(clippy::cast_precision_loss, reason = "nobody counts further")]
        let double = |number: u64| number as f64;
        self.relay(double(done), total.map(double), message);
    }

    fn relay(&self, done: f64, total: Option<f64>, message: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if !(done.is_finite() && done > *last) {
            return;
        }
        *last = done;
        // A full channel means a reader that is behind; the next line tells it more than this one.
        drop(self.sender.try_send(reply::progress(&self.token, done, total, message)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn progress_is_told_as_it_is_counted_and_only_increases() {
        let (news, mut lines) = News::channel(Some(Id::Number(7.into())));
        let news = news.unwrap();
        news.report(0, None, "waits");
        for done in [0.25, 0.5, 0.5, 0.1, f64::NAN, f64::INFINITY, -1.0, 0.75] {
            news.relay(done, Some(1.0), "");
        }
        news.report(1, Some(3), "whole");
        drop(news);
        let mut told = Vec::new();
        while let Some(line) = lines.recv().await {
            let line: Value = serde_json::from_slice(&line).unwrap();
            told.push((line["params"]["progress"].to_string(), line["params"]["total"].to_string()));
        }
        let expected = [("0", "null"), ("0.25", "1"), ("0.5", "1"), ("0.75", "1"), ("1", "3")];
        assert_eq!(told, expected.map(|(done, total)| (done.to_owned(), total.to_owned())));
    }
}

//! The call machine's other half: it says what to send and when to wait, here that is done, until it has a result.

use super::admit::Admitted;
use super::failed::{Failed, Why};
use super::job::Job;
use super::send::{Replies, Sender};
use crate::Limit;
use crate::credentials::refresh::Opened;
use serde_json::Value;
use std::time::Duration;
use valetkey_connectors::{Run, Step};

/// Answers above this size are shaped off the async threads: a megabyte of mail takes milliseconds. So is any answer
/// of a tool whose shape needs more than a projection.
const HEAVY: usize = 64 * 1024;

impl Job {
    /// Drives a run to its end, the caller's deadline, or its cancellation.
    pub(super) async fn drive(&self, run: Run, admitted: &Admitted, credential: Opened) -> Result<Value, Failed> {
        let mut sender = Sender::new(self, admitted, credential);
        let left = self.left();
        let mut ended = tokio::select! {
            biased;
            () = self.cancellation.cancelled() => Err(self.cancelled()),
            ended = tokio::time::timeout(left, self.steps(run, &mut sender)) => ended.unwrap_or_else(|_| Err(self.late())),
        };
        sender.redact(&mut ended);
        ended
    }

    /// The time that the call still has.
    fn left(&self) -> Duration {
        Duration::try_from(self.ctx.deadline.duration_since(self.app.core.now())).unwrap_or_default()
    }

    async fn steps(&self, mut run: Run, sender: &mut Sender<'_>) -> Result<Value, Failed> {
        let mut replies = Vec::new();
        loop {
            if self.ctx.cancellation.cancelled() {
                return Err(self.cancelled());
            }
            let (back, step) = self.advance(run, replies).await?;
            run = back;
            replies = match step {
                Step::Send(requests) => sender.round(requests).await?,
                Step::Wait(time) => {
                    tokio::time::sleep(time).await;
                    Vec::new()
                }
                Step::Done(value) => return self.bounded(value, sender.received()),
                Step::Failed(failure) => return Err(self.failed(failure)),
            };
        }
    }

    async fn advance(&self, mut run: Run, replies: Replies) -> Result<(Run, Step), Failed> {
        let left = self.left();
        let size: usize = replies.iter().flatten().map(|reply| reply.body().len()).sum();
        let heavy = size >= HEAVY || (size > 0 && self.served.tool.heavy());
        if !heavy {
            let step = run.next(replies, left);
            return Ok((run, step));
        }
        let shaped = self.app.core.tasks.spawn_blocking(move || {
            let step = run.next(replies, left);
            (run, step)
        });
        shaped.await.map_err(|error| {
            tracing::error!(execution = %self.execution, %error, "an answer could not be shaped");
            Failed::unknown(self.execution.clone())
        })
    }

    /// A result is rarely longer than what it was made of, so short answers need no counting.
    fn bounded(&self, value: Value, received: usize) -> Result<Value, Failed> {
        let most = self.app.core.settings.bounds.answer_bytes;
        if received <= most / 10 {
            return Ok(value);
        }
        let mut length = Length(0);
        if serde_json::to_writer(&mut length, &value).is_ok() && length.0 <= most {
            return Ok(value);
        }
        let message = format!("the answer is longer than {most} bytes: ask for less{}", self.caution());
        self.app.core.metrics.refused(Limit::Answer);
        Err(self.because(Why::App, message))
    }

    fn cancelled(&self) -> Failed {
        self.because(Why::Cancelled, format!("the call was cancelled{}", self.caution()))
    }

    fn late(&self) -> Failed {
        self.because(Why::Timeout, format!("time ran out before the app had answered{}", self.caution()))
    }
}

/// Counts what is written.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

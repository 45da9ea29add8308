//! The call machine's other half: it says what to send and when to wait, here that is done, until it has a result.

use super::failed::{Failed, FailureReason};
use super::giving::MadeOf;
use super::job::Job;
use super::send::{Round, Sender};
use super::usable::Admitted;
use crate::Limit;
use crate::credentials::refresh::Opened;
use serde_json::Value;
use valetkey_connectors::native::{HEAVY_BYTES, Work};
use valetkey_connectors::{Run, Step, memory_needed_by};
use valetkey_core::{AnswerRoom, MemoryShare};

/// A call that can begin.
pub(super) struct Begun {
    pub(super) run: Run,
    /// What its natives may do; it stops when the call's future is dropped.
    pub(super) work: Work,
    /// Whether its arguments are so large that composing with them belongs off the async threads.
    pub(super) large: bool,
}

impl Job {
    /// Drives a run to its end, the caller's deadline, or its cancellation.
    pub(super) async fn drive(
        &self,
        begun: Begun,
        admitted: &Admitted,
        credential: Opened,
    ) -> Result<(Value, AnswerRoom), Failed> {
        let _stop = begun.work.stop_on_drop();
        let mut sender = Sender::new(self, admitted, credential);
        let left = self.left();
        let mut ended = tokio::select! {
            biased;
            () = self.cancellation.cancelled() => Err(self.cancelled()),
            ended = tokio::time::timeout(left, self.steps(begun, &mut sender)) => ended.unwrap_or_else(|_| Err(self.late())),
        };
        if let Err(failed) = &mut ended {
            sender.redactor().text(&mut failed.message);
        }
        ended
    }

    async fn steps(&self, begun: Begun, sender: &mut Sender<'_>) -> Result<(Value, AnswerRoom), Failed> {
        let Begun { mut run, large, .. } = begun;
        let mut round = Round::default();
        loop {
            if self.ctx.cancellation.cancelled() {
                return Err(self.cancelled());
            }
            let (back, step, made_of) = self.advance(run, round, large).await?;
            run = back;
            round = match step {
                Step::Send(requests) => sender.round(requests).await?,
                Step::Wait(time) => {
                    tokio::time::sleep(time).await;
                    Round::default()
                }
                Step::Done(value) => return self.handed(value, made_of, sender).await,
                Step::Failed(failure) => return Err(self.failed(failure)),
            };
        }
    }

    /// Goes on, off the async threads if that may take milliseconds: large arguments are composed, large answers
    /// shaped, and some shapes cost more than a projection.
    async fn advance(&self, mut run: Run, round: Round, large: bool) -> Result<(Run, Step, MadeOf), Failed> {
        let size = round.size();
        let share = self.reserve_to_shape(&round).await?;
        let left = self.left();
        if !large && size < HEAVY_BYTES && !(size > 0 && self.served.tool.heavy()) {
            let step = run.next(round.replies, left);
            return Ok((run, step, MadeOf::default()));
        }
        // The memory goes with the work: it lasts as long as the thread, whoever still waits for it.
        self.aside(move || {
            let Round { replies, memory } = round;
            let step = run.next(replies, left);
            let made_of = MadeOf { read: memory, shaped: share };
            let made_of = if matches!(step, Step::Done(_)) { made_of } else { MadeOf::default() };
            (run, step, made_of)
        })
        .await
    }

    async fn reserve_to_shape(&self, round: &Round) -> Result<Option<MemoryShare>, Failed> {
        let needed: usize = round.replies.iter().flatten().map(|reply| memory_needed_by(reply.body())).sum();
        if round.size() == 0 {
            return Ok(None);
        }
        let share = self.app.core.memory.to_shape(&self.ctx.environment, needed, self.spare()).await;
        share.map(Some).map_err(|full| {
            let failed = self.full(&full);
            Failed { message: format!("{}{}", failed.message, self.caution()), ..failed }
        })
    }

    /// The result as it goes to the caller: without credentials, and not longer than it may be.
    async fn handed(
        &self,
        mut value: Value,
        made_of: MadeOf,
        sender: &Sender<'_>,
    ) -> Result<(Value, AnswerRoom), Failed> {
        let (redactor, most) = (sender.redactor(), self.app.core.settings.bounds.answer_bytes);
        let look = move || {
            redactor.value(&mut value);
            fits(&value, most).map(|bytes| (value, bytes, made_of))
        };
        let fitting = if sender.received() < HEAVY_BYTES { look() } else { self.aside(look).await? };
        let (value, bytes, made_of) = fitting.ok_or_else(|| self.too_long(most))?;
        self.with_room(value, bytes, made_of).await
    }

    pub(super) fn too_long(&self, most: usize) -> Failed {
        self.app.core.metrics.refused(Limit::Answer);
        let name = Limit::Answer.name();
        if self.effect.read_only() {
            let message = format!("the answer is longer than {most} bytes ({name}), and can't be shown: ask for less");
            return self.because(FailureReason::Arguments, message);
        }
        let message = format!(
            "the app has done it, and its answer is longer than {most} bytes ({name}), so it can't be shown: don't \
             repeat the call"
        );
        self.because(FailureReason::App, message)
    }

    pub(super) fn cancelled(&self) -> Failed {
        self.because(FailureReason::Cancelled, format!("the call was cancelled{}", self.caution()))
    }

    pub(super) fn late(&self) -> Failed {
        self.because(FailureReason::Timeout, format!("time ran out before the app had answered{}", self.caution()))
    }
}

/// How many bytes a value's text has, if it is this many at most; no more of it is made than that.
pub(super) fn fits(value: &Value, most: usize) -> Option<usize> {
    let mut left = Left(most);
    serde_json::to_writer(&mut left, value).ok().map(|()| most - left.0)
}

/// Counts down what is written, and takes no more than there is left.
struct Left(usize);

impl std::io::Write for Left {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::WriteZero)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_result_is_measured_as_it_is_written() {
        for value in [json!("é\u{1}"), json!({"a": [1, 2.5, null]}), json!("")] {
            let length = value.to_string().len();
            assert_eq!((fits(&value, length + 9), fits(&value, length - 1)), (Some(length), None), "{value}");
        }
    }
}

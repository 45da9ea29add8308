//! Room for long answers until they are read.

use super::attempt::Call;
use super::failed::{Failed, FailureReason};
use super::job::Job;
use crate::{App, Error, Result};
use serde_json::Value;
use std::time::Duration;
use valetkey_core::memory::{needed, values_in};
use valetkey_core::{AnswerRoom, Full, LONG, MemoryShare};
use valetkey_domain::{Ctx, Kind};

/// How long room is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a result's text may take on its way out for each of its bytes: it is quoted in JSON, and stands there once more where
/// its tool has a schema for it.
const TIMES: usize = 3;

/// The room that a result has when it is there.
#[derive(Debug, Default)]
pub(super) struct MadeOf {
    /// That of the app's answer.
    pub(super) read: Vec<MemoryShare>,
    /// That of the result.
    pub(super) shaped: Option<MemoryShare>,
}

/// What there is to say of what was asked when its answer can't be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It can be asked again.
    Read,
    /// It was done.
    Done,
}

/// Makes an answer's room as large as so many bytes need.
///
/// # Errors
/// `RESOURCE_EXHAUSTED`, with the limit's name: there is not so much of it.
pub async fn make_room(app: &App, ctx: &Ctx, room: &mut AnswerRoom, bytes: usize, asked: Asked) -> Result<()> {
    let made = room.fit(&app.core.memory, &ctx.environment, bytes, PATIENCE).await;
    made.map_err(|full| {
        app.core.metrics.refused(full.limit);
        Error::new(Kind::ResourceExhausted, not_given(&full, asked, "the call was made"))
    })
}

impl Job {
    /// A result whose text has so many bytes, with the room that it takes until it was read.
    ///
    /// It waits for that as its text, in place of the app's answer: what it is as a value is many times that, and nobody who
    /// shapes may have to wait for clients who read slowly.
    pub(super) async fn with_room(
        &self,
        value: Value,
        bytes: usize,
        made_of: MadeOf,
    ) -> std::result::Result<(Value, AnswerRoom), Failed> {
        let (memory, of, mut room) = (&self.app.core.memory, &self.ctx.environment, AnswerRoom::default());
        if bytes * TIMES <= LONG {
            return Ok((value, room));
        }
        let MadeOf { read, shaped } = made_of;
        if room.fit(memory, of, bytes * TIMES, Duration::ZERO).await.is_ok() {
            room.made_of(shaped);
            return Ok((value, room));
        }
        let writing = move || {
            let text = value.to_string();
            drop((value, shaped));
            text
        };
        let text = self.aside(writing).await?;
        let fitted = room.fit(memory, of, bytes * TIMES, self.spare()).await;
        fitted.map_err(|full| self.not_given(&full))?;
        let shaped = memory.to_shape(of, needed(bytes, values_in(text.as_bytes())), self.spare()).await;
        room.made_of(Some(shaped.map_err(|full| self.not_given(&full))?));
        let value = self.aside(move || serde_json::from_str(&text)).await?;
        drop(read);
        Ok((value.map_err(|_| Failed::unknown(self.execution.clone()))?, room))
    }

    /// Makes the room of a result fit what is given at once of it.
    pub(super) async fn fit_text(&self, room: &mut AnswerRoom, bytes: usize) -> std::result::Result<(), Failed> {
        let fitted = room.fit(&self.app.core.memory, &self.ctx.environment, bytes * TIMES, Duration::ZERO).await;
        fitted.map_err(|full| self.not_given(&full))
    }
}

impl Call {
    /// What is said where the app has answered and there is no room to give the answer.
    pub(super) fn not_given(&self, full: &Full) -> Failed {
        self.app.core.metrics.refused(full.limit);
        let asked = if self.effect.read_only() { Asked::Read } else { Asked::Done };
        self.because(FailureReason::Busy, not_given(full, asked, "the app has done it"))
    }
}

fn not_given(full: &Full, asked: Asked, done: &str) -> String {
    match asked {
        Asked::Read => format!("the answer can't be given: {full}: wait for answers to be read, then try again"),
        Asked::Done => format!("{done}, and its answer can't be given: {full}: don't repeat the call"),
    }
}

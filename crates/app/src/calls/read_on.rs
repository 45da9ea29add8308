//! What is beyond an answer's first part: kept sealed for some minutes, and given part by part to whom the first was given,
//! while the account that it was read with can be used and the tool is still served.

use super::divide::{Divided, data, result, size};
use super::failed::{Failed, FailureReason};
use super::giving::{Asked, make_room};
use super::job::Job;
use super::through::Through;
use super::usable::Admitted;
use crate::accounts::{self, AccountRef};
use crate::servers::READ_MORE;
use crate::servers::toolset::Served;
use crate::{App, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::Duration;
use valetkey_core::journal::detail;
use valetkey_core::{AnswerRoom, places};
use valetkey_domain::account::Status;
use valetkey_domain::connection::Connection;
use valetkey_domain::id::{ConnectionId, ExecutionId};
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::kept_answers::{self as rows, Part};
use valetkey_vault::{Purpose, random, sha256};

/// What handles begin with.
const HANDLE: &str = "vkr_";
/// How long parts are kept.
const KEPT: Duration = Duration::from_secs(10 * 60);
/// The most bytes that are kept of one answer, for one reader, and for all of an environment.
const MOST: usize = 4 * 1024 * 1024;
const MOST_OF_READER: u64 = 16 * 1024 * 1024;
const MOST_OF_ENVIRONMENT: u64 = 256 * 1024 * 1024;

/// What there is to be said of an answer that was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct More {
    /// How many parts there are beyond the first, and which of them comes next.
    parts: usize,
    next: usize,
    /// By what they are asked for; none if they could not be kept.
    handle: Option<String>,
    /// Bytes at the end that were not kept.
    lost: usize,
}

/// A part as it is sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    tool: String,
    connection: ConnectionId,
    execution: String,
    parts: usize,
    lost: usize,
    text: String,
}

impl More {
    /// In words for the model. No word of an app is in it.
    #[must_use]
    pub fn said(&self) -> String {
        let Self { parts, next, handle, lost } = self;
        let lost = match lost {
            0 => String::new(),
            lost => format!(" {lost} bytes beyond that were not kept: ask for less to see them."),
        };
        match handle {
            Some(handle) if next <= parts => {
                let minutes = KEPT.as_secs() / 60;
                format!(
                    "The answer is longer than is given at once, and goes on. To read on, call {READ_MORE} with the handle \
                     {handle}.{next} within {minutes} minutes; it gives part {next} of {parts}.{lost}"
                )
            }
            Some(_) => format!("This was the last part.{lost}"),
            None => format!(
                "The answer is longer than is given at once, and the rest could not be kept: {parts} more parts are left \
                 out. Ask for less."
            ),
        }
    }
}

impl Job {
    /// What is given at once of an answer, and what is said of the rest.
    pub(super) async fn cut(
        &self,
        value: Value,
        admitted: &Admitted,
    ) -> std::result::Result<(Value, Option<More>), Failed> {
        let Through::Server(served) = &self.through else { return Ok((value, None)) };
        let tool = &self.served.tool;
        let Some(most) = served.set.options.answer_bytes_of(&tool.definition.name) else { return Ok((value, None)) };
        if size(&value) <= most {
            return Ok((value, None));
        }
        let remote = tool.remote().is_some();
        let dividing = move || if remote { result(value, most) } else { data(value, most) };
        let Divided { first, rest } = self.aside(dividing).await?;
        if rest.is_empty() {
            return Ok((first, None));
        }
        let more = self.keep(served, admitted, rest).await;
        Ok((first, Some(more)))
    }

    async fn keep(&self, served: &Served, admitted: &Admitted, mut rest: Vec<String>) -> More {
        let mut room = MOST;
        let kept = rest.iter().take_while(|part| take(&mut room, part.len())).count();
        let lost = rest.drain(kept..).map(|part| part.len()).sum();
        let parts = rest.len();
        match self.save(served, admitted, rest, lost).await {
            Ok(handle) => More { parts, next: 1, handle, lost },
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(execution = %self.execution, error, "the rest of an answer is not kept");
                More { parts, next: 1, handle: None, lost }
            }
        }
    }

    /// Keeps the parts; none where there is no room for them.
    async fn save(
        &self,
        served: &Served,
        admitted: &Admitted,
        rest: Vec<String>,
        lost: usize,
    ) -> Result<Option<String>> {
        let (app, ctx, connection) = (&self.app, &self.ctx, &admitted.wired.connection);
        let secret = random::bearer("")?;
        let (id, count) = (hex::encode(sha256(secret.bytes())), rest.len());
        let bytes = rest.iter().map(|part| part.len() as u64).sum::<u64>();
        let mut parts = Vec::with_capacity(count);
        for (number, text) in (1_i64..).zip(rest) {
            let kept = Kept {
                tool: self.served.tool.definition.name.clone(),
                connection: connection.id.clone(),
                execution: self.execution.to_string(),
                parts: count,
                lost,
                text,
            };
            let text = serde_json::to_vec(&kept).map_err(Error::internal)?;
            let place = places::kept_answer(ctx, &id, number, connection, &admitted.account);
            let sealed = app.core.keyring.seal(&ctx.environment, Purpose::Flow, &place, &text).await?;
            let (reader, account) = (served.id().to_owned(), admitted.account.id.clone());
            let expires_at = app.core.now() + KEPT;
            parts.push(Part { id: id.clone(), part: number, reader, account, sealed, expires_at });
        }
        let mut tx = app.core.store.write().await?;
        rows::purge(&mut tx, &ctx.environment, app.core.now()).await?;
        let (own, whole) = rows::bytes(ctx, &mut tx, served.id()).await?;
        if own + bytes > MOST_OF_READER || whole + bytes > MOST_OF_ENVIRONMENT {
            return Ok(None);
        }
        rows::insert(ctx, &mut tx, &parts).await?;
        tx.commit().await?;
        Ok(Some(format!("{HANDLE}{}", secret.expose())))
    }
}

fn take(room: &mut usize, bytes: usize) -> bool {
    let left = room.checked_sub(bytes);
    *room = left.unwrap_or_default();
    left.is_some()
}

/// Removes what can't be read any more; gives how many parts.
///
/// # Errors
/// The database cannot be written.
pub(crate) async fn forget_parts(app: &App, ctx: &Ctx) -> Result<u64> {
    let mut tx = app.core.store.write().await?;
    let gone = rows::purge(&mut tx, &ctx.environment, app.core.now()).await?;
    tx.commit().await?;
    Ok(gone)
}

/// One who reads on.
pub(super) struct Reading {
    pub(super) app: App,
    pub(super) ctx: Ctx,
    pub(super) served: Served,
    pub(super) execution: ExecutionId,
}

impl Reading {
    /// The part that the arguments name, as a result in the protocol's form, and what is beyond it.
    pub(super) async fn read(
        &self,
        arguments: &Map<String, Value>,
    ) -> std::result::Result<(Value, More, AnswerRoom), Failed> {
        let (secret, number) = handle(arguments).map_err(|why| self.refused(why))?;
        let found = self.found(secret, number).await.map_err(|error| self.failed(&error))?;
        let Some((kept, connection)) = found else {
            let why = "this handle can't be read here (any more): parts are kept for some minutes, for the server that gave \
                       the first. Call the tool again, and ask for less";
            return Err(self.refused(why));
        };
        let said = detail([
            ("source", json!("MCP")),
            ("tool", json!(kept.tool)),
            ("connection", json!(connection.id)),
            ("part", json!(number)),
        ]);
        // Before it is disclosed, as the first part was.
        let recorded = self.app.core.journal.fact_now(&self.ctx, "tool.read_on", &kept.execution, said).await;
        recorded.map_err(|error| self.failed(&error))?;
        let mut room = AnswerRoom::default();
        // It is quoted on its way out.
        let made = make_room(&self.app, &self.ctx, &mut room, kept.text.len() * 2, Asked::Read).await;
        made.map_err(|full| Failed { why: FailureReason::Busy, ..self.refused(full.message()) })?;
        let next = usize::try_from(number).unwrap_or(usize::MAX).saturating_add(1);
        let more = More { parts: kept.parts, next, handle: Some(format!("{HANDLE}{secret}")), lost: kept.lost };
        Ok((json!({ "content": [{ "type": "text", "text": kept.text }] }), more, room))
    }

    /// The part, if it was kept for this reader and may still be seen.
    async fn found(&self, secret: &str, number: i64) -> Result<Option<(Kept, Connection)>> {
        let (app, ctx) = (&self.app, &self.ctx);
        let id = hex::encode(sha256(secret.as_bytes()));
        let part = rows::get(ctx, &mut app.core.store.glance().await?, &id, number, app.core.now()).await?;
        let Some(part) = part.filter(|part| part.reader == self.served.id()) else { return Ok(None) };
        let (connection, account) = match accounts::get(app, ctx, &AccountRef::Id(part.account.clone())).await {
            Err(error) if error.kind() == Kind::NotFound => return Ok(None),
            found => found?,
        };
        let user = account.owner.identifier == *self.served.identifier();
        if account.status != Status::Active || !connection.enabled || !user {
            return Ok(None);
        }
        let place = places::kept_answer(ctx, &id, number, &connection, &account);
        let text = app.core.keyring.open(&ctx.environment, Purpose::Flow, &place, &part.sealed).await?;
        let kept: Kept = serde_json::from_slice(text.expose()).map_err(Error::internal)?;
        let served = self.served.serves(app, &kept.tool, &kept.connection) && kept.connection == connection.id;
        Ok(served.then_some((kept, connection)))
    }

    fn refused(&self, why: &str) -> Failed {
        let (why, message) = (FailureReason::Arguments, why.to_owned());
        Failed {
            why,
            message,
            link: None,
            questions: None,
            lacks: None,
            retry_after: None,
            execution: self.execution.clone(),
        }
    }

    fn failed(&self, error: &Error) -> Failed {
        tracing::error!(execution = %self.execution, error = error as &dyn std::error::Error, "an answer can't be read on");
        let message = format!(
            "the rest of the answer can't be read right now: try again in a moment. The server's log has the cause under {}",
            self.execution
        );
        Failed { why: FailureReason::Ours, ..self.refused(&message) }
    }
}

/// What `vkr_<secret>.<number>` says.
fn handle(arguments: &Map<String, Value>) -> std::result::Result<(&str, i64), &'static str> {
    if arguments.keys().any(|name| name != "handle") {
        return Err("the only argument is `handle`, as the end of the last part said it");
    }
    let said = arguments.get("handle").and_then(Value::as_str).and_then(|text| text.trim().strip_prefix(HANDLE));
    let parts = said.and_then(|text| text.rsplit_once('.')).filter(|(secret, _)| secret.len() <= 64);
    let parts = parts.and_then(|(secret, number)| Some((secret, number.parse().ok()?)));
    parts.ok_or("`handle` is none: give it exactly as the end of the last part said it")
}

#[cfg(test)]
mod tests;

//! A call of a tool by the app's own code: the same call that an agent's server makes, answered in the API's words.

use super::whose;
use crate::called::{Called, Failures};
use crate::failure::Failure;
use crate::services::shared::non_empty;
use crate::services::structs;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use valetkey_app::calls::{self, AnswerRoom, CallResult, Done};
use valetkey_app::tools::{ResolvedTool, meant};
use valetkey_app::{App, Result};
use valetkey_domain::{Ctx, Kind};
use valetkey_proto::v1::tools as wire;

/// What a call leaves of its caller's time, so that the caller hears what became of it.
const REST: Duration = Duration::from_millis(500);

/// Calls the tool, and tells the wire which call the request has led to.
pub(super) async fn execute(
    app: &App,
    ctx: &Ctx,
    request: wire::ExecuteToolRequest,
    asked: calls::RequestMemory,
    (called, failures): (Called, Arc<Failures>),
) -> std::result::Result<(wire::ExecuteToolResponse, AnswerRoom), Failure> {
    let refused = |error| Failure::from_app(&error, Some(&ctx.request));
    let run = request.agent_run_id.clone().and_then(non_empty);
    let arguments = structs::members(request.params.clone());
    let meant = named(app, ctx, request).await.map_err(refused)?;
    let repeated = (called.repeats() && !meant.tool.definition.effect.read_only()).then(|| {
        let what = (&meant.tool.definition.name, Value::Object(arguments.clone()).to_string(), &run);
        failures.call(&meant.account.id, what)
    });
    if let Some(failure) = repeated.as_ref().and_then(|call| failures.of(call, app.now())) {
        return Err(failure);
    }
    let mut running = calls::execute(app, &in_time(app, ctx), meant, arguments, run, asked);
    called.begins(running.execution().clone(), repeated.map(|call| (failures, call)));
    let failed = |failure| called.failed(failure, app.now());
    match running.answer().await {
        CallResult::Done(done) if done.room.is_some() => {
            let answered = app.tasks().spawn_blocking(move || answered(done)).await;
            answered
                .map_err(|_| failed(Failure::new(Kind::Internal, "the call was made, but its answer can't be shown")))
        }
        CallResult::Done(done) => Ok(answered(done)),
        CallResult::Failed(call) => Err(failed(Failure::of_tool(&call))),
    }
}

fn answered(done: Done) -> (wire::ExecuteToolResponse, AnswerRoom) {
    let Done { data, passed_through, room, execution, .. } = done;
    let data = if passed_through { result(&data) } else { data };
    let data = Some(structs::of(&members(data)));
    (wire::ExecuteToolResponse { data, execution_id: execution.to_string() }, room)
}

async fn named(app: &App, ctx: &Ctx, request: wire::ExecuteToolRequest) -> Result<ResolvedTool> {
    let owner = (request.identifier, request.organization_id, request.user_id);
    let asked = whose::query(request.connected_account_id, request.connector, owner)?;
    meant(app, ctx, &request.tool_name, asked).await
}

/// The call ends a moment before its caller gives up: by then something may have been done, of which the caller has to
/// hear.
fn in_time(app: &App, ctx: &Ctx) -> Ctx {
    let left = Duration::try_from(ctx.deadline.duration_since(app.now())).unwrap_or_default();
    Ctx { deadline: ctx.deadline - REST.min(left / 10), ..ctx.clone() }
}

/// What a remote server's tool answered, as the wire has it: `{result: ..}` with what it gave as a value, else its one
/// text, read where it is JSON, else all of its content.
fn result(passed: &Value) -> Value {
    let content = passed.get("content").and_then(Value::as_array);
    let result = match (passed.get("structuredContent"), content.map(Vec::as_slice)) {
        (Some(structured), _) if !structured.is_null() => structured.clone(),
        (_, Some([only])) if only.get("type").is_some_and(|kind| kind == "text") => {
            let text = only.get("text").and_then(Value::as_str).unwrap_or_default();
            let read = valetkey_domain::json::parse(text.as_bytes()).ok();
            read.filter(|value| value.is_object() || value.is_array()).unwrap_or_else(|| text.into())
        }
        (_, content) => Value::Array(content.unwrap_or_default().to_vec()),
    };
    Value::Object(Map::from_iter([("result".to_owned(), result)]))
}

/// The answer is an object on the wire, whatever the app's was.
fn members(data: Value) -> Map<String, Value> {
    match data {
        Value::Object(members) => members,
        other => Map::from_iter([("result".to_owned(), other)]),
    }
}

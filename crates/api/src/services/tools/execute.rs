//! A call of a tool by the app's own code: the same call that an agent's server makes, answered in the API's words.

use crate::failure::Failure;
use crate::services::shared::{id, non_empty};
use crate::services::structs;
use serde_json::{Map, Value};
use std::time::Duration;
use valetkey_app::calls::{self, CallResult};
use valetkey_app::tools::{Asked, Meant, meant};
use valetkey_app::{App, Result};
use valetkey_domain::Ctx;
use valetkey_domain::id::AccountId;
use valetkey_domain::name::Identifier;
use valetkey_proto::v1::tools as wire;

/// What a call leaves of its caller's time, so that the caller hears what became of it.
const REST: Duration = Duration::from_millis(500);

pub(super) async fn execute(
    app: &App,
    ctx: &Ctx,
    request: wire::ExecuteToolRequest,
    asked: calls::Asked,
) -> std::result::Result<wire::ExecuteToolResponse, Failure> {
    let refused = |error| Failure::from_app(&error, Some(&ctx.request));
    let run = request.agent_run_id.clone().and_then(non_empty);
    let arguments = structs::members(request.params.clone());
    let meant = named(app, ctx, request).await.map_err(refused)?;
    let mut running = calls::execute(app, &in_time(app, ctx), meant, arguments, run, asked);
    match running.answer().await {
        CallResult::Done(done) => {
            let data = Some(structs::of(&members(done.data)));
            Ok(wire::ExecuteToolResponse { data, execution_id: done.execution.to_string() })
        }
        CallResult::Failed(failed) => Err(Failure::of_tool(&failed)),
    }
}

async fn named(app: &App, ctx: &Ctx, request: wire::ExecuteToolRequest) -> Result<Meant> {
    let account = request.connected_account_id.and_then(non_empty);
    let identifier = request.identifier.and_then(non_empty);
    let asked = Asked {
        account: account.map(|text| id(AccountId::parse, &text)).transpose()?,
        connection: request.connector.and_then(non_empty),
        identifier: identifier.map(|text| Identifier::parse(&text)).transpose()?,
        organization: request.organization_id.and_then(non_empty),
        user: request.user_id.and_then(non_empty),
    };
    meant(app, ctx, &request.tool_name, asked).await
}

/// The call ends a moment before its caller gives up: by then something may have been done, of which the caller has to
/// hear.
fn in_time(app: &App, ctx: &Ctx) -> Ctx {
    let left = Duration::try_from(ctx.deadline.duration_since(app.now())).unwrap_or_default();
    Ctx { deadline: ctx.deadline - REST.min(left / 10), ..ctx.clone() }
}

/// The answer is an object on the wire, whatever the app's was.
fn members(data: Value) -> Map<String, Value> {
    match data {
        Value::Object(members) => members,
        other => Map::from_iter([("result".to_owned(), other)]),
    }
}

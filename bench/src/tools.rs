//! The data plane: a list beside a handler that answers the same bytes, and a call beside the same call made directly.

use crate::bursts::{Compared, compare, micros};
use crate::client::{Ask, Connection, text};
use crate::load::Side;
use crate::process::Process;
use crate::same_bytes;
use crate::stage::Stage;
use crate::table::Table;
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::sync::Arc;

/// Connections of a busy time.
pub(crate) const MANY: usize = 64;

/// Turns of each comparison, and requests of one burst.
const TURNS: usize = 9;
const LISTS: usize = 4_000;
const CALLS: usize = 1_500;

/// `tools/list` at the user's URL.
pub(crate) fn listing(stage: &Stage) -> Ask {
    rpc(stage, "tools/list", &json!({}))
}

/// `tools/call` of a read at the user's URL.
pub(crate) fn reading(stage: &Stage) -> Ask {
    let arguments = json!({"event_id": stage.event});
    rpc(stage, "tools/call", &json!({"name": "googlecalendar_get_event_by_id", "arguments": arguments}))
}

/// Measures `tools/list`.
///
/// # Errors
/// An answer was no success.
pub(crate) async fn list(stage: &Stage, server: &Process, table: &mut Table) -> Result<()> {
    let ask = listing(stage);
    let bytes = Connection::open(stage.address()).await?.ask(&ask).await?;
    let tools: Value = serde_json::from_slice(&bytes)?;
    let count = tools.pointer("/result/tools").and_then(Value::as_array).map_or(0, Vec::len);
    ensure!(count == 10, "{count} tools are listed");
    let (handler, address) = stage.same_bytes(&bytes).await?;
    let same =
        Ask::post(&same_bytes::path(0), &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}));
    for connections in [1, MANY] {
        let (ask, same) = (ask.clone(), same.clone());
        let mut ours = Side::open(stage.address(), connections, vec![server], Arc::new(move |_| ask.clone())).await?;
        let mut theirs = Side::open(address, connections, vec![&handler], Arc::new(move |_| same.clone())).await?;
        let found = compare(&mut ours, &mut theirs, TURNS, stage.share(LISTS)).await?;
        report_list(table, connections, bytes.len(), &found);
    }
    handler.stop().await
}

fn report_list(table: &mut Table, connections: usize, bytes: usize, found: &Compared) {
    let figure = format!("tools/list ({bytes} bytes), {connections} at a time");
    let side = |burst: &crate::load::Burst| {
        format!("{:.0}/s, {:.0} us, CPU {:.0} us", burst.rate, micros(burst.median), micros(burst.cpu))
    };
    let measured = format!("{}; ratio {:.2}", side(&found.ours), found.rate);
    let beside = format!("axum, same bytes: {}", side(&found.theirs));
    if connections == 1 {
        table.row(&figure, measured, beside, "0.9 of its rate", found.rate >= 0.9);
    } else {
        table.note(&figure, measured, beside);
    }
}

/// Measures `tools/call` of a read.
///
/// # Errors
/// An answer was no success.
pub(crate) async fn call(stage: &Stage, server: &Process, table: &mut Table) -> Result<()> {
    let ask = reading(stage);
    let direct = Ask::get(&format!("/calendar/v3/calendars/primary/events/{}", stage.event)).with(&stage.lab_token);
    let answer = Connection::open(stage.address()).await?.json(&ask).await?;
    ensure!(answer.pointer("/result/isError") == Some(&Value::Bool(false)), "the call failed: {answer}");
    let size = text(&answer, "/result/content/0/text")?.len();
    for connections in [1, MANY] {
        let (ask, direct) = (ask.clone(), direct.clone());
        let mut ours = Side::open(stage.address(), connections, vec![server], Arc::new(move |_| ask.clone())).await?;
        let lab = vec![&stage.lab];
        let mut theirs = Side::open(stage.lab_address, connections, lab, Arc::new(move |_| direct.clone())).await?;
        let found = compare(&mut ours, &mut theirs, TURNS, stage.share(CALLS)).await?;
        report_call(table, connections, size, &found);
    }
    Ok(())
}

fn report_call(table: &mut Table, connections: usize, size: usize, found: &Compared) {
    let figure = format!("tools/call (a read of {size} bytes), {connections} at a time");
    let [ours, theirs] = [&found.ours, &found.theirs];
    let measured = format!(
        "{:.0} us (+{:.0}), {:.0}/s; server's CPU {:.0} us, {:.1} times the lab's",
        micros(ours.median),
        found.longer,
        ours.rate,
        micros(ours.cpu),
        found.cpu
    );
    let beside = format!(
        "directly to the lab: {:.0} us, {:.0}/s, CPU {:.0} us",
        micros(theirs.median),
        theirs.rate,
        micros(theirs.cpu)
    );
    if connections == 1 {
        table.row(&figure, measured, beside, "+500 us at most", found.longer <= 500.0);
    } else {
        table.row(&figure, measured, beside, "CPU 3 times at most", found.cpu <= 3.0);
    }
}

fn rpc(stage: &Stage, method: &str, params: &Value) -> Ask {
    Ask::post(&stage.mcp, &json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
}

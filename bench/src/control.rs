//! The control plane: reads where there are a hundred thousand accounts, and a tool called by gRPC beside the same call by
//! MCP.

use crate::bursts::{alone, compare, micros, paced};
use crate::client::{Ask, Connection};
use crate::load::Side;
use crate::process::Process;
use crate::stage::Stage;
use crate::table::Table;
use crate::tools::{self, MANY};
use anyhow::Result;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How many accounts there are, and connections that make them and read.
const ACCOUNTS: usize = 100_000;

/// Turns of each figure, and requests of one burst.
const TURNS: usize = 5;
const READS: usize = 4_000;
const CALLS: usize = 1_500;

/// The path of the n-th read.
type Paths = Arc<dyn Fn(usize) -> String + Send + Sync>;

/// The slowest of a hundred reads, in milliseconds, and what gRPC may add to a call, in microseconds.
const SLOW: f64 = 5.0;
const LONGER: f64 = 100.0;
/// Reads also come at this part of the rate at which both cores are full.
const PART: f64 = 0.5;

/// Makes the accounts, and measures reads of them, totals included.
///
/// # Errors
/// An answer was no success.
pub(crate) async fn reads(stage: &Stage, server: &Process, table: &mut Table) -> Result<()> {
    let accounts = fill(stage, server).await?;
    for (figure, path) in figures(stage, accounts) {
        let mut side = side(stage, server, path).await?;
        let found = alone(&mut side, TURNS, stage.share(READS)).await?;
        let ms = |time: Duration| micros(time) / 1e3;
        let slow = ms(found.slow);
        table.row(
            &format!("read over REST: {figure}, {accounts} accounts, {MANY} at a time"),
            format!("99 of 100 within {slow:.1} ms"),
            format!("{:.0}/s, {:.1} ms in the middle, CPU {:.0} us", found.rate, ms(found.median), micros(found.cpu)),
            &format!("{SLOW} ms"),
            slow < SLOW,
        );
        let rate = found.rate * PART;
        let found = paced(&mut side, TURNS, stage.share(READS), rate).await?;
        let slow = ms(found.slow);
        table.row(
            &format!("the same, {rate:.0} a second over {MANY} connections"),
            format!("99 of 100 within {slow:.1} ms"),
            format!("half of what it can; {:.1} ms in the middle, CPU {:.0} us", ms(found.median), micros(found.cpu)),
            &format!("{SLOW} ms"),
            slow < SLOW,
        );
    }
    Ok(())
}

/// Measures the same reads of two builds.
///
/// # Errors
/// An answer was no success.
pub(crate) async fn reads_beside(
    [ours, theirs]: [(&Stage, &Process); 2],
    turns: usize,
    table: &mut Table,
) -> Result<()> {
    let accounts = fill(ours.0, ours.1).await?;
    fill(theirs.0, theirs.1).await?;
    for ((figure, path), (_, same)) in figures(ours.0, accounts).into_iter().zip(figures(theirs.0, accounts)) {
        let (mut read, mut same) = (side(ours.0, ours.1, path).await?, side(theirs.0, theirs.1, same).await?);
        let found = compare(&mut read, &mut same, turns, ours.0.share(CALLS)).await?;
        table.beside(&format!("read over REST: {figure}, {accounts} accounts, {MANY} at a time"), &found);
    }
    Ok(())
}

/// Makes the accounts, and says how many.
async fn fill(stage: &Stage, server: &Process) -> Result<usize> {
    let (accounts, bearer) = (stage.share(ACCOUNTS), stage.token.clone());
    let new = move |number: usize| {
        let account = json!({"connector": "MY_GMAIL", "identifier": user(number), "connected_account": {}});
        Ask::post("/api/v1/connected_accounts", &account).with(&bearer)
    };
    let mut side = Side::open(stage.address(), MANY, vec![server], Arc::new(new)).await?;
    side.burst(accounts).await?;
    Ok(accounts)
}

/// The reads, by what they read.
fn figures(stage: &Stage, accounts: usize) -> Vec<(&'static str, Paths)> {
    let one = move |number: usize| {
        format!("/api/v1/connected_accounts/details?connector=MY_GMAIL&identifier={}", user(number % accounts))
    };
    let instance = format!("/api/v1/mcp/instances/{}", stage.instance);
    let fixed = |path: &str| -> Paths {
        let path = path.to_owned();
        Arc::new(move |_| path.clone())
    };
    vec![
        ("one account", Arc::new(one)),
        ("30 accounts and how many there are", fixed("/api/v1/connected_accounts?page_size=30")),
        (
            "30 accounts of a connection and how many",
            fixed("/api/v1/connected_accounts?page_size=30&connector=MY_GMAIL"),
        ),
        ("configs and how many", fixed("/api/v1/mcp/configs?page_size=30")),
        ("an instance", fixed(&instance)),
        ("the connections", fixed("/api/v1/connections/app?page_size=30")),
        ("30 tools", fixed("/api/v1/tools?page_size=30")),
        ("30 calls of the journal", fixed("/api/v1/agentkit/tool_call_logs?page_size=30")),
    ]
}

async fn side<'a>(stage: &Stage, server: &'a Process, path: Paths) -> Result<Side<'a>> {
    let bearer = stage.token.clone();
    let make = move |number: usize| Ask::get(&path(number)).with(&bearer);
    Side::open(stage.address(), MANY, vec![server], Arc::new(make)).await
}

fn user(number: usize) -> String {
    format!("account-{number}@example.com")
}

/// Measures `ExecuteTool` over gRPC in clear text beside `tools/call` of the same tool with the same arguments.
///
/// # Errors
/// An answer was no success.
pub(crate) async fn execute(stage: &Stage, server: &Process, table: &mut Table) -> Result<()> {
    let call = Ask::grpc("/scalekit.v1.tools.ToolService/ExecuteTool", &wanted(&stage.event)).with(&stage.token);
    let reading = tools::reading(stage);
    let make = move |_| call.clone();
    let connection = Connection::open_grpc(stage.address()).await?;
    let mut ours = Side::of(vec![connection], vec![server], Arc::new(make));
    let mut theirs = Side::open(stage.address(), 1, vec![server], Arc::new(move |_| reading.clone())).await?;
    let found = compare(&mut ours, &mut theirs, TURNS, stage.share(CALLS)).await?;
    table.row(
        "ExecuteTool over gRPC (a read), 1 at a time",
        format!("{:.0} us (+{:.0}), CPU {:.0} us", micros(found.ours.median), found.longer, micros(found.ours.cpu)),
        format!("tools/call: {:.0} us, CPU {:.0} us", micros(found.theirs.median), micros(found.theirs.cpu)),
        &format!("+{LONGER} us at most"),
        found.longer <= LONGER,
    );
    Ok(())
}

/// An `ExecuteToolRequest`, written as protocol buffers have it: `tool_name` 1, `identifier` 2, `params` 3, `connector` 5.
fn wanted(event: &str) -> Vec<u8> {
    let value = field(3, event.as_bytes());
    let entry = [field(1, b"event_id"), field(2, &value)].concat();
    [
        field(1, b"googlecalendar_get_event_by_id"),
        field(2, crate::stage::USER.as_bytes()),
        field(3, &field(1, &entry)),
        field(5, b"MY_CALENDAR"),
    ]
    .concat()
}

/// A field of bytes: its number, how many they are, and they.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut written = vec![number << 3 | 2];
    let mut length = bytes.len();
    while let Some(low) = u8::try_from(length & 0x7f).ok().filter(|_| length > 0x7f) {
        written.push(low | 0x80);
        length >>= 7;
    }
    written.extend(u8::try_from(length));
    written.extend_from_slice(bytes);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_says_how_long_it_is() {
        assert_eq!(field(1, b"ab"), [0x0a, 2, b'a', b'b']);
        assert_eq!(field(3, &[7; 300])[..4], [0x1a, 0xac, 0x02, 7]);
    }
}

//! One remote server hangs: what that costs those who call another one.

use crate::bursts::{alone, micros};
use crate::client::{Ask, Connection, spawn};
use crate::gateways::contestant::Contestant;
use crate::gateways::messages::{Era, What};
use crate::gateways::ours::{Ours, Paths, asking};
use crate::load::Burst;
use anyhow::Result;
use std::net::SocketAddr;
use std::time::Duration;

/// Who calls the server that hangs, and how many calls each has in flight: together more than an environment's 256.
const USERS: usize = 36;
const CALLS: usize = 8;

/// How long they call before anything is measured.
const BEFORE: Duration = Duration::from_secs(2);

/// Connections of the others; requests of a burst at each number, and turns.
const CONNECTIONS: [(usize, usize); 2] = [(1, 4_000), (64, 20_000)];
const TURNS: usize = 5;

/// What the others' slowest of a hundred may take, by what they take alone.
const GOAL: f64 = 1.2;

/// One line of the table for each number of connections.
pub(crate) async fn measure(ours: &Ours, one: &Contestant, percent: usize) -> Result<Vec<[String; 5]>> {
    let paths = ours.users(USERS, true).await?;
    let mut lines = Vec::new();
    for (connections, requests) in CONNECTIONS {
        let requests = requests * percent / 100;
        let before = bursts(one, connections, requests).await?;
        let callers: Vec<_> =
            (0..USERS * CALLS).map(|number| spawn(forever(ours.address(), ask(&paths, number)))).collect();
        tokio::time::sleep(BEFORE).await;
        let beside = bursts(one, connections, requests).await?;
        let waiting = callers.iter().filter(|caller| !caller.is_finished()).count();
        for caller in callers {
            caller.abort();
        }
        tokio::time::sleep(BEFORE).await;
        let after = bursts(one, connections, requests).await?;
        lines.push(line(connections, waiting, [&before, &beside, &after]));
    }
    Ok(lines)
}

fn ask(paths: &Paths, number: usize) -> Ask {
    asking(paths.clone(), "hanging_echo")(Era::Modern, What::Call)(number % USERS)
}

async fn bursts(one: &Contestant, connections: usize, requests: usize) -> Result<Burst> {
    let mut side = one.side(Era::Modern, What::Call, connections).await?;
    alone(&mut side, TURNS, requests.max(connections * 4)).await
}

/// Calls again as soon as it was refused or given up.
async fn forever(address: SocketAddr, ask: Ask) -> Result<()> {
    let mut connection = Connection::open(address).await?;
    loop {
        connection.ask(&ask).await?;
    }
}

fn line(connections: usize, waiting: usize, [before, beside, after]: [&Burst; 3]) -> [String; 5] {
    let slow = |burst: &Burst| micros(burst.slow) / 1e3;
    let ratio = slow(beside) / slow(before).midpoint(slow(after));
    [
        format!("{connections} at a time"),
        format!("{:.2} ms, {:.2} ms after it", slow(before), slow(after)),
        format!("{:.2} ms beside {waiting}", slow(beside)),
        format!("{ratio:.2}"),
        if ratio <= GOAL { "met".to_owned() } else { "missed".to_owned() },
    ]
}

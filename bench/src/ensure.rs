//! How many `EnsureMcpInstance` a second, for users who have their server and for new ones, over REST.

use crate::bursts::{alone, micros};
use crate::load::{Make, Side};
use crate::process::Process;
use crate::stage::{self, Stage};
use crate::table::Table;
use anyhow::Result;
use std::sync::Arc;

/// Connections at a time.
const CONNECTIONS: usize = 64;

/// Turns, and requests of one.
const TURNS: usize = 5;
const REQUESTS: usize = 6_000;

/// How many users there are whose instance exists.
pub(crate) const USERS: usize = 1_000;

/// Measures new instances first, whose users then exist.
///
/// # Errors
/// An answer was no success.
pub(crate) async fn measure(stage: &Stage, server: &Process, table: &mut Table) -> Result<()> {
    // The new ones of the warm-up alone are as many.
    let users = USERS.min(stage.share(REQUESTS) / 4);
    for (figure, make, goal) in [("new", of(stage, usize::MAX), 3_000.0), ("existing", of(stage, users), 10_000.0)] {
        let mut side = Side::open(stage.address(), CONNECTIONS, vec![server], make).await?;
        let found = alone(&mut side, TURNS, stage.share(REQUESTS)).await?;
        table.row(
            &format!("ensure_instance, {figure}, {CONNECTIONS} at a time (REST)"),
            format!("{:.0}/s", found.rate),
            format!("CPU {:.0} us, {:.1} ms each", micros(found.cpu), micros(found.median) / 1e3),
            &format!("> {goal}/s"),
            found.rate > goal,
        );
    }
    Ok(())
}

/// Requests for the servers of this many users, one after the other and then from the first again.
pub(crate) fn of(stage: &Stage, users: usize) -> Make {
    let bearer = stage.token.clone();
    Arc::new(move |number| stage::ensure(&format!("user-{}@example.com", number % users)).with(&bearer))
}

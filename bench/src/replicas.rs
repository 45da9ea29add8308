//! Two servers on one database beside one: on one machine they share its cores, so this shows what sharing costs and not
//! what a second machine brings.

use crate::bursts::{compare, micros};
use crate::client::Ask;
use crate::load::{Burst, Side};
use crate::process::Process;
use crate::stage::Stage;
use crate::table::Table;
use crate::tools::{self, MANY};
use anyhow::Result;
use std::sync::Arc;

/// Turns of each comparison, and requests of one burst.
const TURNS: usize = 5;
const REQUESTS: usize = 1_500;

/// Measures lists and calls over both and over one.
///
/// # Errors
/// An answer was no success, or the second server does not start.
pub(crate) async fn measure(stage: &Stage, server: &Process, table: &mut Table) -> Result<()> {
    let (second, address) = stage.replica().await?;
    for (name, ask) in [("tools/list", tools::listing(stage)), ("tools/call", tools::reading(stage))] {
        let make = |ask: Ask| Arc::new(move |_| ask.clone());
        let addresses = [stage.address(), address];
        let mut both = Side::over(&addresses, MANY, vec![server, &second], make(ask.clone())).await?;
        let mut one = Side::open(stage.address(), MANY, vec![server], make(ask)).await?;
        let found = compare(&mut both, &mut one, TURNS, stage.share(REQUESTS)).await?;
        let side = |burst: &Burst| format!("{:.0}/s, CPU {:.0} us", burst.rate, micros(burst.cpu));
        table.note(
            &format!("{name}, {MANY} at a time, over two servers"),
            format!("{}; ratio {:.2}", side(&found.ours), found.rate),
            format!("one server: {}", side(&found.theirs)),
        );
    }
    second.stop().await
}

//! How soon a second start answers, and what an idle server takes.

use crate::client::Ask;
use crate::load::median;
use crate::process::Process;
use crate::stage::Stage;
use crate::table::Table;
use crate::tools;
use anyhow::{Context, Result};
use std::time::{Duration, Instant};

/// Starts that are measured.
const STARTS: usize = 9;

/// How long a server is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(2);

/// The goals.
const SOON: Duration = Duration::from_millis(100);
const SMALL: f64 = 30.0;

/// Memory of an idle server, in bytes.
pub(crate) struct Idle {
    pub(crate) resident: u64,
    pub(crate) anonymous: u64,
}

impl Idle {
    /// Puts it into the table.
    pub(crate) fn report(&self, table: &mut Table) {
        let [resident, anonymous] = [self.resident, self.anonymous].map(megabytes);
        table.row(
            "idle memory (RSS)",
            format!("{resident:.1} MB"),
            format!("of it {anonymous:.1} MB its own, the rest the binary's pages"),
            "< 30 MB",
            resident < SMALL,
        );
    }
}

/// Bytes as people read them.
#[expect(clippy::cast_precision_loss, reason = "for people to read")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Starts the server again and again, and leaves the last one running.
///
/// # Errors
/// It does not start or answer.
pub(crate) async fn measure(stage: &Stage, table: &mut Table) -> Result<(Process, Idle)> {
    let mut health = Vec::new();
    let mut list = Vec::new();
    for _ in 0..STARTS {
        let began = Instant::now();
        let server = stage.server().await?;
        health.push(began.elapsed());
        stage.answers(&tools::listing(stage)).await?;
        list.push(began.elapsed());
        server.stop().await?;
    }
    let health = median(health).context("no starts")?;
    let list = median(list).context("no starts")?;
    let measured = format!("{:.0} ms", list.as_secs_f64() * 1e3);
    let beside = format!("/healthz after {:.0} ms", health.as_secs_f64() * 1e3);
    table.row("second start to first tools/list", measured, beside, "< 100 ms", list < SOON);
    idle(stage).await
}

/// Starts the server and leaves it alone for a moment.
///
/// # Errors
/// It does not start.
pub(crate) async fn idle(stage: &Stage) -> Result<(Process, Idle)> {
    let server = stage.starting()?;
    stage.answers(&Ask::get("/healthz")).await?;
    tokio::time::sleep(IDLE).await;
    let (resident, anonymous) = server.memory()?;
    Ok((server, Idle { resident, anonymous }))
}

//! Valetkey beside what else stands between agents and MCP servers: the same upstream behind each, every user with a
//! credential of its own there, the same requests in turn, both eras of the protocol.
//!
//! Read [`measure`] for what is measured, `others` and `contextforge` for how each is set up.

mod contestant;
mod contextforge;
mod figures;
mod hangs;
mod memory;
mod messages;
mod others;
mod ours;
mod report;
mod token;
mod upstream;

pub(crate) use upstream::{ARGUMENT as UPSTREAM, serve as upstream};

use crate::progress::progress;
use anyhow::Result;
use contestant::Contestant;
use contextforge::Place;
use messages::{ERAS, WHATS, What};
use ours::{Ours, Paths};
use report::Report;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// How many users call, and how many have a server, where nothing else is asked for.
const USERS: usize = 10_000;
const INSTANCES: usize = 1_000_000;

/// What a run of this takes.
#[derive(clap::Args)]
pub(crate) struct Wanted {
    /// Users who call, each with a credential of its own [default: 10000, a twentieth with --quick]
    #[arg(long)]
    users: Option<usize>,
    /// Users' MCP servers that Valetkey has in the end [default: 1000000, a twentieth with --quick]
    #[arg(long)]
    instances: Option<usize>,
    /// Measures Valetkey without the other gateways
    #[arg(long, conflicts_with_all = ["parts", "postgres", "redis"])]
    alone: bool,
    /// Where the others are installed: `bench/gateways` makes it
    #[arg(long, value_name = "FOLDER", required_unless_present = "alone")]
    parts: Option<PathBuf>,
    /// An empty PostgreSQL database for ContextForge, as `SQLAlchemy` wants it
    #[arg(long, value_name = "URL", required_unless_present = "alone")]
    postgres: Option<String>,
    /// A Redis for ContextForge
    #[arg(long, value_name = "URL", required_unless_present = "alone")]
    redis: Option<String>,
}

/// Sets everybody up, then measures: memory before anybody asked, with all users active, each kind of request at each number
/// of connections; then Valetkey alone: beside a server that hangs, and with a million users' servers. What the others cannot
/// is in the report. Where Valetkey's or the handler's answers are wrong, the report has what was measured until then.
pub(crate) async fn measure(folder: &Path, percent: usize, wanted: &Wanted, facts: &[String]) -> (String, Result<()>) {
    let mut report = Report::new(facts);
    let ended = whole(folder, percent, wanted, &mut report).await;
    (report.text(), ended)
}

async fn whole(folder: &Path, percent: usize, wanted: &Wanted, report: &mut Report) -> Result<()> {
    let users = wanted.users.unwrap_or(USERS * percent / 100).max(1);
    let instances = wanted.instances.unwrap_or(INSTANCES * percent / 100);
    let (process, upstream) = crate::stage::helper(&[UPSTREAM], &folder.join("upstream.log")).await?;
    let (_hanging, hangs) = crate::stage::helper(&[UPSTREAM, "--hang"], &folder.join("hanging.log")).await?;
    progress("setting all of them up");
    let (ours, paths, valetkey) = valetkey(folder, users, [upstream, hangs]).await?;
    let handler = handler(folder, &valetkey).await?;
    let directly = others::directly(process, upstream, users)?;
    let others = the_others(folder, wanted, users, upstream).await?;
    let all: Vec<&Contestant> = [&handler, &directly, &valetkey].into_iter().chain(&others).collect();
    remembered(&all, report).await?;
    let measured = figures::measure(&all, &WHATS, percent).await?;
    report.figures(&WHATS, &all, &measured);
    for other in others {
        other.process.end().await?;
    }
    progress("a server that hangs");
    let rows = hangs::measure(&ours, &valetkey, percent).await?;
    report.table(["p99 of calls, where another server hangs", "without", "with", "ratio", ""], rows);
    progress("many instances");
    ours.fill(&valetkey.process, users, instances).await?;
    let filled = memory::read(&valetkey)?;
    valetkey.process.stop().await?;
    let valetkey = ours.contestant(ours.server().await?, paths);
    let idle = memory::idle(&valetkey).await?;
    memory::all_call(&valetkey).await?;
    report.line(&format!(
        "Valetkey with {instances} users' servers: {} while the last were made, {} idle after another start, {} after a \
         call of each of {users} users.",
        filled.text(),
        idle.text(),
        memory::read(&valetkey)?.text(),
    ));
    let calls = [What::Call];
    let measured = figures::measure(&[&handler, &valetkey], &calls, percent).await?;
    report.figures(&calls, &[&handler, &valetkey], &measured);
    valetkey.process.stop().await?;
    handler.process.stop().await
}

/// Valetkey with its users, started anew.
async fn valetkey(folder: &Path, users: usize, upstreams: [SocketAddr; 2]) -> Result<(Ours, Paths, Contestant)> {
    let folder = folder.join("valetkey");
    std::fs::create_dir(&folder)?;
    let (ours, server) = Ours::set(&folder, upstreams).await?;
    let paths = ours.users(users, false).await?;
    server.stop().await?;
    let contestant = ours.contestant(ours.server().await?, paths.clone());
    Ok((ours, paths, contestant))
}

/// The handler that answers what Valetkey answers.
async fn handler(folder: &Path, valetkey: &Contestant) -> Result<Contestant> {
    let mut answers = Vec::new();
    for era in ERAS {
        for what in WHATS {
            answers.push((era, what, ours::bytes(valetkey, era, what).await?));
        }
    }
    others::axum(folder, answers).await
}

async fn the_others(folder: &Path, wanted: &Wanted, users: usize, at: SocketAddr) -> Result<Vec<Contestant>> {
    let (Some(parts), Some(postgres), Some(redis)) = (&wanted.parts, &wanted.postgres, &wanted.redis) else {
        return Ok(Vec::new());
    };
    let place = Place { folder, parts, postgres, redis };
    Ok(vec![
        others::rmcp(folder, at, users).await?,
        others::fastmcp(folder, parts, at, users).await?,
        others::proxy(folder, parts, at).await?,
        contextforge::start(&place, at, users).await?,
    ])
}

/// What each takes in memory before anybody asked, and after each of its users called.
async fn remembered(all: &[&Contestant], report: &mut Report) -> Result<()> {
    let mut rows = Vec::new();
    for one in all {
        let idle = memory::idle(one).await?;
        progress(&format!("a call of each user: {}", one.name));
        let called = memory::all_call(one).await.unwrap_or_else(|error| {
            report.failed(one.name, "a call of each user", &figures::words(&error));
            0
        });
        rows.push([one.name.to_owned(), idle.text(), called.to_string(), memory::read(one)?.text()]);
    }
    report.table(["memory", "idle", "users who called once", "after that"], rows);
    Ok(())
}

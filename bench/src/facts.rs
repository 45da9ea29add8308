//! What a reader has to know of the machine to judge the figures.

use crate::load::median;
use anyhow::{Context, Result};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Machine, compiler, and what a commit costs on the disk that the database is on and on the one for temporary files.
///
/// # Errors
/// `/proc` or the folder cannot be read.
pub(crate) fn lines(folder: &Path, elsewhere: bool) -> Result<Vec<String>> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
    let cores = std::thread::available_parallelism()?;
    let load = std::fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    let rustc = Command::new("rustc").arg("--version").output().ok().map(|out| out.stdout);
    let rustc = rustc.map_or_else(|| "unknown".to_owned(), |out| String::from_utf8_lossy(&out).trim().to_owned());
    let temporary = std::env::temp_dir();
    let database = if elsewhere { "on PostgreSQL" } else { "on SQLite" };
    Ok(vec![
        format!("{cores} cores, {}, load {load} before the run", model.unwrap_or("unknown CPU")),
        format!("built with {rustc}"),
        format!("{database}; fdatasync in {}: {:.0} us", parent(folder), sync_time(folder)?.as_secs_f64() * 1e6),
        format!(
            "for comparison {}: fdatasync {:.0} us",
            temporary.display(),
            sync_time(&temporary)?.as_secs_f64() * 1e6
        ),
    ])
}

fn parent(folder: &Path) -> String {
    folder.parent().unwrap_or(folder).display().to_string()
}

fn sync_time(folder: &Path) -> Result<Duration> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::new();
    for _ in 0..21 {
        file.write_all(&[0; 4096])?;
        let began = Instant::now();
        file.sync_data()?;
        times.push(began.elapsed());
    }
    median(times).context("no times")
}

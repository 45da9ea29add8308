//! A process to measure: started, watched through `/proc`, and ended.

use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The kernel counts CPU time in hundredths of a second, whatever its own clock does (`USER_HZ`, proc_pid_stat(5)).
const TICK: Duration = Duration::from_millis(10);

/// How long a process may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process of this run. Dropping it kills it.
pub(crate) struct Process {
    child: Child,
    pid: u32,
    said: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a program. What it logs goes to a file; no variable of ours steers it.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) fn start(program: &Path, arguments: &[&str], log: &Path) -> Result<Self> {
        let log = std::fs::File::options().create(true).append(true).open(log)?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let pid = child.id().context("it ended at once")?;
        let said = BufReader::new(child.stdout.take().context("it has no output")?).lines();
        Ok(Self { child, pid, said })
    }

    /// Waits for a line that holds these words, and gives it.
    ///
    /// # Errors
    /// It ended, or time ran out.
    pub(crate) async fn says(&mut self, words: &str) -> Result<String> {
        let waited = tokio::time::timeout(PATIENCE, async {
            while let Some(line) = self.said.next_line().await? {
                if line.contains(words) {
                    return Ok(line);
                }
            }
            anyhow::bail!("it ended without saying '{words}'")
        });
        waited.await.with_context(|| format!("it did not say '{words}' in time"))?
    }

    /// The CPU time that all its threads have used.
    ///
    /// # Errors
    /// It is gone.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The name in parentheses may hold anything; utime and stime are the 12th and 13th fields after it.
        let (_, fields) = stat.rsplit_once(") ").context("/proc/PID/stat has another form")?;
        let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>()?;
        Ok(TICK * ticks)
    }

    /// The memory it has in RAM, in bytes: all of it, and without what is mapped from files.
    ///
    /// # Errors
    /// It is gone.
    pub(crate) fn memory(&self) -> Result<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.trim_start_matches(':').trim().strip_suffix(" kB"));
            kib.and_then(|kib| kib.parse::<u64>().ok()).with_context(|| format!("no {name}")).map(|kib| kib * 1024)
        };
        Ok((line("VmRSS")?, line("RssAnon")?))
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// It does not end.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill").arg(self.pid.to_string()).status().await?;
        ensure!(asked.success(), "cannot end process {}", self.pid);
        tokio::time::timeout(PATIENCE, self.child.wait()).await.context("it does not end")??;
        Ok(())
    }
}

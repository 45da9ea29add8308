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
    said: Option<Lines<BufReader<ChildStdout>>>,
}

/// How a program of others is started.
pub(crate) struct Start<'a> {
    pub(crate) program: &'a Path,
    pub(crate) arguments: &'a [&'a str],
    /// Its whole environment.
    pub(crate) variables: &'a [(&'a str, &'a str)],
    /// Where it runs, and may write.
    pub(crate) folder: &'a Path,
    /// Where its words go.
    pub(crate) log: &'a Path,
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
        Ok(Self { child, pid, said: Some(said) })
    }

    /// Starts a program that says nothing which is waited for: all its words go to its log.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) fn silent(start: &Start<'_>) -> Result<Self> {
        let log = std::fs::File::options().create(true).append(true).open(start.log)?;
        let mut command = Command::new(start.program);
        command.args(start.arguments).env_clear().envs(start.variables.iter().copied()).current_dir(start.folder);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("cannot start {}", start.program.display()))?;
        let pid = child.id().context("it ended at once")?;
        Ok(Self { child, pid, said: None })
    }

    /// Waits for a line that holds these words, and gives it.
    ///
    /// # Errors
    /// It ended, or time ran out.
    pub(crate) async fn says(&mut self, words: &str) -> Result<String> {
        let said = self.said.as_mut().context("its words go to its log")?;
        let waited = tokio::time::timeout(PATIENCE, async {
            while let Some(line) = said.next_line().await? {
                if line.contains(words) {
                    return Ok(line);
                }
            }
            anyhow::bail!("it ended without saying '{words}'")
        });
        waited.await.with_context(|| format!("it did not say '{words}' in time"))?
    }

    /// The CPU time that all threads of it and of its children have used.
    ///
    /// # Errors
    /// It is gone.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let own = cpu_of(self.pid)?;
        // A child may end at any time.
        Ok(family(self.pid)?.into_iter().skip(1).filter_map(|child| cpu_of(child).ok()).sum::<Duration>() + own)
    }

    /// The memory that it and its children have in RAM, in bytes, where each of n processes that share a page has an n-th
    /// of it; and how many processes they are.
    ///
    /// # Errors
    /// It is gone.
    pub(crate) fn share_of_memory(&self) -> Result<(u64, usize)> {
        let family = family(self.pid)?;
        let each = family.iter().map(|pid| {
            let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
            kibibytes(&rollup, "Pss")
        });
        Ok((each.sum::<Result<u64>>()?, family.len()))
    }

    /// The memory it has in RAM, in bytes: all of it, and without what is mapped from files.
    ///
    /// # Errors
    /// It is gone.
    pub(crate) fn memory(&self) -> Result<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        Ok((kibibytes(&status, "VmRSS")?, kibibytes(&status, "RssAnon")?))
    }

    /// Ends it with all its children, whether it likes to or not.
    ///
    /// # Errors
    /// There is no `kill`.
    pub(crate) async fn end(self) -> Result<()> {
        let family = family(self.pid)?;
        // Whether it ended or not, some of them may be left.
        drop(self.stop().await);
        let pids = family.iter().map(u32::to_string);
        Command::new("kill").arg("-KILL").args(pids).stderr(Stdio::null()).status().await?;
        Ok(())
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

/// The bytes on the line of this name, which says them in kB.
fn kibibytes(text: &str, name: &str) -> Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse::<u64>().ok()).with_context(|| format!("no {name}")).map(|kib| kib * 1024)
}

/// A process with all below it.
fn family(pid: u32) -> Result<Vec<u32>> {
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        for thread in std::fs::read_dir(format!("/proc/{parent}/task"))? {
            let children = std::fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
        next += 1;
    }
    Ok(found)
}

fn cpu_of(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may hold anything; utime and stime are the 12th and 13th fields after it.
    let (_, fields) = stat.rsplit_once(") ").context("/proc/PID/stat has another form")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(TICK * ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_counts_with_its_children() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let found = family(std::process::id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found.contains(&std::process::id()) && found.contains(&child.id()), "{found:?}");
    }

    #[test]
    fn memory_is_read_by_its_whole_name() {
        let text = "PssAnon: 7 kB\nPss:   3 kB\n";
        assert_eq!(kibibytes(text, "Pss").unwrap(), 3 * 1024);
        assert!(kibibytes(text, "Rss").is_err());
    }
}

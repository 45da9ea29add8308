#![cfg(debug_assertions)]
//! Lets a test choose where this process dies, in a debug build alone: `VALETKEY_FAILPOINT` names the place, and there
//! the process kills itself as `kill -9` would. What no place is called is refused with the names that there are.

use anyhow::{Result, ensure};
use valetkey_core::failpoint::{ALL, arm};

const VARIABLE: &str = "VALETKEY_FAILPOINT";

/// Arms the process if the environment says so.
///
/// # Errors
/// There is no such place; the message has all of them.
#[expect(clippy::disallowed_methods, reason = "crates/server is where the environment is read")]
pub(crate) fn from_environment() -> Result<()> {
    let Ok(wanted) = std::env::var(VARIABLE) else { return Ok(()) };
    let found = ALL.iter().find(|(name, _)| *name == wanted);
    let names: Vec<_> = ALL.iter().map(|(name, _)| *name).collect();
    ensure!(found.is_some(), "{VARIABLE}: no failpoint '{wanted}'; there are: {}", names.join(", "));
    if let Some((_, at)) = found {
        arm(*at, die);
    }
    Ok(())
}

fn die() {
    // If the system refused, the test would see a process that lives.
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
}

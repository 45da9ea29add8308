//! Logs: one line an event on standard error, readable alone. Nothing here may hold a secret or a URI.

use std::io::IsTerminal;
use tracing::Level;
use tracing_subscriber::EnvFilter;

/// Starts logging at this level for our own rooms; libraries are heard from `warn` up.
pub(crate) fn start(level: Level) {
    // A target is matched by what it begins with, so this is every room.
    let filter = EnvFilter::new(format!("warn,valetkey={level}"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .with_env_filter(filter)
        .with_target(false)
        .init();
    std::panic::set_hook(Box::new(defect));
}

/// A panic's place is logged without its words: they may quote what it stumbled over.
fn defect(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "a defect of Valetkey: please report the place");
}

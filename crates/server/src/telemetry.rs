//! Logs: one line an event on standard error, readable alone. Nothing here may hold a secret or a URI.

use tracing::Level;
use tracing_subscriber::EnvFilter;

/// Starts logging at this level for our own rooms; libraries are heard from `warn` up.
pub(crate) fn start(level: Level) {
    let filter = EnvFilter::new(format!("warn,valetkey={level},valetkey_={level}"));
    let ours = ["server", "app", "api", "mcp", "web", "outbound", "storage", "vault", "lab"];
    let filter = ours.iter().fold(filter, |filter, room| match format!("valetkey_{room}={level}").parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    });
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).with_target(false).init();
}

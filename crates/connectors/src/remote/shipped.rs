//! The remote servers that are shipped: one text, of which a start only finds where each document begins.

/// The text.
const SERVERS: &str = include_str!("../../../../catalogue/mcp/servers.yaml");
/// What stands between two documents, and how each begins.
const BETWEEN: &str = "\n---\n";
const BEGINS: &str = "connector: ";

/// Each shipped server: its connector's name and its document.
pub(crate) fn documents() -> impl Iterator<Item = (&'static str, &'static str)> {
    SERVERS.split(BETWEEN).filter_map(|document| {
        let slug = document.strip_prefix(BEGINS)?.lines().next()?;
        Some((slug.trim(), document))
    })
}

//! The columns that a record of a tool call is found by: taken out of its detail as it is appended.

use valetkey_domain::journal::{Entry, Phase};

/// What records of tool calls say was done.
pub(super) const ACTION: &str = "tool.call";

/// The columns that a record is found by as a tool call: outcome, connector, connection, account, source, the
/// agent's run. All none for others.
pub(super) fn columns(entry: &Entry) -> [Option<String>; 6] {
    if entry.action != ACTION || entry.phase == Phase::Intent.as_str() {
        return [const { None }; 6];
    }
    let detail: serde_json::Value = serde_json::from_str(&entry.detail).unwrap_or_default();
    let member = |name: &str| detail.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    ["outcome", "connector", "connection", "account", "source", "agent_run"].map(member)
}

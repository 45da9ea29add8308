//! A page of a list of tools: each tool's text. As text they take the least until all pages are there.

use serde_json::Value;

/// A page of tools.
pub(crate) struct Page {
    /// Each tool as JSON, and how many values it has.
    pub(crate) tools: Vec<(Box<str>, usize)>,
    /// What asks for the next page.
    pub(crate) next: Option<String>,
}

impl Page {
    /// What a result has; none if it has no list of tools.
    pub(crate) fn of(mut result: Value) -> Option<Self> {
        let Some(Value::Array(tools)) = result.get_mut("tools").map(Value::take) else { return None };
        let tools = tools.into_iter().map(|tool| (tool.to_string().into_boxed_str(), values_in(&tool))).collect();
        let next = result.get("nextCursor").and_then(Value::as_str).filter(|next| !next.is_empty());
        Some(Self { tools, next: next.map(str::to_owned) })
    }
}

/// How many values there are, all within counted. What was read nests no deeper than its reader let it.
fn values_in(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(values_in).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(values_in).sum::<usize>(),
        _ => 1,
    }
}

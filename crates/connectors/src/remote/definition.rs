//! A server's list of tools, made fit to be shown: what can't be is left out, tool by tool, and said.

use super::arguments::Arguments;
use super::name::served_name;
use super::schema::{Fitted, fitted};
use super::tool::RemoteTool;
use crate::connector::{Tool, Work};
use crate::scopes::ScopeRule;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::sync::Arc;
use valetkey_domain::invisible::{is_invisible, shown};
use valetkey_domain::tool::{Effect, Hints, Tool as Definition};

/// The longest name that a server's tool may have.
const LONGEST_NAME: usize = 256;
/// What names a header within a schema.
const HEADER: &str = "x-mcp-header";
/// The longest title and description that are shown, in characters.
const LONGEST_TITLE: usize = 120;
const LONGEST_DESCRIPTION: usize = 8_000;

/// The tools of a list, and what became of the others.
#[derive(Debug, Default)]
pub struct Prepared {
    /// Those that can be called.
    pub tools: Vec<Arc<Tool>>,
    /// What was changed to make a tool fit.
    pub changed: Vec<Note>,
    /// Which were left out.
    pub left_out: Vec<Note>,
}

/// What became of a tool, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The tool, by the server's own name as far as it has one.
    pub tool: String,
    /// Why.
    pub why: String,
}

/// Makes the tools of a server's list fit, one after the other; `prefix` is what their names begin with here.
#[must_use]
pub fn prepared(prefix: &str, listed: impl IntoIterator<Item = Value>) -> Prepared {
    let (mut prepared, mut names) = (Prepared::default(), HashSet::new());
    for (at, tool) in listed.into_iter().enumerate() {
        let own = tool.get("name").and_then(Value::as_str).unwrap_or_default();
        let note = |why: String| Note {
            tool: if own.is_empty() { format!("#{}", at + 1) } else { shown(own, LONGEST_TITLE) },
            why,
        };
        match one(prefix, own, &tool) {
            Ok((made, changes)) if names.insert(made.definition.name.clone()) => {
                prepared.changed.extend(changes.into_iter().map(note));
                prepared.tools.push(Arc::new(made));
            }
            Ok(_) => prepared.left_out.push(note("another tool of the list has its name".to_owned())),
            Err(why) => prepared.left_out.push(note(why)),
        }
    }
    prepared
}

fn one(prefix: &str, own: &str, tool: &Value) -> Result<(Tool, Vec<String>), String> {
    if own.is_empty() || own.len() > LONGEST_NAME || own.chars().any(is_invisible) {
        return Err(format!("its name is none: 1 to {LONGEST_NAME} characters that can be seen"));
    }
    let Fitted { schema, renamed, plain, mut changes } = fitted(tool.get("inputSchema"))?;
    let name = served_name(prefix, own);
    if name != format!("{prefix}_{own}") {
        changes.push(format!("is served as `{name}`"));
    }
    let (description, cut) = words(tool.get("description").and_then(Value::as_str).unwrap_or_default());
    if cut {
        changes.push("its description was changed: it was too long, or held what nobody sees".to_owned());
    }
    let hint = |name: &str| tool.get("annotations").and_then(|hints| hints.get(name)).and_then(Value::as_bool);
    let effect = match (hint("readOnlyHint"), hint("destructiveHint")) {
        (Some(true), _) => Effect::Read,
        (_, Some(false)) => Effect::Write,
        _ => Effect::Destructive,
    };
    let title = [tool.get("title"), tool.get("annotations").and_then(|hints| hints.get("title"))];
    let title = title.into_iter().flatten().find_map(Value::as_str).unwrap_or(own);
    let told =
        json!([own, tool.get("title"), tool.get("description"), tool.get("inputSchema"), tool.get("annotations")]);
    let told = told.to_string();
    let remote = RemoteTool {
        own_name: own.to_owned(),
        // It takes as much as the one that is shown, and few have a header in them.
        input_schema: tool.get("inputSchema").filter(|_| told.contains(HEADER)).cloned().unwrap_or_default(),
        digest: Sha256::digest(told.as_bytes()).into(),
        arguments: Arguments::of(&schema, renamed, plain),
    };
    let definition = Definition {
        name,
        title: shown(title, LONGEST_TITLE),
        description,
        input_schema: schema,
        output_schema: None,
        effect,
        hints: Hints {
            idempotent: hint("idempotentHint").unwrap_or(effect.read_only()),
            open_world: hint("openWorldHint").unwrap_or(true),
        },
    };
    Ok((
        Tool { definition, keywords: Vec::new(), scopes: ScopeRule::default(), work: Work::Remote(Box::new(remote)) },
        changes,
    ))
}

/// A description without what nobody sees, no longer than is shown, and whether that changed it.
fn words(text: &str) -> (String, bool) {
    let seen = |c: &char| *c == '\n' || *c == '\t' || !is_invisible(*c);
    let kept: String = text.chars().filter(seen).take(LONGEST_DESCRIPTION).collect();
    let changed = kept != text;
    (kept, changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({"type": "object", "properties": {"a": {"type": "string"}}})
    }

    #[test]
    fn a_schema_is_kept_as_it_came_only_where_it_names_headers() {
        let headed = json!({"type": "object", "properties": {"a": {"type": "string", "x-mcp-header": "A"}}});
        for (schema, kept) in [(schema(), Value::Null), (headed.clone(), headed)] {
            let prepared = prepared("p", [json!({"name": "a", "inputSchema": schema})]);
            assert_eq!(prepared.tools[0].remote().unwrap().input_schema, kept);
        }
    }

    #[test]
    fn one_odd_tool_spoils_no_list() {
        let list = [
            json!({"name": "good", "description": "x", "inputSchema": schema(), "annotations": {"readOnlyHint": true}}),
            json!({"name": "good", "inputSchema": schema()}),
            json!({"name": 3, "inputSchema": schema()}),
            json!({"name": "a\u{200b}b", "inputSchema": schema()}),
            json!({"name": "no_object", "inputSchema": {"type": "string"}}),
            json!(null),
            json!({"name": "bare"}),
            json!({"name": "a.b", "description": "x\u{e0041}y", "inputSchema": schema(), "annotations": {"destructiveHint": false, "idempotentHint": true, "openWorldHint": false}}),
        ];
        let prepared = prepared("p", list);
        let names: Vec<_> = prepared.tools.iter().map(|tool| tool.definition.name.as_str()).collect();
        assert_eq!(names, ["p_good", "p_bare", &served_name("p", "a.b")]);
        let effects: Vec<_> = prepared.tools.iter().map(|tool| tool.definition.effect).collect();
        assert_eq!(
            effects,
            [Effect::Read, Effect::Destructive, Effect::Write],
            "nothing said is the worst that may be"
        );
        let hints = prepared.tools[2].definition.hints;
        assert!(hints.idempotent && !hints.open_world);
        assert_eq!(prepared.tools[2].definition.description, "xy");
        let left_out: Vec<_> = prepared.left_out.iter().map(|note| note.tool.as_str()).collect();
        assert_eq!(left_out, ["good", "#3", "ab", "no_object", "#6"]);
        assert_eq!(prepared.changed.iter().filter(|note| note.tool == "bare").count(), 1);
    }

    #[test]
    fn attack_46_whatever_a_model_is_told_is_in_the_digest() {
        let digest = |tool: Value| {
            let prepared = prepared("p", [tool]);
            let Work::Remote(remote) = &prepared.tools[0].work else { panic!("remote") };
            remote.digest
        };
        let base = json!({"name": "a", "description": "d", "inputSchema": schema()});
        assert_eq!(digest(base.clone()), digest(base.clone()));
        for (member, value) in [
            ("description", json!("e")),
            ("title", json!("t")),
            ("annotations", json!({"readOnlyHint": true})),
            ("inputSchema", json!({"type": "object"})),
        ] {
            let mut other = base.clone();
            other[member] = value;
            assert_ne!(digest(base.clone()), digest(other), "{member}");
        }
    }
}

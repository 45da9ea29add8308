//! What stands for a server's tool of which nothing is known.

use super::arguments::Arguments;
use super::tool::RemoteTool;
use crate::connector::{Tool, Work};
use crate::scopes::ScopeRule;
use valetkey_domain::tool::{Effect, Hints, Tool as Definition};

/// A tool that stands for what nobody could ask a server about: it takes anything, and is never sent there.
#[must_use]
pub fn standing_in(name: String, title: String, description: String) -> Tool {
    let input_schema = serde_json::json!({ "type": "object", "properties": {} });
    let remote = RemoteTool {
        own_name: String::new(),
        input_schema: input_schema.clone(),
        digest: [0; 32],
        arguments: Arguments::default(),
    };
    let (effect, output_schema) = (Effect::Read, None);
    let hints = Hints::of(effect);
    let definition = Definition { name, title, description, input_schema, output_schema, effect, hints };
    Tool { definition, keywords: Vec::new(), scopes: ScopeRule::default(), work: Work::Remote(Box::new(remote)) }
}

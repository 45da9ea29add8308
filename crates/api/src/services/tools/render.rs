//! A tool as a message.

use crate::services::structs;
use serde_json::{Map, json};
use valetkey_app::tools::Offer;
use valetkey_proto::v1::tools as wire;
use valetkey_proto::well_known::Struct;

/// A tool with its whole definition. It has no time of change: tools come with the server, or from files beside it.
pub(super) fn tool(offer: &Offer) -> wire::Tool {
    wire::Tool {
        id: offer.id(),
        provider: offer.connector.provider_key(),
        definition: Some(definition(&offer.tool.definition)),
        metadata: Some(structs::of(&Map::from_iter([("status".to_owned(), json!(offer.connector.status()))]))),
        tags: Vec::new(),
        is_default: Some(true),
        updated_at: None,
    }
}

/// What converters read: snake_case throughout, the schemas as they are.
fn definition(tool: &valetkey_domain::tool::Tool) -> Struct {
    let annotations = json!({
        "title": tool.title,
        "read_only_hint": tool.effect.read_only(),
        "destructive_hint": tool.effect.destructive(),
        // Only of reading is it known that a second call adds nothing.
        "idempotent_hint": tool.effect.read_only(),
        "open_world_hint": true,
    });
    let mut definition = structs::of(&Map::from_iter([
        ("name".to_owned(), json!(tool.name)),
        ("display_name".to_owned(), json!(tool.title)),
        ("description".to_owned(), json!(tool.description)),
        ("annotations".to_owned(), annotations),
    ]));
    let schemas = [("input_schema", Some(&tool.input_schema)), ("output_schema", tool.output_schema.as_ref())];
    for (name, schema) in schemas {
        definition.fields.extend(schema.map(|schema| (name.to_owned(), structs::write(schema))));
    }
    definition
}

//! Messages as JSON Schema, with what the rules say of their fields.

use super::parts::{comment, put, reference};
use crate::contract::Contract;
use prost_reflect::{Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value as Reflected};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use valetkey_proto::google::api::FieldBehavior;
use valetkey_proto::options::FieldRules;

/// The schemas that were asked for, each once, with all they refer to.
pub(crate) struct Schemas<'a> {
    contract: &'a Contract,
    /// Whether a message stands where it is used, without what only answers have, in place of a reference to it.
    inline: bool,
    known: BTreeMap<String, Value>,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(contract: &'a Contract) -> Self {
        Self { contract, inline: false, known: BTreeMap::new() }
    }

    /// Those of requests alone, each whole: for a document that has no place to refer to.
    pub(crate) fn inline(contract: &'a Contract) -> Self {
        Self { inline: true, ..Self::new(contract) }
    }

    /// All of them.
    pub(super) fn finish(self) -> Map<String, Value> {
        self.known.into_iter().collect()
    }

    /// What a message is called here: `mcp.McpConfig`; none for Google's, which have JSON forms of their own.
    pub(super) fn name(message: &MessageDescriptor) -> Option<String> {
        let own = || message.full_name().strip_prefix("valetkey.v1.").map(|name| format!("why.{name}"));
        message.full_name().strip_prefix("scalekit.v1.").map(str::to_owned).or_else(own)
    }

    /// A reference to the message of this full name.
    pub(super) fn message_named(&mut self, full_name: &str) -> Value {
        let message = self.contract.pool.get_message_by_name(full_name);
        message.map_or_else(|| json!({}), |message| self.message(&message))
    }

    /// A reference to a message, or the JSON form that Google's have.
    pub(super) fn message(&mut self, message: &MessageDescriptor) -> Value {
        let Some(name) = Self::name(message) else { return self.well_known(message) };
        if self.inline {
            return self.object(message, &[]);
        }
        if !self.known.contains_key(&name) {
            self.known.insert(name.clone(), Value::Null);
            let schema = self.object(message, &[]);
            self.known.insert(name.clone(), schema);
        }
        reference(&name)
    }

    /// A message whole, without the fields of these names.
    pub(super) fn object(&mut self, message: &MessageDescriptor, without: &[String]) -> Value {
        let fields: Vec<_> =
            message.fields().filter(|field| !without.iter().any(|name| name == field.name())).collect();
        let asked =
            |field: &FieldDescriptor| !self.inline || !self.behaviour(field).contains(&FieldBehavior::OutputOnly);
        let fields: Vec<_> = fields.into_iter().filter(asked).collect();
        let mut schema = json!({ "type": "object" });
        if let Some(text) = comment(&message.parent_file(), message.path()) {
            put(&mut schema, "description", text);
        }
        let mut properties = Map::new();
        for field in &fields {
            properties.insert(field.name().to_owned(), self.field(message, field));
        }
        let required: Vec<_> =
            fields.iter().filter(|field| self.required(message, field)).map(|field| field.name().to_owned()).collect();
        if !required.is_empty() {
            put(&mut schema, "required", required);
        }
        put(&mut schema, "properties", properties);
        schema
    }

    /// A field with its comment, direction and rules.
    pub(crate) fn field(&mut self, of: &MessageDescriptor, field: &FieldDescriptor) -> Value {
        let rules = self.contract.rules.of(of, field).cloned().unwrap_or_default();
        let mut schema = self.shape(field);
        limit(&mut schema, &rules);
        if let Some(text) = comment(&field.parent_message().parent_file(), field.path()) {
            put(&mut schema, "description", text);
        }
        let behaviour = self.behaviour(field);
        if behaviour.contains(&FieldBehavior::OutputOnly) {
            put(&mut schema, "readOnly", true);
        }
        if behaviour.contains(&FieldBehavior::InputOnly) {
            put(&mut schema, "writeOnly", true);
        }
        schema
    }

    /// Whether a request without the field is refused.
    pub(crate) fn required(&self, of: &MessageDescriptor, field: &FieldDescriptor) -> bool {
        let rules = self.contract.rules.of(of, field);
        rules.is_some_and(|rules| rules.required) || self.behaviour(field).contains(&FieldBehavior::Required)
    }

    fn behaviour(&self, field: &FieldDescriptor) -> Vec<FieldBehavior> {
        let Some(option) = self.contract.pool.get_extension_by_name("google.api.field_behavior") else { return vec![] };
        let options = field.options();
        let numbers = options.get_extension(&option);
        let numbers = numbers.as_list().unwrap_or_default();
        numbers.iter().filter_map(Reflected::as_enum_number).filter_map(|n| FieldBehavior::try_from(n).ok()).collect()
    }

    fn shape(&mut self, field: &FieldDescriptor) -> Value {
        if let (true, Kind::Message(entry)) = (field.is_map(), field.kind()) {
            let value = entry.map_entry_value_field();
            return json!({ "type": "object", "additionalProperties": self.kind(&value.kind()) });
        }
        let one = self.kind(&field.kind());
        if field.cardinality() == Cardinality::Repeated { json!({ "type": "array", "items": one }) } else { one }
    }

    fn kind(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::String => json!({ "type": "string" }),
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::Double | Kind::Float => json!({ "type": "number" }),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({ "type": "integer", "format": "int32" }),
            Kind::Uint32 | Kind::Fixed32 => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => {
                json!({ "type": "string", "format": "int64" })
            }
            Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
            Kind::Enum(values) => enumeration(values),
            Kind::Message(message) => self.message(message),
        }
    }

    fn well_known(&mut self, message: &MessageDescriptor) -> Value {
        match message.name() {
            "Timestamp" => json!({ "type": "string", "format": "date-time" }),
            "Duration" => json!({ "type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$" }),
            "FieldMask" => json!({ "type": "string" }),
            "Struct" | "Empty" | "Any" => json!({ "type": "object" }),
            "ListValue" => json!({ "type": "array" }),
            _ => match message.get_field_by_name("value") {
                Some(value) => self.kind(&value.kind()),
                None => json!({}),
            },
        }
    }
}

fn enumeration(values: &EnumDescriptor) -> Value {
    json!({ "type": "string", "enum": values.values().map(|value| value.name().to_owned()).collect::<Vec<_>>() })
}

/// Adds the rules that JSON Schema can say.
fn limit(schema: &mut Value, rules: &FieldRules) {
    let mut says = |keyword: &str, value: Option<Value>| {
        if let Some(value) = value {
            put(schema, keyword, value);
        }
    };
    says("minLength", rules.min_len.map(Value::from));
    says("maxLength", rules.max_len.map(Value::from));
    says("minItems", rules.min_items.map(Value::from));
    says("maxItems", rules.max_items.map(Value::from));
    says("maxProperties", rules.max_pairs.map(Value::from));
    says("exclusiveMinimum", rules.gt.map(Value::from));
    says("minimum", rules.gte.map(Value::from));
    says("maximum", rules.lte.map(Value::from));
    says("pattern", (!rules.pattern.is_empty()).then(|| json!(rules.pattern)));
    says("pattern", (!rules.prefix.is_empty()).then(|| json!(format!("^{}", rules.prefix))));
    says("enum", (!rules.one_of.is_empty()).then(|| json!(rules.one_of)));
    says("uniqueItems", rules.unique.then_some(Value::Bool(true)));
}

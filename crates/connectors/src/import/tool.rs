//! An operation of a document as a tool of a connector file.

use super::names::Arguments;
use super::words;
use crate::auth::Slot;
use crate::connector::Connector;
use crate::file::ToolFile;
use crate::lint;
use crate::target::Target;
use http::HeaderName;
use serde::Deserialize as _;
use serde_json::{Map, Value, json};
use valetkey_domain::invisible::shown;
use valetkey_domain::tool::Effect;
use valetkey_vendor::Place;
use valetkey_vendor::Schema;
use valetkey_vendor::openapi::survey::{Described, Offer};

/// The most arguments of one tool.
const MAX_ARGUMENTS: usize = 100;
/// Headers that the OpenAPI specification says a parameter can't be, and that we fill ourselves.
const OURS: [&str; 3] = ["accept", "content-type", "authorization"];
/// Why a tool's effect is not the one of its method.
const EXCUSE: &str = "Whoever imported it says so.";

/// A tool that can be had.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its own name, which stands behind a connection's prefix.
    pub name: String,
    /// The operation's place in the document.
    pub at: String,
    /// Method and path of its request.
    pub request: String,
    /// What people read.
    pub title: String,
    /// What models read.
    pub description: String,
    /// What calling it does: what follows from its method, unless somebody said otherwise.
    pub effect: Effect,
    of_method: Effect,
    /// What of the operation is left out.
    pub left_out: Vec<String>,
    /// The tool as a connector file has it.
    pub file: Value,
}

impl Candidate {
    /// Says what calling it does, whatever its method says.
    pub fn say(&mut self, effect: Effect) {
        self.effect = effect;
        let Some(file) = self.file.as_object_mut() else { return };
        file.insert("effect".to_owned(), effect.as_str().into());
        file.shift_remove("excuse");
        if effect != self.of_method {
            file.insert("excuse".to_owned(), EXCUSE.into());
        }
    }
}

/// What calling a tool that is kept does, if somebody said so.
pub(super) fn said(kept: &Value) -> Option<Effect> {
    kept.get("excuse")?;
    Effect::parse(kept.get("effect")?.as_str()?)
}

/// The tool that an operation makes.
///
/// # Errors
/// Why it makes none.
pub(super) fn candidate(offer: &Offer, name: &str, prefix: &str, provider: &Connector) -> Result<Candidate, String> {
    let mut making = Making { arguments: Arguments::default(), input: Map::new(), left_out: offer.left_out.clone() };
    for described in &offer.parameters {
        making.parameter(described, provider)?;
    }
    making.body(offer)?;
    if making.input.len() > MAX_ARGUMENTS {
        return Err(format!("it takes {} arguments, and a tool has {MAX_ARGUMENTS} at most", making.input.len()));
    }
    let of_method = match offer.method.as_str() {
        "GET" => Effect::Read,
        "DELETE" => Effect::Destructive,
        _ => Effect::Write,
    };
    let path = format!("{prefix}{}", offer.path);
    let request = format!("{} {path}", offer.method);
    let title = words::title(&offer.summary, name);
    let description = words::of_tool(&offer.description, &offer.summary, offer.deprecated, &request);
    let mut file = json!({
        "title": title, "description": description, "effect": of_method.as_str(),
        "operation": offer.id.as_deref().unwrap_or(&request),
        "request": {"method": offer.method, "path": path},
        "input": making.input,
    });
    if let Some(members) = file.as_object_mut() {
        if offer.body.as_ref().is_some_and(|body| body.form) {
            members.insert("body".to_owned(), "form".into());
        }
        if offer.answers_file {
            members.insert("answer".to_owned(), "file".into());
        }
    }
    checked(name, &file)?;
    let (at, left_out) = (offer.at.clone(), making.left_out);
    let (name, effect) = (name.to_owned(), of_method);
    Ok(Candidate { name, at, request, title, description, effect, of_method, left_out, file })
}

/// Holds a tool to what a file of a user's own is held to.
pub(super) fn checked(name: &str, file: &Value) -> Result<(), String> {
    let tool = ToolFile::deserialize(file).map_err(|why| why.to_string())?;
    match lint::imported(name, &tool).first() {
        None => Ok(()),
        Some(problem) => {
            let at = problem.at.strip_prefix(&format!("tools.{name}")).unwrap_or(&problem.at).trim_start_matches('.');
            Err(if at.is_empty() { problem.why.clone() } else { format!("{at}: {}", problem.why) })
        }
    }
}

struct Making {
    arguments: Arguments,
    input: Map<String, Value>,
    left_out: Vec<String>,
}

impl Making {
    fn parameter(&mut self, described: &Described, provider: &Connector) -> Result<(), String> {
        let parameter = &described.parameter;
        let wire = parameter.name.as_str();
        let place = match (parameter.place, described.in_header) {
            (Place::Path, _) => "path",
            (Place::Query, true) => "header",
            (Place::Query, false) => "query",
        };
        if described.in_header && OURS.iter().any(|ours| wire.eq_ignore_ascii_case(ours))
            || is_credential(place, wire, provider)
        {
            return Ok(());
        }
        let target = format!("{place}.{wire}");
        let target_is = if words::is_plain(wire) {
            Target::parse(&target)
        } else {
            Err("its name is too long, or has what nobody sees".to_owned())
        };
        if let Err(why) = target_is {
            return self.unfit(parameter.required, format!("the {place} parameter `{}`: {why}", shown(wire, 60)));
        }
        let mut one = Map::new();
        one.insert(
            "type".to_owned(),
            json!(if described.in_header && parameter.repeated { "string" } else { &parameter.kind }),
        );
        if let Some(allowed) = allowed(&parameter.allowed) {
            one.insert("enum".to_owned(), allowed);
        }
        if let Some(format) = &parameter.format {
            one.insert("format".to_owned(), json!(format));
        }
        for (key, bound) in [("minimum", parameter.minimum), ("maximum", parameter.maximum)] {
            if let Some(bound) = bound.filter(|_| matches!(parameter.kind.as_str(), "integer" | "number")) {
                one.insert(key.to_owned(), bound.into());
            }
        }
        let mut field = if parameter.repeated {
            Map::from_iter([("type".to_owned(), json!("array")), ("items".to_owned(), Value::Object(one))])
        } else {
            one
        };
        let mut said = words::of_argument(&described.description, &format!("`{wire}` in the {place} of the request."));
        if let Some(default) =
            parameter.default.as_deref().filter(|text| !text.is_empty() && text.len() <= 60 && !parameter.required)
        {
            said.push_str(&format!(" Without it the app takes {}.", words::of_part(default)));
        }
        field.insert("description".to_owned(), said.into());
        self.put(place, wire, &target, parameter.required, field);
        Ok(())
    }

    fn put(&mut self, place: &str, wire: &str, target: &str, required: bool, mut field: Map<String, Value>) {
        if required {
            field.insert("required".to_owned(), true.into());
        }
        field.insert("map".to_owned(), target.into());
        let name = self.arguments.name(place, wire);
        self.input.insert(name, Value::Object(field));
    }

    /// What need not be sent is left out; else nothing is to be made of the operation.
    fn unfit(&mut self, needed: bool, why: String) -> Result<(), String> {
        if needed {
            return Err(why);
        }
        self.left_out.push(why);
        Ok(())
    }

    fn body(&mut self, offer: &Offer) -> Result<(), String> {
        let Some(body) = &offer.body else { return Ok(()) };
        let schema = &body.schema;
        let is_object = schema.kind.as_deref() == Some("object");
        if is_object && !schema.properties.is_empty() {
            for (name, member) in &schema.properties {
                let required = !member.required_by.is_empty();
                if name.is_empty() || name.contains('.') || !words::is_plain(name) {
                    let why =
                        format!("requestBody: its member `{}` has a name that none can be sent by", shown(name, 60));
                    self.unfit(required, why)?;
                    continue;
                }
                let said = member.description.as_deref().unwrap_or_default();
                let said = words::of_argument(said, &format!("`{name}` in the body of the request."));
                self.put("body", name, &format!("body.{name}"), required, field(member, &said));
            }
            return Ok(());
        }
        if body.form && !is_object {
            return self.unfit(body.required, "requestBody: a form is no object".to_owned());
        }
        let said = schema.description.as_deref().unwrap_or_default();
        let said = words::of_argument(said, "The whole body of the request.");
        let whole = if schema.kind.as_deref().is_none_or(|kind| kind == "any") {
            Schema { kind: Some("object".to_owned()), ..schema.clone() }
        } else {
            schema.clone()
        };
        self.put("body", "body", "body", body.required, field(&whole, &said));
        Ok(())
    }
}

/// Whether the user's credential stands there: then nobody else says what does.
fn is_credential(place: &str, wire: &str, provider: &Connector) -> bool {
    let header = wire.parse::<HeaderName>().ok();
    provider.ways.iter().flat_map(|way| way.sends()).any(|sends| match &sends.slot {
        Slot::Header(name) => place == "header" && header.as_ref() == Some(name),
        Slot::Query(name) => place == "query" && name == wire,
    })
}

/// An argument's own part of a file.
fn field(schema: &Schema, description: &str) -> Map<String, Value> {
    let kinds = ["integer", "number", "boolean", "array", "object"];
    let kind = schema.kind.as_deref().filter(|kind| kinds.contains(kind)).unwrap_or("string");
    let mut field = Map::from_iter([("type".to_owned(), json!(kind)), ("description".to_owned(), json!(description))]);
    if let Some(allowed) = allowed(&schema.allowed).filter(|_| kind == "string") {
        field.insert("enum".to_owned(), allowed);
    }
    if let Some(format) = schema.format.as_deref().filter(|format| kind == "string" && is_checked(format)) {
        field.insert("format".to_owned(), json!(format));
    }
    if kind == "array" {
        let items = schema.items.as_deref().map_or_else(|| json!({"type": "string"}), of_schema);
        field.insert("items".to_owned(), items);
    }
    if kind == "object" && !schema.properties.is_empty() {
        let (members, needs) = members(schema);
        field.insert("members".to_owned(), Value::Object(members));
        if !needs.is_empty() {
            field.insert("needs".to_owned(), json!(needs));
        }
    }
    field
}

/// The only values that a text may have, where it may not have any.
fn allowed(texts: &[String]) -> Option<Value> {
    let seen: Vec<&String> = texts.iter().filter(|text| words::is_plain(text)).collect();
    (!seen.is_empty()).then(|| json!(seen))
}

/// The formats that an argument is held to.
fn is_checked(format: &str) -> bool {
    matches!(format, "date" | "date-time")
}

/// A part of an argument as JSON Schema. It nests no deeper than documents are read.
fn of_schema(schema: &Schema) -> Value {
    let mut made = Map::new();
    let kind = schema
        .kind
        .as_deref()
        .filter(|kind| ["string", "integer", "number", "boolean", "array", "object"].contains(kind));
    if let Some(kind) = kind {
        let kinds = if schema.nullable { json!([kind, "null"]) } else { json!(kind) };
        made.insert("type".to_owned(), kinds);
    }
    let said = words::of_part(schema.description.as_deref().unwrap_or_default());
    if !said.is_empty() {
        made.insert("description".to_owned(), said.into());
    }
    if kind == Some("string") {
        if let Some(mut allowed) = allowed(&schema.allowed) {
            if let Some(texts) = allowed.as_array_mut().filter(|_| schema.nullable) {
                texts.push(Value::Null);
            }
            made.insert("enum".to_owned(), allowed);
        }
        if let Some(format) = schema.format.as_deref().filter(|format| is_checked(format)) {
            made.insert("format".to_owned(), json!(format));
        }
    }
    if let Some(items) = schema.items.as_deref().filter(|_| kind == Some("array")) {
        made.insert("items".to_owned(), of_schema(items));
    }
    if kind == Some("object") && !schema.properties.is_empty() {
        let (members, needs) = members(schema);
        made.insert("properties".to_owned(), Value::Object(members));
        if !needs.is_empty() {
            made.insert("required".to_owned(), json!(needs));
        }
    }
    Value::Object(made)
}

/// An object's members, and those that it needs.
fn members(schema: &Schema) -> (Map<String, Value>, Vec<&str>) {
    let plain = || schema.properties.iter().filter(|(name, _)| words::is_plain(name));
    let members = plain().map(|(name, member)| (name.clone(), of_schema(member)));
    let needs = plain().filter(|(_, member)| !member.required_by.is_empty());
    (members.collect(), needs.map(|(name, _)| name.as_str()).collect())
}

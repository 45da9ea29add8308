//! OpenAPI 3 documents, read into a digest.
//!
//! Source: <https://spec.openapis.org/oas/v3.0.3> and 3.1, as far as it says what a request looks like. What answers look
//! like is left out: it is most of such a document, and no request is held against it.

mod reference;
mod schema;
pub mod survey;

use crate::digest::{Digest, Operation, Parameter, Place};
use crate::{Error, template};
use reference::followed;
use schema::{Parts, Schemas};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

pub use survey::survey;

/// How many parts a vendor's schemas may have: what somebody here chose to read is no small document of a stranger's.
const PARTS: Parts = Parts { one: 1_000_000, all: 10_000_000 };

/// The methods of which a path item may have an operation.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The digest of the wanted operations (by `operationId`) of one document, under the given id.
/// `source_sha256` is of the document's bytes, in hexadecimal: it says later which text this was read from.
///
/// # Errors
/// The document lacks what a digest needs, or does not have one of the operations or a part that it names.
pub fn digest(document: &Value, id: &str, source_sha256: &str, wanted: &[&str]) -> Result<Digest, Error> {
    let (base_url, prefix) = server(document)?;
    let described = collect(document);
    let reader = Reader { document, schemas: Schemas::of(document, false, PARTS), prefix: &prefix };
    let mut operations = BTreeMap::new();
    for &id in wanted {
        let found = described.get(id).ok_or_else(|| Error::NoOperation(id.to_owned()))?;
        operations.insert(id.to_owned(), reader.operation(id, found)?);
    }
    let revision = document.pointer("/info/version").and_then(Value::as_str);
    Ok(Digest {
        id: id.to_owned(),
        revision: revision.ok_or_else(|| Error::Missing("info.version".to_owned()))?.to_owned(),
        source_sha256: source_sha256.to_owned(),
        base_url,
        parameters: Vec::new(),
        operations,
        schemas: BTreeMap::new(),
        scopes: BTreeSet::new(),
        graphql: Vec::new(),
    })
}

/// The origin of the first server, and the path that all operations lie under.
fn server(document: &Value) -> Result<(String, String), Error> {
    let missing = || Error::Missing("servers[0].url".to_owned());
    let url = document.pointer("/servers/0/url").and_then(Value::as_str).ok_or_else(missing)?;
    let rest = url.strip_prefix("https://").ok_or_else(missing)?;
    let (host, path) = rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
    Ok((format!("https://{host}"), path.trim_end_matches('/').to_owned()))
}

/// One operation as the document has it.
struct Found<'a> {
    method: &'static str,
    path: &'a str,
    item: &'a Value,
    operation: &'a Value,
}

fn collect(document: &Value) -> BTreeMap<&str, Found<'_>> {
    let mut all = BTreeMap::new();
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    for (path, item) in paths {
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            if let Some(id) = operation.get("operationId").and_then(Value::as_str) {
                all.insert(id, Found { method, path, item, operation });
            }
        }
    }
    all
}

struct Reader<'a> {
    document: &'a Value,
    schemas: Schemas<'a>,
    prefix: &'a str,
}

impl<'a> Reader<'a> {
    fn operation(&self, id: &str, found: &Found<'a>) -> Result<Operation, Error> {
        let path = format!("{}{}", self.prefix, found.path);
        if !template::is_simple(&path) {
            return Err(Error::Template { operation: id.to_owned(), path });
        }
        self.schemas.begin();
        Ok(Operation {
            id: id.to_owned(),
            method: found.method.to_ascii_uppercase(),
            path,
            parameters: self.parameters(found)?,
            body: self.body(id, found.operation)?,
            response: None,
            upload: None,
            download: false,
            scopes: self.scopes(found.operation),
        })
    }

    /// The parameters of path and query; those of an operation replace those of its path.
    fn parameters(&self, found: &Found<'a>) -> Result<Vec<Parameter>, Error> {
        let mut all: Vec<Parameter> = Vec::new();
        for holder in [found.item, found.operation] {
            let listed = holder.get("parameters").and_then(Value::as_array).into_iter().flatten();
            for described in listed {
                let Some(parameter) = self.parameter(followed(self.document, described)?)? else { continue };
                all.retain(|known| known.name != parameter.name || known.place != parameter.place);
                all.push(parameter);
            }
        }
        Ok(all)
    }

    /// One parameter; nothing for headers and cookies, which no digest has.
    fn parameter(&self, described: &Value) -> Result<Option<Parameter>, Error> {
        let place = match described.get("in").and_then(Value::as_str) {
            Some("path") => Place::Path,
            Some("query") => Place::Query,
            _ => return Ok(None),
        };
        self.placed(described, place).map(Some)
    }

    /// The parameter that stands there.
    fn placed(&self, described: &Value, place: Place) -> Result<Parameter, Error> {
        let name = described.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| Error::Missing("parameters[].name".to_owned()))?.to_owned();
        self.schemas.count(name.len())?;
        let empty = Value::Object(Map::new());
        let own = described.get("schema").unwrap_or(&empty);
        let whole = self.schemas.read(own, "")?;
        // Without `explode: false` a list stands once for each element.
        let list = whole.kind.as_deref() == Some("array");
        let repeated = list && described.get("explode") != Some(&Value::Bool(false));
        let one = if repeated { whole.items.as_deref().cloned().unwrap_or_default() } else { whole };
        let bound = |key: &str| self.schemas.followed(own).ok()?.get(key)?.as_i64();
        let default = self.default(self.schemas.followed(own)?)?;
        let plain = one.kind.filter(|kind| ["integer", "number", "boolean"].contains(&kind.as_str()));
        Ok(Parameter {
            name,
            place,
            kind: plain.unwrap_or_else(|| "string".to_owned()),
            required: place == Place::Path || described.get("required") == Some(&Value::Bool(true)),
            repeated,
            allowed: one.allowed,
            format: one.format.filter(|format| format == "date-time" || format == "date"),
            minimum: bound("minimum"),
            maximum: bound("maximum"),
            default,
        })
    }

    /// What stands in for a parameter, as text.
    fn default(&self, described: &Value) -> Result<Option<String>, Error> {
        let Some(value) = described.get("default") else { return Ok(None) };
        let text = plain(value);
        self.schemas.count(text.len())?;
        Ok(Some(text))
    }

    fn body(&self, id: &str, operation: &'a Value) -> Result<Option<crate::Schema>, Error> {
        let Some(body) = operation.get("requestBody") else { return Ok(None) };
        let content = followed(self.document, body)?.get("content").and_then(Value::as_object);
        let json = content.into_iter().flatten().find(|(kind, _)| kind.contains("json"));
        let Some(schema) = json.and_then(|(_, media)| media.get("schema")) else { return Ok(None) };
        self.schemas.read(schema, id).map(Some)
    }

    /// The scopes of an OAuth scheme that the operation, or the whole document, names.
    fn scopes(&self, operation: &Value) -> Vec<String> {
        let rules = operation.get("security").or_else(|| self.document.get("security"));
        let named = rules.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object).flatten();
        let scopes = named.flat_map(|(_, scopes)| scopes.as_array().into_iter().flatten());
        let scopes: BTreeSet<String> = scopes.filter_map(Value::as_str).map(str::to_owned).collect();
        scopes.into_iter().collect()
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::RequestParts;
    use serde_json::json;

    fn document() -> Value {
        json!({
            "info": {"version": "7"}, "servers": [{"url": "https://box.test/v1"}],
            "paths": {
                "/things/{id}": {
                    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
                    "patch": {
                        "operationId": "things/update",
                        "parameters": [{"$ref": "#/components/parameters/state"}, {"name": "x", "in": "header"},
                            {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}],
                        "requestBody": {"content": {"application/json": {"schema": {"oneOf": [
                            {"$ref": "#/components/schemas/thing"}, {"type": "array", "items": {"type": "string"}}]}}}}
                    }
                }
            },
            "components": {
                "parameters": {"state": {"name": "state", "in": "query",
                    "schema": {"type": "string", "enum": ["open", "closed"], "default": "open"}}},
                "schemas": {"thing": {"allOf": [
                    {"type": "object", "required": ["name"], "properties": {"name": {"type": ["string", "null"]}}},
                    {"type": "object", "properties": {"size": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
                        "inner": {"$ref": "#/components/schemas/thing"}, "free": {"type": "object"}}}]}}
            }
        })
    }

    #[test]
    fn an_operation_is_read_with_all_that_a_request_needs() {
        let digest = digest(&document(), "box", "ab", &["things/update"]).unwrap();
        let operation = digest.operations.get("things/update").unwrap();
        assert_eq!((operation.method.as_str(), operation.path.as_str()), ("PATCH", "/v1/things/{id}"));
        let names: Vec<_> = operation.parameters.iter().map(|known| known.name.as_str()).collect();
        assert_eq!(names, ["id", "state", "tags"]);
        assert_eq!(operation.parameters[1].default.as_deref(), Some("open"));
        assert!(operation.parameters[2].repeated);
        let said = |query: &[(&str, &str)], body: Value| {
            let query: Vec<_> = query.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            let parts = RequestParts { query: &query, body: Some(&body) };
            operation
                .fits(&digest, &parts)
                .err()
                .unwrap_or_default()
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert!(said(&[("state", "open"), ("tags", "a"), ("tags", "b")], json!({"name": "x", "size": 3})).is_empty());
        assert!(said(&[], json!({"name": "x", "free": {"a": [1]}, "inner": {"name": "y", "size": "s"}})).is_empty());
        assert_eq!(said(&[("state", "shut")], json!({"name": "x"})), ["query.state is none of open, closed"]);
        assert_eq!(said(&[], json!({"size": 1})), ["body.name is missing"]);
        assert_eq!(said(&[], json!({"name": "x", "nmae": 1})), ["body.nmae is no member that the vendor knows"]);
    }

    #[test]
    fn what_is_not_there_is_told() {
        let missing = digest(&document(), "box", "ab", &["things/list"]).unwrap_err();
        assert!(missing.to_string().contains("things/list"));
        let mut broken = document();
        broken["components"]["parameters"] = json!({});
        let missing = digest(&broken, "box", "ab", &["things/update"]).unwrap_err();
        assert!(missing.to_string().contains("#/components/parameters/state"), "{missing}");
    }

    #[test]
    fn attack_73_schemas_in_circles_end() {
        let mut circle = document();
        circle["components"]["schemas"]["thing"] = json!({"$ref": "#/components/schemas/other"});
        circle["components"]["schemas"]["other"] = json!({"$ref": "#/components/schemas/thing"});
        assert!(digest(&circle, "box", "ab", &["things/update"]).is_err());
    }
}

//! Google's Discovery documents, read into a digest.
//!
//! Source: <https://developers.google.com/discovery/v1/reference/apis>; the documents themselves ship in the Python
//! package google-api-python-client, in `googleapiclient/discovery_cache/documents`.

use crate::digest::{Digest, Operation, Parameter, Place, Schema};
use crate::{Error, template};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The digest of the wanted operations (by id, such as `gmail.users.messages.list`) of one document.
/// `source_sha256` is of the document's bytes, in hexadecimal: it says later which text this was read from.
///
/// # Errors
/// The document lacks what a digest needs, or does not have one of the operations or a schema that it names.
pub fn digest(document: &Value, source_sha256: &str, wanted: &[&str]) -> Result<Digest, Error> {
    let service_path = text(document, "servicePath")?;
    let mut methods = BTreeMap::new();
    collect(document, &mut methods);
    let mut operations = BTreeMap::new();
    for &id in wanted {
        let method = methods.get(id).ok_or_else(|| Error::NoOperation(id.to_owned()))?;
        operations.insert(id.to_owned(), operation(id, method, service_path)?);
    }
    Ok(Digest {
        id: text(document, "id")?.to_owned(),
        revision: text(document, "revision")?.to_owned(),
        source_sha256: source_sha256.to_owned(),
        base_url: text(document, "rootUrl")?.trim_end_matches('/').to_owned(),
        parameters: parameters(document),
        schemas: reached(document, &operations)?,
        scopes: keys(document.pointer("/auth/oauth2/scopes")),
        operations,
        graphql: Vec::new(),
    })
}

/// Every method of the document by its id, however deep its resource lies.
fn collect<'a>(resource: &'a Value, into: &mut BTreeMap<&'a str, &'a Value>) {
    for method in members(resource, "methods").map(|(_, method)| method) {
        if let Some(id) = method.get("id").and_then(Value::as_str) {
            into.insert(id, method);
        }
    }
    members(resource, "resources").for_each(|(_, inner)| collect(inner, into));
}

fn operation(id: &str, method: &Value, service_path: &str) -> Result<Operation, Error> {
    let written = format!("/{service_path}{}", text(method, "path")?);
    let flat = method.get("flatPath").and_then(Value::as_str).map(|path| format!("/{service_path}{path}"));
    let simple = [Some(written.clone()), flat].into_iter().flatten().find(|path| template::is_simple(path));
    let path = simple.ok_or_else(|| Error::Template { operation: id.to_owned(), path: written.clone() })?;
    let mut parameters = parameters(method);
    if path != written {
        flatten(&mut parameters, &path);
    }
    Ok(Operation {
        id: id.to_owned(),
        method: text(method, "httpMethod")?.to_owned(),
        path,
        parameters,
        body: method.get("request").map(|shape| schema(shape, &[])),
        response: method.get("response").map(|shape| schema(shape, &[])),
        upload: upload(id, method)?,
        download: method.get("supportsMediaDownload").and_then(Value::as_bool).unwrap_or(false),
        scopes: strings(method.get("scopes")),
    })
}

/// Where a body goes that a file comes with: the document has it from the root of the host.
fn upload(id: &str, method: &Value) -> Result<Option<String>, Error> {
    let simple = method.pointer("/mediaUpload/protocols/simple");
    let several = simple.and_then(|simple| simple.get("multipart")).and_then(Value::as_bool).unwrap_or(false);
    let path = simple.filter(|_| several).and_then(|simple| simple.get("path")).and_then(Value::as_str);
    match path {
        Some(path) if !template::is_simple(path) => {
            Err(Error::Template { operation: id.to_owned(), path: path.to_owned() })
        }
        path => Ok(path.map(str::to_owned)),
    }
}

/// Where a variable of the written path stands for several segments (`{+resourceName}` for `people/me`), the flat path
/// has a variable for each that differs; those take its place.
fn flatten(parameters: &mut Vec<Parameter>, path: &str) {
    let variables: Vec<&str> = path.split('/').filter_map(template::variable).collect();
    parameters.retain(|known| known.place != Place::Path || variables.contains(&known.name.as_str()));
    for name in variables {
        if !parameters.iter().any(|known| known.place == Place::Path && known.name == name) {
            parameters.push(parameter(name, &json!({"location": "path", "required": true, "type": "string"})));
        }
    }
}

fn parameters(holder: &Value) -> Vec<Parameter> {
    members(holder, "parameters").map(|(name, described)| parameter(name, described)).collect()
}

fn parameter(name: &str, described: &Value) -> Parameter {
    let word = |key: &str| described.get(key).and_then(Value::as_str).map(str::to_owned);
    let flag = |key: &str| described.get(key).and_then(Value::as_bool).unwrap_or(false);
    Parameter {
        name: name.to_owned(),
        place: if word("location").as_deref() == Some("path") { Place::Path } else { Place::Query },
        kind: word("type").unwrap_or_else(|| "string".to_owned()),
        required: flag("required"),
        repeated: flag("repeated"),
        allowed: strings(described.get("enum")),
        format: word("format"),
        // Discovery writes bounds as text.
        minimum: word("minimum").and_then(|bound| bound.parse().ok()),
        maximum: word("maximum").and_then(|bound| bound.parse().ok()),
        default: word("default"),
    }
}

/// One schema, its members' `annotations.required` kept for the wanted operations only.
fn schema(described: &Value, wanted: &[&str]) -> Schema {
    let word = |key: &str| described.get(key).and_then(Value::as_str).map(str::to_owned);
    let inner = |key: &str| described.get(key).map(|inner| Box::new(schema(inner, wanted)));
    let required_by = strings(described.pointer("/annotations/required"));
    Schema {
        description: None,
        reference: word("$ref"),
        kind: word("type"),
        format: word("format"),
        allowed: strings(described.get("enum")),
        items: inner("items"),
        properties: members(described, "properties").map(|(name, m)| (name.clone(), schema(m, wanted))).collect(),
        additional: inner("additionalProperties"),
        nullable: false,
        required_by: required_by.into_iter().filter(|id| wanted.contains(&id.as_str())).collect(),
    }
}

/// The schemas that bodies and answers of these operations lead to.
fn reached(document: &Value, operations: &BTreeMap<String, Operation>) -> Result<BTreeMap<String, Schema>, Error> {
    let wanted: Vec<&str> = operations.keys().map(String::as_str).collect();
    let roots = operations.values().flat_map(|operation| operation.body.iter().chain(&operation.response));
    let mut waiting: Vec<String> = roots.flat_map(references).collect();
    let mut found = BTreeMap::new();
    while let Some(name) = waiting.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let described = document.get("schemas").and_then(|schemas| schemas.get(&name));
        let read = schema(described.ok_or_else(|| Error::NoSchema(name.clone()))?, &wanted);
        waiting.extend(references(&read));
        found.insert(name, read);
    }
    Ok(found)
}

/// The names of the schemas that this one mentions, at any depth.
fn references(schema: &Schema) -> Vec<String> {
    let inner = schema.properties.values().chain(schema.items.as_deref()).chain(schema.additional.as_deref());
    schema.reference.iter().cloned().chain(inner.flat_map(references)).collect()
}

fn members<'a>(holder: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    holder.get(key).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn text<'a>(holder: &'a Value, key: &str) -> Result<&'a str, Error> {
    holder.get(key).and_then(Value::as_str).ok_or_else(|| Error::Missing(key.to_owned()))
}

fn strings(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn keys(object: Option<&Value>) -> BTreeSet<String> {
    object.and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        json!({
            "id": "calendar:v3", "revision": "20261030",
            "rootUrl": "https://www.googleapis.com/", "servicePath": "calendar/v3/",
            "auth": {"oauth2": {"scopes": {"scope/a": {"description": "x"}, "scope/b": {}}}},
            "parameters": {"alt": {"location": "query", "type": "string", "enum": ["json"], "description": "prose"}},
            "resources": {"events": {"methods": {
                "insert": {
                    "id": "calendar.events.insert", "httpMethod": "POST", "path": "calendars/{calendarId}/events",
                    "parameters": {
                        "calendarId": {"location": "path", "required": true, "type": "string"},
                        "maxAttendees": {"location": "query", "type": "integer", "format": "int32", "minimum": "1"}
                    },
                    "request": {"$ref": "Event"}, "response": {"$ref": "Event"}, "scopes": ["scope/a"],
                    "supportsMediaDownload": true,
                    "mediaUpload": {"protocols": {"simple": {"multipart": true, "path": "/upload/calendars/{calendarId}"},
                        "resumable": {"multipart": true, "path": "/resumable"}}}
                },
                "flat": {
                    "id": "calendar.events.flat", "httpMethod": "GET", "path": "{+resourceName}/parts",
                    "flatPath": "things/{thingsId}/parts",
                    "parameters": {
                        "resourceName": {"location": "path", "required": true, "type": "string"},
                        "size": {"location": "query", "type": "integer"}
                    }
                },
                "odd": {"id": "calendar.events.odd", "httpMethod": "GET", "path": "{+name}"}
            }}},
            "schemas": {
                "Event": {"type": "object", "properties": {
                    "end": {"$ref": "When", "annotations": {"required": ["calendar.events.insert", "other"]}},
                    "parts": {"type": "array", "items": {"$ref": "Event"}}
                }},
                "When": {"type": "object", "properties": {"date": {"type": "string", "format": "date"}}},
                "Unreached": {"type": "object"}
            }
        })
    }

    #[test]
    fn an_operation_is_read_with_all_that_a_request_needs() {
        let digest = digest(&document(), "00ff", &["calendar.events.insert"]).unwrap();
        let insert = digest.operations.get("calendar.events.insert").unwrap();
        assert_eq!(
            (insert.method.as_str(), insert.path.as_str()),
            ("POST", "/calendar/v3/calendars/{calendarId}/events")
        );
        assert_eq!(digest.base_url, "https://www.googleapis.com");
        assert_eq!(insert.parameter(&digest, "maxAttendees").unwrap().minimum, Some(1));
        assert_eq!((insert.upload.as_deref(), insert.download), (Some("/upload/calendars/{calendarId}"), true));
        assert!(insert.parameter(&digest, "alt").is_some(), "what every operation takes is known too");
        assert_eq!(digest.scopes.len(), 2);
    }

    #[test]
    fn a_variable_of_several_segments_is_taken_apart() {
        let digest = digest(&document(), "", &["calendar.events.flat"]).unwrap();
        let flat = digest.operations.get("calendar.events.flat").unwrap();
        assert_eq!(flat.path, "/calendar/v3/things/{thingsId}/parts");
        assert_eq!(flat.parameters.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["size", "thingsId"]);
        let (found, values) = digest.find("GET", "/calendar/v3/things/me/parts").unwrap();
        assert_eq!((found.id.as_str(), values), ("calendar.events.flat", vec![("thingsId".into(), "me".into())]));
    }

    #[test]
    fn attack_73_only_reached_schemas_are_kept_and_recursion_ends() {
        let digest = digest(&document(), "", &["calendar.events.insert"]).unwrap();
        assert_eq!(digest.schemas.keys().collect::<Vec<_>>(), ["Event", "When"]);
        let end = digest.schemas.get("Event").unwrap().properties.get("end").unwrap();
        assert_eq!(end.required_by, ["calendar.events.insert"], "only for operations that were asked for");
    }

    #[test]
    fn what_is_missing_is_named() {
        let said = |wanted: &[&str], document: &Value| digest(document, "", wanted).unwrap_err().to_string();
        assert!(said(&["calendar.events.no"], &document()).contains("calendar.events.no"));
        assert!(said(&["calendar.events.odd"], &document()).contains("{+name}"));
        let mut torn = document();
        torn["schemas"]["When"].take();
        torn["schemas"].as_object_mut().unwrap().remove("When");
        assert!(said(&["calendar.events.insert"], &torn).contains("When"));
        torn.as_object_mut().unwrap().remove("revision");
        assert!(said(&[], &torn).contains("revision"));
    }
}

//! Does this request fit what the vendor describes? Stricter than most vendors on purpose: what passes here is
//! understood by them, and a typing error in a connector file does not hide behind their leniency.

use crate::digest::{Digest, Operation, Parameter, Place, Schema};
use crate::format;
use serde_json::{Map, Value};
use std::fmt;

/// The parts of a request that a description speaks of, decoded.
#[derive(Clone, Copy, Debug)]
pub struct RequestParts<'a> {
    /// The query's pairs in their order.
    pub query: &'a [(String, String)],
    /// The JSON body; nothing for an empty one.
    pub body: Option<&'a Value>,
}

/// One way in which a request does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Where: `query.maxResults`, `body.attendees[0].email`.
    pub at: String,
    /// What is wrong there, as the end of a sentence.
    pub why: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.why)
    }
}

impl Operation {
    /// Checks query and body. Path values are found by [`Digest::find`], which has matched them already.
    ///
    /// # Errors
    /// Everything that does not fit, never only the first.
    pub fn fits(&self, digest: &Digest, parts: &RequestParts<'_>) -> Result<(), Vec<Misfit>> {
        let mut check = Check { digest, operation: self, misfits: Vec::new() };
        check.query(parts.query);
        check.whole_body(parts.body);
        if check.misfits.is_empty() { Ok(()) } else { Err(check.misfits) }
    }
}

struct Check<'a> {
    digest: &'a Digest,
    operation: &'a Operation,
    misfits: Vec<Misfit>,
}

impl Check<'_> {
    fn add(&mut self, at: impl Into<String>, why: impl Into<String>) {
        self.misfits.push(Misfit { at: at.into(), why: why.into() });
    }

    fn query(&mut self, query: &[(String, String)]) {
        for (index, (name, value)) in query.iter().enumerate() {
            let at = format!("query.{name}");
            match self.operation.parameter(self.digest, name).filter(|known| known.place == Place::Query) {
                None => self.add(at, format!("is no parameter of {}", self.operation.id)),
                Some(known) if !known.repeated && query.iter().take(index).any(|(earlier, _)| earlier == name) => {
                    self.add(at, "stands more than once");
                }
                Some(known) => wrong_value(known, value).into_iter().for_each(|why| self.add(at.as_str(), why)),
            }
        }
        for known in self.operation.parameters.iter().filter(|known| known.required && known.place == Place::Query) {
            if !query.iter().any(|(name, _)| *name == known.name) {
                self.add(format!("query.{}", known.name), "is missing");
            }
        }
    }

    fn whole_body(&mut self, body: Option<&Value>) {
        let empty = Value::Object(Map::new());
        match (&self.operation.body, body) {
            (None, None) => {}
            (None, Some(_)) => self.add("body", format!("is not taken by {}", self.operation.id)),
            (Some(schema), body) => self.value("body", schema, body.unwrap_or(&empty)),
        }
    }

    fn value(&mut self, at: &str, schema: &Schema, value: &Value) {
        let schema = self.digest.resolve(schema).clone();
        match (schema.kind.as_deref(), value) {
            // In a patch, null takes a member away; elsewhere it is the same as absent.
            (_, Value::Null) | (Some("any") | None, _) | (Some("boolean"), Value::Bool(_)) => {}
            (Some("number"), Value::Number(_)) => {}
            (Some("integer"), Value::Number(number)) => self.integer(at, &schema, number),
            (Some("string"), Value::String(text)) => self.text(at, &schema, text),
            (Some("array"), Value::Array(items)) => self.items(at, &schema, items),
            (Some("object"), Value::Object(members)) => self.members(at, &schema, members),
            (Some(kind), _) => self.add(at, format!("is not of type {kind}")),
        }
    }

    fn integer(&mut self, at: &str, schema: &Schema, number: &serde_json::Number) {
        let range = format::range(schema.format.as_deref());
        if !number.as_i64().is_some_and(|number| range.contains(&number)) {
            self.add(at, format!("is not a whole number from {} to {}", range.start(), range.end()));
        }
    }

    fn text(&mut self, at: &str, schema: &Schema, text: &str) {
        if !schema.allowed.is_empty() && !schema.allowed.iter().any(|allowed| allowed == text) {
            self.add(at, format!("is none of {}", schema.allowed.join(", ")));
        }
        if let Some(why) = schema.format.as_deref().and_then(|format| format::wrong_text(format, text)) {
            self.add(at, why);
        }
    }

    fn items(&mut self, at: &str, schema: &Schema, items: &[Value]) {
        let Some(shape) = &schema.items else { return };
        for (index, item) in items.iter().enumerate() {
            self.value(&format!("{at}[{index}]"), shape, item);
        }
    }

    fn members(&mut self, at: &str, schema: &Schema, members: &Map<String, Value>) {
        for (name, value) in members {
            let at = format!("{at}.{name}");
            match schema.properties.get(name).or(schema.additional.as_deref()) {
                Some(shape) => self.value(&at, shape, value),
                None => self.add(at, "is no member that the vendor knows"),
            }
        }
        for (name, shape) in &schema.properties {
            let wanted = shape.required_by.contains(&self.operation.id);
            if wanted && members.get(name).is_none_or(|value| value.is_null() && !shape.nullable) {
                self.add(format!("{at}.{name}"), "is missing");
            }
        }
    }
}

/// What is wrong with a parameter's text.
fn wrong_value(known: &Parameter, value: &str) -> Option<String> {
    if !known.allowed.is_empty() && !known.allowed.iter().any(|allowed| allowed == value) {
        return Some(format!("is none of {}", known.allowed.join(", ")));
    }
    match known.kind.as_str() {
        "boolean" if value != "true" && value != "false" => Some("is neither true nor false".to_owned()),
        "integer" => {
            let range = format::range(known.format.as_deref());
            let least = known.minimum.unwrap_or(*range.start());
            let most = known.maximum.unwrap_or(*range.end());
            let good = value.parse::<i64>().is_ok_and(|number| (least..=most).contains(&number));
            (!good).then(|| format!("is not a whole number from {least} to {most}"))
        }
        "number" if value.parse::<f64>().is_err() => Some("is not a number".to_owned()),
        _ => known.format.as_deref().and_then(|format| format::wrong_text(format, value)).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn digest() -> Digest {
        serde_json::from_value(json!({
            "id": "calendar:v3", "revision": "1", "source_sha256": "", "base_url": "https://x.test", "scopes": [],
            "parameters": [{"name": "alt", "in": "query", "type": "string", "enum": ["json"]}],
            "operations": {
                "insert": {"id": "insert", "method": "POST", "path": "/events", "scopes": [], "body": {"$ref": "Event"},
                    "parameters": [{"name": "version", "in": "query", "type": "integer", "min": 0, "max": 1}]},
                "list": {"id": "list", "method": "GET", "path": "/events", "scopes": [], "parameters": [
                    {"name": "types", "in": "query", "type": "string", "repeated": true, "enum": ["a", "b"]},
                    {"name": "single", "in": "query", "type": "boolean"},
                    {"name": "since", "in": "query", "type": "string", "format": "date-time", "required": true}]}
            },
            "schemas": {
                "Event": {"type": "object", "properties": {
                    "start": {"$ref": "When", "required_by": ["insert"]},
                    "sequence": {"type": "integer", "format": "int32"},
                    "labels": {"type": "object", "additional": {"type": "string"}},
                    "guests": {"type": "array", "items": {"type": "object", "properties": {"email": {"type": "string"}}}}}},
                "When": {"type": "object", "properties": {"date": {"type": "string", "format": "date"}}}
            }
        }))
        .unwrap()
    }

    fn misfits(operation: &str, query: &[(&str, &str)], body: Option<&Value>) -> Vec<String> {
        let digest = digest();
        let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let parts = RequestParts { query: &query, body };
        let fitted = digest.operations.get(operation).unwrap().fits(&digest, &parts);
        fitted.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    const SINCE: (&str, &str) = ("since", "2026-11-22T09:00:00Z");

    #[test]
    fn what_the_vendor_describes_fits() {
        assert!(misfits("list", &[SINCE, ("types", "a"), ("types", "b"), ("single", "true")], None).is_empty());
        let body = json!({"start": {"date": "2026-11-22"}, "sequence": 2, "labels": {"x": "y"}, "guests": [{"email": "a@b.c"}]});
        assert!(misfits("insert", &[("version", "1"), ("alt", "json")], Some(&body)).is_empty());
    }

    #[test]
    fn each_wrong_parameter_is_named() {
        assert_eq!(misfits("list", &[SINCE, ("max", "1")], None), ["query.max is no parameter of list"]);
        assert_eq!(misfits("list", &[SINCE, ("single", "yes")], None), ["query.single is neither true nor false"]);
        assert_eq!(misfits("list", &[SINCE, ("types", "c")], None), ["query.types is none of a, b"]);
        assert_eq!(misfits("list", &[SINCE, SINCE], None), ["query.since stands more than once"]);
        assert_eq!(misfits("list", &[], None), ["query.since is missing"]);
        let body = json!({"start": {}});
        assert_eq!(
            misfits("insert", &[("version", "2")], Some(&body)),
            ["query.version is not a whole number from 0 to 1"]
        );
    }

    #[test]
    fn each_wrong_member_is_named_with_its_place() {
        let body =
            json!({"start": {"date": "soon"}, "guests": [{"email": 1}, {"mail": "x"}], "colour": 1, "sequence": 1.5});
        let said = misfits("insert", &[], Some(&body));
        assert_eq!(said.len(), 5, "{said:?}");
        assert!(said.contains(&"body.guests[0].email is not of type string".to_owned()));
        assert!(said.contains(&"body.guests[1].mail is no member that the vendor knows".to_owned()));
        assert!(said.contains(&"body.colour is no member that the vendor knows".to_owned()));
    }

    #[test]
    fn required_members_and_unwanted_bodies_are_told() {
        assert_eq!(misfits("insert", &[], None), ["body.start is missing"]);
        assert_eq!(misfits("insert", &[], Some(&json!({"start": null}))), ["body.start is missing"]);
        assert_eq!(misfits("list", &[SINCE], Some(&json!({}))), ["body is not taken by list"]);
    }

    #[test]
    fn attack_73_references_in_circles_end_with_the_body() {
        let mut digest = digest();
        let tree = json!({"type": "object", "properties": {
            "parts": {"type": "array", "items": {"$ref": "Tree"}}, "self": {"$ref": "Self"}, "there": {"$ref": "There"}}});
        let circles = [
            ("Self", json!({"$ref": "Self"})),
            ("There", json!({"$ref": "Back"})),
            ("Back", json!({"$ref": "There"})),
            ("Tree", tree.clone()),
        ];
        for (name, schema) in circles {
            digest.schemas.insert(name.to_owned(), serde_json::from_value(schema).unwrap());
        }
        let mut body = json!({"parts": "wrong"});
        for _ in 0..50 {
            body = json!({"parts": [body], "self": {"any": 1}, "there": 2});
        }
        let mut operation = digest.operations.get("insert").unwrap().clone();
        operation.body = serde_json::from_value(tree).unwrap();
        let misfits = operation.fits(&digest, &RequestParts { query: &[], body: Some(&body) }).unwrap_err();
        assert_eq!(misfits.len(), 1, "{misfits:?}");
        assert_eq!(misfits[0].at, format!("body{}.parts", ".parts[0]".repeat(50)));
    }
}

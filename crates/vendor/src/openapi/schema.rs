//! JSON Schema as OpenAPI has it, cut down to what a digest says.

use super::reference::followed;
use crate::{Error, Schema};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;

/// How deep members are followed; below it anything fits.
const MAX_DEPTH: usize = 6;
/// How often one reference may lead to another.
const MAX_STEPS: usize = 16;

/// So many bytes of names and words weigh as much as one more part.
const PART: usize = 64;
/// The most characters of a description that are read.
const MAX_WORDS: usize = 1_000;

/// How many parts schemas may have: those of one operation, and those of all together. A small document refers to its parts
/// as often as it likes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    pub(super) one: usize,
    pub(super) all: usize,
}

/// Reads the schemas of one document.
pub(super) struct Schemas<'a> {
    document: &'a Value,
    /// Whether descriptions are read too, and members left out that only answers have.
    words: bool,
    most: Parts,
    left: Cell<Parts>,
}

impl<'a> Schemas<'a> {
    pub(super) const fn of(document: &'a Value, words: bool, most: Parts) -> Self {
        Self { document, words, most, left: Cell::new(most) }
    }

    /// Another operation is read from now on.
    pub(super) fn begin(&self) {
        self.left.set(Parts { one: self.most.one, ..self.left.get() });
    }

    /// Counts a part with so many bytes of text.
    pub(super) fn count(&self, bytes: usize) -> Result<(), Error> {
        let (left, parts) = (self.left.get(), 1 + bytes / PART);
        let (Some(one), Some(all)) = (left.one.checked_sub(parts), left.all.checked_sub(parts)) else {
            let (most, of) = if left.all < parts { (self.most.all, "all") } else { (self.most.one, "one") };
            return Err(Error::TooLarge { of, most });
        };
        self.left.set(Parts { one, all });
        Ok(())
    }

    /// One schema with all that it refers to. What it requires is required by `operation`.
    pub(super) fn read(&self, described: &'a Value, operation: &str) -> Result<Schema, Error> {
        self.within(described, operation, MAX_DEPTH)
    }

    /// What a schema's references lead to.
    pub(super) fn followed(&self, mut described: &'a Value) -> Result<&'a Value, Error> {
        for _ in 0..MAX_STEPS {
            if described.get("$ref").is_none() {
                return Ok(described);
            }
            described = followed(self.document, described)?;
        }
        Err(Error::NoSchema(described.get("$ref").map(Value::to_string).unwrap_or_default()))
    }

    fn within(&self, described: &'a Value, operation: &str, depth: usize) -> Result<Schema, Error> {
        let described = self.followed(described)?;
        self.count(0)?;
        let Some(deeper) = depth.checked_sub(1) else { return Ok(anything()) };
        let parts = |key: &str| described.get(key).and_then(Value::as_array).into_iter().flatten();
        let mut read = self.own(described, operation, deeper)?;
        for part in parts("allOf") {
            read = both(read, self.within(part, operation, deeper)?);
        }
        let mut ways = Vec::new();
        for way in parts("oneOf").chain(parts("anyOf")) {
            ways.push(self.within(way, operation, deeper)?);
        }
        Ok(if ways.is_empty() { read } else { either(read, ways, depth == MAX_DEPTH) })
    }

    fn own(&self, described: &'a Value, operation: &str, deeper: usize) -> Result<Schema, Error> {
        let word = |key: &str| described.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut properties = BTreeMap::new();
        for (name, member) in described.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if self.words && member.get("readOnly") == Some(&Value::Bool(true)) {
                continue;
            }
            self.count(name.len())?;
            properties.insert(name.clone(), self.within(member, operation, deeper)?);
        }
        let required = described.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str).filter(|_| !operation.is_empty()) {
            self.count(0)?;
            if let Some(member) = properties.get_mut(name) {
                member.required_by = vec![operation.to_owned()];
            }
        }
        let kind = kind(described).or_else(|| (!properties.is_empty()).then(|| "object".to_owned()));
        let additional = match described.get("additionalProperties") {
            Some(Value::Bool(true)) => Some(anything()),
            Some(inner @ Value::Object(_)) => Some(self.within(inner, operation, deeper)?),
            // An object of which nothing is said takes anything.
            None if kind.as_deref() == Some("object") && properties.is_empty() => Some(anything()),
            _ => None,
        };
        let items = described.get("items").map(|items| self.within(items, operation, deeper)).transpose()?;
        let texts = described.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let only = described.get("const").filter(|_| self.words).and_then(Value::as_str);
        let mut allowed = Vec::new();
        for text in texts.chain(only).filter(|_| kind.as_deref() == Some("string")) {
            self.count(text.len())?;
            allowed.push(text.to_owned());
        }
        Ok(Schema {
            reference: None,
            description: self.description(described)?,
            format: word("format").filter(|format| ["date", "date-time", "int64"].contains(&format.as_str())),
            allowed,
            kind,
            nullable: nullable(described),
            items: items.map(Box::new),
            properties,
            additional: additional.map(Box::new),
            required_by: Vec::new(),
        })
    }

    /// What is said of a part, or what it is called.
    fn description(&self, described: &Value) -> Result<Option<String>, Error> {
        let said = ["description", "title"].into_iter().find_map(|key| described.get(key).and_then(Value::as_str));
        let Some(said) = said.filter(|_| self.words) else { return Ok(None) };
        let kept: String = said.chars().take(MAX_WORDS).collect();
        self.count(kept.len())?;
        Ok(Some(kept))
    }
}

/// Exactly one type beside null; several mean any.
fn kind(described: &Value) -> Option<String> {
    match described.get("type")? {
        Value::String(kind) => Some(kind.clone()),
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            let first = kinds.next()?;
            Some(if kinds.next().is_some() { "any" } else { first }.to_owned())
        }
        _ => None,
    }
}

/// `nullable: true` of OpenAPI 3.0, or null among the types of 3.1.
fn nullable(described: &Value) -> bool {
    let among = described.get("type").and_then(Value::as_array).is_some_and(|kinds| kinds.contains(&"null".into()));
    among || described.get("nullable") == Some(&Value::Bool(true))
}

fn anything() -> Schema {
    Schema { kind: Some("any".to_owned()), ..Schema::default() }
}

/// What fits both; in practice objects that were written in parts.
fn both(mut one: Schema, other: Schema) -> Schema {
    one.kind = one.kind.or(other.kind);
    one.description = one.description.or(other.description);
    one.properties.extend(other.properties);
    one.additional = one.additional.or(other.additional);
    one.items = one.items.or(other.items);
    if one.allowed.is_empty() {
        one.allowed = other.allowed;
    }
    one
}

/// One more form of an object. A member that another form has otherwise may be either.
fn form(mut one: Schema, other: Schema) -> Schema {
    for (name, member) in &other.properties {
        if let Some(known) = one.properties.get_mut(name).filter(|known| *known != member) {
            let description = known.description.take();
            *known = Schema { description, nullable: known.nullable || member.nullable, ..either_of(known, member) };
        }
    }
    let properties = std::mem::take(&mut one.properties);
    let mut merged = both(one, other);
    merged.properties.extend(properties);
    merged
}

/// What fits one of two: of lists, lists of anything.
fn either_of(one: &Schema, other: &Schema) -> Schema {
    let list = one.kind.as_deref() == Some("array") && other.kind == one.kind;
    let items = list.then(|| Box::new(anything()));
    Schema { kind: Some(if list { "array" } else { "any" }.to_owned()), items, ..Schema::default() }
}

/// What fits one of several: an object with the members of all, where all are objects; the one type that all have; else
/// anything. Of a whole body the forms that are no objects are only shorter ways to write it, and left out.
fn either(mut own: Schema, ways: Vec<Schema>, body: bool) -> Schema {
    own.nullable |= ways.iter().any(|way| way.kind.as_deref() == Some("null"));
    let ways: Vec<Schema> = ways.into_iter().filter(|way| way.kind.as_deref() != Some("null")).collect();
    let of_kind = |kind: &str| ways.iter().filter(|way| way.kind.as_deref() == Some(kind)).count();
    let objects = of_kind("object");
    let members = ways.iter().all(|way| way.kind.is_none() || way.kind.as_deref() == Some("object"));
    if members && (objects > 0 || !own.properties.is_empty()) || body && objects > 0 {
        let all = ways.iter().filter(|way| way.kind.as_deref() == Some("object")).count();
        let mut merged = own;
        for way in ways {
            if way.kind.is_some() && way.kind.as_deref() != Some("object") {
                continue;
            }
            merged = form(merged, optional(way, all > 1));
        }
        merged.kind = Some("object".to_owned());
        return merged;
    }
    let Some(kind) = ways.first().and_then(|way| way.kind.clone()) else { return own };
    if of_kind(&kind) != ways.len() {
        return Schema { description: own.description, ..anything() };
    }
    let closed = ways.iter().all(|way| !way.allowed.is_empty());
    let allowed = if closed { ways.iter().flat_map(|way| way.allowed.clone()).collect() } else { Vec::new() };
    let only = if let [only] = ways.as_slice() { only.format.clone() } else { None };
    let format = own.format.clone().or(only);
    Schema { kind: Some(kind), format, allowed, items: ways.into_iter().find_map(|way| way.items), ..own }
}

/// With several forms of an object what one of them requires the next may not even know.
fn optional(mut way: Schema, several: bool) -> Schema {
    if several {
        way.properties.values_mut().for_each(|member| member.required_by.clear());
    }
    way
}

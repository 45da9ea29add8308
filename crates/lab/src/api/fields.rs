//! Partial responses: `fields` names the members that an answer keeps, checked against the vendor's description.
//!
//! Source: <https://developers.google.com/workspace/calendar/api/guides/performance#partial-response>.

use super::error::ApiError;
use crate::cite;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use valetkey_vendor::{Digest, Schema};

/// How deep a selection may nest.
const MAX_DEPTH: usize = 12;

/// Which members are kept; none named keeps them all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Selection(BTreeMap<String, Selection>);

impl Selection {
    /// Reads `items(id,start/dateTime),nextPageToken` and checks each name.
    pub(crate) fn read(text: &str, digest: &Digest, answer: Option<&Schema>) -> Result<Self, ApiError> {
        let (selection, rest) = list(text, 0).filter(|(_, rest)| rest.is_empty()).ok_or_else(|| invalid(text))?;
        debug_assert!(rest.is_empty());
        match answer.and_then(|schema| selection.unknown(digest, schema)) {
            Some(unknown) => Err(invalid(&unknown)),
            None => Ok(selection),
        }
    }

    /// What is left of an answer.
    pub(crate) fn apply(&self, value: Value) -> Value {
        if self.0.is_empty() {
            return value;
        }
        match value {
            Value::Array(items) => items.into_iter().map(|item| self.apply(item)).collect(),
            Value::Object(members) => Value::Object(self.members(members)),
            other => other,
        }
    }

    fn members(&self, members: Map<String, Value>) -> Map<String, Value> {
        let kept = members.into_iter().filter_map(|(name, value)| {
            let inner = self.0.get(&name).or_else(|| self.0.get("*"))?;
            Some((name, inner.apply(value)))
        });
        kept.collect()
    }

    /// The first name that the description does not have.
    fn unknown(&self, digest: &Digest, schema: &Schema) -> Option<String> {
        let schema = digest.resolve(schema);
        if let Some(items) = &schema.items {
            return self.unknown(digest, items);
        }
        self.0.iter().filter(|(name, _)| *name != "*").find_map(|(name, inner)| {
            match schema.properties.get(name).or(schema.additional.as_deref()) {
                Some(known) => inner.unknown(digest, known),
                None => Some(name.clone()),
            }
        })
    }
}

/// Reads a list up to its end or a closing bracket.
fn list(text: &str, depth: usize) -> Option<(Selection, &str)> {
    let mut selection = Selection::default();
    let mut rest = text;
    loop {
        let (name, inner, after) = item(rest, depth)?;
        selection.0.entry(name.to_owned()).or_default().0.extend(inner.0);
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None => return Some((selection, after)),
        }
    }
}

/// Reads a name with what follows it: `/inner`, `(inner,inner)`, or nothing.
fn item(text: &str, depth: usize) -> Option<(&str, Selection, &str)> {
    let end = text.find(['/', '(', ')', ',']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() || depth > MAX_DEPTH {
        return None;
    }
    if let Some(path) = rest.strip_prefix('/') {
        let (inner_name, inner, rest) = item(path, depth + 1)?;
        return Some((name, Selection(BTreeMap::from([(inner_name.to_owned(), inner)])), rest));
    }
    if let Some(inner) = rest.strip_prefix('(') {
        let (inner, rest) = list(inner, depth + 1)?;
        return Some((name, inner, rest.strip_prefix(')')?));
    }
    Some((name, Selection::default(), rest))
}

fn invalid(what: &str) -> ApiError {
    ApiError::calendar("invalidParameter", format!("Invalid field selection {what}"), cite::PARTIAL_RESPONSE)
        .at("fields")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(fields: &str) -> Value {
        let answer =
            json!({"a": 1, "items": [{"id": 1, "at": {"x": 1, "y": 2}}, {"id": 2, "at": {"x": 3}}], "b": {"c": 1}});
        let (selection, rest) = list(fields, 0).unwrap();
        assert!(rest.is_empty());
        selection.apply(answer)
    }

    #[test]
    fn only_what_is_named_is_kept() {
        assert_eq!(kept("a"), json!({"a": 1}));
        assert_eq!(kept("items(id),b/c"), json!({"items": [{"id": 1}, {"id": 2}], "b": {"c": 1}}));
        assert_eq!(kept("items/at(x)"), json!({"items": [{"at": {"x": 1}}, {"at": {"x": 3}}]}));
        assert_eq!(kept("items(*)"), kept("items"));
        assert_eq!(kept("nothing"), json!({}));
    }

    #[test]
    fn broken_selections_are_none() {
        for text in ["", "a,", "a(b", "/a", "a()", "a)"] {
            assert!(list(text, 0).filter(|(_, rest)| rest.is_empty()).is_none(), "{text}");
        }
        assert!(list(&"a/".repeat(100), 0).is_none());
    }
}

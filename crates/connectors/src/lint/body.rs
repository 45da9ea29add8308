//! One place of a request as the vendor describes it, and whether an argument or a constant may stand there.

use crate::file::Field;
use serde_json::Value;
use valetkey_vendor::{Digest, Operation, Parameter, Schema};

/// A parameter, or a member of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    kind: String,
    allowed: Vec<String>,
    repeated: bool,
    minimum: Option<i64>,
    maximum: Option<i64>,
}

/// The member of an operation's body that a path leads to.
pub(super) fn leaf(operation: &Operation, digest: &Digest, path: &[String]) -> Result<Leaf, String> {
    let Some(root) = &operation.body else { return Err(format!("{} takes no body", operation.id)) };
    let mut schema = digest.resolve(root);
    for name in path {
        let member = schema.properties.get(name).or(schema.additional.as_deref());
        schema = digest.resolve(member.ok_or_else(|| format!("{} has no body.{}", operation.id, path.join(".")))?);
    }
    Ok(Leaf::of_schema(schema))
}

impl Leaf {
    pub(super) fn of(parameter: &Parameter) -> Self {
        Self {
            kind: parameter.kind.clone(),
            allowed: parameter.allowed.clone(),
            repeated: parameter.repeated,
            minimum: parameter.minimum,
            maximum: parameter.maximum,
        }
    }

    pub(super) fn of_schema(schema: &Schema) -> Self {
        Self {
            kind: schema.kind.clone().unwrap_or_else(|| "any".to_owned()),
            allowed: schema.allowed.clone(),
            repeated: false,
            minimum: None,
            maximum: None,
        }
    }

    /// Whether a constant may stand here.
    pub(super) fn takes_value(&self, value: &Value) -> Result<(), String> {
        let kind = match value {
            Value::String(_) => "string",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
            Value::Null => return Err("says nothing".to_owned()),
        };
        self.takes_kind(kind)?;
        self.takes_words(std::iter::once(value))
    }

    /// Whether any value that the argument allows may stand here.
    pub(super) fn takes_field(&self, field: &Field) -> Result<(), String> {
        let items = field.items.as_ref().filter(|_| self.repeated);
        let kind = items.and_then(|items| items.get("type")).and_then(Value::as_str).unwrap_or(&field.kind);
        self.takes_kind(kind)?;
        if !self.allowed.is_empty() {
            let listed = items.and_then(|items| items.get("enum")).and_then(Value::as_array).or(field.allowed.as_ref());
            let listed = listed.ok_or("takes only some words: the argument needs the same `enum`")?;
            self.takes_words(listed.iter())?;
        }
        let below = self.minimum.is_some_and(|least| field.minimum.is_none_or(|ours| ours < least));
        let above = self.maximum.is_some_and(|most| field.maximum.is_none_or(|ours| ours > most));
        if below || above { Err("has bounds that the argument does not keep".to_owned()) } else { Ok(()) }
    }

    fn takes_kind(&self, kind: &str) -> Result<(), String> {
        let same = self.kind == kind || self.kind == "any" || (self.kind == "number" && kind == "integer");
        if same { Ok(()) } else { Err(format!("has the type {}, not {kind}", self.kind)) }
    }

    fn takes_words<'a>(&self, mut words: impl Iterator<Item = &'a Value>) -> Result<(), String> {
        let known = |word: &Value| word.as_str().is_none_or(|word| self.allowed.iter().any(|known| known == word));
        if self.allowed.is_empty() || words.all(known) {
            return Ok(());
        }
        Err(format!("takes only {}", self.allowed.join(", ")))
    }
}

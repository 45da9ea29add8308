//! The fields of a form: the primitive types that the protocol has for them and nothing else, made anew from what is
//! understood.

use super::asker::{Asker, Withheld};
use super::secrets;
use serde_json::{Map, Number, Value};
use std::collections::HashSet;
use url::Url;
use valetkey_connectors::words::quoted_lines;

/// How many fields a form has at most, and how many choices a field.
const MOST_FIELDS: usize = 20;
const MOST_CHOICES: usize = 100;
/// The longest name of a field, the longest choice or preset value, and the longest answer, in characters.
const LONGEST_NAME: usize = 64;
const LONGEST_VALUE: usize = 200;
const LONGEST_ANSWER: usize = 10_000;
/// What may be said of the form of a text.
const FORMATS: [&str; 4] = ["email", "uri", "date", "date-time"];
const DOES_NOT_FIT: &str = "is not of the type that was asked for";

/// A field of a form, in the protocol's form.
pub(super) struct Field(Map<String, Value>);

impl From<Field> for Map<String, Value> {
    fn from(field: Field) -> Self {
        field.0
    }
}

/// Fields by name, and the names of those that have to be filled in.
type Fields = (Vec<(String, Field)>, Vec<String>);

/// What a form consists of.
pub(super) fn fields(schema: &Value, asker: &Asker<'_>) -> Result<Fields, Withheld> {
    let properties = schema.get("properties").and_then(Value::as_object).ok_or(Withheld::Unknown)?;
    if schema.get("type").is_none_or(|kind| kind != "object") || properties.len() > MOST_FIELDS {
        return Err(Withheld::Unknown);
    }
    let mut found = Vec::new();
    for (name, property) in properties {
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        if name.is_empty() || name.len() > LONGEST_NAME || !plain || asker.redacted(name) {
            return Err(Withheld::Unknown);
        }
        let field = Field::of(property, asker)?;
        let words = ["title", "description"].iter().filter_map(|member| field.0.get(*member)?.as_str());
        if std::iter::once(name.as_str()).chain(words).any(secrets::named_in) {
            return Err(Withheld::Secret);
        }
        found.push((name.clone(), field));
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let required = required.filter(|name| properties.contains_key(*name)).map(str::to_owned).collect::<HashSet<_>>();
    let mut required: Vec<_> = required.into_iter().collect();
    required.sort();
    Ok((found, required))
}

impl Field {
    /// One that was made here before.
    pub(super) fn of_shown(field: &Value) -> Self {
        Self(field.as_object().cloned().unwrap_or_default())
    }

    /// Whether what it is given is typed, and not chosen.
    pub(super) fn is_typed(&self) -> bool {
        match self.kind() {
            "string" => !self.0.contains_key("enum") && !self.0.contains_key("oneOf"),
            "number" | "integer" => true,
            _ => false,
        }
    }

    /// Whether a secret is named in anything that it shows: a choice or a preset value can say what another field is for.
    pub(super) fn names_secret(&self) -> bool {
        self.0.values().any(names_secret)
    }

    fn of(property: &Value, asker: &Asker<'_>) -> Result<Self, Withheld> {
        let kind = property.get("type").and_then(Value::as_str).ok_or(Withheld::Unknown)?;
        let mut field = Self(Map::from_iter([("type".to_owned(), kind.into())]));
        for member in ["title", "description"] {
            let words = asker.words(property.get(member));
            if !words.is_empty() {
                field.0.insert(member.to_owned(), words.into());
            }
        }
        match kind {
            "boolean" => {}
            "number" | "integer" => field.copy(property, &["minimum", "maximum"], Value::is_number),
            "string" if property.get("enum").is_some() || property.get("oneOf").is_some() => {
                field.choices(property, ("enum", "oneOf"), asker)?;
            }
            "string" => {
                field.copy(property, &["minLength", "maxLength"], Value::is_u64);
                field.copy(property, &["format"], |format| FORMATS.iter().any(|known| format == known));
            }
            "array" => {
                let items = property.get("items").ok_or(Withheld::Unknown)?;
                let mut chosen = Self(Map::new());
                if items.get("enum").is_some() {
                    chosen.0.insert("type".to_owned(), "string".into());
                }
                chosen.choices(items, ("enum", "anyOf"), asker)?;
                field.0.insert("items".to_owned(), Value::Object(chosen.0));
                field.copy(property, &["minItems", "maxItems"], Value::is_u64);
            }
            _ => return Err(Withheld::Unknown),
        }
        // One that would not do as an answer is nothing to begin with.
        let preset = property.get("default").filter(|value| field.takes(value).is_ok() && is_plain(value, asker));
        if let Some(preset) = preset {
            field.0.insert("default".to_owned(), preset.clone());
        }
        Ok(field)
    }

    fn copy(&mut self, from: &Value, members: &[&str], fits: impl Fn(&Value) -> bool) {
        let found = members.iter().filter_map(|name| Some((*name, from.get(*name).filter(|value| fits(value))?)));
        self.0.extend(found.map(|(name, value)| (name.to_owned(), value.clone())));
    }

    /// What can be chosen: values, or values with what is shown for each. A value goes back as it is, so it is shown as it
    /// is or not at all.
    fn choices(&mut self, from: &Value, (plain, titled): (&str, &str), asker: &Asker<'_>) -> Result<(), Withheld> {
        let list = |name: &str| from.get(name).and_then(Value::as_array);
        let may = |value: &Value| value.is_string() && is_plain(value, asker);
        let (name, all) =
            list(plain).map(|all| (plain, all)).or(list(titled).map(|all| (titled, all))).ok_or(Withheld::Unknown)?;
        if all.is_empty() || all.len() > MOST_CHOICES {
            return Err(Withheld::Unknown);
        }
        let mut choices = Vec::new();
        for one in all {
            let value = if name == plain { Some(one) } else { one.get("const") };
            let value = value.filter(|value| may(value)).ok_or(Withheld::Unknown)?;
            choices.push(match one.get("title").filter(|_| name == titled) {
                None if name == titled => return Err(Withheld::Unknown),
                None => value.clone(),
                title => serde_json::json!({ "const": value, "title": asker.words(title) }),
            });
        }
        self.0.insert(name.to_owned(), Value::Array(choices));
        // Names beside the values, as earlier revisions have them.
        if let Some(names) = list("enumNames").filter(|names| name == plain && names.len() == all.len()) {
            let names = names.iter().map(|name| asker.words(Some(name)).into()).collect();
            self.0.insert("enumNames".to_owned(), Value::Array(names));
        }
        Ok(())
    }

    fn kind(&self) -> &str {
        self.0.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether a value is one for this field.
    pub(super) fn takes(&self, value: &Value) -> Result<(), &'static str> {
        match (self.kind(), value) {
            ("boolean", Value::Bool(_)) => Ok(()),
            ("number", Value::Number(number)) => self.in_range(number),
            ("integer", Value::Number(number)) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => {
                self.in_range(number)
            }
            ("string", Value::String(text)) => match chosen(&self.0, ("enum", "oneOf")) {
                Some(choices) if choices.contains(&value) => Ok(()),
                Some(_) => Err("is none of the choices"),
                None => self.is_text(text),
            },
            ("array", Value::Array(values)) => self.are_chosen(values),
            _ => Err(DOES_NOT_FIT),
        }
    }

    fn in_range(&self, number: &Number) -> Result<(), &'static str> {
        let bound = |name: &str| self.0.get(name).and_then(Value::as_f64);
        let number = number.as_f64().filter(|number| number.is_finite()).ok_or(DOES_NOT_FIT)?;
        match (bound("minimum"), bound("maximum")) {
            (Some(least), _) if number < least => Err("is too small"),
            (_, Some(most)) if number > most => Err("is too large"),
            _ => Ok(()),
        }
    }

    fn is_text(&self, text: &str) -> Result<(), &'static str> {
        let length = text.chars().take(LONGEST_ANSWER + 1).count();
        if length > LONGEST_ANSWER || !self.counts(length, ("minLength", "maxLength")) {
            return Err("is too short or too long");
        }
        let fits = match self.0.get("format").and_then(Value::as_str) {
            Some("email") => text.split_once('@').is_some_and(|(who, host)| !who.is_empty() && !host.is_empty()),
            Some("uri") => Url::parse(text).is_ok(),
            Some("date") => text.parse::<jiff::civil::Date>().is_ok(),
            Some("date-time") => text.parse::<jiff::Timestamp>().is_ok(),
            _ => true,
        };
        if fits { Ok(()) } else { Err("is not in the form that was asked for") }
    }

    fn are_chosen(&self, values: &[Value]) -> Result<(), &'static str> {
        if !self.counts(values.len(), ("minItems", "maxItems")) || values.len() > MOST_CHOICES {
            return Err("has too few or too many choices");
        }
        let items = self.0.get("items").and_then(Value::as_object).ok_or(DOES_NOT_FIT)?;
        let choices = chosen(items, ("enum", "anyOf")).unwrap_or_default();
        if values.iter().all(|value| choices.contains(&value)) { Ok(()) } else { Err("is none of the choices") }
    }

    fn counts(&self, count: usize, (least, most): (&str, &str)) -> bool {
        let bound = |name: &str| self.0.get(name).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
        bound(least).is_none_or(|least| count >= least) && bound(most).is_none_or(|most| count <= most)
    }
}

/// The values that can be chosen; none where a value is typed.
fn chosen<'a>(field: &'a Map<String, Value>, (plain, titled): (&str, &str)) -> Option<Vec<&'a Value>> {
    let list = |name: &str| field.get(name).and_then(Value::as_array);
    match (list(plain), list(titled)) {
        (Some(values), _) => Some(values.iter().collect()),
        (None, Some(pairs)) => Some(pairs.iter().filter_map(|pair| pair.get("const")).collect()),
        (None, None) => None,
    }
}

fn names_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => secrets::named_in(text),
        Value::Array(values) => values.iter().any(names_secret),
        Value::Object(members) => members.values().any(names_secret),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a value can be shown as it is.
fn is_plain(value: &Value, asker: &Asker<'_>) -> bool {
    match value {
        Value::String(text) => {
            let short = text.len() <= LONGEST_VALUE * 4 && text.chars().count() <= LONGEST_VALUE;
            short && quoted_lines(text, LONGEST_VALUE) == *text && !asker.redacted(text)
        }
        Value::Array(values) => values.iter().all(|value| is_plain(value, asker)),
        other => !other.is_object(),
    }
}

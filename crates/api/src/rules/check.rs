//! Walks a message and notes what breaks a rule. Values are never repeated in a message: one may be a secret.

use super::{Rule, Rules, invariants};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage, Value};
use std::collections::{HashMap, HashSet};
use valetkey_proto::options::FieldRules;
use valetkey_proto::v1::errdetails::validation_error_info::FieldViolation;

/// What was found so far.
#[derive(Default)]
pub(super) struct Found(Vec<FieldViolation>);

impl Found {
    /// Everything found, in the order of the fields.
    pub(super) fn into_violations(self) -> Vec<FieldViolation> {
        self.0
    }

    /// Notes that the value at a place breaks a rule.
    pub(super) fn note(&mut self, field: &str, constraint: &str, description: impl Into<String>) {
        let (field, constraint) = (field.to_owned(), constraint.to_owned());
        self.0.push(FieldViolation { field, description: description.into(), constraint });
    }

    /// Checks a message at a place (empty for the request itself) and all messages in it.
    pub(super) fn message(&mut self, rules: &Rules, message: &DynamicMessage, place: &str) {
        if let Some(own) = rules.0.get(message.descriptor().full_name()) {
            for (field, rule) in &own.fields {
                self.field(message, field, rule, &join(place, field.name()));
            }
            for invariant in &own.invariants {
                invariants::check(self, *invariant, message, place);
            }
        }
        for (field, value) in message.fields() {
            self.within(rules, value, &join(place, field.name()));
        }
    }

    fn within(&mut self, rules: &Rules, value: &Value, place: &str) {
        match value {
            Value::Message(message) if !is_well_known(message) => self.message(rules, message, place),
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.within(rules, item, &format!("{place}[{index}]"));
                }
            }
            _ => {}
        }
    }

    fn field(&mut self, message: &DynamicMessage, field: &FieldDescriptor, rule: &Rule, place: &str) {
        if !message.has_field(field) {
            if rule.says.required {
                return self.note(place, "required", "is required");
            }
            if field.supports_presence() {
                return;
            }
        }
        self.value(&message.get_field(field), &field.kind(), rule, place);
    }

    fn value(&mut self, value: &Value, kind: &Kind, rule: &Rule, place: &str) {
        match value {
            Value::String(text) => self.text(text, rule, place),
            Value::List(items) => self.list(items, kind, rule, place),
            Value::Map(pairs) => self.map(pairs, kind, rule, place),
            Value::EnumNumber(number) => self.enumeration(*number, kind, rule, place),
            Value::Message(message) => match wrapped(message) {
                Some(Value::String(text)) => self.text(&text, rule, place),
                Some(seconds) => self.number(&seconds, &rule.says, place),
                None => {}
            },
            number => self.number(number, &rule.says, place),
        }
    }

    fn text(&mut self, text: &str, rule: &Rule, place: &str) {
        let (says, count) = (&rule.says, text.chars().count());
        if let Some(least) = says.min_len.filter(|least| count < size(*least)) {
            self.note(place, "min_len", format!("must have at least {}", characters(least)));
        }
        if let Some(most) = says.max_len.filter(|most| count > size(*most)) {
            self.note(place, "max_len", format!("must have at most {}, it has {count}", characters(most)));
        }
        if !text.starts_with(&says.prefix) {
            self.note(place, "prefix", format!("must begin with '{}'", says.prefix));
        }
        if let Some(pattern) = rule.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
            self.note(place, "pattern", format!("must match {pattern}"));
        }
        if !says.one_of.is_empty() && !says.one_of.iter().any(|one| one == text) {
            let known: Vec<_> = says.one_of.iter().map(|one| format!("'{one}'")).collect();
            self.note(place, "one_of", format!("must be one of {}", known.join(", ")));
        }
    }

    fn number(&mut self, value: &Value, says: &FieldRules, place: &str) {
        let Some(number) = integer(value) else { return };
        if let Some(least) = says.gt.filter(|least| number <= *least) {
            self.note(place, "gt", format!("must be more than {least}"));
        }
        if let Some(least) = says.gte.filter(|least| number < *least) {
            self.note(place, "gte", format!("must be {least} or more"));
        }
        if let Some(most) = says.lte.filter(|most| number > *most) {
            self.note(place, "lte", format!("must be {most} or less"));
        }
    }

    fn enumeration(&mut self, number: i32, kind: &Kind, rule: &Rule, place: &str) {
        let known = kind.as_enum().is_some_and(|e| e.get_value(number).is_some());
        if rule.says.defined_only && !known {
            self.note(place, "defined_only", format!("has no value with the number {number}"));
        }
    }

    fn list(&mut self, items: &[Value], kind: &Kind, rule: &Rule, place: &str) {
        let says = &rule.says;
        if let Some(least) = says.min_items.filter(|least| items.len() < size(*least)) {
            self.note(place, "min_items", format!("must have {least} items or more"));
        }
        if let Some(most) = says.max_items.filter(|most| items.len() > size(*most)) {
            self.note(place, "max_items", format!("must have {most} items or fewer, it has {}", items.len()));
        }
        let mut seen = HashSet::new();
        if says.unique && !items.iter().all(|item| seen.insert(format!("{item:?}"))) {
            self.note(place, "unique", "must not name an item twice");
        }
        let Some(rule) = &rule.items else { return };
        for (index, item) in items.iter().enumerate() {
            self.value(item, kind, rule, &format!("{place}[{index}]"));
        }
    }

    fn map(&mut self, pairs: &HashMap<MapKey, Value>, kind: &Kind, rule: &Rule, place: &str) {
        if let Some(most) = rule.says.max_pairs.filter(|most| pairs.len() > size(*most)) {
            self.note(place, "max_pairs", format!("must have {most} members or fewer, it has {}", pairs.len()));
        }
        for (key, value) in pairs {
            let Some(key) = key.as_str() else { continue };
            let place = format!("{place}[{}]", key.chars().take(40).collect::<String>());
            if let Some(rule) = &rule.keys {
                self.text(key, rule, &place);
            }
            if let Some(rule) = &rule.values {
                self.value(value, kind, rule, &place);
            }
        }
    }
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

fn is_well_known(message: &DynamicMessage) -> bool {
    message.descriptor().package_name() == "google.protobuf"
}

/// What a wrapper holds, or the whole seconds of a duration.
fn wrapped(message: &DynamicMessage) -> Option<Value> {
    let member = match message.descriptor().full_name() {
        "google.protobuf.Duration" => "seconds",
        name if name.starts_with("google.protobuf.") && name.ends_with("Value") => "value",
        _ => return None,
    };
    message.get_field_by_name(member).map(|value| value.into_owned())
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::I32(number) => Some((*number).into()),
        Value::U32(number) => Some((*number).into()),
        Value::I64(number) => Some(*number),
        Value::U64(number) => i64::try_from(*number).ok(),
        _ => None,
    }
}

fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn characters(count: u32) -> String {
    if count == 1 { "1 character".to_owned() } else { format!("{count} characters") }
}

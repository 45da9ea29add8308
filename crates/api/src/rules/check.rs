//! Walks a message and notes what breaks a rule. Values are never repeated in a message: one may be a secret.

use super::compiled::{Rule, Rules};
use super::invariants;
use super::path::FieldPath;
use super::violations::Violations;
use crate::failure::Failure;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage, Value};
use std::collections::{HashMap, HashSet};
use std::fmt::Arguments;
use valetkey_proto::options::FieldRules;

/// Checks a request with all that is in it.
///
/// # Errors
/// It breaks rules: the first are named with their fields.
pub(crate) fn check(rules: &Rules, request: &DynamicMessage) -> Result<(), Failure> {
    let violations = violations(rules, request);
    if violations.listed.is_empty() { Ok(()) } else { Err(Failure::violations(violations.listed, violations.more)) }
}

/// What breaks a rule in a request.
pub(super) fn violations(rules: &Rules, request: &DynamicMessage) -> Violations {
    let mut walk = Walk { rules, violations: Violations::default() };
    walk.message(request, FieldPath::Request);
    walk.violations
}

/// A way through a request.
struct Walk<'a> {
    rules: &'a Rules,
    violations: Violations,
}

impl Walk<'_> {
    fn note(&mut self, path: FieldPath<'_>, constraint: &str, description: Arguments<'_>) {
        self.violations.note(path, constraint, description);
    }

    /// Checks the message at a place and all messages in it.
    fn message(&mut self, message: &DynamicMessage, path: FieldPath<'_>) {
        let rules = self.rules;
        if let Some(own) = rules.of_message(message.descriptor().full_name()) {
            for (field, rule) in &own.fields {
                self.field(message, field, rule, FieldPath::Field(&path, field.name()));
            }
            for invariant in &own.invariants {
                invariants::check(&mut self.violations, *invariant, message, path);
            }
        }
        for (field, value) in message.fields() {
            self.within(value, FieldPath::Field(&path, field.name()));
        }
    }

    fn within(&mut self, value: &Value, path: FieldPath<'_>) {
        match value {
            Value::Message(message) if !is_well_known(message) => self.message(message, path),
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.within(item, FieldPath::Item(&path, index));
                }
            }
            _ => {}
        }
    }

    fn field(&mut self, message: &DynamicMessage, field: &FieldDescriptor, rule: &Rule, path: FieldPath<'_>) {
        if !message.has_field(field) {
            if rule.says.required {
                return self.note(path, "required", format_args!("is required"));
            }
            if field.supports_presence() {
                return;
            }
        }
        self.value(&message.get_field(field), &field.kind(), rule, path);
    }

    fn value(&mut self, value: &Value, kind: &Kind, rule: &Rule, path: FieldPath<'_>) {
        match value {
            Value::String(text) => self.text(text, rule, path),
            Value::List(items) => self.list(items, kind, rule, path),
            Value::Map(pairs) => self.map(pairs, kind, rule, path),
            Value::EnumNumber(number) => self.enumeration(*number, kind, rule, path),
            Value::Message(message) => match wrapped(message) {
                Some(Value::String(text)) => self.text(&text, rule, path),
                Some(seconds) => self.number(&seconds, &rule.says, path),
                None => {}
            },
            number => self.number(number, &rule.says, path),
        }
    }

    fn text(&mut self, text: &str, rule: &Rule, path: FieldPath<'_>) {
        let (says, count) = (&rule.says, text.chars().count());
        if let Some(least) = says.min_len.filter(|least| count < size(*least)) {
            self.note(path, "min_len", format_args!("must have at least {}", characters(least)));
        }
        if let Some(most) = says.max_len.filter(|most| count > size(*most)) {
            self.note(path, "max_len", format_args!("must have at most {}, it has {count}", characters(most)));
        }
        if !text.starts_with(&says.prefix) {
            self.note(path, "prefix", format_args!("must begin with '{}'", says.prefix));
        }
        if let Some(pattern) = rule.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
            self.note(path, "pattern", format_args!("must match {pattern}"));
        }
        if !says.one_of.is_empty() && !says.one_of.iter().any(|one| one == text) {
            let known: Vec<_> = says.one_of.iter().map(|one| format!("'{one}'")).collect();
            self.note(path, "one_of", format_args!("must be one of {}", known.join(", ")));
        }
    }

    fn number(&mut self, value: &Value, says: &FieldRules, path: FieldPath<'_>) {
        let Some(number) = integer(value) else { return };
        if let Some(least) = says.gt.filter(|least| number <= *least) {
            self.note(path, "gt", format_args!("must be more than {least}"));
        }
        if let Some(least) = says.gte.filter(|least| number < *least) {
            self.note(path, "gte", format_args!("must be {least} or more"));
        }
        if let Some(most) = says.lte.filter(|most| number > *most) {
            self.note(path, "lte", format_args!("must be {most} or less"));
        }
    }

    fn enumeration(&mut self, number: i32, kind: &Kind, rule: &Rule, path: FieldPath<'_>) {
        let known = kind.as_enum().is_some_and(|e| e.get_value(number).is_some());
        if rule.says.defined_only && !known {
            self.note(path, "defined_only", format_args!("has no value with the number {number}"));
        }
    }

    fn list(&mut self, items: &[Value], kind: &Kind, rule: &Rule, path: FieldPath<'_>) {
        let says = &rule.says;
        if let Some(least) = says.min_items.filter(|least| items.len() < size(*least)) {
            self.note(path, "min_items", format_args!("must have {least} items or more"));
        }
        if let Some(most) = says.max_items.filter(|most| items.len() > size(*most)) {
            // What is too much is not looked through as well.
            return self.note(
                path,
                "max_items",
                format_args!("must have {most} items or fewer, it has {}", items.len()),
            );
        }
        let mut seen = HashSet::new();
        if says.unique && !items.iter().all(|item| seen.insert(format!("{item:?}"))) {
            self.note(path, "unique", format_args!("must not name an item twice"));
        }
        let Some(rule) = &rule.items else { return };
        for (index, item) in items.iter().enumerate() {
            self.value(item, kind, rule, FieldPath::Item(&path, index));
        }
    }

    fn map(&mut self, pairs: &HashMap<MapKey, Value>, kind: &Kind, rule: &Rule, path: FieldPath<'_>) {
        if let Some(most) = rule.says.max_pairs.filter(|most| pairs.len() > size(*most)) {
            return self.note(
                path,
                "max_pairs",
                format_args!("must have {most} members or fewer, it has {}", pairs.len()),
            );
        }
        for (key, value) in pairs {
            let Some(key) = key.as_str() else { continue };
            let path = FieldPath::Entry(&path, key);
            if let Some(rule) = &rule.keys {
                self.text(key, rule, path);
            }
            if let Some(rule) = &rule.values {
                self.value(value, kind, rule, path);
            }
        }
    }
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

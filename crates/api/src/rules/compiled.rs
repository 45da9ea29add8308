//! The rules as the .proto files have them, by message.

use crate::options::{BadContract, decode, extension};
use prost_reflect::{DescriptorPool, FieldDescriptor, MessageDescriptor, Value};
use regex::Regex;
use std::collections::HashMap;
use valetkey_proto::options::{FieldRules, Invariant};

/// All rules, by the full name of the message.
pub(crate) struct Rules(HashMap<String, MessageRules>);

/// The rules of one message.
#[derive(Default)]
pub(super) struct MessageRules {
    pub(super) fields: Vec<(FieldDescriptor, Rule)>,
    pub(super) invariants: Vec<Invariant>,
}

/// The rules of one value.
pub(super) struct Rule {
    pub(super) says: FieldRules,
    pub(super) pattern: Option<Regex>,
    pub(super) items: Option<Box<Rule>>,
    pub(super) keys: Option<Box<Rule>>,
    pub(super) values: Option<Box<Rule>>,
}

impl Rules {
    /// Reads the rules of every message.
    pub(crate) fn compile(pool: &DescriptorPool) -> Result<Self, BadContract> {
        let fields = extension(pool, "valetkey.rules")?;
        let invariants = extension(pool, "valetkey.invariant")?;
        let mut rules = HashMap::new();
        for message in pool.all_messages() {
            let mut of_message = MessageRules::default();
            for field in message.fields().filter(|field| field.options().has_extension(&fields)) {
                let rule = Rule::compile(decode(&field.options(), &fields)?)?;
                of_message.fields.push((field, rule));
            }
            for number in message.options().get_extension(&invariants).as_list().unwrap_or_default() {
                of_message.invariants.push(invariant(number)?);
            }
            rules.insert(message.full_name().to_owned(), of_message);
        }
        Ok(Self(rules))
    }

    /// The rules of the message of this full name.
    pub(super) fn of_message(&self, name: &str) -> Option<&MessageRules> {
        self.0.get(name)
    }

    /// What the rules say of a field, for the OpenAPI document.
    pub(crate) fn of(&self, message: &MessageDescriptor, field: &FieldDescriptor) -> Option<&FieldRules> {
        let rules = self.0.get(message.full_name())?;
        rules.fields.iter().find(|(named, _)| named == field).map(|(_, rule)| &rule.says)
    }
}

impl Rule {
    fn compile(mut says: FieldRules) -> Result<Self, BadContract> {
        let nested =
            |rules: Option<Box<FieldRules>>| rules.map(|rules| Self::compile(*rules).map(Box::new)).transpose();
        let pattern = match says.pattern.as_str() {
            "" => None,
            pattern => Some(Regex::new(pattern).map_err(BadContract::new)?),
        };
        let (items, keys, values) = (says.items.take(), says.keys.take(), says.values.take());
        Ok(Self { pattern, items: nested(items)?, keys: nested(keys)?, values: nested(values)?, says })
    }
}

fn invariant(number: &Value) -> Result<Invariant, BadContract> {
    let number = number.as_enum_number().unwrap_or_default();
    Invariant::try_from(number).map_err(BadContract::new)
}

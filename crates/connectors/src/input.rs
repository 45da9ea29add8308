//! A tool's arguments: the schema that models see, and the check before anything leaves.
//!
//! [`listed`] is what is shown, made from what is checked; [`coercion`] says what a given value is taken for; [`bounds`]
//! looks how long it is, and `faults` puts what is wrong into words.

mod bounds;
mod coercion;
mod faults;
mod listed;
mod schema;
#[cfg(test)]
mod tests;

pub use listed::listed;

use crate::failure::Failure;
use crate::file::{Empty, Field, Ordered};
use bounds::Bounds;
use faults::{Faults, described, quoted};
use indexmap::IndexMap;
use jsonschema::{Draft, PatternOptions, Validator};
pub(crate) use schema::CLEAR;
use serde_json::{Map, Value, json};
use std::sync::OnceLock;
use valetkey_domain::nearest;

/// What a value that a model gave for an argument is taken for, where this schema describes it; nothing where it says that
/// there is none.
#[must_use]
pub fn coerced(described: &Value, required: bool, given: &Value) -> Option<Value> {
    coercion::coerced(described, required, Empty::Absent, given)
}

/// Two arguments that the catalogue documents for many tools; they say nothing here.
const IGNORED: [&str; 2] = ["schema_version", "tool_version"];
/// The most names that are listed where one is not known.
const NAMES: usize = 60;

/// The arguments of one tool, compiled.
#[derive(Debug)]
pub struct Input {
    listed: Value,
    arguments: IndexMap<String, Argument>,
    /// Made with the first call: of a connector's many tools few are called, and what checks them is most of what they cost.
    validator: OnceLock<Result<Box<Validator>, String>>,
    versions: bool,
    /// Lists of names, of each of which exactly one is given.
    one_of: Vec<Vec<String>>,
}

/// One argument.
#[derive(Debug)]
struct Argument {
    described: Value,
    required: bool,
    empty: Empty,
}

impl Input {
    /// Compiles the fields of a file. `versions` says whether the two documented version arguments are accepted, and of
    /// each list in `one_of` exactly one is to be given. The schema that they make is looked at by [`Input::sound`].
    ///
    /// # Errors
    /// Why one of them is no argument.
    pub fn compile(fields: &Ordered<Field>, versions: bool, one_of: &[Vec<String>]) -> Result<Self, String> {
        let declared = schema::declared(fields)?;
        let listed = listed(&declared);
        let mut checked = schema::bounded(declared, fields);
        let properties = checked.get_mut("properties").and_then(Value::as_object_mut).map(std::mem::take);
        let arguments = properties.into_iter().flatten().map(|(name, described)| {
            let field = fields.get(&name);
            let required = field.is_some_and(|field| field.required);
            let empty = field.map(|field| field.empty).unwrap_or_default();
            (name, Argument { described, required, empty })
        });
        let validator = OnceLock::new();
        Ok(Self { listed, arguments: arguments.collect(), validator, versions, one_of: one_of.to_vec() })
    }

    /// Looks whether the schema is valid, and has it ready for the first call.
    ///
    /// # Errors
    /// Why it is not.
    pub fn sound(&self) -> Result<(), String> {
        self.validator().map(drop)
    }

    fn validator(&self) -> Result<&Validator, String> {
        let made = || {
            let mut options = jsonschema::options().with_draft(Draft::Draft202012);
            options = options.with_pattern_options(PatternOptions::regex()).should_validate_formats(true);
            options.build(&self.schema()).map(Box::new).map_err(|error| error.to_string())
        };
        self.validator.get_or_init(made).as_deref().map_err(Clone::clone)
    }

    /// The schema that arguments are checked against.
    fn schema(&self) -> Value {
        let described = |(name, argument): (&String, &Argument)| (name.clone(), argument.described.clone());
        let properties: Map<String, Value> = self.arguments.iter().map(described).collect();
        let required = self.arguments.iter().filter(|(_, argument)| argument.required).map(|(name, _)| name);
        let required: Vec<&String> = required.collect();
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }

    /// The schema that is shown: what every client and model vendor takes of the one that is checked.
    #[must_use]
    pub const fn listed(&self) -> &Value {
        &self.listed
    }

    /// Checks arguments: unknown ones are refused by name, what can mean only one thing is taken for it (3.0 for 3,
    /// "[]" for a list), placeholders of optional ones mean absent, defaults are filled in.
    ///
    /// # Errors
    /// The first ten of everything that is wrong, for the model to correct.
    pub fn check(&self, tool: &str, arguments: &Map<String, Value>) -> Result<Map<String, Value>, Failure> {
        self.known(tool, arguments)?;
        let mut faults = Faults::default();
        let mut bounds = Bounds::new(&mut faults);
        for (name, argument) in &self.arguments {
            if let Some(given) = arguments.get(name) {
                bounds.look(name, &argument.described, given);
            }
        }
        refused(tool, &faults)?;
        let taken = self.coerced(tool, arguments)?;
        let whole = Value::Object(taken);
        let validator = self.validator().map_err(|why| Failure::invalid(format!("{tool} can't be called: {why}")))?;
        validator.iter_errors(&whole).for_each(|error| faults.add(|| described(&error)));
        self.one_of_each(&whole, &mut faults);
        refused(tool, &faults)?;
        let Value::Object(mut taken) = whole else { return Ok(Map::new()) };
        self.clear(tool, &mut taken)?;
        self.to_null(&mut taken);
        Ok(taken)
    }

    /// Which of several is meant nobody can guess, nor that one is there that isn't.
    fn one_of_each(&self, taken: &Value, faults: &mut Faults) {
        for names in &self.one_of {
            if names.iter().filter(|name| taken.get(name.as_str()).is_some()).count() != 1 {
                faults.add(|| format!("exactly one of `{}` is to be given", names.join("`, `")));
            }
        }
    }

    /// What is empty becomes null where the file says that an empty one means it.
    fn to_null(&self, taken: &mut Map<String, Value>) {
        for (name, value) in taken.iter_mut() {
            let as_null = self.arguments.get(name).is_some_and(|argument| argument.empty == Empty::AsNull);
            if as_null && is_empty(value) {
                *value = Value::Null;
            }
        }
    }

    /// The arguments as what they are taken for; what came as JSON text is looked at again, for it is longer now.
    fn coerced(&self, tool: &str, arguments: &Map<String, Value>) -> Result<Map<String, Value>, Failure> {
        let mut faults = Faults::default();
        let mut bounds = Bounds::new(&mut faults);
        let mut all = Map::new();
        for (name, argument) in &self.arguments {
            let Argument { described, required, empty } = argument;
            let given = arguments.get(name).and_then(|given| coercion::coerced(described, *required, *empty, given));
            if let Some(value) = &given {
                bounds.look(name, described, value);
            }
            if let Some(value) = given.or_else(|| described.get("default").cloned()) {
                all.insert(name.clone(), value);
            }
        }
        refused(tool, &faults)?;
        Ok(all)
    }

    /// Empties what the call names in `clear`.
    fn clear(&self, tool: &str, taken: &mut Map<String, Value>) -> Result<(), Failure> {
        if !self.arguments.values().any(|argument| argument.empty == Empty::ByClear) {
            return Ok(());
        }
        let names = taken.shift_remove(CLEAR);
        let mut faults = Faults::default();
        for name in names.iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str) {
            let list = self.arguments.get(name).and_then(|argument| argument.described.get("type"));
            let nothing = if list.is_some_and(|kind| kind == "array") { Value::Array(Vec::new()) } else { "".into() };
            match taken.get(name) {
                Some(given) if *given != nothing => {
                    faults.add(|| format!("`{name}` is both given and named in `{CLEAR}`; leave one of them out"));
                }
                _ => {
                    taken.insert(name.to_owned(), nothing);
                }
            }
        }
        refused(tool, &faults)
    }

    /// Refuses arguments that the tool doesn't have.
    fn known(&self, tool: &str, arguments: &Map<String, Value>) -> Result<(), Failure> {
        let ignored = |name: &str| self.versions && IGNORED.contains(&name);
        let unknown = arguments.keys().filter(|name| !self.arguments.contains_key(*name) && !ignored(name));
        let names = || self.arguments.keys().map(String::as_str);
        let mut wrong = Faults::default();
        let mut hints = Faults::default();
        for name in unknown {
            if let Some(meant) = wrong.takes_more().then(|| nearest(name, names())).flatten() {
                hints.add(|| format!("Did you mean `{meant}`?"));
            }
            wrong.add(|| format!("`{}`", quoted(name)));
        }
        if wrong.none() {
            return Ok(());
        }
        let mut all = names().take(NAMES).collect::<Vec<_>>().join(", ");
        if self.arguments.len() > NAMES {
            all.push_str(", …");
        }
        let all = if all.is_empty() { "it takes none".to_owned() } else { format!("it takes {all}") };
        let said = format!("{tool} has no argument {}; {all}. {}", wrong.joined(", "), hints.joined(" "));
        Err(Failure::invalid(said.trim_end()))
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn refused(tool: &str, faults: &Faults) -> Result<(), Failure> {
    if faults.none() {
        return Ok(());
    }
    let said = faults.joined("; ");
    Err(Failure::invalid(format!("{tool}: {said}. Correct the arguments and call again.")))
}

//! Names that a client wrote, found among those there are; or the nearest one.

use prost_reflect::{FieldDescriptor, MessageDescriptor};

/// How alike two names must be to be suggested (0 to 1).
const ALIKE: f64 = 0.7;

/// The field of this name, in snake_case or lowerCamelCase.
pub(super) fn field(of: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    of.get_field_by_name(name).or_else(|| of.get_field_by_json_name(name))
}

/// `; did you mean 'page_size'?`, or nothing when no name is near.
pub(super) fn nearest(of: &MessageDescriptor, name: &str) -> String {
    let likeness = |field: &FieldDescriptor| strsim::jaro_winkler(field.name(), name);
    let best = of.fields().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match best.filter(|field| likeness(field) >= ALIKE) {
        Some(field) => format!("; did you mean '{}'?", field.name()),
        None => String::new(),
    }
}

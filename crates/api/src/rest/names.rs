//! Names that a client wrote, found among those there are; or the nearest one.

use prost_reflect::{FieldDescriptor, MessageDescriptor};

/// How alike two names must be to be suggested (0 to 1).
const ALIKE: f64 = 0.7;

/// The field of this name, in snake_case or lowerCamelCase.
pub(super) fn field(of: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    of.get_field_by_name(name).or_else(|| of.get_field_by_json_name(name))
}

/// The longest name that is compared with others. Comparing takes time with the square of it, and no field has a longer
/// one.
const LONGEST: usize = 64;

/// `; did you mean 'page_size'?`, or nothing when no name is near.
pub(super) fn nearest(of: &MessageDescriptor, name: &str) -> String {
    if name.len() > LONGEST {
        return String::new();
    }
    let likeness = |field: &FieldDescriptor| strsim::jaro_winkler(field.name(), name);
    let best = of.fields().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match best.filter(|field| likeness(field) >= ALIKE) {
        Some(field) => format!("; did you mean '{}'?", field.name()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::loaded;

    #[test]
    fn attack_77_a_name_that_no_field_can_have_is_compared_with_none() {
        let pool = loaded().pool.clone();
        let of = pool.get_message_by_name("scalekit.v1.mcp.ListMcpConfigsRequest").unwrap();
        assert_eq!(nearest(&of, "pagesize"), "; did you mean 'page_size'?");
        let begun = std::time::Instant::now();
        for _ in 0..100 {
            assert_eq!(nearest(&of, &"page_size".repeat(100_000)), "");
        }
        assert!(begun.elapsed() < std::time::Duration::from_millis(500));
        let longest = pool.all_messages().flat_map(|message| message.fields().collect::<Vec<_>>());
        assert!(longest.map(|field| field.name().len()).max().unwrap() <= LONGEST);
    }
}

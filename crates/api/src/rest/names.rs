//! Names that a client wrote, found among those there are; or the nearest one.

use prost_reflect::{FieldDescriptor, MessageDescriptor};

/// The field of this name, in snake_case or lowerCamelCase.
pub(super) fn field(of: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    of.get_field_by_name(name).or_else(|| of.get_field_by_json_name(name))
}

/// `; did you mean 'page_size'?`, or nothing when no name is near.
pub(super) fn nearest(of: &MessageDescriptor, name: &str) -> String {
    let fields: Vec<FieldDescriptor> = of.fields().collect();
    match valetkey_domain::nearest(name, fields.iter().map(FieldDescriptor::name)) {
        Some(meant) => format!("; did you mean '{meant}'?"),
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
    }

    /// No field has a name that is too long to be compared.
    #[test]
    fn each_field_is_found_by_its_words() {
        for message in loaded().pool.all_messages() {
            for field in message.fields().filter(|field| field.name().contains('_')) {
                let slip = field.name().replace('_', "");
                assert_eq!(nearest(&message, &slip), format!("; did you mean '{}'?", field.name()), "{slip}");
            }
        }
    }
}

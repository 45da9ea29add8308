//! One help for building answers member by member.

use serde_json::Value;

/// Adds a member to an object; anything else stays as it is.
pub(crate) fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
}

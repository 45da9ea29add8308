//! Small parts of the document that several of its writers need.

use crate::contract::Method;
use prost_reflect::FileDescriptor;
use serde_json::{Value, json};

/// Sets a member of an object.
pub(super) fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value.into());
    }
}

/// A reference to the schema of this name.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The comment above something in a .proto file, on one line.
pub(super) fn comment(file: &FileDescriptor, path: &[i32]) -> Option<String> {
    let places = &file.file_descriptor_proto().source_code_info.as_ref()?.location;
    let text = places.iter().find(|place| place.path == path)?.leading_comments();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

/// The service of a method, without its package: `McpService`.
pub(super) fn service(method: &Method) -> String {
    method.descriptor.parent_service().name().to_owned()
}

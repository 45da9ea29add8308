//! The digest of one API: operations, the parameters and bodies they take, and the scopes that allow them. Names and
//! types only; the vendor's prose stays behind.

use crate::{Error, template};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One API of a vendor, as far as somebody here uses it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// The vendor's name for it with the version, `calendar:v3`.
    pub id: String,
    /// The revision that the description carries, `20261030`.
    pub revision: String,
    /// SHA-256 of the description that was read, in hexadecimal.
    pub source_sha256: String,
    /// Scheme and host without a trailing slash; the paths of operations start at its root.
    pub base_url: String,
    /// Query parameters that every operation takes.
    pub parameters: Vec<Parameter>,
    /// The operations that were asked for, by the vendor's id.
    pub operations: BTreeMap<String, Operation>,
    /// The schemas that those operations reach, by name.
    pub schemas: BTreeMap<String, Schema>,
    /// Every OAuth scope that the API knows.
    pub scopes: BTreeSet<String>,
    /// The lines of the schema that documents are held against, where the API is GraphQL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub graphql: Vec<String>,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// The vendor's id, `calendar.events.list`.
    pub id: String,
    /// The HTTP method in upper case.
    pub method: String,
    /// The path from the root of the host, with `{variables}`.
    pub path: String,
    /// What it takes in path and query, beside [`Digest::parameters`].
    pub parameters: Vec<Parameter>,
    /// The JSON body, if it takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Schema>,
    /// The JSON answer, if it gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Schema>,
    /// The path to which a body goes that a file comes with (`multipart/related`), if the operation takes files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<String>,
    /// Whether it can answer with a file's bytes.
    #[serde(default, skip_serializing_if = "is_false")]
    pub download: bool,
    /// Any one of these OAuth scopes is enough.
    pub scopes: Vec<String>,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A segment of the path.
    Path,
    /// The query string.
    Query,
}

/// One parameter of an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name on the wire.
    pub name: String,
    /// Where it stands.
    #[serde(rename = "in")]
    pub place: Place,
    /// `string`, `integer`, `number` or `boolean`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether a request without it is refused.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Whether it may stand more than once.
    #[serde(default, skip_serializing_if = "is_false")]
    pub repeated: bool,
    /// The only values it takes; empty means any.
    #[serde(rename = "enum", default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// `int32`, `uint32`, `int64`, `uint64`, `date`, `date-time`, `byte`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The least value.
    #[serde(rename = "min", default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<i64>,
    /// The greatest value.
    #[serde(rename = "max", default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<i64>,
    /// What the vendor takes it for when it is absent, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// The shape of a JSON value: a JSON Schema cut down to what vendors' descriptions say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The name of a schema of the digest that says the rest.
    #[serde(rename = "$ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// `string`, `integer`, `number`, `boolean`, `array`, `object` or `any`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What the vendor says of it. No digest has it; an import of a whole document does
    /// ([`survey()`](crate::openapi::survey())).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// As with [`Parameter::format`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The only values it takes; empty means any.
    #[serde(rename = "enum", default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// The shape of an array's elements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Schema>>,
    /// The members of an object.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Schema>,
    /// The shape of members that are not named, where they are allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional: Option<Box<Schema>>,
    /// Whether null is a value of its own, which a required member may have.
    #[serde(default, skip_serializing_if = "is_false")]
    pub nullable: bool,
    /// The operations that refuse a body without this member.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_by: Vec<String>,
}

/// The operation of this id and the first of several descriptions that has it.
#[must_use]
pub fn described<'d>(digests: &'d [Digest], operation: &str) -> Option<(&'d Digest, &'d Operation)> {
    digests.iter().find_map(|digest| Some((digest, digest.operations.get(operation)?)))
}

impl Digest {
    /// Reads a committed digest.
    ///
    /// # Errors
    /// The text is not JSON, or not of this form.
    pub fn read(text: &str) -> Result<Self, Error> {
        Ok(serde_json::from_str(text)?)
    }

    /// The operation that a request line names, with the decoded values of the path's variables in their order.
    /// `path` is the raw, percent-encoded path from the root of the host. A literal segment beats a variable.
    #[must_use]
    pub fn find(&self, method: &str, path: &str) -> Option<(&Operation, Vec<(String, String)>)> {
        self.operations
            .values()
            .filter(|operation| operation.method == method)
            .filter_map(|operation| Some((operation, operation.paths().find_map(|one| template::matches(one, path))?)))
            .min_by_key(|(_, values)| values.len())
    }

    /// The methods of the operations with this path: for the `Allow` of a 405.
    #[must_use]
    pub fn methods(&self, path: &str) -> Vec<&str> {
        let is_it = |operation: &&Operation| operation.paths().any(|one| template::matches(one, path).is_some());
        let known = self.operations.values().filter(is_it);
        let mut methods: Vec<&str> = known.map(|operation| operation.method.as_str()).collect();
        methods.sort_unstable();
        methods.dedup();
        methods
    }

    /// What a schema stands for once its reference is followed; itself if it has none or it leads nowhere.
    #[must_use]
    pub fn resolve<'a>(&'a self, schema: &'a Schema) -> &'a Schema {
        schema.reference.as_ref().and_then(|name| self.schemas.get(name)).unwrap_or(schema)
    }
}

impl Operation {
    fn paths(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.path.as_str()).chain(self.upload.as_deref())
    }

    /// Whether this raw path is the one that files go to.
    #[must_use]
    pub fn takes_files_at(&self, path: &str) -> bool {
        self.upload.as_ref().is_some_and(|upload| template::matches(upload, path).is_some())
    }

    /// The parameter of this name, those that every operation takes included.
    #[must_use]
    pub fn parameter<'a>(&'a self, digest: &'a Digest, name: &str) -> Option<&'a Parameter> {
        self.parameters.iter().chain(&digest.parameters).find(|parameter| parameter.name == name)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest() -> Digest {
        let operation = |id: &str, method: &str, path: &str| serde_json::json!({"id": id, "method": method, "path": path, "parameters": [], "scopes": []});
        serde_json::from_value(serde_json::json!({
            "id": "mail:v1", "revision": "1", "source_sha256": "", "base_url": "https://mail.test",
            "parameters": [], "schemas": {}, "scopes": [],
            "operations": {
                "get": operation("get", "GET", "/users/{userId}/messages/{id}"),
                "list": operation("list", "GET", "/users/{userId}/messages"),
                "unread": operation("unread", "GET", "/users/{userId}/messages/unread"),
                "send": operation("send", "POST", "/users/{userId}/messages/send"),
            }
        }))
        .unwrap()
    }

    #[test]
    fn a_request_line_names_its_operation_and_the_values_in_it() {
        let digest = digest();
        let (operation, values) = digest.find("GET", "/users/me/messages/a%20b").unwrap();
        assert_eq!(operation.id, "get");
        assert_eq!(values, [("userId".into(), "me".into()), ("id".into(), "a b".into())]);
    }

    #[test]
    fn a_literal_beats_a_variable() {
        assert_eq!(digest().find("GET", "/users/me/messages/unread").unwrap().0.id, "unread");
    }

    #[test]
    fn what_is_not_described_is_not_found() {
        for (method, path) in [
            ("DELETE", "/users/me/messages"),
            ("GET", "/users/me"),
            ("GET", "/users//messages"),
            ("GET", "/users/me/messages/"),
            ("GET", "/users/me/messages/a/b"),
        ] {
            assert!(digest().find(method, path).is_none(), "{method} {path}");
        }
    }

    #[test]
    fn a_file_goes_to_a_path_of_its_own() {
        let mut digest = digest();
        let send = digest.operations.get_mut("send").unwrap();
        send.upload = Some("/upload/users/{userId}/send".into());
        let (found, values) = digest.find("POST", "/upload/users/me/send").unwrap();
        assert_eq!((found.id.as_str(), values), ("send", vec![("userId".into(), "me".into())]));
        assert!(found.takes_files_at("/upload/users/me/send") && !found.takes_files_at("/users/me/messages/send"));
        assert_eq!(digest.methods("/upload/users/me/send"), ["POST"]);
    }

    #[test]
    fn the_methods_of_a_path_are_told() {
        assert_eq!(digest().methods("/users/me/messages/send"), ["GET", "POST"]);
    }
}

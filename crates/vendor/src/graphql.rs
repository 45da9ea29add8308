//! GraphQL: a document by itself, and a document with its variables against a vendor's schema.
//!
//! Source: <https://spec.graphql.org/October2021/>; reading and validating is apollo-compiler's.

use crate::Schema;
use apollo_compiler::ast::{Definition, Document as Parsed, OperationType, Selection, Type};
use apollo_compiler::executable::SelectionSet;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema as Described};
use serde_json::Value;

/// The longest document, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// One operation as it is written.
#[derive(Clone, Debug)]
pub struct Document {
    /// Whether it is a mutation.
    pub changes: bool,
    /// The fields of the root that it asks for, by the names that the vendor has for them.
    pub fields: Vec<String>,
    /// The names of its variables, and whether each has to be given.
    pub variables: Vec<(String, bool)>,
    kinds: Vec<Type>,
}

impl Document {
    /// Reads one operation.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("the document has {} bytes; {MAX_BYTES} at most", text.len()));
        }
        let parsed = Parsed::parse(text, "document").map_err(|wrong| plain(&wrong.errors.to_string()))?;
        let mut operations = parsed.definitions.iter().filter_map(|definition| match definition {
            Definition::OperationDefinition(operation) => Some(operation),
            _ => None,
        });
        let (Some(operation), None) = (operations.next(), operations.next()) else {
            return Err("the document has to have exactly one operation".to_owned());
        };
        let changes = match operation.operation_type {
            OperationType::Query => false,
            OperationType::Mutation => true,
            OperationType::Subscription => return Err("a subscription has no single answer".to_owned()),
        };
        let fields = operation.selection_set.iter().filter_map(|selection| match selection {
            Selection::Field(field) => Some(field.name.to_string()),
            _ => None,
        });
        let needed = |kind: &Type, default: bool| kind.is_non_null() && !default;
        let variables = operation.variables.iter();
        let named = variables.clone().map(|one| (one.name.to_string(), needed(&one.ty, one.default_value.is_some())));
        Ok(Self {
            changes,
            fields: fields.collect(),
            variables: named.collect(),
            kinds: variables.map(|one| (*one.ty).clone()).collect(),
        })
    }
}

/// A vendor's schema.
#[derive(Debug)]
pub struct Graphql {
    schema: Valid<Described>,
}

impl Graphql {
    /// Reads the lines of a digest.
    ///
    /// # Errors
    /// What is wrong with the schema, in words.
    pub fn read(lines: &[String]) -> Result<Self, String> {
        let schema = Described::parse_and_validate(lines.join("\n"), "schema");
        Ok(Self { schema: schema.map_err(|wrong| plain(&wrong.errors.to_string()))? })
    }

    /// Whether the schema has all that a document asks for.
    ///
    /// # Errors
    /// What it does not have, in words.
    pub fn takes(&self, document: &str) -> Result<(), String> {
        self.executable(document).map(|_| ())
    }

    /// Whether document and variables fit: no unknown member, nothing of another type, nothing missing.
    ///
    /// # Errors
    /// What does not fit, in words.
    pub fn fits(&self, document: &str, variables: &Value) -> Result<(), String> {
        let executable = self.executable(document)?;
        let operation =
            executable.operations.get(None).map_err(|_| "which operation is meant is not clear".to_owned())?;
        let given = variables.as_object().into_iter().flatten();
        if let Some((name, _)) =
            given.clone().find(|(name, _)| !operation.variables.iter().any(|one| *one.name == **name))
        {
            return Err(format!("variables.{name} is no variable of the document"));
        }
        let given: JsonMap = serde_json::from_value(given.map(|(name, value)| (name.clone(), value.clone())).collect())
            .map_err(|error| error.to_string())?;
        let fitted = coerce_variable_values(&self.schema, operation, &given);
        fitted.map(|_| ()).map_err(|wrong| format!("{wrong:?}"))
    }

    /// Whether an answer has what a document asks for: every member, and no other.
    ///
    /// # Errors
    /// Where it has not.
    pub fn answers(&self, document: &str, data: &Value) -> Result<(), String> {
        let executable = self.executable(document)?;
        let operation =
            executable.operations.get(None).map_err(|_| "which operation is meant is not clear".to_owned())?;
        agrees(&operation.selection_set, data, "data")
    }

    /// The fields of query and mutation: `Query.issues`.
    #[must_use]
    pub fn root_fields(&self) -> Vec<String> {
        let roots = [OperationType::Query, OperationType::Mutation].into_iter();
        let roots =
            roots.filter_map(|root| self.schema.root_operation(root)).filter_map(|name| self.schema.get_object(name));
        roots.flat_map(|root| root.fields.keys().map(move |field| format!("{}.{field}", root.name))).collect()
    }

    fn executable(&self, document: &str) -> Result<Valid<ExecutableDocument>, String> {
        let read = ExecutableDocument::parse_and_validate(&self.schema, document, "document");
        read.map_err(|wrong| plain(&wrong.errors.to_string()))
    }

    /// What stands at a path that begins with a variable: `input.title`.
    ///
    /// # Errors
    /// There is no such variable or member.
    pub fn member(&self, document: &Document, path: &[String]) -> Result<Schema, String> {
        let (first, rest) = path.split_first().ok_or("names no variable")?;
        let at = document.variables.iter().position(|(name, _)| name == first);
        let mut kind = at
            .and_then(|at| document.kinds.get(at))
            .ok_or_else(|| format!("the document has no variable `${first}`"))?;
        for name in rest {
            let input = match self.schema.types.get(kind.inner_named_type()) {
                Some(ExtendedType::InputObject(input)) if !kind.is_list() => input,
                _ => return Err(format!("`{kind}` has no member `{name}`")),
            };
            let field = input.fields.get(name.as_str()).ok_or_else(|| format!("`{kind}` has no member `{name}`"))?;
            kind = &field.ty;
        }
        Ok(self.shape(kind))
    }

    fn shape(&self, kind: &Type) -> Schema {
        let of = |kind: &str| Schema { kind: Some(kind.to_owned()), ..Schema::default() };
        if kind.is_list() {
            return Schema { items: Some(Box::new(self.shape(kind.item_type()))), ..of("array") };
        }
        let name = kind.inner_named_type();
        match (name.as_str(), self.schema.types.get(name)) {
            ("String" | "ID", _) => of("string"),
            ("Int", _) => of("integer"),
            ("Float", _) => of("number"),
            ("Boolean", _) => of("boolean"),
            (_, Some(ExtendedType::Enum(one))) => {
                Schema { allowed: one.values.keys().map(ToString::to_string).collect(), ..of("string") }
            }
            (_, Some(ExtendedType::InputObject(_))) => Schema { additional: Some(Box::new(of("any"))), ..of("object") },
            _ => of("any"),
        }
    }
}

/// A report of many lines as one.
fn plain(report: &str) -> String {
    report.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is null was asked for as a whole; of fragments nothing is said.
fn agrees(asked: &SelectionSet, given: &Value, at: &str) -> Result<(), String> {
    let members = match given {
        Value::Array(items) => return items.iter().try_for_each(|item| agrees(asked, item, at)),
        Value::Object(members) => members,
        _ => return Ok(()),
    };
    let fields: Vec<_> = asked.selections.iter().filter_map(|selection| selection.as_field()).collect();
    if fields.is_empty() || fields.len() < asked.selections.len() {
        return Ok(());
    }
    if let Some(other) = members.keys().find(|name| !fields.iter().any(|field| *field.response_key() == name.as_str()))
    {
        return Err(format!("{at}.{other} was not asked for"));
    }
    fields.iter().try_for_each(|field| {
        let at = format!("{at}.{}", field.response_key());
        let value = members.get(field.response_key().as_str()).ok_or_else(|| format!("{at} was asked for"))?;
        agrees(&field.selection_set, value, &at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SCHEMA: &str = "type Query { issues(filter: Filter, first: Int): [Issue!]! issue(id: String!): Issue }
        type Mutation { create(input: Input!): Issue } type Issue { id: ID! title: String! state: State! }
        enum State { open done } scalar Day input Filter { state: State, ids: [ID!] }
        input Input { title: String!, points: Float, due: Day, state: State, tags: [String!] }";

    fn schema() -> Graphql {
        Graphql::read(&SCHEMA.lines().map(str::to_owned).collect::<Vec<_>>()).unwrap()
    }

    const CREATE: &str = "mutation($input: Input!) { create(input: $input) { id } }";

    #[test]
    fn a_document_says_what_it_asks() {
        let read = Document::read(
            "query($id: String!, $first: Int, $n: Int! = 3) { issue(id: $id) { id } issues(first: $first) { id } }",
        )
        .unwrap();
        assert!(!read.changes && Document::read(CREATE).unwrap().changes);
        assert_eq!(read.fields, ["issue", "issues"]);
        assert_eq!(read.variables, [("id".into(), true), ("first".into(), false), ("n".into(), false)]);
        for wrong in ["", "query {", "query A { a } query B { b }", "subscription { a }", "type A { a: Int }", "{ a }}"]
        {
            assert!(Document::read(wrong).is_err(), "{wrong}");
        }
        assert!(Document::read(&format!("{{ {} }}", "a ".repeat(MAX_BYTES))).is_err());
    }

    #[test]
    fn what_the_schema_does_not_have_is_refused() {
        let schema = schema();
        schema.takes(CREATE).unwrap();
        for (wrong, why) in [
            ("{ issues { nmae } }", "nmae"),
            ("{ issues }", "subselection"),
            ("query($x: Int) { issue(id: $x) { id } }", "$x"),
            ("{ issue { id } }", "id"),
            ("query($no: Int) { issues { id } }", "no"),
            ("{ issues(last: 3) { id } }", "last"),
        ] {
            let said = schema.takes(wrong).unwrap_err();
            assert!(said.contains(why), "{wrong}: {said}");
        }
    }

    #[test]
    fn an_answer_has_what_was_asked_for() {
        let schema = schema();
        let said = |data: Value| {
            schema
                .answers("query($a: String!) { one: issue(id: $a) { id } issues { id title } }", &data)
                .err()
                .unwrap_or_default()
        };
        assert_eq!(said(json!({"one": {"id": "1"}, "issues": [{"id": "1", "title": "a"}]})), "");
        assert_eq!(said(json!({"one": null, "issues": []})), "");
        for (wrong, why) in [
            (json!({"one": {"id": "1"}}), "data.issues was asked for"),
            (json!({"one": {"id": "1", "title": "a"}, "issues": []}), "data.one.title was not asked for"),
            (json!({"issue": {"id": "1"}, "issues": []}), "data.issue was not asked for"),
            (
                json!({"one": {"id": "1"}, "issues": [{"id": "1", "title": "a"}, {"id": "2"}]}),
                "data.issues.title was asked for",
            ),
        ] {
            assert_eq!(said(wrong), why);
        }
    }

    #[test]
    fn variables_of_another_type_or_name_are_refused() {
        let schema = schema();
        let fits = |variables: Value| schema.fits(CREATE, &variables);
        fits(json!({"input": {"title": "a", "points": 2, "due": "2026-01-01", "state": "open", "tags": ["x"]}}))
            .unwrap();
        for wrong in [
            json!({}),
            json!({"input": {}}),
            json!({"input": {"title": 3}}),
            json!({"input": {"title": "a", "titel": "b"}}),
            json!({"input": {"title": "a", "state": "shut"}}),
            json!({"input": {"title": "a", "tags": [1]}}),
            json!({"input": {"title": "a"}, "more": 1}),
        ] {
            assert!(fits(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_stands_at_a_path_is_known() {
        let (schema, document) = (schema(), Document::read(CREATE).unwrap());
        let at = |path: &str| schema.member(&document, &path.split('.').map(str::to_owned).collect::<Vec<_>>());
        let kind = |path: &str| at(path).unwrap().kind.unwrap();
        assert_eq!(
            ["input", "input.title", "input.points", "input.due", "input.tags"].map(kind),
            ["object", "string", "number", "any", "array"]
        );
        assert_eq!(at("input.state").unwrap().allowed, ["open", "done"]);
        for wrong in ["no", "input.no", "input.title.no", "input.tags.no"] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
    }
}

//! GraphQL documents: what they ask for exists, and what goes into their variables is what those take.

use super::body::Leaf;
use super::problems::Problems;
use crate::file::{BodyForm, Field};
use serde_json::Value;
use valetkey_vendor::Digest;
use valetkey_vendor::graphql::{Document, Graphql};

/// A request, as far as it is GraphQL.
pub(super) struct GraphqlRequest<'a> {
    pub(super) at: &'a str,
    pub(super) operation: &'a str,
    pub(super) body: BodyForm,
    pub(super) document: Option<&'a str>,
}

/// A member of its body that something is put into.
pub(super) struct Filled<'a> {
    pub(super) path: &'a [String],
    pub(super) argument: Option<(&'a str, &'a Field)>,
    pub(super) always: Option<&'a Value>,
    /// Whether there is always a value.
    pub(super) sure: bool,
}

/// The schema of a GraphQL API.
pub(super) fn schema(digests: &[Digest], problems: &mut Problems) -> Option<Graphql> {
    let lines = digests.iter().map(|digest| &digest.graphql).find(|lines| !lines.is_empty())?;
    match Graphql::read(lines) {
        Ok(schema) => Some(schema),
        Err(why) => {
            problems.add("description", format!("the schema in its digest cannot be read: {why}"));
            None
        }
    }
}

pub(super) fn check(
    asked: &GraphqlRequest<'_>,
    filled: &[Filled<'_>],
    schema: Option<&Graphql>,
    problems: &mut Problems,
) {
    let at = asked.at;
    let Some(text) = asked.document else {
        let given = filled.iter().any(|one| one.path == ["query"]);
        return problems.demand(asked.body != BodyForm::Graphql || given, at, "`body: graphql` needs a `document`");
    };
    problems.demand(asked.body == BodyForm::Graphql, at, "a `document` goes with `body: graphql` only");
    let document = match Document::read(text) {
        Ok(document) => document,
        Err(why) => return problems.add(at, format!("document: {why}")),
    };
    if let Some(schema) = schema {
        asks_for(asked, text, &document, schema, problems);
    }
    for (name, needed) in &document.variables {
        let given = filled.iter().any(|one| is_of(one, name) && (one.sure || one.path.len() > 2));
        problems.demand(
            given || !needed,
            at,
            &format!("nothing is sure to fill the variable `${name}`, which is required"),
        );
        let used = filled.iter().any(|one| is_of(one, name));
        problems.demand(used || *needed, at, &format!("nothing fills the variable `${name}`"));
    }
    for one in filled {
        fills(at, one, &document, schema, problems);
    }
}

/// The document has the operation that the tool names, and the schema has all of it.
fn asks_for(asked: &GraphqlRequest<'_>, text: &str, document: &Document, schema: &Graphql, problems: &mut Problems) {
    let (root, field) = asked.operation.split_once('.').unwrap_or_default();
    let same = (root == "Mutation") == document.changes && document.fields.iter().any(|one| one == field);
    problems.demand(same, asked.at, &format!("its document does not ask for `{}`", asked.operation));
    if let Err(why) = schema.takes(text) {
        problems.add(asked.at, format!("document: {why}"));
    }
}

fn is_of(one: &Filled<'_>, variable: &str) -> bool {
    matches!(one.path, [first, name, ..] if first == "variables" && name == variable)
}

/// One member is a variable, or something in one, and takes what is put there.
fn fills(at: &str, one: &Filled<'_>, document: &Document, schema: Option<&Graphql>, problems: &mut Problems) {
    let Some(("variables", path)) = one.path.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
        return problems.add(at, format!("body.{} is no variable: a document has variables.x", one.path.join(".")));
    };
    let written = one.path.join(".");
    let Some(schema) = schema else {
        let known = path.first().is_some_and(|name| document.variables.iter().any(|(one, _)| one == name));
        return problems.demand(known, at, &format!("{written} is no variable of its document"));
    };
    let leaf = match schema.member(document, path) {
        Ok(member) => Leaf::of_schema(&member),
        Err(why) => return problems.add(at, format!("{written}: {why}")),
    };
    let wrong = match (one.argument, one.always) {
        (Some((name, field)), _) => {
            leaf.takes_field(field).err().map(|why| format!("`{name}` goes to {written}, which {why}"))
        }
        (None, Some(value)) => {
            leaf.takes_value(value).err().map(|why| format!("{written} is always {value}, which {why}"))
        }
        (None, None) => None,
    };
    if let Some(wrong) = wrong {
        problems.add(at, wrong);
    }
}

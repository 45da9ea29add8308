//! A tool as written in a file: what it takes, what it sends, what it answers.

use super::answer_form::AnswerForm;
use super::body_form::BodyForm;
use super::ordered::Ordered;
use serde::Deserialize;
use serde_json::{Map, Value};
use valetkey_domain::tool::Effect;

/// One tool.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolFile {
    /// A short title for people.
    pub title: String,
    /// What it does, for the model, in words of ours.
    pub description: String,
    /// What else people call what it does, in phrases: for the search alone.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// What calling it does to the user's data.
    pub effect: Effect,
    /// Why the effect is right although the HTTP method says otherwise.
    pub excuse: Option<String>,
    /// The vendor's operation that it is about. Arguments with a `map` of their own go into its request.
    pub operation: String,
    /// The request of that operation, where no description says it.
    pub request: Option<ManualRequest>,
    /// The scopes that it needs; absent where scopes say nothing.
    pub scopes: Option<ScopeFile>,
    /// Whether `schema_version` and `tool_version` are accepted, and ignored.
    #[serde(default)]
    pub versions: bool,
    /// The arguments.
    #[serde(default)]
    pub input: Ordered<Field>,
    /// Lists of optional arguments; of each exactly one is given.
    #[serde(default)]
    pub one_of: Vec<Vec<String>>,
    /// The GraphQL document of its one request, always the same: arguments go into its variables.
    pub document: Option<String>,
    /// How the bodies of its requests are written, where it is not as the connector's other tools do.
    pub body: Option<BodyForm>,
    /// What its one request is answered with.
    #[serde(default)]
    pub answer: AnswerForm,
    /// Values that are always sent, by target.
    #[serde(default)]
    pub set: Ordered<Value>,
    /// Expressions whose values are sent, by target.
    #[serde(default)]
    pub with: Ordered<String>,
    /// What is done, where it is more than the operation's one request.
    #[serde(default)]
    pub steps: Vec<StepFile>,
    /// What is answered.
    #[serde(default)]
    pub output: OutputFile,
    /// How the next page is asked for.
    pub paginate: Option<Paginate>,
    /// Arguments that work: the check validates them.
    #[serde(default)]
    pub example: Map<String, Value>,
}

/// Method and path of an operation that no description has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManualRequest {
    /// The HTTP method in upper case.
    pub method: String,
    /// The path after the base URL, with `{variables}`.
    pub path: String,
}

/// One argument.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// `string`, `integer`, `number`, `boolean`, `array` or `object`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it means, for the model.
    pub description: String,
    /// Whether a call without it is refused.
    #[serde(default)]
    pub required: bool,
    /// What it is taken for when it is absent.
    pub default: Option<Value>,
    /// What it may be.
    #[serde(rename = "enum")]
    pub allowed: Option<Vec<Value>>,
    /// A format of JSON Schema.
    pub format: Option<String>,
    /// A regular expression, linear in time.
    pub pattern: Option<String>,
    /// The least number.
    pub minimum: Option<i64>,
    /// The greatest number.
    pub maximum: Option<i64>,
    /// The least length of a text or list.
    pub min_length: Option<u64>,
    /// The greatest length of a text or list.
    pub max_length: Option<u64>,
    /// The schema of a list's elements.
    pub items: Option<Value>,
    /// The schemas of an object's members, by name.
    pub members: Option<Value>,
    /// The members without which an object is refused.
    #[serde(default)]
    pub needs: Vec<String>,
    /// What it means where an optional one is empty.
    #[serde(default)]
    pub empty: Empty,
    /// Where it goes: a target, `expression` where an expression or a native reads it, or `none`.
    pub map: String,
    /// Why it goes nowhere.
    pub because: Option<String>,
}

/// What an empty value (`""`, `[]`, `{}`) of an optional argument means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// Nothing was given: models and frameworks fill in what they have nothing for.
    #[default]
    Absent,
    /// It is the value.
    Kept,
    /// It is null: by that the app is told that there shall be none.
    AsNull,
    /// Nothing was given; who wants it empty says so by its name in the argument `clear`, which the tool then has.
    ByClear,
}

/// The scopes that a tool needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeFile {
    /// Any one of these alternatives, the narrowest first.
    #[serde(default)]
    pub any: Vec<ScopeAlternative>,
    /// All of these together.
    #[serde(default)]
    pub all: Vec<String>,
}

/// One scope, or several that only together are enough.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum ScopeAlternative {
    /// One is enough.
    One(String),
    /// All of these.
    Together(Vec<String>),
}

/// One step of a tool that takes several.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepFile {
    /// The operation to call.
    pub call: Option<String>,
    /// Its request, where no description says it.
    pub request: Option<ManualRequest>,
    /// The GraphQL document that it sends.
    pub document: Option<String>,
    /// The native to run.
    pub native: Option<String>,
    /// The name under which later steps, the shape and natives find the answer.
    pub save: Option<String>,
    /// An expression; the step is left out where it is false.
    pub when: Option<String>,
    /// An expression for a list; the step is done for each element, and the answers are a list.
    pub for_each: Option<String>,
    /// The name of the element.
    #[serde(rename = "as")]
    pub element: Option<String>,
    /// The most elements; a list with more ends the call, never silently only its rest.
    pub limit: Option<usize>,
    /// How many requests at once.
    pub concurrency: Option<usize>,
    /// Statuses that cost only their element.
    #[serde(default)]
    pub skip: Vec<u16>,
    /// What the request is answered with.
    #[serde(default)]
    pub answer: AnswerForm,
    /// Values that are always sent, by target.
    #[serde(default)]
    pub set: Ordered<Value>,
    /// Expressions whose values are sent, by target.
    #[serde(default)]
    pub with: Ordered<String>,
}

/// What is answered.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputFile {
    /// A shape over the answer; with steps, over an object of the input and the saved values.
    pub shape: Option<String>,
    /// The most bytes of JSON that are answered.
    pub max_bytes: Option<usize>,
    /// The member of the shaped answer that is a list, to be cut at its elements.
    pub list: Option<String>,
    /// Members that are taken away first, at any depth, when the answer is too large: what they say stands elsewhere too.
    #[serde(default)]
    pub spare: Vec<String>,
    /// What to do when the answer is larger than that.
    #[serde(default)]
    pub over: Over,
    /// How to get what was cut away, for the model.
    pub read_on: Option<String>,
}

/// What is done with an answer over its budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// It is cut, and says so.
    #[default]
    Cut,
    /// It is refused: half of it would be worth nothing.
    Refuse,
}

/// How the next page is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paginate {
    /// A shape over what the output's shape is applied to: the token of the next page.
    pub next: Option<String>,
    /// Instead of it: the query parameter whose value is the token, in the address that the header `Link` names with
    /// `rel="next"` (RFC 8288).
    pub link: Option<String>,
    /// The argument that takes it; in the answer it stands under `next_` and this name.
    pub into: String,
}

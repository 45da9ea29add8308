//! What is wrong with arguments, in words: the first ten faults by name, how many more there are, and of nothing that a
//! caller wrote more than a few words.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;
use valetkey_domain::invisible::shown;

/// The most faults that are told.
const MOST: usize = 10;
/// The most of what a caller wrote that is said back, in characters.
const QUOTED: usize = 64;
/// The most words that a file lists.
const LISTED: usize = 100;
/// The longest message of the library's own, in characters.
const LIBRARY: usize = 200;

/// A caller's word, short and on one line.
pub(super) fn quoted(word: &str) -> String {
    shown(word, QUOTED)
}

/// The faults that are told, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Faults {
    first: Vec<String>,
    more: usize,
}

impl Faults {
    pub(super) fn add(&mut self, words: impl FnOnce() -> String) {
        if self.first.len() < MOST { self.first.push(words()) } else { self.more += 1 }
    }

    pub(super) const fn none(&self) -> bool {
        self.first.is_empty()
    }

    /// Whether one more would be told.
    pub(super) fn takes_more(&self) -> bool {
        self.first.len() < MOST
    }

    pub(super) fn joined(&self, between: &str) -> String {
        let more = if self.more > 0 { format!("{between}and {} more", self.more) } else { String::new() };
        self.first.join(between) + &more
    }
}

/// One fault in words that name the argument.
pub(super) fn described(error: &ValidationError<'_>) -> String {
    use ValidationErrorKind as Kind;
    let place = place(&error.instance_path().to_string());
    let must = |what: String| format!("`{place}` must {what}");
    match error.kind() {
        Kind::Required { property } => {
            let name = quoted(property.as_str().unwrap_or_default());
            let within = if place.is_empty() { String::new() } else { format!(" in `{place}`") };
            format!("`{name}` is required{within}")
        }
        Kind::Type { kind } => must(format!("be {}, not {}", kinds(kind), written(error.instance()))),
        Kind::Format { format } => must(formed(format)),
        Kind::Enum { options } => must(format!("be one of {}", listed(options))),
        Kind::Constant { expected_value } => must(format!("be {}", quoted(&expected_value.to_string()))),
        Kind::Minimum { limit } => must(format!("be {limit} or more, not {}", written(error.instance()))),
        Kind::Maximum { limit } => must(format!("be {limit} or less, not {}", written(error.instance()))),
        Kind::MinLength { limit } if *limit <= 1 => must("not be empty".to_owned()),
        Kind::MinLength { limit } => must(format!("have {limit} characters or more")),
        Kind::MaxLength { limit } => must(format!("have {limit} characters or less")),
        Kind::MinItems { limit } => must(format!("have {limit} elements or more")),
        Kind::MaxItems { limit } => must(format!("have {limit} elements or less")),
        Kind::Pattern { pattern } => must(format!("fit the regular expression {}", shown(pattern, LIBRARY))),
        Kind::AdditionalProperties { unexpected } => {
            let first = unexpected.first().map(|name| quoted(name)).unwrap_or_default();
            format!("`{place}` has a member that it does not take: `{first}`")
        }
        _ => format!("`{place}`: {}", shown(&error.masked().to_string(), LIBRARY)),
    }
}

/// `/attendees_emails/0` as `attendees_emails.0`.
fn place(pointer: &str) -> String {
    let from_root = pointer.get(1..).unwrap_or_default();
    shown(from_root, 2 * QUOTED).replace('/', ".")
}

/// A value that is not right, where it is short; what it is otherwise.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text \"{}\"", quoted(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => other.to_string(),
    }
}

fn kinds(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => named(&kind.to_string()).to_owned(),
        TypeKind::Multiple(kinds) => {
            kinds.iter().map(|kind| named(&kind.to_string()).to_owned()).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn named(kind: &str) -> &str {
    match kind {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        other => other,
    }
}

/// All of them: the library's own words leave out what comes after the second.
fn listed(options: &Value) -> String {
    let options: Vec<&Value> = options.as_array().into_iter().flatten().collect();
    let words = options.iter().take(LISTED).map(|option| quoted(&option.to_string())).collect::<Vec<_>>().join(", ");
    if options.len() > LISTED { format!("{words}, …") } else { words }
}

fn formed(format: &str) -> String {
    match format {
        "date-time" => "be an RFC 3339 time with an offset, such as 2026-11-22T09:00:00Z".to_owned(),
        "date" => "be a date such as 2026-11-22".to_owned(),
        "email" => "be an email address such as ada@example.com".to_owned(),
        other => format!("have the format {other}"),
    }
}

//! GraphQL's answers: what was asked for in `data`, what went wrong in `errors`, and often both
//! (<https://spec.graphql.org/October2021/#sec-Response-Format>).

use serde_json::Value;

/// Whether something went wrong.
pub(super) fn has_errors(answer: &Value) -> bool {
    answer.get("errors").and_then(Value::as_array).is_some_and(|errors| !errors.is_empty())
}

/// Whether there is something of what was asked for all the same.
pub(super) fn has_data(answer: &Value) -> bool {
    let fields = answer.get("data").and_then(Value::as_object).into_iter().flatten();
    fields.into_iter().any(|(_, field)| !field.is_null())
}

//! Reading a call's scope.

use crate::{Failure, FailureKind};
use serde_json::{Map, Value};

/// What a native is given: `input` and saved values.
pub(super) type Scope = Map<String, Value>;

/// An argument; null is as good as absent.
pub(super) fn argument<'s>(scope: &'s Scope, name: &str) -> Option<&'s Value> {
    scope.get("input")?.get(name).filter(|value| !value.is_null())
}

/// A text argument; blank is as good as absent, because models fill in what they have nothing for.
pub(super) fn text<'s>(scope: &'s Scope, name: &str) -> Result<Option<&'s str>, Failure> {
    match argument(scope, name) {
        None => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Failure::invalid(format!("`{name}` must be a text"))),
    }
}

/// A whole number that is not negative.
pub(super) fn count(scope: &Scope, name: &str) -> Result<Option<i64>, Failure> {
    match argument(scope, name) {
        None => Ok(None),
        Some(value) => match value.as_i64() {
            Some(number) if number >= 0 => Ok(Some(number)),
            _ => Err(Failure::invalid(format!("`{name}` must be a whole number, 0 or more"))),
        },
    }
}

/// A value that an earlier step saved, if it did.
pub(super) fn saved<'s>(scope: &'s Scope, name: &str) -> Option<&'s Value> {
    scope.get(name).filter(|value| !value.is_null())
}

/// A saved object without which nothing can be done.
pub(super) fn needed<'s>(scope: &'s Scope, name: &str) -> Result<&'s Map<String, Value>, Failure> {
    saved(scope, name).and_then(Value::as_object).ok_or_else(|| {
        Failure::new(
            FailureKind::Upstream,
            format!("the app answered no {name}; try again, or check that it still exists"),
        )
    })
}

/// A text member of an object.
pub(super) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

//! Takes access tokens out of what an app answered: some echo the request's headers.

use serde_json::Value;
use valetkey_domain::Secret;

const MARK: &str = "[redacted credential]";

/// Replaces every occurrence of the secrets in the texts of a value, member names included.
pub(super) fn value(value: &mut Value, secrets: &[&Secret<str>]) {
    match value {
        Value::String(held) => text(held, secrets),
        Value::Array(items) => items.iter_mut().for_each(|item| self::value(item, secrets)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| self::value(member, secrets));
            if members.keys().any(|name| holds(name, secrets)) {
                *members =
                    std::mem::take(members).into_iter().map(|(name, held)| (redacted(name, secrets), held)).collect();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Replaces every occurrence of the secrets in a text.
pub(super) fn text(text: &mut String, secrets: &[&Secret<str>]) {
    for secret in secrets.iter().map(|secret| secret.expose()).filter(|secret| !secret.is_empty()) {
        if text.contains(secret) {
            *text = text.replace(secret, MARK);
        }
    }
}

fn redacted(mut name: String, secrets: &[&Secret<str>]) -> String {
    text(&mut name, secrets);
    name
}

fn holds(name: &str, secrets: &[&Secret<str>]) -> bool {
    secrets.iter().any(|secret| !secret.expose().is_empty() && name.contains(secret.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_trace_is_left_in_values_or_names() {
        let (old, new) = (Secret::<str>::from("ya29.old"), Secret::<str>::from("ya29.new"));
        let mut echoed = json!({ "headers": ["Bearer ya29.old", { "ya29.new": 1 }], "n": 3, "t": "fine" });
        value(&mut echoed, &[&old, &new]);
        assert_eq!(
            echoed,
            json!({ "headers": ["Bearer [redacted credential]", { "[redacted credential]": 1 }], "n": 3, "t": "fine" })
        );
    }
}

//! The codes by which a failed answer says why, in whatever places an app has for them.

use crate::file::ScopeHeaders;
use crate::shape::Shape;
use http::{HeaderMap, header};
use serde_json::Value;
use std::time::Duration;

/// The code of a token whose scopes don't cover a request (RFC 6750, 3.1).
pub(crate) const INSUFFICIENT_SCOPE: &str = "insufficient_scope";
/// The most codes of one answer that are looked at.
const MAX_REASONS: usize = 32;
/// The longest challenge that is read, in bytes.
const MAX_CHALLENGE: usize = 4096;

/// The codes that a shape finds in an answer: a text, or a list of texts.
pub(crate) fn in_body(shape: Option<&Shape>, body: &Value) -> Vec<String> {
    match shape.and_then(|shape| shape.apply(body).ok()) {
        Some(Value::String(reason)) => vec![reason],
        Some(Value::Array(found)) => {
            found.iter().filter_map(Value::as_str).take(MAX_REASONS).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// The codes in challenges: `WWW-Authenticate: Bearer realm="x", error="insufficient_scope"`.
pub(crate) fn in_challenges(headers: &HeaderMap) -> Vec<String> {
    let challenges = headers.get_all(header::WWW_AUTHENTICATE).iter().take(8);
    let challenges = challenges.filter_map(|value| value.to_str().ok()).filter(|text| text.len() <= MAX_CHALLENGE);
    challenges.filter_map(error_of).collect()
}

/// Whether an answer's challenges say that the token is good and its scopes don't cover the request: a new token of the
/// same consent would be refused in the same way.
#[must_use]
pub fn lacks_scope(headers: &HeaderMap) -> bool {
    in_challenges(headers).iter().any(|error| error == INSUFFICIENT_SCOPE)
}

/// The scopes of which any would have done, where an answer's headers say that the token has none of them.
pub(crate) fn scopes_wanted(named: Option<&ScopeHeaders>, headers: &HeaderMap) -> Option<Vec<String>> {
    let list = |name: &str| {
        let text = headers.get(name)?.to_str().ok().filter(|text| text.len() <= MAX_CHALLENGE)?;
        let scopes = text.split(',').map(str::trim).filter(|scope| !scope.is_empty());
        Some(scopes.take(MAX_REASONS).map(str::to_owned).collect::<Vec<_>>())
    };
    let named = named?;
    let (has, wants) = (list(&named.has)?, list(&named.wants)?);
    (!wants.is_empty() && wants.iter().all(|scope| !has.contains(scope))).then_some(wants)
}

/// The value of the parameter `error`, quoted or not. What stands in the quotes of others is no parameter.
fn error_of(challenge: &str) -> Option<String> {
    let mut rest = challenge;
    while let Some((before, after)) = rest.split_once('=') {
        let name = before.trim_end().rsplit([' ', ',', '\t']).next().unwrap_or_default();
        let (value, left) = value_of(after.trim_start());
        if name.eq_ignore_ascii_case("error") {
            return Some(value.to_owned());
        }
        rest = left;
    }
    None
}

/// A parameter's value, and what comes after it.
fn value_of(text: &str) -> (&str, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        return text.split_at(text.find([',', ' ', '\t']).unwrap_or(text.len()));
    };
    let mut escaped = false;
    let end = quoted.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    quoted.split_at(end.unwrap_or(quoted.len()))
}

/// A wait that a shape finds in an answer: seconds, or a text such as `30s` or `3.5s`, as Google writes durations.
pub(crate) fn wait(shape: Option<&Shape>, body: &Value) -> Option<Duration> {
    match shape?.apply(body).ok()? {
        Value::Array(found) => found.iter().find_map(seconds),
        found => seconds(&found),
    }
}

fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::String(text) => text.trim().trim_end_matches('s').parse().ok()?,
        other => other.as_f64()?,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_error_of_a_challenge_is_found_wherever_it_stands() {
        for (challenge, expected) in [
            (r#"Bearer realm="x", error="insufficient_scope", scope="a b""#, Some("insufficient_scope")),
            ("Bearer error=insufficient_scope", Some("insufficient_scope")),
            (r#"Bearer scope="a",error = "insufficient_scope""#, Some("insufficient_scope")),
            (r#"Basic realm="y", Bearer ERROR="invalid_token""#, Some("invalid_token")),
            (r#"Bearer realm="error=\"insufficient_scope\"", scope="error=insufficient_scope""#, None),
            (r#"Bearer error_description="error=x""#, None),
            (r#"Bearer realm="never closed, error=insufficient_scope"#, None),
            ("Bearer", None),
            ("", None),
            ("=", None),
        ] {
            assert_eq!(error_of(challenge).as_deref(), expected, "{challenge}");
        }
    }

    #[test]
    fn waits_are_read_as_apps_write_them() {
        let shape = Shape::compile("[.details[]?.retryDelay?]").unwrap();
        let one = Shape::compile(".wait").unwrap();
        let read = |body: Value| wait(Some(&shape), &body).or_else(|| wait(Some(&one), &body));
        assert_eq!(read(json!({"details": [{"x": 1}, {"retryDelay": "30s"}]})), Some(Duration::from_secs(30)));
        assert_eq!(read(json!({"details": [{"retryDelay": "3.5s"}]})), Some(Duration::from_millis(3500)));
        assert_eq!(read(json!({"wait": 7})), Some(Duration::from_secs(7)));
        assert_eq!(read(json!({"wait": "0.25"})), Some(Duration::from_millis(250)));
        for odd in [json!({"wait": -1}), json!({"wait": "soon"}), json!({"wait": "1e400"}), json!({}), json!([])] {
            assert_eq!(read(odd), None);
        }
    }
}

//! What a provider says of a refusal, in whatever shape it says it.

use super::text;
use serde_json::{Map, Value};
use std::fmt;

/// Members that hold an error's code, the most telling first.
const CODES: [&str; 8] = ["code", "errorType", "error_code", "errorCode", "errorcode", "errcode", "status", "type"];
/// Members that hold an error's explanation, the most telling first.
const DESCRIPTIONS: [&str; 13] = [
    "error_description",
    "message",
    "error_message",
    "errorMessage",
    "errorSummary",
    "errmsg",
    "msg",
    "detail",
    "description",
    "faultstring",
    "reason",
    "Message",
    "title",
];

/// A provider's own words. They are bounded and cleaned, but they are not ours: wherever they are shown it has to be
/// seen whose they are. [`fmt::Display`] puts them in quotes, and no quote stands within.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderWords {
    /// The error code: a short word of letters, digits and `_-.`.
    pub code: Option<String>,
    /// The explanation: one line of some 300 characters at most. No address in it is to be made a link.
    pub description: Option<String>,
    /// The page that explains more: for the operator, never for a model or the person who signs in.
    pub uri: Option<String>,
}

impl ProviderWords {
    /// What came back from an authorization endpoint, in the redirect's `error`, `error_description` and `error_uri`
    /// (RFC 6749 §4.1.2.1). `secrets` were in the request and must not come back.
    #[must_use]
    pub fn of(code: Option<&str>, description: Option<&str>, uri: Option<&str>, secrets: &[&str]) -> Self {
        Self {
            code: code.and_then(|code| text::code(code, secrets)),
            description: description.and_then(|words| text::line(words, secrets)),
            uri: uri.and_then(|uri| text::uri(uri, secrets)),
        }
    }

    /// Whether nothing was said.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.code.is_none() && self.description.is_none() && self.uri.is_none()
    }

    /// The words of a body that is neither JSON nor a form.
    pub(super) fn in_words(words: &str, secrets: &[&str]) -> Self {
        Self { description: text::line(words, secrets), ..Self::default() }
    }

    /// What an object says: RFC 6749's members, else those of the shapes that are met instead.
    pub(super) fn read(members: &Map<String, Value>, secrets: &[&str]) -> Self {
        let error = members.get("error").and_then(Value::as_str);
        let objects: Vec<&Map<String, Value>> = inner(members).chain([members]).collect();
        let code = error.and_then(|code| text::code(code, secrets));
        let description = members.get("error_description").and_then(Value::as_str);
        let described = objects.iter().flat_map(|object| strings(object, &DESCRIPTIONS));
        // A sentence where a code belongs is better than nothing.
        let described = description.into_iter().chain(described).chain(error.filter(|_| code.is_none()));
        let (code, mut described) = (code.or_else(|| read_code(&objects, secrets)), described);
        Self {
            description: described.find_map(|words| text::line(words, secrets)),
            uri: members.get("error_uri").and_then(Value::as_str).and_then(|uri| text::uri(uri, secrets)),
            code,
        }
    }
}

impl fmt::Display for ProviderWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.description) {
            (Some(code), Some(description)) => write!(f, "\"{code}: {description}\""),
            (Some(words), None) | (None, Some(words)) => write!(f, "\"{words}\""),
            (None, None) => Ok(()),
        }
    }
}

/// Whether an answer that may also be a success tells an error.
pub(super) fn tells_error(members: &Map<String, Value>) -> bool {
    let is_false = |name| members.get(name) == Some(&Value::Bool(false));
    let is_set = |name| members.get(name).is_some_and(is_set);
    let is_code = || members.get("code").is_some_and(|code| is_set_code(code) && !members.contains_key("access_token"));
    is_set("error")
        || is_false("ok")
        || is_false("success")
        || ["errors", "errcode", "error_code", "errorCode"].into_iter().any(is_set)
        || is_code()
}

/// A number that isn't the one for success.
fn is_set_code(code: &Value) -> bool {
    code.as_i64().is_some_and(|code| code != 0 && code != 200)
}

/// Not one of the values that stand for nothing.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty() && text != "0",
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// The objects in which errors are told instead of beside each other.
fn inner(members: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let object = |name: &str| members.get(name).and_then(Value::as_object);
    let listed = members.get("errors").and_then(|errors| errors.get(0)?.as_object());
    let fault = object("fault");
    let detail = fault.and_then(|fault| fault.get("detail")?.as_object());
    [object("error"), listed, detail, fault, object("data")].into_iter().flatten()
}

fn strings<'a>(object: &'a Map<String, Value>, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
    names.iter().filter_map(|name| object.get(*name)?.as_str())
}

/// The first word that is a code; a number only where there is no word.
fn read_code(objects: &[&Map<String, Value>], secrets: &[&str]) -> Option<String> {
    let words = objects.iter().flat_map(|object| strings(object, &CODES));
    let number = |object: &&Map<String, Value>| {
        CODES.iter().filter_map(|name| object.get(*name)).find(|value| value.is_number() && is_set(value)).cloned()
    };
    words
        .filter_map(|word| text::code(word, secrets))
        .next()
        .or_else(|| objects.iter().find_map(number).map(|number| number.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> (String, String) {
        let said = ProviderWords::read(serde_json::from_str::<Value>(body).unwrap().as_object().unwrap(), &["hunter2"]);
        (said.code.unwrap_or_default(), said.description.unwrap_or_default())
    }

    #[test]
    fn errors_are_read_in_the_shapes_that_are_met() {
        for (body, code, description) in [
            (r#"{"error":"invalid_client","error_description":"no"}"#, "invalid_client", "no"),
            (r#"{"ok":false,"error":"bad_client_secret"}"#, "bad_client_secret", ""),
            (r#"{"error":{"code":401,"status":"UNAUTHENTICATED","message":"no"}}"#, "UNAUTHENTICATED", "no"),
            (r#"{"error":{"code":"invalid_grant","message":"no"}}"#, "invalid_grant", "no"),
            (r#"{"error":{"message":"no","type":"OAuthException","code":100}}"#, "OAuthException", "no"),
            (r#"{"errors":[{"errorType":"invalid_grant","message":"no"}],"success":false}"#, "invalid_grant", "no"),
            (r#"{"status":"BAD_REFRESH_TOKEN","message":"no"}"#, "BAD_REFRESH_TOKEN", "no"),
            (r#"{"object":"error","status":400,"code":"unauthorized","message":"no"}"#, "unauthorized", "no"),
            (r#"{"errcode":40030,"errmsg":"no"}"#, "40030", "no"),
            (r#"{"code":20026,"msg":"no"}"#, "20026", "no"),
            (r#"{"errorCode":"invalid_token","errorSummary":"no"}"#, "invalid_token", "no"),
            (
                r#"{"fault":{"faultstring":"no","detail":{"errorcode":"keys.invalid_token"}}}"#,
                "keys.invalid_token",
                "no",
            ),
            (r#"{"data":{"error_code":10008,"description":"no"},"message":"error"}"#, "10008", "no"),
            (r#"{"type":"https://p.example/x","title":"Gone","status":400,"detail":"no"}"#, "400", "no"),
            (r#"{"error":"The token is gone"}"#, "", "The token is gone"),
            (r#"{"error":{"code":"hunter2","message":"hunter2"}}"#, "", "(withheld: it repeats a secret)"),
            (r#"{"error":[],"message":7}"#, "", ""),
        ] {
            assert_eq!(read(body), (code.to_owned(), description.to_owned()), "{body}");
        }
    }

    #[test]
    fn values_that_stand_for_nothing_tell_no_error() {
        let tells = |body: &str| tells_error(serde_json::from_str::<Value>(body).unwrap().as_object().unwrap());
        for fine in [
            r#"{"access_token":"at","error":null,"errors":[],"errcode":0,"ok":true,"success":true}"#,
            r#"{"access_token":"at","error":"","error_code":"0","code":42}"#,
            r#"{"error":false,"code":200}"#,
            "{}",
        ] {
            assert!(!tells(fine), "{fine}");
        }
        for error in [
            r#"{"access_token":"at","error":"x"}"#,
            r#"{"ok":false}"#,
            r#"{"success":false}"#,
            r#"{"errors":[{}]}"#,
            r#"{"errcode":40030}"#,
            r#"{"code":20026}"#,
            r#"{"error":{"code":1}}"#,
        ] {
            assert!(tells(error), "{error}");
        }
    }

    #[test]
    fn words_are_shown_in_quotes() {
        let said = |code, words| ProviderWords::of(code, words, Some("https://p.example/e"), &[]).to_string();
        assert_eq!(said(Some("a_b"), Some("no \"way\"")), "\"a_b: no 'way'\"");
        assert_eq!(said(Some("a b"), Some("no")), "\"no\"");
        assert_eq!(said(None, None), "");
        assert!(!ProviderWords::of(None, None, Some("https://p.example/e"), &[]).is_empty());
    }
}

//! What an answer without tokens means: who refused what, or that nobody did.

use super::body;
use super::error::{Problem, TokenError};
use super::provider_words::{self, ProviderWords};
use super::retry;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Map, Value};

/// The codes of RFC 6749 §5.2 (and 8707 §2) beside `invalid_grant`.
const KNOWN: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
];

/// Words for "not now", without what separates their parts.
const LIMITED: [&str; 9] = [
    "temporarilyunavailable",
    "slowdown",
    "ratelimited",
    "ratelimitexceeded",
    "userratelimitexceeded",
    "ratelimit",
    "resourceexhausted",
    "toomanyrequests",
    "throttled",
];

/// The refusal or failure that an answer tells, by its status and by what it says; none if it is neither.
/// `secrets` were in the request and must not come back.
pub(super) fn read(
    answer: &Response<Bytes>,
    members: Option<&Map<String, Value>>,
    secrets: &[&str],
) -> Option<TokenError> {
    let status = answer.status();
    if status.is_success() && !members.is_some_and(provider_words::tells_error) {
        return None;
    }
    let said = words(answer, members, secrets);
    let limited = |said| TokenError::RateLimited { retry_after: retry::after(answer.headers()), said };
    Some(match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::TOO_EARLY => limited(said),
        _ if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            TokenError::Lost(Problem { what: format!("the provider's token endpoint failed ({status})"), said })
        }
        _ if !status.is_success() && !status.is_client_error() => {
            let what =
                format!("the provider's token endpoint answered {status}, which is neither tokens nor a refusal");
            TokenError::Nonsense(Problem { what, said })
        }
        _ => match said.code.as_deref() {
            Some("invalid_grant") => TokenError::InvalidGrant(said),
            Some("server_error") => {
                TokenError::Lost(Problem { what: "the provider's token endpoint failed".into(), said })
            }
            Some(code) if is_limit(code) => limited(said),
            Some(code) if KNOWN.contains(&code) && is_rfc(members) => {
                TokenError::Refused { code: code.to_owned(), said }
            }
            _ => TokenError::RefusedUnclear { status: status.as_u16(), said },
        },
    })
}

/// What an answer says, whatever it is.
pub(super) fn words(answer: &Response<Bytes>, members: Option<&Map<String, Value>>, secrets: &[&str]) -> ProviderWords {
    match members {
        Some(members) => ProviderWords::read(members, secrets),
        None => ProviderWords::in_words(&body::words(answer.body()), secrets),
    }
}

/// Whether the code stands where RFC 6749 §5.2 has it.
fn is_rfc(members: Option<&Map<String, Value>>) -> bool {
    members.and_then(|members| members.get("error")).is_some_and(Value::is_string)
}

fn is_limit(code: &str) -> bool {
    let word: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    LIMITED.contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn answer(status: u16, body: &str) -> TokenError {
        let response = Response::builder().status(status).header("retry-after", "7");
        let response = response.body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
        read(&response, body::members(response.body()).as_ref(), &["hunter2"]).unwrap()
    }

    #[test]
    fn attack_23_only_invalid_grant_is_invalid_grant() {
        for (status, body) in [
            (400, r#"{"error":"invalid_grant"}"#),
            (401, "\u{feff}{\"error\":\"invalid_grant\"}"),
            (200, r#"{"error":"invalid_grant"}"#),
            (200, "error=invalid_grant"),
            (400, r#"{"errors":[{"errorType":"invalid_grant","message":"gone"}],"success":false}"#),
            (400, r#"{"error":{"code":"invalid_grant","message":"gone"}}"#),
        ] {
            assert!(matches!(answer(status, body), TokenError::InvalidGrant(_)), "{status} {body}");
        }
        for status in [500, 503, 408] {
            assert!(matches!(answer(status, r#"{"error":"invalid_grant"}"#), TokenError::Lost(_)), "{status}");
        }
        assert!(matches!(answer(503, ""), TokenError::Lost(_)));
        assert!(matches!(answer(400, r#"{"error":"server_error"}"#), TokenError::Lost(_)));
    }

    #[test]
    fn a_refusal_in_oauths_words_has_its_code() {
        for (status, body, code) in [
            (401, r#"{"error":"invalid_client","error_description":"Bad secret"}"#, "invalid_client"),
            (400, r#"{"error":"invalid_scope","error_description":"Bad secret"}"#, "invalid_scope"),
            (200, "error=unauthorized_client&error_description=Bad+secret", "unauthorized_client"),
            (403, r#"{"error":"invalid_request","error_description":"Bad secret"}"#, "invalid_request"),
        ] {
            let error = answer(status, body);
            assert!(matches!(&error, TokenError::Refused { code: told, .. } if told == code), "{error:?}");
            assert!(error.to_string().contains("\"Bad secret\""), "{error}");
        }
    }

    #[test]
    fn a_refusal_in_other_words_or_none_is_a_class_of_its_own() {
        for (status, body, words) in [
            (400, "", ""),
            (401, "", ""),
            (403, "<html><head><title>Denied</title>", "\"Denied\""),
            (404, "not here", "\"not here\""),
            (400, "{\"error\":", ""),
            (400, "[]", ""),
            (400, "\"gone\"", "\"'gone'\""),
            (410, "{}", ""),
            (422, r#"{"message":"gone"}"#, "\"gone\""),
            (200, r#"{"error":"bad_refresh_token","error_description":"gone"}"#, "\"bad_refresh_token: gone\""),
            (200, r#"{"ok":false,"error":"invalid_refresh_token"}"#, "\"invalid_refresh_token\""),
            (200, r#"{"errcode":40030,"errmsg":"gone"}"#, "\"40030: gone\""),
            (401, r#"{"error":{"code":401,"status":"UNAUTHENTICATED","message":"no"}}"#, "\"UNAUTHENTICATED: no\""),
            (400, r#"{"code":"invalid_client","message":"no"}"#, "\"invalid_client: no\""),
            (400, r#"{"error":"The token is gone"}"#, "\"The token is gone\""),
            (400, r#"{"error":"INVALID_GRANT"}"#, "\"INVALID_GRANT\""),
        ] {
            let error = answer(status, body);
            let TokenError::RefusedUnclear { status: told, said } = &error else {
                panic!("{status} {body}: {error:?}")
            };
            assert_eq!((*told, said.to_string().as_str()), (status, words), "{body}");
        }
    }

    #[test]
    fn a_limit_says_how_long() {
        for (status, body) in [
            (429, ""),
            (425, "<html>"),
            (400, r#"{"error":"slow_down"}"#),
            (403, r#"{"error":{"code":403,"status":"RESOURCE_EXHAUSTED"}}"#),
            (200, r#"{"ok":false,"error":"ratelimited"}"#),
            (400, r#"{"error":"temporarily_unavailable"}"#),
        ] {
            let error = answer(status, body);
            let seven = Some(Duration::from_secs(7));
            assert!(
                matches!(error, TokenError::RateLimited { retry_after, .. } if retry_after == seven),
                "{status} {body}"
            );
        }
    }
}

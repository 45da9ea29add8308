//! Reading what token endpoints answer.

use super::error::TokenError;
use super::text;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};
use std::time::Duration;
use valetkey_domain::Secret;

/// The longest life of an access token that is believed; the clock may jump, the provider may be wrong.
pub const MAX_BELIEVED: Duration = Duration::from_secs(24 * 60 * 60);

/// What a grant brought.
#[derive(Debug)]
pub struct Tokens {
    /// For calls; fit for a header.
    pub access_token: Secret<str>,
    /// For the next refresh; none if this one brought none, and then the earlier one stays good.
    pub refresh_token: Option<Secret<str>>,
    /// How long the access token lives, [`MAX_BELIEVED`] at most. None if the provider didn't say or made no sense:
    /// then it is used until the provider refuses it.
    pub expires_in: Option<Duration>,
    /// What was granted; none if the provider didn't say, which means: as asked.
    pub scopes: Option<Vec<String>>,
    /// OpenID Connect's token about the person, unread.
    pub id_token: Option<Secret<str>>,
}

/// Reads the answer to a grant. `secrets` were in the request and must not come back in a message.
///
/// # Errors
/// See [`TokenError`].
pub(super) fn tokens(response: &Response<Bytes>, secrets: &[&str]) -> Result<Tokens, TokenError> {
    let status = response.status();
    refuse_by_status(status)?;
    let members = members(response.body());
    if let Some(error) = members.as_ref().and_then(|members| error(members, secrets)) {
        return Err(error);
    }
    if !status.is_success() {
        return Err(TokenError::Nonsense(format!(
            "the provider's token endpoint answered {status} without saying why"
        )));
    }
    let members = members.ok_or_else(|| nonsense("what is neither JSON nor a form"))?;
    from_members(&members)
}

/// Reads the answer to a revocation.
///
/// # Errors
/// See [`TokenError`]. That the token is unknown or already invalid is no error (RFC 7009 §2.2; Google answers 400
/// `invalid_token`).
pub(super) fn revoked(response: &Response<Bytes>, secrets: &[&str]) -> Result<(), TokenError> {
    refuse_by_status(response.status())?;
    match members(response.body()).as_ref().and_then(|members| error(members, secrets)) {
        Some(TokenError::Refused { code, .. }) if code == "invalid_token" => Ok(()),
        Some(error) => Err(error),
        None if response.status().is_success() => Ok(()),
        None => Err(TokenError::Nonsense(format!("the provider answered the revocation with {}", response.status()))),
    }
}

/// Statuses that say enough by themselves.
fn refuse_by_status(status: StatusCode) -> Result<(), TokenError> {
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(TokenError::Unavailable(
            "the provider's token endpoint takes no more requests for now (429)".into(),
        ));
    }
    if status.is_server_error() {
        return Err(TokenError::Lost(format!("the provider's token endpoint failed ({status})")));
    }
    Ok(())
}

fn nonsense(what: &str) -> TokenError {
    TokenError::Nonsense(format!("the provider's token endpoint answered {what}"))
}

/// The members of a JSON object or of a form; the content type is not asked, for it is often wrong.
fn members(body: &Bytes) -> Option<Map<String, Value>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => return Some(members),
        Ok(_) => return None,
        Err(_) => {}
    }
    let text = std::str::from_utf8(body).ok().map(str::trim)?;
    let looks_like_form = text.contains('=') && !text.contains(['<', '{', '\n', ' ']);
    let pairs = form_urlencoded::parse(text.as_bytes());
    looks_like_form.then(|| pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect())
}

/// The error that an answer tells, whatever its status: `error`, or Slack's `ok: false`, or Google's nested one.
fn error(members: &Map<String, Value>, secrets: &[&str]) -> Option<TokenError> {
    let told = members.get("error").filter(|told| !told.is_null());
    if told.is_none() && members.get("ok") != Some(&Value::Bool(false)) {
        return None;
    }
    let string = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let (code, description) = match told {
        Some(Value::Object(inner)) => (string(inner.get("status").or(inner.get("code"))), string(inner.get("message"))),
        told => (string(told), string(members.get("error_description"))),
    };
    let description = text::line(&description, secrets);
    if code == "invalid_grant" {
        return Some(TokenError::InvalidGrant(description));
    }
    Some(TokenError::Refused { code: text::code(&code), description })
}

fn from_members(members: &Map<String, Value>) -> Result<Tokens, TokenError> {
    let access_token = secret(members, "access_token").ok_or_else(|| nonsense("without an access_token"))?;
    if HeaderValue::from_str(access_token.expose()).is_err() || access_token.expose().contains(' ') {
        return Err(nonsense("with an access_token that fits no header"));
    }
    Ok(Tokens {
        access_token,
        refresh_token: secret(members, "refresh_token"),
        expires_in: members.get("expires_in").and_then(seconds),
        scopes: members.get("scope").or_else(|| members.get("scopes")).and_then(scopes),
        id_token: secret(members, "id_token"),
    })
}

fn secret(members: &Map<String, Value>, name: &str) -> Option<Secret<str>> {
    members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(Secret::from)
}

/// A number or a number in quotes, above zero; at most a day is believed.
fn seconds(value: &Value) -> Option<Duration> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_f64()?,
    };
    (number >= 1.0).then(|| Duration::from_secs_f64(number.min(MAX_BELIEVED.as_secs_f64()).trunc()))
}

/// A list, or a text with blanks or commas between.
fn scopes(value: &Value) -> Option<Vec<String>> {
    let found: Vec<String> = match value {
        Value::String(text) => {
            text.split([' ', ',']).filter(|scope| !scope.is_empty()).map(ToOwned::to_owned).collect()
        }
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        _ => return None,
    };
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Tokens, TokenError> {
        let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        tokens(&response, &["hunter2"])
    }

    #[test]
    fn reads_json_and_forms() {
        for body in [
            r#"{"access_token":"at","refresh_token":"rt","expires_in":3600,"scope":"a b"}"#,
            r#"{"access_token":"at","refresh_token":"rt","expires_in":"3600","scope":"a,b"}"#,
            r#"{"access_token":"at","refresh_token":"rt","expires_in":3600.5,"scopes":["a","b"]}"#,
            "access_token=at&refresh_token=rt&expires_in=3600&scope=a%2Cb",
        ] {
            let tokens = answer(200, body).unwrap();
            assert_eq!(tokens.access_token.expose(), "at", "{body}");
            assert_eq!(tokens.refresh_token.unwrap().expose(), "rt", "{body}");
            assert_eq!(tokens.expires_in, Some(Duration::from_secs(3600)), "{body}");
            assert_eq!(tokens.scopes.unwrap(), ["a", "b"], "{body}");
        }
    }

    #[test]
    fn attack_20_odd_expires_in_means_unknown() {
        let life =
            |text: &str| answer(200, &format!(r#"{{"access_token":"at","expires_in":{text}}}"#)).unwrap().expires_in;
        for odd in ["null", "0", "-1", r#""soon""#, r#""""#, r#""NaN""#, "true", "[]", "0.5"] {
            assert_eq!(life(odd), None, "{odd}");
        }
        assert_eq!(answer(200, r#"{"access_token":"at"}"#).unwrap().expires_in, None);
        for long in ["86401", "1e300", r#""inf""#, "18446744073709551615"] {
            assert_eq!(life(long), Some(MAX_BELIEVED), "{long}");
        }
    }

    #[test]
    fn attack_23_only_invalid_grant_is_invalid_grant() {
        assert!(matches!(answer(400, r#"{"error":"invalid_grant"}"#), Err(TokenError::InvalidGrant(_))));
        assert!(matches!(answer(200, r#"{"error":"invalid_grant"}"#), Err(TokenError::InvalidGrant(_))));
        assert!(matches!(answer(200, "error=invalid_grant"), Err(TokenError::InvalidGrant(_))));
        assert!(matches!(answer(500, r#"{"error":"invalid_grant"}"#), Err(TokenError::Lost(_))));
        assert!(matches!(answer(503, ""), Err(TokenError::Lost(_))));
        assert!(matches!(answer(429, ""), Err(TokenError::Unavailable(_))));
        let refused = |body| matches!(answer(401, body), Err(TokenError::Refused { .. }));
        assert!(refused(r#"{"error":"invalid_client"}"#));
        assert!(refused(r#"{"ok":false,"error":"bad_client_secret"}"#));
        assert!(refused(r#"{"error":{"code":401,"status":"UNAUTHENTICATED","message":"no"}}"#));
    }

    #[test]
    fn nonsense_is_called_so() {
        for (status, body) in [
            (200, ""),
            (200, "{\"access_tok"),
            (200, "<html>a=b</html>"),
            (200, "[]"),
            (200, "{}"),
            (200, r#"{"access_token":""}"#),
            (200, r#"{"access_token":5}"#),
            (200, "{\"access_token\":\"a\\r\\nx: y\"}"),
            (404, "not here"),
            (302, ""),
        ] {
            assert!(matches!(answer(status, body), Err(TokenError::Nonsense(_))), "{status} {body}");
        }
    }

    #[test]
    fn attack_49_an_echoed_secret_stays_out_of_the_message() {
        let error = answer(400, r#"{"error":"invalid_client","error_description":"got hunter2"}"#).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn a_token_that_is_gone_counts_as_revoked() {
        let answer = |status, body: &'static str| {
            revoked(&Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap(), &[])
        };
        assert!(answer(200, "").is_ok());
        assert!(answer(400, r#"{"error":"invalid_token"}"#).is_ok());
        assert!(answer(401, r#"{"error":"invalid_client"}"#).is_err());
        assert!(answer(503, "").is_err());
    }
}

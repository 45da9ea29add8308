//! Reading what token endpoints answer.

use super::error::{Problem, TokenError};
use super::id_token::IdToken;
use super::{body, refusal};
use bytes::Bytes;
use http::{HeaderValue, Response};
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
    /// OpenID Connect's token about the person; it tells nothing before it is checked.
    pub id_token: Option<IdToken>,
}

/// Reads the answer to a grant. `secrets` were in the request and must not come back in a message.
///
/// # Errors
/// See [`TokenError`].
pub(super) fn tokens(response: &Response<Bytes>, within: Option<&str>, secrets: &[&str]) -> Result<Tokens, TokenError> {
    let members = body::members(response.body());
    if let Some(refusal) = refusal::read(response, members.as_ref(), secrets) {
        return Err(refusal);
    }
    let tokens = members.as_ref().map(|members| holder(members, within));
    let read = tokens.ok_or("what is neither JSON nor a form").and_then(from_members);
    read.map_err(|what| {
        let what = format!("the provider's token endpoint answered {what}");
        TokenError::Nonsense(Problem { what, said: refusal::words(response, members.as_ref(), secrets) })
    })
}

/// The members that have the tokens: those of the named one where it has any, for some answers to a refresh have them
/// outside of it.
fn holder<'a>(members: &'a Map<String, Value>, within: Option<&str>) -> &'a Map<String, Value> {
    let inner = within.and_then(|name| members.get(name)?.as_object());
    inner.filter(|inner| inner.contains_key("access_token")).unwrap_or(members)
}

fn from_members(members: &Map<String, Value>) -> Result<Tokens, &'static str> {
    let access_token = secret(members, "access_token").ok_or("without an access_token")?;
    if HeaderValue::from_str(access_token.expose()).is_err() || access_token.expose().contains(' ') {
        return Err("with an access_token that fits no header");
    }
    Ok(Tokens {
        access_token,
        refresh_token: secret(members, "refresh_token"),
        expires_in: members.get("expires_in").and_then(seconds),
        scopes: members.get("scope").or_else(|| members.get("scopes")).and_then(scopes),
        id_token: secret(members, "id_token").map(IdToken::from_endpoint),
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
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        tokens(&response, Some("authed_user"), &["hunter2"])
    }

    #[test]
    fn reads_json_and_forms() {
        for body in [
            r#"{"access_token":"at","refresh_token":"rt","expires_in":3600,"scope":"a b"}"#,
            r#"{"access_token":"at","refresh_token":"rt","expires_in":"3600","scope":"a,b"}"#,
            r#"{"access_token":"at","refresh_token":"rt","expires_in":3600.5,"scopes":["a","b"]}"#,
            "access_token=at&refresh_token=rt&expires_in=3600&scope=a%2Cb",
            "\u{feff}{\"access_token\":\"at\",\"refresh_token\":\"rt\",\"expires_in\":3600,\"scope\":\"a b\"}",
            "\u{feff}access_token=at&refresh_token=rt&expires_in=3600&scope=a%2Cb",
            r#"{"access_token":"at","refresh_token":"rt","expires_in":3600,"scope":"a b","error":null,"errcode":0}"#,
        ] {
            let tokens = answer(200, body).unwrap();
            assert_eq!(tokens.access_token.expose(), "at", "{body}");
            assert_eq!(tokens.refresh_token.unwrap().expose(), "rt", "{body}");
            assert_eq!(tokens.expires_in, Some(Duration::from_secs(3600)), "{body}");
            assert_eq!(tokens.scopes.unwrap(), ["a", "b"], "{body}");
        }
    }

    #[test]
    fn tokens_may_stand_in_a_member_or_beside_it() {
        let within = r#"{"ok":true,"access_token":"bot","scope":"a","authed_user":{"id":"U1","access_token":"user",
            "refresh_token":"rt","scope":"search:read,chat:write"}}"#;
        let tokens = answer(200, within).unwrap();
        assert_eq!(tokens.access_token.expose(), "user");
        assert_eq!(tokens.refresh_token.unwrap().expose(), "rt");
        assert_eq!(tokens.scopes.unwrap(), ["search:read", "chat:write"]);
        let beside = r#"{"ok":true,"access_token":"new","authed_user":{"id":"U1"}}"#;
        assert_eq!(answer(200, beside).unwrap().access_token.expose(), "new");
        assert!(answer(200, r#"{"ok":false,"error":"invalid_code","authed_user":{"access_token":"x"}}"#).is_err());
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
            (200, r#"{"error":null,"message":"soon"}"#),
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
}

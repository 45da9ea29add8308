//! Who a token's user is, in the two forms that Google has for it.

use super::refusal::Refusal;
use super::scopes::{EMAIL, OPENID, PROFILE};
use crate::api::caller::{self, Caller};
use crate::json::put;
use crate::state::User;
use crate::{Lab, cite};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// `GET` or `POST /v1/userinfo`, the OpenID form.
pub(crate) async fn answer(State(lab): State<Lab>, headers: HeaderMap) -> Response {
    let claims = lab.read(|state, now| {
        let caller = caller::identify(state, &headers, now).ok()?;
        state.user(&caller.user).map(|user| claims(user, &caller.scopes))
    });
    match claims {
        Some(Some(claims)) => Json(claims).into_response(),
        Some(None) => refuse(StatusCode::FORBIDDEN, "insufficient_scope", "The token carries no sign-in scope."),
        None => refuse(StatusCode::UNAUTHORIZED, "invalid_token", "Invalid Credentials"),
    }
}

/// The older form, `oauth2.userinfo.get`. The scopes were checked against the digest.
pub(crate) fn legacy(user: &User, caller: &Caller) -> Value {
    let mut claims = claims(user, &caller.scopes).unwrap_or_default();
    if let Some(members) = claims.as_object_mut() {
        members.shift_remove("sub");
        members.insert("id".into(), json!(user.sub));
        if let Some(verified) = members.shift_remove("email_verified") {
            members.insert("verified_email".into(), verified);
        }
    }
    claims
}

/// What these scopes let a client know of the user; none where they let it know nothing.
pub(crate) fn claims(user: &User, scopes: &BTreeSet<String>) -> Option<Value> {
    let (email, profile) = (scopes.contains(EMAIL), scopes.contains(PROFILE));
    let mut claims = (email || profile || scopes.contains(OPENID)).then(|| json!({"sub": user.sub}))?;
    if email {
        put(&mut claims, "email", user.email.as_str());
        put(&mut claims, "email_verified", true);
    }
    if profile {
        let (given, family) = user.name.split_once(' ').unwrap_or((&user.name, ""));
        put(&mut claims, "name", user.name.as_str());
        put(&mut claims, "given_name", given);
        put(&mut claims, "family_name", family);
    }
    Some(claims)
}

fn refuse(status: StatusCode, code: &'static str, said: &str) -> Response {
    let mut response = Refusal::new(code, cite::USERINFO, said).with_status(status).json();
    let challenge = format!("Bearer realm=\"https://accounts.google.com/\", error=\"{code}\"");
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

//! `acl`: who may see a calendar.

use super::{ETAG, caller, caller_mut, missing, own_id};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::cite;
use crate::json::put;
use crate::state::{State, User};
use serde_json::{Map, Value, json};
use valetkey_domain::Timestamp;

/// What one may do, the least first.
const ROLES: [&str; 6] = ["none", "freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner"];

/// How much a role allows.
pub(crate) fn rank(role: &str) -> usize {
    ROLES.iter().position(|known| *known == role).unwrap_or(0)
}

/// What somebody may do with a primary calendar of somebody else's, if anything.
pub(crate) fn role(state: &State, calendar: &str, email: &str) -> Option<String> {
    let rules = state.user(calendar)?.agenda.rules.get(calendar)?;
    let for_them = |scope: &Value| {
        let value = scope.get("value").and_then(Value::as_str).unwrap_or_default();
        match scope.get("type").and_then(Value::as_str) {
            Some("default") => true,
            Some("user") => value.eq_ignore_ascii_case(email),
            Some("domain") => email.rsplit_once('@').is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(value)),
            _ => false,
        }
    };
    let fitting = rules.values().filter(|rule| rule.get("scope").is_some_and(for_them));
    let best = fitting.filter_map(|rule| rule.get("role")?.as_str()).max_by_key(|role| rank(role))?;
    (rank(best) > 0).then(|| best.to_owned())
}

pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["syncToken", "pageToken", "showDeleted"])?;
    let user = caller(state, call)?;
    let id = own_id(user, call.path("calendarId"))?;
    let rules =
        std::iter::once(own(user)).chain(user.agenda.rules.get(&id).into_iter().flatten().map(|(_, rule)| shown(rule)));
    let rules: Vec<Value> = rules.take(call.page_size("maxResults", 100, 250)).collect();
    Ok(json!({"kind": "calendar#acl", "etag": ETAG, "items": rules}).into())
}

pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = caller(state, call)?;
    let id = own_id(user, call.path("calendarId"))?;
    let rule = call.path("ruleId");
    if own(user).get("id").and_then(Value::as_str) == Some(rule) {
        return Ok(own(user).into());
    }
    let found = user.agenda.rules.get(&id).and_then(|rules| rules.get(rule));
    Ok(shown(found.ok_or_else(missing)?).into())
}

pub(crate) fn insert(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let body = call.members();
    let scope = body.get("scope").cloned().unwrap_or_default();
    let text = |name: &str| scope.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (kind, value) = (text("type"), text("value"));
    let fits = match kind.as_str() {
        "default" => value.is_empty(),
        "user" | "group" => {
            value.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        }
        "domain" => value.contains('.') && !value.contains('@'),
        _ => false,
    };
    if !fits {
        return Err(ApiError::calendar("invalid", "Invalid scope value.", cite::CALENDAR_SHARING));
    }
    let role = known_role(&body)?;
    let id = if kind == "default" { kind } else { format!("{kind}:{value}") };
    let user = caller_mut(state, call)?;
    let calendar = own_id(user, call.path("calendarId"))?;
    not_own(user, &id)?;
    let rule: Map<String, Value> =
        [("id".to_owned(), id.clone().into()), ("scope".to_owned(), scope), ("role".to_owned(), role)]
            .into_iter()
            .collect();
    user.agenda.rules.entry(calendar).or_default().insert(id, rule.clone());
    Ok(shown(&rule).into())
}

pub(crate) fn patch(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let role = known_role(&call.members())?;
    let id = call.path("ruleId");
    let user = caller_mut(state, call)?;
    let calendar = own_id(user, call.path("calendarId"))?;
    not_own(user, id)?;
    let rule = user.agenda.rules.get_mut(&calendar).and_then(|rules| rules.get_mut(id)).ok_or_else(missing)?;
    rule.insert("role".to_owned(), role);
    Ok(shown(rule).into())
}

pub(crate) fn delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let id = call.path("ruleId");
    let user = caller_mut(state, call)?;
    let calendar = own_id(user, call.path("calendarId"))?;
    not_own(user, id)?;
    let gone = user.agenda.rules.get_mut(&calendar).and_then(|rules| rules.remove(id));
    gone.map(|_| Answer::default()).ok_or_else(missing)
}

fn known_role(body: &Map<String, Value>) -> Result<Value, ApiError> {
    let role = body.get("role").cloned().unwrap_or_default();
    if role.as_str().is_some_and(|role| ROLES.contains(&role)) {
        return Ok(role);
    }
    Err(ApiError::calendar("invalid", "Invalid role.", cite::CALENDAR_SHARING))
}

fn not_own(user: &User, rule: &str) -> Result<(), ApiError> {
    if own(user).get("id").and_then(Value::as_str) == Some(rule) {
        let said = "Cannot change your own access level.";
        return Err(ApiError::forbidden("cannotChangeOwnAcl", said, cite::CALENDAR_ERRORS));
    }
    Ok(())
}

fn own(user: &User) -> Value {
    json!({
        "kind": "calendar#aclRule", "etag": ETAG, "id": format!("user:{}", user.email), "role": "owner",
        "scope": {"type": "user", "value": user.email},
    })
}

fn shown(rule: &Map<String, Value>) -> Value {
    let mut shown = Value::Object(rule.clone());
    put(&mut shown, "kind", "calendar#aclRule");
    put(&mut shown, "etag", ETAG);
    shown
}

//! `permissions`: who else may see a file.

use super::access::Role;
use super::find::{allowed, changed, seen};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::drive_files::DriveFile;
use crate::json::put;
use crate::state::State;
use crate::{cite, random};
use serde_json::{Map, Value, json};
use valetkey_domain::Timestamp;

const SHORT: [&str; 4] = ["kind", "id", "type", "role"];
const UNPLAYED: [&str; 2] = ["enforceExpansiveAccess", "useDomainAdminAccess"];

pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["pageToken", "useDomainAdminAccess", "includePermissionsForView"])?;
    let id = allowed(state, call, call.path("fileId"), Role::Writer)?;
    let file = seen(state, call, &id)?;
    let all = std::iter::once(of_owner(state, file)).chain(file.permissions.values().cloned().map(Value::Object));
    let shown: Vec<Value> = all.take(call.page_size("pageSize", 100, 100)).map(|rule| cut(rule, call)).collect();
    Ok(json!({"kind": "drive#permissionList", "permissions": shown}).into())
}

pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["useDomainAdminAccess"])?;
    let file = seen(state, call, call.path("fileId"))?;
    let wanted = call.path("permissionId");
    if wanted == id_of("user", &file.owner) {
        return Ok(cut(of_owner(state, file), call).into());
    }
    let rule = file.permissions.get(wanted).ok_or_else(|| missing(wanted))?;
    Ok(cut(Value::Object(rule.clone()), call).into())
}

pub(crate) fn create(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&UNPLAYED)?;
    let id = allowed(state, call, call.path("fileId"), Role::Writer)?;
    let body = call.members();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let (kind, address) = (text("type"), text("emailAddress"));
    let named = match kind {
        "user" | "group" => {
            address.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
        }
        "domain" => text("domain").contains('.'),
        "anyone" => true,
        _ => false,
    };
    if !named {
        let said = "The permission type field is required, with whom it is for.";
        return Err(ApiError::invalid(said, cite::DRIVE_SHARING));
    }
    let role = role(text("role"), call)?;
    let rule_id = id_of(kind, if kind == "domain" { text("domain") } else { address });
    let mut rule: Map<String, Value> = ["type", "role", "emailAddress", "domain", "allowFileDiscovery"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), body.get(name)?.clone())))
        .collect();
    rule.insert("kind".to_owned(), "drive#permission".into());
    rule.insert("id".to_owned(), rule_id.clone().into());
    if let Some(user) = state.user(address).filter(|_| kind == "user") {
        rule.insert("displayName".to_owned(), user.name.clone().into());
    }
    put_in(state, call, &id, &rule_id, rule.clone(), role)?;
    Ok(cut(Value::Object(rule), call).into())
}

pub(crate) fn update(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&UNPLAYED)?;
    let id = allowed(state, call, call.path("fileId"), Role::Writer)?;
    let wanted = call.path("permissionId");
    let mut rule = seen(state, call, &id)?.permissions.get(wanted).cloned().ok_or_else(|| missing(wanted))?;
    let body = call.members();
    let word = body.get("role").cloned().unwrap_or_default();
    let role = role(word.as_str().unwrap_or_default(), call)?;
    rule.insert("role".to_owned(), word);
    put_in(state, call, &id, wanted, rule.clone(), role)?;
    Ok(cut(Value::Object(rule), call).into())
}

pub(crate) fn delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&UNPLAYED)?;
    let wanted = call.path("permissionId");
    let file = seen(state, call, call.path("fileId"))?;
    // Everybody may give away their own access.
    let own = wanted == id_of("user", &call.caller.user);
    let id = allowed(state, call, &file.id, if own { Role::Reader } else { Role::Writer })?;
    changed(state, &id)?.permissions.remove(wanted).map(|_| Answer::default()).ok_or_else(|| missing(wanted))
}

/// Keeps a permission. Who becomes the owner is that from then on, and the old one may still write.
fn put_in(
    state: &mut State,
    call: &Call,
    id: &str,
    rule_id: &str,
    rule: Map<String, Value>,
    role: Role,
) -> Result<(), ApiError> {
    let heir = rule.get("emailAddress").and_then(Value::as_str).unwrap_or_default().to_owned();
    if role < Role::Owner {
        changed(state, id)?.permissions.insert(rule_id.to_owned(), rule);
        return Ok(());
    }
    allowed(state, call, id, Role::Owner)?;
    if state.user(&heir).is_none() {
        let said = "The owner of a file cannot be somebody without an account.";
        return Err(ApiError::forbidden("invalidOwnershipTransfer", said, cite::DRIVE_SHARING));
    }
    let old = call.caller.user.clone();
    let writer = json!({"kind": "drive#permission", "id": id_of("user", &old), "type": "user", "role": "writer", "emailAddress": old});
    let file = changed(state, id)?;
    file.permissions.remove(rule_id);
    file.permissions.extend(writer.as_object().map(|writer| (id_of("user", &old), writer.clone())));
    file.owner = heir;
    Ok(())
}

fn role(word: &str, call: &Call) -> Result<Role, ApiError> {
    let role =
        Role::read(word).ok_or_else(|| ApiError::invalid("The specified role is invalid.", cite::DRIVE_SHARING))?;
    if role == Role::Owner && !call.flag("transferOwnership") {
        let said = "The transferOwnership parameter must be enabled when the permission role is 'owner'.";
        return Err(ApiError::forbidden("forbidden", said, cite::DRIVE_SHARING).at("transferOwnership"));
    }
    Ok(role)
}

fn of_owner(state: &State, file: &DriveFile) -> Value {
    let name = state.user(&file.owner).map_or(file.owner.as_str(), |user| user.name.as_str());
    json!({"kind": "drive#permission", "id": id_of("user", &file.owner), "type": "user", "role": "owner",
        "emailAddress": file.owner, "displayName": name})
}

/// Somebody has the same id at every file, as with Google.
fn id_of(kind: &str, whom: &str) -> String {
    if kind == "anyone" {
        return "anyoneWithLink".to_owned();
    }
    let digest = random::digest(&format!("{kind} {}", whom.to_lowercase()));
    digest.bytes().take(20).map(|byte| char::from(b'0' + byte % 10)).collect()
}

/// The members that are shown where nobody names others.
fn cut(mut rule: Value, call: &Call) -> Value {
    put(&mut rule, "kind", "drive#permission");
    match rule {
        Value::Object(members) if call.query("fields").is_none() => {
            Value::Object(members.into_iter().filter(|(name, _)| SHORT.contains(&name.as_str())).collect())
        }
        other => other,
    }
}

fn missing(named: &str) -> ApiError {
    ApiError::not_found(format!("Permission not found: {named}."), cite::DRIVE_ERRORS).at("permissionId")
}

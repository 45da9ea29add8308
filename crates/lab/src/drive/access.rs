//! Who may do what with a file: the owner everything, others what a permission of the file or of a folder above says.

use crate::api::call::Call;
use crate::drive_files::DriveFile;
use crate::state::State;
use serde_json::{Map, Value};

/// How far up permissions are looked for.
const MAX_DEPTH: usize = 100;
/// The scopes that reach every file.
const WIDE: [&str; 4] = ["drive", "drive.readonly", "drive.metadata", "drive.metadata.readonly"];
/// The one that reaches only what the same app made.
const NARROW: &str = "https://www.googleapis.com/auth/drive.file";

/// What somebody may do, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Reader,
    Commenter,
    Writer,
    Owner,
}

impl Role {
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            "reader" => Some(Self::Reader),
            "commenter" => Some(Self::Commenter),
            "writer" => Some(Self::Writer),
            "owner" => Some(Self::Owner),
            _ => None,
        }
    }
}

/// What somebody may do with a file; none if it is nothing to them.
pub(super) fn role(state: &State, file: &DriveFile, email: &str) -> Option<Role> {
    if file.owner.eq_ignore_ascii_case(email) {
        return Some(Role::Owner);
    }
    let mut best = None;
    let mut above = Some(file);
    for _ in 0..MAX_DEPTH {
        let Some(one) = above else { break };
        // Whose folder it is writes what lies in it, and does not own it.
        best = best.max(one.owner.eq_ignore_ascii_case(email).then_some(Role::Writer));
        best = best.max(one.permissions.values().filter(|rule| is_for(rule, email)).filter_map(role_of).max());
        above = state.drive.get(&one.parent);
    }
    best
}

/// Whether the scopes of the caller reach this file for anything at all.
pub(super) fn known(file: &DriveFile, call: &Call) -> bool {
    WIDE.into_iter().any(|scope| call.caller.scopes.contains(&full(scope))) || reached(file, call)
}

/// Whether the scopes of the call reach this file: `drive.file` does so only where the same app made it.
pub(super) fn reached(file: &DriveFile, call: &Call) -> bool {
    let wide = |scope: &str| call.allowed_by.contains(&full(scope)) && call.caller.scopes.contains(&full(scope));
    WIDE.into_iter().any(wide)
        || (call.caller.scopes.contains(NARROW) && file.made_by.as_ref() == Some(&call.caller.client))
}

fn full(scope: &str) -> String {
    format!("https://www.googleapis.com/auth/{scope}")
}

fn role_of(rule: &Map<String, Value>) -> Option<Role> {
    Role::read(rule.get("role")?.as_str()?)
}

fn is_for(rule: &Map<String, Value>, email: &str) -> bool {
    let text = |name: &str| rule.get(name).and_then(Value::as_str).unwrap_or_default();
    match text("type") {
        "anyone" => true,
        "user" => text("emailAddress").eq_ignore_ascii_case(email),
        "domain" => email.rsplit_once('@').is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(text("domain"))),
        _ => false,
    }
}

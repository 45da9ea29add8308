//! `calendar_guests`: the guests that an event shall have from now on.
//!
//! Google replaces their list as a whole, and of somebody who is named by address alone it would forget the answer. So
//! who stays is given as the saved `event` has them. Argument: `attendees_emails`. Gives the list, each guest once.

use super::scope::{Scope, argument, member, saved};
use crate::{Failure, Setting};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};

/// What a guest or the organiser has said, and what Google does not know by itself.
const KEPT: [&str; 7] =
    ["email", "displayName", "responseStatus", "optional", "resource", "comment", "additionalGuests"];

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let before = saved(scope, "event").and_then(|event| event.get("attendees")).and_then(Value::as_array);
    let mut known = HashMap::new();
    for guest in before.into_iter().flatten() {
        let email = member(guest, "email").unwrap_or_default();
        setting.work.spend(1 + email.len())?;
        known.insert(email.to_lowercase(), guest);
    }
    let mut guests = Vec::new();
    let mut named = HashSet::new();
    let emails = argument(scope, "attendees_emails").and_then(Value::as_array);
    for email in emails.into_iter().flatten().filter_map(Value::as_str) {
        setting.work.spend(1 + email.len())?;
        let same = email.to_lowercase();
        match known.get(&same) {
            _ if named.contains(&same) => {}
            Some(guest) => guests.push(kept(guest, setting)?),
            None => guests.push(json!({"email": email})),
        }
        named.insert(same);
    }
    Ok(Value::Array(guests))
}

fn kept(guest: &Value, setting: &Setting) -> Result<Value, Failure> {
    let mut kept = Map::new();
    for name in KEPT {
        let Some(value) = guest.get(name).filter(|value| !value.is_array() && !value.is_object()) else { continue };
        setting.work.spend(1 + value.as_str().map_or(0, str::len))?;
        kept.insert(name.to_owned(), value.clone());
    }
    Ok(Value::Object(kept))
}

//! `about`: whose Drive it is, and how much of it is used.

use super::find::caller;
use super::remarks::need_fields;
use super::view::person;
use crate::api::call::Call;
use crate::api::outcome::Outcome;
use crate::state::State;
use serde_json::json;
use valetkey_domain::Timestamp;

/// Fifteen gigabytes, as everybody has.
const LIMIT: u64 = 16_106_127_360;

pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    need_fields(call)?;
    let user = caller(state, call)?;
    let own = state.drive.values().filter(|file| file.owner == user.email);
    let (mut used, mut in_bin) = (0, 0);
    for file in own {
        used += file.content.len() as u64;
        in_bin += if file.trashed { file.content.len() as u64 } else { 0 };
    }
    let quota = json!({"limit": LIMIT.to_string(), "usage": used.to_string(), "usageInDrive": used.to_string(),
        "usageInDriveTrash": in_bin.to_string()});
    Ok(json!({"kind": "drive#about", "user": person(state, &user.email, &user.email), "storageQuota": quota,
        "canCreateDrives": false, "maxUploadSize": "5242880000000", "appInstalled": true})
    .into())
}

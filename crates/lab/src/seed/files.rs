//! The files of a new lab: a folder with a document and a table in it, one of them shared.

use crate::Person;
use crate::drive::find::root;
use crate::drive_files::{DOCUMENTS, DriveFile, FOLDER};
use crate::state::State;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use valetkey_domain::Timestamp;

const NOTES: &str = "Notes of the planning meeting\n\nThe offsite is by the lake. The budget for it is agreed.\nOpen: who brings the canoe?\n";
const BUDGET: &str = "item,amount\nrooms,1200\nfood,640\ncanoe,90\n";

/// Gives the first person files; the second may read one of them.
pub(super) fn add(state: &mut State, people: &[Person], now: Timestamp) {
    let Some(first) = people.first() else { return };
    let folder = file(first, "1seedFolderPlanning", ("Planning", FOLDER), &root(&first.email), "", now);
    let notes =
        file(first, "1seedDocumentNotes", ("Meeting notes", &format!("{DOCUMENTS}document")), &folder.id, NOTES, now);
    let mut budget = file(first, "1seedTableBudget", ("budget.csv", "text/csv"), &folder.id, BUDGET, now);
    if let Some(second) = people.get(1) {
        let rule = json!({"kind": "drive#permission", "id": "10000000000000000001", "type": "user", "role": "reader",
            "emailAddress": second.email, "displayName": second.name});
        budget.permissions.extend(rule.as_object().map(|rule| ("10000000000000000001".to_owned(), rule.clone())));
    }
    state.drive.extend([folder, notes, budget].map(|file| (file.id.clone(), file)));
}

fn file(
    owner: &Person,
    id: &str,
    (name, kind): (&str, &str),
    parent: &str,
    content: &str,
    now: Timestamp,
) -> DriveFile {
    let written = [("name", json!(name)), ("mimeType", json!(kind))];
    DriveFile {
        id: id.to_owned(),
        owner: owner.email.clone(),
        made_by: None,
        written: written.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        parent: parent.to_owned(),
        content: content.as_bytes().to_vec(),
        trashed: false,
        starred_by: BTreeSet::new(),
        created: now,
        modified: now,
        permissions: BTreeMap::new(),
        comments: Vec::new(),
    }
}

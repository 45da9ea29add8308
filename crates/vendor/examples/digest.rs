//! Writes the committed digests from vendors' descriptions:
//! `cargo run -p valetkey-vendor --example digest -- <folder with the documents> <catalogue/digests>`.
//! The folder is `googleapiclient/discovery_cache/documents` of the Python package google-api-python-client.

use anyhow::{Context, bail};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use valetkey_vendor::discovery;

/// What the shipped connectors and the provider lab use, by document.
const WANTED: &[(&str, &[&str])] = &[
    (
        "gmail.v1",
        &[
            "gmail.users.drafts.create",
            "gmail.users.drafts.delete",
            "gmail.users.drafts.get",
            "gmail.users.drafts.list",
            "gmail.users.drafts.send",
            "gmail.users.drafts.update",
            "gmail.users.getProfile",
            "gmail.users.history.list",
            "gmail.users.labels.create",
            "gmail.users.labels.delete",
            "gmail.users.labels.get",
            "gmail.users.labels.list",
            "gmail.users.labels.patch",
            "gmail.users.messages.attachments.get",
            "gmail.users.messages.batchDelete",
            "gmail.users.messages.batchModify",
            "gmail.users.messages.delete",
            "gmail.users.messages.get",
            "gmail.users.messages.import",
            "gmail.users.messages.insert",
            "gmail.users.messages.list",
            "gmail.users.messages.modify",
            "gmail.users.messages.send",
            "gmail.users.messages.trash",
            "gmail.users.messages.untrash",
            "gmail.users.settings.delegates.create",
            "gmail.users.settings.delegates.list",
            "gmail.users.settings.filters.create",
            "gmail.users.settings.filters.delete",
            "gmail.users.settings.filters.get",
            "gmail.users.settings.filters.list",
            "gmail.users.settings.forwardingAddresses.create",
            "gmail.users.settings.forwardingAddresses.delete",
            "gmail.users.settings.forwardingAddresses.get",
            "gmail.users.settings.forwardingAddresses.list",
            "gmail.users.settings.getAutoForwarding",
            "gmail.users.settings.getVacation",
            "gmail.users.settings.sendAs.create",
            "gmail.users.settings.sendAs.delete",
            "gmail.users.settings.sendAs.get",
            "gmail.users.settings.sendAs.list",
            "gmail.users.settings.sendAs.patch",
            "gmail.users.settings.sendAs.verify",
            "gmail.users.settings.updateAutoForwarding",
            "gmail.users.settings.updateVacation",
            "gmail.users.stop",
            "gmail.users.threads.delete",
            "gmail.users.threads.get",
            "gmail.users.threads.list",
            "gmail.users.threads.modify",
            "gmail.users.threads.trash",
            "gmail.users.threads.untrash",
            "gmail.users.watch",
        ],
    ),
    ("people.v1", &["people.otherContacts.search", "people.people.connections.list", "people.people.searchContacts"]),
    (
        "calendar.v3",
        &[
            "calendar.acl.delete",
            "calendar.acl.get",
            "calendar.acl.insert",
            "calendar.acl.list",
            "calendar.acl.patch",
            "calendar.calendarList.delete",
            "calendar.calendarList.get",
            "calendar.calendarList.insert",
            "calendar.calendarList.list",
            "calendar.calendarList.patch",
            "calendar.calendars.clear",
            "calendar.calendars.delete",
            "calendar.calendars.get",
            "calendar.calendars.insert",
            "calendar.calendars.patch",
            "calendar.calendars.transferOwnership",
            "calendar.colors.get",
            "calendar.events.delete",
            "calendar.events.get",
            "calendar.events.import",
            "calendar.events.insert",
            "calendar.events.instances",
            "calendar.events.list",
            "calendar.events.move",
            "calendar.events.patch",
            "calendar.events.quickAdd",
            "calendar.freebusy.query",
            "calendar.settings.get",
            "calendar.settings.list",
        ],
    ),
    (
        "drive.v3",
        &[
            "drive.about.get",
            "drive.accessproposals.get",
            "drive.accessproposals.list",
            "drive.accessproposals.resolve",
            "drive.changes.getStartPageToken",
            "drive.changes.list",
            "drive.comments.create",
            "drive.comments.delete",
            "drive.comments.get",
            "drive.comments.list",
            "drive.comments.update",
            "drive.drives.create",
            "drive.drives.delete",
            "drive.drives.get",
            "drive.drives.hide",
            "drive.drives.list",
            "drive.drives.unhide",
            "drive.drives.update",
            "drive.files.copy",
            "drive.files.create",
            "drive.files.delete",
            "drive.files.emptyTrash",
            "drive.files.export",
            "drive.files.get",
            "drive.files.list",
            "drive.files.update",
            "drive.permissions.create",
            "drive.permissions.delete",
            "drive.permissions.get",
            "drive.permissions.list",
            "drive.permissions.update",
            "drive.replies.create",
            "drive.replies.delete",
            "drive.replies.get",
            "drive.replies.list",
            "drive.replies.update",
            "drive.revisions.delete",
            "drive.revisions.get",
            "drive.revisions.list",
            "drive.revisions.update",
        ],
    ),
    ("driveactivity.v2", &["driveactivity.activity.query"]),
    ("oauth2.v2", &["oauth2.userinfo.get"]),
];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [documents, digests] = arguments.as_slice() else {
        bail!("name two folders: the one with the documents, and the one to write digests to");
    };
    WANTED.iter().try_for_each(|(name, operations)| write(Path::new(documents), Path::new(digests), name, operations))
}

fn write(documents: &Path, digests: &Path, name: &str, operations: &[&str]) -> anyhow::Result<()> {
    let source = documents.join(format!("{name}.json"));
    let bytes = std::fs::read(&source).with_context(|| format!("cannot read {}", source.display()))?;
    let document = serde_json::from_slice(&bytes).with_context(|| format!("{} is not JSON", source.display()))?;
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let digest = discovery::digest(&document, &sha256, operations).with_context(|| format!("in {name}"))?;
    let target = digests.join(format!("{name}.json"));
    let text = serde_json::to_string_pretty(&digest)? + "\n";
    std::fs::write(&target, text).with_context(|| format!("cannot write {}", target.display()))
}

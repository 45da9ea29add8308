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
            "gmail.users.getProfile",
            "gmail.users.messages.attachments.get",
            "gmail.users.messages.get",
            "gmail.users.messages.list",
            "gmail.users.messages.send",
            "gmail.users.threads.get",
        ],
    ),
    (
        "calendar.v3",
        &[
            "calendar.calendarList.list",
            "calendar.calendars.get",
            "calendar.events.delete",
            "calendar.events.get",
            "calendar.events.insert",
            "calendar.events.list",
            "calendar.events.patch",
            "calendar.settings.get",
        ],
    ),
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

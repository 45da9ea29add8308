//! `gmail_attachment`: which attachment of a message is meant.
//!
//! Arguments `file_name` and `attachment_id`; the saved `message` is users.messages.get's answer in the format `full`.
//! Gmail gives every attachment a new id with every read, so a name says more than an id: by name first, then by id,
//! then the only one there is. An id from an earlier read still opens the attachment, so where several have the name
//! the id that was given is passed on.
//!
//! Gives `{attachment_id, filename, mime_type, size}`; for a part so small that it came with the message, its `data`
//! (base64url) and no id, and then there is nothing to fetch.

use super::names::key;
use super::part::{Attachment, attachments};
use super::scope::{Scope, needed, text};
use crate::{Failure, FailureKind, Setting};
use serde_json::{Value, json};

/// The largest attachment that is fetched, in bytes.
pub(super) const MAX_BYTES: u64 = 5 << 20;

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let message = needed(scope, "message")?;
    let all = attachments(message.get("payload").unwrap_or(&Value::Null), &setting.work)?;
    setting.work.spend(all.iter().map(|one| one.filename.len()).sum())?;
    let asked = text(scope, "file_name")?.map_or(0, str::len);
    setting.work.spend(asked)?;
    let asked_id = text(scope, "attachment_id")?.map(str::trim);
    let (found, id) = choose(&all, text(scope, "file_name")?.map(str::trim), asked_id)?;
    if found.size > MAX_BYTES {
        return Err(too_large(&found.filename, found.size));
    }
    let (from, content) = match (id, found.data) {
        (Some(id), _) => ("attachment_id", id),
        (None, Some(data)) => ("data", data),
        (None, None) => {
            return Err(Failure::new(FailureKind::Upstream, format!("Gmail gives no content for {}", found.filename)));
        }
    };
    Ok(json!({"filename": found.filename, "mime_type": found.mime_type, "size": found.size, (from): content}))
}

/// The failure for what is larger than [`MAX_BYTES`].
pub(super) fn too_large(name: &str, size: u64) -> Failure {
    Failure::invalid(format!(
        "the attachment {name} has {size} bytes; up to {MAX_BYTES} can be fetched. Open it in Gmail instead"
    ))
}

type Chosen<'a, 'm> = (&'a Attachment<'m>, Option<&'a str>);

fn choose<'a, 'm>(
    all: &'a [Attachment<'m>],
    name: Option<&str>,
    id: Option<&'a str>,
) -> Result<Chosen<'a, 'm>, Failure> {
    let by_id = |among: &[&'a Attachment<'m>]| among.iter().copied().find(|one| id.is_some() && one.id == id);
    let everything: Vec<_> = all.iter().collect();
    let Some(name) = name else {
        return match (by_id(&everything), all) {
            (Some(found), _) | (None, [found]) => Ok((found, found.id)),
            _ => Err(none_of(all, "the attachment_id is not from the newest read of this message; give file_name")),
        };
    };
    let exact: Vec<_> = all.iter().filter(|one| one.filename == name).collect();
    let wanted = key(name);
    let alike: Vec<_> = all.iter().filter(|one| key(&one.filename) == wanted).collect();
    let named = if exact.is_empty() { alike } else { exact };
    match (by_id(&named), named.as_slice()) {
        (Some(found), _) => Ok((found, found.id)),
        (None, [only]) => Ok((only, only.id)),
        (None, [first, ..]) => Ok((first, id.or(first.id))),
        (None, []) => {
            Err(none_of(all, &format!("there is no attachment called {}", name.chars().take(100).collect::<String>())))
        }
    }
}

fn none_of(all: &[Attachment<'_>], why: &str) -> Failure {
    if all.is_empty() {
        return Failure::new(FailureKind::NotFound, "this message has no attachments");
    }
    let names: Vec<String> = all.iter().take(20).map(|one| one.filename.chars().take(100).collect()).collect();
    Failure::new(FailureKind::NotFound, format!("{why}. Its attachments: {}", names.join(", ")))
}

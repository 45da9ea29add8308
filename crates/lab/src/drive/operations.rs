//! Which function plays which operation.

use super::{about, change, comments, content, list, make, permissions, replies};
use crate::api::call::Call;
use crate::api::outcome::Outcome;
use crate::state::State;
use valetkey_domain::Timestamp;

type Look = fn(&State, Timestamp, &Call) -> Outcome;
type Act = fn(&mut State, Timestamp, &Call) -> Outcome;

/// Operations that change nothing, without `drive.`.
const LOOKS: &[(&str, Look)] = &[
    ("about.get", about::get),
    ("files.get", list::get),
    ("files.list", list::list),
    ("files.export", content::export),
    ("permissions.list", permissions::list),
    ("permissions.get", permissions::get),
    ("comments.list", comments::list),
    ("comments.get", comments::get),
    ("replies.list", replies::list),
    ("replies.get", replies::get),
];

/// Operations that change something.
const ACTS: &[(&str, Act)] = &[
    ("files.create", make::create),
    ("files.copy", make::copy),
    ("files.update", change::update),
    ("files.delete", change::delete),
    ("files.emptyTrash", change::empty_trash),
    ("permissions.create", permissions::create),
    ("permissions.update", permissions::update),
    ("permissions.delete", permissions::delete),
    ("comments.create", comments::create),
    ("comments.update", comments::update),
    ("comments.delete", comments::delete),
    ("replies.create", replies::create),
    ("replies.update", replies::update),
    ("replies.delete", replies::delete),
];

/// What plays an operation that changes nothing.
pub(crate) fn look(operation: &str) -> Option<Look> {
    let name = operation.strip_prefix("drive.")?;
    LOOKS.iter().find(|(known, _)| *known == name).map(|(_, look)| *look)
}

/// What plays one that changes something.
pub(crate) fn act(operation: &str) -> Option<Act> {
    let name = operation.strip_prefix("drive.")?;
    ACTS.iter().find(|(known, _)| *known == name).map(|(_, act)| *act)
}

//! Which function plays which operation.

use super::{comments, issues, labels, view};
use crate::api::call::Call;
use crate::api::outcome::Outcome;
use crate::state::State;
use valetkey_domain::Timestamp;

type Look = fn(&State, Timestamp, &Call) -> Outcome;
type Act = fn(&mut State, Timestamp, &Call) -> Outcome;

/// Operations that change nothing.
const LOOKS: &[(&str, Look)] = &[
    ("users/get-authenticated", view::me),
    ("issues/get", issues::get),
    ("issues/list-for-repo", issues::list),
    ("issues/get-comment", comments::get),
    ("issues/list-comments", comments::list),
    ("issues/get-label", labels::get),
    ("issues/list-labels-for-repo", labels::list),
];

/// Operations that change something.
const ACTS: &[(&str, Act)] = &[
    ("issues/create", issues::create),
    ("issues/update", issues::update),
    ("issues/lock", issues::lock),
    ("issues/unlock", issues::unlock),
    ("issues/add-assignees", issues::assign),
    ("issues/remove-assignees", issues::unassign),
    ("issues/create-comment", comments::create),
    ("issues/update-comment", comments::update),
    ("issues/delete-comment", comments::delete),
    ("issues/create-label", labels::create),
    ("issues/update-label", labels::update),
    ("issues/delete-label", labels::delete),
    ("issues/add-labels", labels::add),
    ("issues/set-labels", labels::set),
    ("issues/remove-label", labels::remove),
    ("issues/remove-all-labels", labels::remove_all),
];

/// What plays an operation that changes nothing.
pub(crate) fn look(operation: &str) -> Option<Look> {
    LOOKS.iter().find(|(known, _)| *known == operation).map(|(_, look)| *look)
}

/// What plays one that changes something.
pub(crate) fn act(operation: &str) -> Option<Act> {
    ACTS.iter().find(|(known, _)| *known == operation).map(|(_, act)| *act)
}

//! Which function plays which operation.

use super::{
    attachments, change, drafts, filters, history, insert, labels, messages, profile, send, settings, threads,
};
use crate::api::call::Call;
use crate::api::outcome::Outcome;
use crate::state::State;
use valetkey_domain::Timestamp;

type Look = fn(&State, Timestamp, &Call) -> Outcome;
type Act = fn(&mut State, Timestamp, &Call) -> Outcome;

/// Operations that change nothing, without `gmail.users.`.
const LOOKS: &[(&str, Look)] = &[
    ("getProfile", profile::get),
    ("messages.list", messages::list),
    ("messages.get", messages::get),
    ("messages.attachments.get", attachments::get),
    ("threads.list", threads::list),
    ("threads.get", threads::get),
    ("drafts.list", drafts::list),
    ("drafts.get", drafts::get),
    ("labels.list", labels::list),
    ("labels.get", labels::get),
    ("history.list", history::list),
    ("settings.filters.list", filters::list),
    ("settings.filters.get", filters::get),
    ("settings.getVacation", settings::vacation),
    ("settings.sendAs.list", settings::senders),
    ("settings.sendAs.get", settings::sender),
    ("settings.forwardingAddresses.list", settings::forwarding_addresses),
    ("settings.forwardingAddresses.get", settings::forwarding_address),
    ("settings.getAutoForwarding", settings::auto_forwarding),
    ("settings.sendAs.create", settings::for_administrators),
    ("settings.sendAs.verify", settings::for_administrators),
    ("settings.sendAs.delete", settings::for_administrators),
    ("settings.forwardingAddresses.create", settings::for_administrators),
    ("settings.forwardingAddresses.delete", settings::for_administrators),
    ("settings.updateAutoForwarding", settings::for_administrators),
    ("settings.delegates.list", settings::for_administrators),
    ("settings.delegates.create", settings::for_administrators),
];

/// Operations that change something.
const ACTS: &[(&str, Act)] = &[
    ("messages.send", send::send),
    ("messages.import", insert::file),
    ("messages.insert", insert::file),
    ("messages.modify", change::modify),
    ("messages.batchModify", change::batch_modify),
    ("messages.trash", change::trash),
    ("messages.untrash", change::untrash),
    ("messages.delete", change::delete),
    ("messages.batchDelete", change::batch_delete),
    ("threads.modify", change::modify_thread),
    ("threads.trash", change::trash_thread),
    ("threads.untrash", change::untrash_thread),
    ("threads.delete", change::delete_thread),
    ("drafts.create", drafts::create),
    ("drafts.update", drafts::update),
    ("drafts.send", drafts::send),
    ("drafts.delete", drafts::delete),
    ("labels.create", labels::create),
    ("labels.patch", labels::patch),
    ("labels.delete", labels::delete),
    ("settings.filters.create", filters::create),
    ("settings.filters.delete", filters::delete),
    ("settings.updateVacation", settings::set_vacation),
    ("settings.sendAs.patch", settings::change_sender),
    ("watch", history::watch),
    ("stop", history::stop),
];

/// What plays an operation that changes nothing.
pub(crate) fn look(operation: &str) -> Option<Look> {
    let name = operation.strip_prefix("gmail.users.")?;
    LOOKS.iter().find(|(known, _)| *known == name).map(|(_, look)| *look)
}

/// What plays one that changes something.
pub(crate) fn act(operation: &str) -> Option<Act> {
    let name = operation.strip_prefix("gmail.users.")?;
    ACTS.iter().find(|(known, _)| *known == name).map(|(_, act)| *act)
}

//! Natives: what a connector file cannot say in data, as plain functions between two steps of a call.
//!
//! A native sees the call's scope, an object of `input` (the arguments, checked) and of what earlier steps saved, and
//! gives a value that the next step or the shape uses. It does no I/O; time and uniqueness come from the [`Setting`].
//! The list is closed: a file names one by its name, and files that users bring may name none.
//!
//! Whatever an app has put into a message is data of strangers: no native may panic on it, and each pays for what it
//! looks at while it does ([`Work`]). Its time grows with its input and no faster: `tests/growth.rs` holds each against
//! the worst that somebody could think of, and a native that is not in its table fails the test.

mod address;
mod base64_text;
mod body;
mod calendar_change;
mod calendar_guests;
mod calendar_times;
mod charset;
mod encoded;
mod flowed;
mod github_content;
mod github_file;
mod gmail_attachment;
mod gmail_attachment_data;
mod gmail_compose;
mod gmail_draft;
mod gmail_filter;
mod gmail_label_change;
mod gmail_listed_thread;
mod gmail_message;
mod gmail_raw;
mod gmail_redraft;
mod gmail_reply;
mod gmail_vacation;
mod headers;
mod html;
mod ids;
mod label_lists;
mod labels;
mod moment;
mod names;
mod notion_block;
mod notion_property;
mod notion_readable;
mod notion_text;
mod parameter;
mod part;
mod raw;
mod reading;
mod repeats;
mod scope;
mod timed;
mod work;
mod zone;

pub use work::{HEAVY_BYTES, StopOnDrop, Work, is_heavy};

use crate::{Failure, Setting};
use serde_json::{Map, Value};

/// A function between two steps: from the scope (`input` and saved values) to a value.
pub type Native = fn(&Map<String, Value>, &Setting) -> Result<Value, Failure>;

const NATIVES: &[(&str, Native)] = &[
    ("calendar_change", calendar_change::run),
    ("calendar_guests", calendar_guests::run),
    ("calendar_times", calendar_times::run),
    ("github_content", github_content::run),
    ("github_file", github_file::run),
    ("gmail_attachment", gmail_attachment::run),
    ("gmail_attachment_data", gmail_attachment_data::run),
    ("gmail_compose", gmail_compose::run),
    ("gmail_draft", gmail_draft::run),
    ("gmail_filter", gmail_filter::run),
    ("gmail_label_change", gmail_label_change::run),
    ("gmail_listed_draft", gmail_draft::run_listed),
    ("gmail_listed_message", gmail_message::run_listed),
    ("gmail_listed_thread", gmail_listed_thread::run),
    ("gmail_message", gmail_message::run),
    ("gmail_raw", gmail_raw::run),
    ("gmail_redraft", gmail_redraft::run),
    ("gmail_reply", gmail_reply::run),
    ("gmail_vacation", gmail_vacation::run),
    ("notion_readable", notion_readable::run),
];

/// The native of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<Native> {
    NATIVES.iter().find(|(known, _)| *known == name).map(|(_, native)| *native)
}

#[cfg(test)]
mod tests;

//! Mails to attendees, where `sendUpdates` (or the older `sendNotifications`) asks for them.

use super::find;
use super::times::rfc3339;
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::gmail;
use crate::state::State;
use crate::{Error, random};
use serde_json::Value;
use valetkey_domain::Timestamp;

/// Tells the attendees among the lab's people about an event. `externalOnly` tells nobody: all the lab's people are
/// on the provider's own calendar.
pub(crate) fn send(state: &mut State, call: &Call, event: &str, what: &str, now: Timestamp) -> Result<(), ApiError> {
    if call.query("sendUpdates") != Some("all") && !call.flag("sendNotifications") {
        return Ok(());
    }
    let user = super::owner(state, call)?;
    let shown = find::by_id(state, user, event)?;
    let organizer = state.user(&shown.organizer).ok_or_else(super::missing)?;
    let summary = one_line(shown.written.get("summary").and_then(Value::as_str).unwrap_or("(No title)"));
    let (start, _) = shown.times.range(&shown.times.zone);
    let when = rfc3339(start, &shown.times.zone);
    let from = format!("{} <{}>", organizer.name, organizer.email);
    for attendee in attendees(&shown.written, &shown.organizer) {
        let text = mail(&from, &attendee, &format!("{what}: {summary}"), &when, now)?;
        gmail::send::deliver(state, &attendee, text.as_bytes(), now)?;
    }
    Ok(())
}

fn attendees(written: &serde_json::Map<String, Value>, organizer: &str) -> Vec<String> {
    let listed = written.get("attendees").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let emails = listed.iter().filter_map(|attendee| attendee.get("email").and_then(Value::as_str));
    emails.filter(|email| !email.eq_ignore_ascii_case(organizer)).map(str::to_owned).collect()
}

fn mail(from: &str, to: &str, subject: &str, when: &str, now: Timestamp) -> Result<String, Error> {
    let date = now.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let id = random::base32hex()?;
    Ok(format!(
        "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: <calendar-{id}@lab.example>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         {subject}\r\nWhen: {when}\r\n"
    ))
}

/// Keeps a summary from beginning a header of its own.
fn one_line(text: &str) -> String {
    text.split(char::is_control).collect::<Vec<_>>().join(" ")
}

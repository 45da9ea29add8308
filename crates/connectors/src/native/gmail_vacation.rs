//! `gmail_vacation`: the settings of the automatic reply as they shall be: those that there are (saved as `before`),
//! with what the arguments change. Google replaces them as a whole.
//!
//! Arguments: `enable_auto_reply`, `response_subject`, `response_body_plain_text`, `response_body_html`,
//! `restrict_to_contacts`, `restrict_to_domain`, `start_time`, `end_time` (a time with an offset, or milliseconds since
//! 1970). What is named in `clear` comes empty, and is taken away.

use super::scope::{Scope, argument, member, saved};
use crate::{Failure, Setting};
use jiff::Timestamp;
use serde_json::{Map, Value};

const TEXTS: [(&str, &str); 3] = [
    ("response_subject", "responseSubject"),
    ("response_body_plain_text", "responseBodyPlainText"),
    ("response_body_html", "responseBodyHtml"),
];
const FLAGS: [(&str, &str); 3] = [
    ("enable_auto_reply", "enableAutoReply"),
    ("restrict_to_contacts", "restrictToContacts"),
    ("restrict_to_domain", "restrictToDomain"),
];
const TIMES: [(&str, &str); 2] = [("start_time", "startTime"), ("end_time", "endTime")];

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let mut settings = saved(scope, "before").and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, member) in FLAGS {
        if let Some(flag) = argument(scope, name).filter(|value| value.is_boolean()) {
            settings.insert(member.to_owned(), flag.clone());
        }
    }
    for (name, member) in TEXTS.into_iter().chain(TIMES) {
        let Some(given) = argument(scope, name).and_then(Value::as_str) else { continue };
        setting.work.spend(given.len())?;
        if given.trim().is_empty() {
            settings.shift_remove(member);
        } else if TIMES.iter().any(|(known, _)| *known == name) {
            settings.insert(member.to_owned(), milliseconds(name, given)?.into());
        } else {
            settings.insert(member.to_owned(), given.into());
        }
    }
    // Of the two bodies Gmail sends the HTML, so a new plain one takes the place of an old HTML one; one that is taken
    // away does not.
    let plain = argument(scope, "response_body_plain_text").and_then(Value::as_str).unwrap_or_default();
    if !plain.trim().is_empty() && argument(scope, "response_body_html").is_none() {
        settings.shift_remove("responseBodyHtml");
    }
    check(&settings, setting.now)?;
    Ok(Value::Object(settings))
}

/// Epoch milliseconds as a text, which is how Google writes them.
fn milliseconds(name: &str, given: &str) -> Result<String, Failure> {
    let given = given.trim();
    let number = given.parse::<i64>().ok().filter(|number| *number >= 0);
    let time = || given.parse::<Timestamp>().ok().map(Timestamp::as_millisecond);
    number.or_else(time).map(|milliseconds| milliseconds.to_string()).ok_or_else(|| {
        let given: String = given.chars().take(60).collect();
        Failure::invalid(format!(
            "`{name}` {given} is no time with an offset; write 2026-12-20T00:00:00+01:00, or milliseconds since 1970"
        ))
    })
}

/// Gmail keeps the times of the last absence; with an end that is over, an automatic reply that is switched on answers
/// nobody.
fn check(settings: &Map<String, Value>, now: Timestamp) -> Result<(), Failure> {
    let settings = Value::Object(settings.clone());
    let filled = |name: &str| member(&settings, name).is_some_and(|text| !text.trim().is_empty());
    let enabled = settings.get("enableAutoReply") == Some(&Value::Bool(true));
    if enabled && !TEXTS.iter().any(|(_, member)| filled(member)) {
        return Err(Failure::invalid(
            "an automatic reply says something: give response_subject, response_body_plain_text or response_body_html",
        ));
    }
    let time = |name: &str| member(&settings, name).and_then(|text| text.parse::<i64>().ok());
    match (time("startTime"), time("endTime")) {
        (Some(start), Some(end)) if start >= end => Err(Failure::invalid(
            "`start_time` must be before `end_time`; one that was set earlier is taken away by naming it in `clear`",
        )),
        (_, Some(end)) if enabled && end <= now.as_millisecond() => Err(Failure::invalid(
            "nobody would get this automatic reply, for its end is over: give an `end_time` to come, or name end_time \
             in `clear`",
        )),
        _ => Ok(()),
    }
}

//! `gmail_reply`: an answer within a thread.
//!
//! Beside the arguments of `gmail_compose`: `in_reply_to_message_id`, and the saved `thread`, users.threads.get's answer
//! (the format `metadata` is enough). Gives `{raw, threadId}`.
//!
//! Which message is answered: the one named, by Gmail's id or by its Message-ID. Else the newest that the user did not
//! send, because an answer goes to somebody; else, in a thread that only the user wrote in, the newest. Drafts are never
//! answered. "Sent by the user" is Gmail's label SENT without INBOX: a letter to oneself has both, and may be answered.
//!
//! Gmail joins an answer to its thread only if threadId, References and Subject agree
//! (<https://developers.google.com/workspace/gmail/api/guides/threads>), so all three come from the thread unless given.

use super::body::{Heading, compose, subject};
use super::headers::{decoded, find};
use super::ids::message_ids;
use super::part::weight;
use super::scope::{Scope, member, needed, text};
use crate::{Failure, FailureKind, Setting};
use serde_json::{Value, json};

/// The most ids kept in References: the first, which names the conversation, and the newest.
const MAX_REFERENCES: usize = 50;

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let thread = needed(scope, "thread")?;
    let messages = thread.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for message in messages {
        setting.work.spend(message.get("payload").map_or(1, weight))?;
    }
    let answered = answered(messages, text(scope, "in_reply_to_message_id")?)?;
    let headers = answered.get("payload").unwrap_or(&Value::Null);
    let id = own_id(headers)?;
    let heading = Heading {
        subject: subject(scope)?.unwrap_or_else(|| reply_subject(find(headers, "Subject").unwrap_or_default())),
        references: references(headers, id.as_deref()),
        in_reply_to: id,
    };
    let thread_id = thread.get("id").and_then(Value::as_str).or(text(scope, "thread_id")?);
    Ok(json!({"raw": compose(scope, setting, heading)?, "threadId": thread_id}))
}

/// The Message-ID, if it has one.
///
/// # Errors
/// It has one that cannot be written into an answer's headers, so that the answer would leave its thread.
fn own_id(headers: &Value) -> Result<Option<String>, Failure> {
    let Some(value) = find(headers, "Message-ID") else { return Ok(None) };
    match message_ids(value).into_iter().next() {
        None if !value.trim().is_empty() => Err(Failure::new(
            FailureKind::Conflict,
            "the message that would be answered has a Message-ID that no header can repeat, so that the answer would not \
             stay in its thread: answer another message of the thread (`in_reply_to_message_id`), or send a new mail with \
             gmail_send_message",
        )),
        id => Ok(id),
    }
}

fn answered<'t>(messages: &'t [Value], named: Option<&str>) -> Result<&'t Value, Failure> {
    if let Some(named) = named {
        return messages.iter().find(|message| is_named(message, named.trim())).ok_or_else(|| {
            Failure::invalid(format!(
                "`in_reply_to_message_id` {named} is no message of this thread; leave it out to answer the newest one"
            ))
        });
    }
    let letters = || messages.iter().filter(|message| !has_label(message, "DRAFT"));
    letters()
        .filter(|message| !has_label(message, "SENT") || has_label(message, "INBOX"))
        .max_by_key(|message| received(message))
        .or_else(|| letters().max_by_key(|message| received(message)))
        .ok_or_else(|| Failure::new(FailureKind::NotFound, "the thread holds no message that could be answered"))
}

fn is_named(message: &Value, named: &str) -> bool {
    let bare = named.trim_start_matches('<').trim_end_matches('>');
    member(message, "id") == Some(named)
        || message
            .get("payload")
            .and_then(|payload| find(payload, "Message-ID"))
            .is_some_and(|value| message_ids(value).iter().any(|id| id == bare))
}

fn has_label(message: &Value, label: &str) -> bool {
    let labels = message.get("labelIds").and_then(Value::as_array);
    labels.is_some_and(|labels| labels.iter().any(|found| found.as_str() == Some(label)))
}

/// Milliseconds since 1970, as Gmail writes them: in a text. Equal ones keep the thread's order, the last wins.
fn received(message: &Value) -> i64 {
    member(message, "internalDate").and_then(|millis| millis.parse().ok()).unwrap_or(0)
}

/// RFC 5322, 3.6.4: the References of the answered message, else its In-Reply-To if that is one id, then its own id.
///
/// An id that no header can repeat is left out as are those beyond the bound, which RFC 5537, 3.4.4 has for lists that are
/// too long. Who receives the answer finds its place by the last id, the answered message's own, and without that one
/// nothing is answered: so a refusal over somebody's odd id further up would keep no thread together.
fn references(headers: &Value, id: Option<&str>) -> Vec<String> {
    let mut ids = find(headers, "References").map(message_ids).unwrap_or_default();
    if ids.is_empty() {
        ids = find(headers, "In-Reply-To").map(message_ids).filter(|ids| ids.len() == 1).unwrap_or_default();
    }
    ids.retain(|known| Some(known.as_str()) != id);
    ids.extend(id.map(str::to_owned));
    if ids.len() > MAX_REFERENCES {
        ids.drain(1..=ids.len() - MAX_REFERENCES);
    }
    ids
}

/// The subject with one `Re: ` before it, however many it had, in whatever case, numbered (`Re[2]:`) or not.
fn reply_subject(header: &str) -> String {
    let subject = decoded(header);
    let mut rest = subject.as_str();
    while let Some(inner) = without_re(rest) {
        rest = inner;
    }
    format!("Re: {rest}").trim_end().to_owned()
}

fn without_re(subject: &str) -> Option<&str> {
    let (mark, rest) = subject.split_once(':')?;
    let mark = mark.trim();
    let number = mark.get(2..)?.trim_matches(['[', ']', '(', ')', '^', ' ']);
    let is_re = mark.get(..2)?.eq_ignore_ascii_case("re") && number.bytes().all(|byte| byte.is_ascii_digit());
    is_re.then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn re_is_written_once() {
        for (header, expected) in [
            ("Lunch", "Re: Lunch"),
            ("re: Lunch", "Re: Lunch"),
            ("RE: Re : RE[2]: re(3): Lunch", "Re: Lunch"),
            ("Regarding: Lunch", "Re: Regarding: Lunch"),
            ("Re", "Re: Re"),
            ("Re:", "Re:"),
            ("", "Re:"),
            ("=?utf-8?Q?Re=3A_Caf=C3=A9?=", "Re: Café"),
            ("éa: x", "Re: éa: x"),
            ("AW: Termin", "Re: AW: Termin"),
        ] {
            assert_eq!(reply_subject(header), expected, "{header}");
        }
    }

    fn message(id: &str, date: &str, labels: &[&str]) -> Value {
        let header = json!({"name": "Message-Id", "value": format!("<{id}@mail.example>")});
        json!({"id": id, "internalDate": date, "labelIds": labels, "payload": {"headers": [header]}})
    }

    fn chosen(messages: &[Value], named: Option<&str>) -> String {
        answered(messages, named)
            .map_or_else(|failure| failure.message, |found| member(found, "id").unwrap().to_owned())
    }

    #[test]
    fn the_newest_of_somebody_else_is_answered() {
        let theirs = message("a", "1000", &["INBOX"]);
        let mine = message("b", "2000", &["SENT"]);
        let draft = message("c", "3000", &["DRAFT"]);
        let to_myself = message("d", "1500", &["SENT", "INBOX"]);
        assert_eq!(chosen(&[theirs.clone(), mine.clone(), draft.clone()], None), "a");
        assert_eq!(chosen(&[theirs.clone(), mine.clone(), to_myself], None), "d");
        assert_eq!(chosen(&[mine.clone(), draft.clone()], None), "b");
        assert_eq!(chosen(&[theirs.clone(), mine.clone()], Some("b")), "b");
        assert_eq!(chosen(&[theirs.clone(), mine.clone()], Some(" <b@mail.example> ")), "b");
        assert_eq!(chosen(&[theirs.clone(), mine], Some("b@mail.example")), "b");
        assert!(chosen(&[theirs], Some("zzz")).contains("zzz is no message of this thread"));
        assert!(chosen(&[draft], None).contains("no message that could be answered"));
        assert!(chosen(&[], None).contains("no message"));
        assert_eq!(chosen(&[message("x", "no number", &[]), message("y", "", &[])], None), "y");
    }

    #[test]
    fn references_grow_and_stay_bounded() {
        let headers = |pairs: &[(&str, &str)]| {
            let list: Vec<_> = pairs.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
            json!({"headers": list})
        };
        assert_eq!(
            references(&headers(&[("References", "<a@x>\r\n <b@x>"), ("In-Reply-To", "<b@x>")]), Some("c@x")),
            ["a@x", "b@x", "c@x"]
        );
        assert_eq!(references(&headers(&[("in-reply-to", "<b@x>")]), Some("c@x")), ["b@x", "c@x"]);
        assert_eq!(references(&headers(&[("In-Reply-To", "<a@x> <b@x>")]), Some("c@x")), ["c@x"]);
        assert_eq!(references(&headers(&[("References", "<c@x> <a@x>")]), Some("c@x")), ["a@x", "c@x"]);
        assert!(references(&headers(&[]), None).is_empty());
        let odd = format!("<a@x> <b\0@x> <\u{fc}@x> <{}@x> <d@x>", "c".repeat(900));
        assert_eq!(references(&headers(&[("References", &odd)]), Some("e@x")), ["a@x", "d@x", "e@x"]);
        assert_eq!(
            references(&headers(&[("References", "<b\0@x>")]), Some("e@x")),
            ["e@x"],
            "its own stays whatever is odd"
        );
        let long: String = (0..200).map(|n| format!("<{n}@x> ")).collect();
        let kept = references(&headers(&[("References", &long)]), Some("me@x"));
        assert_eq!((kept.len(), kept[0].as_str(), kept[1].as_str(), kept[49].as_str()), (50, "0@x", "152@x", "me@x"));
    }
}

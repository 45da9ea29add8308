//! The mail of a new lab: a thread between two of its people, and what others wrote them.

use crate::Person;
use crate::state::{Mail, State};
use crate::{Error, random};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use valetkey_domain::Timestamp;

struct Letter {
    text: &'static str,
    hours_ago: i64,
    /// Whose mailboxes it lies in, by number, and under which labels.
    copies: &'static [(usize, &'static [&'static str])],
    /// Letters with the same word are one thread.
    thread: &'static str,
}

const INBOX: &[&str] = &["INBOX"];
const UNREAD: &[&str] = &["INBOX", "UNREAD"];
const SENT: &[&str] = &["SENT"];

const LETTERS: [Letter; 9] = [
    letter(include_str!("../../seed/welcome.eml"), 24 * 20, &[(0, INBOX)], "welcome"),
    letter(include_str!("../../seed/newsletter.eml"), 24 * 6, &[(0, UNREAD)], "newsletter"),
    letter(include_str!("../../seed/prize.eml"), 24 * 5, &[(0, &["SPAM", "UNREAD"])], "prize"),
    letter(include_str!("../../seed/invoice.eml"), 24 * 4, &[(0, &["INBOX", "STARRED"])], "invoice"),
    letter(include_str!("../../seed/plan-1.eml"), 52, &[(1, SENT), (0, INBOX)], "plan"),
    letter(include_str!("../../seed/plan-2.eml"), 47, &[(0, SENT), (1, INBOX)], "plan"),
    letter(include_str!("../../seed/keys.eml"), 30, &[(1, UNREAD)], "keys"),
    letter(include_str!("../../seed/plan-3.eml"), 26, &[(1, SENT), (0, UNREAD)], "plan"),
    letter(include_str!("../../seed/station.eml"), 3, &[(0, UNREAD)], "station"),
];

const fn letter(
    text: &'static str,
    hours_ago: i64,
    copies: &'static [(usize, &'static [&'static str])],
    thread: &'static str,
) -> Letter {
    Letter { text, hours_ago, copies, thread }
}

/// Puts the letters into the mailboxes of those who are there.
pub(super) fn deliver(state: &mut State, people: &[Person], now: Timestamp) -> Result<(), Error> {
    let mut threads: BTreeMap<(usize, &str), String> = BTreeMap::new();
    for letter in &LETTERS {
        let at = now - SignedDuration::from_hours(letter.hours_ago);
        let Some(text) = filled(letter.text, people, at) else { continue };
        for (owner, labels) in letter.copies {
            let id = random::hex16()?;
            let thread = threads.entry((*owner, letter.thread)).or_insert_with(|| id.clone()).clone();
            let labels = labels.iter().map(|label| (*label).to_owned()).collect();
            let history = state.next_history();
            let mail = Mail { id, thread, labels, at, history, raw: text.clone(), sent_by_api: false };
            if let Some(user) = state.users.get_mut(*owner) {
                user.mail.push(mail);
            }
        }
    }
    Ok(())
}

/// The text with the people's names, lines ended as mail ends them; none where it speaks of somebody who is not there.
fn filled(text: &str, people: &[Person], at: Timestamp) -> Option<Vec<u8>> {
    let mut text = text.replace("{{date}}", &at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string());
    for (mark, person) in ["first", "second"].iter().zip(people) {
        text = text.replace(&format!("{{{{{mark}}}}}"), &person.email);
        text = text.replace(&format!("{{{{{mark}_name}}}}"), &person.name);
    }
    (!text.contains("{{")).then(|| text.replace('\n', "\r\n").into_bytes())
}

//! The known name that a wrong one was surely meant to be. A hint that is wrong costs more than none, so names are
//! compared word by word: every word must be the same one, perhaps misspelt. Only short names are compared at all.

use std::collections::BTreeSet;

/// The longest name that is compared, in bytes.
const MAX_BYTES: usize = 100;
/// The most names that one is compared with.
const MAX_KNOWN: usize = 20_000;
/// The most words in a name.
const MAX_WORDS: usize = 16;
/// The share of a word that one slip may be of: a fifth.
const LEAST_TO_MISSPELL: usize = 5;
/// From how many words on the beginning of a name tells the whole.
const TELLING_BEGINNING: usize = 3;
/// Words that are used one for the other.
const MOMENTS: [&str; 3] = ["date", "time", "datetime"];
/// Words that name nothing of their own at the end of a name.
const IDS: [&str; 2] = ["id", "ids"];

/// The one of the known names that a wrong one was meant to be, where it can be no other: the same words in another
/// spelling or order, or with a letter too many, too few or wrong.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = Words::of(wrong)?;
    let mut best: Option<(u8, &str)> = None;
    let mut alone = true;
    for name in known.into_iter().take(MAX_KNOWN) {
        let Some(unlike) = Words::of(name).and_then(|words| wrong.unlikeness(&words)) else { continue };
        match best {
            Some((least, _)) if unlike > least => {}
            Some((least, _)) if unlike == least => alone = false,
            _ => (best, alone) = (Some((unlike, name)), true),
        }
    }
    best.filter(|_| alone).map(|(_, name)| name)
}

/// A name in lower-case words: `maxResults`, `max-results` and `MAX_RESULTS` have the same two.
struct Words(Vec<String>);

impl Words {
    fn of(name: &str) -> Option<Self> {
        if name.is_empty() || name.len() > MAX_BYTES {
            return None;
        }
        let mut words: Vec<String> = Vec::new();
        let mut within = false;
        let mut small = false;
        for c in name.chars() {
            if !c.is_alphanumeric() {
                within = false;
                continue;
            }
            if !within || (small && c.is_uppercase()) {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
            (within, small) = (true, c.is_lowercase());
        }
        (1..=MAX_WORDS).contains(&words.len()).then_some(Self(words))
    }

    fn joined(&self) -> String {
        self.0.concat()
    }

    /// How far a known name is from this wrong one; nothing where they are two names.
    fn unlikeness(&self, known: &Self) -> Option<u8> {
        let (wrong, right) = (self.joined(), known.joined());
        if wrong == right {
            return Some(0);
        }
        // `account_1` and `account_2` are two accounts, not a slip.
        if digits(&wrong) != digits(&right) {
            return None;
        }
        let same_words = self.0.iter().collect::<BTreeSet<_>>() == known.0.iter().collect();
        if same_words && self.0.len() == known.0.len() {
            return Some(1);
        }
        if let Some(slips) = slips(&self.0, &known.0) {
            return Some(2 + slips);
        }
        if self.0.len() != known.0.len() && misspelt(&wrong, &right) {
            return Some(3);
        }
        if self.0.len() == 1 && known.0.len() == 1 && letter_missing(&wrong, &right) {
            return Some(4);
        }
        match known.0.split_last() {
            Some((last, rest)) if IDS.contains(&last.as_str()) && slips(&self.0, rest) == Some(0) => Some(5),
            _ => (self.0.len() >= TELLING_BEGINNING && known.0.starts_with(&self.0)).then_some(6),
        }
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// How many words are misspelt, two at most; nothing where one of them is another word.
fn slips(wrong: &[String], known: &[String]) -> Option<u8> {
    if wrong.len() != known.len() {
        return None;
    }
    let mut slips = 0;
    for (one, other) in wrong.iter().zip(known) {
        if one == other || plural(one, other) || plural(other, one) || moments(one, other) {
            continue;
        }
        if slips == 2 || !misspelt(one, other) {
            return None;
        }
        slips += 1;
    }
    Some(slips)
}

fn plural(one: &str, many: &str) -> bool {
    let rest = many.strip_prefix(one);
    let regular = matches!(rest, Some("s" | "es")) && one.len() > 1;
    regular || one.strip_suffix('y').is_some_and(|stem| many.strip_prefix(stem) == Some("ies"))
}

fn moments(one: &str, other: &str) -> bool {
    MOMENTS.contains(&one) && MOMENTS.contains(&other)
}

/// One letter too many, too few, wrong, or swapped with the next. The first one is never wrong, only missing or too many:
/// `import` and `export` are words of their own; so are `sync` and `async`.
fn misspelt(one: &str, other: &str) -> bool {
    let longer = one.chars().count().max(other.chars().count());
    let same_start = one.chars().next() == other.chars().next();
    let only_longer =
        |long: &str, short: &str| long.strip_suffix(short).is_some_and(|more| more.len() == 1 && more != "a");
    longer >= LEAST_TO_MISSPELL
        && one.len().abs_diff(other.len()) <= 1
        && (same_start || only_longer(one, other) || only_longer(other, one))
        && strsim::osa_distance(one, other) <= 1
}

/// A name of one short word in which one letter is missing: `nme` for `name`.
fn letter_missing(wrong: &str, known: &str) -> bool {
    known.len() == LEAST_TO_MISSPELL - 1
        && wrong.len() + 1 == known.len()
        && wrong.chars().next() == known.chars().next()
        && strsim::osa_distance(wrong, known) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 24] = [
        "max_results",
        "query",
        "summary",
        "start_datetime",
        "event_duration_hour",
        "event_duration_minutes",
        "send_updates",
        "calendar_id",
        "content_type",
        "thread_id",
        "time_min",
        "created_max",
        "guests_can_invite_others",
        "label_ids",
        "attendees_emails",
        "body",
        "gmail",
        "googlecalendar",
        "MY_CALENDAR",
        "MY_GMAIL",
        "gmail_send_message",
        "gmail_get_message_by_id",
        "googlecalendar_list_events",
        "is_async",
    ];

    #[test]
    fn a_slip_is_understood() {
        for (wrong, right) in [
            ("maxResults", "max_results"),
            ("MAX-RESULTS", "max_results"),
            ("maxresults", "max_results"),
            ("max_result", "max_results"),
            ("results_max", "max_results"),
            ("maxresult", "max_results"),
            ("max_reslts", "max_results"),
            ("qery", "query"),
            ("querry", "query"),
            ("queyr", "query"),
            ("sumary", "summary"),
            ("start_time", "start_datetime"),
            ("startDate", "start_datetime"),
            ("event_duration_hours", "event_duration_hour"),
            ("event_duration_minute", "event_duration_minutes"),
            ("send_update", "send_updates"),
            ("calendar", "calendar_id"),
            ("calendarId", "calendar_id"),
            ("calender_id", "calendar_id"),
            ("thread", "thread_id"),
            ("labels", "label_ids"),
            ("label_id", "label_ids"),
            ("guests_can_invite", "guests_can_invite_others"),
            ("atendees_emails", "attendees_emails"),
            ("attendees_email", "attendees_emails"),
            ("bodyy", "body"),
            ("Gmail", "gmail"),
            ("gmial", "gmail"),
            ("google_calendar", "googlecalendar"),
            ("my-gmail", "MY_GMAIL"),
            ("MY_MAIL", "MY_GMAIL"),
            ("bdy", "body"),
            ("bod", "body"),
            ("MY_GMAL", "MY_GMAIL"),
            ("gmail_send_messages", "gmail_send_message"),
            ("gmail_get_message", "gmail_get_message_by_id"),
            ("googlecalendar_events_list", "googlecalendar_list_events"),
            ("googlecalender_list_event", "googlecalendar_list_events"),
        ] {
            assert_eq!(nearest(wrong, KNOWN), Some(right), "{wrong}");
        }
    }

    #[test]
    fn another_word_is_no_slip() {
        for wrong in [
            "end_datetime",
            "end_time",
            "gcal",
            "MY_SLACK",
            "slack",
            "time_max",
            "created_min",
            "content",
            "event",
            "limit",
            "start",
            "event_duration",
            "max",
            "send",
            "receive_updates",
            "gmail_delete_message",
            "gmail_fetch_everything",
            "gmail_send",
            "googlecalendar_list_calendars",
            "googlecalendar_delete_events",
            "guests",
            "is_sync",
            "my_gmail_2",
            "MY_GMAIL2",
            "zzz",
            "",
            "_",
            "title",
            "user_id",
            "context_type_of_the_body",
            "guests_can_modify",
            "boby",
        ] {
            assert_eq!(nearest(wrong, KNOWN), None, "{wrong}");
        }
        assert_eq!(nearest("account_3", ["account_1", "account_2"]), None);
        assert_eq!(nearest("team_c", ["team_a", "team_b"]), None);
        assert_eq!(nearest("import_mail", ["export_mail"]), None);
        assert_eq!(nearest("order_date", ["order_dates", "order_time"]), None, "it may be either");
    }

    #[test]
    fn a_name_without_end_is_not_compared() {
        let long = "max_results".repeat(400_000);
        let begun = std::time::Instant::now();
        assert_eq!(nearest(&long, KNOWN), None);
        assert_eq!(nearest("max_results", [long.as_str()]), None);
        assert!(begun.elapsed().as_millis() < 50, "{:?}", begun.elapsed());
        assert_eq!(nearest(&"a_".repeat(50), ["a_".repeat(49).as_str()]), None);
    }
}

//! Gmail's search language, the common part of it: what cannot be played rightly is refused by name.
//!
//! Sources: <https://support.google.com/mail/answer/7190> for the operators,
//! <https://developers.google.com/workspace/gmail/api/guides/filtering> for dates, which begin at midnight in
//! California unless given in seconds.

use super::matching::{Expr, Term, words};
use super::tokens::{Token, tokens};
use crate::api::error::ApiError;
use crate::cite;
use crate::state::Mail;
use jiff::{Span, Timestamp, civil::Date, tz, tz::TimeZone};

/// Operators that Gmail has and this lab does not play.
const UNPLAYED: [&str; 6] = ["list", "deliveredto", "category", "rfc822header", "size", "around"];

/// A query, ready to be held against messages.
#[derive(Debug)]
pub(crate) struct Search(Expr);

impl Search {
    /// Reads a query; `now` is what `newer_than` counts from.
    pub(crate) fn read(query: &str, now: Timestamp) -> Result<Self, ApiError> {
        let tokens = tokens(query);
        let mut reader = Reader { tokens: tokens.as_slice(), now };
        let expr = reader.sequence(None)?;
        Ok(Self(expr))
    }

    /// Whether the message fits.
    pub(crate) fn matches(&self, mail: &Mail) -> bool {
        self.0.fits(mail)
    }

    /// Whether the query itself asks for spam or trash.
    pub(crate) fn reaches_hidden(&self) -> bool {
        self.0.reaches_hidden()
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    now: Timestamp,
}

impl Reader<'_> {
    /// Everything up to the closing bracket, or to the end: all of it must fit, in braces any of it.
    fn sequence(&mut self, close: Option<char>) -> Result<Expr, ApiError> {
        let mut items: Vec<Expr> = Vec::new();
        let mut either = false;
        while let Some(token) = self.next() {
            match token {
                Token::Close(found) if Some(found) == close => break,
                Token::Close(_) => {}
                Token::Or => either = true,
                other => {
                    let item = self.item(other)?;
                    match if either { items.pop() } else { None } {
                        Some(left) => items.push(Expr::Any(vec![left, item])),
                        None => items.push(item),
                    }
                    either = false;
                }
            }
        }
        Ok(if close == Some('}') { Expr::Any(items) } else { Expr::All(items) })
    }

    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn item(&mut self, token: Token) -> Result<Expr, ApiError> {
        match token {
            Token::Open('{') => self.sequence(Some('}')),
            Token::Open(_) => self.sequence(Some(')')),
            Token::Not => {
                let next = self.next();
                next.map_or(Ok(Expr::All(Vec::new())), |next| Ok(Expr::Not(Box::new(self.item(next)?))))
            }
            Token::Pair(name, value) => self.operator(&name, &value),
            Token::Text(text) => Ok(Expr::Is(Term::Words(words(&text)))),
            Token::Close(_) | Token::Or => Ok(Expr::All(Vec::new())),
        }
    }

    fn operator(&self, name: &str, value: &str) -> Result<Expr, ApiError> {
        let term = match name {
            "from" => Term::From(words(value)),
            "to" => Term::To(words(value)),
            "cc" => Term::Cc(words(value)),
            "bcc" => Term::Bcc(words(value)),
            "subject" => Term::Subject(words(value)),
            "filename" => Term::FileName(value.to_lowercase()),
            "rfc822msgid" => Term::MessageId(value.trim_matches(['<', '>']).to_owned()),
            "label" => Term::Label(value.to_uppercase()),
            "larger" => Term::Larger(bytes(name, value)?),
            "smaller" => Term::Smaller(bytes(name, value)?),
            "after" | "newer" => Term::Since(date(name, value)?),
            "before" | "older" => Term::Before(date(name, value)?),
            "newer_than" => Term::Since(self.ago(name, value)?),
            "older_than" => Term::Before(self.ago(name, value)?),
            "in" | "is" | "has" => return state_of(name, value),
            unplayed if UNPLAYED.contains(&unplayed) => return Err(refuse(name, value)),
            _ => Term::Words(words(&format!("{name} {value}"))),
        };
        Ok(Expr::Is(term))
    }

    fn ago(&self, name: &str, value: &str) -> Result<Timestamp, ApiError> {
        let span = || {
            let unit = value.chars().last()?;
            let count: i64 = value.strip_suffix(unit)?.parse().ok()?;
            match unit {
                'd' => Span::new().try_days(count).ok(),
                'm' => Span::new().try_months(count).ok(),
                'y' => Span::new().try_years(count).ok(),
                _ => None,
            }
        };
        let then = span().and_then(|span| self.now.to_zoned(california()).checked_sub(span).ok());
        then.map(|then| then.timestamp()).ok_or_else(|| refuse(name, value))
    }
}

/// `in:`, `is:` and `has:`.
fn state_of(name: &str, value: &str) -> Result<Expr, ApiError> {
    let label = |label: &str| Ok(Expr::Is(Term::Label(label.to_owned())));
    match (name, value.to_ascii_lowercase().as_str()) {
        ("in", "anywhere") => Ok(Expr::Is(Term::Anywhere)),
        ("in", "inbox") => label("INBOX"),
        ("in", "sent") => label("SENT"),
        ("in", "trash") => label("TRASH"),
        ("in", "spam") => label("SPAM"),
        ("in", "draft" | "drafts") => label("DRAFT"),
        ("is", "unread") => label("UNREAD"),
        ("is", "read") => Ok(Expr::Not(Box::new(Expr::Is(Term::Label("UNREAD".to_owned()))))),
        ("is", "starred") => label("STARRED"),
        ("is", "important") => label("IMPORTANT"),
        ("has", "attachment") => Ok(Expr::Is(Term::HasAttachment)),
        _ => Err(refuse(name, value)),
    }
}

/// Midnight in California at the beginning of a day, or an instant in seconds.
fn date(name: &str, value: &str) -> Result<Timestamp, ApiError> {
    if let Ok(seconds) = value.parse::<i64>() {
        return Timestamp::from_second(seconds).map_err(|_| refuse(name, value));
    }
    let parts: Vec<i16> = value.split(['/', '-']).filter_map(|part| part.parse().ok()).collect();
    let day = match *parts.as_slice() {
        [year, month, day] if year >= 1000 => civil(year, month, day),
        [month, day, year] => civil(year, month, day),
        _ => None,
    };
    let midnight = day.and_then(|day| day.to_zoned(california()).ok());
    midnight.map(|midnight| midnight.timestamp()).ok_or_else(|| refuse(name, value))
}

fn civil(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The zone in which Gmail reads dates; its standard offset where the system has no zones.
fn california() -> TimeZone {
    TimeZone::get("America/Los_Angeles").unwrap_or_else(|_| tz::offset(-8).to_time_zone())
}

fn bytes(name: &str, value: &str) -> Result<usize, ApiError> {
    let (digits, scale) = match value.chars().last() {
        Some('k' | 'K') => (value.get(..value.len() - 1), 1 << 10),
        Some('m' | 'M') => (value.get(..value.len() - 1), 1 << 20),
        _ => (Some(value), 1),
    };
    let number = digits.and_then(|digits| digits.parse::<usize>().ok());
    number.map(|number| number.saturating_mul(scale)).ok_or_else(|| refuse(name, value))
}

fn refuse(name: &str, value: &str) -> ApiError {
    let said = format!("This lab does not play the search {name}:{value}; it cannot tell what Gmail would find.");
    ApiError::invalid(said, if value.contains('/') { cite::GMAIL_FILTER } else { cite::GMAIL_OPERATORS }).at("q")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(raw: &str, labels: &[&str]) -> Mail {
        Mail {
            id: "1".into(),
            thread: "1".into(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            at: "2026-11-20T08:30:00Z".parse().unwrap(),
            history: 1,
            raw: raw.replace('\n', "\r\n").into_bytes(),
            sent_by_api: false,
        }
    }

    const LUNCH: &str = "From: Sam Baker <sam@lab.example>\nTo: alex@lab.example\nCc: kim@else.example\n\
        Subject: =?utf-8?q?Mittagessen_im_Caf=C3=A9?=\nMessage-ID: <m1@lab.example>\n\
        Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nShall we meet at noon? The soup is good.\n";

    fn finds(query: &str) -> bool {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        Search::read(query, now).unwrap().matches(&mail(LUNCH, &["INBOX", "UNREAD"]))
    }

    #[test]
    fn the_common_operators() {
        for query in [
            "",
            "from:sam",
            "from:sam@lab.example",
            "from:(Sam Baker)",
            "to:alex cc:kim",
            "subject:café",
            "subject:\"mittagessen im\"",
            "is:unread in:inbox",
            "label:inbox",
            "-is:read",
            "newer_than:3d",
            "older_than:1d",
            "after:2026/11/19 before:2026/11/21",
            "after:1795000000",
            "soup",
            "\"meet at noon\"",
            "from:kim OR from:sam soup",
            "{from:kim from:sam}",
            "-(from:kim)",
            "-has:attachment",
            "smaller:1M",
            "rfc822msgid:m1@lab.example",
        ] {
            assert!(finds(query), "{query}");
        }
    }

    #[test]
    fn what_does_not_fit_is_not_found() {
        for query in [
            "from:kim",
            "from:sa",
            "subject:soup",
            "is:read",
            "in:sent",
            "newer_than:1d",
            "before:2026/11/20",
            "\"noon meet\"",
            "from:kim OR from:lee soup",
            "-soup",
            "has:attachment",
            "larger:1M",
        ] {
            assert!(!finds(query), "{query}");
        }
    }

    #[test]
    fn days_begin_in_california() {
        // 08:30 in Greenwich is half an hour past midnight there.
        assert!(finds("after:2026/11/20") && !finds("before:2026/11/20"));
    }

    #[test]
    fn what_cannot_be_played_is_refused_by_name() {
        for query in ["list:news", "has:drive", "after:yesterday", "newer_than:3w"] {
            assert!(Search::read(query, Timestamp::UNIX_EPOCH).is_err(), "{query}");
        }
    }
}

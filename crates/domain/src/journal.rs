//! The journal's records: who did what, for whom, and how it ended.

use crate::Timestamp;
use crate::ctx::Actor;
use crate::id::{DataKeyId, EnvironmentId, RecordId, RequestId, SegmentId};
use serde_json::{Map, Value};

/// One line of the journal.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// The environment it happened in.
    pub environment: EnvironmentId,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// The request it came with.
    pub request: RequestId,
    /// What: `tool.call`, `account.connected`, `instance.url_shown`...
    pub action: &'static str,
    /// On what: the id of the thing.
    pub subject: String,
    /// Whether this tells an intent, the outcome of one, or a fact.
    pub phase: Phase,
    /// More, by name. No secret, no argument, no answer.
    pub detail: Map<String, Value>,
}

/// What a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Something is about to be done; without an outcome, what became of it is unknown.
    Intent,
    /// How the intent with the same subject ended.
    Outcome,
    /// It happened, with the change in the same transaction, or before the answer left.
    Fact,
}

impl Phase {
    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Outcome => "outcome",
            Self::Fact => "fact",
        }
    }
}

/// A record as it rests: every column that its seal covers, letter for letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// The environment's id; empty for what the journal says of itself.
    pub environment: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Who, as [`Actor::text`] says it.
    pub actor: String,
    /// The request it came with.
    pub request: String,
    /// What.
    pub action: String,
    /// On what.
    pub subject: String,
    /// As [`Phase::as_str`] says it.
    pub phase: String,
    /// More, as JSON text.
    pub detail: String,
}

impl From<&Record> for Entry {
    fn from(record: &Record) -> Self {
        Self {
            id: record.id.to_string(),
            environment: record.environment.to_string(),
            at: crate::time::to_millis(record.at),
            actor: record.actor.text(),
            request: record.request.to_string(),
            action: record.action.to_owned(),
            subject: record.subject.clone(),
            phase: record.phase.as_str().to_owned(),
            detail: Value::Object(record.detail.clone()).to_string(),
        }
    }
}

/// What makes a change of an [`Entry`] visible: its keyed hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The data key it was made with.
    pub key: DataKeyId,
    /// HMAC-SHA256 over the entry.
    pub leaf: [u8; 32],
}

/// How far a segment of the chain has come. It covers every record before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The segment.
    pub segment: SegmentId,
    /// The number of its newest record; 0 before the first.
    pub seq: i64,
    /// That record's link; zeros before the first.
    pub link: [u8; 32],
}

impl Head {
    /// Where a segment begins.
    #[must_use]
    pub const fn beginning(segment: SegmentId) -> Self {
        Self { segment, seq: 0, link: [0; 32] }
    }
}

/// `segment:number:link`, the link in hexadecimal digits.
impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.segment, self.seq, hex::encode(self.link))
    }
}

/// A text that is no [`Head`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no head of the journal: write it as `logs head` printed it, seg_...:NUMBER:64 hexadecimal digits")]
pub struct InvalidHead(String);

impl std::str::FromStr for Head {
    type Err = InvalidHead;

    fn from_str(text: &str) -> Result<Self, InvalidHead> {
        read_head(text).ok_or_else(|| InvalidHead(text.chars().take(120).collect()))
    }
}

fn read_head(text: &str) -> Option<Head> {
    let (segment, rest) = text.split_once(':')?;
    let (seq, digits) = rest.split_once(':')?;
    let mut link = [0; 32];
    hex::decode_to_slice(digits, &mut link).ok()?;
    let seq = seq.parse().ok().filter(|seq| *seq >= 0)?;
    Some(Head { segment: SegmentId::parse(segment).ok()?, seq, link })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_printed_and_nothing_else_is() {
        let segment = SegmentId::parse("seg_1").unwrap();
        let head = Head { segment, seq: 7, link: std::array::from_fn(|n| n as u8) };
        let text = head.to_string();
        assert_eq!(text.parse(), Ok(head));
        let digits = "0".repeat(64);
        for wrong in ["", "seg_1", "seg_1:7", &text[1..], &text[..text.len() - 1], &format!("{text}0")] {
            assert!(wrong.parse::<Head>().is_err(), "{wrong}");
        }
        for wrong in [format!("seg_1:-1:{digits}"), format!("seg_1:x:{digits}"), format!("seg_1:1:{}é", &digits[2..])]
        {
            assert!(wrong.parse::<Head>().is_err(), "{wrong}");
        }
    }
}

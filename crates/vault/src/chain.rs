//! The journal's chain: what makes a changed, missing or moved record visible to whoever has the key.
//!
//! ```text
//! leaf    = HMAC-SHA256( key of the environment, every column of the record )
//! link(n) = SHA-256( link(n-1), n, leaf(n) )            link(0) = zeros
//! key of an environment = HMAC-SHA256( the installation's journal key, environment )
//! ```
//! A leaf needs the key, a link does not: who has leaves alone can check their order, and who is given one environment's
//! key can check and forge that environment's records and no other's. Links could therefore be made anew by anybody, so
//! every few seconds a record of the chain (a checkpoint) states the head before it under its own leaf.

use crate::parts::{lengths, mac, mac_key};
use crate::{DataKey, same, sha256};
use valetkey_domain::journal::{Entry, Head, Seal};

/// Seals a record.
#[must_use]
pub fn seal(key: &DataKey, entry: &Entry) -> Seal {
    Seal { key: key.id().clone(), leaf: leaf(key, entry) }
}

/// Whether a record is what was sealed with this key.
#[must_use]
pub fn fits(key: &DataKey, entry: &Entry, seal: &Seal) -> bool {
    seal.key == *key.id() && same(&leaf(key, entry), &seal.leaf)
}

/// The head after a record with this leaf was put behind `head`.
#[must_use]
pub fn next(head: &Head, leaf: &[u8; 32]) -> Head {
    let seq = head.seq.saturating_add(1);
    Head { segment: head.segment.clone(), seq, link: link(&head.link, seq, leaf) }
}

fn leaf(key: &DataKey, entry: &Entry) -> [u8; 32] {
    let own = bytes(mac(key.macs(), [b"valetkey journal environment 1".as_slice(), entry.environment.as_bytes()]));
    let at = entry.at.to_be_bytes();
    let parts: [&[u8]; 11] = [
        b"valetkey journal record 1",
        key.id().as_str().as_bytes(),
        entry.id.as_bytes(),
        entry.environment.as_bytes(),
        &at,
        entry.actor.as_bytes(),
        entry.request.as_bytes(),
        entry.action.as_bytes(),
        entry.subject.as_bytes(),
        entry.phase.as_bytes(),
        entry.detail.as_bytes(),
    ];
    bytes(mac(&mac_key(&own), parts))
}

fn link(previous: &[u8; 32], seq: i64, leaf: &[u8; 32]) -> [u8; 32] {
    sha256(&lengths([b"valetkey journal link 1".as_slice(), previous, &seq.to_be_bytes(), leaf]))
}

fn bytes(tag: aws_lc_rs::hmac::Tag) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    bytes
}

/// What is wrong with a record's place in its segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The records of these numbers are not there.
    Missing {
        /// The first of them.
        from: i64,
        /// The last.
        to: i64,
    },
    /// There was a record of this or a higher number before it.
    Again,
    /// Its link does not follow from the record before it and its own leaf.
    Unlinked,
}

/// A walk along one segment, from a head that is known to the last record that is there.
#[derive(Debug)]
pub struct Walk {
    head: Head,
}

impl Walk {
    /// Begins behind this head: the segment's beginning, or where retention has cut it.
    #[must_use]
    pub const fn behind(head: Head) -> Self {
        Self { head }
    }

    /// How far it has come, as the stored links say.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Takes the next record in the order of their numbers. After a fault it goes on from the stored link, so that one
    /// change is one fault.
    pub fn step(&mut self, seq: i64, leaf: &[u8; 32], stored: &[u8; 32]) -> Option<Fault> {
        if seq <= self.head.seq {
            return Some(Fault::Again);
        }
        let expected = next(&self.head, leaf);
        let fault = if seq != expected.seq {
            Some(Fault::Missing { from: expected.seq, to: seq - 1 })
        } else if expected.link != *stored {
            Some(Fault::Unlinked)
        } else {
            None
        };
        self.head = Head { segment: expected.segment, seq, link: *stored };
        fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Purpose;
    use proptest::prelude::*;
    use valetkey_domain::id::{DataKeyId, SegmentId};
    use valetkey_testkit::{ManualClock, SeededRng};

    fn key(seed: u64) -> DataKey {
        let id = DataKeyId::new(&ManualClock::default(), &SeededRng::new(seed));
        DataKey::generate(id, None, Purpose::Journal, 1).unwrap()
    }

    fn entry(n: i64) -> Entry {
        Entry {
            id: format!("rec_{n}"),
            environment: "env_1".into(),
            at: n,
            actor: "operator".into(),
            request: "req_1".into(),
            action: "tool.call".into(),
            subject: format!("exec_{n}"),
            phase: "fact".into(),
            detail: format!("{{\"n\":{n}}}"),
        }
    }

    /// A record in its place: number, leaf, link.
    type Placed = (i64, [u8; 32], [u8; 32]);

    fn segment(name: &str, records: i64) -> (Vec<Placed>, Head) {
        segment_from(name, 1, records)
    }

    fn segment_from(name: &str, first: i64, records: i64) -> (Vec<Placed>, Head) {
        let (key, mut head) = (key(1), Head::beginning(SegmentId::parse(name).unwrap()));
        let place = |n| {
            let leaf = seal(&key, &entry(n)).leaf;
            head = next(&head, &leaf);
            (head.seq, leaf, head.link)
        };
        let placed = (first..first + records).map(place).collect();
        (placed, head)
    }

    /// Walks in the order of the numbers, as a database gives them; the faults and where it ended.
    fn walk(mut records: Vec<Placed>) -> (Vec<Fault>, Head) {
        records.sort_by_key(|(seq, ..)| *seq);
        let mut walk = Walk::behind(Head::beginning(SegmentId::parse("seg_1").unwrap()));
        let faults = records.iter().filter_map(|(seq, leaf, link)| walk.step(*seq, leaf, link)).collect();
        (faults, walk.head().clone())
    }

    #[test]
    fn attack_70_no_column_of_a_record_can_be_changed() {
        let key = key(1);
        let seal = seal(&key, &entry(1));
        assert!(fits(&key, &entry(1), &seal));
        let other = "x".to_owned();
        let changed = [
            Entry { id: other.clone(), ..entry(1) },
            Entry { environment: other.clone(), ..entry(1) },
            Entry { at: 2, ..entry(1) },
            Entry { actor: other.clone(), ..entry(1) },
            Entry { request: other.clone(), ..entry(1) },
            Entry { action: other.clone(), ..entry(1) },
            Entry { subject: other.clone(), ..entry(1) },
            Entry { phase: other.clone(), ..entry(1) },
            Entry { detail: other, ..entry(1) },
            Entry { actor: "operatorreq".into(), request: "_1".into(), ..entry(1) },
        ];
        for changed in changed {
            assert!(!fits(&key, &changed, &seal), "{changed:?}");
        }
        assert!(!fits(&self::key(2), &entry(1), &seal));
    }

    #[test]
    fn a_whole_segment_walks_to_its_head_from_any_head_before() {
        let (records, head) = segment("seg_1", 9);
        assert_eq!(walk(records.clone()), (vec![], head.clone()));
        let cut = Head { segment: head.segment.clone(), seq: records[3].0, link: records[3].2 };
        let mut walk = Walk::behind(cut);
        assert!(records[4..].iter().all(|(seq, leaf, link)| walk.step(*seq, leaf, link).is_none()));
        assert_eq!(*walk.head(), head);
    }

    #[test]
    fn attack_70_links_made_anew_end_in_another_head() {
        let (mut records, head) = segment("seg_1", 9);
        records.remove(4);
        let mut forged = Head::beginning(head.segment.clone());
        for (seq, leaf, link) in &mut records {
            forged = next(&forged, leaf);
            (*seq, *link) = (forged.seq, forged.link);
        }
        let (faults, end) = walk(records);
        assert!(faults.is_empty() && end != head, "a checkpoint that states the head is what tells");
    }

    proptest! {
        #[test]
        fn attack_70_any_one_deletion_is_found(at in 0_usize..20) {
            let (mut records, head) = segment("seg_1", 20);
            records.remove(at);
            let (faults, end) = walk(records);
            prop_assert!(faults.len() == 1 || end != head, "{faults:?}");
            prop_assert_eq!(faults.is_empty(), at == 19, "the last one is missed by its head alone");
        }

        #[test]
        fn attack_70_any_swap_is_found(one in 0_usize..20, other in 0_usize..20, what in 1..4) {
            prop_assume!(one != other);
            let (mut records, _) = segment("seg_1", 20);
            let (a, b) = (records[one], records[other]);
            // The numbers change places, or the leaves do, or the links.
            let pick = |own: Placed, other: Placed| match what {
                1 => (other.0, own.1, own.2),
                2 => (own.0, other.1, own.2),
                _ => (own.0, own.1, other.2),
            };
            (records[one], records[other]) = (pick(a, b), pick(b, a));
            prop_assert!(!walk(records).0.is_empty());
        }

        #[test]
        fn attack_70_any_second_insertion_is_found(which in 0_usize..20, seq in -1_i64..25) {
            let (mut records, _) = segment("seg_1", 20);
            let (_, leaf, link) = records[which];
            records.push((seq, leaf, link));
            prop_assert!(!walk(records).0.is_empty());
        }

        #[test]
        fn attack_70_any_changed_bit_is_found(which in 0_usize..20, byte in 0_usize..64, bit in 0..8_u8) {
            let (mut records, _) = segment("seg_1", 20);
            let (_, leaf, link) = &mut records[which];
            let byte = if byte < 32 { &mut leaf[byte] } else { &mut link[byte - 32] };
            *byte ^= 1_u8 << bit;
            prop_assert!(!walk(records).0.is_empty());
        }

        #[test]
        fn a_record_of_another_segment_does_not_fit(at in 1_usize..20) {
            let (mut records, _) = segment("seg_1", 20);
            let (others, _) = segment_from("seg_2", 101, 20);
            records[at] = others[at];
            prop_assert!(!walk(records).0.is_empty());
        }
    }
}

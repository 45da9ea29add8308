//! What follows from a row and what the journal knows of it.

use std::cmp::Ordering;
use valetkey_domain::time;
use valetkey_storage::changes::State;

/// What one authentic record says of a row.
#[derive(Clone, Debug)]
pub(super) struct KnownState {
    /// The record.
    pub(super) record: String,
    /// What it tells of.
    pub(super) action: String,
    /// When it was made, in milliseconds since 1970.
    pub(super) at: i64,
    /// How many changes the row had by then.
    pub(super) change: i64,
    /// Whether the row was then what it is now.
    pub(super) same: bool,
    /// Whether it says that the row is no more.
    pub(super) gone: bool,
}

impl KnownState {
    fn cited(&self) -> String {
        format!("{} ({} at {})", self.record, self.action, time::from_millis(self.at))
    }
}

/// How a row stands to the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// It is as the journal said last.
    Fits,
    /// The journal told of it once, and retention has removed that.
    Forgotten,
    /// The journal never told of it: it is older than such records, or was planted.
    Unrecorded,
    /// What is wrong with it.
    Wrong(String),
}

/// Compares. `trimmed` says whether retention has removed records.
pub(super) fn judge(row: &State, known: &[KnownState], trimmed: bool) -> Judged {
    if let Some(gone) = known.iter().find(|known| known.gone) {
        return Judged::Wrong(format!("is back: {} told that it was deleted", gone.cited()));
    }
    let Some(newest) = known.iter().max_by_key(|known| known.change) else {
        return match (row.changes, trimmed) {
            (0, _) => Judged::Unrecorded,
            (_, true) => Judged::Forgotten,
            (changes, false) => {
                Judged::Wrong(format!("counts {changes} changes, and the journal tells of none: it was planted"))
            }
        };
    };
    let as_recorded = known.iter().any(|known| known.change == row.changes && known.same);
    match row.changes.cmp(&newest.change) {
        Ordering::Equal if as_recorded => Judged::Fits,
        Ordering::Equal => {
            Judged::Wrong(format!("was changed without a record since {}{}", newest.cited(), earlier(row, known)))
        }
        Ordering::Less => Judged::Wrong(format!(
            "was put back: it has {} of {} changes, the newest told by {}{}",
            row.changes,
            newest.change,
            newest.cited(),
            earlier(row, known)
        )),
        Ordering::Greater => Judged::Wrong(format!(
            "has {} changes, and the newest that the journal tells of is number {} in {}: records were removed, or it \
             was changed by hand",
            row.changes,
            newest.change,
            newest.cited()
        )),
    }
}

/// Which state it is in, if it once was in this one: by its own count if that fits, else the newest such.
fn earlier(row: &State, known: &[KnownState]) -> String {
    let then = known.iter().filter(|known| known.same).max_by_key(|known| (known.change == row.changes, known.change));
    then.map(|then| format!("; it is as {} left it", then.cited())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(changes: i64) -> State {
        State { changes, text: String::new() }
    }

    fn known_change(change: i64, same: bool) -> KnownState {
        let (record, action) = (format!("rec_{change}"), "account.refreshed".into());
        KnownState { record, action, at: change * 1_000, change, same, gone: false }
    }

    fn wrong(row: &State, known: &[KnownState]) -> String {
        match judge(row, known, true) {
            Judged::Wrong(what) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_the_newest_state_fits_in_whatever_order_the_records_come() {
        let known = [known_change(3, true), known_change(1, false), known_change(2, false)];
        assert_eq!(judge(&row(3), &known, false), Judged::Fits);
        assert!(wrong(&row(2), &known).contains("was put back: it has 2 of 3 changes"));
        assert!(wrong(&row(4), &known).contains("records were removed"));
        let altered = wrong(&row(3), &[known_change(3, false), known_change(1, true)]);
        assert!(altered.contains("without a record since rec_3") && altered.contains("as rec_1"), "{altered}");
    }

    #[test]
    fn a_count_that_was_raised_with_an_older_state_does_not_fit() {
        assert!(
            wrong(&row(3), &[known_change(3, false), known_change(2, true)]).contains("as rec_2 (account.refreshed at")
        );
    }

    #[test]
    fn a_number_told_twice_fits_with_either_state_because_accepting_goes_on_from_there() {
        assert_eq!(judge(&row(3), &[known_change(3, false), known_change(3, true)], false), Judged::Fits);
    }

    #[test]
    fn what_was_deleted_stays_so() {
        let gone = KnownState { gone: true, action: "instance.deleted".into(), ..known_change(0, false) };
        assert!(wrong(&row(3), &[known_change(3, true), gone]).contains("is back: rec_0 (instance.deleted"));
    }

    #[test]
    fn a_row_without_records_is_forgotten_unrecorded_or_planted() {
        assert_eq!(judge(&row(2), &[], true), Judged::Forgotten);
        assert!(matches!(judge(&row(2), &[], false), Judged::Wrong(what) if what.contains("planted")));
        for trimmed in [true, false] {
            assert_eq!(judge(&row(0), &[], trimmed), Judged::Unrecorded);
        }
    }
}

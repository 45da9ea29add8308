//! The time: links, tokens, leases and the order of the journal go by it.

use super::Part;
use crate::{App, Result};
use std::time::Duration;
use valetkey_domain::{Clock, Timestamp, time};
use valetkey_storage::journal::audit;

/// Clocks that differ by less agree: an answer was on its way, or was made up of whole seconds.
const AGREED: Duration = Duration::from_secs(30);

/// What the clock may be behind the newest record: corrections of a clock that runs fast are smaller.
const MAX_STEP_BACK: Duration = Duration::from_secs(5 * 60);

/// Compares the clocks that there are. `theirs` is what whoever answers at `public_url` says it is.
pub(super) async fn look(app: &App, machine: &dyn Clock, theirs: Option<Timestamp>) -> Result<Part> {
    let mut part = Part::of("clock");
    if let Some(database) = app.core.store.now().await? {
        compare(&mut part, machine.now(), database, "the database's clock");
    }
    if let Some(theirs) = theirs {
        compare(&mut part, machine.now(), theirs, "the clock at public_url");
    }
    if let Some(newest) = audit::newest_at(&mut app.core.store.glance().await?).await? {
        behind(&mut part, app.core.now(), time::from_millis(newest));
    }
    Ok(part)
}

fn compare(part: &mut Part, machine: Timestamp, other: Timestamp, whose: &str) {
    let apart = machine.duration_since(other);
    if apart.unsigned_abs() <= AGREED {
        part.checked(format!("this machine agrees with {whose}"));
        return;
    }
    let which = if apart.is_negative() { "behind" } else { "ahead of" };
    let found = format!("this machine is {} s {which} {whose}", apart.unsigned_abs().as_secs());
    part.warning(found, "let both take the time from the same servers (NTP)");
}

fn behind(part: &mut Part, now: Timestamp, newest: Timestamp) {
    let behind = newest.duration_since(now);
    if behind.is_positive() && behind.unsigned_abs() > MAX_STEP_BACK {
        let found = format!("it is {now}, and the journal has a record of {newest}: the clock has gone back");
        part.problem(found, "set the clock right: what has ended would be taken for good again");
    } else {
        part.checked("not behind the journal's newest record");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upkeep::doctor::Verdict;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn clocks_agree_within_half_a_minute() {
        for (machine, other, says) in
            [(100, 70, ""), (70, 100, ""), (131, 100, "31 s ahead"), (100, 131, "31 s behind")]
        {
            let mut part = Part::of("clock");
            compare(&mut part, at(machine), at(other), "the database's clock");
            let check = part.done().remove(0);
            assert_eq!(check.verdict == Verdict::Ok, says.is_empty());
            assert!(check.found.contains(says), "{}", check.found);
        }
    }

    #[test]
    fn a_clock_that_went_back_is_a_problem_and_a_correction_is_not() {
        for (newest, verdict) in [(900, Verdict::Ok), (1_300, Verdict::Ok), (1_301, Verdict::Problem)] {
            let mut part = Part::of("clock");
            behind(&mut part, at(1_000), at(newest));
            assert_eq!(part.done()[0].verdict, verdict, "{newest}");
        }
    }
}

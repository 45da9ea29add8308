//! Time against size: four times as much may take four times as long, and hardly more. Every native is tried with what
//! was made to be the worst for it; one that is not in the table fails the test.

use super::worst::{FAMILIES, Family};
use super::*;
use crate::thread_time::{now, since};
use std::collections::BTreeSet;
use std::time::Duration;

const SMALL: usize = 48 << 10;
const LARGE: usize = 4 * SMALL;
/// Below it nothing can be said of growth.
const UNSEEN: Duration = Duration::from_millis(4);
/// The longest for the large input, in a build without optimization.
const MOST: Duration = Duration::from_secs(3);

/// Natives that look only at whether arguments are there, however long they are.
const BLIND: [&str; 1] = ["calendar_change"];

struct Measured {
    time: Duration,
    spent: u64,
}

fn measured(family: &Family, size: usize) -> Measured {
    let scope = (family.make)(size);
    let setting = setting();
    let native = by_name(family.native).unwrap();
    let began = now();
    let _ = native(scope.as_object().unwrap(), &setting);
    Measured { time: since(began), spent: setting.work.spent() }
}

/// What is wrong with a family's growth. Once may be the allocator's bad day.
fn wrong(family: &Family) -> Option<String> {
    let (small, large) = (measured(family, SMALL), measured(family, LARGE));
    let said = format!(
        "{}, {}: {:?} and {:?}, {} and {} paid",
        family.native, family.name, small.time, large.time, small.spent, large.spent
    );
    if large.time > MOST {
        return Some(format!("{said}: too long"));
    }
    if large.spent > small.spent * 5 {
        return Some(format!("{said}: pays more than it grows"));
    }
    if large.spent < (LARGE as u64) / 64 {
        return Some(format!("{said}: pays nearly nothing"));
    }
    (large.time > small.time * 6 + UNSEEN).then_some(said)
}

#[test]
fn time_grows_with_the_input_and_no_faster() {
    let bad: Vec<String> = FAMILIES
        .iter()
        .filter(|family| !BLIND.contains(&family.native))
        .filter_map(|family| {
            let mut why = None;
            for _ in 0..3 {
                why = Some(wrong(family)?);
            }
            why
        })
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn every_native_is_tried_with_its_worst() {
    let tried: BTreeSet<&str> = FAMILIES.iter().map(|family| family.native).collect();
    let all: BTreeSet<&str> = NATIVES.iter().map(|(name, _)| *name).collect();
    assert_eq!(tried, all);
}

#[test]
fn what_looks_at_nothing_pays_the_same_for_all() {
    for family in FAMILIES.iter().filter(|family| BLIND.contains(&family.native)) {
        let (small, large) = (measured(family, SMALL), measured(family, LARGE));
        assert_eq!(small.spent, large.spent, "{}", family.name);
        assert!(large.time < UNSEEN, "{}: {:?}", family.name, large.time);
    }
}

/// A caller who has gone, and one who asks for more than there is.
#[test]
fn every_native_stops() {
    for family in FAMILIES.iter() {
        let native = by_name(family.native).unwrap();
        let scope = (family.make)(LARGE);
        let stopped = setting();
        stopped.work.stop();
        let failure = native(scope.as_object().unwrap(), &stopped).unwrap_err();
        assert_eq!(
            failure.kind,
            crate::FailureKind::Timeout,
            "{}, {}: {}",
            family.native,
            family.name,
            failure.message
        );
        let allowance = if BLIND.contains(&family.native) { 0 } else { 2_000 };
        let poor = Setting { work: Work::with_allowance(allowance), ..setting() };
        assert!(native(scope.as_object().unwrap(), &poor).is_err(), "{}, {}", family.native, family.name);
    }
}

//! Breakers on instants that are written down.

use super::*;
use Urgency::{Ahead, OnUse};

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

pub(super) fn endpoint(environment: &str) -> Endpoint {
    Endpoint::new(&EnvironmentId::parse(environment).unwrap(), "https://p.example/token?tenant=1")
}

pub(super) fn fail(breakers: &Breakers, times: u32, now: Timestamp) {
    for _ in 0..times {
        breakers.admit(&endpoint("env_1"), now, OnUse).unwrap().end(now, Verdict::Down);
    }
}

fn wait(breakers: &Breakers, now: Timestamp, urgency: Urgency) -> Option<u64> {
    breakers.admit(&endpoint("env_1"), now, urgency).err().map(|wait| wait.as_secs())
}

#[test]
fn five_failures_in_a_row_open_it_and_an_answer_between_starts_anew() {
    let breakers = Breakers::default();
    fail(&breakers, 4, at(0));
    breakers.admit(&endpoint("env_1"), at(0), OnUse).unwrap().end(at(0), Verdict::Works);
    fail(&breakers, 4, at(0));
    assert_eq!(wait(&breakers, at(0), OnUse), None);
    fail(&breakers, 1, at(0));
    assert_eq!(wait(&breakers, at(3), OnUse), Some(7));
    assert!(breakers.admit(&endpoint("env_2"), at(3), OnUse).is_ok(), "another environment goes on");
}

#[test]
fn after_the_pause_one_tries_and_closes_it_or_doubles_the_pause() {
    let breakers = Breakers::default();
    fail(&breakers, 5, at(0));
    let permit = breakers.admit(&endpoint("env_1"), at(10), OnUse).unwrap();
    assert_eq!(wait(&breakers, at(10), OnUse), Some(10), "one at a time");
    permit.end(at(11), Verdict::Down);
    assert_eq!(wait(&breakers, at(11), OnUse), Some(20));
    breakers.admit(&endpoint("env_1"), at(31), OnUse).unwrap().end(at(31), Verdict::Works);
    assert_eq!(wait(&breakers, at(31), OnUse), None);
    assert!(breakers.locked().is_empty());
}

#[test]
fn the_pause_has_a_longest_length() {
    let breakers = Breakers::default();
    fail(&breakers, 5, at(0));
    let mut now = at(0);
    for _ in 0..10 {
        now += LONGEST_PAUSE;
        breakers.admit(&endpoint("env_1"), now, OnUse).unwrap().end(now, Verdict::Down);
    }
    assert_eq!(wait(&breakers, now, OnUse), Some(LONGEST_PAUSE.as_secs()));
}

#[test]
fn what_nobody_waits_for_leaves_the_try_to_others_but_not_for_ever() {
    let breakers = Breakers::default();
    fail(&breakers, 5, at(0));
    assert_eq!(wait(&breakers, at(10), Ahead), Some(30));
    assert!(breakers.is_open(&endpoint("env_1"), at(39)));
    assert!(!breakers.is_open(&endpoint("env_1"), at(40)));
    assert_eq!(wait(&breakers, at(40), Ahead), None);
}

#[test]
fn a_try_without_a_verdict_lets_the_next_one_try() {
    let breakers = Breakers::default();
    fail(&breakers, 5, at(0));
    drop(breakers.admit(&endpoint("env_1"), at(10), OnUse).unwrap());
    assert_eq!(wait(&breakers, at(10), OnUse), None);
}

#[test]
fn requests_from_before_it_opened_change_nothing_but_by_an_answer() {
    let breakers = Breakers::default();
    let early: Vec<_> = (0..8).map(|_| breakers.admit(&endpoint("env_1"), at(0), OnUse).unwrap()).collect();
    for permit in early {
        permit.end(at(1), Verdict::Down);
    }
    assert_eq!(wait(&breakers, at(1), OnUse), Some(10), "no longer for the three that came after");
}

#[test]
fn attack_24_a_clock_that_is_put_back_keeps_nothing_shut() {
    let breakers = Breakers::default();
    fail(&breakers, 5, at(3_600));
    assert_eq!(wait(&breakers, at(0), OnUse), None);
}

#[test]
fn an_endpoint_is_host_and_path() {
    assert_eq!(endpoint("env_1").address(), "https://p.example/token");
    assert_ne!(endpoint("env_1"), Endpoint::new(&endpoint("env_1").environment, "https://p.example/token2"));
}

//! Turns of reads that take long: fewer than there are connections, so that a point read always finds one free, and fewer
//! for each environment than there are, so that another's reads always find one soon.
//!
//! Whoever may have to walk far takes one before it has a connection ([`Tx::turn`](crate::Tx::turn)). A read that turns
//! out to take long without one takes it then, or begins anew once it has it. A turn is held until the work has stopped,
//! not until its caller is gone.

use crate::{Arg, Error};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use valetkey_domain::id::EnvironmentId;

/// How many of one environment's reads wait at most. What comes on top is refused at once: it would hardly be served in time,
/// and what waits costs memory and a look.
const LONGEST: usize = 256;

/// The turns of a store. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    state: Arc<Mutex<State>>,
    /// How many of them one environment has at most.
    each: usize,
    /// How long one is waited for.
    patience: Duration,
}

#[derive(Debug)]
struct State {
    free: usize,
    held: BTreeMap<Arc<str>, usize>,
    /// Who waits, by environment; the one whose turn is next stands first.
    waiting: VecDeque<(Arc<str>, VecDeque<oneshot::Sender<Turn>>)>,
}

/// A turn. Dropping it gives it to the next.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
    whose: Arc<str>,
}

impl Turns {
    pub(crate) fn new(all: usize, patience: Duration) -> Self {
        let state = State { free: all, held: BTreeMap::new(), waiting: VecDeque::new() };
        Self { state: Arc::new(Mutex::new(state)), each: all.saturating_sub(1).max(1), patience }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn for an environment's read, if it can have one without waiting.
    pub(crate) fn at_once(&self, whose: &str) -> Option<Turn> {
        let mut state = self.state();
        // Those who wait for a turn of this environment come first; no other's waits while one is free.
        let waits = state.waiting.iter().any(|(one, _)| **one == *whose);
        (!waits && state.can_have(whose, self.each)).then(|| self.give(&mut state, &whose.into()))
    }

    /// The same; it is waited for.
    pub(crate) async fn take(&self, whose: &str) -> Result<Turn, Error> {
        if let Some(turn) = self.at_once(whose) {
            return Ok(turn);
        }
        let (given, turn) = oneshot::channel();
        if !self.state().wait(whose, given) {
            return Err(Error::Crowded);
        }
        // One may have been given back before this one stood in line.
        self.pass_on();
        let answer = tokio::time::timeout(self.patience, turn).await;
        answer.ok().and_then(Result::ok).ok_or(Error::Crowded)
    }

    fn give(&self, state: &mut State, whose: &Arc<str>) -> Turn {
        state.free -= 1;
        *state.held.entry(Arc::clone(whose)).or_default() += 1;
        Turn { turns: self.clone(), whose: Arc::clone(whose) }
    }

    /// Gives what is free to those who wait, one environment after the other.
    fn pass_on(&self) {
        loop {
            let mut state = self.state();
            let Some((whose, next)) = state.next(self.each) else { return };
            let turn = self.give(&mut state, &whose);
            // One who is gone drops it, which takes the lock again.
            drop(state);
            drop(next.send(turn));
        }
    }
}

impl State {
    fn can_have(&self, whose: &str, each: usize) -> bool {
        self.free > 0 && self.held.get(whose).is_none_or(|held| *held < each)
    }

    /// Stands in its environment's line, if that is not full of others who still wait.
    fn wait(&mut self, whose: &str, next: oneshot::Sender<Turn>) -> bool {
        let Some((_, line)) = self.waiting.iter_mut().find(|(one, _)| **one == *whose) else {
            self.waiting.push_back((whose.into(), VecDeque::from([next])));
            return true;
        };
        if line.len() >= LONGEST {
            line.retain(|one| !one.is_closed());
        }
        let has_room = line.len() < LONGEST;
        if has_room {
            line.push_back(next);
        }
        has_room
    }

    /// Who is next; its environment is last from then on. Those who are gone are passed over here: were each given a turn to
    /// drop, a crowd that left would be as many calls within calls.
    fn next(&mut self, each: usize) -> Option<(Arc<str>, oneshot::Sender<Turn>)> {
        for (_, line) in &mut self.waiting {
            while line.front().is_some_and(oneshot::Sender::is_closed) {
                line.pop_front();
            }
        }
        self.waiting.retain(|(_, line)| !line.is_empty());
        let place = self.waiting.iter().position(|(whose, _)| self.can_have(whose, each))?;
        let (whose, mut line) = self.waiting.remove(place)?;
        let next = line.pop_front()?;
        if !line.is_empty() {
            self.waiting.push_back((Arc::clone(&whose), line));
        }
        Some((whose, next))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        {
            let mut state = self.turns.state();
            state.free += 1;
            if let Some(held) = state.held.get_mut(&self.whose) {
                *held -= 1;
                if *held == 0 {
                    state.held.remove(&self.whose);
                }
            }
        }
        self.turns.pass_on();
    }
}

/// Whose read this is: the environment is the first argument of every query that is asked in one. Empty for what is asked
/// about all of them.
pub(crate) fn whose(args: &[Arg]) -> &str {
    match args.first() {
        Some(Arg::Text(text)) if text.starts_with(EnvironmentId::PREFIX) => text,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    fn turns(all: usize) -> Turns {
        Turns::new(all, Duration::from_secs(3_600))
    }

    /// What a future answers at once.
    fn now<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Option<F::Output> {
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn a_crowd_that_left_is_passed_over() {
        let turns = turns(1);
        let held = turns.take("a").await.unwrap();
        {
            let mut state = turns.state();
            let line = (0..200_000).map(|_| oneshot::channel().0).collect();
            state.waiting.push_back(("b".into(), line));
        }
        drop(held);
        assert!(turns.state().waiting.is_empty());
        assert!(turns.at_once("a").is_some());
    }

    #[tokio::test]
    async fn attack_77_who_comes_to_a_full_line_is_refused_at_once_and_those_who_left_it_make_room() {
        let turns = turns(2);
        let held = turns.take("a").await.unwrap();
        let mut crowd: Vec<_> = (0..LONGEST).map(|_| Box::pin(turns.take("a"))).collect();
        assert!(crowd.iter_mut().all(|one| now(one).is_none()));
        assert!(matches!(now(&mut Box::pin(turns.take("a"))), Some(Err(Error::Crowded))));
        assert!(turns.take("b").await.is_ok(), "another environment has a line of its own");
        crowd.drain(1..3);
        assert!(now(&mut Box::pin(turns.take("a"))).is_none());
        drop(held);
        assert!(crowd.iter_mut().any(|one| matches!(now(one), Some(Ok(_)))));
    }

    #[tokio::test]
    async fn one_environment_has_not_all_and_who_waits_is_served_by_turns() {
        let turns = turns(3);
        let mut a: Vec<Turn> = vec![turns.take("a").await.unwrap(), turns.take("a").await.unwrap()];
        assert!(turns.at_once("a").is_none(), "its share is two of three");
        let mut waiting: Vec<_> = ["a", "a", "b", "c"].map(|whose| Box::pin(turns.take(whose))).into();
        let mut served = |held: &mut Vec<Turn>| {
            let found = waiting.iter_mut().enumerate().find_map(|(at, one)| now(one).map(|turn| (at, turn)));
            let (at, turn) = found?;
            drop(waiting.remove(at));
            let whose = turn.as_ref().unwrap().whose.to_string();
            held.extend(turn);
            Some(whose)
        };
        assert_eq!(served(&mut a).as_deref(), Some("b"), "one was free, and not for a");
        assert_eq!(served(&mut a), None);
        let mut order = Vec::new();
        for _ in 0..3 {
            // The one of a's that has it longest ends.
            let first = a.iter().position(|turn| *turn.whose == *"a").unwrap();
            drop(a.remove(first));
            order.extend(served(&mut a));
        }
        assert_eq!(order, ["a", "c", "a"]);
    }

    #[tokio::test]
    async fn who_gave_up_has_none_and_keeps_none() {
        let turns = turns(1);
        let held = turns.take("a").await.unwrap();
        let mut gone = Box::pin(turns.take("a"));
        assert!(now(&mut gone).is_none());
        let mut other = Box::pin(turns.take("b"));
        assert!(now(&mut other).is_none());
        drop(gone);
        drop(held);
        let other = now(&mut other).expect("it was passed on to who is still there").unwrap();
        assert!(turns.at_once("a").is_none());
        drop(other);
        assert!(turns.at_once("a").is_some());
    }

    #[tokio::test]
    async fn it_is_not_waited_for_for_ever() {
        let turns = Turns::new(1, Duration::from_millis(20));
        let _held = turns.take("a").await.unwrap();
        assert!(matches!(turns.take("a").await.unwrap_err(), Error::Crowded));
    }

    #[test]
    fn a_query_is_its_environments() {
        assert_eq!(whose(&[Arg::from("env_1"), Arg::from("env_2")]), "env_1");
        assert_eq!(whose(&[Arg::from("ann"), Arg::from("env_2")]), "");
        assert_eq!(whose(&[]), "");
    }
}

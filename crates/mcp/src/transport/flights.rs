//! Legacy calls in flight by (instance or session token, request id), so that `notifications/cancelled` can find one. Clients number
//! from 0 in every session and sessions are not told apart here, so an id that two calls share stops neither.

use crate::protocol::Id;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// The id of what a caller came in by, and the request's.
type Key = (Box<str>, Id);
type Tokens = HashMap<Key, Vec<(u64, CancellationToken)>>;

/// The calls in flight.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<(u64, Tokens)>>);

/// A call that can be found until this is dropped.
pub(super) struct Flight {
    flights: Flights,
    key: Key,
    number: u64,
}

impl Flights {
    /// Makes a call findable.
    pub(super) fn enter(&self, by: &str, id: &Id, token: CancellationToken) -> Flight {
        let key = (Box::from(by), id.clone());
        let mut held = self.locked();
        held.0 += 1;
        let number = held.0;
        held.1.entry(key.clone()).or_default().push((number, token));
        drop(held);
        Flight { flights: self.clone(), key, number }
    }

    /// Cancels the call of this id, if exactly one is in flight.
    pub(super) fn cancel(&self, by: &str, id: &Id) {
        let held = self.locked();
        if let Some([(_, token)]) = held.1.get(&(Box::from(by), id.clone())).map(Vec::as_slice) {
            token.cancel();
        }
    }

    fn locked(&self) -> MutexGuard<'_, (u64, Tokens)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut held = self.flights.locked();
        if let Entry::Occupied(mut calls) = held.1.entry(self.key.clone()) {
            calls.get_mut().retain(|(number, _)| *number != self.number);
            if calls.get().is_empty() {
                calls.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: u8) -> Id {
        Id::Number(number.into())
    }

    #[test]
    fn an_id_stops_a_call_only_if_it_names_exactly_one() {
        let flights = Flights::default();
        let (one, other) = ("inst_1", "tkn_1");
        let tokens = [(); 3].map(|()| CancellationToken::new());
        let [first, second, elsewhere] = &tokens;
        let _first = flights.enter(one, &number(2), first.clone());
        let shared = flights.enter(one, &number(2), second.clone());
        let _elsewhere = flights.enter(other, &number(2), elsewhere.clone());
        flights.cancel(one, &number(2));
        flights.cancel(one, &Id::Text("2".into()));
        assert!(tokens.iter().all(|token| !token.is_cancelled()));
        drop(shared);
        flights.cancel(one, &number(2));
        assert!(first.is_cancelled() && !elsewhere.is_cancelled());
    }

    #[test]
    fn nothing_is_kept_of_calls_that_ended() {
        let flights = Flights::default();
        drop(flights.enter("inst_1", &number(1), CancellationToken::new()));
        assert!(flights.locked().1.is_empty());
    }
}

//! Stays that are bound in number, for what anybody may begin and keep up: where one more comes, the one that has been there
//! longest goes. Nobody is kept out by those who came first.

use futures::channel::oneshot;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use valetkey_core::queue::locked;

/// The stays, the longest first. Clones are the same.
#[derive(Clone, Debug)]
pub struct Stays {
    most: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    turn: u64,
    there: BTreeMap<u64, oneshot::Sender<()>>,
}

/// One of them, until this is dropped.
#[derive(Debug)]
pub struct Stay {
    stays: Stays,
    turn: u64,
}

impl Stays {
    /// So many at most.
    #[must_use]
    pub fn of(most: usize) -> Self {
        Self { most, state: Arc::default() }
    }

    /// One more; what is given beside it comes to pass when it has to go.
    pub fn enter(&self) -> (Stay, oneshot::Receiver<()>) {
        let (go, evicted) = oneshot::channel();
        let mut state = locked(&self.state);
        if state.there.len() >= self.most {
            state.there.pop_first();
        }
        state.turn += 1;
        let turn = state.turn;
        state.there.insert(turn, go);
        (Stay { stays: self.clone(), turn }, evicted)
    }

    /// How many are there.
    #[must_use]
    pub fn len(&self) -> usize {
        locked(&self.state).there.len()
    }

    /// Whether nobody is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        locked(&self.stays.state).there.remove(&self.turn);
    }
}

//! Stays that are bound in number, for what anybody may begin and keep up: where one more comes, whoever has most of them
//! loses the one that has been there longest. Nobody is kept out by those who came first, nor pushed out by one who comes
//! often. (Behind a proxy all come from the proxy's address, and the longest of all goes.)

use futures::channel::oneshot;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
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
    there: BTreeMap<u64, (Option<Peer>, oneshot::Sender<()>)>,
}

/// Who comes, as far as an address says it: a connection's other end. An extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer(IpAddr);

impl Peer {
    /// Whoever has this address. Of IPv6 people get 64 bits and more as their own.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
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

    /// One more of this peer's; what is given beside it comes to pass when it has to go.
    pub fn enter(&self, peer: Option<Peer>) -> (Stay, oneshot::Receiver<()>) {
        let (go, evicted) = oneshot::channel();
        let mut state = locked(&self.state);
        if state.there.len() >= self.most {
            state.evict(peer);
        }
        state.turn += 1;
        let turn = state.turn;
        state.there.insert(turn, (peer, go));
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

impl State {
    /// Makes room for one who comes, and who counts with it.
    fn evict(&mut self, coming: Option<Peer>) {
        let mut counts = HashMap::from([(coming, 1)]);
        for (peer, _) in self.there.values() {
            *counts.entry(*peer).or_insert(0) += 1;
        }
        let most = counts.values().max().copied();
        let goes = self.there.iter().find(|(_, (peer, _))| counts.get(peer).copied() == most);
        if let Some(turn) = goes.map(|(turn, _)| *turn) {
            self.there.remove(&turn);
        }
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        locked(&self.stays.state).there.remove(&self.turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Option<Peer> {
        Some(Peer::at(text.parse().unwrap()))
    }

    #[test]
    fn attack_53_who_comes_often_pushes_out_its_own() {
        let stays = Stays::of(3);
        let (_ann, mut ann) = stays.enter(peer("10.0.0.1"));
        let (_bob, mut bob) = stays.enter(peer("10.0.0.2"));
        let mut greedy = Vec::from_iter((0..5).map(|_| stays.enter(peer("10.0.0.3"))));
        assert!(ann.try_recv() == Ok(None) && bob.try_recv() == Ok(None), "they stay");
        let gone = greedy.iter_mut().map(|(_, evicted)| evicted.try_recv().is_err()).collect::<Vec<_>>();
        assert_eq!(gone, [true, true, true, true, false]);
        // One more of its own counts before it is there: with two each it is who comes that loses one.
        let (_again, mut again) = stays.enter(peer("10.0.0.1"));
        assert!(ann.try_recv().is_err() && again.try_recv() == Ok(None) && bob.try_recv() == Ok(None));
    }

    #[test]
    fn where_all_have_as_many_the_longest_goes() {
        let stays = Stays::of(2);
        let (_first, mut first) = stays.enter(None);
        let (_second, mut second) = stays.enter(None);
        let (third, mut third_evicted) = stays.enter(None);
        assert!(first.try_recv().is_err() && second.try_recv() == Ok(None) && third_evicted.try_recv() == Ok(None));
        drop(third);
        assert_eq!(stays.len(), 1, "who went by itself makes room");
        let (_fourth, _evicted) = stays.enter(None);
        assert_eq!(second.try_recv(), Ok(None));
    }

    #[test]
    fn a_peer_is_one_whatever_form_its_address_has() {
        assert_eq!(peer("::ffff:10.0.0.1"), peer("10.0.0.1"));
        assert_eq!(peer("2001:db8:1:2::1"), peer("2001:db8:1:2:ffff::9"));
        assert_ne!(peer("2001:db8:1:2::1"), peer("2001:db8:1:3::1"));
    }
}

//! The room that one exchange with a server has. Whoever has some waits for no more of what it has itself, nor for room to
//! read while it holds what was read: so nobody waits in a circle.

use std::sync::Arc;
use std::time::Duration;
use valetkey_core::MemoryShare;
use valetkey_upstream::Room;

/// What room an exchange has at the moment, to read and for what was read.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    to_read: Arc<()>,
    to_parse: Arc<()>,
}

/// Room that is taken until this is dropped.
#[derive(Debug)]
pub(crate) struct RoomTaken {
    share: MemoryShare,
    _counted: Arc<()>,
}

impl Room for RoomTaken {
    fn shrink_to(&mut self, bytes: usize) {
        self.share.shrink_to(bytes);
    }
}

impl RoomTaken {
    /// What is counted, of what nobody asks any more room for.
    pub(crate) fn into_share(self) -> MemoryShare {
        self.share
    }
}

impl Holding {
    pub(super) fn patience_to_read(&self, time: Duration) -> Duration {
        if has_none(&self.to_read) && has_none(&self.to_parse) { time } else { Duration::ZERO }
    }

    pub(super) fn patience_to_parse(&self, time: Duration) -> Duration {
        if has_none(&self.to_parse) { time } else { Duration::ZERO }
    }

    pub(super) fn read(&self, share: MemoryShare) -> RoomTaken {
        RoomTaken { share, _counted: self.to_read.clone() }
    }

    pub(super) fn parsed(&self, share: MemoryShare) -> RoomTaken {
        RoomTaken { share, _counted: self.to_parse.clone() }
    }
}

/// Whether nothing that was given is still there.
fn has_none(given: &Arc<()>) -> bool {
    Arc::strong_count(given) == 1
}

//! What is known of a call while it is under way at a server, and after it.

use crate::message::Id;
use crate::session::Session;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A call at a server: by which id the server can be told that nobody waits for it any more, and whether it has said that
/// its tools are others by now.
#[derive(Debug, Default)]
pub struct UnderWay {
    call: Mutex<Option<(Session, Id)>>,
    tools_changed: AtomicBool,
    user_asked: AtomicBool,
}

impl UnderWay {
    /// Whether the server said meanwhile that its list of tools has changed.
    #[must_use]
    pub fn tools_changed(&self) -> bool {
        self.tools_changed.load(Ordering::Relaxed)
    }

    /// Remembers the call, or that there is none any more; gives what was there.
    pub(crate) fn set(&self, now: Option<(Session, Id)>) -> Option<(Session, Id)> {
        let mut held = self.call.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut held, now)
    }

    /// Whether the server asked the user something meanwhile. It was answered as if nobody had seen it.
    #[must_use]
    pub fn user_asked(&self) -> bool {
        self.user_asked.load(Ordering::Relaxed)
    }

    pub(crate) fn ask_user(&self) {
        self.user_asked.store(true, Ordering::Relaxed);
    }

    pub(crate) fn change_tools(&self) {
        self.tools_changed.store(true, Ordering::Relaxed);
    }
}

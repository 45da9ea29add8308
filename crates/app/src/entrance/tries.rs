//! How often passwords were tried in vain, as far as no member's row says it: as long as the process lives.

use crate::at_work::AtWork;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use valetkey_core::queue::locked;
use valetkey_domain::Timestamp;

/// How many wrong passwords in a row cost nothing.
pub(super) const FREE_TRIES: i64 = 5;

/// The longest wait after a wrong one.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// What is remembered of tries beside the members' rows.
#[derive(Default)]
pub(crate) struct Tries {
    /// Names that nobody has: they share as many counts as there are first two bytes of a hash.
    nobodys: Mutex<HashMap<[u8; 2], Counted>>,
    /// Browsers at which a member signed in before.
    known: Mutex<HashMap<[u8; 32], Counted>>,
    /// Whose password is looked at right now.
    pub(super) looked_at: AtWork<[u8; 32]>,
}

/// Tries in a row, and until when there is no next one.
#[derive(Clone, Copy, Default)]
pub(super) struct Counted {
    pub(super) times: i64,
    pub(super) until: Option<Timestamp>,
}

impl Counted {
    /// Counts one more as wrong.
    ///
    /// # Errors
    /// There is none yet: until then.
    pub(super) fn next(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        if let Some(until) = self.until.filter(|until| *until > now) {
            return Err(until);
        }
        let exponent = u32::try_from((self.times + 1 - FREE_TRIES).clamp(0, 16)).unwrap_or(0);
        self.times += 1;
        self.until = (exponent > 0).then(|| now + Duration::from_secs(15 << exponent).min(LONGEST_WAIT));
        Ok(())
    }
}

impl Tries {
    /// Counts one at a name that nobody has, by its hash.
    ///
    /// # Errors
    /// There is none yet: until then.
    pub(super) fn count_nobodys(&self, name: &[u8; 32], now: Timestamp) -> Result<(), Timestamp> {
        let [first, second, ..] = *name;
        locked(&self.nobodys).entry([first, second]).or_default().next(now)
    }

    /// Counts one from a browser that is known.
    ///
    /// # Errors
    /// There is none yet: until then.
    pub(super) fn count_known(&self, browser: [u8; 32], now: Timestamp) -> Result<(), Timestamp> {
        locked(&self.known).entry(browser).or_default().next(now)
    }

    /// The right password came from a browser that is known.
    pub(super) fn forget(&self, browser: &[u8; 32]) {
        locked(&self.known).remove(browser);
    }
}

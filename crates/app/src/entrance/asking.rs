//! Who asks the provider of single sign-on at this moment.

use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};

/// How many sign-ons ask the provider at once: anybody may begin one.
const AT_ONCE: usize = 8;

/// Who asks the provider at this moment.
pub(crate) struct Asking(Semaphore);

impl Default for Asking {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Asking {
    /// A turn to ask.
    ///
    /// # Errors
    /// Too many others have one.
    pub(super) fn turn(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.0.try_acquire()
    }
}

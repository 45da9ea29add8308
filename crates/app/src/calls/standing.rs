//! What let a call begin is looked at again before any request of it leaves that was kept waiting: for a turn at the
//! host, for what the app asked to be waited for, or behind an answer that took long.

use super::attempt::Call;
use super::failed::Failed;
use super::usable::{Admission, Admitted, VALID_FOR};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// What a call began with, and when that was looked at last.
pub(super) struct Standing<'a, A> {
    call: &'a Call,
    admission: &'a A,
    before: &'a Admitted,
    looked: Mutex<Instant>,
    /// Whether a request has left already.
    left: AtomicBool,
}

impl<'a, A: Admission> Standing<'a, A> {
    pub(super) fn new(call: &'a Call, admission: &'a A, before: &'a Admitted) -> Self {
        Self { call, admission, before, looked: Mutex::new(before.looked), left: AtomicBool::new(false) }
    }

    /// Lets a request leave, if all is as it was.
    pub(super) async fn leave(&self) -> Result<(), Failed> {
        self.look().await?;
        self.left.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether all is as it was. Of requests side by side the first one looks.
    pub(super) async fn look(&self) -> Result<(), Failed> {
        let mut looked = self.looked.lock().await;
        if looked.elapsed() > VALID_FOR {
            let now = self.call.still(self.admission, self.before).await.map_err(|failed| self.stopped(failed))?;
            *looked = now.looked;
        }
        Ok(())
    }

    /// Nothing is said not to have been made of which a part was.
    fn stopped(&self, failed: Failed) -> Failed {
        if !self.left.load(Ordering::Relaxed) {
            return failed;
        }
        let why = failed.message.split_once(" was not made: ").map_or(&*failed.message, |(_, why)| why);
        let message = format!("the call was stopped on its way: {why}{}", self.call.caution());
        Failed { message, ..failed }
    }
}

//! The processor's time of this thread, so that other work on the machine does not matter to a test that measures.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

pub(crate) fn now() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap())
}

/// What has passed since.
pub(crate) fn since(began: Duration) -> Duration {
    now().checked_sub(began).unwrap()
}

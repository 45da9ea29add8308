//! Memory for what callers send and apps answer: what is read and what is made of it takes many times the bytes that were
//! sent for it, so both have a budget, for the process and for each environment.
//!
//! An eighth of a budget is for what callers send, from before it is read to the end of the call, however long that waits;
//! a quarter for answers of apps while they are read and held, an eighth for answers that are given to callers, until their
//! last byte was taken ([`AnswerRoom`](crate::AnswerRoom)), and the rest, a half, for shaping them.
//!
//! That is their order: who has of one waits for none before it, nor for more of the same. Who shapes waits for nothing any
//! more; who gives waits for others' shaping and for the clients that others' answers go to, whose connections end if they
//! take too long; who reads, or holds what was read, waits for those, and who asks as well: so nobody waits in a circle. And
//! nobody who shapes waits for a client: what comes of it and can't be given yet gives its room back. What is short is read,
//! and given, without asking; the calls that may be there bound it. So clients that read slowly keep long answers waiting,
//! and no short one.

use crate::bounds::{Bounds, Limit};
use crate::full::Full;
use crate::queue::{NotAdmitted, Queues, Share};
use std::time::Duration;
use valetkey_domain::id::EnvironmentId;

/// Budgets are counted in these, so that they fit into the counters.
const UNIT: usize = 1024;
/// One in so many of a budget's bytes is for what callers send, two for answers that are read, one for those that are given.
const PART: usize = 8;

/// What a value takes beside its text, with its name and the room that maps and lists keep to grow (`tests/memory.rs`).
const VALUE: usize = 240;

/// How many bytes of memory JSON with so many bytes and values takes once it is read: many times its text, where it has
/// many small values.
#[must_use]
pub const fn needed(bytes: usize, values: usize) -> usize {
    bytes * 2 + values * VALUE
}

/// The most values that JSON has: each but the outermost comes after one of these, wherever else they may stand.
#[must_use]
pub fn values_in(json: &[u8]) -> usize {
    json.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() + 1
}

/// The budgets. Clones count together.
#[derive(Clone, Debug)]
pub struct MemoryBudgets {
    asking: Budget,
    reading: Budget,
    giving: Budget,
    shaping: Budget,
}

/// So much for each environment, and so much for all.
#[derive(Clone, Debug)]
struct Budget {
    environments: Queues<EnvironmentId>,
    process: Queues<()>,
    /// What the two limits are, as they are told.
    most: (usize, usize),
}

/// Bytes that are reserved until this is dropped.
#[derive(Debug)]
pub struct MemoryShare {
    environment: Share<EnvironmentId>,
    process: Share<()>,
}

impl MemoryShare {
    /// Gives back what is over this many bytes.
    pub fn shrink_to(&mut self, bytes: usize) {
        let units = bytes.div_ceil(UNIT);
        self.environment.shrink_to(units);
        self.process.shrink_to(units);
    }

    /// Adds more for the same environment, of the same part.
    pub(crate) fn join(&mut self, more: Self) {
        self.environment.join(more.environment);
        self.process.join(more.process);
    }
}

impl MemoryBudgets {
    /// As much as these bounds say.
    #[must_use]
    pub fn of(bounds: &Bounds) -> Self {
        let (all, one) = (bounds.bytes_in_flight, bounds.bytes_in_flight_per_environment.min(bounds.bytes_in_flight));
        let parts = |bytes: usize, of: usize| (bytes / PART * of / UNIT).max(1);
        let most = (bounds.bytes_in_flight_per_environment, bounds.bytes_in_flight);
        let [asking, reading, giving, shaping] =
            [1, 2, 1, 4].map(|of| Budget::of(parts(all, of), parts(one, of), most));
        Self { asking, reading, giving, shaping }
    }

    /// Waits for room for so many bytes of memory that what a caller sends takes.
    ///
    /// # Errors
    /// There is none in time.
    pub async fn to_ask(&self, of: &EnvironmentId, bytes: usize, timeout: Duration) -> Result<MemoryShare, Full> {
        self.asking.reserve(of, bytes, timeout).await
    }

    /// Waits for room for an answer of so many bytes while it is read and held.
    ///
    /// # Errors
    /// There is none in time.
    pub async fn to_read(&self, of: &EnvironmentId, bytes: usize, timeout: Duration) -> Result<MemoryShare, Full> {
        self.reading.reserve(of, bytes, timeout).await
    }

    /// Waits for room for so many bytes of an answer until its last one was taken.
    ///
    /// # Errors
    /// There is none in time.
    pub(crate) async fn to_give(
        &self,
        of: &EnvironmentId,
        bytes: usize,
        timeout: Duration,
    ) -> Result<MemoryShare, Full> {
        self.giving.reserve(of, bytes, timeout).await
    }

    /// The most that one answer gets of that.
    pub(crate) fn most_to_give(&self) -> usize {
        self.giving.environments.most() * UNIT
    }

    /// Waits for room for so many bytes of memory that shaping takes.
    ///
    /// # Errors
    /// There is none in time.
    pub async fn to_shape(&self, of: &EnvironmentId, bytes: usize, timeout: Duration) -> Result<MemoryShare, Full> {
        self.shaping.reserve(of, bytes, timeout).await
    }

    /// How many bytes are taken, and by the environment that has most.
    #[must_use]
    pub fn used(&self) -> (usize, usize) {
        let all = [&self.asking, &self.reading, &self.giving, &self.shaping];
        let process: usize = all.iter().map(|budget| budget.process.most_used()).sum();
        let environment: usize = all.iter().map(|budget| budget.environments.most_used()).sum();
        (process * UNIT, environment * UNIT)
    }
}

impl Budget {
    fn of(all: usize, one: usize, most: (usize, usize)) -> Self {
        // Who waits is a call in flight, or has not been read yet, and those are bounded.
        Self { environments: Queues::of(one, usize::MAX), process: Queues::of(all, usize::MAX), most }
    }

    /// An answer that is larger than the environment's budget gets all of that, and is alone.
    async fn reserve(&self, of: &EnvironmentId, bytes: usize, timeout: Duration) -> Result<MemoryShare, Full> {
        let units = bytes.div_ceil(UNIT).min(self.environments.most());
        let until = tokio::time::Instant::now() + timeout;
        let none = |limit, most| move |_: NotAdmitted| Full { limit, most, why: None };
        let environment = self.environments.wait(of.clone(), units, timeout).await;
        let environment = environment.map_err(none(Limit::BytesInFlightPerEnvironment, self.most.0))?;
        let left = until.saturating_duration_since(tokio::time::Instant::now());
        let process = self.process.wait((), units, left).await;
        let process = process.map_err(none(Limit::BytesInFlight, self.most.1))?;
        Ok(MemoryShare { environment, process })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;

    const MIB: usize = 1024 * 1024;
    const LONG: Duration = Duration::from_secs(30);

    fn environment(n: usize) -> EnvironmentId {
        EnvironmentId::parse(&format!("env_{n}")).unwrap()
    }

    #[tokio::test]
    async fn attack_78_thirty_two_large_answers_at_once_stay_within_the_budget() {
        let bounds = Bounds::default();
        let budgets = MemoryBudgets::of(&bounds);
        let most = std::sync::Mutex::new((0, 0));
        let one = async |n: usize| {
            let of = environment(n % 2);
            let mut read = budgets.to_read(&of, bounds.answer_bytes, LONG).await.unwrap();
            tokio::task::yield_now().await;
            read.shrink_to(9 * MIB);
            let shaped = budgets.to_shape(&of, 150 * MIB, LONG).await.unwrap();
            let (process, environment) = budgets.used();
            {
                let mut most = most.lock().unwrap();
                *most = (most.0.max(process), most.1.max(environment));
            }
            tokio::task::yield_now().await;
            drop((read, shaped));
        };
        join_all((0..32).map(one)).await;
        let (process, environment) = *most.lock().unwrap();
        assert!(process <= bounds.bytes_in_flight && process > 0, "{process}");
        assert!(environment <= bounds.bytes_in_flight_per_environment, "{environment}");
        assert_eq!(budgets.used(), (0, 0));
    }

    #[tokio::test]
    async fn an_environment_does_not_take_anothers_room_and_is_refused_by_name() {
        let bounds =
            Bounds { bytes_in_flight: 16 * MIB, bytes_in_flight_per_environment: 4 * MIB, ..Bounds::default() };
        let budgets = MemoryBudgets::of(&bounds);
        let held = budgets.to_shape(&environment(1), 100 * MIB, LONG).await.unwrap();
        let refused = budgets.to_shape(&environment(1), 1, Duration::ZERO).await.unwrap_err();
        assert_eq!(refused.limit, Limit::BytesInFlightPerEnvironment);
        let mut others = Vec::new();
        for n in 2..5 {
            others.push(budgets.to_shape(&environment(n), 3 * MIB, Duration::ZERO).await.unwrap());
        }
        let refused = budgets.to_shape(&environment(5), 3 * MIB, Duration::ZERO).await.unwrap_err();
        assert_eq!(refused.limit, Limit::BytesInFlight);
        drop((held, others));
        assert_eq!(budgets.used(), (0, 0));
    }
}

//! Memory for what callers send and apps answer: what is read and what is made of it takes many times the bytes that were
//! sent for it, so both have a budget, for the process and for each environment.
//!
//! A quarter of a budget is for what callers send, from before it is read to the end of the call, however long that waits;
//! a quarter for answers while they are read and held, the rest for shaping them. Who shapes waits for nothing any more,
//! who reads an answer waits for others' shaping only, and who asks for that as well: so nobody waits in a circle. What is
//! short is read without asking; the calls that may be there bound it.

use crate::bounds::{Bounds, Limit};
use crate::full::Full;
use crate::queue::{NotAdmitted, Queues, Share};
use std::time::Duration;
use valetkey_domain::id::EnvironmentId;

/// Budgets are counted in these, so that they fit into the counters.
const UNIT: usize = 1024;
/// One in so many of a budget's bytes is for what callers send, and one for answers that are read.
const PART: usize = 4;

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
}

impl MemoryBudgets {
    /// As much as these bounds say.
    #[must_use]
    pub fn of(bounds: &Bounds) -> Self {
        let (all, one) = (bounds.bytes_in_flight, bounds.bytes_in_flight_per_environment.min(bounds.bytes_in_flight));
        let part = |bytes: usize| (bytes / PART / UNIT).max(1);
        let rest = |bytes: usize| (bytes - bytes / PART * 2).div_euclid(UNIT).max(1);
        let most = (bounds.bytes_in_flight_per_environment, bounds.bytes_in_flight);
        let [asking, reading] = [(); 2].map(|()| Budget::of(part(all), part(one), most));
        Self { asking, reading, shaping: Budget::of(rest(all), rest(one), most) }
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
        let all = [&self.asking, &self.reading, &self.shaping];
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

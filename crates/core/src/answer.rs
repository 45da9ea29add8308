//! Room for one answer, from before it is made until its last byte was taken: a client that asks for a long one and reads
//! slowly, or never, holds it all that time.

use crate::full::Full;
use crate::memory::{MemoryBudgets, MemoryShare};
use bytes::Bytes;
use std::time::Duration;
use valetkey_domain::id::EnvironmentId;

/// Answers up to this are given without asking.
pub const LONG: usize = 64 * 1024;

/// Room for an answer; none for a short one. What it is made of may be counted with it until it is made.
#[derive(Debug, Default)]
pub struct AnswerRoom {
    share: Option<Box<MemoryShare>>,
    bytes: usize,
    made_of: Option<Box<MemoryShare>>,
}

impl AnswerRoom {
    /// Makes it as large as an answer of so many bytes takes. Who has none waits for it; who has some only asks for more, so
    /// that nobody waits for what others have who wait as well.
    ///
    /// # Errors
    /// There is not so much of it in time.
    pub async fn fit(
        &mut self,
        budgets: &MemoryBudgets,
        of: &EnvironmentId,
        bytes: usize,
        timeout: Duration,
    ) -> Result<(), Full> {
        let bytes = bytes.min(budgets.most_to_give());
        if bytes > LONG && bytes > self.bytes {
            let patience = if self.is_some() { Duration::ZERO } else { timeout };
            let more = budgets.to_give(of, bytes - self.bytes, patience).await?;
            match &mut self.share {
                Some(share) => share.join(more),
                none => *none = Some(Box::new(more)),
            }
            self.bytes = bytes;
        }
        self.shrink_to(bytes);
        Ok(())
    }

    /// Counts what the answer is made of, until it is made.
    pub fn made_of(&mut self, share: Option<MemoryShare>) {
        self.made_of = share.map(Box::new);
    }

    /// Whether there is any, since the answer is a long one.
    #[must_use]
    pub const fn is_some(&self) -> bool {
        self.share.is_some()
    }

    /// The answer, which keeps as much room as it needs until nobody has a byte of it any more, however it is divided on its
    /// way.
    #[must_use]
    pub fn hold(mut self, answer: Bytes) -> Bytes {
        self.made_of = None;
        self.shrink_to(answer.len());
        if self.is_some() { Bytes::from_owner(Held { answer, _room: self }) } else { answer }
    }

    fn shrink_to(&mut self, bytes: usize) {
        if bytes <= LONG {
            *self = Self { made_of: self.made_of.take(), ..Self::default() };
        } else if let Some(share) = self.share.as_mut().filter(|_| bytes < self.bytes) {
            share.shrink_to(bytes);
            self.bytes = bytes;
        }
    }
}

struct Held {
    answer: Bytes,
    _room: AnswerRoom,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::{Bounds, Limit};
    use futures::future::join_all;

    const MIB: usize = 1024 * 1024;
    const LONG_TIME: Duration = Duration::from_secs(30);

    fn budgets(bytes_in_flight: usize) -> MemoryBudgets {
        let bytes_in_flight_per_environment = bytes_in_flight / 2;
        MemoryBudgets::of(&Bounds { bytes_in_flight, bytes_in_flight_per_environment, ..Bounds::default() })
    }

    fn environment(n: usize) -> EnvironmentId {
        EnvironmentId::parse(&format!("env_{n}")).unwrap()
    }

    /// An answer of so many bytes, if there is room for it now.
    async fn given(budgets: &MemoryBudgets, of: &EnvironmentId, bytes: usize) -> Result<Bytes, Full> {
        let mut room = AnswerRoom::default();
        room.fit(budgets, of, bytes, Duration::ZERO).await?;
        Ok(room.hold(vec![b'x'; bytes].into()))
    }

    #[tokio::test]
    async fn attack_78_answers_that_nobody_reads_stay_within_the_budget_and_keep_no_short_one() {
        let (budgets, of) = (budgets(128 * MIB), environment(1));
        let mut unread = Vec::new();
        let refused = loop {
            match given(&budgets, &of, MIB).await {
                Ok(answer) => unread.push(answer),
                Err(full) => break full,
            }
        };
        assert_eq!((unread.len(), refused.limit), (8, Limit::BytesInFlightPerEnvironment));
        assert_eq!(given(&budgets, &of, LONG).await.unwrap().len(), LONG, "what is short needs none");
        given(&budgets, &environment(2), MIB).await.expect("another environment has its own");
        let reading = budgets.to_read(&of, MIB, Duration::ZERO).await.expect("nobody who reads or shapes waits for it");
        drop((budgets.to_shape(&of, MIB, Duration::ZERO).await.unwrap(), reading));
        let answer = unread.pop().unwrap();
        let last = answer.slice(MIB - 1..);
        drop(answer);
        given(&budgets, &of, MIB).await.expect_err("a byte of it is held, and with it all");
        drop(last);
        given(&budgets, &of, MIB).await.unwrap();
        drop(unread);
        assert_eq!(budgets.used(), (0, 0));
    }

    #[tokio::test]
    async fn room_is_as_large_as_what_is_to_be_given_and_grows_only_at_once() {
        let (budgets, of, mut room) = (budgets(128 * MIB), environment(1), AnswerRoom::default());
        room.fit(&budgets, &of, 3 * MIB, Duration::ZERO).await.unwrap();
        room.made_of(Some(budgets.to_shape(&of, MIB, Duration::ZERO).await.unwrap()));
        assert_eq!(budgets.used().0, 4 * MIB, "and what it is made of");
        let others = given(&budgets, &of, 4 * MIB).await.unwrap();
        let refused = tokio::time::timeout(LONG_TIME / 10, room.fit(&budgets, &of, 5 * MIB, LONG_TIME)).await;
        refused.expect("who has some waits for no more").unwrap_err();
        drop(others);
        room.fit(&budgets, &of, 5 * MIB, LONG_TIME).await.unwrap();
        let answer = room.hold(vec![b'x'; 2 * MIB].into());
        assert_eq!(budgets.used().0, 2 * MIB);
        drop(answer);
        let mut short = AnswerRoom::default();
        short.fit(&budgets, &of, 2 * MIB, Duration::ZERO).await.unwrap();
        drop(short.hold(vec![b'x'; 100].into()));
        drop(given(&budgets, &of, 1024 * MIB).await.expect("one that is longer than all gets all"));
        assert_eq!(budgets.used(), (0, 0));
    }

    #[tokio::test]
    async fn attack_78_nobody_waits_in_a_circle_where_all_parts_are_small() {
        let budgets = budgets(2 * MIB);
        let (size, minutes) = (100 * 1024, LONG_TIME * 20);
        let call = async |n: u32| {
            let of = environment(usize::try_from(n % 3).unwrap());
            let asked = budgets.to_ask(&of, 2 * size, minutes).await.unwrap();
            let read = budgets.to_read(&of, size, minutes).await.unwrap();
            let shaped = budgets.to_shape(&of, 2 * size, minutes).await.unwrap();
            tokio::task::yield_now().await;
            let mut room = AnswerRoom::default();
            if room.fit(&budgets, &of, 2 * size, Duration::ZERO).await.is_err() {
                drop(shaped);
                room.fit(&budgets, &of, 2 * size, minutes).await.unwrap();
                room.made_of(Some(budgets.to_shape(&of, 2 * size, minutes).await.unwrap()));
            }
            let answer = room.hold(vec![b'x'; size].into());
            drop((asked, read));
            // A client that takes its time, as long as it may.
            tokio::time::sleep(Duration::from_millis(20) * (n % 2)).await;
            answer.len()
        };
        let ended = tokio::time::timeout(LONG_TIME, join_all((0..30).map(call))).await.expect("they wait in a circle");
        assert!(ended.iter().all(|length| *length == size));
        assert_eq!(budgets.used(), (0, 0));
    }
}

//! The line in which passwords wait to be hashed. Anybody may ask for that, and each takes 19 MiB and a core.

use crate::{Error, Result};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;
use valetkey_domain::Kind;

/// The line of this process.
pub(super) static HASHING: LazyLock<Line> = LazyLock::new(|| Line::new(2, 64));

/// The line of those at whose browser the member signed in before: strangers do not stand in it.
pub(super) static KNOWN_HASHING: LazyLock<Line> = LazyLock::new(|| Line::new(1, 16));

/// Where work of a kind is done a few at a time, and not too many wait.
pub(super) struct Line {
    /// For the work itself.
    pub(super) turns: Arc<Semaphore>,
    /// For being in the line or at work.
    places: Arc<Semaphore>,
}

impl Line {
    fn new(at_once: usize, places: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_once)), places: Arc::new(Semaphore::new(places)) }
    }

    /// Does it when its turn has come, off the async threads.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED`: the line is full.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| full())?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(Error::internal)?;
        // They belong to the work: whoever leaves meanwhile gives the next one no core that is still busy.
        let work = tokio::task::spawn_blocking(move || {
            let _taken = (place, turn);
            work()
        });
        work.await.map_err(Error::internal)
    }
}

fn full() -> Error {
    Error::new(Kind::ResourceExhausted, "too many people sign in at this moment: try again in a few seconds")
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::poll;
    use std::pin::pin;
    use std::sync::mpsc;

    #[tokio::test]
    async fn attack_53_who_leaves_frees_no_core_and_beyond_the_line_is_refused() {
        let line = Line::new(1, 2);
        let (let_go, held) = mpsc::channel::<()>();
        {
            let mut busy = pin!(line.run(move || held.recv()));
            assert!(poll!(busy.as_mut()).is_pending());
        }
        let mut next = pin!(line.run(|| 7));
        assert!(poll!(next.as_mut()).is_pending());
        assert_eq!(line.turns.available_permits(), 0, "the one that nobody waits for is still at work");
        assert_eq!(line.run(|| 8).await.unwrap_err().kind(), Kind::ResourceExhausted);
        let_go.send(()).unwrap();
        assert_eq!(next.await.unwrap(), 7);
        assert_eq!(line.run(|| 9).await.unwrap(), 9);
    }
}

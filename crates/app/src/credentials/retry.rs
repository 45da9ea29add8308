//! For how long it is tried to save what a provider gave: the tokens exist nowhere else, and a full disk, a locked file or
//! a database that is gone may come back.

use crate::Result;
use std::time::Duration;

/// For how long, not counting the tries themselves.
const SAVING: Duration = Duration::from_secs(5 * 60);
/// The first pause between two tries.
const FIRST: Duration = Duration::from_millis(200);
/// The longest one.
const LONGEST: Duration = Duration::from_secs(2);

/// Saves, and tries again until it is done or five minutes have passed. `what` says in the log what it is about.
///
/// # Errors
/// The last one, after these minutes.
pub(crate) async fn until_saved<T, F: Future<Output = Result<T>>>(
    what: &str,
    mut save: impl FnMut() -> F,
) -> Result<T> {
    let mut pauses = pauses();
    loop {
        let error = match save().await {
            Ok(saved) => return Ok(saved),
            Err(error) => error,
        };
        let Some(pause) = pauses.next() else { return Err(error) };
        tracing::warn!(cause = ?error, "the outcome of {what} could not be saved: trying again");
        tokio::time::sleep(pause).await;
    }
}

/// The pauses between the tries, each twice the one before.
fn pauses() -> impl Iterator<Item = Duration> {
    let longer = |pause: &Duration| Some((*pause * 2).min(LONGEST));
    std::iter::successors(Some(FIRST), longer).scan(Duration::ZERO, |waited, pause| {
        let goes_on = *waited < SAVING;
        *waited += pause;
        goes_on.then_some(pause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use valetkey_domain::Kind;

    #[test]
    fn it_goes_on_for_five_minutes_and_ends() {
        let pauses: Vec<Duration> = pauses().collect();
        let all: Duration = pauses.iter().sum();
        assert!((300..303).contains(&all.as_secs()), "{all:?}");
        assert!(pauses.len() < 200 && pauses.iter().all(|pause| (FIRST..=LONGEST).contains(pause)), "{pauses:?}");
    }

    #[tokio::test]
    async fn what_fails_is_tried_again() {
        let mut tries = 0;
        let save = || {
            tries += 1;
            let gone = || Error::new(Kind::Unavailable, "the database is gone");
            std::future::ready(if tries < 3 { Err(gone()) } else { Ok(tries) })
        };
        assert_eq!(until_saved("a test", save).await.unwrap(), 3);
    }
}

//! For how long it is tried to save what a provider gave: the tokens exist nowhere else, and a full disk, a locked file or
//! a database that is gone may come back.

use crate::{Error, Result};
use backon::{ExponentialBuilder, Retryable as _};
use std::time::Duration;

/// For how long, not counting the tries themselves.
const SAVING: Duration = Duration::from_secs(5 * 60);
/// The first pause between two tries; each is twice the one before.
const FIRST: Duration = Duration::from_millis(200);
/// The longest one.
const LONGEST: Duration = Duration::from_secs(2);

/// Saves, and tries again until it is done or five minutes have passed. `what` says in the log what it is about.
///
/// # Errors
/// The last one, after these minutes.
pub(crate) async fn until_saved<T, F: Future<Output = Result<T>>>(what: &str, save: impl FnMut() -> F) -> Result<T> {
    let failed = |error: &Error, _pause| {
        tracing::warn!(cause = ?error, "the outcome of {what} could not be saved: trying again");
    };
    save.retry(pauses()).notify(failed).await
}

const fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(FIRST)
        .with_max_delay(LONGEST)
        .without_max_times()
        .with_total_delay(Some(SAVING))
}

#[cfg(test)]
mod tests {
    use super::*;
    use backon::BackoffBuilder as _;
    use valetkey_domain::Kind;

    #[test]
    fn it_goes_on_for_five_minutes_and_ends() {
        let pauses: Vec<Duration> = pauses().build().collect();
        let all: Duration = pauses.iter().sum();
        assert!((297..=300).contains(&all.as_secs()), "{all:?}");
        assert!(pauses.len() < 200 && pauses.iter().all(|pause| (FIRST..=LONGEST).contains(pause)), "{pauses:?}");
        assert_eq!((pauses[0], pauses[1].as_millis()), (FIRST, 400));
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

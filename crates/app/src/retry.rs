//! For how long it is tried to save what a provider gave: the tokens exist nowhere else, and a full disk, a locked file or
//! a database that is gone may come back.

use crate::{App, Error, Result};
use backon::{ExponentialBuilder, Retryable as _};
use std::sync::Mutex;
use std::time::Duration;
use valetkey_core::queue::locked;

/// For how long, not counting the tries themselves.
const SAVING: Duration = Duration::from_secs(5 * 60);
/// The first pause between two tries; each is twice the one before.
const FIRST: Duration = Duration::from_millis(200);
/// The longest one.
const LONGEST: Duration = Duration::from_secs(2);

/// Saves, and tries again until it is done or five minutes have passed. `what` says in the log what it is about. A try makes
/// one change at most; one whose answer was lost is not made again if it was made, and has brought `made` then.
///
/// # Errors
/// The last one, after these minutes.
pub(crate) async fn until_saved<T: Clone, F: Future<Output = Result<T>>>(
    app: &App,
    what: &str,
    made: T,
    mut save: impl FnMut() -> F,
) -> Result<T> {
    let last = Mutex::new(None);
    let attempt = || {
        // Boxed, for what saves is large and lies in what waits for it.
        let (last, made, saving) = (&last, made.clone(), Box::pin(save()));
        async move {
            let undecided = locked(last).clone();
            if let Some(record) = undecided
                && app.core.is_recorded(&record).await?
            {
                return Ok(made);
            }
            let saved = saving.await;
            *locked(last) = saved.as_ref().err().and_then(Error::undecided).cloned();
            saved
        }
    };
    let failed = |error: &Error, _pause| {
        tracing::warn!(cause = ?error, "the outcome of {what} could not be saved: trying again");
    };
    attempt.retry(pauses()).notify(failed).await
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
    use crate::fixture::alone;
    use crate::insight::audit;
    use backon::BackoffBuilder as _;
    use serde_json::Map;
    use std::sync::atomic::{AtomicU32, Ordering};
    use valetkey_domain::Kind;
    use valetkey_domain::id::RecordId;

    #[test]
    fn it_goes_on_for_five_minutes_and_ends() {
        let pauses: Vec<Duration> = pauses().build().collect();
        let all: Duration = pauses.iter().sum();
        assert!((297..=300).contains(&all.as_secs()), "{all:?}");
        assert!(pauses.len() < 200 && pauses.iter().all(|pause| (FIRST..=LONGEST).contains(pause)), "{pauses:?}");
        assert_eq!((pauses[0], pauses[1].as_millis()), (FIRST, 400));
    }

    /// A database that goes away before it answers may have done what it was asked.
    #[tokio::test]
    async fn what_was_made_although_nobody_said_so_is_not_made_again() {
        let (app, ctx) = alone(&[]).await;
        for made in [true, false] {
            let tries = AtomicU32::new(0);
            let save = async || {
                if tries.fetch_add(1, Ordering::Relaxed) > 0 {
                    return Ok("again");
                }
                let record = match made {
                    true => {
                        let change = app.core.change(&ctx).await?;
                        change.record("test.made", "it", Map::new()).await?.commit().await?;
                        audit::newest(&app, &ctx, Some("it"), 1).await?.remove(0).id
                    }
                    false => RecordId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
                };
                Err(Error::new(Kind::Unavailable, "the database is gone").unless_recorded(record))
            };
            let saved = until_saved(&app, "a test", "made", save).await.unwrap();
            let expected = if made { ("made", 1) } else { ("again", 2) };
            assert_eq!((saved, tries.into_inner()), expected);
        }
    }

    #[tokio::test]
    async fn what_fails_is_tried_again() {
        let (app, _) = alone(&[]).await;
        let mut tries = 0;
        let save = || {
            tries += 1;
            let gone = || Error::new(Kind::Unavailable, "the database is gone");
            std::future::ready(if tries < 3 { Err(gone()) } else { Ok(tries) })
        };
        assert_eq!(until_saved(&app, "a test", 0, save).await.unwrap(), 3);
    }
}

//! Whether calls can be served, part by part. What is said of a part is a sentence of this file, so that no path, no
//! address and no secret can be in it; the cause goes to the log, where the operator is.

use crate::App;
use crate::tenancy::environments;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use valetkey_domain::Timestamp;
use valetkey_domain::environment::Environment;

/// How far the clock may go back: corrections of a clock that runs fast are smaller.
const BACK: Duration = Duration::from_secs(5 * 60);

/// What is said of a database that may be a copy.
const QUARANTINE: &str = "is in quarantine, for its database was restored, copied or moved: the server's log says which. \
    Its operator decides with `valetkey restore --takeover` or `--as-copy`";

/// One part, and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// `database`, `journal`, `keys`, `installation` or `clock`.
    pub name: &'static str,
    /// What is wrong and what to do; none if it works.
    pub trouble: Option<&'static str>,
}

/// Looks at the parts; remembers the latest time it has seen.
#[derive(Debug, Default)]
pub struct Watch {
    latest: AtomicI64,
}

impl Watch {
    /// How each part is now.
    pub async fn look(&self, app: &App) -> [Part; 5] {
        let listed = environments::list(app).await;
        let known = listed.as_deref().unwrap_or_default();
        [
            part("database", listed.is_ok(), "cannot be read: the server's log says why"),
            part(
                "journal",
                app.core.journal.healthy(),
                "cannot be written, so calls are refused: the server's log says why",
            ),
            part("keys", keys(app).await, "cannot be opened, by the KMS if one holds the root key: the log says why"),
            part("installation", app.core.keyring.check_open().is_ok(), QUARANTINE),
            self.clock(app, known),
        ]
    }

    fn clock(&self, app: &App, known: &[Environment]) -> Part {
        if !app.core.clock.sure() {
            return part("clock", false, "of the database was not heard for seconds, so calls are refused");
        }
        part("clock", self.plausible(app.core.now(), known), "is behind what was seen before: set the machine's clock")
    }

    /// Whether it is not earlier than what this process has seen and the database was made. Tokens and leases that
    /// have ended would be taken for good again.
    fn plausible(&self, now: Timestamp, known: &[Environment]) -> bool {
        let made = known.iter().map(|environment| environment.created_at.as_millisecond()).max().unwrap_or(0);
        let now = now.as_millisecond();
        let latest = self.latest.fetch_max(now.max(made), Ordering::Relaxed).max(made);
        let back = i64::try_from(BACK.as_millis()).unwrap_or(i64::MAX);
        now >= latest.saturating_sub(back)
    }
}

async fn keys(app: &App) -> bool {
    let opened = app.core.keyring.check().await;
    if let Err(error) = &opened {
        tracing::warn!(error = error as &dyn std::error::Error, "the keys cannot be opened");
    }
    opened.is_ok()
}

fn part(name: &'static str, works: bool, trouble: &'static str) -> Part {
    Part { name, trouble: (!works).then_some(trouble) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::there;

    fn troubles(parts: [Part; 5]) -> Vec<&'static str> {
        parts.iter().filter(|part| part.trouble.is_some()).map(|part| part.name).collect()
    }

    #[tokio::test]
    async fn a_clock_that_went_back_is_said_until_it_is_right_again() {
        let there = there("{rotates: true}").await;
        let watch = Watch::default();
        assert_eq!(troubles(watch.look(&there.app).await), [""; 0]);
        there.clock.advance(Duration::from_secs(3600));
        assert_eq!(troubles(watch.look(&there.app).await), [""; 0]);
        // A watch that has seen tomorrow is one whose clock went back since.
        let tomorrow = there.app.core.now() + Duration::from_secs(24 * 3600);
        assert!(watch.plausible(tomorrow, &[]));
        assert_eq!(troubles(watch.look(&there.app).await), ["clock"]);
        there.clock.advance(Duration::from_secs(24 * 3600 - 60));
        assert_eq!(troubles(watch.look(&there.app).await), [""; 0], "a minute back is a correction");
    }

    #[tokio::test]
    async fn a_clock_before_the_database_was_made_is_said() {
        let there = there("{rotates: true}").await;
        let made = environments::list(&there.app).await.unwrap();
        let before = there.app.core.now() - Duration::from_secs(3600);
        assert!(!Watch::default().plausible(before, &made));
    }

    #[tokio::test]
    async fn a_journal_that_is_closed_is_said() {
        let there = there("{rotates: true}").await;
        there.app.core.journal.close().await;
        assert_eq!(troubles(Watch::default().look(&there.app).await), ["journal"]);
    }
}

//! Whether calls can be served, part by part. What is said of a part is a sentence of this file, so that no path, no
//! address and no secret can be in it; the cause goes to the log, where the operator is.

use crate::App;
use crate::tenancy::environments;
use jiff::SignedDuration;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use valetkey_domain::Timestamp;
use valetkey_domain::environment::Environment;

/// How far the clock may go back: corrections of a clock that runs fast are smaller.
const MAX_STEP_BACK: Duration = Duration::from_secs(5 * 60);
/// How long a clock that has gone back must go on from there before it is taken for right.
const SETTLED: Duration = Duration::from_secs(10 * 60);

/// What is said of a database that may be a copy.
const QUARANTINE: &str = "is in quarantine, for its database was restored, copied or moved: the server's log says which. \
    Its operator decides with `valetkey restore --takeover` or `--as-copy`";

/// What is said of a clock that shows less than it should. One that was ahead when the server started and was set right
/// cannot be told from one that has gone back: whoever set it knows, and has ten minutes.
const BEHIND: &str = "is behind what was seen before: set the machine's clock. If it is right now, it was ahead when the \
    server started: it counts once it has gone on for ten minutes";

/// One part, and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// `database`, `journal`, `keys`, `installation` or `clock`.
    pub name: &'static str,
    /// What is wrong and what to do; none if it works.
    pub trouble: Option<&'static str>,
}

/// How the journal's writer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalState {
    /// Records that wait for their commit.
    pub waiting: usize,
    /// Whether records are committed; if not, calls are refused.
    pub healthy: bool,
}

/// How the journal's writer does, without a look at the database.
#[must_use]
pub fn journal(app: &App) -> JournalState {
    JournalState { waiting: app.core.journal.waiting(), healthy: app.core.journal.healthy() }
}

/// Looks at the parts; remembers when it looked first, by the clock and by the machine's own, which nobody sets.
#[derive(Debug, Default)]
pub struct Watch {
    course: Mutex<Course>,
}

/// How the clock has gone.
#[derive(Debug, Default)]
struct Course {
    /// The look that the others are judged by.
    first: Option<Look>,
    /// The first one that was too far behind it, if the clock has gone on from there.
    back: Option<Look>,
}

impl Course {
    /// Whether another look is as it should be.
    fn fits(&mut self, look: Look) -> bool {
        if self.first.get_or_insert(look).behind(look) <= MAX_STEP_BACK {
            self.back = None;
            return true;
        }
        let goes_on = |back: &Look| back.late(look).unsigned_abs() <= MAX_STEP_BACK;
        let back = self.back.filter(goes_on).unwrap_or(look);
        let settled = look.at.saturating_duration_since(back.at) >= SETTLED;
        if settled {
            tracing::warn!("the clock was ahead when the server started, or has gone back since: it is believed now");
        }
        (self.first, self.back) = if settled { (Some(back), None) } else { (self.first, Some(back)) };
        settled
    }
}

/// The time, and when it was read.
#[derive(Clone, Copy, Debug)]
struct Look {
    said: Timestamp,
    at: Instant,
}

impl Look {
    /// How late a later one is, going by this look; negative, if it is ahead of what it should be.
    fn late(self, later: Self) -> SignedDuration {
        let expected = self.said + later.at.saturating_duration_since(self.at);
        expected.duration_since(later.said)
    }

    /// How far behind what it should be, going by this look, a later one is.
    fn behind(self, later: Self) -> Duration {
        Duration::try_from(self.late(later)).unwrap_or_default()
    }
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
        let look = Look { said: app.core.now(), at: Instant::now() };
        part("clock", self.plausible(look, known), BEHIND)
    }

    /// Whether it is not earlier than the database was made, and no less has passed since the first look than by the
    /// machine's own count: tokens and leases that have ended would be taken for good again. A clock that jumped ahead
    /// after the first look and was set right is right at once. One that was ahead by then already looks now as if it had
    /// gone back: if it goes on from there for long enough it is believed, as it would be at a new start.
    fn plausible(&self, look: Look, known: &[Environment]) -> bool {
        let made = known.iter().map(|environment| environment.created_at).min();
        if made.is_some_and(|made| look.said + MAX_STEP_BACK < made) {
            return false;
        }
        self.course.lock().unwrap_or_else(PoisonError::into_inner).fits(look)
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
    use crate::fixture::fixture;

    fn troubles(parts: [Part; 5]) -> Vec<&'static str> {
        parts.iter().filter(|part| part.trouble.is_some()).map(|part| part.name).collect()
    }

    #[tokio::test]
    async fn a_clock_that_jumps_ahead_and_is_set_right_is_right_and_one_that_goes_back_is_not() {
        let fixture = fixture("{rotates: true}").await;
        let (watch, begun) = (Watch::default(), Instant::now());
        let seconds = |seconds: i64| jiff::SignedDuration::from_secs(seconds);
        let said = |passed: u64, ahead: i64| Look {
            said: fixture.app.core.now() + Duration::from_secs(passed) + seconds(ahead),
            at: begun + Duration::from_secs(passed),
        };
        for (passed, ahead, plausible) in [
            (0, 0, true),
            (10, 24 * 3600, true),
            (20, 0, true),
            (30, 7 * 24 * 3600, true),
            (40, -60, true),
            (50, -3600, false),
            (640, -3600, false),
            (645, -7200, false),
            (700, 0, true),
            (710, -3600, false),
            (1300, -3600, false),
            (1310, -3600, true),
            (1320, -7200, false),
            (1330, 0, true),
        ] {
            assert_eq!(watch.plausible(said(passed, ahead), &[]), plausible, "{ahead} s ahead after {passed} s");
        }
        assert_eq!(troubles(Watch::default().look(&fixture.app).await), [""; 0]);
    }

    #[tokio::test]
    async fn attack_24_a_clock_that_was_ahead_at_the_start_and_is_set_right_keeps_nobody_out_for_long() {
        let fixture = fixture("{rotates: true}").await;
        let (watch, begun, minute) = (Watch::default(), Instant::now(), Duration::from_secs(60));
        let ready = |minutes: u32, ahead: Duration| {
            let look = Look { said: fixture.app.core.now() + ahead + minute * minutes, at: begun + minute * minutes };
            watch.plausible(look, &[])
        };
        assert!(ready(0, minute * 60 * 24) && ready(1, minute * 60 * 24));
        let after: Vec<bool> = (2..15).map(|minutes| ready(minutes, Duration::ZERO)).collect();
        assert_eq!(after, [[false; 10].as_slice(), &[true; 3]].concat());
    }

    #[tokio::test]
    async fn a_clock_before_the_database_was_made_is_said_and_one_that_was_ahead_meanwhile_is_forgiven() {
        let fixture = fixture("{rotates: true}").await;
        let mut made = environments::list(&fixture.app).await.unwrap();
        let look = |said| Look { said, at: Instant::now() };
        let now = fixture.app.core.now();
        assert!(!Watch::default().plausible(look(now - Duration::from_secs(3600)), &made));
        let mut later = made[0].clone();
        later.created_at = now + Duration::from_secs(24 * 3600);
        made.push(later);
        assert!(Watch::default().plausible(look(now), &made));
    }

    #[tokio::test]
    async fn a_journal_that_is_closed_is_said() {
        let fixture = fixture("{rotates: true}").await;
        fixture.app.core.journal.close().await;
        assert_eq!(troubles(Watch::default().look(&fixture.app).await), ["journal"]);
    }
}

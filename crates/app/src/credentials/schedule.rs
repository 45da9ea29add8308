//! When tokens are refreshed although nobody asks for them.

use crate::App;
use std::time::Duration;
use valetkey_connectors::RefreshRule;
use valetkey_domain::{Rng, Timestamp};
use valetkey_storage::accounts::Schedule;

/// Tokens that live shorter are refreshed when they are used: ahead of need they would cost a call every few minutes.
const SHORTEST: Duration = Duration::from_secs(10 * 60);

/// The times for tokens that were just given: when the access token has lived four fifths of its life, and when the
/// refresh token has been idle for seven tenths of what it may be; each with a tenth more by chance, so that what was
/// given together is not refreshed together.
pub(crate) fn schedule(app: &App, rule: RefreshRule, refreshable: bool, expires_at: Option<Timestamp>) -> Schedule {
    let now = app.core.now();
    let life = expires_at.and_then(|end| Duration::try_from(end.duration_since(now)).ok());
    plan(now, refreshable, life, rule.idle_ttl, app.core.rng.as_ref())
}

fn plan(
    now: Timestamp,
    refreshable: bool,
    life: Option<Duration>,
    idle_ttl: Option<Duration>,
    rng: &dyn Rng,
) -> Schedule {
    if !refreshable {
        return Schedule::default();
    }
    let tenths = |span: Duration, tenths: u32| {
        let chance = u64::try_from((span / 10).as_millis()).unwrap_or(u64::MAX);
        now + span / 10 * tenths + Duration::from_millis(rng.below(chance))
    };
    let ends = life.filter(|life| *life >= SHORTEST).map(|life| tenths(life, 8));
    let idle = idle_ttl.map(|span| tenths(span, 7));
    Schedule { next: [ends, idle].into_iter().flatten().min(), idle }
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_testkit::SeededRng;

    const HOUR: Duration = Duration::from_secs(3600);

    fn planned(refreshable: bool, life: Option<Duration>, idle_ttl: Option<Duration>) -> Schedule {
        plan(Timestamp::UNIX_EPOCH, refreshable, life, idle_ttl, &SeededRng::new(7))
    }

    fn between(at: Option<Timestamp>, low: Duration, high: Duration) -> bool {
        at.is_some_and(|at| at >= Timestamp::UNIX_EPOCH + low && at < Timestamp::UNIX_EPOCH + high)
    }

    #[test]
    fn an_hours_token_is_looked_at_in_its_last_fifth() {
        let planned = planned(true, Some(HOUR), None);
        assert!(between(planned.next, HOUR * 8 / 10, HOUR * 9 / 10), "{planned:?}");
        assert_eq!(planned.idle, None);
    }

    #[test]
    fn an_idle_refresh_token_has_its_own_day() {
        let planned = planned(true, Some(HOUR), Some(HOUR * 100));
        assert!(between(planned.next, HOUR * 8 / 10, HOUR * 9 / 10), "{planned:?}");
        assert!(between(planned.idle, HOUR * 70, HOUR * 80), "{planned:?}");
        let unknown = self::planned(true, None, Some(HOUR * 100));
        assert_eq!(unknown.next, unknown.idle);
    }

    #[test]
    fn what_cannot_or_need_not_be_refreshed_has_no_time() {
        assert_eq!(planned(false, Some(HOUR), Some(HOUR)), Schedule::default());
        assert_eq!(planned(true, None, None), Schedule::default());
        assert_eq!(planned(true, Some(SHORTEST - Duration::from_secs(1)), None), Schedule::default());
        // An end in the past (a clock that jumped) is no reason to hurry: whoever uses it refreshes it.
        assert_eq!(planned(true, Some(Duration::ZERO), None), Schedule::default());
    }
}

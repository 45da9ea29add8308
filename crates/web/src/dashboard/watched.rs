//! Pages that a browser looks at again by itself, and until when.

use std::time::Duration;
use valetkey_domain::Timestamp;

/// For how long a page is looked at again. Each look keeps somebody signed in, so that there has to be an end.
pub(super) const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Until when a page is looked at again, if its address says so and means no longer than that.
pub(super) fn until(text: &str, now: Timestamp) -> Option<Timestamp> {
    let until = text.parse().ok().and_then(|second| Timestamp::from_second(second).ok())?;
    (now < until && until <= now + LONGEST).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_watched_for_an_hour_at_most() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let until = |text: &str| until(text, now).map(Timestamp::as_second);
        assert_eq!(until("1003600"), Some(1_003_600));
        for never in ["1000000", "1003601", "0", "-1", "", "yes", "99999999999999999999", "999999999999999"] {
            assert_eq!(until(never), None, "{never}");
        }
    }
}

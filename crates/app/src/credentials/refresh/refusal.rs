//! What is made of a provider that does not renew an account's access and says nothing that ends it.
//!
//! Its grant may be dead, or the client's id or secret wrong: nobody can tell which, so the account is not ended, the
//! person is shown the way to sign in, and the provider is asked less and less often. A new consent, other tokens and
//! a changed connection end the pause at once.

use super::ending::RefreshEnd;
use std::time::Duration;
use valetkey_domain::Timestamp;
use valetkey_domain::account::Refusal;
use valetkey_outbound::oauth::{MAX_PAUSE, TokenError};

/// The first pause; each refusal in a row doubles it.
const FIRST: Duration = Duration::from_secs(30);
/// The longest one. No pause that a provider asks for is longer either.
const LONGEST: Duration = MAX_PAUSE;

/// What is kept of an answer; none if it is no refusal that leaves the account in service. `before` is what was kept of
/// the last one, and `revision` the connection's.
pub(super) fn of(error: &TokenError, before: Option<&Refusal>, revision: i64, at: Timestamp) -> Option<Refusal> {
    let earlier = before.filter(|before| before.revision == revision).map_or(0, |before| before.times);
    let (times, pause, words) = match error {
        TokenError::RefusedUnclear { status, .. } => {
            let times = earlier.saturating_add(1);
            (times, pause(times), format!("the sign-in service answered {status} without saying why"))
        }
        TokenError::Refused { code, .. } => {
            let times = earlier.saturating_add(1);
            (times, pause(times), format!("the sign-in service refused ({code})"))
        }
        TokenError::RateLimited { retry_after, .. } => {
            let words = "the sign-in service takes no more requests for now".to_owned();
            (earlier, retry_after.unwrap_or(FIRST).min(LONGEST), words)
        }
        _ => return None,
    };
    Some(Refusal { at, times, until: at + pause, revision, words })
}

fn pause(times: i64) -> Duration {
    let doubled = u32::try_from(times.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    FIRST.saturating_mul(1 << doubled).min(LONGEST)
}

/// For how long the provider is still left alone; none if it may be asked with a connection of this revision.
pub(super) fn remaining(refusal: Option<&Refusal>, revision: i64, now: Timestamp) -> Option<Duration> {
    let refusal = refusal.filter(|refusal| refusal.revision == revision)?;
    let left = Duration::try_from(refusal.until.duration_since(now)).ok()?;
    // An end that is further away than any pause was set by a clock that has been put back since.
    (!left.is_zero() && left <= LONGEST).then_some(left)
}

/// How it ends for whoever wanted the token, in sentences. `app` is the app's name.
pub(super) fn ended(refusal: &Refusal, app: &str, now: Timestamp) -> RefreshEnd {
    let seconds = refusal.until.duration_since(now).as_secs().max(1);
    let words = &refusal.words;
    if refusal.times == 0 {
        return RefreshEnd::Later(format!(
            "the user's access to {app} cannot be renewed right now: {words}. Try again in {seconds} seconds"
        ));
    }
    RefreshEnd::Refused(format!(
        "the user's access to {app} cannot be renewed: {words}. It may have ended there; if signing in again doesn't \
         help, the app's developer has to check the connection's client id, client secret and token URL. Without a new \
         sign-in it is tried again in {seconds} seconds at the earliest"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_outbound::oauth::ProviderWords;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn unclear() -> TokenError {
        TokenError::RefusedUnclear { status: 401, said: ProviderWords::default() }
    }

    fn limited(retry_after: Option<u64>) -> TokenError {
        TokenError::RateLimited { retry_after: retry_after.map(Duration::from_secs), said: ProviderWords::default() }
    }

    #[test]
    fn pauses_double_to_an_hour_and_begin_again_with_another_connection() {
        let mut before = None;
        for seconds in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
            let next = of(&unclear(), before.as_ref(), 4, at(0)).unwrap();
            assert_eq!(next.until, at(seconds));
            before = Some(next);
        }
        assert_eq!(of(&unclear(), before.as_ref(), 5, at(0)).unwrap().until, at(30));
        let many = Refusal { times: i64::MAX, ..before.unwrap() };
        assert_eq!(of(&unclear(), Some(&many), 4, at(0)).unwrap().until, at(3600));
    }

    #[test]
    fn who_asks_to_wait_is_waited_for_and_it_counts_as_no_refusal() {
        for (asked, seconds) in [(Some(7), 7), (None, 30), (Some(86_400), 3600)] {
            let kept = of(&limited(asked), None, 1, at(0)).unwrap();
            assert_eq!((kept.times, kept.until), (0, at(seconds)));
        }
        let refused = of(&unclear(), None, 1, at(0)).unwrap();
        let then = of(&limited(Some(7)), Some(&refused), 1, at(40)).unwrap();
        assert_eq!((then.times, then.until), (1, at(47)), "it is still refused");
    }

    #[test]
    fn the_pause_holds_to_its_end_for_this_connection_alone() {
        let refused = of(&unclear(), None, 1, at(0)).unwrap();
        let left = |revision, seconds| remaining(Some(&refused), revision, at(seconds)).map(|left| left.as_secs());
        assert_eq!(
            [left(1, 0), left(1, 29), left(1, 30), left(1, 31), left(2, 0)],
            [Some(30), Some(1), None, None, None]
        );
        assert_eq!(left(1, -3600), None, "the clock was put back");
        assert_eq!(remaining(None, 1, at(0)), None);
    }

    #[test]
    fn what_ends_an_account_or_loses_an_answer_is_none() {
        let others = [
            TokenError::InvalidGrant(ProviderWords::default()),
            TokenError::Unavailable(String::new()),
            TokenError::Unreachable(String::new()),
            TokenError::Lost(String::new().into()),
            TokenError::Nonsense(String::new().into()),
        ];
        assert!(others.iter().all(|error| of(error, None, 1, at(0)).is_none()));
    }
}

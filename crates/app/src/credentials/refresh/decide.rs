//! What is to be done about a token, decided from the account's row alone.

use crate::Error;
use crate::connections::Wired;
use std::time::Duration;
use valetkey_connectors::LostAnswer;
use valetkey_domain::account::{ConnectedAccount, Credential, Reason, Status};
use valetkey_domain::{Timestamp, time};
use valetkey_storage::accounts::Lease;

/// A token that ends sooner than this is refreshed before it is used.
pub(super) const MARGIN: Duration = Duration::from_secs(60);
/// A token that is refused so soon after it came will not get better by another refresh.
pub(super) const FORCED_AT_MOST_EVERY: Duration = Duration::from_secs(30);

/// Why there is no token to be had.
#[derive(Debug)]
pub enum Unusable {
    /// The person has to sign in (again): the account's status says why.
    SignIn(Status),
    /// Not now. What happened and what to do, in a sentence.
    Later(String),
    /// The provider refuses to renew it, in these sentences. A new sign-in may help, and may not.
    Refused(String),
    /// A failure of ours.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Unusable {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What a caller wants of a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    /// How long it shall last from now.
    pub(super) margin: Duration,
    /// The generation that the provider's API has refused.
    pub(super) refused: Option<i64>,
    /// The generation that is replaced ahead of need, however good it still is. Nobody waits for it.
    pub(super) ahead: Option<i64>,
}

impl Need {
    /// Whether this token is good enough. One whose end is unknown is good until it is refused.
    pub(super) fn met_by(&self, credential: &Credential, now: Timestamp) -> bool {
        !self.replaces(credential) && credential.expires_at.is_none_or(|end| end > now + self.margin)
    }

    /// Whether this token works as far as known, if perhaps not for as long as wanted.
    pub(super) fn live(&self, credential: &Credential, now: Timestamp) -> bool {
        !self.refuses(credential) && credential.expires_at.is_none_or(|end| end > now)
    }

    fn replaces(&self, credential: &Credential) -> bool {
        self.refuses(credential) || self.ahead == Some(credential.generation)
    }

    fn refuses(&self, credential: &Credential) -> bool {
        self.refused == Some(credential.generation)
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Use the token as it is.
    Use,
    /// Refresh it.
    Refresh,
    /// Put the account out of service: only a new consent helps.
    End(Reason),
    /// Somebody is refreshing it.
    Wait,
    /// Nothing can be done right now, for this reason.
    Later(String),
    /// Nothing is asked of the provider for now: it has refused.
    Pause,
}

/// What is to be done for an account that holds `credential`. `paused` says that its provider is left alone.
pub(super) fn next(
    credential: &Credential,
    lease: &Lease,
    mode: LostAnswer,
    need: Need,
    paused: bool,
    now: Timestamp,
) -> Step {
    if need.met_by(credential, now) {
        return Step::Use;
    }
    let live = need.live(credential, now);
    if !credential.refreshable {
        return if live { Step::Use } else { Step::End(without_refresh_token(credential, need)) };
    }
    match (under_way(credential, lease, now), live) {
        (true, true) => return Step::Use,
        (true, false) => return Step::Wait,
        (false, _) => {}
    }
    match (answer_lost(lease), mode, live) {
        (true, LostAnswer::RetryAtExpiry | LostAnswer::Never, true) => return Step::Use,
        (true, LostAnswer::Never, false) => return Step::End(Reason::RefreshAnswerLost),
        _ => {}
    }
    if paused {
        return if live { Step::Use } else { Step::Pause };
    }
    if need.refuses(credential) && just_refreshed(lease, now) {
        let why =
            "the app refuses an access token that its own sign-in service gave seconds ago: try again in a minute";
        return Step::Later(why.into());
    }
    Step::Refresh
}

/// The credential of an account that is in service.
pub(super) fn credential_of(account: &ConnectedAccount) -> Result<&Credential, Unusable> {
    match (&account.status, &account.credential) {
        (Status::Active, Some(credential)) => Ok(credential),
        (Status::Active, None) => Err(no_account()),
        (status, _) => Err(Unusable::SignIn(status.clone())),
    }
}

/// There is no such account (any more).
pub(super) fn no_account() -> Unusable {
    Unusable::SignIn(Status::Disconnected)
}

/// What the connector says of answers that get lost.
pub(super) fn lost_answer(wired: &Wired) -> LostAnswer {
    wired.renewal().lost_answer
}

/// Whether the answer to an earlier refresh never came: noted so, or the lease ran out because the process died.
pub(super) const fn answer_lost(lease: &Lease) -> bool {
    lease.lost_at.is_some() || lease.started_from.is_some()
}

/// Whether somebody else is refreshing now, who began when the lease that ended then had run out.
pub(super) fn is_anothers(lease: &Lease, until: Timestamp, now: Timestamp) -> bool {
    // The row keeps milliseconds.
    lease.until.is_some_and(|end| time::to_millis(end) != time::to_millis(until) && end > now)
}

fn without_refresh_token(credential: &Credential, need: Need) -> Reason {
    if need.refuses(credential) { Reason::Rejected } else { Reason::NoRefreshToken }
}

fn under_way(credential: &Credential, lease: &Lease, now: Timestamp) -> bool {
    lease.started_from == Some(credential.generation) && lease.until.is_some_and(|until| until > now)
}

fn just_refreshed(lease: &Lease, now: Timestamp) -> bool {
    lease.refreshed_at.is_some_and(|at| at + FORCED_AT_MOST_EVERY > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_domain::Sealed;

    const NOW: i64 = 1_790_000_000;
    const FREE: Lease = Lease { started_from: None, until: None, lost_at: None, refreshed_at: None };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(NOW + seconds).unwrap()
    }

    fn credential(ends_in: Option<i64>) -> Credential {
        let expires_at = ends_in.map(at);
        Credential { sealed: Sealed(vec![]), audience: vec![], generation: 7, expires_at, refreshable: true }
    }

    fn step(credential: &Credential, lease: Lease, mode: LostAnswer, refused: Option<i64>) -> Step {
        next(credential, &lease, mode, Need { margin: Duration::from_secs(60), refused, ahead: None }, false, at(0))
    }

    #[test]
    fn a_minute_before_its_end_a_token_is_refreshed() {
        let mode = LostAnswer::RetryAtExpiry;
        assert_eq!(step(&credential(Some(61)), FREE, mode, None), Step::Use);
        assert_eq!(step(&credential(Some(60)), FREE, mode, None), Step::Refresh);
        assert_eq!(step(&credential(Some(-1)), FREE, mode, None), Step::Refresh);
    }

    #[test]
    fn attack_20_an_unknown_end_means_until_it_is_refused() {
        let mode = LostAnswer::RetryAtExpiry;
        assert_eq!(step(&credential(None), FREE, mode, None), Step::Use);
        assert_eq!(step(&credential(None), FREE, mode, Some(6)), Step::Use, "an older one was refused");
        assert_eq!(step(&credential(None), FREE, mode, Some(7)), Step::Refresh);
    }

    #[test]
    fn without_a_refresh_token_it_is_used_to_its_end() {
        let bare = |ends_in| Credential { refreshable: false, ..credential(ends_in) };
        let step = |credential, refused| step(&credential, FREE, LostAnswer::RetryAtExpiry, refused);
        assert_eq!(step(bare(Some(5)), None), Step::Use);
        assert_eq!(step(bare(Some(0)), None), Step::End(Reason::NoRefreshToken));
        assert_eq!(step(bare(None), Some(7)), Step::End(Reason::Rejected));
    }

    #[test]
    fn a_forced_refresh_comes_once_in_thirty_seconds() {
        let refreshed = |ago: i64| Lease { refreshed_at: Some(at(-ago)), ..FREE };
        let step = |ago| step(&credential(Some(3600)), refreshed(ago), LostAnswer::RetryNow, Some(7));
        assert!(matches!(step(29), Step::Later(_)));
        assert_eq!(step(30), Step::Refresh);
    }

    #[test]
    fn ahead_of_need_a_good_token_is_replaced_once_and_a_lost_one_waits() {
        let mode = LostAnswer::RetryAtExpiry;
        let ahead = |credential: Credential, lease, generation| {
            next(
                &credential,
                &lease,
                mode,
                Need { margin: Duration::ZERO, refused: None, ahead: Some(generation) },
                false,
                at(0),
            )
        };
        assert_eq!(ahead(credential(Some(3600)), FREE, 7), Step::Refresh);
        assert_eq!(ahead(credential(None), FREE, 7), Step::Refresh, "its end is unknown, its refresh token grows idle");
        assert_eq!(ahead(credential(Some(3600)), FREE, 6), Step::Use, "somebody was first");
        let answer_lost = Lease { lost_at: Some(at(-5)), ..FREE };
        assert_eq!(ahead(credential(Some(30)), answer_lost, 7), Step::Use);
        assert_eq!(ahead(credential(Some(0)), answer_lost, 7), Step::Refresh);
    }

    #[test]
    fn while_the_provider_is_left_alone_what_lives_is_used_and_nothing_is_sent() {
        let step = |credential: &Credential, refused, ahead| {
            let need = Need { margin: Duration::from_secs(60), refused, ahead };
            next(credential, &FREE, LostAnswer::RetryNow, need, true, at(0))
        };
        assert_eq!(step(&credential(Some(30)), None, None), Step::Use);
        assert_eq!(step(&credential(Some(3600)), None, Some(7)), Step::Use, "nor ahead of need");
        assert_eq!(step(&credential(Some(0)), None, None), Step::Pause);
        assert_eq!(step(&credential(Some(3600)), Some(7), None), Step::Pause, "the app refuses it");
    }

    #[test]
    fn a_refresh_under_way_is_not_begun_twice() {
        let taken = Lease { started_from: Some(7), until: Some(at(10)), ..FREE };
        assert_eq!(step(&credential(Some(30)), taken, LostAnswer::RetryNow, None), Step::Use);
        assert_eq!(step(&credential(Some(0)), taken, LostAnswer::RetryNow, None), Step::Wait);
    }

    #[test]
    fn attack_22_after_a_lost_answer_the_live_token_runs_out_first() {
        let answer_lost = Lease { lost_at: Some(at(-5)), ..FREE };
        let died = Lease { started_from: Some(7), until: Some(at(-5)), ..FREE };
        for lease in [answer_lost, died] {
            for (mode, live, ended) in [
                (LostAnswer::RetryNow, Step::Refresh, Step::Refresh),
                (LostAnswer::RetryAtExpiry, Step::Use, Step::Refresh),
                (LostAnswer::Never, Step::Use, Step::End(Reason::RefreshAnswerLost)),
            ] {
                assert_eq!(step(&credential(Some(30)), lease, mode, None), live);
                assert_eq!(step(&credential(Some(0)), lease, mode, None), ended);
                assert_eq!(step(&credential(None), lease, mode, Some(7)), ended);
            }
        }
    }
}

//! The call of a tool that a request leads to, and what its end is told as. An SDK that takes a failure for the request's own
//! makes the request, and so the call, once more.
//!
//! By `TOOL_ERROR` the vendor's SDKs let a failed call be, from scalekit-sdk-python 2.13.0 and @scalekit-sdk/node 2.10.0 on.
//! Before that Node's repeats what is UNAUTHENTICATED or RESOURCE_EXHAUSTED, and Python's whatever failed, two more times
//! (without end what is UNAUTHENTICATED). They get another code for those two, and who repeats whatever failed gets the
//! failure of the first call for the second one, if that may have changed anything.

use crate::failure::Failure;
use http::HeaderMap;
use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use valetkey_domain::id::{AccountId, ExecutionId};
use valetkey_domain::{Kind, Timestamp};

/// How long a failure stands for the same call: those SDKs repeat it at once.
const STANDS: Duration = Duration::from_secs(5);
/// How many failures are kept; the oldest goes first.
const MOST: usize = 1_000;

/// What an SDK does when a tool's call failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sdk {
    /// It lets it be, as everybody does who is no such SDK.
    #[default]
    LetsBe,
    /// It calls again where the code looks like its own affair.
    RepeatsSome,
    /// It calls again.
    RepeatsAll,
}

impl Sdk {
    /// The SDK that says its version in these headers.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let told = headers.get("x-sdk-version").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let before = |version: &str, first: (u32, u32)| release(version).is_some_and(|release| release < first);
        match told.split_once('/') {
            Some(("Scalekit-Python", version)) if before(version, (2, 13)) => Self::RepeatsAll,
            Some(("Scalekit-Node", version)) if before(version, (2, 10)) => Self::RepeatsSome,
            _ => Self::LetsBe,
        }
    }
}

/// The first two numbers of a version.
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map_while(|part| part.parse().ok());
    numbers.next().zip(numbers.next())
}

/// The call of a tool that a request leads to, if it leads to one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Called {
    sdk: Sdk,
    begun: Arc<OnceLock<Begun>>,
}

#[derive(Debug)]
struct Begun {
    execution: ExecutionId,
    /// Where its failure is kept for the same call, if it is.
    kept: Option<(Arc<Failures>, Call)>,
}

/// What makes one call the same as another: whose account, and tool, arguments and run as a number that nobody outside can
/// foresee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    account: AccountId,
    what: u64,
}

impl Called {
    /// What a request with these headers leads to: nothing yet.
    pub(crate) fn by(headers: &HeaderMap) -> Self {
        Self { sdk: Sdk::of(headers), begun: Arc::default() }
    }

    /// Whether its sender repeats whatever failed.
    pub(crate) fn repeats(&self) -> bool {
        self.sdk == Sdk::RepeatsAll
    }

    /// From here on how the request ends is how this call ends.
    pub(crate) fn begins(&self, execution: ExecutionId, kept: Option<(Arc<Failures>, Call)>) {
        self.begun.get_or_init(|| Begun { execution, kept });
    }

    /// The request's failure as that of its call, if one has begun.
    pub(crate) fn failed(&self, failure: Failure, now: Timestamp) -> Failure {
        let Some(begun) = self.begun.get() else { return failure };
        let mut failure = failure.of_call(&begun.execution);
        if self.sdk != Sdk::LetsBe && matches!(failure.kind, Kind::Unauthenticated | Kind::ResourceExhausted) {
            failure.kind = Kind::FailedPrecondition;
        }
        if let Some((failures, call)) = &begun.kept {
            failures.keep(call.clone(), &failure, now);
        }
        failure
    }
}

/// How calls failed a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    kept: Mutex<VecDeque<(Timestamp, Call, Failure)>>,
    numbers: RandomState,
}

impl Failures {
    /// A call by this account.
    pub(crate) fn call(&self, account: &AccountId, what: impl std::hash::Hash) -> Call {
        Call { account: account.clone(), what: self.numbers.hash_one(what) }
    }

    /// How the same call failed a moment ago.
    pub(crate) fn of(&self, call: &Call, now: Timestamp) -> Option<Failure> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let same = kept.iter().rev().find(|(until, its, _)| *until > now && its == call);
        same.map(|(_, _, failure)| failure.clone())
    }

    fn keep(&self, call: Call, failure: &Failure, now: Timestamp) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(until, ..)| *until > now);
        if kept.len() == MOST {
            kept.pop_front();
        }
        kept.push_back((now + STANDS, call, failure.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn an_sdk_that_knows_no_tool_errors_is_known_by_its_version() {
        for (told, does) in [
            ("Scalekit-Python/2.4.11", Sdk::RepeatsAll),
            ("Scalekit-Python/2.12.0", Sdk::RepeatsAll),
            ("Scalekit-Python/2.13.0", Sdk::LetsBe),
            ("Scalekit-Python/3.0.0", Sdk::LetsBe),
            ("Scalekit-Node/2.5.1", Sdk::RepeatsSome),
            ("Scalekit-Node/2.6.3", Sdk::RepeatsSome),
            ("Scalekit-Node/2.10.0", Sdk::LetsBe),
            ("Scalekit-Python/two", Sdk::LetsBe),
            ("Scalekit-Go/2.0.0", Sdk::LetsBe),
            ("2.4.11", Sdk::LetsBe),
        ] {
            let headers = HeaderMap::from_iter([("x-sdk-version".parse().unwrap(), HeaderValue::from_static(told))]);
            assert_eq!(Sdk::of(&headers), does, "{told}");
        }
        assert_eq!(Sdk::of(&HeaderMap::new()), Sdk::LetsBe);
    }

    #[test]
    fn of_failures_the_oldest_goes_first_and_none_stands_for_long() {
        let (failures, now) = (Failures::default(), Timestamp::from_second(1_800_000_000).unwrap());
        let account = AccountId::parse("ca_01jdtq2vk5m3c8x9y0z1a2b3c4").unwrap();
        let call = |number: usize| failures.call(&account, number);
        for number in 0..=MOST {
            failures.keep(call(number), &Failure::invalid(number.to_string()), now);
        }
        let said = |number: usize, now| failures.of(&call(number), now).map(|failure| failure.message);
        assert_eq!(said(0, now), None, "there are no more than {MOST}");
        assert_eq!(said(1, now).as_deref(), Some("1"));
        let other = failures.call(&AccountId::parse("ca_01jdtq2vk5m3c8x9y0z1a2b3c5").unwrap(), 1_usize);
        assert!(failures.of(&other, now).is_none(), "another account's");
        assert_eq!(said(1, now + STANDS), None, "its time is over");
        failures.keep(call(0), &Failure::invalid("new"), now + STANDS);
        assert_eq!(failures.kept.lock().unwrap().len(), 1);
    }
}

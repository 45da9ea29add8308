//! Who waits for whom, and who is refused.

use super::*;
use futures::{FutureExt as _, StreamExt as _};

const NOW: Duration = Duration::ZERO;

fn account(n: usize) -> CallsOf {
    CallsOf::Account(AccountId::parse(&format!("ca_{n}")).unwrap())
}

fn environment(n: usize) -> EnvironmentId {
    EnvironmentId::parse(&format!("env_{n}")).unwrap()
}

fn small() -> Limits {
    let bounds = Bounds::default();
    let memory = MemoryBudgets::of(&bounds);
    Limits::of(Bounds { in_flight: 5, in_flight_per_environment: 3, in_flight_per_account: 2, ..bounds }, memory)
}

#[tokio::test]
async fn attack_74_each_limit_holds_for_its_own_and_no_other() {
    let limits = small();
    let mut held = vec![];
    let mut words = vec![];
    for (e, a) in [(1, 1), (1, 1), (1, 1), (1, 2), (1, 3), (2, 4), (2, 5), (2, 6)] {
        words.push(match limits.enter(&environment(e), account(a), None, NOW).await {
            Ok(place) => {
                held.push(place);
                "in"
            }
            Err(full) => full.limit.name(),
        });
    }
    let (account_full, environment_full) = ("in_flight_per_account", "in_flight_per_environment");
    assert_eq!(words, ["in", "in", account_full, "in", environment_full, "in", "in", "in_flight"]);
    held.clear();
    assert!(limits.enter(&environment(1), account(1), None, NOW).await.is_ok());
}

/// A server that never answers, called by many users: those who wait for it hold none of what the others need.
#[tokio::test]
async fn attack_74_calls_that_wait_for_one_host_leave_the_others_their_places() {
    let bounds = Bounds { in_flight_per_environment: 8, in_flight_per_host: 2, ..Bounds::default() };
    let limits = Limits::of(bounds, MemoryBudgets::of(&bounds));
    let (hangs, answers) = ("hangs.example", "answers.example");
    let (mut held, mut waiting) = (vec![], futures::stream::FuturesUnordered::new());
    for n in 0..30 {
        let limits = limits.clone();
        waiting.push(async move {
            limits.enter(&environment(1), account(n), Some(hangs.into()), Duration::from_secs(60)).await
        });
    }
    let mut refused = 0;
    while let Some(Some(entered)) = waiting.next().now_or_never() {
        match entered {
            Ok(place) => held.push(place),
            Err(full) => {
                assert_eq!((full.limit, full.why), (Limit::InFlightPerHost, Some(NotAdmitted::QueueFull)));
                assert!(!full.to_string().contains("times as many"), "{full}");
                refused += 1;
            }
        }
    }
    assert_eq!((held.len(), waiting.len(), refused), (4, 20, 6), "two with a turn, two that wait for one");
    for n in 30..34 {
        held.push(limits.enter(&environment(1), account(n), Some(answers.into()), NOW).await.unwrap());
    }
    let full = limits.enter(&environment(1), account(40), Some("third.example".into()), NOW).await.unwrap_err();
    assert_eq!(full.limit, Limit::InFlightPerEnvironment);
    assert_eq!(limits.in_line()[3], (Limit::InFlightPerHost, 20));
    drop((held, waiting));
    assert!(limits.bound_for.is_empty() && limits.environments.is_empty());
}

#[tokio::test]
async fn a_burst_waits_and_is_refused_only_when_the_queue_is_full() {
    let limits = small();
    let call = async |_| {
        let place = limits.enter(&environment(1), account(1), None, Duration::from_secs(5)).await?;
        tokio::time::sleep(Duration::from_millis(5)).await;
        drop(place);
        Ok(())
    };
    let ended: Vec<Result<(), Full>> = futures::future::join_all((0..12).map(call)).await;
    let refused: Vec<_> = ended.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 2, "two in flight, eight waiting");
    let words = refused[0].to_string();
    assert!(words.contains("in_flight_per_account") && words.contains("4 times as many wait"), "{words}");
    assert_eq!(limits.used().map(|(_, used, _)| used), [0; 6]);
}

#[tokio::test]
async fn attack_74_no_more_calls_wait_for_their_users_than_may_be_in_flight() {
    let limits = small();
    let owner = |n: usize| Owner::of(valetkey_domain::name::Identifier::parse(&format!("user-{n}")).unwrap());
    let connection = ConnectionId::parse("conn_1").unwrap();
    let mut held = vec![];
    for (e, user, may) in [
        (1, 1, true),
        (1, 1, true),
        (1, 1, false),
        (1, 2, true),
        (1, 3, false),
        (2, 4, true),
        (2, 5, true),
        (2, 6, false),
    ] {
        let patience = limits.patience(&environment(e), &connection, &owner(user)).await;
        assert_eq!(patience.is_some(), may, "user {user} of environment {e}");
        held.extend(patience);
    }
    held.clear();
    assert!(limits.patience(&environment(1), &connection, &owner(1)).await.is_some());
    assert!(limits.patient.0.is_empty() && limits.patient.1.is_empty() && limits.patient.2.is_empty());
}

/// Each waits for its own account, which has one in flight; all of them are the environment's.
#[tokio::test]
async fn attack_74_calls_that_wait_for_their_accounts_are_counted_for_their_environment() {
    let limits = small();
    let (mut held, mut waiting) = (vec![], futures::stream::FuturesUnordered::new());
    for n in 0..40 {
        let limits = limits.clone();
        waiting
            .push(async move { limits.enter(&environment(1), account(n / 10), None, Duration::from_secs(60)).await });
    }
    let mut refused = 0;
    while let Some(Some(entered)) = waiting.next().now_or_never() {
        match entered {
            Ok(place) => held.push(place),
            Err(full) => {
                assert_eq!((full.limit, full.why), (Limit::InFlightPerEnvironment, Some(NotAdmitted::QueueFull)));
                refused += 1;
            }
        }
    }
    assert_eq!((held.len(), refused, waiting.len()), (3, 25, 12), "three in flight, four times as many wait");
    assert!(limits.enter(&environment(2), account(50), None, NOW).await.is_ok(), "others are not kept out");
    drop((held, waiting));
    assert!(limits.there.0.is_empty() && limits.there.1.is_empty());
}

#[tokio::test]
async fn what_is_taken_is_said_of_the_one_who_has_most() {
    let limits = small();
    let mut held = vec![];
    for (e, a) in [(1, 1), (1, 1), (2, 2)] {
        held.push(limits.enter(&environment(e), account(a), None, NOW).await.unwrap());
    }
    let memory = limits.memory.to_read(&environment(1), 1 << 20, NOW).await.unwrap();
    let used = limits.used().map(|(_, used, most)| (used, most));
    let bytes = [(1 << 20, 512 << 20), (1 << 20, 128 << 20)];
    assert_eq!(used, [(3, 5), (2, 3), (2, 2), (0, 32), bytes[0], bytes[1]]);
    drop((held, memory));
    assert_eq!(limits.used().map(|(_, used, _)| used), [0; 6]);
}

#[tokio::test]
async fn nothing_is_kept_of_calls_that_ended() {
    let limits = Limits::default();
    for n in 0..100 {
        drop(limits.enter(&environment(n), account(n), Some("a.example".into()), NOW).await.unwrap());
    }
    assert!(limits.process.is_empty() && limits.environments.is_empty() && limits.accounts.is_empty());
    assert!(limits.there.0.is_empty() && limits.there.1.is_empty() && limits.bound_for.is_empty());
}

//! Refreshing ahead of need: of one account against a provider on a real socket, and of a hundred thousand on a clock
//! that is moved by hand.

use super::*;
use crate::credentials::schedule::schedule;
use crate::fixture::{Fixture, HOUR, fixture, until};
use futures::stream::iter;
use std::cmp::max;
use std::collections::HashSet;
use std::sync::Mutex;
use valetkey_domain::connection::Connection;
use valetkey_domain::id::AccountId;
use valetkey_domain::{Sealed, Secret, Timestamp};
use valetkey_storage::Arg;

const AN_HOUR: Duration = Duration::from_secs(60 * 60);
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
const ROTATING: &str = "{rotates: true, lost_answer: retry_at_expiry}";
const IDLE: &str = "{rotates: true, idle_ttl: 10d}";
const SECOND: &str = r#"{"access_token":"at-2","refresh_token":"rt-2","expires_in":3600}"#;

async fn used(fixture: &Fixture) {
    let mut tx = fixture.app.core.store.write().await.unwrap();
    rows::touch_last_used(&fixture.ctx, &mut tx, &fixture.account.id, fixture.app.core.now()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn generation(fixture: &Fixture) -> i64 {
    fixture.now().await.credential.unwrap().generation
}

/// Looks, and waits for what that began.
async fn looked(fixture: &Fixture) {
    look(&fixture.app).await.unwrap();
    until(async || fixture.app.refreshes.at_work.is_idle()).await;
}

#[tokio::test]
async fn an_account_in_use_is_refreshed_before_its_token_ends() {
    let fixture = fixture(ROTATING).await;
    fixture.sign_in(HOUR).await;
    used(&fixture).await;
    fixture.clock.advance(AN_HOUR * 7 / 10);
    looked(&fixture).await;
    assert_eq!(generation(&fixture).await, 1, "not before it is time");
    fixture.clock.advance(AN_HOUR * 2 / 10);
    fixture.provider.gives(SECOND);
    looked(&fixture).await;
    assert_eq!(fixture.token(None).await.unwrap(), ("at-2".to_owned(), 2));
    looked(&fixture).await;
    assert_eq!(fixture.provider.asked("/token").len(), 2, "the sign-in and one refresh");
}

#[tokio::test]
async fn an_account_that_nobody_used_today_is_left_alone() {
    let fixture = fixture(ROTATING).await;
    fixture.sign_in(HOUR).await;
    used(&fixture).await;
    fixture.clock.advance(A_DAY + AN_HOUR);
    looked(&fixture).await;
    assert_eq!(fixture.provider.asked("/token").len(), 1);
    assert!(due(&fixture.app).await.unwrap().is_empty(), "nor is it looked at again");
}

#[tokio::test]
async fn an_idle_refresh_token_is_used_before_it_dies() {
    let fixture = fixture(IDLE).await;
    fixture.sign_in(HOUR).await;
    for (days, asked) in [(6, 1), (2, 2), (6, 2), (2, 3)] {
        fixture.clock.advance(A_DAY * days);
        fixture.provider.gives(SECOND);
        looked(&fixture).await;
        assert_eq!(fixture.provider.asked("/token").len(), asked, "after {days} days more");
    }
}

#[tokio::test]
async fn a_connection_that_is_switched_off_sends_nothing() {
    let fixture = fixture(IDLE).await;
    fixture.sign_in(HOUR).await;
    let off = connections::Change { enabled: Some(false), ..connections::Change::default() };
    connections::update(&fixture.app, &fixture.ctx, &fixture.connection, off).await.unwrap();
    fixture.clock.advance(A_DAY * 9);
    looked(&fixture).await;
    assert_eq!(fixture.provider.asked("/token").len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_is_down_is_asked_a_few_times_and_no_account_ends() {
    let fixture = fixture(ROTATING).await;
    fixture.sign_in(HOUR).await;
    crowd(&fixture, &fixture.connection, "crowd", 200, 0).await;
    fixture.clock.advance(AN_HOUR);
    // The provider answers 500 when it was told nothing. The crowd's sealed tokens open nowhere, ann's do.
    used(&fixture).await;
    looked(&fixture).await;
    assert!(fixture.provider.asked("/token").len() <= 2);
    assert_eq!(fixture.now().await.status, valetkey_domain::account::Status::Active);
}

/// What opens nowhere.
fn sealed() -> Sealed {
    Sealed(b"sealed".to_vec())
}

/// So many accounts on a connection, with tokens of an hour given just now; every `used`th is in use (0: none).
async fn crowd(fixture: &Fixture, connection: &Connection, name: &'static str, count: i64, used: i64) {
    let sql = "INSERT INTO connected_accounts (id, environment_id, connection_id, identifier, organization_id, user_id,
            status, reason, scopes, credential, audience, generation, refreshable, expires_at, api_config, created_at,
            updated_at, last_used_at, next_refresh_at, idle_refresh_at)
        WITH RECURSIVE numbers (n, now, used, spread) AS (
            SELECT CAST($9 AS BIGINT), CAST($4 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT)
            UNION ALL SELECT n + 1, now, used, spread FROM numbers WHERE n < $10)
        SELECT 'ca_' || CAST($3 AS TEXT) || CAST(n AS TEXT), $1, $2, CAST($3 AS TEXT) || CAST(n AS TEXT), '', '',
            'ACTIVE', '', '[]', $8, '[]', 1, 1, now + 3600000, '{}', now, now,
            CASE WHEN used > 0 AND n % used = 0 THEN now END, now + 2880000 + n * 7919 % 360000,
            CASE WHEN spread > 0 THEN now + n * spread / $5 END FROM numbers";
    // Their idle days are spread as if they had signed in on any day of the last months.
    let spread = if connection.connector == "gmail" { A_DAY * 126 } else { Duration::ZERO };
    let values = |first: i64, last: i64| {
        [
            Arg::from(fixture.ctx.environment.as_str()),
            Arg::from(connection.id.as_str()),
            Arg::from(name),
            Arg::from(fixture.app.core.now()),
            Arg::from(count),
            Arg::from(used),
            Arg::from(i64::try_from(spread.as_millis()).unwrap()),
            Arg::from(&sealed()),
            Arg::from(first),
            Arg::from(last),
        ]
    };
    // Piece by piece: PostgreSQL gives a statement five seconds.
    for first in (1..=count).step_by(5_000) {
        let last = count.min(first + 4_999);
        let mut tx = fixture.app.core.store.write().await.unwrap();
        assert_eq!(tx.run(sql, values(first, last)).await.unwrap(), u64::try_from(last - first + 1).unwrap());
        tx.commit().await.unwrap();
    }
}

/// Who was refreshed when, in a run on a clock of its own.
#[derive(Default)]
struct Run {
    calls: Mutex<Vec<(Timestamp, String, AccountId, bool)>>,
    at_once: Mutex<(usize, usize)>,
}

impl Run {
    /// Stands for a token endpoint that always gives an hour's tokens.
    async fn refresh(&self, fixture: &Fixture, due_connection: Arc<DueConnection>, account: ConnectedAccount) {
        {
            let mut at_once = self.at_once.lock().unwrap();
            at_once.0 += 1;
            at_once.1 = max(at_once.0, at_once.1);
        }
        tokio::task::yield_now().await;
        let (app, now) = (&fixture.app, fixture.app.core.now());
        let tokens = rows::Tokens {
            sealed: sealed(),
            audience: vec![],
            scopes: vec![],
            expires_at: Some(now + AN_HOUR),
            refreshable: true,
            schedule: schedule(app, due_connection.wired.renewal(), true, Some(now + AN_HOUR)),
        };
        let from = account.credential.as_ref().unwrap().generation;
        let mut tx = app.core.store.write().await.unwrap();
        assert!(rows::finish_refresh(&due_connection.ctx, &mut tx, &account.id, from, &tokens, now).await.unwrap());
        tx.commit().await.unwrap();
        self.at_once.lock().unwrap().0 -= 1;
        let used = account.last_used_at.is_some();
        self.calls.lock().unwrap().push((now, due_connection.wired.connection.name.to_string(), account.id, used));
    }

    /// Moves the clock in steps and works through what is due at each.
    async fn go(&self, fixture: &Fixture, step: Duration, steps: u32) {
        for _ in 0..steps {
            fixture.clock.advance(step);
            for due_connections in due(&fixture.app).await.unwrap().into_values() {
                work(&fixture.app, &due_connections, |due_connection, account| {
                    self.refresh(fixture, due_connection, account)
                })
                .await
                .unwrap();
            }
        }
    }

    /// The calls for one connection's accounts that were used, or that were not, in each hour since `start`.
    fn hours(&self, start: Timestamp, connection: &str, used: bool) -> Vec<usize> {
        let mut hours = vec![0; 26];
        for (at, on, _, was_used) in self.calls.lock().unwrap().iter() {
            let hour = (at.as_second() - start.as_second() - 1) / 3600;
            if on == connection && *was_used == used {
                hours[usize::try_from(hour).unwrap()] += 1;
            }
        }
        hours
    }
}

/// MY_ACME's refresh tokens don't die of idleness, those of the second connection do after 180 days.
async fn two_connections() -> (Fixture, Connection) {
    let fixture = fixture(ROTATING).await;
    let settings = valetkey_domain::connection::Settings { client_id: Some("client".into()), ..Default::default() };
    let client_secret = Some(Secret::from("client-hunter2"));
    let new = connections::New { name: Some("MY_GMAIL".into()), connector: "gmail".into(), settings, client_secret };
    let gmail = connections::create(&fixture.app, &fixture.ctx, new).await.unwrap();
    (fixture, gmail)
}

#[tokio::test]
async fn a_hundred_thousand_accounts_cost_calls_for_those_in_use_and_the_idle_alone() {
    let (fixture, gmail) = two_connections().await;
    crowd(&fixture, &fixture.connection, "acme", 60_000, 1_200).await;
    crowd(&fixture, &gmail, "gmail", 40_000, 800).await;
    let (run, start) = (Run::default(), fixture.app.core.now());
    run.go(&fixture, Duration::from_secs(300), 26 * 12).await;

    let table = [("MY_ACME", true), ("MY_ACME", false), ("MY_GMAIL", true), ("MY_GMAIL", false)];
    let hours = table.map(|(connection, used)| run.hours(start, connection, used));
    println!("refresh calls in each hour, for 100,000 accounts of which 100 were used at the beginning:");
    for ((connection, used), hours) in table.iter().zip(&hours) {
        println!("{connection:>9} {} {hours:?}", if *used { "used  " } else { "unused" });
    }
    let [acme_used, acme_unused, gmail_used, gmail_unused] = hours;
    for used in [&acme_used, &gmail_used] {
        // Each of fifty accounts every 48 to 54 minutes for a day, and then no more.
        let day: usize = used[..24].iter().sum();
        assert!((1_300..=1_500).contains(&day), "{used:?}");
        assert_eq!(used[25], 0, "{used:?}");
    }
    assert_eq!(acme_unused.iter().sum::<usize>(), 0, "nobody is refreshed who was not used");
    // 39,950 idle tokens with their days over 126 days: some 13 an hour, each once.
    assert!(gmail_unused.iter().all(|calls| *calls <= 40), "{gmail_unused:?}");
    let calls = run.calls.lock().unwrap();
    let idle: Vec<_> = calls.iter().filter(|(.., used)| !used).map(|(_, _, id, _)| id).collect();
    assert_eq!(idle.iter().collect::<HashSet<_>>().len(), idle.len());
    assert!((250..450).contains(&idle.len()), "{}", idle.len());
    assert_eq!(run.at_once.lock().unwrap().1, AT_ONCE, "as many at once as may be, and no more");
}

#[tokio::test]
async fn idle_tokens_are_used_once_in_each_of_their_periods() {
    let (fixture, gmail) = two_connections().await;
    crowd(&fixture, &gmail, "gmail", 100, 0).await;
    let run = Run::default();
    run.go(&fixture, AN_HOUR * 12, 2 * 126).await;
    let first = run.calls.lock().unwrap().len();
    assert_eq!(first, 100, "each has had its day");
    run.go(&fixture, AN_HOUR * 12, 2 * 720).await;
    let calls = run.calls.lock().unwrap();
    let mut last = std::collections::HashMap::new();
    for (at, _, id, _) in calls.iter() {
        if let Some(before) = last.insert(id.clone(), *at) {
            let idle = Duration::try_from(at.duration_since(before)).unwrap();
            assert!(idle >= A_DAY * 126 && idle <= A_DAY * 145, "{idle:?}");
        }
    }
    // Four or five periods of 126 to 144 days in 720 days.
    let again = calls.len() - first;
    assert!((100 * 4..=100 * 6).contains(&again), "{again}");
}

#[tokio::test]
async fn a_full_batch_waits_for_its_turn_and_is_worked_off() {
    let (fixture, gmail) = two_connections().await;
    crowd(&fixture, &gmail, "gmail", 1_000, 1).await;
    let run = Run::default();
    run.go(&fixture, AN_HOUR, 1).await;
    assert_eq!(run.calls.lock().unwrap().len(), 1_000);
    assert_eq!(run.at_once.lock().unwrap().1, AT_ONCE);
    assert_eq!(iter(due(&fixture.app).await.unwrap()).count().await, 0);
}

//! What a process that died left undone is told and given back: refreshes that never came to an end, codes that were
//! being exchanged, clients that were being registered. Nothing is sent here. Each is settled in a transaction of its own
//! with the fact in the journal, so dying in the middle leaves the rest for the next time.

use crate::connections::abandoned as registration;
use crate::consent::interrupted::{self, Left};
use crate::credentials::refresh::abandoned;
use crate::parts::Parts;
use crate::{App, Result};
use std::time::Duration;
use valetkey_domain::Timestamp;
use valetkey_domain::id::{AuthorizationId, EnvironmentId, ProcessId};
use valetkey_storage::doors as rows;
use valetkey_storage::processes;
use valetkey_storage::webhooks::queues;

/// How long something may be late before it counts as dead: its process may be slow to save what it brought.
const LATE: Duration = Duration::from_secs(60);

/// Before a server serves: settles what no living process can come back to. Where the database is this process's alone
/// that is everything; else what should have ended by now. Says how many.
///
/// # Errors
/// The database cannot be read or written.
pub async fn at_start(app: &App) -> Result<u64> {
    if !app.core.store.is_exclusive() {
        return settle(app, app.core.now() - LATE).await;
    }
    let mut tx = app.core.store.write().await?;
    queues::release_all(&mut tx, app.core.now()).await?;
    tx.commit().await?;
    settle(app, Timestamp::MAX).await
}

/// While it serves: settles what should have ended by now.
///
/// # Errors
/// The database cannot be read or written.
pub async fn overdue(app: &App) -> Result<u64> {
    settle(app, app.core.now() - LATE).await
}

async fn settle(app: &App, by: Timestamp) -> Result<u64> {
    let mut tx = app.core.store.read().await?;
    let refreshes = rows::abandoned_refreshes(&mut tx, by).await?;
    let exchanges = rows::interrupted_exchanges(&mut tx, by).await?;
    let registrations = rows::abandoned_registrations(&mut tx, by).await?;
    drop(tx);
    let mut settled = all(app, &refreshes, exchanges, &registrations, Left::Since(by)).await;
    settled.note("settling what the dead left", of_the_dead(app).await);
    settled.end()
}

/// Settles each of these.
async fn all(
    app: &App,
    refreshes: &[rows::Abandoned],
    exchanges: Vec<(EnvironmentId, AuthorizationId)>,
    registrations: &[rows::AbandonedRegistration],
    left: Left<'_>,
) -> Parts {
    let mut settled = Parts::default();
    for refresh in refreshes {
        settled.note("settling a refresh", abandoned::settle(app, refresh).await.map(u64::from));
    }
    for (environment, id) in exchanges {
        settled.note("settling a consent", interrupted::settle(app, environment, &id, left).await.map(u64::from));
    }
    for begun in registrations {
        settled.note("settling a client's registration", registration::settle(app, begun).await.map(u64::from));
    }
    settled
}

/// Settles at once what processes left that are known to be dead, whenever it should have ended. Says how many.
///
/// # Errors
/// The database cannot be read or written.
async fn of_the_dead(app: &App) -> Result<u64> {
    let mut settled = Parts::default();
    for process in app.core.store.dead().await? {
        settled.note("settling what a server left that died", of_one(app, &process).await);
    }
    settled.end()
}

async fn of_one(app: &App, process: &ProcessId) -> Result<u64> {
    let mut tx = app.core.store.read().await?;
    let refreshes = rows::abandoned_refreshes_of(&mut tx, process).await?;
    let exchanges = rows::interrupted_exchanges_of(&mut tx, process).await?;
    let registrations = rows::abandoned_registrations_of(&mut tx, process).await?;
    drop(tx);
    let settled = all(app, &refreshes, exchanges, &registrations, Left::By(process)).await.end()?;
    // Only now: whoever dies here is followed by another who still finds it on the list.
    let mut tx = app.core.store.write().await?;
    processes::remove_dead(&mut tx, process, app.core.now()).await?;
    tx.commit().await?;
    tracing::warn!(%process, settled, "a server died; what it was at is settled");
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::{self, Outcome};
    use crate::fixture::{Fixture, HOUR, fixture, fixture_on, show};
    use crate::insight::audit;
    use valetkey_domain::Secret;
    use valetkey_storage::{Location, Store};
    use valetkey_storage::{accounts, authorizations, registrations};

    /// How often the journal tells this of a subject.
    async fn recorded(fixture: &Fixture, subject: &str, action: &str) -> usize {
        let lines = audit::newest(&fixture.app, &fixture.ctx, Some(subject), 100).await.unwrap();
        lines.iter().filter(|line| line.action == action).count()
    }

    /// As a process leaves it that is killed after the refresh token has left.
    async fn die_refreshing(fixture: &Fixture) {
        let (now, until) = (fixture.app.now(), fixture.app.now() + Duration::from_secs(75));
        let mut tx = fixture.app.core.store.write().await.unwrap();
        assert!(accounts::begin_refresh(&fixture.ctx, &mut tx, &fixture.account.id, 1, now, until).await.unwrap());
        tx.commit().await.unwrap();
    }

    /// A process that starts on a database which others may have open takes nobody for dead before they should have
    /// ended.
    fn wait_where_others_may_live(fixture: &Fixture) {
        if !fixture.app.core.store.is_exclusive() {
            fixture.clock.advance(LATE + Duration::from_secs(90));
        }
    }

    #[tokio::test]
    async fn attack_22_a_start_tells_what_became_of_a_refresh_and_gives_the_account_back() {
        let fixture = fixture("{rotates: true, lost_answer: retry_at_expiry}").await;
        fixture.sign_in(HOUR).await;
        fixture.clock.advance(Duration::from_secs(3600));
        die_refreshing(&fixture).await;
        assert_eq!(overdue(&fixture.app).await.unwrap(), 0, "somebody may be at it");
        wait_where_others_may_live(&fixture);
        assert_eq!(at_start(&fixture.app).await.unwrap(), 1);
        assert_eq!(at_start(&fixture.app).await.unwrap(), 0);
        assert_eq!(recorded(&fixture, fixture.account.id.as_str(), "account.refresh_lost").await, 1);
        fixture.provider.gives(r#"{"access_token":"at-2","refresh_token":"rt-2"}"#);
        assert_eq!(fixture.token(None).await.unwrap().0, "at-2", "the old refresh token is tried once, without a wait");
    }

    /// Where others may live a lease stands until its end unless its process is known to be dead; the clock stands still
    /// here.
    #[tokio::test]
    #[ignore = "needs PostgreSQL"]
    async fn attack_22_who_waits_for_a_process_that_died_waits_for_seconds_and_not_for_its_lease() {
        let location = Location::from(valetkey_testkit::only_on_postgres());
        let fixture = fixture_on(location.clone(), "{rotates: true, lost_answer: retry_now}").await;
        fixture.sign_in(HOUR).await;
        fixture.clock.advance(Duration::from_secs(3600));
        fixture.app.core.store.add_process(&ProcessId::parse("proc_alive").unwrap()).await.unwrap();
        let state = fixture.start(&fixture.link().await, "browser").await;
        let consent = die(&fixture, &location, &state).await;
        fixture.provider.gives(r#"{"access_token":"at-2","refresh_token":"rt-2"}"#);
        let waited = std::time::Instant::now();
        let token = tokio::time::timeout(Duration::from_secs(20), fixture.token(None)).await;
        assert_eq!(token.expect("nobody waits for the dead").unwrap().0, "at-2");
        assert!(waited.elapsed() < Duration::from_secs(10), "{:?}", waited.elapsed());
        assert_eq!(recorded(&fixture, fixture.account.id.as_str(), "account.refresh_lost").await, 1);
        assert_eq!(of_the_dead(&fixture.app).await.unwrap(), 2, "the consent, and the client's registration");
        assert_eq!(recorded(&fixture, consent.as_str(), "authorization.ended").await, 1);
        assert_eq!(recorded(&fixture, fixture.connection.id.as_str(), "connection.registration_lost").await, 1);
        assert_eq!(of_the_dead(&fixture.app).await.unwrap(), 0, "it is off the list");
    }

    /// A process that shows itself, begins a refresh, the exchange of a code and a client's registration, and is killed.
    async fn die(fixture: &Fixture, location: &Location, state: &str) -> AuthorizationId {
        let dead = ProcessId::parse("proc_dead").unwrap();
        let store = Store::open(location).await.unwrap();
        let (now, hash) = (fixture.app.now(), valetkey_vault::sha256(state.as_bytes()));
        show(&store, &dead, now).await;
        let mut tx = store.write().await.unwrap();
        let until = now + Duration::from_secs(75);
        assert!(accounts::begin_refresh(&fixture.ctx, &mut tx, &fixture.account.id, 1, now, until).await.unwrap());
        let (_, id) = rows::authorization_by_state(&mut tx, &hash).await.unwrap().unwrap();
        assert!(authorizations::exchange(&fixture.ctx, &mut tx, &id, &hash, now, until).await.unwrap());
        let row = (&fixture.connection.id, fixture.connection.revision);
        assert!(registrations::begin(&fixture.ctx, &mut tx, row, now, until).await.unwrap());
        tx.commit().await.unwrap();
        id
    }

    #[tokio::test]
    async fn attack_22_a_refresh_that_never_came_back_is_told_while_serving() {
        let fixture = fixture("{rotates: true, lost_answer: retry_at_expiry}").await;
        fixture.sign_in(HOUR).await;
        die_refreshing(&fixture).await;
        fixture.clock.advance(Duration::from_secs(75));
        assert_eq!(overdue(&fixture.app).await.unwrap(), 0, "it may be slow to save");
        fixture.clock.advance(LATE);
        assert_eq!(overdue(&fixture.app).await.unwrap(), 1);
        assert_eq!(recorded(&fixture, fixture.account.id.as_str(), "account.refresh_lost").await, 1);
    }

    #[tokio::test]
    async fn attack_22_a_consent_that_was_interrupted_says_so_and_opens_again() {
        let fixture = fixture("{rotates: true}").await;
        let link = fixture.link().await;
        let state = fixture.start(&link, "browser").await;
        let hash = valetkey_vault::sha256(state.as_bytes());
        let mut tx = fixture.app.core.store.write().await.unwrap();
        let (_, id) = rows::authorization_by_state(&mut tx, &hash).await.unwrap().unwrap();
        let (now, until) = (fixture.app.now(), fixture.app.now() + Duration::from_secs(90));
        assert!(authorizations::exchange(&fixture.ctx, &mut tx, &id, &hash, now, until).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(overdue(&fixture.app).await.unwrap(), 0, "somebody may be at it");
        wait_where_others_may_live(&fixture);
        assert_eq!(at_start(&fixture.app).await.unwrap(), 1);
        assert_eq!(recorded(&fixture, id.as_str(), "authorization.ended").await, 1);
        assert_eq!(fixture.back(&state, "browser").await.unwrap(), id, "a reload");
        let ended = consent::outcome(&fixture.app, &id, Some(&Secret::from("browser"))).await.unwrap();
        assert_eq!(ended.outcome, Outcome::Interrupted);
        assert!(fixture.provider.asked("/token").is_empty());
        fixture.provider.gives(HOUR);
        let state = fixture.start(&link, "browser").await;
        fixture.back(&state, "browser").await.unwrap();
        assert!(fixture.now().await.credential.is_some());
    }
}

//! Refreshing ahead of need, so that a call seldom waits for it and an idle refresh token doesn't die.
//!
//! Only accounts that were used in the last day, and refresh tokens that die of idleness, which are used once in their
//! time. A column of the account says when it is looked at (`credentials::schedule`); [`look`] finds the
//! connections on which something is due and works through them, a few accounts at once for each token endpoint. A
//! caller never waits behind this: it refreshes for itself, and what was refreshed since is left alone here.

use super::breaker::Endpoint;
use super::decide::{MARGIN, Need};
use super::ending::RefreshEnd;
use super::exchange::Job;
use crate::connections::{self, Wired};
use crate::{App, Result};
use futures::StreamExt as _;
use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::sync::Arc;
use std::time::Duration;
use valetkey_core::context;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_domain::Ctx;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::ConnectionId;
use valetkey_storage::accounts::{self as rows, DueAccounts};

/// Who was not used for so long is not refreshed ahead of need.
const USED_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);
/// Accounts of one token endpoint that are refreshed at once.
const AT_ONCE: usize = 8;
/// Accounts that are claimed together.
const BATCH: i64 = 64;
/// How long a claim holds; longer than a batch can take. What could not be refreshed is due again then.
const CLAIM: Duration = Duration::from_secs(10 * 60);
/// Accounts that are put off in one transaction.
const POSTPONE: i64 = 1_000;

/// A connection on which something is due.
pub(super) struct DueConnection {
    ctx: Ctx,
    wired: Wired,
    endpoint: Endpoint,
}

/// Starts to refresh what is due, in tasks that shutdown waits for: one for each token endpoint, and none where an
/// earlier one is still at it.
///
/// # Errors
/// The database cannot be read.
pub async fn look(app: &App) -> Result<()> {
    if app.core.keyring.check_open().is_err() {
        return Ok(());
    }
    for (address, due_connections) in due(app).await? {
        let Some(at_work) = app.refreshes.at_work.begin(&address) else { continue };
        let at = app.clone();
        app.core.tasks.spawn(async move {
            let _at_work = at_work;
            let refresh = |due_connection: Arc<DueConnection>, account| refresh(at.clone(), due_connection, account);
            if let Err(error) = work(&at, &due_connections, refresh).await {
                tracing::warn!(address, error = &error as &dyn std::error::Error, "tokens are not refreshed ahead");
            }
        });
    }
    Ok(())
}

/// The connections on which something is due, by the address of their token endpoints.
pub(super) async fn due(app: &App) -> Result<BTreeMap<String, Vec<Arc<DueConnection>>>> {
    let found = valetkey_storage::doors::due_connections(&mut app.core.store.read().await?, app.core.now()).await?;
    let mut due_connections: BTreeMap<String, Vec<Arc<DueConnection>>> = BTreeMap::new();
    for (environment, connection) in found {
        let ctx = context::enter(&app.core, environment, Actor::System);
        match DueConnection::load(app, ctx, &connection).await {
            Ok(Some(due_connection)) => due_connections
                .entry(due_connection.endpoint.address().to_owned())
                .or_default()
                .push(Arc::new(due_connection)),
            Ok(None) => {}
            // Its connector file may be gone. The others go on.
            Err(error) => {
                tracing::warn!(%connection, error = &error as &dyn std::error::Error, "not refreshed ahead");
            }
        }
    }
    Ok(due_connections)
}

/// Works through what is due at one token endpoint, a batch of each connection in turn, until nothing is left or the
/// process stops.
pub(super) async fn work<F>(
    app: &App,
    due_connections: &[Arc<DueConnection>],
    refresh: impl Fn(Arc<DueConnection>, ConnectedAccount) -> F,
) -> Result<()>
where
    F: Future<Output = ()>,
{
    loop {
        let mut busy = false;
        for due_connection in due_connections.iter().filter(|due_connection| due_connection.may_go(app)) {
            // One connection's row that cannot be read holds up no other's.
            let claimed = due_connection.claim(app).await.unwrap_or_else(|error| {
                let connection = &due_connection.wired.connection.id;
                tracing::warn!(%connection, cause = ?error, "not refreshed ahead");
                Vec::new()
            });
            busy |= !claimed.is_empty();
            futures::stream::iter(claimed)
                .take_while(|_| ready(due_connection.may_go(app)))
                .map(|account| refresh(due_connection.clone(), account))
                .buffer_unordered(AT_ONCE)
                .for_each(|()| ready(()))
                .await;
        }
        if !busy {
            return Ok(());
        }
    }
}

/// Replaces one account's tokens, unless somebody else just did. How it ends is in the row and the journal.
async fn refresh(app: App, due_connection: Arc<DueConnection>, account: ConnectedAccount) {
    let Some(credential) = &account.credential else { return };
    let need = Need { margin: MARGIN, refused: None, ahead: Some(credential.generation) };
    let job = Job::new(&app, &due_connection.ctx, &due_connection.wired, &account.id, need);
    if let RefreshEnd::Later(why) | RefreshEnd::Refused(why) | RefreshEnd::Unready(why) =
        app.refreshes.in_flight.join_or_start(&app.core.tasks, &account.id, job.run()).await
    {
        tracing::debug!(account = %account.id, why, "not refreshed ahead");
    }
}

impl DueConnection {
    /// None if the connection lacks its OAuth client, or has nothing to renew.
    async fn load(app: &App, ctx: Ctx, id: &ConnectionId) -> Result<Option<Self>> {
        let wired = Wired::of(app, connections::get(app, &ctx, id).await?)?;
        if !wired.is_complete() {
            return Ok(None);
        }
        let Some(token_url) = &wired.endpoints.token_url else { return Ok(None) };
        let endpoint = Endpoint::new(&ctx.environment, token_url);
        Ok(Some(Self { ctx, wired, endpoint }))
    }

    /// Not while the endpoint is known to be down, nor once the process stops.
    fn may_go(&self, app: &App) -> bool {
        !app.core.tasks.is_closed() && !app.refreshes.breakers.is_open(&self.endpoint, app.core.now())
    }

    /// Puts off what nobody used, and claims the next batch of the rest.
    async fn claim(&self, app: &App) -> Result<Vec<ConnectedAccount>> {
        let now = app.core.now();
        let due = DueAccounts {
            connection: &self.wired.connection.id,
            now,
            used_since: now - USED_WITHIN,
            dies_idle: self.wired.renewal().idle_ttl.is_some(),
            limit: POSTPONE,
        };
        loop {
            let mut tx = app.core.store.write().await?;
            let postpone = rows::postpone(&self.ctx, &mut tx, due).await?;
            tx.commit().await?;
            if i64::try_from(postpone).unwrap_or(i64::MAX) < POSTPONE {
                break;
            }
        }
        let mut tx = app.core.store.write().await?;
        let claimed = rows::claim(&self.ctx, &mut tx, DueAccounts { limit: BATCH, ..due }, now + CLAIM).await?;
        tx.commit().await?;
        reach(Failpoint::AheadClaimed);
        Ok(claimed)
    }
}

#[cfg(test)]
mod tests;

//! What nobody said of signing in on a connection, found out from the app's own server when somebody signs in first: where
//! its authorization server is, and the client that is registered there. What is found is part of the connection from then
//! on, and its endpoints of what credentials are sealed for.
//!
//! `find` reads what the servers say; `registration` registers a client, its intent in the journal before it and under a
//! lease in the connection's row; `save` makes both part of the connection. All of it is one task for each connection, which
//! no caller can cancel and all callers wait for; those of other processes wait for the lease. `discoveries` keeps for a
//! while how it failed; `abandoned` tells of what a dead process left.

pub(crate) mod abandoned;
mod discoveries;
mod ending;
mod failed;
mod find;
mod registration;
mod save;

pub(crate) use discoveries::Discoveries;

use super::wired::Wired;
use crate::{App, Error, Result};
use ending::DiscoveryEnd;
use failed::failed;
use find::Read;
use std::time::Duration;
use url::Url;
use valetkey_connectors::Discovery;
use valetkey_domain::connection::{Connection, Found};
use valetkey_domain::{Ctx, Kind, Timestamp};
use valetkey_storage::{connections as rows, registrations};

/// How long a caller waits.
const WAIT: Duration = Duration::from_secs(30);
/// How long reading what the servers say may take.
const READING: Duration = Duration::from_secs(25);
/// How long what was found is taken for what is.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// How often the row is looked at while another process registers a client.
const LOOK: Duration = Duration::from_millis(100);
/// After how many such looks it is asked whether that process is dead.
const LOOKS_PER_LIVENESS_CHECK: u32 = 5;
/// How often it is begun again where another process had begun or the connection was changed.
const ROUNDS: u32 = 3;

/// The connection with all that signing in on it needs. What was found at this moment or before, or a day ago, is found out
/// anew.
///
/// # Errors
/// `FAILED_PRECONDITION`: it could not be found out, and why.
pub(crate) async fn discovered(app: &App, ctx: &Ctx, wired: Wired, before: Option<Timestamp>) -> Result<Wired> {
    let (Some(discovery), Some(server)) = (wired.discovery(), server_of(&wired)) else { return Ok(wired) };
    let old = before.into_iter().chain([app.core.now() - FRESH]).max().unwrap_or_default();
    if is_found_after(old, &wired, &server) {
        return Ok(wired);
    }
    let ended = match app.discoveries.failed(&wired.connection, app.core.now()) {
        Some(failed_before) => failed_before,
        None => {
            let job = Job { app: app.clone(), ctx: ctx.clone(), wired: wired.clone(), discovery, old };
            let ending = app.discoveries.in_flight.join_or_start(&app.core.tasks, &wired.connection.id, job.run());
            tokio::time::timeout(WAIT, ending).await.unwrap_or_else(|_| too_long(&wired))
        }
    };
    match ended.told() {
        Ok(()) => settled(app, ctx, wired).await,
        // What was found before may still hold.
        Err(error) if wired.found().is_some_and(|found| found.server == server) => {
            tracing::warn!(connection = %wired.connection.name, error = &error as &dyn std::error::Error, "not found out anew");
            Ok(wired)
        }
        Err(error) => Err(error),
    }
}

/// The connection as it stands now.
async fn settled(app: &App, ctx: &Ctx, wired: Wired) -> Result<Wired> {
    let now = Wired::with(wired.connector, super::get(app, ctx, &wired.connection.id).await?);
    if now.found().is_some() {
        return Ok(now);
    }
    Err(Error::new(Kind::Aborted, "the connection was changed meanwhile: try again"))
}

fn too_long(wired: &Wired) -> DiscoveryEnd {
    let error = failed(wired, "its server took too long to say how people sign in");
    DiscoveryEnd::Failed(error.kind(), error.message().to_owned())
}

/// The address of the app's server; none where it is not one that says how people sign in.
fn server_of(wired: &Wired) -> Option<String> {
    let remote = wired.connector.remote.as_ref()?;
    Some(remote.address(wired.connection.settings.api_base_url.as_deref()))
}

/// What the servers say.
async fn read(app: &App, ctx: &Ctx, wired: &Wired, discovery: Discovery) -> Result<Read> {
    let server = server_of(wired).unwrap_or_default();
    let at = Url::parse(&server).map_err(|_| failed(wired, "its server's address is none"))?;
    let late = |_| failed(wired, "its server took too long to say how people sign in");
    tokio::time::timeout(READING, find::read(app, ctx, wired, &at, discovery)).await.map_err(late)?
}

/// Where people sign in for the app, as its server says now: the issuer of its authorization server. Nothing is changed, here
/// or there.
///
/// # Errors
/// `FAILED_PRECONDITION`: it could not be found out, and why.
pub(crate) async fn issuer(app: &App, ctx: &Ctx, wired: &Wired, discovery: Discovery) -> Result<String> {
    Ok(match read(app, ctx, wired, discovery).await? {
        Read::Whole(found, _) => found.issuer,
        Read::Unregistered(at) => at.found.issuer,
    })
}

/// Whether what is known was found for this server, and after this moment.
fn is_found_after(old: Timestamp, wired: &Wired, server: &str) -> bool {
    wired.found().is_some_and(|found: &Found| found.server == server && found.at > old)
}

/// Finding out, for one connection.
struct Job {
    app: App,
    ctx: Ctx,
    wired: Wired,
    discovery: Discovery,
    /// What was found until then is found out anew.
    old: Timestamp,
}

impl Job {
    async fn run(mut self) -> DiscoveryEnd {
        let Err(error) = self.find_out().await else { return DiscoveryEnd::Settled };
        if error.kind() == Kind::Internal {
            tracing::error!(connection = %self.wired.connection.name, cause = ?error, "finding out failed");
        }
        let (kind, message) = (error.kind(), error.message().to_owned());
        if kind == Kind::FailedPrecondition {
            self.app.discoveries.note(&self.wired.connection, (kind, &message), self.app.core.now());
        }
        DiscoveryEnd::Failed(kind, message)
    }

    async fn find_out(&mut self) -> Result<()> {
        for _ in 0..ROUNDS {
            if self.waited_for_another().await? && self.read_again().await? {
                return Ok(());
            }
            let done = match self.read().await? {
                Read::Whole(found, secret) => {
                    save::found(&self.app, &self.ctx, &self.wired, &found, secret.as_ref()).await?;
                    true
                }
                Read::Unregistered(at) => registration::register(&self.app, &self.ctx, &self.wired, at).await?,
            };
            if done || self.read_again().await? {
                return Ok(());
            }
        }
        Err(Error::new(Kind::Aborted, "the connection keeps changing: try again"))
    }

    /// What the servers say.
    async fn read(&self) -> Result<Read> {
        read(&self.app, &self.ctx, &self.wired, self.discovery).await
    }

    /// Waits while another process registers a client; says whether one did.
    async fn waited_for_another(&self) -> Result<bool> {
        let mut looks = 0_u32;
        while let Some(until) = self.lease().await?.filter(|until| *until > self.app.core.now()) {
            tracing::debug!(connection = %self.wired.connection.name, %until, "another process registers a client");
            if looks.is_multiple_of(LOOKS_PER_LIVENESS_CHECK) {
                abandoned::of_the_dead(&self.app).await?;
            }
            looks += 1;
            #[cfg(test)]
            self.app.discoveries.waited.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            tokio::time::sleep(LOOK).await;
        }
        Ok(looks > 0)
    }

    async fn lease(&self) -> Result<Option<Timestamp>> {
        let mut tx = self.app.core.store.glance().await?;
        Ok(registrations::until(&self.ctx, &mut tx, &self.wired.connection.id).await?)
    }

    /// Reads the connection again; says whether somebody else has found out.
    async fn read_again(&mut self) -> Result<bool> {
        let id = &self.wired.connection.id;
        let now = rows::get(&self.ctx, &mut self.app.core.store.glance().await?, id).await?;
        let now: Connection = now.ok_or_else(|| Error::not_found("connection", id))?;
        self.wired = Wired::with(self.wired.connector.clone(), now);
        let server = server_of(&self.wired).unwrap_or_default();
        Ok(is_found_after(self.old, &self.wired, &server))
    }
}

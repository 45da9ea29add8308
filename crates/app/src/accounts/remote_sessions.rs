//! Sessions that were opened at remote MCP servers with accounts' credentials: kept in this process's memory within bounds,
//! and ended there when their account ends or another takes their place. That is done once and as well as it can be, by a
//! task that nobody waits for.

mod kept;

pub(crate) use kept::{Key, RemoteSessions};

use crate::connections::{self, Wired};
use crate::credentials::opened::Opened;
use crate::credentials::{schemes, sealed};
use crate::{App, Result};
use http::Uri;
use std::time::Duration;
use tracing::Instrument as _;
use valetkey_core::places::CredentialRow;
use valetkey_domain::Ctx;
use valetkey_domain::account::ConnectedAccount;
use valetkey_outbound::{Limits, Upload};
use valetkey_upstream::Session;

/// How long one may take to end, and what the answer to that may cost.
const PATIENCE: Duration = Duration::from_secs(5);
const MOST_BYTES: usize = 16 * 1024;
/// How long a session that was replaced may still be in use by calls under way: as long as one takes at most. And how often
/// that is looked at.
const IN_USE: Duration = Duration::from_secs(5 * 60);
const LOOKS: Duration = Duration::from_secs(1);

/// Keeps a session, or forgets it. One that it takes the place of is ended.
pub(crate) async fn keep(
    app: &App,
    ctx: &Ctx,
    (wired, account): (&Wired, &ConnectedAccount),
    key: Key,
    session: Option<Session>,
) {
    if let Some(before) = app.remote_sessions.put(&key, session.as_ref()).await {
        end(app, ctx, Some(wired), account, (vec![(key, before)], IN_USE));
    }
}

/// Ends the sessions of an account that ends, or has just ended, with the credential that it held.
pub(crate) async fn end_of(app: &App, ctx: &Ctx, wired: Option<&Wired>, account: &ConnectedAccount) {
    let sessions = app.remote_sessions.take(&account.id).await;
    end(app, ctx, wired, account, (sessions, Duration::ZERO));
}

/// Ends sessions, each once nobody uses it any more or so much time has passed.
fn end(
    app: &App,
    ctx: &Ctx,
    wired: Option<&Wired>,
    account: &ConnectedAccount,
    (sessions, in_use): (Vec<(Key, Session)>, Duration),
) {
    let Some(wired) = wired.filter(|_| !sessions.is_empty()).cloned() else { return };
    let (at, ctx, account) = (app.clone(), ctx.clone(), account.clone());
    let ending = async move {
        for (key, session) in sessions {
            if tokio::time::timeout(in_use, unused(&at, &session)).await == Ok(false) {
                return;
            }
            if let Err(error) = end_one(&at, &ctx, (&wired, &account), &key, session).await {
                tracing::debug!(%error, "a session at a remote MCP server is not ended");
            }
        }
    };
    app.core.tasks.spawn(ending.in_current_span());
}

/// Waits until no call is under way in a session; false if the process ends first, which waits for nobody's.
async fn unused(app: &App, session: &Session) -> bool {
    while !session.is_unused() {
        if app.core.tasks.is_closed() {
            return false;
        }
        tokio::time::sleep(LOOKS).await;
    }
    true
}

async fn end_one(
    app: &App,
    ctx: &Ctx,
    (wired, account): (&Wired, &ConnectedAccount),
    key: &Key,
    session: Session,
) -> Result<()> {
    let Ok(url) = key.address.parse::<Uri>() else { return Ok(()) };
    let Some(mut request) = session.ending(&url) else { return Ok(()) };
    let Some(held) = &account.credential else { return Ok(()) };
    // To whom the credential was given, and nobody else.
    if connections::origin(&key.address).is_none_or(|origin| !held.audience.contains(&origin)) {
        return Ok(());
    }
    let Ok(_turn) = app.remote_sessions.ending.clone().acquire_owned().await else { return Ok(()) };
    let row = CredentialRow::Account(account, held.generation);
    let plain = sealed::open(app, ctx, row, &held.audience, &held.sealed).await?;
    let credential = Opened { access_token: plain.access_token, typed: plain.typed, generation: held.generation };
    schemes::present(&mut request, wired, &credential)?;
    let limits = Limits { timeout: PATIENCE, max_bytes: MOST_BYTES };
    let outbound = app.core.outbound.of(&ctx.environment);
    match outbound.pass(request.map(Upload::Whole), &limits).await {
        // A server that lets nobody end a session says 405.
        Ok(answer) => tracing::debug!(status = answer.status().as_u16(), "a session at a remote MCP server is ended"),
        Err(error) => tracing::debug!(%error, "a session at a remote MCP server is not ended"),
    }
    Ok(())
}

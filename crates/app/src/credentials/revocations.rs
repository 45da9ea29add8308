//! Revocations, made at the providers: each in a task of its own, tried again with a growing pause until it is made or
//! given up. Doing so twice does no harm, so a try that was cut off is simply made again.

use super::oauth;
use super::revoke::{self, AtProvider, LEASE, Ready, Sent, Way};
use super::sealed::Plain;
use crate::connections::{self, Wired};
use crate::{App, Error, Result};
use futures::StreamExt as _;
use futures::future::ready;
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinHandle;
use valetkey_core::{context, journal, places};
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::ctx::Actor;
use valetkey_domain::{Ctx, Kind, Secret, Timestamp};
use valetkey_outbound::oauth::{self as endpoint, Revoked, TokenIn};
use valetkey_storage::closings::{self, Target};
use valetkey_storage::revocations::{self as rows, Revocation};
use valetkey_storage::{accounts, doors};
use valetkey_vault::Purpose;

/// Made at once in one environment.
const AT_ONCE: usize = 8;
/// Claimed together: all of them can end within their lease.
const BATCH: i64 = 8;
/// The pause before the second try. It doubles.
const PAUSE: Duration = Duration::from_secs(10);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// For how long it is tried.
const GIVE_UP_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What one try brought.
enum Tried {
    /// There is no more to do.
    Ended(AtProvider),
    /// They are left alone, for nobody can say any more whether another account lives on the same grant: why that is.
    Left(String),
    /// It is to be tried again.
    Again(Failure),
}

/// Why a try is to be made again.
struct Failure {
    /// In a word.
    word: &'static str,
    why: String,
    /// How long the provider asks to wait.
    wait: Option<Duration>,
}

/// Begins to make what is due, wherever it is left from: tries that failed, processes that died. Each environment has a task
/// of its own, so that one whose provider hangs holds up no other.
///
/// # Errors
/// The database cannot be read.
pub async fn due(app: &App) -> Result<()> {
    if app.core.keyring.check_open().is_err() {
        return Ok(());
    }
    for environment in doors::due_revocations(&mut app.core.store.read().await?, app.core.now()).await? {
        let Some(working) = app.revoking.begin(&environment) else { continue };
        let app = app.clone();
        let ctx = context::enter(&app.core, environment, Actor::System);
        app.core.tasks.clone().spawn(async move {
            if let Err(error) = work(&app, &ctx).await {
                let environment = &ctx.environment;
                tracing::warn!(%environment, cause = ?error, "what is to be revoked waits");
            }
            drop(working);
        });
    }
    Ok(())
}

/// Makes what is due in one environment.
///
/// # Errors
/// The database cannot be read or written.
pub(crate) async fn work(app: &App, ctx: &Ctx) -> Result<()> {
    while !app.core.tasks.is_closed() {
        let (now, mut tx) = (app.core.now(), app.core.store.write().await?);
        let claimed = rows::claim(ctx, &mut tx, now, now + LEASE, BATCH).await?;
        tx.commit().await?;
        if claimed.is_empty() {
            break;
        }
        let tasks = futures::stream::iter(claimed).map(|revocation| begin(app, ctx, revocation));
        tasks.buffer_unordered(AT_ONCE).for_each(|_| ready(())).await;
    }
    Ok(())
}

/// Makes what was just saved, if there is something to make. The task goes on if nobody waits for it.
pub(crate) fn go_on(app: &App, ctx: &Ctx, ready: Ready) -> Option<JoinHandle<AtProvider>> {
    match ready {
        Ready::Settled(_) => None,
        Ready::Revoke(revocation) => Some(begin(app, ctx, *revocation)),
    }
}

/// Makes one that is held, in a task.
fn begin(app: &App, ctx: &Ctx, revocation: Revocation) -> JoinHandle<AtProvider> {
    let (app, ctx) = (app.clone(), ctx.clone());
    app.core.tasks.clone().spawn(async move {
        let tried = ask(&app, &ctx, &revocation).await.unwrap_or_else(|error| {
            tracing::warn!(revocation = %revocation.id, cause = ?error, "tokens could not be revoked");
            Tried::Again(Failure { word: error.kind().name(), why: error.to_string(), wait: None })
        });
        save(&app, &ctx, &revocation, tried).await.unwrap_or_else(|error| {
            tracing::warn!(revocation = %revocation.id, cause = ?error, "what became of a revocation is not saved");
            AtProvider::Later
        })
    })
}

async fn ask(app: &App, ctx: &Ctx, revocation: &Revocation) -> Result<Tried> {
    app.core.keyring.check_open()?;
    let way: Way = serde_json::from_value(Value::Object(revocation.endpoint.clone())).map_err(Error::internal)?;
    if connections::origin(&way.url).is_none_or(|origin| !revocation.audience.contains(&origin)) {
        return Ok(Tried::Ended(AtProvider::Failed));
    }
    match sharing(app, ctx, revocation, &way).await? {
        Sharing::Nobody => {}
        Sharing::Perhaps => return Ok(Tried::Ended(AtProvider::Shared)),
        Sharing::Untold(why) => return Ok(Tried::Left(why)),
    }
    let place = places::revocation(revocation);
    let text = app.core.keyring.open(&ctx.environment, Purpose::Credential, &place, &revocation.sealed).await?;
    let sent: Sent = serde_json::from_slice(text.expose()).map_err(Error::internal)?;
    let token = Secret::from(sent.token);
    let client = client(app, ctx, revocation, &way, sent.client_secret.map(Secret::from)).await;
    Ok(match send(app, ctx, &way, &token, client).await? {
        Revoked::Revoked => Tried::Ended(AtProvider::Revoked),
        Revoked::NotThere => Tried::Ended(AtProvider::NotOffered),
        failed @ Revoked::Refused { .. } => {
            Tried::Again(Failure { word: "refused", why: failed.to_string(), wait: None })
        }
        Revoked::Unreachable { problem, retry_after } => {
            Tried::Again(Failure { word: "unreachable", why: problem.to_string(), wait: retry_after })
        }
    })
}

/// Revokes tokens of which no row tells, for none can be written, and says what became of them. Whether something else
/// lives on them the caller has to know.
///
/// # Errors
/// The connection has no OAuth client.
pub(crate) async fn without_row(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
    plain: &Plain,
) -> Result<AtProvider> {
    let way = match revoke::way(wired, &wired.audience(account)) {
        Ok((way, _)) => way,
        Err(word) => return Ok(word),
    };
    let sent = revoke::sent(app, wired, plain).await;
    let (token, secret) = (Secret::from(sent.token), sent.client_secret.map(Secret::from));
    let client = way.client.clone().map(oauth::Endpoint::from);
    Ok(match send(app, ctx, &way, &token, (client, secret)).await? {
        Revoked::Revoked => AtProvider::Revoked,
        Revoked::NotThere => AtProvider::NotOffered,
        Revoked::Refused { .. } | Revoked::Unreachable { .. } => AtProvider::Failed,
    })
}

async fn send(
    app: &App,
    ctx: &Ctx,
    way: &Way,
    token: &Secret<str>,
    (client, secret): (Option<oauth::Endpoint>, Option<Secret<str>>),
) -> Result<Revoked> {
    let method = Method::from_bytes(way.method.as_bytes()).map_err(Error::internal)?;
    let client = client.as_ref().map(|client| client.client(secret.as_ref()));
    let token_in = if way.json { TokenIn::Json(&way.field) } else { TokenIn::Form(&way.field) };
    let done_in = way.done_in.as_deref();
    let asked = endpoint::Revocation { url: &way.url, method, token_in, token, done_in };
    let outbound = app.core.outbound.of(&ctx.environment);
    Ok(endpoint::revoke(&outbound, &asked, client.as_ref()).await)
}

/// The OAuth client: with the secret that its connection has now, else with the one it had.
async fn client(
    app: &App,
    ctx: &Ctx,
    revocation: &Revocation,
    way: &Way,
    kept: Option<Secret<str>>,
) -> (Option<oauth::Endpoint>, Option<Secret<str>>) {
    let now = async {
        let wired = Wired::of(app, connections::get(app, ctx, &revocation.connection).await?)?;
        let goes_there = connections::origin(&way.url).is_some_and(|origin| wired.secret_audience().contains(&origin));
        let client = oauth::Endpoint::of(&wired)?;
        let same = way.client.as_ref().is_some_and(|kept| kept.client_id == client.client_id());
        let secret = if same && goes_there { connections::client_secret(app, &wired).await? } else { None };
        Ok::<_, Error>(secret.map(|secret| (client, secret)))
    };
    match now.await {
        Ok(Some((client, secret))) => (Some(client), Some(secret)),
        _ => (way.client.clone().map(oauth::Endpoint::from), kept),
    }
}

/// Whether an account that holds tokens lives on the same grant.
enum Sharing {
    /// None does.
    Nobody,
    /// One may.
    Perhaps,
    /// That can't be said, for this reason.
    Untold(String),
}

/// Whether an account that holds tokens may live on the same grant by now: the same OAuth client at the same provider,
/// and the same person there or one that is unknown. Those of a connection that is being removed don't count.
async fn sharing(app: &App, ctx: &Ctx, revocation: &Revocation, way: &Way) -> Result<Sharing> {
    let mut tx = app.core.store.read().await?;
    let mut siblings = Vec::new();
    for sibling in accounts::maybe_sharing(ctx, &mut tx, None, revocation.subject.as_deref()).await? {
        if closings::of(ctx, &mut tx, &Target::Connection(sibling.clone())).await?.is_none() {
            siblings.push(sibling);
        }
    }
    drop(tx);
    let client_id = way.client.as_ref().map(|client| client.client_id.as_str());
    let mut untold = Sharing::Nobody;
    for sibling in siblings {
        let theirs = match connections::get(app, ctx, &sibling).await {
            Err(error) if error.kind() == Kind::NotFound => continue,
            theirs => theirs?,
        };
        if theirs.settings.client_id.as_deref().or(theirs
            .settings
            .found
            .as_ref()
            .and_then(|found| found.client_id.as_deref()))
            != client_id
        {
            continue;
        }
        let (name, own) = (theirs.name.clone(), theirs.settings.token_url.clone());
        let token_url = match Wired::of(app, theirs) {
            // What has no token endpoint lives on no grant.
            Ok(wired) if wired.endpoints.token_url.is_none() => continue,
            Ok(wired) => wired.endpoints.token_url,
            Err(_) => own,
        };
        match token_url {
            // One that is each account's own has no origin here.
            Some(url)
                if connections::origin(&url)
                    .is_none_or(|origin| Some(origin) == connections::origin(&way.token_url)) =>
            {
                return Ok(Sharing::Perhaps);
            }
            Some(_) => {}
            None => untold = Sharing::Untold(unloaded(name.as_str())),
        }
    }
    Ok(untold)
}

fn unloaded(connection: &str) -> String {
    format!(
        "connection '{connection}' has the same OAuth client, and its connector is not loaded: whether its accounts live \
         on the same grant nobody can say"
    )
}

/// Saves what a try brought, if the row is still this one's.
async fn save(app: &App, ctx: &Ctx, revocation: &Revocation, tried: Tried) -> Result<AtProvider> {
    let (id, lease) = (&revocation.id, revocation.lease_until.unwrap_or(revocation.next_at));
    let subject = revocation.account.as_ref().map_or(id.as_str(), |account| account.as_str());
    let (became, action, why) = match &tried {
        Tried::Ended(AtProvider::Revoked) => (AtProvider::Revoked, "account.revoked", None),
        Tried::Ended(other) => (*other, "account.not_revoked", None),
        Tried::Left(why) => (AtProvider::Shared, "account.not_revoked", Some(why)),
        Tried::Again(failure) => match next(app, revocation, failure.wait) {
            Some(next) => {
                postpone(app, ctx, revocation, (lease, next), failure).await?;
                return Ok(AtProvider::Later);
            }
            None => (AtProvider::Failed, "account.revocation_given_up", Some(&failure.why)),
        },
    };
    let mut change = app.core.change(ctx).await?;
    if rows::finish(ctx, &mut change, id, lease).await? {
        let mut detail =
            journal::detail([("at_provider", json!(became.as_str())), ("tries", json!(revocation.attempts))]);
        detail.extend(why.map(|why| ("why".to_owned(), json!(why))));
        change.record(action, subject, detail).await?.commit().await?;
    }
    Ok(became)
}

/// When it is tried next; none if that has gone on for long enough.
fn next(app: &App, revocation: &Revocation, wait: Option<Duration>) -> Option<Timestamp> {
    let doublings = u32::try_from(revocation.attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let pause = PAUSE.saturating_mul(1 << doublings).min(LONGEST).max(wait.unwrap_or_default().min(GIVE_UP_AFTER));
    let next = app.core.now() + pause;
    (next < revocation.created_at + GIVE_UP_AFTER).then_some(next)
}

/// Puts the next try off. The first failure is told in the journal, as is the end; those between only count.
async fn postpone(
    app: &App,
    ctx: &Ctx,
    revocation: &Revocation,
    (lease, next): (Timestamp, Timestamp),
    Failure { word, why, .. }: &Failure,
) -> Result<()> {
    tracing::warn!(revocation = %revocation.id, why, %next, "the provider did not revoke: it is tried again");
    if revocation.last_error.is_some() {
        let mut tx = app.core.store.write().await?;
        rows::try_again(ctx, &mut tx, &revocation.id, lease, next, word).await?;
        return Ok(tx.commit().await?);
    }
    let mut change = app.core.change(ctx).await?;
    if rows::try_again(ctx, &mut change, &revocation.id, lease, next, word).await? {
        let subject = revocation.account.as_ref().map_or(revocation.id.as_str(), |account| account.as_str());
        let detail = journal::detail([("why", json!(why))]);
        change.record("account.revocation_failed", subject, detail).await?.commit().await?;
    }
    Ok(())
}

//! The tools that a server lists for an account.

use super::carrier::{Fault, ToServer};
use super::kept::{Fetched, KEPT, KnownTools};
use super::room::{Holding, RoomTaken};
use super::stop::Stop;
use crate::App;
use crate::accounts::remote_sessions::{self, Key};
use crate::connections::Wired;
use crate::credentials::redact::Redactor;
use crate::credentials::refresh::{self, Opened, Unusable};
use crate::credentials::schemes;
use http::Uri;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tracing::Instrument as _;
use valetkey_connectors::remote::{Note, Prepared, Remote, prepared};
use valetkey_core::memory::needed;
use valetkey_domain::account::{ConnectedAccount, Status};
use valetkey_domain::json;
use valetkey_domain::{Ctx, Timestamp};
use valetkey_outbound::Limits;
use valetkey_upstream::{Client, Error, Listed, Parameter, Transport};

/// How long a list is taken for what the server has, and for how long it is not asked again after it failed.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// The same where it is asked for anew: a server is not asked twice by who asks twice.
const ANEW: Duration = Duration::from_secs(10);
const FAILED: Duration = Duration::from_secs(20);
/// How long a fetch may take, and how long is waited for it.
const FETCH: Duration = Duration::from_secs(25);
const WAIT: Duration = Duration::from_secs(8);
/// The most bytes of one answer.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// How often what is read of a list is there: as it came, and as it is shown.
const TIMES: usize = 2;
/// How many notes of one list go into the log.
const MOST_NOTES: usize = 20;

/// Why there is no list.
#[derive(Debug)]
pub(crate) enum Missing {
    /// The user has to sign in first.
    SignIn,
    /// The server can't be asked for now, in words.
    Later(String),
}

/// The tools that the server of a connection lists for an account: as they were listed a moment ago, else as they are. A
/// list that can't be had anew is used for an hour.
pub(crate) async fn tools(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
) -> Result<Arc<KnownTools>, Missing> {
    let (_, address) = server(wired, account)?;
    let before = standing(app, &Key::of(account, &address)).await;
    let old = || before.and_then(|fetched| fetched.known.clone().ok());
    match listed(app, ctx, wired, account, FRESH).await {
        Err(why) => old().ok_or(why),
        listed => listed,
    }
}

/// The tools that the server of a connection lists for an account now, whatever is kept of a while ago.
pub(crate) async fn tools_anew(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
) -> Result<Arc<KnownTools>, Missing> {
    listed(app, ctx, wired, account, ANEW).await
}

/// What the server listed no longer ago than this, else what it lists now.
async fn listed(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
    life: Duration,
) -> Result<Arc<KnownTools>, Missing> {
    let (remote, address) = server(wired, account)?;
    let key = Key::of(account, &address);
    if let Some(fetched) = standing(app, &key).await
        && let Some(known) = fetched.within(life, app.core.now())
    {
        return known;
    }
    let fetching = Fetching {
        app: app.clone(),
        ctx: Ctx { deadline: app.core.now() + FETCH, ..ctx.clone() },
        wired: wired.clone(),
        remote,
        account: account.clone(),
        address,
        life,
    };
    // Whoever asked may go; what the server answers is kept for those who come next.
    let task = app.core.tasks.spawn(fetching.run(key).in_current_span());
    match tokio::time::timeout(WAIT, task).await {
        Ok(Ok(fetched)) => fetched,
        Ok(Err(_)) => Err(Missing::Later("its list ended by a defect".to_owned())),
        Err(_) => Err(Missing::Later(format!("it gave no list within {} s", WAIT.as_secs()))),
    }
}

/// What is kept of the tools that the server of a connection listed for an account, however old. Nobody is asked.
pub(crate) async fn kept_tools(
    app: &App,
    wired: &Wired,
    account: &ConnectedAccount,
) -> Result<Arc<KnownTools>, Missing> {
    let (_, address) = server(wired, account)?;
    match standing(app, &Key::of(account, &address)).await {
        Some(fetched) => fetched.known.clone().map_err(Missing::Later),
        None => Err(Missing::Later("its list is no longer kept: list the tools again".to_owned())),
    }
}

/// The server of a connection, and where it is for an account.
fn server(wired: &Wired, account: &ConnectedAccount) -> Result<(Remote, String), Missing> {
    if account.status != Status::Active {
        return Err(Missing::SignIn);
    }
    let address = wired.mcp_url(account).map_err(|why| Missing::Later(why.to_string()))?;
    let server = wired.connector.remote.clone().zip(address);
    server.ok_or_else(|| Missing::Later("it is on no remote server".to_owned()))
}

/// What is kept under a key, unless it is too old: each failure to have it anew keeps it there for longer.
async fn standing(app: &App, key: &Key) -> Option<Arc<Fetched>> {
    app.upstreams.lists.get(key).await.filter(|fetched| fetched.at + KEPT > app.core.now())
}

impl Fetched {
    /// What there is without asking the server: a list no older than this, or that it gave none a moment ago.
    fn within(&self, life: Duration, now: Timestamp) -> Option<Result<Arc<KnownTools>, Missing>> {
        let known = || self.known.clone().map_err(Missing::Later);
        let failed = self.failed_at.is_some_and(|at| at + FAILED > now);
        match &self.known {
            Ok(_) if self.at + life > now => Some(known()),
            Ok(_) if failed => Some(Err(Missing::Later("it gave none a moment ago".to_owned()))),
            Err(_) if failed || self.at + FAILED > now => Some(known()),
            _ => None,
        }
    }
}

struct Fetching {
    app: App,
    ctx: Ctx,
    wired: Wired,
    remote: Remote,
    account: ConnectedAccount,
    address: String,
    /// How old a list may be that somebody else had meanwhile.
    life: Duration,
}

impl Fetching {
    /// Fetches the list, if nobody else has meanwhile, and keeps what came of it.
    async fn run(self, key: Key) -> Result<Arc<KnownTools>, Missing> {
        let (app, upstreams) = (&self.app, &self.app.upstreams);
        let connection = &self.wired.connection.id;
        let turns = upstreams.turn(connection).await;
        let Ok(Ok(_turn)) = tokio::time::timeout(FETCH, turns.acquire()).await else {
            return Err(Missing::Later("too many wait for it".to_owned()));
        };
        if let Some(fetched) = standing(app, &key).await
            && let Some(known) = fetched.within(self.life, app.core.now())
        {
            return known;
        }
        let fetched = match tokio::time::timeout(FETCH, self.fetch(&key)).await {
            Ok(Err(Missing::SignIn)) => return Err(Missing::SignIn),
            Ok(Err(Missing::Later(why))) => Err(why),
            Ok(Ok(known)) => Ok(Arc::new(known)),
            Err(_) => Err(format!("it gave no list within {} s", FETCH.as_secs())),
        };
        self.log(&fetched);
        // What was listed before is better than nothing, for its time; that it can't be had anew is kept beside it.
        let (now, before) = (app.core.now(), standing(app, &key).await);
        let kept = match before.filter(|before| fetched.is_err() && before.known.is_ok()) {
            Some(before) => Fetched { at: before.at, known: before.known.clone(), failed_at: Some(now) },
            None => Fetched { at: now, known: fetched.clone(), failed_at: None },
        };
        upstreams.lists.insert(key, Arc::new(kept)).await;
        fetched.map_err(Missing::Later)
    }

    async fn fetch(&self, key: &Key) -> Result<KnownTools, Missing> {
        let url: Uri = self.address.parse().map_err(|_| Missing::Later("its address is none".to_owned()))?;
        let mut credential = self.credential(None).await?;
        let mut listed = self.ask(&url, key, &credential).await;
        if matches!(listed, Err(Error::Unauthorized { .. })) && self.wired.renews() {
            credential = self.credential(Some(credential.generation)).await?;
            listed = self.ask(&url, key, &credential).await;
        }
        let listed = listed.map_err(|error| Missing::Later(said(&error)))?;
        self.made_of(listed, &credential).await
    }

    /// The tools as they are shown and called. One after the other is read, so that what they take grows no faster than what
    /// is kept of them, and none any more once the time of the fetch is over.
    async fn made_of(&self, listed: Listed<RoomTaken>, credential: &Opened) -> Result<KnownTools, Missing> {
        let (core, takes) = (&self.app.core, needed(listed.bytes, listed.values) * TIMES);
        let share = core.memory.to_shape(&self.ctx.environment, takes, FETCH).await.map_err(|full| {
            core.metrics.refused(full.limit);
            Missing::Later(Fault::Full(full).to_string())
        })?;
        let prefix = self.wired.tool_prefix().unwrap_or_default();
        let secrets = schemes::sent(&self.wired, credential);
        let stop = Stop::default();
        let stopped = stop.watched();
        let preparing = move || {
            let redactor = Redactor::of(&secrets.iter().collect::<Vec<_>>());
            let Listed { tools, room, cut, .. } = listed;
            let waited_for = tools.into_iter().take_while(|_| !stopped.load(Ordering::Relaxed));
            let read = waited_for.filter_map(|tool| json::parse(tool.as_bytes()).ok()).map(|mut tool| {
                redactor.value(&mut tool);
                tool
            });
            let known = KnownTools::of(callable(prepared(&prefix, read)), cut);
            drop((room, share));
            known
        };
        let prepared = core.tasks.spawn_blocking(preparing).await;
        prepared.map_err(|_| Missing::Later("its list ended by a defect".to_owned()))
    }

    async fn ask(&self, url: &Uri, key: &Key, credential: &Opened) -> Result<Listed<RoomTaken>, Error<Fault>> {
        let limits = Limits { timeout: FETCH, max_bytes: MOST_BYTES };
        let Self { app, ctx, wired, account, .. } = self;
        let holding = Holding::default();
        let carrier = ToServer { app, ctx, wired, account, credential, url, limits, holding };
        let client = Client { carrier: &carrier, url, transport: transport(&self.remote) };
        let mut session = app.remote_sessions.get(key).await;
        let listed = client.tools(&mut session).await;
        let session = session.filter(|_| listed.is_ok());
        remote_sessions::keep(app, ctx, (wired, account), key.clone(), session).await;
        listed
    }

    async fn credential(&self, refused: Option<i64>) -> Result<Opened, Missing> {
        let obtained = refresh::credential(&self.app, &self.ctx, &self.wired, &self.account, refused).await;
        obtained.map_err(|unusable| match unusable {
            Unusable::SignIn(_) => Missing::SignIn,
            Unusable::Later(why) | Unusable::Refused(why) => Missing::Later(why),
            Unusable::Failed(error) => Missing::Later(error.message().to_owned()),
        })
    }

    /// For the operator: what a list lacks and why.
    fn log(&self, fetched: &Result<Arc<KnownTools>, String>) {
        let connection = &self.wired.connection.name;
        match fetched {
            Err(why) => tracing::warn!(%connection, why, "a remote MCP server gave no list of its tools"),
            Ok(known) => {
                if known.cut {
                    tracing::warn!(%connection, "a remote MCP server lists more tools than are taken");
                }
                for note in known.left_out.iter().take(MOST_NOTES) {
                    tracing::warn!(%connection, tool = note.tool, why = note.why, "a tool was left out");
                }
                for note in known.changed.iter().take(MOST_NOTES) {
                    tracing::debug!(%connection, tool = note.tool, why = note.why, "a tool was changed to fit");
                }
            }
        }
    }
}

/// Without those that no call could be made of: their schemas name headers that there can't be.
fn callable(prepared: Prepared) -> Prepared {
    let Prepared { tools, changed, mut left_out } = prepared;
    let mut callable = Vec::with_capacity(tools.len());
    for tool in tools {
        match tool.remote().map(|remote| (Parameter::of(&remote.input_schema), &remote.own_name)) {
            Some((Err(why), name)) => {
                left_out.push(Note { tool: name.clone(), why: format!("its input schema {why}") });
            }
            _ => callable.push(tool),
        }
    }
    Prepared { tools: callable, changed, left_out }
}

/// How a server is spoken to, in the protocol's words.
pub(crate) const fn transport(remote: &Remote) -> Transport {
    match remote.transport {
        valetkey_connectors::remote::Transport::Http => Transport::Http,
        valetkey_connectors::remote::Transport::Sse => Transport::Sse,
    }
}

/// Why a server gave no list, without its own words: they go to models that asked nothing of it.
fn said(error: &Error<Fault>) -> String {
    match error {
        Error::Unsent(error) => error.to_string(),
        Error::Unauthorized { .. } => "it does not accept the user's sign-in".to_owned(),
        Error::Status { status, .. } => format!("it answered with status {status}"),
        Error::SessionEnded => "it ended the session".to_owned(),
        Error::Refused { code, .. } => format!("it refused to list its tools ({code})"),
        Error::Lacks { .. } => "it wants more of its client than there is".to_owned(),
        Error::Version { .. } => "it takes another version of the protocol".to_owned(),
        Error::Nonsense(_) => "its answer cannot be read".to_owned(),
        Error::TooMuch { what, most } => format!("it answered with more than {most} {what}"),
    }
}

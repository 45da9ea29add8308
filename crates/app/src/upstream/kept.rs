//! What is kept of remote servers, in memory and within bounds: for each account the tools that a server listed, and the
//! session that was opened with its credential.

use moka::future::Cache;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use valetkey_connectors::Tool;
use valetkey_connectors::remote::Note;
use valetkey_domain::Timestamp;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::id::{AccountId, ConnectionId};
use valetkey_upstream::Session;

/// How many bytes of definitions are kept, about, and how long at most.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
const KEPT: Duration = Duration::from_secs(60 * 60);
/// How many sessions are kept, and for how long without use.
const MOST_SESSIONS: u64 = 20_000;
const IDLE: Duration = Duration::from_secs(10 * 60);
/// How many lists of one connection are fetched at once.
const AT_ONCE: usize = 8;
const MOST_CONNECTIONS: u64 = 10_000;

/// What is kept of remote servers.
pub(crate) struct Upstreams {
    pub(super) lists: Cache<Key, Arc<Fetched>>,
    pub(super) sessions: Cache<Key, Session>,
    pub(super) turns: Cache<ConnectionId, Arc<Semaphore>>,
}

/// Whose list or session, and of which server: of another person who signs in on the same account it is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    account: AccountId,
    subject: Option<String>,
    address: String,
}

/// A list, or why there is none.
pub(super) struct Fetched {
    pub(super) at: Timestamp,
    pub(super) known: Result<Arc<Known>, String>,
}

/// The tools that a server listed for an account.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Those that can be called.
    pub(crate) tools: Vec<Arc<Tool>>,
    /// What was changed to make a tool fit, and which were left out.
    pub(crate) changed: Vec<Note>,
    pub(crate) left_out: Vec<Note>,
}

impl Key {
    pub(crate) fn of(account: &ConnectedAccount, address: &str) -> Self {
        Self { account: account.id.clone(), subject: account.subject.clone(), address: address.to_owned() }
    }
}

impl Known {
    /// The tool of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Tool>> {
        self.tools.iter().find(|tool| tool.definition.name == name)
    }

    fn weight(&self) -> usize {
        let of = |tool: &Arc<Tool>| {
            let definition = &tool.definition;
            1_024 + definition.description.len() + 4 * definition.input_schema.to_string().len()
        };
        self.tools.iter().map(of).sum()
    }
}

impl Default for Upstreams {
    fn default() -> Self {
        let weigh = |_: &Key, fetched: &Arc<Fetched>| {
            let weight = fetched.known.as_ref().map_or(1_024, |known| known.weight() + 1_024);
            u32::try_from(weight).unwrap_or(u32::MAX)
        };
        Self {
            lists: Cache::builder().weigher(weigh).max_capacity(MOST_BYTES).time_to_live(KEPT).build(),
            sessions: Cache::builder().max_capacity(MOST_SESSIONS).time_to_idle(IDLE).build(),
            turns: Cache::new(MOST_CONNECTIONS),
        }
    }
}

impl Upstreams {
    /// The session that was opened for an account before.
    pub(crate) async fn session(&self, key: &Key) -> Option<Session> {
        self.sessions.get(key).await
    }

    /// Keeps a session, or forgets it.
    pub(crate) async fn keep(&self, key: Key, session: Option<Session>) {
        match session {
            Some(session) => self.sessions.insert(key, session).await,
            None => self.sessions.invalidate(&key).await,
        }
    }

    /// Forgets a list: the server has shown that it is another by now.
    pub(crate) async fn forget(&self, key: &Key) {
        self.lists.invalidate(key).await;
    }

    /// What lets a few lists of a connection be fetched at once.
    pub(super) async fn turn(&self, connection: &ConnectionId) -> Arc<Semaphore> {
        self.turns.get_with(connection.clone(), async { Arc::new(Semaphore::new(AT_ONCE)) }).await
    }
}

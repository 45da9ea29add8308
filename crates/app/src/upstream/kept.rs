//! What is kept of remote servers, in memory and within bounds: for each account the tools that a server listed. Sessions
//! are kept by `accounts::remote_sessions`.

use crate::accounts::remote_sessions::Key;
use moka::future::Cache;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use valetkey_connectors::Tool;
use valetkey_connectors::remote::{Note, Prepared};
use valetkey_core::memory::needed;
use valetkey_domain::Timestamp;
use valetkey_domain::id::ConnectionId;

/// How many bytes of definitions are kept, about, and how long at most.
pub(crate) const MOST_BYTES: usize = 64 * 1024 * 1024;
pub(super) const KEPT: Duration = Duration::from_secs(60 * 60);
/// How many lists of one connection are fetched at once.
const AT_ONCE: usize = 8;
const MOST_CONNECTIONS: u64 = 10_000;

/// What is kept of remote servers.
pub(crate) struct Upstreams {
    pub(super) lists: Cache<Key, Arc<Fetched>>,
    pub(super) turns: Cache<ConnectionId, Arc<Semaphore>>,
}

/// A list, or why there is none.
pub(super) struct Fetched {
    /// When the server answered so.
    pub(super) at: Timestamp,
    pub(super) known: Result<Arc<KnownTools>, String>,
    /// When it was asked for another last and gave none.
    pub(super) failed_at: Option<Timestamp>,
}

/// The tools that a server listed for an account.
#[derive(Debug, Default)]
pub(crate) struct KnownTools {
    /// Those that can be called.
    pub(crate) tools: Vec<Arc<Tool>>,
    /// What was changed to make a tool fit, and which were left out.
    pub(crate) changed: Vec<Note>,
    pub(crate) left_out: Vec<Note>,
    /// Whether the server has more than were taken.
    pub(crate) cut: bool,
    /// How many bytes all of it takes, about.
    weight: usize,
}

impl KnownTools {
    pub(super) fn of(prepared: Prepared, cut: bool) -> Self {
        let Prepared { tools, changed, left_out } = prepared;
        let notes: usize =
            changed.iter().chain(&left_out).map(|note| note.tool.len() + note.why.len() + needed(0, 1)).sum();
        let weight = notes + tools.iter().map(|tool| weight(tool)).sum::<usize>();
        Self { tools, changed, left_out, cut, weight }
    }

    /// How many bytes it takes, about: never less than its definitions have as text.
    pub(crate) const fn weight(&self) -> usize {
        self.weight
    }

    /// The tool of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Tool>> {
        self.tools.iter().find(|tool| tool.definition.name == name)
    }
}

/// How many bytes a tool takes, about: its schema as it is shown and as it came, and all else that is said of it.
fn weight(tool: &Tool) -> usize {
    let definition = &tool.definition;
    let came = tool.remote().map_or(0, |remote| taken_by(&remote.input_schema) + remote.own_name.len());
    let shown = definition.name.len() + definition.title.len() + definition.description.len();
    1_024 + shown + taken_by(&definition.input_schema) + came
}

/// What a value takes. What was read nests no deeper than its reader let it.
fn taken_by(value: &Value) -> usize {
    let within: usize = match value {
        Value::Array(items) => items.iter().map(taken_by).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + taken_by(value)).sum(),
        Value::String(text) => text.len(),
        _ => 0,
    };
    needed(0, 1) + within
}

impl Default for Upstreams {
    fn default() -> Self {
        let weigh = |_: &Key, fetched: &Arc<Fetched>| {
            let weight = fetched.known.as_ref().map_or(1_024, |known| known.weight + 1_024);
            u32::try_from(weight).unwrap_or(u32::MAX)
        };
        Self {
            lists: Cache::builder().weigher(weigh).max_capacity(MOST_BYTES as u64).time_to_live(KEPT).build(),
            turns: Cache::new(MOST_CONNECTIONS),
        }
    }
}

impl Upstreams {
    /// Forgets a list: the server has shown that it is another by now.
    pub(crate) async fn forget(&self, key: &Key) {
        self.lists.invalidate(key).await;
    }

    /// What lets a few lists of a connection be fetched at once.
    pub(super) async fn turn(&self, connection: &ConnectionId) -> Arc<Semaphore> {
        self.turns.get_with(connection.clone(), async { Arc::new(Semaphore::new(AT_ONCE)) }).await
    }
}

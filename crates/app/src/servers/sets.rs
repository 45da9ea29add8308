//! Tool sets that are compiled, and those of them that are kept.

use super::read_more::READ_MORE;
use bytes::Bytes;
use moka::future::Cache;
use std::collections::HashMap;
use std::sync::Arc;
use valetkey_connectors::remote::Remote;
use valetkey_connectors::{Connector, Tool, nearest};
use valetkey_domain::Timestamp;
use valetkey_domain::approval::Approvals;
use valetkey_domain::config::{Mapping, Options};
use valetkey_domain::grace::Grace;
use valetkey_domain::id::{ConfigId, ConnectionId};
use valetkey_domain::session::Access;

/// How many compiled tool sets are kept; a set of a hundred tools takes about a megabyte.
const MOST_SETS: u64 = 256;

/// The compiled tool sets that are kept, each by what it is of and by the catalogue's revision that it was compiled from.
pub(crate) struct Sets(pub(super) Cache<(SetSource, Access, u64), Arc<ToolSet>>);

/// What a tool set is compiled from, which never changes under its name but with the connectors' files.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum SetSource {
    /// A version of a config.
    Config(ConfigId, i64),
    /// A connection.
    Connection(ConnectionId),
}

impl Default for Sets {
    fn default() -> Self {
        Self(Cache::new(MOST_SETS))
    }
}

/// The tools of one version of a config, or of a connection.
pub struct ToolSet {
    /// The connections that it was compiled from.
    pub mappings: Vec<Mapping>,
    /// The definitions as a JSON array in MCP's words, in the developer's order.
    pub listed: Bytes,
    pub(super) tools: HashMap<String, ServedTool>,
    /// What its config says beside its connections.
    pub(crate) options: Options,
    /// The version of a config that it is of; none for a connection's tools.
    pub(crate) config: Option<(ConfigId, i64)>,
    /// The mappings of remote servers, whose tools each user has others of.
    pub(super) remotes: Vec<RemoteMapping>,
    /// What can be called for a while though it is not listed any more, the newest first.
    pub(super) graced: Vec<Graced>,
}

/// What an edit took out of a connection with grace.
pub(super) struct Graced {
    pub(super) grace: Arc<Grace>,
    /// Its tools, under names that nothing listed has.
    pub(super) tools: HashMap<String, ServedTool>,
    /// The remote server whose tools they are, if they are one's.
    pub(super) remote: Option<RemoteMapping>,
}

/// A connection of a remote server, as a tool set has it; or of a custom provider, which may be one by now. Where that leads
/// is asked of its row at every turn, for a developer may move it.
pub(super) struct RemoteMapping {
    pub(super) mapping: Mapping,
    /// The server of a file; none of a custom provider.
    pub(super) remote: Option<Remote>,
    /// What its tools' names begin with.
    pub(super) prefix: String,
    pub(super) access: Access,
    /// What it does not serve of its whitelist.
    pub(super) except: Vec<String>,
}

/// One tool, and on which connection it works.
#[derive(Clone)]
pub struct ServedTool {
    /// The tool.
    pub tool: Arc<Tool>,
    /// Its connector.
    pub connector: Arc<Connector>,
    /// The connection whose account a call uses.
    pub connection: ConnectionId,
    /// The grace by which it can still be called, if it is not listed any more.
    pub grace: Option<Arc<Grace>>,
}

impl ToolSet {
    /// The tool of exactly this name. One that exists but is not on the whitelist is not here either.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&ServedTool> {
        self.tools.get(name)
    }

    /// Whether a tool of this name is the one that reads on.
    #[must_use]
    pub fn reads_on(&self, name: &str) -> bool {
        name == READ_MORE && self.options.cuts_answers()
    }

    /// The version of a config that wants the user's word before this tool is called, if it does.
    pub(crate) fn wants_word(&self, served: &ServedTool) -> Option<(&ConfigId, i64)> {
        let (config, version) = self.config.as_ref()?;
        let tool = &served.tool;
        let want = |said: &Approvals| said.want(&tool.definition.name, tool.effect_at_most().destructive());
        // Taking a tool out does not let it be called with less than before.
        let wanted = want(&self.options.approvals) || served.grace.as_ref().is_some_and(|grace| want(&grace.approvals));
        wanted.then_some((config, *version))
    }

    /// The tool of this name that is not listed any more and can be called at this moment.
    pub(crate) fn in_grace(&self, name: &str, now: Timestamp) -> Option<&ServedTool> {
        self.graced.iter().filter(|graced| graced.grace.until > now).find_map(|graced| graced.tools.get(name))
    }

    /// The served tool that a name was surely meant for.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.tools.keys().map(String::as_str))
    }

    /// How many tools are served.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tools.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }
}

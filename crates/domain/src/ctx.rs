//! Who asks, for which environment, until when. Everything that touches a user's data takes a [`Ctx`] first; only the
//! doors make one, each from a credential that names exactly one environment.

use crate::Timestamp;
use crate::id::{ApprovalId, AuthorizationId, ClientId, EnvironmentId, InstanceId, MemberId, RequestId, TokenId};
use std::sync::Arc;

/// The caller's right, carried through every call.
#[derive(Clone)]
pub struct Ctx {
    /// The environment whose rows may be seen. Every query has it in its condition.
    pub environment: EnvironmentId,
    /// Who is asking.
    pub actor: Actor,
    /// Names this request in logs, errors and the journal.
    pub request: RequestId,
    /// When the caller stops waiting.
    pub deadline: Timestamp,
    /// Whether the caller has given up.
    pub cancellation: Arc<dyn Cancellation>,
    /// Where to tell how far a long call has come.
    pub progress: Arc<dyn Progress>,
}

impl std::fmt::Debug for Ctx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ctx")
            .field("environment", &self.environment)
            .field("actor", &self.actor)
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

/// Who is asking: one variant for each kind of door.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// An API client with a token, and the client's version that the token was made under.
    Client(ClientId, i64),
    /// An agent at an MCP instance's URL.
    Instance(InstanceId),
    /// An agent with this session token at a static MCP URL.
    Session(TokenId),
    /// A person with an authorization link.
    Link(AuthorizationId),
    /// A person with the link of a call that waits for their word.
    Approval(ApprovalId),
    /// A member in the dashboard.
    Member(MemberId),
    /// The operator, at the command line.
    Operator,
    /// The server itself, on a schedule.
    System,
}

impl Actor {
    /// The kind and id as one text for the journal: `client:skc_..`, `operator`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Client(id, _) => format!("client:{id}"),
            Self::Instance(id) => format!("instance:{id}"),
            Self::Session(id) => format!("session:{id}"),
            Self::Link(id) => format!("link:{id}"),
            Self::Approval(id) => format!("approval:{id}"),
            Self::Member(id) => format!("member:{id}"),
            Self::Operator => "operator".into(),
            Self::System => "system".into(),
        }
    }
}

/// Tells whether the caller has given up. Effects that have begun are not stopped by it (refresh, outcomes).
pub trait Cancellation: Send + Sync {
    /// True once the caller no longer waits.
    fn cancelled(&self) -> bool;
}

/// Takes word of how far a long call has come.
pub trait Progress: Send + Sync {
    /// `done` of `total` (none if unknown), with a line for a person.
    fn report(&self, done: u64, total: Option<u64>, message: &str);

    /// The same of what an app counts, in whatever parts it likes. Who shows whole numbers shows what is whole of it.
    fn relay(&self, done: f64, total: Option<f64>, message: &str) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a double saturates")]
        let whole = |number: f64| number.max(0.0) as u64;
        self.report(whole(done), total.map(whole), message);
    }
}

/// A caller that waits until its deadline and listens to no progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct Detached;

impl Cancellation for Detached {
    fn cancelled(&self) -> bool {
        false
    }
}

impl Progress for Detached {
    fn report(&self, _: u64, _: Option<u64>, _: &str) {}
}

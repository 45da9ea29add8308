//! What was agreed on with a server, and how requests say so.

use crate::message::Id;
use crate::questions::QuestionKinds;
use crate::versions::MODERN;
use bytes::Bytes;
use http::header::HeaderValue;
use http::{HeaderMap, Request, Uri};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The id of the request that opens a server.
pub(crate) const OPENING: Id = 1;
/// The longest session id that is kept.
const LONGEST_ID: usize = 4_096;

/// What was agreed on with a server. It belongs to whose credential it was opened with: a server may know the user by it.
#[derive(Clone, Debug)]
pub struct Session {
    era: Era,
    /// The id of the next request: within a session no two have one, however many are under way at once.
    next: Arc<AtomicU64>,
}

#[derive(Clone, Debug)]
pub(crate) enum Era {
    /// Nothing is kept: each request says all.
    Modern,
    /// A revision, and the server's name for the session, if it keeps one.
    Legacy { version: &'static str, id: Option<HeaderValue> },
}

impl Session {
    fn new(era: Era) -> Self {
        Self { era, next: Arc::new(AtomicU64::new(OPENING + 1)) }
    }

    /// The modern era's, in which nothing is kept.
    pub(crate) fn modern() -> Self {
        Self::new(Era::Modern)
    }

    /// The id of the next request.
    pub(crate) fn next_id(&self) -> Id {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A legacy session, with the id that came with its opening.
    pub(crate) fn legacy(version: &'static str, answer: &HeaderMap) -> Self {
        let id = answer.get("mcp-session-id").filter(|id| id.len() <= LONGEST_ID).cloned();
        let id = id.map(|mut id| {
            id.set_sensitive(true);
            id
        });
        Self::new(Era::Legacy { version, id })
    }

    /// The revision that is spoken.
    #[must_use]
    pub const fn version(&self) -> &'static str {
        match &self.era {
            Era::Modern => MODERN,
            Era::Legacy { version, .. } => version,
        }
    }

    /// Whether it is of the modern era.
    #[must_use]
    pub const fn is_modern(&self) -> bool {
        matches!(self.era, Era::Modern)
    }

    /// Whether the server keeps one, and may end it.
    pub(crate) const fn is_named(&self) -> bool {
        matches!(&self.era, Era::Legacy { id: Some(_), .. })
    }

    /// The request that ends it at this address, where the server keeps one (2025-11-25, "Session Management"): it carries no
    /// credential yet.
    #[must_use]
    pub fn ending(&self, url: &Uri) -> Option<Request<Bytes>> {
        if !self.is_named() {
            return None;
        }
        let mut request = Request::delete(url.clone()).body(Bytes::new()).ok()?;
        self.mark(request.headers_mut());
        Some(request)
    }

    /// Whether both are what was agreed on in one opening.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.next, &other.next)
    }

    /// Whether nobody but who asks has it in hand.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        Arc::strong_count(&self.next) == 1
    }

    /// Adds what every request within it carries.
    pub(crate) fn mark(&self, headers: &mut HeaderMap) {
        headers.insert("mcp-protocol-version", HeaderValue::from_static(self.version()));
        if let Era::Legacy { id: Some(id), .. } = &self.era {
            headers.insert("mcp-session-id", id.clone());
        }
    }
}

/// Who we are, as servers want to know it.
pub(crate) fn client_info() -> Value {
    json!({ "name": "valetkey", "version": env!("CARGO_PKG_VERSION") })
}

/// What the modern era wants in every request's `_meta`. Nothing is offered but to ask the user what `kinds` says: what a
/// server would ask for beside that nobody could answer.
pub(crate) fn modern_meta(kinds: QuestionKinds) -> Map<String, Value> {
    [
        ("io.modelcontextprotocol/protocolVersion".to_owned(), MODERN.into()),
        ("io.modelcontextprotocol/clientInfo".to_owned(), client_info()),
        ("io.modelcontextprotocol/clientCapabilities".to_owned(), kinds.capabilities()),
    ]
    .into_iter()
    .collect()
}

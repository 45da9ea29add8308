//! What is wrong with a connector file, or with the catalogue.

use std::fmt;
use valetkey_domain::Kind;

/// Why a connector file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not YAML of the form that connector files have.
    #[error("{file}: {why}")]
    Unreadable {
        /// The name the file was given under.
        file: String,
        /// Line, column, path and reason.
        why: String,
        /// The line by itself, where that is known.
        line: Option<u64>,
    },
    /// The file is well formed, and something that it says is wrong.
    #[error("{file}: {}", join(.problems))]
    Wrong {
        /// The name the file was given under.
        file: String,
        /// Everything that was found, never only the first.
        problems: Vec<Problem>,
    },
    /// Another file of the catalogue has this connector already.
    #[error("{file}: the connector `{slug}` is there already; choose another name")]
    Taken {
        /// The name the file was given under.
        file: String,
        /// The connector's name.
        slug: String,
    },
}

impl Error {
    /// The canonical kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Unreadable { .. } | Self::Wrong { .. } => Kind::InvalidArgument,
            Self::Taken { .. } => Kind::AlreadyExists,
        }
    }
}

/// One thing that is wrong in a connector file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a path through the file: `tools.gmail_fetch_mails.input.query`.
    pub at: String,
    /// What is wrong and what would be right.
    pub why: String,
    /// The line in the file, where that is known.
    pub line: Option<u64>,
}

impl Problem {
    pub(crate) fn new(at: impl Into<String>, why: impl Into<String>) -> Self {
        Self { at: at.into(), why: why.into(), line: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}, at {}: {}", self.at, self.why),
            None => write!(f, "{}: {}", self.at, self.why),
        }
    }
}

fn join(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

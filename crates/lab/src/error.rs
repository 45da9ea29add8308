//! What can go wrong with the lab itself. Refusals that it plays are answers, not errors.

use std::path::PathBuf;
use valetkey_domain::Kind;

/// A failure of the lab, as opposed to a refusal that it plays.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The state file could not be read or written.
    #[error("the lab could not {doing} its state file {}: {source}; check that the folder is there and writable", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `write`.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The state file is not one of this lab's.
    #[error("{} is no state file of this lab ({why}); move it away and the lab begins again from its seed", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// The URL under which the lab is reached is no origin.
    #[error("the lab's base URL {0:?} is not of the form http://host:port")]
    BaseUrl(String),
    /// Something that is packed into the binary does not fit its reader: a defect.
    #[error("a part that is packed with the lab cannot be read: {0}")]
    Packed(String),
    /// The system gave no random bytes.
    #[error("the system's random source does not answer: {0}")]
    Random(String),
}

impl Error {
    /// What sort of failure it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::File { .. } => Kind::Unavailable,
            Self::State { .. } => Kind::FailedPrecondition,
            Self::BaseUrl(_) => Kind::InvalidArgument,
            Self::Packed(_) | Self::Random(_) => Kind::Internal,
        }
    }
}

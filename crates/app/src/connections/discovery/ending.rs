//! How finding out ended.

use crate::Error;
use crate::in_flight::End;
use valetkey_domain::Kind;

/// How finding out ended, for those who waited.
#[derive(Clone, Debug)]
pub(crate) enum DiscoveryEnd {
    /// The connection's row has what was found, or was changed by somebody else.
    Settled,
    /// It was not found out, of this kind and in these words.
    Failed(Kind, String),
}

impl DiscoveryEnd {
    /// The failure, for a caller to be told.
    pub(super) fn told(self) -> Result<(), Error> {
        match self {
            Self::Settled => Ok(()),
            Self::Failed(kind, message) => Err(Error::new(kind, message)),
        }
    }
}

impl End for DiscoveryEnd {
    fn broken() -> Self {
        Self::Failed(Kind::Internal, "finding out how people sign in failed: try again".into())
    }
}

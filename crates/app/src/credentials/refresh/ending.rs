//! How a refresh ended.

use crate::in_flight::End;

/// How a refresh ended, for those who waited. The lease in the database keeps two refreshes apart; that callers of one
/// process wait for the same (`in_flight`) keeps them from asking for a second one at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefreshEnd {
    /// The row says how it stands now: with new tokens, or out of service.
    Settled,
    /// Nothing has changed, for this reason; it may go better later.
    Later(String),
    /// The provider refuses for now, in these sentences; a new sign-in may help.
    Refused(String),
    /// Nothing was asked, for the connection lacks something: what, and who gives it.
    Unready(String),
}

impl End for RefreshEnd {
    fn broken() -> Self {
        Self::Later("refreshing failed: try again".into())
    }
}

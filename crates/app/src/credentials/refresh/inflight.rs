//! Who waits for which refresh. The lease in the database keeps two refreshes apart; this keeps callers of one
//! process from asking for a second one at all, and gives all of them the same ending.

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use valetkey_domain::id::AccountId;

/// How a refresh ended, for those who waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RefreshEnd {
    /// The row says how it stands now: with new tokens, or out of service.
    Settled,
    /// Nothing has changed, for this reason; it may go better later.
    Later(String),
    /// The provider refuses for now, in these sentences; a new sign-in may help.
    Refused(String),
    /// Nothing was asked, for the connection lacks something: what, and who gives it.
    Unready(String),
}

type Ending = Shared<BoxFuture<'static, RefreshEnd>>;

/// The refreshes under way in this process.
#[derive(Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashMap<AccountId, Ending>>>);

impl InFlight {
    /// Waits for the refresh of the account: the one that is under way, else this one. It goes on if the caller
    /// is dropped.
    pub(super) async fn join_or_start(
        &self,
        tasks: &TaskTracker,
        account: &AccountId,
        refresh: impl Future<Output = RefreshEnd> + Send + 'static,
    ) -> RefreshEnd {
        let ending = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(account.clone()).or_insert_with(|| self.start(tasks, account, refresh)).clone()
        };
        ending.await
    }

    /// Waits for the refresh of an account that is under way in this process; none if there is none.
    pub(super) async fn join(&self, account: &AccountId) -> Option<RefreshEnd> {
        let ending = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(account).cloned()?;
        Some(ending.await)
    }

    fn start(
        &self,
        tasks: &TaskTracker,
        account: &AccountId,
        refresh: impl Future<Output = RefreshEnd> + Send + 'static,
    ) -> Ending {
        let leave = Leave { all: self.clone(), account: account.clone() };
        let refreshing = async move {
            let _leave = leave;
            refresh.await
        };
        let task = tasks.spawn(refreshing.in_current_span());
        let ending = task.map(|done| done.unwrap_or_else(|_| RefreshEnd::Later("refreshing failed: try again".into())));
        ending.boxed().shared()
    }
}

impl std::fmt::Debug for InFlight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InFlight(..)")
    }
}

/// Takes a refresh off the list when it is over, even if it panics.
struct Leave {
    all: InFlight,
    account: AccountId,
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.account);
    }
}

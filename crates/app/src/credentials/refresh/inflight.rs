//! Who waits for which refresh. The lease in the database keeps two refreshes apart; this keeps callers of one
//! process from asking for a second one at all, and gives all of them the same ending.

use super::decide::Ended;
use super::exchange::Job;
use crate::App;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::Instrument as _;
use valetkey_domain::id::AccountId;

type Ending = Shared<BoxFuture<'static, Ended>>;

/// The refreshes under way in this process.
#[derive(Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashMap<AccountId, Ending>>>);

impl InFlight {
    /// Waits for the refresh of the job's account: the one that is under way, else this one. It goes on if the caller
    /// is dropped.
    pub(super) async fn join_or_start(&self, app: &App, job: Job) -> Ended {
        let ending = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(job.account().clone()).or_insert_with(|| self.start(app, job)).clone()
        };
        ending.await
    }

    /// Waits for the refresh of an account that is under way in this process; none if there is none.
    pub(super) async fn join(&self, account: &AccountId) -> Option<Ended> {
        let ending = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(account).cloned()?;
        Some(ending.await)
    }

    fn start(&self, app: &App, job: Job) -> Ending {
        let leave = Leave { all: self.clone(), account: job.account().clone() };
        let refreshing = async move {
            let _leave = leave;
            job.run().await
        };
        let task = app.core.tasks.spawn(refreshing.in_current_span());
        let ending = task.map(|done| done.unwrap_or_else(|_| Ended::Later("refreshing failed: try again".into())));
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

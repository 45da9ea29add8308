//! The sessions that are kept, in memory and within bounds.

use moka::future::Cache;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::id::AccountId;
use valetkey_upstream::Session;

/// How many sessions are kept, and for how long without use.
const MOST_SESSIONS: u64 = 20_000;
const IDLE: Duration = Duration::from_secs(10 * 60);
/// How many of one account are ended: one for each server that its connection led to.
const MOST_OF_ACCOUNT: usize = 8;
/// How many are ended at once.
const AT_ONCE: usize = 16;

/// Whose session, or list of tools, and of which server: of another person who signs in on the same account it is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    account: AccountId,
    subject: Option<String>,
    pub(super) address: String,
}

impl Key {
    pub(crate) fn of(account: &ConnectedAccount, address: &str) -> Self {
        Self { account: account.id.clone(), subject: account.subject.clone(), address: address.to_owned() }
    }
}

/// The sessions that are kept.
pub(crate) struct RemoteSessions {
    kept: Cache<Key, Session>,
    /// Turns to end one.
    pub(super) ending: Arc<Semaphore>,
}

impl Default for RemoteSessions {
    fn default() -> Self {
        let kept = Cache::builder().max_capacity(MOST_SESSIONS).time_to_idle(IDLE).build();
        Self { kept, ending: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl RemoteSessions {
    /// The session that was opened for an account before.
    pub(crate) async fn get(&self, key: &Key) -> Option<Session> {
        self.kept.get(key).await
    }

    /// Keeps a session, or forgets it. Gives the one that it takes the place of.
    pub(super) async fn put(&self, key: &Key, session: Option<&Session>) -> Option<Session> {
        let before = self.kept.get(key).await;
        match session {
            Some(session) => self.kept.insert(key.clone(), session.clone()).await,
            None => self.kept.invalidate(key).await,
        }
        let replaced = before.filter(|before| session.is_some_and(|now| !before.is_same(now)));
        if replaced.is_some() {
            // What the cache still holds of it would look like somebody who uses it.
            self.kept.run_pending_tasks().await;
        }
        replaced
    }

    /// Those of an account, which are kept no longer.
    pub(super) async fn take(&self, account: &AccountId) -> Vec<(Key, Session)> {
        let of_it = self.kept.iter().filter(|(key, _)| key.account == *account);
        let found: Vec<_> = of_it.take(MOST_OF_ACCOUNT).map(|(key, session)| ((*key).clone(), session)).collect();
        for (key, _) in &found {
            self.kept.invalidate(key).await;
        }
        found
    }
}

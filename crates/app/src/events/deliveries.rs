//! Which webhooks this process is telling: each in one task at a time.

use super::rests::Rests;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use valetkey_domain::id::WebhookId;

/// How many webhooks this process tells at once.
const WEBHOOKS: usize = 32;

/// The webhooks that this process is telling, and those that it lets rest.
#[derive(Clone, Default)]
pub struct Deliveries {
    busy: Arc<Mutex<BTreeSet<WebhookId>>>,
    pub(super) rests: Rests,
}

/// That a webhook is being told, until this is dropped.
pub(super) struct Busy(Deliveries, WebhookId);

impl Deliveries {
    /// None if it is being told already, or too many are.
    pub(super) fn begin(&self, webhook: &WebhookId) -> Option<Busy> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        (busy.len() < WEBHOOKS && busy.insert(webhook.clone())).then(|| Busy(self.clone(), webhook.clone()))
    }

    /// Whether none is being told.
    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

//! Which webhooks this process is telling: each in one task at a time.

use super::rests::Rests;
use crate::at_work::AtWork;
use valetkey_domain::id::WebhookId;

/// How many webhooks this process tells at once.
const WEBHOOKS: usize = 32;

/// The webhooks that this process is telling, and those that it lets rest.
#[derive(Clone)]
pub struct Deliveries {
    pub(super) at_work: AtWork<WebhookId>,
    pub(super) rests: Rests,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self { at_work: AtWork::of(WEBHOOKS), rests: Rests::default() }
    }
}

//! Which webhooks this process is telling: each in one task at a time, and all that have something due at once, so that no
//! environment's slow receivers hold up another's. An environment has few of them ([`webhooks`](super::webhooks)).

use super::rests::Rests;
use crate::at_work::AtWork;
use valetkey_domain::id::WebhookId;

/// The webhooks that this process is telling, and those that it lets rest.
#[derive(Clone, Default)]
pub struct Deliveries {
    pub(super) at_work: AtWork<WebhookId>,
    pub(super) rests: Rests,
}

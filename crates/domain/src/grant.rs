//! Grants: an agent that was let in at an instance's URL because the instance's user signed in for it.

use crate::Timestamp;
use crate::id::{GrantId, InstanceId};

/// What stands for all tokens that one sign-in has led to: they end with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// Whose URL it opens.
    pub instance: InstanceId,
    /// The generation of that URL when the user signed in; it opens no other.
    pub url_generation: i64,
    /// What the agent calls itself.
    pub client: String,
    /// Which of its handles is taken next: 1 is the authorization code, each refresh token after it has the next number.
    /// Whoever brings an earlier one repeats what was used.
    pub turn: i64,
    /// When it ends, unless a handle is used before.
    pub expires_at: Timestamp,
    /// When the user signed in.
    pub created_at: Timestamp,
}

impl Grant {
    /// The number of the authorization code.
    pub const CODE: i64 = 1;

    /// Whether access tokens may have been given for it, and it has not ended.
    #[must_use]
    pub fn lives(&self, now: Timestamp) -> bool {
        self.turn > Self::CODE && now < self.expires_at
    }
}

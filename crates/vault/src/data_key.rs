//! Data keys: what each is for, and whom it serves. [`crate::seal`] has what they do.

use crate::parts::{derive, mac_key};
use crate::{Error, random};
use aws_lc_rs::hmac;
use std::sync::OnceLock;
use valetkey_domain::id::{DataKeyId, EnvironmentId};
use zeroize::Zeroizing;

/// What a data key is for. One key serves one purpose in one environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Users' tokens.
    Credential,
    /// OAuth clients' secrets.
    Client,
    /// What signs webhooks.
    Webhook,
    /// The private halves of signing keys.
    Signing,
    /// What lasts for minutes: PKCE verifiers of consents, and the rest of long answers.
    Flow,
    /// The MACs of instance URLs.
    Url,
    /// The MACs of rows that let somebody in: API clients, members and what they are signed in by.
    Row,
    /// The journal's chain.
    Journal,
    /// The seal of one backup file; it rests in that file and nowhere else.
    Backup,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Credential,
        Self::Client,
        Self::Webhook,
        Self::Signing,
        Self::Flow,
        Self::Url,
        Self::Row,
        Self::Journal,
        Self::Backup,
    ];

    /// The purpose of this word; none if there is no such.
    #[must_use]
    pub fn from_name(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == word)
    }

    /// The word stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Client => "client",
            Self::Webhook => "webhook",
            Self::Signing => "signing",
            Self::Flow => "flow",
            Self::Url => "url",
            Self::Row => "row",
            Self::Journal => "journal",
            Self::Backup => "backup",
        }
    }
}

/// A key that seals values, opened. Wiped when dropped.
pub struct DataKey {
    id: DataKeyId,
    environment: String,
    purpose: Purpose,
    generation: i64,
    key: Zeroizing<[u8; 32]>,
    /// The key made ready for MACs, and the one that it makes digests with: once they are needed, for as long as it is held. The
    /// library wipes them, too.
    macs: OnceLock<hmac::Key>,
    digests: OnceLock<hmac::Key>,
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataKey").field("id", &self.id).field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

impl DataKey {
    /// A new key.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn generate(
        id: DataKeyId,
        environment: Option<&EnvironmentId>,
        purpose: Purpose,
        generation: i64,
    ) -> Result<Self, Error> {
        let environment = environment.map(EnvironmentId::to_string).unwrap_or_default();
        Ok(Self::from_parts(id, environment, purpose, generation, Zeroizing::new(random::bytes()?)))
    }

    pub(crate) fn from_parts(
        id: DataKeyId,
        environment: String,
        purpose: Purpose,
        generation: i64,
        key: Zeroizing<[u8; 32]>,
    ) -> Self {
        Self { id, environment, purpose, generation, key, macs: OnceLock::new(), digests: OnceLock::new() }
    }

    /// Its id, which every value sealed under it names.
    #[must_use]
    pub fn id(&self) -> &DataKeyId {
        &self.id
    }

    /// The environment it serves; empty if all share it.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// What it is for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Which in the row of its purpose's keys it is.
    #[must_use]
    pub fn generation(&self) -> i64 {
        self.generation
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.key
    }

    /// It, to make MACs with.
    pub(crate) fn macs(&self) -> &hmac::Key {
        self.macs.get_or_init(|| mac_key(&self.key))
    }

    /// A key of its own, to make digests with.
    ///
    /// # Errors
    /// The library failed.
    pub(crate) fn digests(&self) -> Result<&hmac::Key, Error> {
        if let Some(key) = self.digests.get() {
            return Ok(key);
        }
        let derived = derive(&self.key, b"valetkey digest", self.purpose.as_str().as_bytes())?;
        Ok(self.digests.get_or_init(|| mac_key(&derived)))
    }
}

//! What can go wrong with a key or a sealed value. No message holds any of either.

use valetkey_domain::Kind;
use valetkey_domain::id::DataKeyId;

/// A failure of the vault.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Text that is not a root key.
    #[error("a root key is 32 bytes, as 64 hexadecimal digits or as base64; `openssl rand -base64 32` makes one")]
    NoRootKey,
    /// The root key does not belong to this database.
    #[error(
        "the root key does not fit this database: it was sealed under root key {sealed_under}, this is {given}. \
         Start with the key that belongs to it; nothing was changed"
    )]
    WrongRootKey {
        /// The fingerprint the database names.
        sealed_under: String,
        /// The fingerprint of the key that was given.
        given: String,
    },
    /// A wrapped key or sealed value that is damaged, or was moved from another place.
    #[error("a sealed value does not open in its place ({what}): it was damaged, or moved there from elsewhere")]
    DoesNotOpen {
        /// `table.column`, or which key.
        what: String,
    },
    /// Bytes that are no sealed value at all.
    #[error("these bytes are not a sealed value of a known format")]
    NotSealed,
    /// The key at hand is not the one that sealed the value.
    #[error("the value was sealed under data key {wanted}, not {given}")]
    OtherKey {
        /// The key it names.
        wanted: DataKeyId,
        /// The key at hand.
        given: DataKeyId,
    },
    /// A token that is not one of ours, for us, and valid now. The reason is for the log alone.
    #[error("the token is not valid: {0}")]
    Token(String),
    /// A token that names a signing key which is not at hand.
    #[error("the token is not valid: unknown kid")]
    UnknownKey,
    /// What a KMS answered cannot be used.
    #[error("the KMS gave {0}")]
    Kms(&'static str),
    /// The cryptographic library refused something that cannot fail.
    #[error("the cryptographic library failed: {0}")]
    Library(&'static str),
}

impl Error {
    /// What sort of failure it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Token(_) | Self::UnknownKey => Kind::Unauthenticated,
            Self::NoRootKey | Self::WrongRootKey { .. } | Self::Kms(_) => Kind::FailedPrecondition,
            _ => Kind::Internal,
        }
    }
}

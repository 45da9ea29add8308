//! Everything cryptographic: envelope encryption, MACs of instance URLs, signatures of our tokens, the
//! journal's chain, hashes of bearer secrets. Owns aws-lc-rs and jsonwebtoken; does no I/O and knows no database.
//!
//! Keys, nonces and bearer secrets are drawn from the system's source and nowhere else. Read [`root`] first (what
//! protects what), then [`seal`].

pub mod assertion;
pub mod chain;
mod data_key;
mod error;
pub mod jwt;
pub mod link;
pub mod page;
mod parts;
pub mod password;
pub mod random;
pub mod root;
pub mod row_mac;
pub mod seal;
pub mod transit;
pub mod url;
pub mod webhook;

pub use data_key::{DataKey, Purpose};
pub use error::Error;
pub use root::{RootKey, Wrapped};
pub use seal::{Holder, Place, key_of};

/// SHA-256, for bearer secrets at rest: they have 256 random bits, so a slow hash would add nothing but load.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    hash
}

/// SHA-256 of what comes in pieces.
pub struct Sha256(aws_lc_rs::digest::Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self(aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256))
    }
}

impl Sha256 {
    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The hash of all pieces.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.0.finish().as_ref());
        hash
    }
}

/// Whether two byte strings are the same, in a time that does not depend on where they differ.
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    use subtle::ConstantTimeEq;
    one.ct_eq(other).into()
}

//! A secret as it rests in the database: ciphertext whose key, place and audience the vault checks on opening.

/// The bytes of a sealed value. Only the vault makes or opens one.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

//! The one type for what must not be seen: no text in `Debug`, no `Serialize`, no `Clone`, no comparison, wiped when
//! dropped. [`Secret::expose`] is the one opener; a reviewer searches for that word.

use secrecy::{ExposeSecret, SecretBox};
use std::fmt;
use zeroize::Zeroize;

/// A value that leaves no trace of itself.
pub struct Secret<T: Zeroize + ?Sized>(SecretBox<T>);

impl<T: Zeroize + ?Sized> Secret<T> {
    /// The value itself. Keep the borrow short and pass it to nothing that logs.
    pub fn expose(&self) -> &T {
        self.0.expose_secret()
    }
}

impl From<String> for Secret<str> {
    fn from(value: String) -> Self {
        Self(SecretBox::new(value.into_boxed_str()))
    }
}

impl From<&str> for Secret<str> {
    fn from(value: &str) -> Self {
        Self(SecretBox::new(value.into()))
    }
}

impl From<Vec<u8>> for Secret<[u8]> {
    fn from(value: Vec<u8>) -> Self {
        Self(SecretBox::new(value.into_boxed_slice()))
    }
}

impl Secret<str> {
    /// A second holder of the same secret; spelled out because every copy is one more to lose.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self::from(self.expose())
    }

    /// The same text as bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.expose().as_bytes()
    }
}

impl<T: Zeroize + ?Sized> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::<str>::from("hunter2")), "Secret(..)");
    }
}

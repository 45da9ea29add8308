//! What ids and names have in common: a checked text that is read with `parse` and shown as it is.

/// Gives a one-field type over `Box<str>` its text, its `Display`, and its way through `String`, read by the function
/// that is named.
macro_rules! text {
    ($name:ident, $invalid:ty, $read:ident) => {
        impl $name {
            /// The text, as it passed its rule.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $invalid;
            fn try_from(text: String) -> Result<Self, $invalid> {
                Self::$read(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0.into()
            }
        }
    };
}
pub(crate) use text;

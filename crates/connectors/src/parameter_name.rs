//! Names of parameters, members and tools, as every app and every model vendor takes them.

/// A letter or digit of ASCII, `_` or `-`.
pub(crate) const fn fits(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// Whether it is such a name, of any length but none.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(fits)
}

//! Where a value is in a request, as a chain back to the request itself: nothing is written down until a rule is broken
//! there, for a request has more places than anybody wants to read.

use std::fmt;

/// A place in a request.
#[derive(Clone, Copy)]
pub(super) enum FieldPath<'a> {
    /// The request itself.
    Request,
    /// A field of the message at a place.
    Field(&'a FieldPath<'a>, &'a str),
    /// An item of the list at a place.
    Item(&'a FieldPath<'a>, usize),
    /// What the map at a place has under this key.
    Entry(&'a FieldPath<'a>, &'a str),
}

impl fmt::Display for FieldPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => Ok(()),
            Self::Field(Self::Request, name) => f.write_str(name),
            Self::Field(of, name) => write!(f, "{of}.{name}"),
            Self::Item(of, index) => write!(f, "{of}[{index}]"),
            Self::Entry(of, key) => write!(f, "{of}[{}]", key.chars().take(40).collect::<String>()),
        }
    }
}

//! What may go into a statement and come out of a column: the intersection of SQLite's and PostgreSQL's types that the
//! schema uses.

use valetkey_domain::{Sealed, Timestamp, id, name, time};

/// One value of a statement or a column. Times are milliseconds, truth is 0 or 1, JSON is text.
#[derive(Clone, Hash, PartialEq, Eq)]
pub enum Arg {
    /// No value.
    Null,
    /// UTF-8 text.
    Text(String),
    /// A 64-bit integer.
    Integer(i64),
    /// Bytes: hashes and sealed values.
    Bytes(Vec<u8>),
}

impl Arg {
    /// How many bytes it takes.
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Null => 0,
            Self::Text(text) => text.len(),
            Self::Integer(_) => 8,
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// The text; none if it is none.
    pub(crate) fn into_text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The integer; none if it is none.
    pub(crate) fn into_integer(self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(number) } else { None }
    }

    /// The bytes; none if they are none.
    pub(crate) fn into_bytes(self) -> Option<Vec<u8>> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

/// The type alone: a value may be personal.
impl std::fmt::Debug for Arg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Text(_) => "Text(..)",
            Self::Integer(_) => "Integer(..)",
            Self::Bytes(_) => "Bytes(..)",
        })
    }
}

/// Builds the arguments of a statement: `args![&ctx.environment, id, 3]`.
macro_rules! args {
    ($($value:expr),* $(,)?) => { [$($crate::Arg::from($value)),*] };
}
pub(crate) use args;

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&String> for Arg {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Arg {
    fn from(value: bool) -> Self {
        Self::Integer(value.into())
    }
}

impl From<Timestamp> for Arg {
    fn from(value: Timestamp) -> Self {
        Self::Integer(time::to_millis(value))
    }
}

impl From<&[u8]> for Arg {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl From<&[u8; 32]> for Arg {
    fn from(value: &[u8; 32]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl From<&Vec<u8>> for Arg {
    fn from(value: &Vec<u8>) -> Self {
        Self::Bytes(value.clone())
    }
}

impl From<&Sealed> for Arg {
    fn from(value: &Sealed) -> Self {
        Self::Bytes(value.0.clone())
    }
}

impl<T: Into<Self>> From<Option<T>> for Arg {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! from_words {
    ($($name:path),* $(,)?) => {$(
        impl From<&$name> for Arg {
            fn from(value: &$name) -> Self {
                Self::Text(value.as_str().into())
            }
        }
    )*};
}

from_words!(
    id::EnvironmentId,
    id::ClientId,
    id::ApprovalId,
    id::GrantId,
    id::ClientSecretId,
    id::ConnectionId,
    id::OrganizationId,
    id::ProviderId,
    id::AccountId,
    id::AuthorizationId,
    id::ClosingId,
    id::RevocationId,
    id::ConfigId,
    id::InstanceId,
    id::RecordId,
    id::SegmentId,
    id::DataKeyId,
    id::SigningKeyId,
    id::ProcessId,
    id::RequestId,
    id::MemberId,
    id::SessionId,
    id::EventId,
    id::WebhookId,
    name::ConnectionName,
    name::ConfigName,
    name::InstanceName,
    name::Identifier,
    name::MemberName,
);

#[cfg(test)]
mod tests {
    #[test]
    fn debug_shows_no_value() {
        let text = format!("{:?}", args!["ann@example.com", 7, b"hash".as_slice(), None::<&str>]);
        assert_eq!(text, "[Text(..), Integer(..), Bytes(..), Null]");
    }
}

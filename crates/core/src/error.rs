//! The one error that leaves this room. What a caller may read and what went wrong inside are two different things:
//! surfaces show [`Error::message`], the log gets the source.

use std::fmt;
use valetkey_domain::Kind;
use valetkey_domain::id::{InvalidId, RecordId};
use valetkey_domain::name::InvalidName;

/// What a use case returns.
pub type Result<T> = std::result::Result<T, Error>;

/// A use case that failed: kind, code and message for the caller, cause for the log.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    code: &'static str,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    undecided: Option<RecordId>,
}

impl Error {
    /// A failure of this kind; the message says what is wrong, where, and what to do.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, code: kind.name(), message: message.into(), source: None, undecided: None }
    }

    /// The request can never work as it stands.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidArgument, message)
    }

    /// There is no such thing, or none that this caller may know of: the two must read the same.
    pub fn not_found(what: &str, name: impl fmt::Display) -> Self {
        Self::new(Kind::NotFound, format!("{what} '{name}' not found"))
    }

    /// The same, with the name that was probably meant.
    #[must_use]
    pub fn meant(self, near: Option<&str>) -> Self {
        let Some(near) = near else { return self };
        Self { message: format!("{}; did you mean '{near}'?", self.message), ..self }
    }

    /// A defect of ours: the caller learns only that, the log learns the cause.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = "an internal error; the server's log has the cause under this request's id";
        Self { source: Some(source.into()), ..Self::new(Kind::Internal, message) }
    }

    /// The same with another `error_code` on the wire.
    #[must_use]
    pub fn with_code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    /// The same with its cause, for the log.
    #[must_use]
    pub fn because(self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// The same of a change that may have been made all the same: then this record of it is there.
    #[must_use]
    pub fn unless_recorded(self, record: RecordId) -> Self {
        Self { undecided: Some(record), ..self }
    }

    /// The record that tells whether the change was made all the same, where that is not known.
    #[must_use]
    pub fn undecided(&self) -> Option<&RecordId> {
        self.undecided.as_ref()
    }

    /// What sort of failure it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The `error_code` on the wire.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What the caller may read.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<InvalidId> for Error {
    fn from(error: InvalidId) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<InvalidName> for Error {
    fn from(error: InvalidName) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<valetkey_storage::Error> for Error {
    fn from(error: valetkey_storage::Error) -> Self {
        match error.kind() {
            Kind::Internal => Self::internal(error),
            kind => Self::new(kind, error.public()).because(error),
        }
    }
}

impl From<valetkey_vault::Error> for Error {
    fn from(error: valetkey_vault::Error) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn a_caller_is_not_told_where_the_database_is_and_the_log_is() {
        let path = std::path::PathBuf::from("/srv/secret/valetkey.db");
        let error = Error::from(valetkey_storage::Error::Locked { path });
        assert!(!error.message().contains("secret"), "{error}");
        assert!(error.source().unwrap().to_string().contains("/srv/secret/valetkey.db"));
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}

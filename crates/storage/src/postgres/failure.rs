//! What the driver's and the server's failures mean, in our words. The server's own words are kept out of them: they
//! quote values, users and hosts.

use crate::Error;
use deadpool::managed::{PoolError, TimeoutType};
use sqlx::postgres::PgDatabaseError;
use std::io;

/// No connection was to be had: all are lent, or none could be opened.
pub(super) fn on_acquiring(name: &str, error: &PoolError<sqlx::Error>) -> Error {
    match error {
        PoolError::Timeout(TimeoutType::Wait) => Error::Busy,
        PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle) => unreachable(name),
        PoolError::Backend(error) => on_connecting(name, error),
        PoolError::Closed => Error::Closed,
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Error::Defect { message: error.to_string() },
    }
}

/// A connection could not be opened.
pub(super) fn on_connecting(name: &str, error: &sqlx::Error) -> Error {
    match meaning(name, error) {
        Error::Broken { database, message } => Error::Unreachable { database, message },
        other => other,
    }
}

/// A connection could not be opened in time.
pub(super) fn unreachable(name: &str) -> Error {
    Error::Unreachable { database: name.into(), message: "no answer".into() }
}

/// The connection was lost, or its answer.
pub(super) fn no_answer(name: &str) -> Error {
    Error::Broken { database: name.into(), message: "no answer".into() }
}

/// What a failure of the driver's is.
pub(super) fn meaning(name: &str, error: &sqlx::Error) -> Error {
    let broken = |message: String| Error::Broken { database: name.into(), message };
    match error {
        sqlx::Error::Database(cause) => match cause.try_downcast_ref::<PgDatabaseError>() {
            Some(cause) => from_code(name, cause.code(), cause),
            None => broken("the server refused".into()),
        },
        sqlx::Error::Io(cause) => broken(io_message(cause)),
        sqlx::Error::Tls(_) => broken("no TLS connection can be made: check sslmode and sslrootcert in the URL".into()),
        other => Error::Defect { message: other.to_string() },
    }
}

/// What the system said about a connection; it names neither host nor user.
fn io_message(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => "the connection was closed".into(),
        _ => cause.to_string(),
    }
}

/// By the server's code (PostgreSQL's appendix A).
fn from_code(name: &str, code: &str, cause: &PgDatabaseError) -> Error {
    let database = || name.to_owned();
    match code {
        "23505" => Error::Conflict { on: columns(cause.detail().unwrap_or_default()) },
        "23503" => Error::Referenced,
        "22021" => Error::Text,
        "25P03" => Error::Idle,
        "40001" | "40P01" => Error::Contended,
        "57014" | "55P03" => Error::TimedOut { database: database() },
        "25006" => Error::Standby { database: database() },
        "53100" => Error::Full { database: database() },
        "53300" => Error::TooMany { database: database() },
        "28P01" | "28000" => Error::SignIn { database: database() },
        "3D000" => Error::NoDatabase { database: database() },
        "42501" => Error::Denied { database: database() },
        "58030" | "XX001" | "XX002" => Error::Damaged { database: database(), code: code.into() },
        "08P01" => defect(cause),
        // A database that takes no connections for a while.
        _ if code == "55000" || code.starts_with("08") || code.starts_with("57P") || code.starts_with("53") => {
            let message = format!("the server says {code}");
            Error::Broken { database: database(), message }
        }
        _ => defect(cause),
    }
}

/// A statement of ours is wrong. The first line of the server's message speaks of the statement; its detail would speak
/// of values.
fn defect(cause: &PgDatabaseError) -> Error {
    Error::Defect { message: format!("{}: {}", cause.code(), cause.message()) }
}

/// `Key (environment_id, name)=(env_1, mail) already exists.` as a caller may read it: `name`. Whatever the server's
/// language, the columns stand in the first parentheses. The environment goes without saying.
fn columns(detail: &str) -> String {
    let names = detail.split_once('(').and_then(|(_, rest)| rest.split_once(")=(")).map_or("key", |(names, _)| names);
    names.split(", ").filter(|name| *name != "environment_id").collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_names_columns_and_no_values_in_any_language() {
        for detail in [
            "Key (environment_id, identifier, name)=(env_1, ann, (x)=(y)) already exists.",
            "Schlüssel »(environment_id, identifier, name)=(env_1, ann, x)« existiert bereits.",
        ] {
            assert_eq!(columns(detail), "identifier, name");
        }
        assert_eq!(columns(""), "key");
    }

    #[test]
    fn nobody_answers() {
        let refused = sqlx::Error::Io(io::Error::from(io::ErrorKind::ConnectionRefused));
        let error = on_connecting("PostgreSQL database 'd'", &refused);
        assert!(matches!(error, Error::Unreachable { .. }), "{error}");
        assert_eq!(error.kind(), valetkey_domain::Kind::Unavailable);
    }
}

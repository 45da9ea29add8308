//! The database file, and what the driver's failures mean for it.

use crate::Error;
use rusqlite::{ErrorCode, ffi};
use std::path::PathBuf;

/// The file behind a store.
#[derive(Debug)]
pub(crate) struct DatabaseFile {
    /// The database file.
    pub(crate) path: PathBuf,
    /// False for a temporary database, which goes with the store.
    pub(crate) lasting: bool,
}

impl DatabaseFile {
    /// The file as messages name it.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Says a failure of the driver in our words.
    pub(crate) fn failure(&self, error: &rusqlite::Error) -> Error {
        let path = self.path.clone();
        match error {
            rusqlite::Error::SqliteFailure(cause, message) => match cause.code {
                ErrorCode::ConstraintViolation => broken_rule(cause.extended_code, message.as_deref()),
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Locked { path },
                ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Error::ReadOnly { path },
                ErrorCode::DiskFull => Error::Full { database: self.name() },
                ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => Error::NotADatabase { path },
                ErrorCode::SystemIoFailure => Error::Disk { path, message: cause.to_string() },
                ErrorCode::CannotOpen => Error::Location { path, message: cause.to_string() },
                _ => defect(error),
            },
            _ => defect(error),
        }
    }
}

/// Which rule of the schema a row broke. SQLite names the columns in its message; values are never in it.
fn broken_rule(extended: i32, message: Option<&str>) -> Error {
    let message = message.unwrap_or_default();
    match extended {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
            Error::Conflict { on: columns(message.strip_prefix("UNIQUE constraint failed: ").unwrap_or(message)) }
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Error::Referenced,
        _ => Error::Defect { message: message.into() },
    }
}

/// `mcp_configs.environment_id, mcp_configs.name` as a caller may read it: `name`. The environment goes without saying.
fn columns(rule: &str) -> String {
    let names = rule.split(", ").map(|column| column.rsplit('.').next().unwrap_or(column));
    names.filter(|name| *name != "environment_id").collect::<Vec<_>>().join(", ")
}

fn defect(error: &rusqlite::Error) -> Error {
    Error::Defect { message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_domain::Kind;

    fn say(code: i32) -> Error {
        let file = DatabaseFile { path: "/data/valetkey.db".into(), lasting: true };
        file.failure(&rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }

    #[test]
    fn a_conflict_names_columns_and_neither_tables_nor_values() {
        let message =
            "UNIQUE constraint failed: mcp_instances.environment_id, mcp_instances.identifier, mcp_instances.name";
        let file = DatabaseFile { path: "/data/valetkey.db".into(), lasting: true };
        let cause = ffi::Error::new(ffi::SQLITE_CONSTRAINT_UNIQUE);
        let error = file.failure(&rusqlite::Error::SqliteFailure(cause, Some(message.into())));
        assert_eq!(error.to_string(), "there is already one with the same identifier, name");
        assert_eq!(error.kind(), Kind::AlreadyExists);
    }

    #[test]
    fn each_fault_names_the_file_and_what_to_do() {
        for (code, part) in [
            (ffi::SQLITE_BUSY, "end it and try again"),
            (ffi::SQLITE_READONLY, "writable"),
            (ffi::SQLITE_FULL, "make room"),
            (ffi::SQLITE_IOERR, "check the disk"),
            (ffi::SQLITE_CANTOPEN, "belongs to this user"),
        ] {
            let error = say(code);
            let text = error.to_string();
            assert!(text.contains(part) && text.contains("/data/valetkey.db"), "{text}");
            assert_eq!(error.kind(), Kind::Unavailable, "{text}");
        }
        assert!(matches!(say(ffi::SQLITE_CORRUPT), Error::NotADatabase { .. }));
    }
}

//! What can go wrong with the database, each with what to do about it.

use std::path::PathBuf;
use valetkey_domain::Kind;

/// A failure of the database. No message holds a value of a row.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A unique rule was broken.
    #[error("there is already one with the same {on}")]
    Conflict {
        /// The columns of the rule (`identifier, name`), without the environment's.
        on: String,
    },
    /// A page token that no list ever gave.
    #[error("this is no page token: send one as an answer of this list gave it, or none for the first page")]
    PageToken,
    /// A row that others refer to was to be removed, or one was to refer to a row that isn't there.
    #[error("a row that other rows refer to is missing or would be: remove or add the other rows first")]
    Referenced,
    /// A row that fits no state of its noun.
    #[error("table {table}, row '{row}': column {column} {why}; restore the row from a backup, or remove it")]
    Row {
        /// The table, empty until it is known.
        table: &'static str,
        /// The row's id, empty until it is known.
        row: String,
        /// The column.
        column: String,
        /// What is wrong with it, without its value.
        why: String,
    },
    /// Another program kept the file locked.
    #[error("the database {} is locked by another program (a backup, an open sqlite3 shell): end it and try again", .path.display())]
    Locked {
        /// The database file.
        path: PathBuf,
    },
    /// Every reader was taken for too long.
    #[error("all connections to the database are busy: try again in a moment")]
    Busy,
    /// No room to write.
    #[error("the disk that holds the database {} is full: make room there; nothing of this change was kept", .path.display())]
    Full {
        /// The database file.
        path: PathBuf,
    },
    /// The file may not be written.
    #[error("the database {} cannot be written: make the file and its folder writable for this user", .path.display())]
    ReadOnly {
        /// The database file.
        path: PathBuf,
    },
    /// The disk failed.
    #[error("the disk failed under the database {} ({message}): check the disk before going on", .path.display())]
    Disk {
        /// The database file.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// Another process has it.
    #[error("the database {} is in use by {holder}: stop that one, or give this one another data folder", .path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
        /// `process 4711`, or `another process` where its number is not known.
        holder: String,
    },
    /// The file is something else, or damaged.
    #[error("{} is not a Valetkey database, or is damaged: name another file, or restore a backup", .path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// A newer Valetkey has changed the schema beyond what this one can read.
    #[error("the database {} was made by a newer Valetkey (schema {needs}; this one knows {knows}): use the newer one", .path.display())]
    Newer {
        /// The database file.
        path: PathBuf,
        /// The oldest schema number that a reader must know.
        needs: i64,
        /// The newest schema number that this binary knows.
        knows: i64,
    },
    /// The folder or a file could not be made or opened.
    #[error("cannot open {} ({message}): check that the folder exists and belongs to this user", .path.display())]
    Location {
        /// What could not be opened.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// A write transaction was held without a statement for too long and has been rolled back.
    #[error("a transaction was held idle for too long and was rolled back: nothing of it was kept; try again")]
    Idle,
    /// A statement after one that failed in the same transaction.
    #[error("this transaction failed before: nothing of it was kept")]
    Failed,
    /// The writer has stopped.
    #[error("the database is closed: the server is stopping")]
    Closed,
    /// A statement of ours is wrong.
    #[error("a statement failed ({message}): this is a defect of Valetkey, please report it")]
    Defect {
        /// What the driver said.
        message: String,
    },
}

impl Error {
    /// What sort of failure it is for a caller.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Conflict { .. } => Kind::AlreadyExists,
            Self::PageToken => Kind::InvalidArgument,
            Self::Referenced | Self::NotADatabase { .. } | Self::Newer { .. } => Kind::FailedPrecondition,
            Self::Row { .. } | Self::Failed | Self::Defect { .. } => Kind::Internal,
            Self::Locked { .. }
            | Self::Busy
            | Self::Full { .. }
            | Self::ReadOnly { .. }
            | Self::Disk { .. }
            | Self::InUse { .. }
            | Self::Location { .. }
            | Self::Idle
            | Self::Closed => Kind::Unavailable,
        }
    }

    /// Names the table and the row of a misfit that has no name yet.
    pub(crate) fn of_row(self, table: &'static str, id: &str) -> Self {
        match self {
            Self::Row { table: "", column, why, .. } => Self::Row { table, row: id.into(), column, why },
            other => other,
        }
    }
}

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
    /// Every turn for reads that take long was taken for too long.
    #[error(
        "too many lists and searches that look at many rows are running: try again in a moment, or filter by what leaves fewer"
    )]
    Crowded,
    /// No room to write.
    #[error("the disk that holds the database {database} is full: make room there; nothing of this change was kept")]
    Full {
        /// The database.
        database: String,
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
    #[error(
        "the database {database} was made by a newer Valetkey (schema {needs}; this one knows {knows}): use the newer one"
    )]
    Newer {
        /// The database.
        database: String,
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
    /// Text that holds a NUL character, which PostgreSQL cannot store; refused on SQLite too.
    #[error("a text holds a NUL character, which cannot be stored: take it out")]
    Text,
    /// The URL of a database is none.
    #[error(
        "the database's URL cannot be read: write it like postgres://user:password@host:5432/database?sslmode=verify-full, with special characters of the password percent-encoded"
    )]
    Url,
    /// No connection to the server.
    #[error("{database} cannot be reached ({message}): check that the server runs, and host and port in the URL")]
    Unreachable {
        /// The database.
        database: String,
        /// What the system said.
        message: String,
    },
    /// The server does not let this user in.
    #[error("the sign-in to {database} was refused: check user and password in the URL, and the server's pg_hba.conf")]
    SignIn {
        /// The database.
        database: String,
    },
    /// The server has no such database.
    #[error("there is no {database}: make it with createdb, or name another in the URL")]
    NoDatabase {
        /// The database.
        database: String,
    },
    /// The schema that the URL's `search_path` names is not there.
    #[error(
        "{database} has no schema of the search_path: make it with CREATE SCHEMA, or take `options` out of the URL"
    )]
    NoSchema {
        /// The database.
        database: String,
    },
    /// The schema holds something else.
    #[error("{database} holds tables that are not Valetkey's: name an empty database, or a schema of its own")]
    Foreign {
        /// The database.
        database: String,
    },
    /// The user may not do what the server needs.
    #[error("the user of {database} lacks a right: make it the owner of the database, or of its schema")]
    Denied {
        /// The database.
        database: String,
    },
    /// The server takes no writes.
    #[error("{database} takes no writes (a standby?): name the primary server in the URL")]
    Standby {
        /// The database.
        database: String,
    },
    /// The server has no connection left.
    #[error("the server of {database} has no connection left: raise its max_connections, or run fewer processes")]
    TooMany {
        /// The database.
        database: String,
    },
    /// The server's disk failed.
    #[error("the disk failed under {database} ({code}): check the server's log and disk before going on")]
    Damaged {
        /// The database.
        database: String,
        /// PostgreSQL's code.
        code: String,
    },
    /// The connection broke, or was ended.
    #[error("the connection to {database} broke ({message}): try again")]
    Broken {
        /// The database.
        database: String,
        /// What the system said.
        message: String,
    },
    /// A statement took too long, or waited too long for another's lock.
    #[error("{database} took too long over a statement and was stopped: nothing of it was kept; try again in a moment")]
    TimedOut {
        /// The database.
        database: String,
    },
    /// Two writes waited for each other, and this one gave way.
    #[error("the same was changed by another request at the same time: nothing of this one was kept; try again")]
    Contended,
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
            Self::PageToken | Self::Text | Self::Url => Kind::InvalidArgument,
            Self::Contended => Kind::Aborted,
            Self::Referenced
            | Self::NotADatabase { .. }
            | Self::Newer { .. }
            | Self::NoSchema { .. }
            | Self::Foreign { .. } => Kind::FailedPrecondition,
            Self::Row { .. } | Self::Failed | Self::Defect { .. } => Kind::Internal,
            Self::Locked { .. }
            | Self::Busy
            | Self::Crowded
            | Self::Full { .. }
            | Self::ReadOnly { .. }
            | Self::Disk { .. }
            | Self::InUse { .. }
            | Self::Location { .. }
            | Self::Unreachable { .. }
            | Self::SignIn { .. }
            | Self::NoDatabase { .. }
            | Self::Denied { .. }
            | Self::Standby { .. }
            | Self::TooMany { .. }
            | Self::Damaged { .. }
            | Self::Broken { .. }
            | Self::TimedOut { .. }
            | Self::Idle
            | Self::Closed => Kind::Unavailable,
        }
    }

    /// It as a caller may read it, who is not the operator: without the file, the database's name, what the system or the
    /// driver said, and rows. Those are in its other text, which is for the log and the command line.
    #[must_use]
    pub fn public(&self) -> String {
        let text = match self {
            Self::Conflict { .. }
            | Self::PageToken
            | Self::Referenced
            | Self::Busy
            | Self::Crowded
            | Self::Text
            | Self::Contended
            | Self::Idle
            | Self::Failed
            | Self::Closed => return self.to_string(),
            Self::Locked { .. } => "the database is locked by another program: try again in a moment",
            Self::Full { .. } => {
                "the disk that holds the database is full: nothing of this change was kept; the server's operator has \
                 to make room"
            }
            Self::ReadOnly { .. } | Self::Standby { .. } | Self::Denied { .. } => {
                "the database takes no writes: the server's operator finds the cause in its log"
            }
            Self::TimedOut { .. } => {
                "the database took too long over this and was stopped: nothing of it was kept; try again in a moment"
            }
            Self::Broken { .. } => "the connection to the database broke: try again",
            Self::Unreachable { .. } | Self::TooMany { .. } => "the database cannot be reached: try again in a moment",
            Self::Disk { .. }
            | Self::Damaged { .. }
            | Self::InUse { .. }
            | Self::NotADatabase { .. }
            | Self::Newer { .. }
            | Self::Location { .. }
            | Self::Url
            | Self::SignIn { .. }
            | Self::NoDatabase { .. }
            | Self::NoSchema { .. }
            | Self::Foreign { .. } => "the database cannot be used: the server's operator finds the cause in its log",
            Self::Row { .. } | Self::Defect { .. } => {
                "an internal error of the database: the server's log has the cause"
            }
        };
        text.to_owned()
    }

    /// It in one word, for metrics; none for what is the caller's doing or the ordinary course of things.
    pub(crate) const fn label(&self) -> Option<&'static str> {
        match self {
            Self::Conflict { .. }
            | Self::PageToken
            | Self::Referenced
            | Self::Failed
            | Self::Text
            | Self::Contended => None,
            Self::Row { .. } => Some("row"),
            Self::Locked { .. } => Some("locked"),
            Self::Busy => Some("busy"),
            Self::Crowded => Some("crowded"),
            Self::Full { .. } => Some("full"),
            Self::ReadOnly { .. } => Some("read_only"),
            Self::Disk { .. } => Some("disk"),
            Self::InUse { .. } => Some("in_use"),
            Self::NotADatabase { .. } => Some("not_a_database"),
            Self::Newer { .. } => Some("newer"),
            Self::Location { .. } => Some("location"),
            Self::Url => Some("url"),
            Self::Unreachable { .. } => Some("unreachable"),
            Self::SignIn { .. } => Some("sign_in"),
            Self::NoDatabase { .. } => Some("no_database"),
            Self::NoSchema { .. } => Some("no_schema"),
            Self::Foreign { .. } => Some("foreign"),
            Self::Denied { .. } => Some("denied"),
            Self::Standby { .. } => Some("standby"),
            Self::TooMany { .. } => Some("too_many"),
            Self::Damaged { .. } => Some("damaged"),
            Self::Broken { .. } => Some("broken"),
            Self::TimedOut { .. } => Some("timed_out"),
            Self::Idle => Some("idle"),
            Self::Closed => Some("closed"),
            Self::Defect { .. } => Some("defect"),
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

#[cfg(test)]
mod tests;

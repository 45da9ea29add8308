//! How a database is doing beneath the schema: what an operator would look at by hand.

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fitness {
    /// Of an SQLite file.
    File(File),
    /// Of a PostgreSQL server.
    Server(Server),
}

/// An SQLite file. Sizes are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The version of SQLite.
    pub version: String,
    /// How long the file is.
    pub bytes: u64,
    /// How long what was written and not yet moved into it is.
    pub wal_bytes: u64,
    /// How much room this user has beside it.
    pub free_bytes: u64,
    /// The file's permissions, as `chmod` takes them.
    pub mode: u32,
    /// What is broken in it, in SQLite's words; at most a hundred.
    pub damage: Vec<String>,
}

/// A PostgreSQL server, as it is for our connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its version.
    pub version: String,
    /// How long the database is, in bytes.
    pub bytes: u64,
    /// How many connections ordinary users may open together.
    pub connections: u64,
    /// How many are open.
    pub used: u64,
    /// How many one process of ours may open.
    pub ours: u64,
    /// Settings under which what was acknowledged may be lost, each with its value.
    pub lossy: Vec<String>,
    /// Columns of ours that are not compared byte for byte.
    pub collated: Vec<String>,
}

//! The database beneath, whichever it is, and a connection to it for one statement.

use crate::postgres::{Postgres, Session};
use crate::sqlite::{Read, Sqlite};
use crate::{Arg, Error, Row};
use std::sync::Arc;

/// The database beneath.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

/// A connection for one statement.
#[derive(Debug)]
pub(crate) enum Glance {
    Sqlite(Read),
    Postgres(Session),
}

impl Database {
    /// A connection for one statement.
    pub(crate) async fn glance(&self) -> Result<Glance, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.glance().await.map(Glance::Sqlite),
            Self::Postgres(postgres) => postgres.glance().await.map(Glance::Postgres),
        }
    }
}

impl Glance {
    /// All rows of the statement's answer.
    pub(crate) async fn all(mut self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>, Error> {
        match &mut self {
            Self::Sqlite(read) => read.all(sql, args).await,
            Self::Postgres(session) => session.all(sql, args).await,
        }
    }
}

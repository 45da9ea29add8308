//! A connection with what it remembers of its statements.

use rusqlite::{Connection, Statement};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

/// A connection that is ready for use. It remembers the column names of what it has read: SQLite gives them one by one,
/// each to be copied, which would be a quarter of a point read.
#[derive(Debug)]
pub(crate) struct Session {
    connection: Connection,
    columns: RefCell<HashMap<&'static str, Arc<[String]>>>,
}

impl Session {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, columns: RefCell::default() }
    }

    /// The column names of a statement that was prepared from this text.
    pub(crate) fn columns(&self, sql: &'static str, statement: &Statement<'_>) -> Arc<[String]> {
        let mut known = self.columns.borrow_mut();
        let names = || statement.column_names().into_iter().map(String::from).collect();
        Arc::clone(known.entry(sql).or_insert_with(names))
    }
}

impl Deref for Session {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

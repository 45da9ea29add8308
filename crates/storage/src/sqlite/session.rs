//! A connection with what it remembers of its statements.

use crate::Error;
use rusqlite::{Connection, Statement};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

/// A connection that is ready for use. It remembers what SQLite says of a statement only one by one, each name to be copied
/// or read: that would be a quarter of a point read.
#[derive(Debug)]
pub(crate) struct Session {
    connection: Connection,
    known: RefCell<HashMap<(usize, usize), Arc<Known>>>,
}

/// What is known of a statement.
#[derive(Debug)]
pub(crate) struct Known {
    /// The names of its columns.
    pub(crate) columns: Arc<[String]>,
    /// Which argument each of its parameters is, counted from 0. To SQLite `$2` is a name, numbered by where it stands first.
    pub(crate) parameters: Vec<usize>,
}

impl Session {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, known: RefCell::default() }
    }

    /// What is known of a statement that was prepared from this text, which lies where it does for good.
    ///
    /// # Errors
    /// One of its parameters has no number, or two of its columns have one name.
    pub(crate) fn known(&self, sql: &'static str, statement: &Statement<'_>) -> Result<Arc<Known>, Error> {
        let place = (sql.as_ptr().addr(), sql.len());
        if let Some(known) = self.known.borrow().get(&place) {
            return Ok(Arc::clone(known));
        }
        let number = |index| statement.parameter_name(index)?.get(1..)?.parse::<usize>().ok()?.checked_sub(1);
        let parameters = (1..=statement.parameter_count()).map(number).collect::<Option<_>>();
        let parameters =
            parameters.ok_or_else(|| Error::Defect { message: format!("a parameter without a number: {sql}") })?;
        let columns: Arc<[String]> = statement.column_names().into_iter().map(String::from).collect();
        if let Some(twice) =
            columns.iter().enumerate().find_map(|(at, name)| columns.iter().take(at).find(|other| *other == name))
        {
            // Which of the two was meant would depend on what was read before.
            return Err(Error::Defect { message: format!("two columns are called '{twice}': {sql}") });
        }
        let known = Arc::new(Known { columns, parameters });
        self.known.borrow_mut().insert(place, Arc::clone(&known));
        Ok(known)
    }
}

impl Deref for Session {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

//! A read of one statement that takes what was read a moment ago, and only otherwise a connection.

use crate::database::Database;
use crate::recent::{Question, Recent};
use crate::{Arg, Error, Row};
use std::sync::Arc;

/// Such a read.
#[derive(Debug)]
pub(crate) struct RecentRead {
    pub(crate) recent: Arc<Recent>,
    pub(crate) database: Database,
}

impl RecentRead {
    /// All rows of the statement's answer.
    pub(crate) async fn all(&self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>, Error> {
        let question = Question::new(sql, args);
        if let Some(rows) = self.recent.get(&question) {
            return Ok(rows);
        }
        let asked = self.recent.asked();
        let rows = self.database.glance().await?.all(sql, question.args()).await?;
        self.recent.keep(question, asked, &rows);
        Ok(rows)
    }
}

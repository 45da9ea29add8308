//! Bringing an SQLite file's schema up to date.

use super::database_file::DatabaseFile;
use super::statement;
use crate::Error;
use crate::migrate::{LEDGER, Missing, SchemaState, Step, missing};
use rusqlite::Connection;

/// Applies the steps that are missing, each in a transaction of its own.
pub(crate) fn apply(connection: &Connection, file: &DatabaseFile, steps: &[Step]) -> Result<(), Error> {
    if is_foreign(connection, file)? {
        return Err(Error::NotADatabase { path: file.path.clone() });
    }
    statement::batch(connection, file, LEDGER)?;
    let applied = number(connection, file, "SELECT coalesce(max(number), 0) FROM schema_steps")?;
    let found = SchemaState { applied, min_reader: min_reader(connection, file)? };
    for missing in missing(steps, found, &file.name())? {
        apply_one(connection, file, &missing)?;
    }
    Ok(())
}

/// Whether the file is an SQLite database of something else.
fn is_foreign(connection: &Connection, file: &DatabaseFile) -> Result<bool, Error> {
    let tables = number(connection, file, "SELECT count(*) FROM sqlite_master")?;
    let ours = number(connection, file, "SELECT count(*) FROM sqlite_master WHERE name = 'schema_steps'")?;
    Ok(tables > 0 && ours == 0)
}

fn min_reader(connection: &Connection, file: &DatabaseFile) -> Result<i64, Error> {
    if number(connection, file, "SELECT count(*) FROM sqlite_master WHERE name = 'meta'")? == 0 {
        return Ok(0);
    }
    number(connection, file, "SELECT coalesce(max(CAST(value AS BIGINT)), 0) FROM meta WHERE name = 'min_reader'")
}

fn apply_one(connection: &Connection, file: &DatabaseFile, missing: &Missing<'_>) -> Result<(), Error> {
    let sql = format!("BEGIN IMMEDIATE;\n{}\n;{} COMMIT;", missing.step.sqlite, missing.note());
    statement::batch(connection, file, &sql).inspect_err(|_| statement::roll_back(connection))
}

fn number(connection: &Connection, file: &DatabaseFile, sql: &str) -> Result<i64, Error> {
    connection.query_row(sql, [], |row| row.get(0)).map_err(|error| file.failure(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tests::{META, step};

    fn empty() -> (Connection, DatabaseFile) {
        (Connection::open_in_memory().unwrap(), DatabaseFile { path: "test.db".into(), lasting: false })
    }

    fn applied(connection: &Connection, file: &DatabaseFile) -> i64 {
        number(connection, file, "SELECT count(*) FROM schema_steps").unwrap()
    }

    #[test]
    fn steps_are_applied_once_and_in_order() {
        let (connection, file) = empty();
        let steps = [step(1, META, 1), step(2, "CREATE TABLE t (id BIGINT)", 1)];
        apply(&connection, &file, &steps[..1]).unwrap();
        apply(&connection, &file, &steps).unwrap();
        apply(&connection, &file, &steps).unwrap();
        assert_eq!(applied(&connection, &file), 2);
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let (connection, file) = empty();
        apply(&connection, &file, &[step(1, META, 1)]).unwrap();
        let broken = [step(1, META, 1), step(2, "CREATE TABLE t (id BIGINT); CREATE TABLE t (id BIGINT)", 2)];
        assert!(apply(&connection, &file, &broken).is_err());
        assert_eq!(applied(&connection, &file), 1);
        let tables = "SELECT count(*) FROM sqlite_master WHERE name = 't'";
        assert_eq!(number(&connection, &file, tables).unwrap(), 0);
        assert!(connection.is_autocommit());
    }

    #[test]
    fn an_older_binary_is_refused_once_a_step_forbids_it() {
        let (connection, file) = empty();
        let steps = [step(1, META, 1), step(2, "CREATE TABLE t (id BIGINT)", 1), step(3, "DROP TABLE t", 3)];
        apply(&connection, &file, &steps[..2]).unwrap();
        apply(&connection, &file, &steps[..1]).unwrap();
        apply(&connection, &file, &steps).unwrap();
        let refused = apply(&connection, &file, &steps[..2]).unwrap_err();
        assert!(matches!(refused, Error::Newer { needs: 3, knows: 2, .. }), "{refused}");
    }
}

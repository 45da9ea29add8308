//! Bringing an SQLite file's schema up to date.

use super::place::Place;
use super::statement;
use crate::Error;
use crate::migrate::{Found, LEDGER, Missing, Step, missing};
use rusqlite::Connection;

/// Applies the steps that are missing, each in a transaction of its own.
pub(crate) fn apply(connection: &Connection, place: &Place, steps: &[Step]) -> Result<(), Error> {
    if is_foreign(connection, place)? {
        return Err(Error::NotADatabase { path: place.path.clone() });
    }
    statement::batch(connection, place, LEDGER)?;
    let applied = number(connection, place, "SELECT coalesce(max(number), 0) FROM schema_steps")?;
    let found = Found { applied, min_reader: min_reader(connection, place)? };
    for missing in missing(steps, found, &place.name())? {
        apply_one(connection, place, &missing)?;
    }
    Ok(())
}

/// Whether the file is an SQLite database of something else.
fn is_foreign(connection: &Connection, place: &Place) -> Result<bool, Error> {
    let tables = number(connection, place, "SELECT count(*) FROM sqlite_master")?;
    let ours = number(connection, place, "SELECT count(*) FROM sqlite_master WHERE name = 'schema_steps'")?;
    Ok(tables > 0 && ours == 0)
}

fn min_reader(connection: &Connection, place: &Place) -> Result<i64, Error> {
    if number(connection, place, "SELECT count(*) FROM sqlite_master WHERE name = 'meta'")? == 0 {
        return Ok(0);
    }
    number(connection, place, "SELECT coalesce(max(CAST(value AS BIGINT)), 0) FROM meta WHERE name = 'min_reader'")
}

fn apply_one(connection: &Connection, place: &Place, missing: &Missing<'_>) -> Result<(), Error> {
    let sql = format!("BEGIN IMMEDIATE;\n{}\n;{} COMMIT;", missing.step.sqlite, missing.note());
    statement::batch(connection, place, &sql).inspect_err(|_| statement::roll_back(connection))
}

fn number(connection: &Connection, place: &Place, sql: &str) -> Result<i64, Error> {
    connection.query_row(sql, [], |row| row.get(0)).map_err(|error| place.failure(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tests::{META, step};

    fn empty() -> (Connection, Place) {
        (Connection::open_in_memory().unwrap(), Place { path: "test.db".into(), lasting: false })
    }

    fn applied(connection: &Connection, place: &Place) -> i64 {
        number(connection, place, "SELECT count(*) FROM schema_steps").unwrap()
    }

    #[test]
    fn steps_are_applied_once_and_in_order() {
        let (connection, place) = empty();
        let steps = [step(1, META, 1), step(2, "CREATE TABLE t (id BIGINT)", 1)];
        apply(&connection, &place, &steps[..1]).unwrap();
        apply(&connection, &place, &steps).unwrap();
        apply(&connection, &place, &steps).unwrap();
        assert_eq!(applied(&connection, &place), 2);
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let (connection, place) = empty();
        apply(&connection, &place, &[step(1, META, 1)]).unwrap();
        let broken = [step(1, META, 1), step(2, "CREATE TABLE t (id BIGINT); CREATE TABLE t (id BIGINT)", 2)];
        assert!(apply(&connection, &place, &broken).is_err());
        assert_eq!(applied(&connection, &place), 1);
        let tables = "SELECT count(*) FROM sqlite_master WHERE name = 't'";
        assert_eq!(number(&connection, &place, tables).unwrap(), 0);
        assert!(connection.is_autocommit());
    }

    #[test]
    fn an_older_binary_is_refused_once_a_step_forbids_it() {
        let (connection, place) = empty();
        let steps = [step(1, META, 1), step(2, "CREATE TABLE t (id BIGINT)", 1), step(3, "DROP TABLE t", 3)];
        apply(&connection, &place, &steps[..2]).unwrap();
        apply(&connection, &place, &steps[..1]).unwrap();
        apply(&connection, &place, &steps).unwrap();
        let refused = apply(&connection, &place, &steps[..2]).unwrap_err();
        assert!(matches!(refused, Error::Newer { needs: 3, knows: 2, .. }), "{refused}");
    }
}

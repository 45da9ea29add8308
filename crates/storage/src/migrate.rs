//! The schema's steps, embedded, and how they are applied.
//!
//! A step that older binaries cannot live with raises `min_reader` in `meta` to its own number; a binary that knows no
//! step of that number refuses the database by name.

use crate::Error;
use crate::sqlite::{Place, statement};
use rusqlite::Connection;

/// One step of the schema.
pub(crate) struct Step {
    /// Its number; steps are applied in order and never change.
    pub(crate) number: i64,
    /// Its name.
    pub(crate) name: &'static str,
    /// What it runs.
    pub(crate) sql: &'static str,
    /// The lowest step that a binary must know to read the schema after this one.
    pub(crate) min_reader: i64,
}

/// All steps.
pub(crate) const STEPS: [Step; 1] = [Step {
    number: 1,
    name: "walkthrough",
    sql: include_str!("../migrations/sqlite/0001_walkthrough.sql"),
    min_reader: 1,
}];

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS schema_steps (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)";

/// Applies the steps that are missing, each in a transaction of its own.
pub(crate) fn apply(connection: &Connection, place: &Place, steps: &[Step]) -> Result<(), Error> {
    let knows = steps.iter().map(|step| step.number).max().unwrap_or(0);
    if is_foreign(connection, place)? {
        return Err(Error::NotADatabase { path: place.path.clone() });
    }
    statement::batch(connection, place, LEDGER)?;
    let needs = min_reader(connection, place)?;
    if needs > knows {
        return Err(Error::Newer { path: place.path.clone(), needs, knows });
    }
    let applied = number(connection, place, "SELECT coalesce(max(number), 0) FROM schema_steps")?;
    let mut needs = needs;
    for step in steps {
        needs = needs.max(step.min_reader);
        if step.number > applied {
            apply_one(connection, place, step, needs)?;
        }
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

/// Applies one step; `needs` is the lowest step that a binary must know from then on.
fn apply_one(connection: &Connection, place: &Place, step: &Step, needs: i64) -> Result<(), Error> {
    let sql = format!(
        "BEGIN IMMEDIATE;\n{}\n;INSERT INTO schema_steps (number, name) VALUES ({}, '{}');
        DELETE FROM meta WHERE name = 'min_reader';
        INSERT INTO meta (name, value) VALUES ('min_reader', '{}'); COMMIT;",
        step.sql, step.number, step.name, needs
    );
    statement::batch(connection, place, &sql).inspect_err(|_| statement::roll_back(connection))
}

fn number(connection: &Connection, place: &Place, sql: &str) -> Result<i64, Error> {
    connection.query_row(sql, [], |row| row.get(0)).map_err(|error| place.failure(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const META: &str = "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);";

    fn step(number: i64, sql: &'static str, min_reader: i64) -> Step {
        Step { number, name: "test", sql, min_reader }
    }

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
    fn an_older_binary_goes_on_until_a_step_forbids_it() {
        let (connection, place) = empty();
        let steps = [step(1, META, 1), step(2, "CREATE TABLE t (id BIGINT)", 1), step(3, "DROP TABLE t", 3)];
        apply(&connection, &place, &steps[..2]).unwrap();
        apply(&connection, &place, &steps[..1]).unwrap();
        apply(&connection, &place, &steps).unwrap();
        let later = [step(1, META, 1), step(2, "", 1), step(3, "", 3), step(4, "CREATE TABLE u (id BIGINT)", 1)];
        apply(&connection, &place, &later).unwrap();
        let refused = apply(&connection, &place, &steps[..2]).unwrap_err();
        assert!(matches!(refused, Error::Newer { needs: 3, knows: 2, .. }), "{refused}");
    }

    #[test]
    fn the_shipped_steps_are_numbered_without_gaps() {
        let numbers: Vec<_> = STEPS.iter().map(|step| step.number).collect();
        assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
    }
}

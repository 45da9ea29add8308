//! The schema's steps, embedded, and which of them a database still needs.
//!
//! Each step is written twice, under the same number: `migrations/sqlite` and `migrations/postgres` differ in the type
//! of bytes (BLOB, BYTEA) and in that PostgreSQL is told to compare text byte for byte, as SQLite does anyway.
//!
//! A step that older binaries cannot live with raises `min_reader` in `meta` to its own number; a binary that knows no
//! step of that number refuses the database by name.

use crate::Error;

/// One step of the schema.
#[derive(Debug)]
pub(crate) struct Step {
    /// Its number; steps are applied in order and never change.
    pub(crate) number: i64,
    /// Its name.
    pub(crate) name: &'static str,
    /// What it runs on SQLite.
    pub(crate) sqlite: &'static str,
    /// What it runs on PostgreSQL.
    pub(crate) postgres: &'static str,
    /// The lowest step that a binary must know to read the schema after this one.
    pub(crate) min_reader: i64,
}

/// A step from its two files, which have its number and name for theirs.
macro_rules! step {
    ($number:literal, $name:literal, $file:literal, $min_reader:literal) => {
        Step {
            number: $number,
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $file, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $file, ".sql")),
            min_reader: $min_reader,
        }
    };
}

/// All steps.
pub(crate) const STEPS: &[Step] = &[
    step!(1, "walkthrough", "0001_walkthrough", 1),
    // An older binary would write records without a seal.
    step!(2, "chain", "0002_chain", 2),
    // An older binary knows no quarantine, and would refresh what a restored copy must leave alone.
    step!(3, "keys", "0003_keys", 3),
    step!(4, "refresh_ahead", "0004_refresh_ahead", 1),
    step!(5, "display_name", "0005_display_name", 1),
    // An older binary would change rows without counting, and they would look like rows that were put back.
    step!(6, "changes", "0006_changes", 6),
    // An older binary would retire keys that tokens to be revoked are still sealed under.
    step!(7, "closings", "0007_closings", 7),
    step!(8, "holders", "0008_holders", 1),
    step!(9, "plans", "0009_plans", 1),
    step!(10, "consents", "0010_consents", 1),
    step!(11, "refusals", "0011_refusals", 1),
    // An older binary would change configs without keeping the version that session tokens were made under.
    step!(12, "sessions", "0012_sessions", 12),
    step!(13, "starts", "0013_starts", 1),
    step!(14, "members", "0014_members", 1),
    step!(15, "verification", "0015_verification", 1),
    step!(16, "tool_calls", "0016_tool_calls", 1),
    step!(17, "events", "0017_events", 1),
    step!(18, "organizations", "0018_organizations", 1),
    // An older binary would take the connections of custom providers for ones whose connector file is missing, and renew
    // none of their tokens.
    step!(19, "providers", "0019_providers", 1),
    step!(20, "dashboard", "0020_dashboard", 1),
    // An older binary would show tools that a config holds back.
    step!(21, "answers", "0021_answers", 21),
    step!(22, "states", "0022_states", 1),
    // An older binary would call without the user's word what a config wants it for.
    step!(23, "approvals", "0023_approvals", 23),
    // An older binary would change rows without their MACs.
    step!(24, "row_macs", "0024_row_macs", 24),
    step!(25, "registrations", "0025_registrations", 1),
    step!(26, "kept_answers_of", "0026_kept_answers_of", 1),
    // An older binary would let in by the URL alone where a config wants its user signed in.
    step!(27, "grants", "0027_grants", 27),
    step!(28, "lists", "0028_lists", 1),
    // An older binary would not see in a provider's row which tools it has, and take the row for one that was put back.
    step!(29, "imported_tools", "0029_imported_tools", 29),
    step!(30, "failures", "0030_failures", 1),
    step!(31, "deliveries", "0031_deliveries", 1),
    step!(32, "searches", "0032_searches", 1),
];

/// Where it is written which steps a database has.
pub(crate) const LEDGER: &str =
    "CREATE TABLE IF NOT EXISTS schema_steps (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)";

/// A database as it was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SchemaState {
    /// The highest step it has; 0 for none.
    pub(crate) applied: i64,
    /// The lowest step that a binary must know to read it.
    pub(crate) min_reader: i64,
}

/// A step that is missing, with what is to be written beside it.
#[derive(Debug)]
pub(crate) struct Missing<'a> {
    /// The step.
    pub(crate) step: &'a Step,
    min_reader: i64,
}

impl Missing<'_> {
    /// What is run behind the step's own statements, in the same transaction.
    pub(crate) fn note(&self) -> String {
        format!(
            "INSERT INTO schema_steps (number, name) VALUES ({}, '{}');
             DELETE FROM meta WHERE name = 'min_reader';
             INSERT INTO meta (name, value) VALUES ('min_reader', '{}');",
            self.step.number, self.step.name, self.min_reader
        )
    }
}

/// The steps that a database still needs, in their order.
///
/// # Errors
/// [`Error::Newer`] if it was changed by a newer binary beyond what these steps can read.
pub(crate) fn missing<'a>(steps: &'a [Step], found: SchemaState, database: &str) -> Result<Vec<Missing<'a>>, Error> {
    let knows = steps.iter().map(|step| step.number).max().unwrap_or(0);
    if found.min_reader > knows {
        return Err(Error::Newer { database: database.into(), needs: found.min_reader, knows });
    }
    let mut min_reader = found.min_reader;
    let mut missing = Vec::new();
    for step in steps {
        min_reader = min_reader.max(step.min_reader);
        if step.number > found.applied {
            missing.push(Missing { step, min_reader });
        }
    }
    Ok(missing)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::path::Path;

    /// A step that runs the same on both.
    pub(crate) const fn step(number: i64, sql: &'static str, min_reader: i64) -> Step {
        Step { number, name: "test", sqlite: sql, postgres: sql, min_reader }
    }

    /// What a schema of these tests begins with.
    pub(crate) const META: &str = "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);";

    #[test]
    fn an_older_binary_goes_on_until_a_step_forbids_it() {
        let numbers = |steps: &[Step], applied, min_reader| {
            let missing = missing(steps, SchemaState { applied, min_reader }, "test.db")?;
            Ok::<_, Error>(missing.iter().map(|missing| missing.step.number).collect::<Vec<_>>())
        };
        let steps = [step(1, META, 1), step(2, "", 1), step(3, "", 3)];
        assert_eq!(numbers(&steps, 0, 0).unwrap(), [1, 2, 3]);
        assert_eq!(numbers(&steps, 2, 1).unwrap(), [3]);
        assert!(numbers(&steps[..1], 2, 1).unwrap().is_empty(), "expand only");
        let refused = numbers(&steps[..2], 3, 3).unwrap_err();
        assert!(matches!(refused, Error::Newer { needs: 3, knows: 2, .. }), "{refused}");
    }

    #[test]
    fn a_step_never_lowers_what_a_reader_must_know() {
        let steps = [step(1, META, 1), step(2, "", 2), step(3, "", 1)];
        let missing = missing(&steps, SchemaState { applied: 0, min_reader: 0 }, "test.db").unwrap();
        assert_eq!(missing.iter().map(|missing| missing.min_reader).collect::<Vec<_>>(), [1, 2, 2]);
    }

    #[test]
    fn the_shipped_steps_stand_in_their_order() {
        assert!(STEPS.is_sorted_by(|one, next| one.number < next.number));
    }

    #[test]
    fn both_folders_hold_the_same_steps_and_no_other() {
        let (sqlite, postgres) = (folder("sqlite"), folder("postgres"));
        assert_eq!(sqlite.len(), STEPS.len());
        for (name, text) in &postgres {
            let same = text.replace("BYTEA", "BLOB").replace(" COLLATE \"C\"", "");
            assert_eq!(Some(&same), sqlite.get(name), "{name}");
        }
        assert_eq!(sqlite.keys().collect::<Vec<_>>(), postgres.keys().collect::<Vec<_>>());
        for (step, (name, text)) in STEPS.iter().zip(&sqlite) {
            assert_eq!(*name, format!("{:04}_{}.sql", step.number, step.name));
            assert_eq!(step.sqlite, text);
        }
    }

    fn folder(name: &str) -> BTreeMap<String, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(name);
        let files = path.read_dir().unwrap().map(|entry| entry.unwrap());
        files
            .map(|file| (file.file_name().into_string().unwrap(), std::fs::read_to_string(file.path()).unwrap()))
            .collect()
    }
}

//! PostgreSQL for tests: each gets an empty schema of its own in the database that a variable names.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use valetkey_domain::Secret;

/// The variable that names a PostgreSQL database by its URL, without a query. With it the tests of the query modules
/// and of the use cases run there, without it on SQLite; `./test` runs them both ways.
pub const POSTGRES_VARIABLE: &str = "VALETKEY_TEST_POSTGRES";

/// How many schemas this process has made.
static MADE: AtomicU32 = AtomicU32::new(0);

/// The URL of an empty schema, for tests of what PostgreSQL alone can do. They are ignored by an ordinary run, which says
/// how many they are, and run by `cargo test -- --include-ignored`.
///
/// # Panics
/// The variable names no database.
#[must_use]
#[expect(clippy::expect_used, reason = "only tests use this crate, and a failed one should stop")]
pub fn only_on_postgres() -> Secret<str> {
    postgres().expect("this test needs PostgreSQL: VALETKEY_TEST_POSTGRES=postgres://user@127.0.0.1:5432/postgres")
}

/// The URL of an empty schema, if tests are to run on PostgreSQL.
#[must_use]
#[expect(clippy::expect_used, reason = "only tests use this crate, and a failed one should stop")]
#[expect(clippy::disallowed_methods, reason = "it says what the tests run on, and no release has this crate")]
pub fn postgres() -> Option<Secret<str>> {
    let base = std::env::var(POSTGRES_VARIABLE).ok()?;
    let schema = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let create = format!("CREATE SCHEMA {schema}");
    let psql = Command::new("psql").args(["--no-psqlrc", "--quiet", "--command", &create, &base]).output();
    let psql = psql.expect("psql is PostgreSQL's own client, in Debian's postgresql-client");
    assert!(psql.status.success(), "{POSTGRES_VARIABLE}: {}", String::from_utf8_lossy(&psql.stderr));
    Some(Secret::from(format!("{base}?options=-csearch_path%3D{schema}")))
}

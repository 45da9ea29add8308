//! Where the database is.

use super::failure;
use crate::Error;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::str::FromStr;
use std::time::Duration;
use valetkey_domain::Secret;

/// How long the first connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A database by its URL.
pub(super) struct Target {
    pub(super) options: PgConnectOptions,
    /// How messages name it: to their readers host and user are nobody's business, and the password nobody's at all.
    pub(super) name: String,
}

impl Target {
    /// Reads a URL (`postgres://user:password@host:5432/database?sslmode=verify-full`).
    pub(super) fn parse(url: &Secret<str>) -> Result<Self, Error> {
        let text = url.expose();
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(Error::Url);
        }
        // The driver's own words may hold a part of the URL.
        let options = PgConnectOptions::from_str(text).map_err(|_| Error::Url)?;
        let database = options.get_database().unwrap_or(options.get_username());
        let name = format!("PostgreSQL database '{database}'");
        let options = options.application_name("valetkey").statement_cache_capacity(512).disable_statement_logging();
        Ok(Self { options, name })
    }

    /// One connection, outside the pools and without their limits.
    pub(super) async fn connect(&self) -> Result<PgConnection, Error> {
        let connection = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&self.options)).await;
        let connection = connection.map_err(|_| failure::unreachable(&self.name))?;
        connection.map_err(|error| failure::on_connecting(&self.name, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_is_none_is_refused_without_repeating_it() {
        for text in [
            "mysql://u:hunter2@h/d",
            "valetkey.sqlite",
            "postgres://u:hunter2@h:port/d",
            "postgres://h/d?sslmode=hunter2",
        ] {
            let error = Target::parse(&Secret::from(text)).err().unwrap();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn messages_name_the_database_alone() {
        let target = Target::parse(&Secret::from("postgres://ann:hunter2@db.internal:5433/valetkey")).unwrap();
        assert_eq!(target.name, "PostgreSQL database 'valetkey'");
    }
}

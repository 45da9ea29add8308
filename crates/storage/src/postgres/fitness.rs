//! How the server is doing.

use super::Postgres;
use super::pool::{RESERVED, SHARED};
use super::process_locks::CONNECTIONS;
use crate::fitness::Server;
use crate::{Error, Row};

const FACTS: &str = "SELECT current_setting('server_version') AS version,
    CAST(pg_database_size(current_database()) AS BIGINT) AS bytes,
    CAST(current_setting('max_connections') AS BIGINT)
        - CAST(current_setting('superuser_reserved_connections') AS BIGINT) AS connections,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used";

/// Without these a server that dies takes with it what it had acknowledged. `synchronous_commit` may also be `local` or
/// `remote_write`, which are safe on the server itself.
const LOSSY: &str = "SELECT name || ' = ' || setting AS words FROM pg_settings
    WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes') AND setting = 'off' ORDER BY name";

/// Our schema says "C" for every column that is compared; only somebody's hand makes another of it.
const COLLATED: &str = "SELECT DISTINCT CAST(c.relname AS TEXT) || '.' || CAST(a.attname AS TEXT) AS words
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
    JOIN pg_collation l ON l.oid = a.attcollation
    WHERE n.nspname = current_schema() AND l.collname <> 'C' ORDER BY 1";

impl Postgres {
    pub(crate) async fn fitness(&self) -> Result<Server, Error> {
        let mut session = self.read().await?;
        let facts = session.all(FACTS, Vec::new()).await?;
        let facts = facts.first().ok_or_else(|| Error::Defect { message: "the server says nothing".into() })?;
        let number = |column: &str| Ok::<_, Error>(u64::try_from(facts.integer(column)?).unwrap_or(0));
        Ok(Server {
            version: facts.text("version")?.to_owned(),
            bytes: number("bytes")?,
            connections: number("connections")?,
            used: number("used")?,
            ours: (SHARED + RESERVED + CONNECTIONS) as u64,
            lossy: words(&session.all(LOSSY, Vec::new()).await?)?,
            collated: words(&session.all(COLLATED, Vec::new()).await?)?,
        })
    }
}

fn words(rows: &[Row]) -> Result<Vec<String>, Error> {
    rows.iter().map(|row| row.text("words").map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use crate::fitness::Fitness;
    use crate::{Location, Store};

    #[tokio::test]
    #[ignore = "needs PostgreSQL"]
    async fn a_server_says_how_many_it_lets_in_and_what_it_may_lose() {
        let store = Store::open(&Location::from(valetkey_testkit::only_on_postgres())).await.unwrap();
        let Fitness::Server(server) = store.fitness().await.unwrap() else { panic!("this is a server") };
        assert!(server.used > 0 && server.connections > server.ours && server.bytes > 0, "{server:?}");
        assert!(!server.version.is_empty() && server.collated.is_empty(), "{server:?}");
        let mut tx = store.write().await.unwrap();
        tx.run("ALTER TABLE meta ALTER COLUMN name TYPE TEXT COLLATE \"POSIX\"", []).await.unwrap();
        tx.commit().await.unwrap();
        let Fitness::Server(server) = store.fitness().await.unwrap() else { panic!("this is a server") };
        assert_eq!(server.collated, ["meta.name"]);
    }
}

//! All rows of all tables, one table after the other, in a form that either database gives and takes: for backups. What
//! is sealed stays so. No `Ctx`: a backup is of the whole installation.

mod tables;

use crate::bulk::{Bulk, Column, Kind};
use crate::{Arg, Error, Tx, migrate};
use std::sync::LazyLock;
use tables::{TABLES, Table};

/// What is asked of a table.
struct Statements {
    page: String,
    insert: Bulk,
    count: String,
}

/// A table with its place among the statements.
#[derive(Clone, Copy, Debug)]
pub struct TableId(usize);

static STATEMENTS: LazyLock<Vec<Statements>> = LazyLock::new(|| TABLES.iter().map(Statements::of).collect());

/// The number of the newest step of the schema: rows of another schema don't fit.
#[must_use]
pub fn schema() -> i64 {
    migrate::STEPS.iter().map(|step| step.number).max().unwrap_or(0)
}

/// All tables, in an order in which they can be filled.
pub fn tables() -> impl Iterator<Item = TableId> {
    (0..TABLES.len()).map(TableId)
}

impl TableId {
    /// The table of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TABLES.iter().position(|table| table.name == name).map(Self)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.table().map_or("", |table| table.name)
    }

    /// Its columns, in the order of the values of its rows.
    #[must_use]
    pub fn columns(self) -> Vec<&'static str> {
        self.table().map(|table| table.columns().map(|column| column.name).collect()).unwrap_or_default()
    }

    /// How many rows it has.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn count(self, tx: &mut Tx) -> Result<u64, Error> {
        let row = tx.one(&self.statements()?.count, []).await?;
        let count = row.map(|row| row.integer("n")).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The next `size` rows behind this one, by primary key; the first without one.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn page(self, tx: &mut Tx, behind: Option<&[Arg]>, size: i64) -> Result<Vec<Vec<Arg>>, Error> {
        let Some(table) = self.table() else { return Ok(vec![]) };
        let mut args: Vec<Arg> = match behind {
            Some(row) => row.iter().take(table.key().count()).cloned().collect(),
            None => table.key().map(first).collect(),
        };
        args.push(Arg::Integer(size));
        let rows = tx.all(&self.statements()?.page, args).await?;
        Ok(rows.into_iter().map(crate::Row::into_values).collect())
    }

    /// Adds rows.
    ///
    /// # Errors
    /// A row does not fit, or the database cannot be written.
    pub async fn put(self, tx: &mut Tx, rows: Vec<Vec<Arg>>) -> Result<u64, Error> {
        tx.run_each(&self.statements()?.insert, rows).await
    }

    fn table(self) -> Option<&'static Table> {
        TABLES.get(self.0)
    }

    fn statements(self) -> Result<&'static Statements, Error> {
        STATEMENTS.get(self.0).ok_or_else(|| Error::Defect { message: "a table that is none of a backup's".into() })
    }
}

impl Statements {
    fn of(table: &Table) -> Self {
        let listed = |columns: &mut dyn Iterator<Item = Column<'static>>| {
            columns.map(|column| column.name).collect::<Vec<_>>().join(", ")
        };
        let (name, columns, keys) = (table.name, listed(&mut table.columns()), listed(&mut table.key()));
        let limit = table.key().count() + 1;
        let behind = (1..limit).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
        Self {
            page: format!("SELECT {columns} FROM {name} WHERE ({keys}) > ({behind}) ORDER BY {keys} LIMIT ${limit}"),
            insert: Bulk::insert(name, &table.all()),
            count: format!("SELECT count(*) AS n FROM {name}"),
        }
    }
}

/// What comes before every value of a column of a key.
fn first(column: Column<'_>) -> Arg {
    match column.kind {
        Kind::Text => Arg::Text(String::new()),
        Kind::Integer => Arg::Integer(i64::MIN),
        Kind::Bytes => Arg::Bytes(Vec::new()),
    }
}

/// What is asked of the tables.
#[cfg(test)]
pub(crate) fn texts() -> Vec<&'static str> {
    STATEMENTS.iter().flat_map(|all| [all.page.as_str(), all.count.as_str()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{args, fixture};
    use std::collections::BTreeSet;

    /// Tables that are of a database and not of its contents, or let somebody in.
    const LEFT_OUT: [&str; 6] = ["login_links", "mcp_grants", "member_sessions", "meta", "processes", "schema_steps"];

    #[tokio::test]
    async fn no_table_and_no_column_is_forgotten() {
        let store = crate::Store::open(&crate::Location::Memory).await.unwrap();
        let mut tx = store.read().await.unwrap();
        let sql = "SELECT m.name AS table_name, c.name AS column_name FROM sqlite_master m, pragma_table_info(m.name) c
            WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
        let rows = tx.all(sql, []).await.unwrap();
        let pair = |row: &crate::Row| {
            (row.text("table_name").unwrap().to_owned(), row.text("column_name").unwrap().to_owned())
        };
        let db: BTreeSet<_> = rows.iter().map(pair).filter(|(table, _)| !LEFT_OUT.contains(&table.as_str())).collect();
        let ours = tables().flat_map(|table| table.columns().into_iter().map(move |column| (table.name(), column)));
        let ours: BTreeSet<_> = ours.map(|(table, column)| (table.to_owned(), column.to_owned())).collect();
        assert_eq!(ours, db);
    }

    #[tokio::test]
    async fn rows_come_in_pages_and_go_into_an_empty_database() {
        let (from, to) = (fixture::two_environments().await, fixture::store().await);
        let mut tx = from.store.write().await.unwrap();
        fixture::chain(&from.ours, &mut tx).await;
        tx.run("INSERT INTO counters (environment_id, name, value) VALUES ($1, $2, 7)", args!["env_ours", "x"])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let (mut source, mut target) = (from.store.read().await.unwrap(), to.write().await.unwrap());
        for table in tables() {
            let mut last: Option<Vec<Arg>> = None;
            loop {
                let page = table.page(&mut source, last.as_deref(), 1).await.unwrap();
                let Some(row) = page.first().cloned() else { break };
                assert_eq!(table.put(&mut target, page).await.unwrap(), 1);
                last = Some(row);
            }
            assert_eq!(
                table.count(&mut target).await.unwrap(),
                table.count(&mut source).await.unwrap(),
                "{}",
                table.name()
            );
            let all = table.page(&mut source, None, 100).await.unwrap();
            assert!(all == table.page(&mut target, None, 100).await.unwrap(), "{}", table.name());
        }
        assert!(TableId::named("counters").unwrap().count(&mut target).await.unwrap() > 0);
    }
}

//! A backup: everything that the database holds, from one snapshot, while the server goes on; in a form that either
//! database takes back. What is sealed stays sealed, and the root key is never in it.
//!
//! The file is gzip (RFC 1952) over lines of JSON:
//!
//! ```text
//! {"valetkey_backup":1, "schema":.., "roots":[..], "key":{..}, ..}     the head
//! {"table":"environments", "columns":[..], "rows":2}                  a table, then its rows
//! ["env_..", "development", 1763800000000]                            text, integer, null; bytes are {"b":"base64"}
//! {"rows":2, "sha256":"..", "mac":".."}                               the end
//! ```
//!
//! `sha256` is over every byte before the end's line and finds damage; `mac` is over that hash, under a data key of the
//! file's own that the root wraps, and finds changes. So only who has the root can make a file that is taken.

use crate::upkeep::installation;
use crate::{App, Error, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::io::Write;
use valetkey_core::keyring::WrappedKey;
use valetkey_core::{context, journal};
use valetkey_domain::Kind;
use valetkey_domain::ctx::{Actor, Progress};
use valetkey_storage::portable::{self, TableId};
use valetkey_storage::{Arg, Store, Tx, meta};
use valetkey_vault::{DataKey, Purpose, Sha256};

/// The format written here. A reader refuses a higher one.
pub const FORMAT: u32 = 1;

/// How many rows are read at a time.
const PAGE: i64 = 200;

/// What a backup begins with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    /// The format.
    pub valetkey_backup: u32,
    /// The newest step of the schema whose rows these are.
    pub schema: i64,
    /// When it was begun, in RFC 3339, to the millisecond.
    pub created_at: String,
    /// The installation it is of.
    pub installation: String,
    /// How far that had counted.
    pub epoch: i64,
    /// The root that wrapped new data keys.
    pub root: String,
    /// The file's own key, wrapped under that root.
    pub key: WrappedKey,
}

/// What a table begins with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TableHead {
    pub(crate) table: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: u64,
}

/// What a backup ends with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) rows: u64,
    pub(crate) sha256: String,
    pub(crate) mac: String,
}

/// Writes a backup and has it put in its place; gives how many rows are in it. The journal has that one is made before a
/// byte of it is written: what leaves the database is told of even if nobody comes back to tell how it ended.
///
/// # Errors
/// The journal cannot be written, the database cannot be read, a key cannot be had, or the file cannot be written or
/// placed.
pub async fn write(
    app: &App,
    to: impl Write + Send,
    progress: &dyn Progress,
    place: impl FnOnce() -> std::io::Result<()>,
) -> Result<u64> {
    app.core.keyring.check_open()?;
    let installation = meta::get(&mut app.core.store.glance().await?, meta::INSTALLATION).await?.unwrap_or_default();
    record(app, &installation, "backup.begun", Map::new()).await?;
    let written = rows_into(app, to, progress).await;
    let written = written.and_then(|rows| place().map(|()| rows).map_err(|error| unwritten(&error)));
    match &written {
        Ok(rows) => record(app, &installation, "backup.written", journal::detail([("rows", json!(rows))])).await?,
        Err(error) => {
            let detail = journal::detail([("why", json!(error.message()))]);
            if let Err(error) = record(app, &installation, "backup.not_written", detail).await {
                tracing::warn!(cause = ?error, "that a backup was not written could not be recorded");
            }
        }
    }
    written
}

async fn rows_into(app: &App, to: impl Write + Send, progress: &dyn Progress) -> Result<u64> {
    let (draft, key) = app.core.keyring.for_a_file().await?;
    let mut tx = app.core.store.read().await?;
    let head = head(app, &mut tx, draft).await?;
    let mut lines = LineWriter::new(to);
    lines.write(&head)?;
    let rows = tables(&mut tx, &mut lines, progress).await?;
    drop(tx);
    lines.end(rows, &key)?;
    // From here on whatever is restored from it is behind.
    installation::move_on(app).await?;
    Ok(rows)
}

async fn tables(tx: &mut Tx, lines: &mut LineWriter<impl Write>, progress: &dyn Progress) -> Result<u64> {
    let mut total = 0;
    for table in portable::tables() {
        total += table.count(tx).await?;
    }
    let mut done = 0;
    for table in portable::tables() {
        let columns = table.columns().into_iter().map(str::to_owned).collect();
        lines.write(&TableHead { table: table.name().into(), columns, rows: table.count(tx).await? })?;
        done = rows(tx, lines, table, done, total, progress).await?;
    }
    Ok(done)
}

async fn rows(
    tx: &mut Tx,
    lines: &mut LineWriter<impl Write>,
    table: TableId,
    mut done: u64,
    total: u64,
    progress: &dyn Progress,
) -> Result<u64> {
    let mut last: Option<Vec<Arg>> = None;
    loop {
        let page = table.page(tx, last.as_deref(), PAGE).await?;
        if page.is_empty() {
            return Ok(done);
        }
        for row in &page {
            lines.write(&row.iter().map(to_json).collect::<Vec<_>>())?;
            done += 1;
        }
        progress.report(done, Some(total), "rows written");
        last = page.into_iter().next_back();
        // Other work goes on between two pages.
        tokio::task::yield_now().await;
    }
}

async fn head(app: &App, tx: &mut Tx, key: WrappedKey) -> Result<Head> {
    Ok(Head {
        valetkey_backup: FORMAT,
        schema: portable::schema(),
        created_at: format!("{:.3}", app.core.now()),
        installation: meta::get(tx, meta::INSTALLATION).await?.unwrap_or_default(),
        epoch: meta::number(tx, meta::EPOCH).await?,
        root: meta::get(tx, meta::ROOT).await?.unwrap_or_default(),
        key,
    })
}

/// Says in the installation's journal what becomes of a backup.
async fn record(app: &App, installation: &str, action: &'static str, detail: Map<String, Value>) -> Result<()> {
    let ctx = context::installation(&app.core, Actor::Operator);
    app.core.journal.fact_now(&ctx, action, installation, detail).await
}

/// Whether a database holds nothing yet.
pub(crate) async fn is_empty(store: &Store) -> Result<bool> {
    let mut tx = store.read().await?;
    for table in portable::tables() {
        if table.count(&mut tx).await? > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The mac of a file with this hash.
pub(crate) fn mac(key: &DataKey, hash: &[u8; 32]) -> Result<String> {
    Ok(hex::encode(key.digest(Purpose::Backup.as_str(), hash)?))
}

fn to_json(value: &Arg) -> Value {
    match value {
        Arg::Null => Value::Null,
        Arg::Text(text) => Value::String(text.clone()),
        Arg::Integer(number) => (*number).into(),
        Arg::Bytes(bytes) => json!({"b": BASE64_STANDARD.encode(bytes)}),
    }
}

/// Lines on their way into the file, hashed as they go.
struct LineWriter<W: Write> {
    to: GzEncoder<W>,
    hash: Sha256,
}

impl<W: Write> LineWriter<W> {
    fn new(to: W) -> Self {
        Self { to: GzEncoder::new(to, Compression::default()), hash: Sha256::default() }
    }

    fn write(&mut self, line: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_vec(line).map_err(Error::internal)?;
        text.push(b'\n');
        self.hash.update(&text);
        self.to.write_all(&text).map_err(|error| unwritten(&error))
    }

    fn end(self, rows: u64, key: &DataKey) -> Result<()> {
        let hash = self.hash.finish();
        let end = End { rows, sha256: hex::encode(hash), mac: mac(key, &hash)? };
        let mut text = serde_json::to_vec(&end).map_err(Error::internal)?;
        text.push(b'\n');
        let mut to = self.to;
        let done = to.write_all(&text).and_then(|()| to.finish()).and_then(|mut file| file.flush());
        done.map_err(|error| unwritten(&error))
    }
}

fn unwritten(error: &std::io::Error) -> Error {
    Error::new(Kind::Unavailable, format!("the backup cannot be written: {error}"))
}

#[cfg(test)]
mod tests;

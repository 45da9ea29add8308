//! Putting a backup into an empty database, of whichever kind. All of it or nothing: the rows are committed only when the
//! file's end has shown that none is missing or changed. The database is then in quarantine until the operator decides.

use crate::upkeep::backup::{self, End, Head, TableHead};
use crate::{Error, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::bufread::GzDecoder;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use valetkey_core::keyring::{Keyring, Roots};
use valetkey_domain::Kind;
use valetkey_domain::ctx::Progress;
use valetkey_storage::portable::{self, TableId};
use valetkey_storage::{Arg, Store, Tx, meta};
use valetkey_vault::Sha256;

/// The longest line that is read: no row comes near it.
const LONGEST: u64 = 64 << 20;

/// How many rows are added at a time.
const BATCH: usize = 200;

/// What was restored.
#[derive(Clone, Debug)]
pub struct Restored {
    /// How many rows.
    pub rows: u64,
    /// When the backup was made.
    pub created_at: String,
    /// The installation it is of.
    pub installation: String,
}

/// Fills an empty database from a backup.
///
/// # Errors
/// The database is not empty; the file is damaged, was changed, is of another root key (both are named), of a newer
/// format or of another schema. Nothing is changed then.
pub async fn read(
    store: &Store,
    roots: &Roots,
    file: impl BufRead + Send,
    progress: &dyn Progress,
) -> Result<Restored> {
    if !backup::is_empty(store).await? {
        let message = "this database is not empty: a backup goes into an empty one. Name another data folder with \
                       --data, or an empty PostgreSQL database; nothing was changed";
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    let mut lines = LineReader::new(file);
    let head: Head = lines.head()?;
    let key = Keyring::of_a_file(roots, &head.key).await?;
    let mut tx = store.write().await?;
    let (rows, end) = fill(&mut tx, &mut lines, progress).await?;
    let hash = lines.finish()?;
    let fits = end.rows == rows && end.sha256 == hex::encode(hash);
    if !fits {
        return Err(damaged("its contents do not have the checksum it ends with"));
    }
    if !valetkey_vault::same(backup::mac(&key, &hash)?.as_bytes(), end.mac.as_bytes()) {
        return Err(damaged("it was changed since it was written"));
    }
    stamp(&mut tx, &head).await?;
    tx.commit().await?;
    Ok(Restored { rows, created_at: head.created_at, installation: head.installation })
}

/// Notes what the database is: whose, as of when, and that it is not to be used yet.
async fn stamp(tx: &mut Tx, head: &Head) -> Result<()> {
    meta::set(tx, meta::ROOT, &head.root).await?;
    meta::set(tx, meta::INSTALLATION, &head.installation).await?;
    meta::set(tx, meta::EPOCH, &head.epoch.to_string()).await?;
    let why = format!("its database was restored from a backup of {}", head.created_at);
    Ok(meta::set(tx, meta::QUARANTINE, &why).await?)
}

async fn fill(tx: &mut Tx, lines: &mut LineReader<impl BufRead>, progress: &dyn Progress) -> Result<(u64, End)> {
    let (mut table, mut batch, mut done) = (None::<TableId>, Vec::new(), 0);
    loop {
        let line = lines.next()?;
        if let Line::Row(row) = line {
            batch.push(row);
        } else {
            done += put(tx, table, std::mem::take(&mut batch)).await?;
            match line {
                Line::Table(head) => table = Some(known(&head)?),
                Line::End(end) => return Ok((done, end)),
                Line::Row(_) => {}
            }
        }
        if batch.len() == BATCH {
            done += put(tx, table, std::mem::take(&mut batch)).await?;
            progress.report(done, None, "rows restored");
        }
    }
}

async fn put(tx: &mut Tx, table: Option<TableId>, rows: Vec<Vec<Arg>>) -> Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    let table = table.ok_or_else(|| damaged("it has rows of no table"))?;
    if rows.iter().any(|row| row.len() != table.columns().len()) {
        return Err(damaged("a row does not fit its table"));
    }
    table.put(tx, rows).await.map_err(|error| match error.kind() {
        Kind::Unavailable => error.into(),
        _ => damaged("a row does not fit its table").because(error),
    })
}

fn known(head: &TableHead) -> Result<TableId> {
    let table = TableId::named(&head.table).filter(|table| table.columns() == head.columns);
    table.ok_or_else(|| damaged(&format!("it has a table '{}' that is none of this version's", head.table)))
}

/// One line behind the head.
enum Line {
    Table(TableHead),
    Row(Vec<Arg>),
    End(End),
}

/// Lines on their way out of the file, hashed as they go.
struct LineReader<R: BufRead> {
    from: BufReader<GzDecoder<R>>,
    hash: Sha256,
    text: Vec<u8>,
}

impl<R: BufRead> LineReader<R> {
    fn new(file: R) -> Self {
        Self { from: BufReader::new(GzDecoder::new(file)), hash: Sha256::default(), text: Vec::new() }
    }

    fn head(&mut self) -> Result<Head> {
        self.fetch()?;
        let head: Value = serde_json::from_slice(&self.text).map_err(|_| none())?;
        let format = head.get("valetkey_backup").and_then(Value::as_u64).ok_or_else(none)?;
        if format > u64::from(backup::FORMAT) {
            return Err(another(
                "a newer Valetkey",
                "format",
                i64::try_from(format).unwrap_or(i64::MAX),
                i64::from(backup::FORMAT),
            ));
        }
        let head: Head = serde_json::from_value(head).map_err(|_| none())?;
        let knows = portable::schema();
        match head.schema.cmp(&knows) {
            std::cmp::Ordering::Greater => Err(another("a newer Valetkey", "schema", head.schema, knows)),
            std::cmp::Ordering::Less => Err(another("an older Valetkey", "schema", head.schema, knows)),
            std::cmp::Ordering::Equal => {
                self.hash.update(&self.text);
                Ok(head)
            }
        }
    }

    /// The next line; the end's is not hashed.
    fn next(&mut self) -> Result<Line> {
        self.fetch()?;
        let line: Value = parse(&self.text)?;
        let line = match line {
            Value::Array(values) => Line::Row(values.into_iter().map(from_json).collect::<Result<_>>()?),
            line if line.get("table").is_some() => Line::Table(parse(&self.text)?),
            _ => return Ok(Line::End(parse(&self.text)?)),
        };
        self.hash.update(&self.text);
        Ok(line)
    }

    /// The hash of all lines but the end's. Reads to the file's own end, where gzip has a checksum too.
    fn finish(mut self) -> Result<[u8; 32]> {
        let more = self.from.read(&mut [0]).map_err(|error| damaged(&error.to_string()))?;
        if more > 0 {
            return Err(damaged("it goes on behind its end"));
        }
        Ok(self.hash.finish())
    }

    fn fetch(&mut self) -> Result<()> {
        self.text.clear();
        let mut limited = (&mut self.from).take(LONGEST);
        limited.read_until(b'\n', &mut self.text).map_err(|error| damaged(&error.to_string()))?;
        if self.text.last() == Some(&b'\n') { Ok(()) } else { Err(damaged("it ends in the middle")) }
    }
}

fn from_json(value: Value) -> Result<Arg> {
    match value {
        Value::Null => Ok(Arg::Null),
        Value::String(text) => Ok(Arg::Text(text)),
        Value::Number(number) => number.as_i64().map(Arg::Integer).ok_or_else(|| damaged("a number is none of ours")),
        Value::Object(bytes) => {
            let text = bytes.get("b").and_then(Value::as_str);
            let bytes = text.and_then(|text| BASE64_STANDARD.decode(text).ok());
            bytes.map(Arg::Bytes).ok_or_else(|| damaged("a value is none of ours"))
        }
        Value::Bool(_) | Value::Array(_) => Err(damaged("a value is none of ours")),
    }
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T> {
    serde_json::from_slice(text).map_err(|_| damaged("a line is none of a backup's"))
}

fn none() -> Error {
    Error::new(Kind::FailedPrecondition, "this file is no backup of Valetkey; nothing was changed")
}

fn damaged(why: &str) -> Error {
    let message = format!("the backup is damaged ({why}): take another one; nothing was changed");
    Error::new(Kind::FailedPrecondition, message)
}

fn another(whose: &str, what: &str, has: i64, knows: i64) -> Error {
    let message = format!(
        "the backup was made by {whose} ({what} {has}, this one has {knows}): restore it with that version, then \
         upgrade; nothing was changed"
    );
    Error::new(Kind::FailedPrecondition, message)
}

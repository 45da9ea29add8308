//! What a check of the whole journal reads. It reads leniently: a row that somebody has spoilt is what it is there to
//! find, and must not end it.

use super::chain::{entry, head};
use super::found_by;
use crate::{Error, Row, Tx, args};
use valetkey_domain::id::{DataKeyId, SegmentId};
use valetkey_domain::journal::{Entry, Head, Seal};

/// A record as it is found.
#[derive(Clone, Debug)]
pub struct StoredRecord {
    /// Its id.
    pub id: String,
    /// What it says, and its seal; none where a column does not hold what the schema promises.
    pub sealed: Option<(Entry, Seal)>,
    /// Its place in the segment that was asked for; none if it waits for one, or if a column is spoilt.
    pub position: Option<(i64, [u8; 32])>,
}

/// How many records there are.
///
/// # Errors
/// The database cannot be read.
pub async fn count(tx: &mut Tx) -> Result<u64, Error> {
    let row = tx.one("SELECT count(*) AS n FROM journal", []).await?;
    Ok(row.map_or(Ok(0), |row| row.integer("n"))?.try_into().unwrap_or(0))
}

/// All segments that have records with a place, in the order of their ids.
///
/// # Errors
/// The database cannot be read.
pub async fn segments(tx: &mut Tx) -> Result<Vec<String>, Error> {
    // From one to the next by the index: there are few segments and many records.
    let sql = "WITH RECURSIVE each_one (segment) AS (
            SELECT min(segment) FROM journal WHERE seq IS NOT NULL
            UNION ALL
            SELECT (SELECT min(j.segment) FROM journal j WHERE j.segment > e.segment AND j.seq IS NOT NULL)
            FROM each_one e WHERE e.segment IS NOT NULL
        )
        SELECT segment FROM each_one WHERE segment IS NOT NULL";
    tx.all(sql, []).await?.iter().map(|row| row.text("segment").map(str::to_owned)).collect()
}

/// A segment's records behind this number, in the order of their numbers.
///
/// # Errors
/// The database cannot be read.
pub async fn positioned(tx: &mut Tx, segment: &str, behind: i64, most: u32) -> Result<Vec<(i64, StoredRecord)>, Error> {
    let sql = "SELECT * FROM journal WHERE segment = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    let rows = tx.all(sql, args![segment, behind, i64::from(most)]).await?;
    rows.iter().map(|row| Ok((row.integer("seq")?, stored(row)))).collect()
}

/// The records that wait for a place, or have a number without a segment, behind this id.
///
/// # Errors
/// The database cannot be read.
pub async fn unpositioned(tx: &mut Tx, behind: &str, most: u32) -> Result<Vec<StoredRecord>, Error> {
    let waiting = "SELECT * FROM journal WHERE seq IS NULL AND id > $1 ORDER BY id LIMIT $2";
    Ok(tx.all(waiting, args![behind, i64::from(most)]).await?.iter().map(stored).collect())
}

/// The ids of records that have a number but no segment, which nothing of ours writes.
///
/// # Errors
/// The database cannot be read.
pub async fn astray(tx: &mut Tx, most: u32) -> Result<Vec<String>, Error> {
    let sql = "SELECT id FROM journal WHERE segment IS NULL AND seq IS NOT NULL ORDER BY id LIMIT $1";
    tx.all(sql, args![i64::from(most)]).await?.iter().map(|row| row.text("id").map(str::to_owned)).collect()
}

/// What stands at a place.
///
/// # Errors
/// The database cannot be read.
pub async fn at(tx: &mut Tx, segment: &SegmentId, seq: i64) -> Result<Option<Head>, Error> {
    let sql = "SELECT id, segment, seq, link FROM journal WHERE segment = $1 AND seq = $2";
    Ok(tx.one(sql, args![segment, seq]).await?.and_then(|row| head(&row).ok()))
}

/// What the journal says of itself with this action about this subject.
///
/// # Errors
/// The database cannot be read.
pub async fn own_records(tx: &mut Tx, action: &str, subject: &str) -> Result<Vec<StoredRecord>, Error> {
    let sql = "SELECT * FROM journal WHERE environment_id = '' AND subject = $2 AND action = $1 ORDER BY id";
    Ok(tx.all(sql, args![action, subject]).await?.iter().map(stored).collect())
}

/// The records of an environment that tell of a subject and hold this text in their detail, oldest first by their ids.
///
/// # Errors
/// The database cannot be read.
pub async fn mentioning(tx: &mut Tx, environment: &str, subject: &str, text: &str) -> Result<Vec<StoredRecord>, Error> {
    let sql = "SELECT * FROM journal WHERE environment_id = $1 AND subject = $2 AND detail LIKE $3 ORDER BY id";
    Ok(tx.all(sql, args![environment, subject, format!("%{text}%")]).await?.iter().map(stored).collect())
}

/// The newest record with this action that the journal has of itself.
///
/// # Errors
/// The database cannot be read.
pub async fn newest_own(tx: &mut Tx, action: &str) -> Result<Option<StoredRecord>, Error> {
    let sql = "SELECT * FROM journal WHERE environment_id = '' AND action = $1 ORDER BY id DESC LIMIT 1";
    Ok(tx.one(sql, args![action]).await?.as_ref().map(stored))
}

/// When the newest record was made, in milliseconds since 1970; none if there is none.
///
/// # Errors
/// The database cannot be read.
pub async fn newest_at(tx: &mut Tx) -> Result<Option<i64>, Error> {
    let row = tx.one("SELECT id, at FROM journal ORDER BY id DESC LIMIT 1", []).await?;
    row.map(|row| row.integer("at")).transpose()
}

/// Intents without an outcome, oldest first: id, action, subject.
///
/// # Errors
/// The database cannot be read.
pub async fn open_intents(tx: &mut Tx, most: u32) -> Result<Vec<(String, String, String)>, Error> {
    let sql = "SELECT i.id, i.action, i.subject FROM journal i WHERE i.phase = 'intent' AND NOT EXISTS (
            SELECT 1 FROM journal o WHERE o.environment_id = i.environment_id AND o.subject = i.subject
                AND o.action = i.action AND o.phase = 'outcome')
        ORDER BY i.id LIMIT $1";
    let text = |row: &Row, column: &str| row.text(column).map(str::to_owned);
    let rows = tx.all(sql, args![i64::from(most)]).await?;
    rows.iter().map(|row| Ok((text(row, "id")?, text(row, "action")?, text(row, "subject")?))).collect()
}

fn stored(row: &Row) -> StoredRecord {
    // An older version wrote no such columns.
    let column = |name: &str| row.optional_text(name).unwrap_or(Some(""));
    let names = ["call_outcome", "call_connector", "call_connection", "call_account", "call_source", "call_run"];
    let found_as_it_says = |entry: &Entry| {
        names
            .into_iter()
            .zip(found_by::columns(entry))
            .all(|(name, says)| column(name).is_none_or(|text| says.as_deref() == Some(text)))
    };
    let seal = || Some(Seal { key: row.parsed::<DataKeyId>("key_id").ok()?, leaf: row.hash("leaf").ok()? });
    let position = || Some((row.integer("seq").ok()?, row.hash("link").ok()?));
    let id = row.text("id").unwrap_or_default().to_owned();
    StoredRecord { id, sealed: entry(row).ok().filter(found_as_it_says).zip(seal()), position: position() }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{head, item};
    use super::super::{Position, append};
    use super::*;
    use crate::fixture;

    #[tokio::test]
    async fn everything_is_seen_once_spoilt_or_not() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let at = |n, name, seq| item("env_ours", n, Position::At(head(name, seq)));
        let promised = item("env_ours", 5, Position::Promised(SegmentId::parse("seg_1").unwrap()));
        append(&mut tx, [at(1, "seg_1", 1), at(2, "seg_1", 2), at(3, "seg_2", 1), at(4, "seg_3", 1), promised])
            .await
            .unwrap();
        tx.run("UPDATE journal SET leaf = NULL WHERE id = 'rec_2'", []).await.unwrap();
        tx.run("UPDATE journal SET segment = NULL WHERE id = 'rec_4'", []).await.unwrap();
        assert_eq!(count(&mut tx).await.unwrap(), 5);
        assert_eq!(segments(&mut tx).await.unwrap(), ["seg_1", "seg_2"]);
        let first = positioned(&mut tx, "seg_1", i64::MIN, 9).await.unwrap();
        let sealed: Vec<_> = first.iter().map(|(seq, stored)| (*seq, stored.sealed.is_some())).collect();
        assert_eq!(sealed, [(1, true), (2, false)]);
        assert_eq!(
            unpositioned(&mut tx, "", 9).await.unwrap().iter().map(|stored| &stored.id).collect::<Vec<_>>(),
            ["rec_5"]
        );
        assert_eq!(astray(&mut tx, 9).await.unwrap(), ["rec_4"]);
        let segment = SegmentId::parse("seg_2").unwrap();
        assert_eq!(super::at(&mut tx, &segment, 1).await.unwrap(), Some(head("seg_2", 1)));
        assert_eq!(super::at(&mut tx, &segment, 2).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_call_that_is_found_by_what_its_record_does_not_say_is_spoilt() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let mut call = item("env_ours", 1, Position::At(head("seg_1", 1)));
        call.entry.action = found_by::ACTION.into();
        call.entry.detail = r#"{"outcome":"ok","account":"ca_1"}"#.into();
        append(&mut tx, [call]).await.unwrap();
        for (change, whole) in [
            ("UPDATE journal SET call_run = NULL", true),
            ("UPDATE journal SET call_account = 'ca_2'", false),
            ("UPDATE journal SET call_account = 'ca_1', call_run = 'run-1'", false),
            ("UPDATE journal SET call_outcome = NULL, call_account = NULL, call_run = NULL", true),
        ] {
            tx.run(change, []).await.unwrap();
            let stored = positioned(&mut tx, "seg_1", i64::MIN, 9).await.unwrap();
            assert_eq!(stored[0].1.sealed.is_some(), whole, "{change}");
        }
    }

    #[tokio::test]
    async fn an_intent_is_open_until_its_own_outcome() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let segment = SegmentId::parse("seg_1").unwrap();
        let told = |n, phase: &str, environment: &str| {
            let mut item = item(environment, n, Position::Promised(segment.clone()));
            (item.entry.phase, item.entry.subject) = (phase.into(), "exec_1".into());
            item
        };
        append(&mut tx, [told(1, "intent", "env_ours"), told(2, "outcome", "env_theirs")]).await.unwrap();
        let open = open_intents(&mut tx, 9).await.unwrap();
        assert_eq!(open, [("rec_1".to_owned(), "client.created".to_owned(), "exec_1".to_owned())]);
        append(&mut tx, [told(3, "outcome", "env_ours")]).await.unwrap();
        assert!(open_intents(&mut tx, 9).await.unwrap().is_empty());
    }
}

//! The journal's records: appended, listed, never changed.

use crate::row::json_text;
use crate::{Arg, Error, Row, Tx, args};
use serde_json::{Map, Value};
use valetkey_domain::id::RecordId;
use valetkey_domain::journal::Record;
use valetkey_domain::{Ctx, Timestamp};

/// A record as it is read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its id.
    pub id: RecordId,
    /// When.
    pub at: Timestamp,
    /// Who: `client:skc_..`, `operator`.
    pub actor: String,
    /// The request it came with.
    pub request: String,
    /// What.
    pub action: String,
    /// On what.
    pub subject: String,
    /// `intent`, `outcome` or `fact`.
    pub phase: String,
    /// More, by name.
    pub detail: Map<String, Value>,
}

/// Appends records, each to the environment it names. A record that is there already is left as it is, so that a
/// commit whose answer was lost can be repeated.
///
/// # Errors
/// The database cannot be written.
pub async fn append<'a>(tx: &mut Tx, records: impl IntoIterator<Item = &'a Record>) -> Result<(), Error> {
    let sql = "INSERT INTO journal (id, environment_id, at, actor, request_id, action, subject, phase, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING";
    let each = records.into_iter().map(values).collect::<Result<_, _>>()?;
    tx.run_each(sql, each).await.map(drop)
}

/// The environment's newest records, newest first, of all subjects or of one.
///
/// # Errors
/// The database cannot be read.
pub async fn newest(ctx: &Ctx, tx: &mut Tx, subject: Option<&str>, size: u32) -> Result<Vec<Line>, Error> {
    let all = "SELECT * FROM journal WHERE environment_id = $1 ORDER BY id DESC LIMIT $2";
    let of_one = "SELECT * FROM journal WHERE environment_id = $1 AND subject = $3 ORDER BY id DESC LIMIT $2";
    let size = i64::from(size);
    let rows = match subject {
        None => tx.all(all, args![&ctx.environment, size]).await?,
        Some(subject) => tx.all(of_one, args![&ctx.environment, size, subject]).await?,
    };
    rows.iter().map(read).collect()
}

fn values(record: &Record) -> Result<Vec<Arg>, Error> {
    let values = args![
        &record.id,
        &record.environment,
        record.at,
        record.actor.text(),
        &record.request,
        record.action,
        &record.subject,
        record.phase.as_str(),
        json_text(&record.detail)?,
    ];
    Ok(values.into())
}

fn read(row: &Row) -> Result<Line, Error> {
    row.fit("journal", |row| {
        Ok(Line {
            id: row.parsed("id")?,
            at: row.timestamp("at")?,
            actor: row.text("actor")?.into(),
            request: row.text("request_id")?.into(),
            action: row.text("action")?.into(),
            subject: row.text("subject")?.into(),
            phase: row.text("phase")?.into(),
            detail: row.json("detail")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use valetkey_domain::journal::Phase;

    fn record(ctx: &Ctx, n: u32) -> Record {
        Record {
            id: RecordId::parse(&format!("rec_{n}")).unwrap(),
            environment: ctx.environment.clone(),
            at: fixture::now(),
            actor: ctx.actor.clone(),
            request: ctx.request.clone(),
            action: "client.created",
            subject: format!("skc_{n}"),
            phase: Phase::Fact,
            detail: Map::from_iter([("n".to_owned(), n.into())]),
        }
    }

    #[tokio::test]
    async fn the_newest_come_first_and_a_stranger_sees_none() {
        let there = fixture::two_environments().await;
        let mut tx = there.store.write().await.unwrap();
        let records: Vec<_> = (10..15).map(|n| record(&there.ours, n)).collect();
        append(&mut tx, &records).await.unwrap();
        append(&mut tx, &records[..1]).await.unwrap();
        let lines = newest(&there.ours, &mut tx, None, 3).await.unwrap();
        let ids: Vec<_> = lines.iter().map(|line| line.id.as_str()).collect();
        assert_eq!(ids, ["rec_14", "rec_13", "rec_12"]);
        assert_eq!((lines[0].actor.as_str(), lines[0].phase.as_str()), ("operator", "fact"));
        assert_eq!(lines[0].detail["n"], 14);
        assert_eq!(newest(&there.ours, &mut tx, Some("skc_14"), 3).await.unwrap(), lines[..1]);
        assert!(newest(&there.theirs, &mut tx, None, 3).await.unwrap().is_empty());
        assert!(newest(&there.theirs, &mut tx, Some("skc_14"), 3).await.unwrap().is_empty());
    }
}

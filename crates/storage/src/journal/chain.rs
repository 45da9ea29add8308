//! The places of records: given to those that wait for one, taken by retention, named by checkpoints. None of it belongs
//! to an environment, so no query here names one.

use crate::{Bulk, Error, Row, Tx, args};
use std::collections::HashSet;
use std::sync::LazyLock;
use valetkey_domain::id::SegmentId;
use valetkey_domain::journal::{Entry, Head, Seal};

static ASSIGN: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        "id segment seq:n link:b",
        "UPDATE journal SET segment = given.segment, seq = given.seq, link = given.link FROM given
         WHERE journal.id = given.id AND journal.seq IS NULL",
    )
});

static NAME: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        "id seq:n",
        "UPDATE journal_segments SET named_seq = given.seq FROM given
         WHERE journal_segments.id = given.id AND journal_segments.named_seq < given.seq",
    )
});

static ADOPT: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        "id key_id leaf:b segment seq:n link:b",
        "UPDATE journal SET key_id = given.key_id, leaf = given.leaf, segment = given.segment, seq = given.seq,
            link = given.link FROM given
         WHERE journal.id = given.id",
    )
});

/// A record that has its seal and waits for its place.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its id.
    pub id: String,
    /// Its leaf.
    pub leaf: [u8; 32],
}

/// The records that wait for a place in this segment, and those of others that wait since before `others_before`
/// (milliseconds since 1970), oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn waiting(tx: &mut Tx, own: &SegmentId, others_before: i64, most: u32) -> Result<Vec<Waiting>, Error> {
    let sql = "SELECT id, leaf FROM journal
        WHERE seq IS NULL AND leaf IS NOT NULL AND (segment = $1 OR at < $2) ORDER BY id LIMIT $3";
    let rows = tx.all(sql, args![own, others_before, i64::from(most)]).await?;
    rows.iter()
        .map(|row| row.fit("journal", |row| Ok(Waiting { id: row.text("id")?.into(), leaf: row.hash("leaf")? })))
        .collect()
}

/// Gives records that wait their places.
///
/// # Errors
/// The database cannot be written, or one of them no longer waits: another process was faster.
pub async fn assign(tx: &mut Tx, placed: &[(Waiting, Head)]) -> Result<(), Error> {
    let each = placed.iter().map(|(record, head)| args![&record.id, &head.segment, head.seq, &head.link].into());
    expect(tx.run_each(&ASSIGN, each.collect()).await?, placed.len() as u64)
}

/// Which of these records are there.
///
/// # Errors
/// The database cannot be read.
pub async fn known(tx: &mut Tx, ids: &[String]) -> Result<HashSet<String>, Error> {
    let mut known = HashSet::new();
    for id in ids {
        if tx.one("SELECT id FROM journal WHERE id = $1", args![id]).await?.is_some() {
            known.insert(id.clone());
        }
    }
    Ok(known)
}

/// The newest record of a segment; none if it has none.
///
/// # Errors
/// The database cannot be read.
pub async fn newest(tx: &mut Tx, segment: &SegmentId) -> Result<Option<Head>, Error> {
    let sql =
        "SELECT id, segment, seq, link FROM journal WHERE segment = $1 AND seq IS NOT NULL ORDER BY seq DESC LIMIT 1";
    tx.one(sql, args![segment]).await?.as_ref().map(head).transpose()
}

/// Notes that a segment is there.
///
/// # Errors
/// The database cannot be written.
pub async fn open(tx: &mut Tx, segment: &SegmentId) -> Result<(), Error> {
    let sql = "INSERT INTO journal_segments (id, named_seq) VALUES ($1, 0) ON CONFLICT (id) DO NOTHING";
    tx.run(sql, args![segment]).await.map(drop)
}

/// Whether no segment was ever opened: what is in the journal is then older than the chain.
///
/// # Errors
/// The database cannot be read.
pub async fn is_new(tx: &mut Tx) -> Result<bool, Error> {
    Ok(tx.one("SELECT id FROM journal_segments LIMIT 1", []).await?.is_none())
}

/// The newest heads of the other segments that no checkpoint of another segment has named yet.
///
/// # Errors
/// The database cannot be read.
pub async fn unnamed(tx: &mut Tx, own: &SegmentId) -> Result<Vec<Head>, Error> {
    // One look-up for each segment and column: a join is made by reading the whole journal where nothing is known of it.
    let sql = "SELECT s.id, s.id AS segment,
            (SELECT max(l.seq) FROM journal l WHERE l.segment = s.id) AS seq,
            (SELECT l.link FROM journal l WHERE l.segment = s.id AND l.seq IS NOT NULL ORDER BY l.seq DESC LIMIT 1) AS link
        FROM journal_segments s
        WHERE s.id <> $1 AND (SELECT max(l.seq) FROM journal l WHERE l.segment = s.id) > s.named_seq ORDER BY s.id";
    tx.all(sql, args![own]).await?.iter().map(head).collect()
}

/// Notes that a checkpoint names these heads.
///
/// # Errors
/// The database cannot be written.
pub async fn name(tx: &mut Tx, heads: &[Head]) -> Result<(), Error> {
    tx.run_each(&NAME, heads.iter().map(|head| args![&head.segment, head.seq].into()).collect()).await.map(drop)
}

/// Records that are older than the chain, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn unsealed(tx: &mut Tx, most: u32) -> Result<Vec<Entry>, Error> {
    let sql = "SELECT * FROM journal WHERE leaf IS NULL ORDER BY id LIMIT $1";
    tx.all(sql, args![i64::from(most)]).await?.iter().map(|row| row.fit("journal", entry)).collect()
}

/// Gives records that are older than the chain their seals and places.
///
/// # Errors
/// The database cannot be written.
pub async fn adopt(tx: &mut Tx, adopted: &[(Entry, Seal, Head)]) -> Result<(), Error> {
    let each = adopted
        .iter()
        .map(|(entry, seal, head)| args![&entry.id, &seal.key, &seal.leaf, &head.segment, head.seq, &head.link].into());
    tx.run_each(&ADOPT, each.collect()).await.map(drop)
}

/// The oldest records of one segment, without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The newest of them.
    pub through: Head,
    /// How many they are.
    pub records: u64,
}

/// The oldest records of the first segment that has any from before this instant (milliseconds since 1970), at most
/// `most`.
///
/// # Errors
/// The database cannot be read.
pub async fn old_part(tx: &mut Tx, before: i64, most: u32) -> Result<Option<Part>, Error> {
    let oldest =
        "SELECT id, segment, seq, link, at FROM journal WHERE segment = $1 AND seq IS NOT NULL ORDER BY seq LIMIT $2";
    for segment in tx.all("SELECT id FROM journal_segments ORDER BY id", []).await? {
        let rows = tx.all(oldest, args![segment.text("id")?, i64::from(most)]).await?;
        let old = rows.iter().take_while(|row| row.integer("at").is_ok_and(|at| at < before));
        if let Some((index, last)) = old.enumerate().last() {
            return Ok(Some(Part { through: head(last)?, records: index as u64 + 1 }));
        }
    }
    Ok(None)
}

/// Removes a part, and the segment with it if nothing of it is left.
///
/// # Errors
/// The database cannot be written, or another process has removed some of it.
pub async fn remove(tx: &mut Tx, part: &Part) -> Result<(), Error> {
    let Head { segment, seq, .. } = &part.through;
    let gone = tx.run("DELETE FROM journal WHERE segment = $1 AND seq <= $2", args![segment, *seq]).await?;
    let emptied = "DELETE FROM journal_segments WHERE id = $1
        AND NOT EXISTS (SELECT 1 FROM journal WHERE segment = $1 AND seq IS NOT NULL)";
    tx.run(emptied, args![segment]).await?;
    expect(gone, part.records)
}

/// Two processes that do the same work at once must not both believe that they did it.
fn expect(changed: u64, wanted: u64) -> Result<(), Error> {
    if changed == wanted { Ok(()) } else { Err(Error::Conflict { on: "place in the journal".into() }) }
}

pub(super) fn head(row: &Row) -> Result<Head, Error> {
    row.fit("journal", |row| {
        Ok(Head { segment: row.parsed("segment")?, seq: row.integer("seq")?, link: row.hash("link")? })
    })
}

pub(super) fn entry(row: &Row) -> Result<Entry, Error> {
    let text = |column: &str| row.text(column).map(str::to_owned);
    Ok(Entry {
        id: text("id")?,
        environment: text("environment_id")?,
        at: row.integer("at")?,
        actor: text("actor")?,
        request: text("request_id")?,
        action: text("action")?,
        subject: text("subject")?,
        phase: text("phase")?,
        detail: text("detail")?,
    })
}

/// What is done to many records at once.
#[cfg(test)]
pub(crate) fn bulks() -> [&'static Bulk; 3] {
    [&ASSIGN, &NAME, &ADOPT]
}

#[cfg(test)]
mod tests {
    use super::super::tests::{head, item};
    use super::super::{Position, append};
    use super::*;
    use crate::fixture;

    fn own() -> SegmentId {
        SegmentId::parse("seg_2").unwrap()
    }

    async fn ids(tx: &mut Tx, before: i64) -> Vec<String> {
        waiting(tx, &own(), before, 10).await.unwrap().into_iter().map(|record| record.id).collect()
    }

    #[tokio::test]
    async fn who_waits_gets_a_place_once_and_another_process_is_left_alone_for_a_while() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let other = SegmentId::parse("seg_1").unwrap();
        let promised =
            [(1, &other), (2, &own()), (3, &other)].map(|(n, by)| item("env_ours", n, Position::Promised(by.clone())));
        append(&mut tx, promised).await.unwrap();
        assert_eq!(ids(&mut tx, 0).await, ["rec_2"]);
        assert_eq!(ids(&mut tx, 2).await, ["rec_1", "rec_2"]);
        let found = waiting(&mut tx, &own(), 0, 10).await.unwrap().remove(0);
        let placed = [(found, head("seg_2", 1))];
        assign(&mut tx, &placed).await.unwrap();
        assert!(assign(&mut tx, &placed).await.is_err(), "it has one already");
        assert_eq!(
            known(&mut tx, &["rec_2", "rec_9"].map(String::from)).await.unwrap(),
            HashSet::from(["rec_2".to_owned()])
        );
        assert!(ids(&mut tx, 0).await.is_empty());
        assert_eq!(newest(&mut tx, &own()).await.unwrap(), Some(head("seg_2", 1)));
        assert_eq!(newest(&mut tx, &other).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_head_is_named_until_it_moves_on() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        assert!(is_new(&mut tx).await.unwrap());
        for name in ["seg_1", "seg_2"] {
            open(&mut tx, &SegmentId::parse(name).unwrap()).await.unwrap();
        }
        assert!(!is_new(&mut tx).await.unwrap());
        let at = |n, name, seq| item("env_ours", n, Position::At(head(name, seq)));
        append(&mut tx, [at(1, "seg_1", 1), at(2, "seg_1", 2), at(3, "seg_2", 1)]).await.unwrap();
        let found = unnamed(&mut tx, &own()).await.unwrap();
        assert_eq!(found, [head("seg_1", 2)]);
        name(&mut tx, &found).await.unwrap();
        assert!(unnamed(&mut tx, &own()).await.unwrap().is_empty());
        append(&mut tx, [at(4, "seg_1", 3)]).await.unwrap();
        assert_eq!(unnamed(&mut tx, &own()).await.unwrap(), [head("seg_1", 3)]);
    }

    #[tokio::test]
    async fn old_parts_go_segment_by_segment_and_from_the_oldest_on() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        for (segment, first) in [("seg_1", 10), ("seg_2", 20)] {
            open(&mut tx, &SegmentId::parse(segment).unwrap()).await.unwrap();
            let items = (0..3).map(|n| item("env_ours", first + n, Position::At(head(segment, i64::from(n) + 1))));
            append(&mut tx, items).await.unwrap();
        }
        let part = |name, seq, records| Some(Part { through: head(name, seq), records });
        assert_eq!(old_part(&mut tx, 22, 2).await.unwrap(), part("seg_1", 2, 2), "no more than asked for");
        for expected in [part("seg_1", 3, 3), part("seg_2", 2, 2)] {
            assert_eq!(old_part(&mut tx, 22, 9).await.unwrap(), expected);
            remove(&mut tx, &expected.unwrap()).await.unwrap();
        }
        assert_eq!(old_part(&mut tx, 22, 9).await.unwrap(), None);
        let left = tx.all("SELECT id FROM journal_segments", []).await.unwrap();
        assert_eq!(left.len(), 1, "a segment without records is forgotten");
    }
}

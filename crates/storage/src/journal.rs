//! The journal's records: appended, listed, never changed. [`chain`] has their places, [`audit`] what a check reads,
//! [`calls`] the tool calls among them.

pub mod audit;
pub mod calls;
pub mod chain;
mod found_by;

use crate::walk::{self, ListQuery, Source, Texts, Total};
use crate::{Arg, Bulk, Error, Listed, Page, Row, Store, Tx, args};
use serde_json::{Map, Value};
use std::sync::LazyLock;
use valetkey_domain::id::{AccountId, RecordId, SegmentId};
use valetkey_domain::journal::{Entry, Head, Seal};
use valetkey_domain::{Ctx, Timestamp};

/// The most records on one page.
const MAX_SIZE: u32 = 100;

/// A record as it is read back.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalRecord {
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

/// A sealed record on its way into the database.
#[derive(Clone, Debug)]
pub struct Item {
    /// The record.
    pub entry: Entry,
    /// Its seal.
    pub seal: Seal,
    /// Where it stands.
    pub position: Position,
}

/// Where a record stands in the chain.
#[derive(Clone, Debug)]
pub enum Position {
    /// Nowhere yet: this segment's process will give it a place.
    Promised(SegmentId),
    /// At this head's number, with its link.
    At(Head),
}

static APPEND: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::insert(
        "journal",
        "id environment_id at:n actor request_id action subject phase detail key_id leaf:b segment seq:n link:b \
         call_outcome call_connector call_connection call_account call_source call_run",
    )
});

/// Appends records in a transaction that does more.
///
/// # Errors
/// The database cannot be written, or a place is taken.
pub async fn append(tx: &mut Tx, items: impl IntoIterator<Item = Item>) -> Result<(), Error> {
    tx.run_each(&APPEND, items.into_iter().map(values).collect()).await.map(drop)
}

/// Appends records and saves them: all of them or none.
///
/// # Errors
/// As for [`append`].
pub async fn append_now(store: &Store, items: impl IntoIterator<Item = Item>) -> Result<(), Error> {
    store.apply(&APPEND, items.into_iter().map(values).collect()).await
}

/// The environment's newest records, newest first, of all subjects or of one.
///
/// # Errors
/// The database cannot be read.
pub async fn newest(ctx: &Ctx, tx: &mut Tx, subject: Option<&str>, size: u32) -> Result<Vec<JournalRecord>, Error> {
    let all = "SELECT * FROM journal WHERE environment_id = $1 ORDER BY id DESC LIMIT $2";
    let of_one = "SELECT * FROM journal WHERE environment_id = $1 AND subject = $3 ORDER BY id DESC LIMIT $2";
    let size = i64::from(size);
    let rows = match subject {
        None => tx.all(all, args![&ctx.environment, size]).await?,
        Some(subject) => tx.all(of_one, args![&ctx.environment, size, subject]).await?,
    };
    rows.iter().map(read).collect()
}

/// The newest intent of an action whose subjects begin so and end with a ULID, by which they stand in the order of time.
///
/// # Errors
/// The database cannot be read.
pub async fn newest_intent(
    ctx: &Ctx,
    tx: &mut Tx,
    action: &str,
    subjects: &str,
) -> Result<Option<JournalRecord>, Error> {
    let sql = "SELECT * FROM journal WHERE environment_id = $1 AND subject > $2 AND subject < $3 AND action = $4
         AND phase = 'intent' ORDER BY subject DESC LIMIT 1";
    // Behind every letter and digit.
    let end = format!("{subjects}~");
    tx.one(sql, args![&ctx.environment, subjects, end, action]).await?.as_ref().map(read).transpose()
}

const SOURCE: Source = Source {
    prefix: RecordId::PREFIX,
    table: "journal",
    columns: "t.*",
    joins: "",
    always: "",
    looked_at: "",
    fits: "",
    filters: 0,
    newest_first: true,
};

static ALL: LazyLock<Texts> = LazyLock::new(|| SOURCE.by(walk::ALL));

static OF_SUBJECT: LazyLock<Texts> = LazyLock::new(|| SOURCE.by_few("t.environment_id = $1 AND t.subject = KEY"));

/// All texts of lists.
#[cfg(test)]
pub(crate) fn texts() -> Vec<&'static str> {
    [&ALL, &OF_SUBJECT].into_iter().flat_map(|list| list.all()).collect()
}

/// A page of the environment's records, newest first, of all subjects or of one. They are not counted.
///
/// # Errors
/// The database cannot be read, or the token is none of this list's.
pub async fn list(ctx: &Ctx, tx: &mut Tx, subject: Option<&str>, page: &Page) -> Result<Listed<JournalRecord>, Error> {
    let texts = if subject.is_some() { &OF_SUBJECT } else { &ALL };
    let asked = ListQuery::by(texts, vec![subject.map(Arg::from)], Vec::new());
    asked.page(ctx, tx, page, MAX_SIZE, Total::Untold).await?.read(read)
}

/// How the last refresh of an account's tokens ended: the newest record that tells of one.
///
/// # Errors
/// The database cannot be read.
pub async fn last_refresh(ctx: &Ctx, tx: &mut Tx, account: &AccountId) -> Result<Option<JournalRecord>, Error> {
    let sql = "SELECT * FROM journal WHERE environment_id = $1 AND subject = $2 AND action IN
         ('account.refreshed', 'account.refresh_lost', 'account.refresh_failed', 'account.expired')
         ORDER BY id DESC LIMIT 1";
    tx.one(sql, args![&ctx.environment, account]).await?.as_ref().map(read).transpose()
}

fn values(Item { entry, seal, position }: Item) -> Vec<Arg> {
    let (segment, seq, link) = match &position {
        Position::Promised(segment) => (segment, None, None),
        Position::At(head) => (&head.segment, Some(head.seq), Some(&head.link)),
    };
    let [outcome, connector, connection, account, source, run] = found_by::columns(&entry);
    args![
        entry.id,
        entry.environment,
        entry.at,
        entry.actor,
        entry.request,
        entry.action,
        entry.subject,
        entry.phase,
        entry.detail,
        &seal.key,
        &seal.leaf,
        segment,
        seq,
        link,
        outcome,
        connector,
        connection,
        account,
        source,
        run,
    ]
    .into()
}

fn read(row: &Row) -> Result<JournalRecord, Error> {
    row.fit("journal", |row| {
        Ok(JournalRecord {
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
pub(crate) mod tests {
    use super::*;
    use crate::fixture;
    use valetkey_domain::id::DataKeyId;

    /// A record of this environment; its leaf is made up, for nothing here looks into it.
    pub(crate) fn item(environment: &str, n: u32, position: Position) -> Item {
        let entry = Entry {
            id: format!("rec_{n}"),
            environment: environment.to_owned(),
            at: i64::from(n),
            actor: "operator".into(),
            request: "req_1".into(),
            action: "client.created".into(),
            subject: format!("skc_{n}"),
            phase: "fact".into(),
            detail: format!("{{\"n\":{n}}}"),
        };
        Item { entry, seal: Seal { key: DataKeyId::parse("key_1").unwrap(), leaf: [1; 32] }, position }
    }

    pub(crate) fn head(name: &str, seq: i64) -> Head {
        Head { segment: SegmentId::parse(name).unwrap(), seq, link: [u8::try_from(seq).unwrap(); 32] }
    }

    #[tokio::test]
    async fn the_newest_come_first_and_a_stranger_sees_none() {
        let db = fixture::two_environments().await;
        let ours = db.ours.environment.as_str();
        let segment = SegmentId::parse("seg_1").unwrap();
        let items = (10..14).map(|n| item(ours, n, Position::Promised(segment.clone())));
        append_now(&db.store, items).await.unwrap();
        let mut tx = db.store.write().await.unwrap();
        append(&mut tx, [item(ours, 14, Position::At(head("seg_1", 1)))]).await.unwrap();
        let lines = newest(&db.ours, &mut tx, None, 3).await.unwrap();
        let ids: Vec<_> = lines.iter().map(|line| line.id.as_str()).collect();
        assert_eq!(ids, ["rec_14", "rec_13", "rec_12"]);
        assert_eq!((lines[0].actor.as_str(), lines[0].phase.as_str()), ("operator", "fact"));
        assert_eq!(lines[0].detail["n"], 14);
        assert_eq!(newest(&db.ours, &mut tx, Some("skc_14"), 3).await.unwrap(), lines[..1]);
        assert!(newest(&db.theirs, &mut tx, None, 3).await.unwrap().is_empty());
        assert!(newest(&db.theirs, &mut tx, Some("skc_14"), 3).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn pages_lead_to_the_oldest_and_back_and_show_nobody_elses() {
        let db = fixture::two_environments().await;
        let segment = SegmentId::parse("seg_1").unwrap();
        let of = |environment: &'static str, n: u32| {
            let mut item = item(environment, n, Position::Promised(segment.clone()));
            item.entry.id = format!("rec_{n:026}");
            item.entry.subject = if n.is_multiple_of(2) { "even".into() } else { "odd".into() };
            item
        };
        append_now(&db.store, (0..7).map(|n| of("env_ours", n))).await.unwrap();
        append_now(&db.store, (7..9).map(|n| of("env_theirs", n))).await.unwrap();
        let mut tx = db.store.read().await.unwrap();
        for (subject, expected) in [(None, vec![6, 5, 4, 3, 2, 1, 0]), (Some("even"), vec![6, 4, 2, 0])] {
            let (mut seen, mut pages, mut after) = (Vec::new(), Vec::new(), None);
            loop {
                let listed = list(&db.ours, &mut tx, subject, &Page { size: 3, after: after.clone() }).await.unwrap();
                seen.extend(listed.items.iter().map(|record| record.at.as_millisecond()));
                pages.push((after, listed.previous));
                after = listed.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expected, "{subject:?}");
            let (_, back) = pages.last().unwrap();
            let before = list(&db.ours, &mut tx, subject, &Page { size: 3, after: back.clone() }).await.unwrap();
            assert_eq!(before.items.len(), 3, "the page before the last is whole");
            assert_eq!(pages.first().unwrap().1, None);
        }
        assert!(list(&db.ours, &mut tx, None, &Page { size: 3, after: Some("x".into()) }).await.is_err());
    }

    #[tokio::test]
    async fn a_place_is_given_once_and_what_is_appended_with_it_goes_too() {
        let db = fixture::two_environments().await;
        append_now(&db.store, [item("env_ours", 1, Position::At(head("seg_1", 1)))]).await.unwrap();
        let both =
            [item("env_ours", 2, Position::At(head("seg_1", 2))), item("env_ours", 3, Position::At(head("seg_1", 1)))];
        assert!(append_now(&db.store, both).await.is_err());
        let mut tx = db.store.read().await.unwrap();
        assert_eq!(newest(&db.ours, &mut tx, None, 9).await.unwrap().len(), 1);
    }
}

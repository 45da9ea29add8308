//! Tool calls among the records: those that ended, each with what its user and connection are called now.
//!
//! A call is found by columns that are taken out of its record's detail as it is appended; what is shown is read from the
//! detail. Pages go by the ids of records, newest first, and so by time.

use super::{JournalRecord, read};
use crate::span::Span;
use crate::walk::{self, ListQuery, Source, Texts, Total};
use crate::{Arg, Error, Listed, Page, Row, Tx, args};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use valetkey_domain::id::{AccountId, ConnectionId, ExecutionId, RecordId};
use valetkey_domain::{Ctx, Timestamp};

/// The most calls on one page.
const MAX_SIZE: u32 = 100;

/// How a call ended that was done; the index of those that failed leaves it out.
const DONE: &str = "ok";

/// How many outcomes are asked for one by one: more than there are.
const MAX_OUTCOMES: usize = 50;

/// A tool call that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// Its record: of a call that reads the only one, else that of its outcome.
    pub record: JournalRecord,
    /// The name of its connection, if that is still there.
    pub connection: Option<String>,
    /// Its user, if the account is still there.
    pub identifier: Option<String>,
    /// The user's organisation; empty or none without one.
    pub organization: Option<String>,
    /// The user's id beside the identifier; empty or none without one.
    pub user: Option<String>,
}

/// Which calls; what is absent or empty filters nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those that were recorded from here on.
    pub from: Option<Timestamp>,
    /// Those that were recorded before.
    pub to: Option<Timestamp>,
    /// The journal's words for how it ended; any of them fits.
    pub outcomes: Option<Vec<String>>,
    /// Connectors; any of them fits.
    pub connectors: Option<Vec<String>>,
    /// `MCP`, `API` or `PROXY`; any of them fits.
    pub sources: Option<Vec<String>>,
    /// The agent's run.
    pub run: Option<String>,
    /// The connection.
    pub connection: Option<ConnectionId>,
    /// The accounts, a bounded number: each is asked for by itself.
    pub accounts: Option<Vec<AccountId>>,
}

/// How many calls of a span's part ended so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Which part, counted from the span's beginning.
    pub part: i64,
    /// The connector, if the record says so.
    pub connector: Option<String>,
    /// How they ended.
    pub outcome: String,
    /// How many.
    pub count: i64,
}

const SOURCE: Source = Source {
    prefix: RecordId::PREFIX,
    table: "journal",
    columns: "t.*, c.name AS connection_name, a.identifier AS account_identifier,
        a.organization_id AS account_organization, a.user_id AS account_user",
    joins: " LEFT JOIN connections c ON c.id = t.call_connection AND c.environment_id = t.environment_id
        LEFT JOIN connected_accounts a ON a.id = t.call_account AND a.environment_id = t.environment_id",
    always: " AND t.call_outcome IS NOT NULL",
    looked_at: ", t.call_outcome, t.call_connector, t.call_source, t.call_connection, t.call_run",
    fits: FITS,
    filters: 5,
    newest_first: true,
};

/// `$5` to `$9` as [`fits`] gives them.
const FITS: &str = "(CAST($5 AS TEXT) IS NULL OR replace($5, ',' || w.call_outcome || ',', '') <> $5)
    AND (CAST($6 AS TEXT) IS NULL OR replace($6, ',' || w.call_connector || ',', '') <> $6)
    AND (CAST($7 AS TEXT) IS NULL OR replace($7, ',' || w.call_source || ',', '') <> $7)
    AND (CAST($8 AS TEXT) IS NULL OR w.call_connection = $8)
    AND (CAST($9 AS TEXT) IS NULL OR w.call_run = $9)";

static ALL: LazyLock<Texts> = LazyLock::new(|| SOURCE.by(walk::ALL));

static OF_ACCOUNT: LazyLock<Texts> = LazyLock::new(|| SOURCE.by("t.environment_id = $1 AND t.call_account = KEY"));

static OF_RUN: LazyLock<Texts> = LazyLock::new(|| SOURCE.by("t.environment_id = $1 AND t.call_run = KEY"));

/// Few calls fail, and nobody has to look at all others for them.
static OF_FAILURE: LazyLock<Texts> =
    LazyLock::new(|| SOURCE.by("t.environment_id = $1 AND t.call_outcome = KEY AND t.call_outcome <> 'ok'"));

static SUMS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT (w.at - CAST($4 AS BIGINT)) / CAST($3 AS BIGINT) AS part, w.call_connector, w.call_outcome, count(*) AS n
         FROM journal w WHERE w.environment_id = $1 AND w.call_outcome IS NOT NULL AND w.id > $2 AND w.id < $10 AND {FITS}
         GROUP BY 1, 2, 3"
    )
});

/// All texts.
#[cfg(test)]
pub(crate) fn texts() -> Vec<&'static str> {
    let lists = [&ALL, &OF_ACCOUNT, &OF_RUN, &OF_FAILURE].into_iter().flat_map(|list| list.all());
    lists.chain([SUMS.as_str()]).collect()
}

/// A page of the environment's calls, newest first. The total is exact to a thousand, and 0 beyond that or where
/// too many would have to be looked at.
///
/// # Errors
/// The database cannot be read, or the token is none of this list's.
pub async fn list(ctx: &Ctx, tx: &mut Tx, wanted: &Filter, page: &Page) -> Result<Listed<ToolCall>, Error> {
    let (mut run, mut failed) = (wanted.run.as_deref(), false);
    let (texts, keys) = if let Some(accounts) = &wanted.accounts {
        (&OF_ACCOUNT, accounts.iter().map(|account| Some(Arg::from(account))).collect())
    } else if let Some(run) = run.take() {
        (&OF_RUN, vec![Some(Arg::from(run))])
    } else if let Some(failures) = failures(wanted) {
        failed = true;
        (&OF_FAILURE, failures)
    } else {
        (&ALL, vec![None])
    };
    let span = Span::of(RecordId::PREFIX, wanted.from, wanted.to);
    let mut fits = fits(wanted, run);
    if let Some(outcomes) = fits.first_mut().filter(|_| failed) {
        *outcomes = Arg::Null;
    }
    let asked = ListQuery { span, ..ListQuery::by(texts, keys, fits) };
    asked.page(ctx, tx, page, MAX_SIZE, Total::Counted).await?.read(tool_call)
}

/// The outcomes that are asked for, each once, if all of them are failures.
fn failures(wanted: &Filter) -> Option<Vec<Option<Arg>>> {
    let outcomes: BTreeSet<&str> = wanted.outcomes.as_ref()?.iter().map(String::as_str).collect();
    let known = outcomes.iter().all(|outcome| *outcome != DONE) && outcomes.len() <= MAX_OUTCOMES;
    known.then(|| outcomes.into_iter().map(|outcome| Some(Arg::from(outcome))).collect())
}

/// The call of this execution, once it ended.
///
/// # Errors
/// The database cannot be read.
pub async fn get(ctx: &Ctx, tx: &mut Tx, execution: &ExecutionId) -> Result<Option<ToolCall>, Error> {
    let sql = "SELECT j.*, c.name AS connection_name, a.identifier AS account_identifier,
         a.organization_id AS account_organization, a.user_id AS account_user
        FROM journal j LEFT JOIN connections c ON c.id = j.call_connection AND c.environment_id = j.environment_id
        LEFT JOIN connected_accounts a ON a.id = j.call_account AND a.environment_id = j.environment_id
        WHERE j.environment_id = $1 AND j.subject = $2 AND j.action = 'tool.call' AND j.phase <> 'intent'
        ORDER BY j.id DESC LIMIT 1";
    tx.one(sql, args![&ctx.environment, execution.as_str()]).await?.as_ref().map(tool_call).transpose()
}

/// How many calls ended how, for each part of so many milliseconds since `begin`. Accounts and users filter nothing here.
///
/// # Errors
/// The database cannot be read.
pub async fn sums(ctx: &Ctx, tx: &mut Tx, wanted: &Filter, begin: Timestamp, part: i64) -> Result<Vec<Sum>, Error> {
    tx.turn(ctx).await?;
    let Span { first, end } = Span::of(RecordId::PREFIX, wanted.from, wanted.to);
    let fits = fits(wanted, wanted.run.as_deref());
    let asked = args![&ctx.environment, first, part, begin].into_iter().chain(fits).chain([Arg::from(end)]);
    let rows = tx.all(&SUMS, asked).await?;
    let sum = |row: &Row| {
        Ok(Sum {
            part: row.integer("part")?,
            connector: row.optional_text("call_connector")?.map(str::to_owned),
            outcome: row.text("call_outcome")?.to_owned(),
            count: row.integer("n")?,
        })
    };
    rows.iter().map(sum).collect()
}

fn fits(wanted: &Filter, run: Option<&str>) -> Vec<Arg> {
    let any = |words: &Option<Vec<String>>| words.as_ref().map(|words| format!(",{},", words.join(",,")));
    let words = [any(&wanted.outcomes), any(&wanted.connectors), any(&wanted.sources)];
    words.map(Arg::from).into_iter().chain(args![wanted.connection.as_ref(), run]).collect()
}

fn tool_call(row: &Row) -> Result<ToolCall, Error> {
    let text = |column: &str| Ok::<_, Error>(row.optional_text(column)?.map(str::to_owned));
    Ok(ToolCall {
        record: read(row)?,
        connection: text("connection_name")?,
        identifier: text("account_identifier")?,
        organization: text("account_organization")?,
        user: text("account_user")?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::found_by::ACTION;
    use super::super::tests::item;
    use super::super::{Position, append_now};
    use super::*;
    use crate::fixture;
    use std::time::Duration;
    use valetkey_domain::id::{SegmentId, ulid_time};

    fn at(minutes: u32) -> Timestamp {
        fixture::now() + Duration::from_secs(60) * minutes
    }

    /// A call of every minute, of every second connector and outcome.
    fn call(environment: &str, n: u32) -> super::super::Item {
        let mut item = item(environment, n, Position::Promised(SegmentId::parse("seg_1").unwrap()));
        let (connector, outcome) = if n.is_multiple_of(2) { ("gmail", "ok") } else { ("github", "rate_limited") };
        item.entry.at = valetkey_domain::time::to_millis(at(n));
        item.entry.id = format!("rec_{}{:016}", ulid_time(at(n)), n + 1_000 * u32::from(environment == "env_theirs"));
        item.entry.subject = format!("exec_{environment}_{n}");
        item.entry.action = ACTION.to_owned();
        let (source, run) = if n.is_multiple_of(3) { ("API", "run-1") } else { ("MCP", "") };
        item.entry.detail = format!(
            r#"{{"account":"ca_{}","connection":"conn_1","connector":"{connector}","outcome":"{outcome}",
                "source":"{source}","agent_run":"{run}"}}"#,
            n % 3
        );
        item
    }

    async fn filled() -> (fixture::TwoEnvironments, Tx) {
        let db = fixture::two_environments().await;
        let mut items: Vec<_> = (0..10).map(|n| call("env_ours", n)).collect();
        items.push(call("env_theirs", 3));
        let mut intent = call("env_ours", 11);
        intent.entry.phase = "intent".into();
        items.push(intent);
        items.push(item("env_ours", 12, Position::Promised(SegmentId::parse("seg_1").unwrap())));
        append_now(&db.store, items).await.unwrap();
        let tx = db.store.read().await.unwrap();
        (db, tx)
    }

    fn numbers(listed: &Listed<ToolCall>) -> Vec<u32> {
        let number = |call: &ToolCall| call.record.subject.rsplit('_').next().unwrap().parse().unwrap();
        listed.items.iter().map(number).collect()
    }

    #[tokio::test]
    async fn pages_go_from_the_newest_to_the_oldest_and_back() {
        let (db, mut tx) = filled().await;
        let (mut after, mut pages) = (None, Vec::new());
        loop {
            let listed = list(&db.ours, &mut tx, &Filter::default(), &Page { size: 4, after }).await.unwrap();
            assert_eq!(listed.total, 10);
            pages.push(numbers(&listed));
            after = listed.next.clone();
            if after.is_none() {
                let back = Page { size: 4, after: listed.previous };
                let back = list(&db.ours, &mut tx, &Filter::default(), &back).await.unwrap();
                assert_eq!(numbers(&back), pages[1]);
                let first = Page { size: 4, after: back.previous };
                let first = list(&db.ours, &mut tx, &Filter::default(), &first).await.unwrap();
                assert_eq!((numbers(&first), first.previous), (pages[0].clone(), None));
                break;
            }
        }
        assert_eq!(pages, [vec![9, 8, 7, 6], vec![5, 4, 3, 2], vec![1, 0]]);
        let wrong = Page { size: 4, after: Some("zebra".into()) };
        let wrong = list(&db.ours, &mut tx, &Filter::default(), &wrong).await;
        assert!(matches!(wrong, Err(Error::PageToken)));
    }

    #[tokio::test]
    async fn each_filter_leaves_what_fits_and_a_stranger_sees_none_of_it() {
        let (db, mut tx) = filled().await;
        let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
        let id = |n| AccountId::parse(&format!("ca_{n}")).unwrap();
        for (filter, left) in [
            (Filter { outcomes: words(&["ok", "forbidden"]), ..Filter::default() }, vec![8, 6, 4, 2, 0]),
            (Filter { outcomes: words(&["forbidden", "rate_limited"]), ..Filter::default() }, vec![9, 7, 5, 3, 1]),
            (Filter { outcomes: words(&["rate_limited", "rate_limited"]), ..Filter::default() }, vec![9, 7, 5, 3, 1]),
            (Filter { outcomes: words(&["forbidden"]), ..Filter::default() }, vec![]),
            (Filter { outcomes: words(&[]), ..Filter::default() }, vec![]),
            (Filter { outcomes: words(&["rate_limited"]), sources: words(&["API"]), ..Filter::default() }, vec![9, 3]),
            (Filter { connectors: words(&["github"]), ..Filter::default() }, vec![9, 7, 5, 3, 1]),
            (Filter { connectors: words(&["github", "gmail"]), ..Filter::default() }, (0..10).rev().collect()),
            (Filter { connectors: words(&["git"]), ..Filter::default() }, vec![]),
            (Filter { run: Some("run-1".into()), ..Filter::default() }, vec![9, 6, 3, 0]),
            (Filter { run: Some("run".into()), ..Filter::default() }, vec![]),
            (Filter { sources: words(&["API"]), ..Filter::default() }, vec![9, 6, 3, 0]),
            (Filter { accounts: Some(vec![id(1)]), ..Filter::default() }, vec![7, 4, 1]),
            (Filter { accounts: Some(vec![id(0), id(1)]), ..Filter::default() }, vec![9, 7, 6, 4, 3, 1, 0]),
            (Filter { accounts: Some(vec![]), ..Filter::default() }, vec![]),
            (Filter { connection: Some(ConnectionId::parse("conn_2").unwrap()), ..Filter::default() }, vec![]),
            (Filter { from: Some(at(3)), to: Some(at(6)), ..Filter::default() }, vec![5, 4, 3]),
        ] {
            let listed = list(&db.ours, &mut tx, &filter, &Page { size: 50, after: None }).await.unwrap();
            assert_eq!((numbers(&listed), listed.total), (left.clone(), left.len() as u64), "{filter:?}");
        }
        let theirs = list(&db.theirs, &mut tx, &Filter::default(), &Page { size: 50, after: None }).await.unwrap();
        assert_eq!(numbers(&theirs), [3]);
        let execution = |text: &str| ExecutionId::parse(text).unwrap();
        assert!(get(&db.ours, &mut tx, &execution("exec_env_ours_5")).await.unwrap().is_some());
        assert!(get(&db.theirs, &mut tx, &execution("exec_env_ours_5")).await.unwrap().is_none());
        assert!(get(&db.ours, &mut tx, &execution("exec_env_ours_11")).await.unwrap().is_none(), "it goes on");
    }

    #[tokio::test]
    async fn sums_are_of_each_part_connector_and_outcome() {
        let (db, mut tx) = filled().await;
        let filter = Filter { from: Some(at(0)), to: Some(at(10)), ..Filter::default() };
        let mut found = sums(&db.ours, &mut tx, &filter, at(0), 5 * 60_000).await.unwrap();
        found.sort_by_key(|sum| (sum.part, sum.outcome.clone()));
        let shown: Vec<_> = found.iter().map(|sum| (sum.part, sum.outcome.as_str(), sum.count)).collect();
        assert_eq!(shown, [(0, "ok", 3), (0, "rate_limited", 2), (1, "ok", 2), (1, "rate_limited", 3)]);
        assert_eq!(found[0].connector.as_deref(), Some("gmail"));
    }
}

//! Which way the databases go to answer each query of this crate, with many rows and without statistics: both have to
//! find by an index what is asked for, on the day on which a database has grown and before anybody has run ANALYZE.
//!
//! `texts` gathers the queries out of the source, so that a new one is looked at by itself; `many` fills the tables. What
//! walks a table all the same is named in [`WALKS`] with the reason.

mod lists;
mod many;
mod texts;

use crate::{Arg, Location, Store, Tx};
use std::collections::BTreeSet;
use texts::Query;

/// The tables that grow with users and their calls.
const LARGE: [&str; 17] = [
    "journal",
    "connected_accounts",
    "mcp_instances",
    "mcp_grants",
    "authorizations",
    "pending_credentials",
    "closings",
    "revocations",
    "events",
    "webhook_queues",
    "dead_letters",
    "deliveries",
    "approvals",
    "kept_answers",
    "tool_definitions",
    "spent_states",
    "session_ends",
];

/// Queries that walk a table, by how they begin, and why they may.
const WALKS: &[(&str, &str)] = &[
    ("SELECT count(*) AS n FROM ", "it counts what there is: for backups, the doctor and a closing's progress"),
    ("SELECT * FROM journal WHERE environment_id = $1 ORDER BY id DESC LIMIT", "a page in the order of its index"),
    ("SELECT id, at FROM journal ORDER BY id DESC LIMIT 1", "one row in the order of its index"),
    (
        "SELECT * FROM journal WHERE environment_id = $1 AND subject > $2 AND subject < $3 AND action = $4",
        "the newest rotation, among rotations alone, in the order of their index",
    ),
    (
        "SELECT CAST(COALESCE(SUM(CASE WHEN reader = $2",
        "it sums an index: an environment keeps so many bytes of answers at most, in parts that are not small",
    ),
    ("SELECT * FROM closings WHERE environment_id = $1 ORDER BY next_at, id LIMIT", "a page in the order of its index"),
    ("SELECT i.id, i.action, i.subject FROM journal i WHERE i.phase = 'intent'", "a check of the whole journal"),
    (
        "SELECT c.id FROM connections c WHERE c.environment_id = $1 AND EXISTS",
        "it ends with the first of each connection",
    ),
    (
        "SELECT 1 AS n FROM ",
        "whether a key is still needed: no index knows how sealed values begin, and it is asked hourly",
    ),
    ("DELETE FROM authorizations", "all of them go"),
    ("DELETE FROM pending_credentials", "all of them go"),
    ("DELETE FROM approvals", "all of them go"),
    ("DELETE FROM revocations", "all of them go"),
    ("DELETE FROM kept_answers", "all of them go"),
    (
        "UPDATE webhook_queues SET next_at = $1, lease_until = NULL, process = NULL WHERE lease_until IS NOT NULL",
        "it is asked once, at the start of a process that has the database alone",
    ),
    (
        "DELETE FROM mcp_grants WHERE instance_id IN (SELECT t.id FROM mcp_instances t WHERE t.config_id IN \
         (SELECT id FROM mcp_configs WHERE environment_id = $1 AND id = $2))",
        "all of a config's go, which may be most of them",
    ),
    ("DELETE FROM mcp_grants WHERE environment_id = $1", "all of an environment's go"),
    ("DELETE FROM webhook_queues", "all of them go"),
    ("DELETE FROM dead_letters", "all of them go"),
    ("DELETE FROM deliveries", "all of them go"),
    (
        "UPDATE connected_accounts SET status = 'DISCONNECTED', reason = '', scopes = '[]', credential = NULL, audience = '[]', \
      generation = generation + 1, refreshable = 0, expires_at = NULL, refresh_generation = NULL, refresh_until = NULL, \
      refresh_lost_at = NULL, refreshed_at = NULL, next_refresh_at = NULL, idle_refresh_at = NULL, updated_at = $1 WHERE \
      credential IS NOT NULL RETURNING",
        "all of them are disconnected",
    ),
];

/// Queries that take all that they find, in whatever order, and why that is not too much.
const WHOLE: &[(&str, &str)] = &[
    (
        "WITH RECURSIVE each_one (segment) AS ( SELECT min(segment) FROM journal WHERE seq IS NOT NULL UNION ALL",
        "from one segment to the next, one row of each",
    ),
    (
        "SELECT id FROM journal WHERE segment IS NULL AND seq IS NOT NULL ORDER BY id LIMIT",
        "nothing of ours writes such rows",
    ),
    (
        "SELECT (w.at - CAST($4 AS BIGINT)) / CAST($3 AS BIGINT) AS part",
        "it sums a span of time: in its turn, and ended when it takes too long",
    ),
    (
        "SELECT id, environment_id FROM authorizations WHERE stage = 'exchanging' AND consent_expires_at <= $1",
        "what was being exchanged and is overdue, which is settled by it",
    ),
    (
        "SELECT id, environment_id, refresh_until FROM connected_accounts WHERE refresh_until <= $1",
        "what was being refreshed and is overdue, which is settled by it",
    ),
    (
        "UPDATE connected_accounts SET next_refresh_at = CASE WHEN status = 'ACTIVE' THEN idle_refresh_at END",
        "what is due and not needed, which is due no longer by it",
    ),
    (
        "UPDATE connected_accounts SET next_refresh_at = $4 WHERE environment_id = $1 AND next_refresh_at <= $3",
        "what is due, after what is not needed was put off",
    ),
    (
        "UPDATE connected_accounts SET status = $3, reason = $4, next_refresh_at = NULL, updated_at = $5 WHERE environment_id = $1 \
         AND connection_id = $2 AND status = 'ACTIVE' RETURNING",
        "all of a connection are changed",
    ),
    (
        "DELETE FROM authorizations WHERE environment_id = $1 AND link_expires_at < $2 AND (consent_expires_at IS NULL OR \
         consent_expires_at < $2)",
        "what is over goes; what is not has minutes left",
    ),
    (
        "DELETE FROM mcp_instances WHERE config_id IN (SELECT id FROM mcp_configs WHERE environment_id = $1 AND id = $2)",
        "all of a config's go",
    ),
    (
        "SELECT a.id, a.account_id, p.sealed, p.audience, p.scopes, p.subject, p.subject_name",
        "what nobody confirmed in time, which goes",
    ),
    (
        "SELECT c.id FROM connections c WHERE c.environment_id = $1 AND ( EXISTS",
        "it ends with the first of each connection, and the one that is left out",
    ),
    (
        "SELECT a.id, a.account_id, a.connection_id, a.created_at, a.verifier, p.sealed",
        "a new key, for which everything that is sealed is looked at once",
    ),
    ("SELECT * FROM connected_accounts WHERE environment_id = $1 AND credential IS NOT NULL AND id > $4", "the same"),
    ("SELECT * FROM revocations WHERE environment_id = $1 AND id > $4 AND substr", "the same"),
];

/// What says of a text that it looks at all rows that an environment has, which are no more than `walk` lets it.
const WORDS: &str = "AND t.search_text LIKE $4 ESCAPE";

/// Whether a query may walk. A table that is emptied says nothing of a query that removes some of it.
fn allowed(query: &Query) -> bool {
    if query.text.contains(WORDS) {
        return true;
    }
    WALKS
        .iter()
        .chain(WHOLE)
        .any(|(text, _)| if text.starts_with("DELETE") { query.text == *text } else { query.text.starts_with(text) })
}

/// Whether it walks for a page, which has an order.
fn pages(query: &Query) -> bool {
    // What the ids that were found lead to is a page, and may be sorted; the ids may not.
    let sorts_few = query.text.contains(WORDS) && !query.text.starts_with("SELECT t.id FROM ");
    allowed(query) && !sorts_few && !WHOLE.iter().any(|(text, _)| query.text.starts_with(text))
}

/// Complaints about the plans that are not allowed, each with its query.
fn complain(complaints: &[(&Query, String)]) {
    let all: BTreeSet<String> =
        complaints.iter().map(|(query, why)| format!("{}: {why}\n    {}", query.file, query.text)).collect();
    assert!(all.is_empty(), "{} queries walk:\n{}", all.len(), all.into_iter().collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn on_sqlite_every_query_finds_by_an_index_what_it_asks_for() {
    let store = Store::open(&Location::Memory).await.unwrap();
    many::fill(&store).await;
    let queries = texts::all(|bulk| bulk.over_one());
    complain(&sqlite_complaints(&mut store.read().await.unwrap(), &queries).await);
    // A sum over all that is kept reads no part of it.
    let sums = queries.iter().find(|query| query.text.contains("SUM(CASE WHEN reader = $2")).unwrap();
    let text: &'static str = format!("EXPLAIN QUERY PLAN {}", sums.text).leak();
    let plan = store.read().await.unwrap().all(text, vec![Arg::Null; sums.arguments()]).await.unwrap();
    let step = plan[0].text("detail").unwrap();
    assert!(step.contains("COVERING INDEX kept_answers_by_reader"), "{step}");
    lists::that_nothing_fits_end(&store).await;
    // What few rows have is found by the index of those alone, and what names hold without the rows that don't.
    for (condition, index) in [
        ("t.call_outcome <> 'ok'", "journal_calls_failed"),
        ("t.refused_at IS NOT NULL", "_refused"),
        ("t.id, t.search_text FROM connected_accounts t", "COVERING INDEX connected_accounts_by_environment"),
        ("t.id, t.search_text FROM mcp_instances t", "COVERING INDEX mcp_instances_by_environment"),
        (
            "SELECT t.id FROM connected_accounts t WHERE t.environment_id = $1 AND t.id > $2 AND t.search_text",
            "COVERING INDEX connected_accounts_by_environment",
        ),
        (
            "SELECT t.id FROM mcp_instances t WHERE t.environment_id = $1 AND t.id > $2 AND t.search_text",
            "COVERING INDEX mcp_instances_by_environment",
        ),
    ] {
        let few: Vec<_> = queries.iter().filter(|query| query.text.contains(condition)).collect();
        assert!(!few.is_empty(), "{condition}");
        for query in few {
            let text: &'static str = format!("EXPLAIN QUERY PLAN {}", query.text).leak();
            let plan = store.read().await.unwrap().all(text, vec![Arg::Null; query.arguments()]).await.unwrap();
            assert!(plan.iter().any(|row| row.text("detail").unwrap().contains(index)), "{}", query.text);
        }
    }
    // What is complained of is seen where it is: the index goes that the records of one subject are found by.
    let mut tx = store.write().await.unwrap();
    tx.run("DROP INDEX journal_of_subject", []).await.unwrap();
    let complaints = sqlite_complaints(&mut tx, &queries).await;
    let of_one = "SELECT * FROM journal WHERE environment_id = $1 AND subject = $3 ORDER BY id DESC LIMIT $2";
    assert!(complaints.iter().any(|(query, _)| query.text == of_one), "the check sees nothing");
    // A range of an environment is not narrow: one that is filtered, one without an end, and what a key has an index for.
    for text in [
        "SELECT t.id FROM events t WHERE t.environment_id = $1 AND t.id > $2 AND t.kind = $3 ORDER BY t.id LIMIT 5",
        "SELECT t.id FROM events t WHERE t.environment_id = $1 AND t.id > $2 AND (t.kind = $3 OR t.kind = $4) LIMIT 5",
        "SELECT t.id FROM events t WHERE t.environment_id = $1 AND t.id > $2 ORDER BY t.id",
        "SELECT t.id FROM events t JOIN events u ON u.id = t.id WHERE t.environment_id = $1 AND t.id > $2 AND u.kind = $3 LIMIT 5",
        "SELECT * FROM connected_accounts WHERE environment_id = $1 AND status = $2 AND user_id = $3 LIMIT 5",
    ] {
        let query = [Query::new("plans.rs", text)];
        assert_eq!(sqlite_complaints(&mut tx, &query).await.len(), 1, "{text}");
    }
}

async fn sqlite_complaints<'a>(tx: &mut Tx, queries: &'a [Query]) -> Vec<(&'a Query, String)> {
    let mut complaints = Vec::new();
    for query in queries.iter().filter(|query| !query.text.contains("pg_")) {
        let nulls = vec![Arg::Null; query.arguments()];
        let text: &'static str = format!("EXPLAIN QUERY PLAN {}", query.text).leak();
        for row in tx.all(text, nulls).await.unwrap_or_else(|error| panic!("{error}: {}", query.text)) {
            let step = row.text("detail").unwrap();
            complaints.extend(sqlite_walks(query, step).map(|table| (query, format!("{table}: {step}"))));
            // Who walks in an index's order must not have to sort all of it for one page.
            let sorts = pages(query) && query.text.contains(" LIMIT ") && step.contains("TEMP B-TREE FOR ORDER BY");
            complaints.extend(sorts.then(|| (query, step.to_owned())));
        }
    }
    complaints
}

/// The large table that a step of a plan walks, if it does: all of it, or all that an environment or a connection has.
fn sqlite_walks(query: &Query, step: &str) -> Option<&'static str> {
    let mut words = step.split(' ');
    let (how, name) = (words.next()?, words.next()?);
    let table = query.table(name).and_then(|table| LARGE.into_iter().find(|large| *large == table))?;
    let by = step.split_once(" (").map_or("", |(_, by)| by.trim_end_matches(')'));
    let terms: Vec<&str> = by.split(" AND ").filter(|term| !term.is_empty()).collect();
    let column = |term: &&str| term.split(['=', '<', '>']).next().unwrap_or_default().to_owned();
    if is_small(step) {
        return None;
    }
    let narrow = terms.iter().filter(|term| term.contains("=?")).any(|term| !is_broad(table, &column(term)));
    let found_by: Vec<String> = terms.iter().map(column).collect();
    let walks = match how {
        "SCAN" => true,
        "SEARCH" => !narrow && !is_bounded(query, step, (table, name), &found_by),
        _ => false,
    };
    (walks && !allowed(query)).then_some(table)
}

/// Columns whose one value many rows may have.
const BROAD: [&str; 6] = ["environment_id", "connection_id", "config_id", "organization_id", "webhook_id", "status"];

/// Whether many rows of a table may have the same in a column. What a config knows of its tools is not much.
fn is_broad(table: &str, column: &str) -> bool {
    BROAD.contains(&column) && !table.starts_with("tool_definitions")
}

/// What is true of all rows of an index that has a condition, and filters nothing where that index is taken.
const OF_INDEXES: [(&str, &str); 6] = [
    ("journal_calls", "call_outcome IS NOT NULL"),
    ("journal_calls_failed ", "call_outcome <> 'ok'"),
    ("connected_accounts_refused ", "refused_at IS NOT NULL"),
    ("_organization ", "organization_id <> ''"),
    ("journal_by_place ", "seq IS NOT NULL"),
    ("webhook_queues_failed ", "last_error IS NOT NULL"),
];

/// Whether of a range that many rows may be in only so many are looked at: the SELECT has a LIMIT, and its rows are those
/// of the range, without a filter. What is removed may be all of a range: it is gone then.
fn is_bounded(query: &Query, step: &str, (table, name): (&str, &str), found_by: &[String]) -> bool {
    let selects = texts::selects(&query.text);
    let own = |column: &String| if table == name { format!(" {column} ") } else { format!(" {name}.{column} ") };
    let at_it = selects.iter().filter(|text| {
        let named =
            [format!("FROM {table} "), format!("JOIN {table} ")].iter().any(|from| text.contains(from.as_str()));
        let compared =
            |column: &String| ["=", "<", ">"].iter().any(|how| text.contains(&format!("{}{how}", own(column))));
        named && (text.contains(" () > ()") || found_by.iter().all(compared))
    });
    let mut looked_at = 0;
    let bounded = at_it.inspect(|_| looked_at += 1).all(|text| {
        let rest = text.split_once(" WHERE ").map_or("", |(_, rest)| rest);
        let terms = [" GROUP BY ", " ORDER BY ", " LIMIT ", " RETURNING "].iter().fold(rest, |rest, end| {
            rest.split_once(end).map_or(rest, |(terms, _)| terms)
        });
        let fits = |term: &str| {
            let own = term.trim_start_matches(&format!("{name}.")).trim();
            OF_INDEXES.iter().any(|(index, condition)| step.contains(index) && own == *condition)
                // A connection, a webhook and a config are of one environment.
                || (own.starts_with("environment_id = $") && !found_by.iter().any(|by| by == "environment_id"))
                || own == "() > ()"
                || own.split_once(' ').is_some_and(|(column, rest)| {
                    found_by.iter().any(|by| by == column) && ["= ", "< ", "> ", "<= ", ">= "].iter().any(|how| rest.starts_with(how))
                })
        };
        let first = ["EXISTS ", "SELECT min(", "SELECT max("].iter().any(|begin| text.starts_with(begin));
        let limited = text.contains(" LIMIT ") || text.starts_with("DELETE ") || first;
        limited && terms.split(" AND ").all(fits)
    });
    looked_at > 0 && bounded
}

/// Whether a step goes over an index of a few rows.
fn is_small(step: &str) -> bool {
    ["journal_without_place", "journal_unsealed", "journal_astray"].iter().any(|index| step.contains(index))
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn on_postgres_every_query_finds_by_an_index_what_it_asks_for() {
    let store = Store::open(&Location::from(valetkey_testkit::only_on_postgres())).await.unwrap();
    many::fill(&store).await;
    let queries = texts::all(|bulk| bulk.over_arrays());
    let mut complaints = Vec::new();
    for query in queries.iter().filter(|query| !query.text.contains("pg_")) {
        for plan in postgres_plans(&store, query).await {
            if !allowed(query) {
                complaints.extend(postgres_walks(&plan).into_iter().map(|step| (query, step)));
            // It may sort what it finds among so few.
            } else if pages(query)
                && !query.text.contains(WORDS)
                && query.text.contains(" ORDER BY ")
                && plan.iter().any(|step| step.contains("Sort"))
            {
                complaints.push((query, format!("it sorts for one page: {plan:?}")));
            }
        }
    }
    complain(&complaints);
    lists::that_nothing_fits_end(&store).await;
}

/// The plan that fits any arguments, and the one for such as are usual: the server takes either.
async fn postgres_plans(store: &Store, query: &Query) -> Vec<Vec<String>> {
    let mut tx = store.write().await.unwrap();
    let prepare: &'static str = format!("PREPARE looked_at AS {}", query.text).leak();
    tx.run(prepare, []).await.unwrap_or_else(|error| panic!("{error}: {}", query.text));
    let types = "SELECT CAST(parameter_types AS TEXT) AS types FROM pg_prepared_statements WHERE name = 'looked_at'";
    let types = tx.one(types, []).await.unwrap().unwrap().text("types").unwrap().to_owned();
    let values = |kind: &str| match kind {
        "bigint" | "integer" => "1",
        "text[]" => "ARRAY['x']",
        "bigint[]" => "ARRAY[1]",
        "bytea[]" => "ARRAY[decode('00', 'hex')]",
        "bytea" => "decode('00', 'hex')",
        _ => "'x'",
    };
    let types = types.trim_matches(['{', '}']).to_owned();
    let list: Vec<&str> = types.split(',').filter(|kind| !kind.is_empty()).map(values).collect();
    let call = if list.is_empty() { String::new() } else { format!("({})", list.join(", ")) };
    let explain: &'static str = format!("EXPLAIN EXECUTE looked_at{call}").leak();
    let mut plans = Vec::new();
    for mode in ["SET LOCAL plan_cache_mode = force_generic_plan", "SET LOCAL plan_cache_mode = force_custom_plan"] {
        tx.run(mode, []).await.unwrap();
        let rows = tx.all(explain, []).await.unwrap_or_else(|error| panic!("{error}: {explain}: {}", query.text));
        plans.push(rows.iter().map(|row| row.text("QUERY PLAN").unwrap().to_owned()).collect());
    }
    tx.run("DEALLOCATE looked_at", []).await.unwrap();
    plans
}

/// The steps of a plan that walk a large table: all of it, or all that an environment or a connection has.
fn postgres_walks(plan: &[String]) -> Vec<String> {
    let mut walks = Vec::new();
    for (at, line) in plan.iter().enumerate() {
        let step = line.trim();
        let Some(table) = step.split_once(" on ").and_then(|(_, rest)| rest.split(' ').next()) else { continue };
        let of_index = |large: &str| table.strip_prefix(large).is_some_and(|rest| rest.starts_with('_'));
        let bitmap = step.contains("Bitmap Index Scan");
        let large = if bitmap { LARGE.iter().any(|large| of_index(large)) } else { LARGE.contains(&table) };
        let condition = plan.get(at + 1).and_then(|next| next.trim().strip_prefix("Index Cond: "));
        let by_index = bitmap || step.contains("Index Scan") || step.contains("Index Only Scan");
        let broad = |by: &str| {
            let equal = by.split(" AND ").filter(|term| term.contains(" = "));
            let column = |term: &str| {
                let mut words = term.split(|c: char| !(c.is_alphanumeric() || c == '_'));
                words.find(|word| COLUMNS.contains(word)).unwrap_or_default().to_owned()
            };
            equal.map(column).all(|column| is_broad(table, &column))
        };
        let walks_all = step.contains("Seq Scan") || (by_index && !is_small(step) && condition.is_none_or(broad));
        if large && walks_all && (step.contains("Seq Scan") || !is_limited(plan, at)) {
            walks.push(format!("{step} {}", condition.unwrap_or_default()));
        }
    }
    walks
}

/// Whether a LIMIT ends a step, and nothing between the two leaves rows out or needs all of them. What is removed may be all
/// that is found.
fn is_limited(plan: &[String], at: usize) -> bool {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let is_step = |line: &str| line.trim().starts_with("->") || depth(line) == 0;
    let filters = |at: usize| {
        let own = plan.iter().skip(at + 1).take_while(|line| !is_step(line));
        // A connection, a webhook and a config are of one environment.
        let of_one = |filter: &str| filter.starts_with("(environment_id = ") && !filter.contains(" AND ");
        own.filter_map(|line| line.trim().strip_prefix("Filter: ")).any(|filter| !of_one(filter))
    };
    let own = plan.get(at).map_or("", String::as_str);
    let (mut from, bitmap) = (depth(own), own.contains("Bitmap"));
    if filters(at) {
        return false;
    }
    for (above, line) in plan.iter().enumerate().take(at).rev().filter(|(_, line)| is_step(line)) {
        if depth(line) >= from {
            continue;
        }
        from = depth(line);
        let step = line.trim().trim_start_matches("->").trim();
        // Of what a semi-join or an EXISTS looks at the first is enough.
        if ["Limit", "Nested Loop Semi Join"].iter().any(|end| step.starts_with(end)) {
            return !bitmap;
        }
        if step.starts_with("Delete") {
            return true;
        }
        let passes = ["Nested Loop Left Join", "Hash Left Join", "Subquery Scan", "Result", "Bitmap Heap Scan"];
        if !passes.iter().any(|one| step.starts_with(one)) || filters(above) {
            return false;
        }
    }
    false
}

/// The columns that our indexes have.
const COLUMNS: [&str; 40] = [
    "status",
    "id",
    "environment_id",
    "connection_id",
    "account_id",
    "identifier",
    "organization_id",
    "user_id",
    "subject",
    "action",
    "segment",
    "seq",
    "leaf",
    "next_at",
    "next_refresh_at",
    "refresh_until",
    "refresh_process",
    "exchange_process",
    "consent_expires_at",
    "link_expires_at",
    "link_hash",
    "state_hash",
    "process",
    "kind",
    "config_id",
    "name",
    "client_id",
    "authorization_id",
    "position",
    "expires_at",
    "phase",
    "uuid",
    "purpose",
    "webhook_id",
    "event_id",
    "died_at",
    "call_hash",
    "instance_id",
    "call_account",
    "call_run",
];

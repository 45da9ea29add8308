use super::*;
use crate::{Store, connections, fixture};
use std::collections::BTreeSet;
use std::sync::LazyLock;

const SOURCE: Source = Source {
    prefix: "ca_",
    table: "connected_accounts",
    columns: "t.*",
    joins: "",
    always: "",
    looked_at: ", t.identifier",
    fits: "(CAST($5 AS TEXT) IS NULL OR w.identifier LIKE $5)",
    filters: 1,
    newest_first: false,
};

const ON_CONNECTION: &str =
    "t.connection_id = (SELECT c.id FROM connections c WHERE c.environment_id = $1 AND c.id = KEY)";

static OLDEST_FIRST: LazyLock<Texts> = LazyLock::new(|| SOURCE.by(ALL));
static NEWEST_FIRST: LazyLock<Texts> = LazyLock::new(|| Source { newest_first: true, ..SOURCE }.by(ALL));
static OF_CONNECTION: LazyLock<Texts> = LazyLock::new(|| SOURCE.by(ON_CONNECTION));
static NEWEST_OF_CONNECTION: LazyLock<Texts> =
    LazyLock::new(|| Source { newest_first: true, ..SOURCE }.by(ON_CONNECTION));
static OF_WORDS: LazyLock<ByWords> = LazyLock::new(|| SOURCE.by_words());
static NEWEST_OF_WORDS: LazyLock<ByWords> = LazyLock::new(|| Source { newest_first: true, ..SOURCE }.by_words());

#[tokio::test]
async fn all_are_looked_at_where_they_are_not_too_many() {
    let (store, ctx) = accounts("ab").await;
    let whole = async |there: i64| {
        let mut tx = store.write().await.unwrap();
        let before = i64::try_from(counters::value(&ctx, &mut tx, counters::ACCOUNTS).await.unwrap()).unwrap();
        counters::add(&ctx, &mut tx, counters::ACCOUNTS, there - before).await.unwrap();
        OF_WORDS.asked(&ctx, &mut tx, counters::ACCOUNTS, "%a%".to_owned()).await.unwrap().texts.whole
    };
    let most = i64::try_from(ALL_AT_ONCE).unwrap();
    assert_eq!((whole(0).await, whole(most).await, whole(most + 1).await), (true, true, false));
}

/// As many accounts as `users` has letters, each on the one or the other of two connections.
async fn accounts(users: &str) -> (Store, Ctx) {
    let db = fixture::two_environments().await;
    let mut tx = db.store.write().await.unwrap();
    for connection in ["1", "2"] {
        connections::insert(&db.ours, &mut tx, &fixture::connection(&db.ours, connection)).await.unwrap();
    }
    for (number, user) in users.chars().enumerate() {
        let sql =
            "INSERT INTO connected_accounts (id, environment_id, connection_id, identifier, organization_id, user_id,
                status, reason, scopes, audience, generation, refreshable, api_config, created_at, updated_at, search_text)
            VALUES ($1, 'env_ours', $2, $3, '', '', 'ACTIVE', '', '[]', '[]', 1, 1, '{}', 0, 0, $3)";
        let connection = format!("conn_{}", number % 2 + 1);
        tx.run(sql, args![format!("ca_{number:026}"), connection, format!("{user} {number}")]).await.unwrap();
    }
    tx.commit().await.unwrap();
    (db.store, db.ours)
}

/// The numbers on each page, with the page's tokens and the total.
type Pages = Vec<(Vec<usize>, Listed<Row>)>;

async fn pages(store: &Store, ctx: &Ctx, asked: &ListQuery, size: u32) -> Pages {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let listed = page(store, ctx, asked, size, after).await;
        after = listed.next.clone();
        pages.push((numbers(&listed), listed));
        if after.is_none() {
            return pages;
        }
        assert!(pages.len() < 100, "the pages have no end");
    }
}

async fn page(store: &Store, ctx: &Ctx, asked: &ListQuery, size: u32, after: Option<String>) -> Listed<Row> {
    let mut tx = store.read().await.unwrap();
    asked.page(ctx, &mut tx, &Page { size, after }, 100, Total::Counted).await.unwrap()
}

fn numbers(listed: &Listed<Row>) -> Vec<usize> {
    listed.items.iter().map(|row| row.text("id").unwrap()[3..].parse().unwrap()).collect()
}

const USERS: &str = "a--a-----------aaa-----a----aa-a------";

fn fitting(newest_first: bool) -> Vec<usize> {
    let mut fitting: Vec<usize> = USERS.char_indices().filter(|(_, user)| *user == 'a').map(|(at, _)| at).collect();
    if newest_first {
        fitting.reverse();
    }
    fitting
}

#[tokio::test]
async fn pages_over_rows_that_few_fit_lead_to_all_of_those_and_back() {
    let (store, ctx) = accounts(USERS).await;
    let both = || vec![Some(Arg::from("conn_1")), Some(Arg::from("conn_2"))];
    let lists: [(&'static Texts, Vec<Option<Arg>>); 8] = [
        (&OLDEST_FIRST, vec![None]),
        (&NEWEST_FIRST, vec![None]),
        (&OF_CONNECTION, both()),
        (&NEWEST_OF_CONNECTION, both()),
        (&OF_WORDS.some, vec![None]),
        (&NEWEST_OF_WORDS.some, vec![None]),
        (&OF_WORDS.whole, vec![None]),
        (&NEWEST_OF_WORDS.whole, vec![None]),
    ];
    for (texts, keys) in lists {
        for (walk, size) in [(4, 1), (4, 2), (4, 9), (5, 3), (7, 2), (38, 2), (39, 3), (1_000, 4)] {
            let asked = ListQuery { walk, ..ListQuery::by(texts, keys.clone(), vec![Arg::from("a %")]) };
            let wanted = fitting(texts.source.newest_first);
            let all = pages(&store, &ctx, &asked, size).await;
            let seen: Vec<usize> = all.iter().flat_map(|(numbers, _)| numbers.clone()).collect();
            assert_eq!(seen, wanted, "looking at {walk}, {size} on a page");
            assert!(all.iter().all(|(numbers, _)| numbers.len() <= size as usize));
            // From the last page back to the first nothing is left out.
            let (mut back, mut token) = (BTreeSet::new(), all.last().unwrap().1.previous.clone());
            for step in 0.. {
                let Some(previous) = token else { break };
                assert!(step < 100, "the pages have no beginning");
                let listed = page(&store, &ctx, &asked, size, Some(previous)).await;
                back.extend(numbers(&listed));
                token = listed.previous;
            }
            let before = &wanted[..wanted.len() - all.last().unwrap().0.len()];
            let left_out: Vec<_> = before.iter().filter(|number| !back.contains(number)).collect();
            assert!(left_out.is_empty(), "looking at {walk}, {size} on a page: {left_out:?}");
        }
    }
}

#[tokio::test]
async fn a_total_is_told_where_it_was_looked_for_to_the_end() {
    let (store, ctx) = accounts(USERS).await;
    let total = async |texts: &'static Texts, walk, size, pattern: &str| {
        let asked = ListQuery { walk, ..ListQuery::by(texts, vec![None], vec![Arg::from(pattern)]) };
        let all = pages(&store, &ctx, &asked, size).await;
        all.iter().map(|(_, listed)| listed.total).collect::<BTreeSet<_>>()
    };
    let count = fitting(false).len() as u64;
    for texts in [&OLDEST_FIRST, &OF_WORDS.some, &NEWEST_OF_WORDS.some] {
        assert_eq!(total(texts, USERS.len(), 2, "a %").await, [count].into());
        assert_eq!(total(texts, USERS.len() - 1, 2, "a %").await, [0].into());
        assert_eq!(total(texts, USERS.len() - 1, 100, "zoe%").await, [0].into(), "nobody has looked at the last");
    }
    for texts in [&OF_WORDS.whole, &NEWEST_OF_WORDS.whole] {
        assert_eq!(total(texts, 1, 2, "a %").await, [count].into(), "all are looked at");
        assert_eq!(total(texts, 1, 100, "zoe%").await, [0].into());
    }
    let asked = ListQuery::by(&OLDEST_FIRST, vec![None], vec![Arg::Null]);
    assert_eq!(page(&store, &ctx, &asked, 3, None).await.total, USERS.len() as u64);
    let nobody = ListQuery::by(&OF_CONNECTION, vec![], vec![Arg::Null]);
    let listed = page(&store, &ctx, &nobody, 3, None).await;
    assert_eq!((listed.items.len(), listed.next, listed.previous, listed.total), (0, None, None, 0));
}

#[tokio::test]
async fn a_total_is_told_up_to_a_thousand() {
    for (there, told) in [(999, 999), (1_000, 1_000), (1_001, 0), (1_400, 0)] {
        let (store, ctx) = accounts(&"a".repeat(there)).await;
        let both = || vec![Some(Arg::from("conn_1")), Some(Arg::from("conn_2"))];
        let lists: [(&'static Texts, Vec<Option<Arg>>, Arg); 8] = [
            (&OLDEST_FIRST, vec![None], Arg::Null),
            (&NEWEST_FIRST, vec![None], Arg::Null),
            (&OF_CONNECTION, both(), Arg::Null),
            (&NEWEST_OF_CONNECTION, both(), Arg::Null),
            (&OF_WORDS.some, vec![None], Arg::from("a %")),
            (&NEWEST_OF_WORDS.some, vec![None], Arg::from("a %")),
            (&OF_WORDS.whole, vec![None], Arg::from("a %")),
            (&NEWEST_OF_WORDS.whole, vec![None], Arg::from("a %")),
        ];
        for (texts, keys, words) in lists {
            let asked = ListQuery::by(texts, keys, vec![words]);
            assert_eq!(page(&store, &ctx, &asked, 3, None).await.total, told, "{there} by {}", texts.page);
            // What lies beyond a list's end is none of it.
            let end = format!("ca_{:026}", 1_000);
            let span = Span { end: end.clone(), ..Span::of("ca_", None, None) };
            let told = there.min(1_000) as u64;
            let asked = ListQuery { span, ..asked };
            assert_eq!(page(&store, &ctx, &asked, 3, None).await.total, told, "{there} up to {end} by {}", texts.page);
        }
    }
}

//! Pages of tables that grow. What is asked for is found by an index (a key, then the id); where a filter has no index, a
//! page looks at so many rows and no more ([`WALK`]), and then ends where it is: with fewer rows than asked, or none, and
//! the token of the page that goes on from there. Totals are counted over as many.
//!
//! Whoever walks so has a turn ([`Tx::turn`]). What few rows have in common (a user, an account) needs neither: calls are
//! made by what is found so.

use crate::list::{tail, token};
use crate::span::Span;
use crate::{Arg, Error, Listed, Page, Row, Tx, args, counters};
use valetkey_domain::Ctx;

/// How many rows a page looks at where no index leads to those that fit.
pub(crate) const WALK: usize = 65_536;

/// Up to how many rows an environment has to have for all of them to be looked at by one page that looks for words in names:
/// what is not bounded costs half as much.
const ALL_AT_ONCE: u64 = 131_072;

/// Up to how many rows a filtered total is counted.
pub(crate) const COUNTED: usize = 1_000;

/// What the token of the first page is made of: where the oldest come first, something that sorts before every ULID, and
/// where the newest do, something that sorts behind.
const FIRST_OLDEST: &str = "0";
const FIRST_NEWEST: &str = "z";

/// Where a list's rows are. In its texts `t` is the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    /// What the list's ids begin with.
    pub(crate) prefix: &'static str,
    /// The table.
    pub(crate) table: &'static str,
    /// What a row of a page has.
    pub(crate) columns: &'static str,
    /// What it takes that from beside the table.
    pub(crate) joins: &'static str,
    /// What is true of every row of the list, as ` AND ..`.
    pub(crate) always: &'static str,
    /// The columns of the table that `fits` looks at, each behind a comma.
    pub(crate) looked_at: &'static str,
    /// Which rows fit, called `w`, where no index says so: arguments from `$5` on, each of which is null where it filters
    /// nothing.
    pub(crate) fits: &'static str,
    /// How many arguments those are.
    pub(crate) filters: usize,
    /// Whether the newest come first.
    pub(crate) newest_first: bool,
}

/// The key of all rows of an environment.
pub(crate) const ALL: &str = "t.environment_id = $1";

/// The statements of a list whose rows are found by a key. In all of them `$1` is the environment, `$2` the id that the rows
/// lie behind or before, and `$3` a number of rows. There is no second id: SQLite takes the index of a range that has two
/// ends for better than the one of the key, and walks over all that other keys have.
#[derive(Debug)]
pub(crate) struct Texts {
    source: Source,
    /// Whether few rows have the same key: then all of them may be looked at, without a turn.
    few: bool,
    /// Whether all rows are looked at, for there are not too many.
    whole: bool,
    /// Where the key alone says which rows they are: the key is `$4`.
    page: String,
    back: String,
    /// The last argument is the id at the other end.
    count: String,
    /// The last row that a page looks at and the one behind it: `$3` rows are passed over.
    edge: String,
    edge_back: String,
    /// Where rows are looked at, `$4` of them: the filter begins at `$5`, the key comes behind it, and for the count the id
    /// at the other end. Where all are, the filter begins at `$4`.
    walked_page: String,
    walked_back: String,
    walked_count: String,
}

/// The statements of a search for words in names.
#[derive(Debug)]
pub(crate) struct ByWords {
    /// Where all rows are looked at.
    whole: Texts,
    /// Where so many are.
    some: Texts,
}

impl ByWords {
    /// What asks for the rows in whose names these words stand, among as many as a counter says.
    pub(crate) async fn asked(
        &'static self,
        ctx: &Ctx,
        tx: &mut Tx,
        counter: &'static str,
        words: String,
    ) -> Result<ListQuery, Error> {
        let whole = counters::value(ctx, tx, counter).await? <= ALL_AT_ONCE;
        let texts = if whole { &self.whole } else { &self.some };
        Ok(ListQuery::by(texts, vec![None], args![words].into()))
    }

    /// All of them that are asked.
    #[cfg(test)]
    pub(crate) fn all(&self) -> Vec<&str> {
        [&self.whole, &self.some].into_iter().flat_map(Texts::all).collect()
    }
}

impl Source {
    /// The statements of the environment's rows in whose names some words stand, for a table whose index of the environment
    /// has the names too: then no row is read but those that are found.
    pub(crate) fn by_words(self) -> ByWords {
        let Self { table, columns, joins, always, newest_first, .. } = self;
        let fits = "w.search_text LIKE $5 ESCAPE '\\'";
        let some = Self { looked_at: ", t.search_text", fits, filters: 1, ..self }.by(ALL);
        let ids = |rising: bool| {
            let (behind, order) = if rising { (">", "") } else { ("<", " DESC") };
            format!(
                "SELECT t.id FROM {table} t WHERE {ALL} AND t.id {behind} $2{always} \
                 AND t.search_text LIKE $4 ESCAPE '\\' ORDER BY t.id{order} LIMIT $3"
            )
        };
        let (order, other_end) = if newest_first { (" DESC", ">") } else { ("", "<") };
        let whole = Texts {
            whole: true,
            walked_page: format!(
                "SELECT {columns} FROM ({}) AS fitting CROSS JOIN {table} t{joins} WHERE t.id = fitting.id \
                 ORDER BY t.id{order}",
                ids(!newest_first)
            ),
            walked_back: ids(newest_first),
            walked_count: format!(
                "SELECT count(*) AS n FROM ({}) AS counted WHERE counted.id {other_end} $5",
                ids(!newest_first)
            ),
            ..Self { filters: 1, ..self }.by(ALL)
        };
        ByWords { whole, some }
    }

    /// The statements of the few rows of which this is true: `$1` is the environment, and KEY a key.
    pub(crate) fn by_few(self, key: &str) -> Texts {
        Texts { few: true, ..self.by(key) }
    }

    /// The same where many rows may have the same key.
    pub(crate) fn by(self, key: &str) -> Texts {
        let Self { table, columns, joins, always, looked_at, fits, filters, newest_first, .. } = self;
        let keys = usize::from(key.contains("KEY"));
        let ordered = |forth: bool, number: usize| {
            let (before, order) = if forth == newest_first { ("<", " DESC") } else { (">", "") };
            let key = key.replace("KEY", &format!("${number}"));
            format!("WHERE {key} AND t.id {before} $2{always} ORDER BY t.id{order}")
        };
        let other_end = |number: usize| format!("id {} ${number}", if newest_first { ">" } else { "<" });
        let fitting = |forth: bool, and: &str| {
            format!(
                "SELECT w.id FROM (SELECT t.id{looked_at} FROM {table} t {} LIMIT $4) w WHERE {fits}{and} LIMIT $3",
                ordered(forth, 5 + filters)
            )
        };
        let (forth, back) = (ordered(true, 4), ordered(false, 4));
        let order = if newest_first { " DESC" } else { "" };
        Texts {
            source: self,
            few: false,
            whole: false,
            page: format!("SELECT {columns} FROM {table} t{joins} {forth} LIMIT $3"),
            back: format!("SELECT t.id FROM {table} t {back} LIMIT $3"),
            count: format!(
                "SELECT count(*) AS n FROM (SELECT t.id FROM {table} t {forth} LIMIT $3) AS counted WHERE counted.{}",
                other_end(4 + keys)
            ),
            edge: format!("SELECT t.id FROM {table} t {forth} LIMIT 2 OFFSET $3"),
            edge_back: format!("SELECT t.id FROM {table} t {back} LIMIT 2 OFFSET $3"),
            walked_page: format!(
                "SELECT {columns} FROM ({}) AS fitting JOIN {table} t ON t.id = fitting.id{joins} ORDER BY t.id{order}",
                fitting(true, "")
            ),
            walked_back: fitting(false, ""),
            walked_count: format!(
                "SELECT count(*) AS n FROM ({}) AS counted",
                fitting(true, &format!(" AND w.{}", other_end(5 + filters + keys)))
            ),
        }
    }
}

/// How a list tells how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Total {
    /// Not at all.
    Untold,
    /// By this counter, which has all of an environment.
    Kept(&'static str),
    /// By counting them, at most a thousand.
    Counted,
}

/// Which rows of a list are asked for.
pub(crate) struct ListQuery {
    pub(crate) texts: &'static Texts,
    /// The keys, each of which is asked for by itself; one that is none where there is none.
    pub(crate) keys: Vec<Option<Arg>>,
    /// What else has to fit.
    pub(crate) filter: Vec<Arg>,
    /// The ids between which they lie.
    pub(crate) span: Span,
    /// How many rows are looked at.
    pub(crate) walk: usize,
}

/// Rows as far as all keys' were looked at, and where that ended before the far end.
struct Found {
    rows: Vec<Row>,
    edge: Option<Edge>,
}

/// The last row that was looked at, and the next of the same key, which was not.
struct Edge {
    last: String,
    behind: String,
}

impl ListQuery {
    /// All that a key finds, or several; all of the environment without one.
    pub(crate) fn by(texts: &'static Texts, keys: Vec<Option<Arg>>, filter: Vec<Arg>) -> Self {
        Self { texts, keys, filter, span: Span::of(texts.source.prefix, None, None), walk: WALK }
    }

    /// A page.
    pub(crate) async fn page(
        &self,
        ctx: &Ctx,
        tx: &mut Tx,
        page: &Page,
        most: u32,
        total: Total,
    ) -> Result<Listed<Row>, Error> {
        let size = usize::try_from(page.size.clamp(1, most)).unwrap_or(1);
        let after = page.after.as_ref().map(|token| self.after(token)).transpose()?;
        if self.walks() && !self.texts.few {
            tx.turn(ctx).await?;
        }
        let Found { rows: mut items, edge } = self.forth(ctx, tx, after.as_deref(), size).await?;
        let more = items.len() > size;
        items.truncate(size);
        let last = items.last().map(|row| row.text("id")).transpose()?;
        let next = match (last, &edge) {
            (Some(last), _) if more => Some(last),
            // All before the edge was looked at: what another key has behind the last row before it, too.
            (Some(last), Some(edge)) if self.is_before(&edge.last, last) => Some(last),
            (_, edge) => edge.as_ref().map(|edge| edge.last.as_str()),
        };
        let next = next.map(|id| self.token(id));
        let previous = match &after {
            None => None,
            Some(after) => {
                let first = match items.first() {
                    Some(row) => row.text("id")?.to_owned(),
                    None => self.behind(ctx, tx, after).await?,
                };
                self.previous(ctx, tx, &first, size).await?
            }
        };
        let total = match (total, &page.after, &next) {
            (Total::Untold, ..) => 0,
            // They are all on this page.
            (_, None, None) => items.len() as u64,
            (Total::Kept(counter), ..) if !self.walks() && self.keys == [None] => {
                counters::value(ctx, tx, counter).await?
            }
            // As much was looked at as is counted over.
            (_, None, Some(_)) if !more => 0,
            _ => self.count(ctx, tx).await?,
        };
        Ok(Listed { items, next, previous, total })
    }

    /// Whether rows are looked at that need not fit.
    fn walks(&self) -> bool {
        self.filter.iter().any(|arg| *arg != Arg::Null)
    }

    fn newest_first(&self) -> bool {
        self.texts.source.newest_first
    }

    /// Whether one id comes before another in the list.
    fn is_before(&self, one: &str, other: &str) -> bool {
        if self.newest_first() { other < one } else { one < other }
    }

    /// The id behind which the page of a token begins.
    fn after(&self, token: &str) -> Result<String, Error> {
        let prefix = self.texts.source.prefix;
        Ok(format!("{prefix}{}", tail(prefix, token).ok_or(Error::PageToken)?))
    }

    /// The token of the page behind an id.
    fn token(&self, id: &str) -> String {
        let prefix = self.texts.source.prefix;
        token(prefix, id.strip_prefix(prefix).unwrap_or(id))
    }

    /// The ids between which the rows behind `from` lie in the list's order, or those before it: the one that is looked from
    /// and the one at which they end.
    fn range(&self, from: Option<&str>, forth: bool) -> (String, String) {
        let Span { first, end } = &self.span;
        let rising = forth != self.newest_first();
        let (near, far) = if rising { (first, end) } else { (end, first) };
        let near = match from {
            None => near.clone(),
            Some(from) if rising => near.clone().max(from.to_owned()),
            Some(from) => near.clone().min(from.to_owned()),
        };
        (near, far.clone())
    }

    fn arguments(&self, ctx: &Ctx, near: &str, rows: usize, key: Option<&Arg>, walked: bool) -> Vec<Arg> {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let mut all: Vec<Arg> = args![&ctx.environment, near, rows].into();
        if walked {
            let each = i64::try_from(self.each()).unwrap_or(i64::MAX);
            all.extend((!self.texts.whole).then(|| Arg::from(each)));
            all.extend(self.filter.iter().cloned());
        }
        all.extend(key.cloned());
        all
    }

    /// How many rows of each key are looked at.
    fn each(&self) -> usize {
        if self.texts.few { usize::MAX } else { (self.walk / self.keys.len().max(1)).max(1) }
    }

    /// One more than a page has, behind `from`, in the list's order.
    async fn forth(&self, ctx: &Ctx, tx: &mut Tx, from: Option<&str>, size: usize) -> Result<Found, Error> {
        let texts = self.texts;
        let page = if self.walks() { &texts.walked_page } else { &texts.page };
        self.rows(ctx, tx, (page, &texts.edge), self.range(from, true), size).await
    }

    /// The first row behind an id, whether or not it fits, or the end of the list.
    async fn behind(&self, ctx: &Ctx, tx: &mut Tx, id: &str) -> Result<String, Error> {
        let (near, far) = self.range(Some(id), true);
        let mut first = far.clone();
        for key in self.keys.iter().map(Option::as_ref) {
            let rows = tx.all(&self.texts.edge, self.arguments(ctx, &near, 0, key, false)).await?;
            let row = rows.first().map_or(Ok(far.as_str()), |row| row.text("id"))?;
            first = if near < far { first.min(row.to_owned()) } else { first.max(row.to_owned()) };
        }
        Ok(first)
    }

    /// The token of the page before the one that begins with this id.
    async fn previous(&self, ctx: &Ctx, tx: &mut Tx, first: &str, size: usize) -> Result<Option<String>, Error> {
        let texts = self.texts;
        let back = if self.walks() { &texts.walked_back } else { &texts.back };
        // It begins behind the row that is one more than a page away, or behind as many as it would look at.
        let range = self.range(Some(first), false);
        let Found { rows, edge } = self.rows(ctx, tx, (back, &texts.edge_back), range, size).await?;
        let beginning = if self.newest_first() { FIRST_NEWEST } else { FIRST_OLDEST };
        Ok(match (rows.get(size), edge) {
            (Some(row), _) => Some(self.token(row.text("id")?)),
            (None, Some(edge)) => Some(self.token(&edge.behind)),
            (None, None) => (!rows.is_empty()).then(|| token(self.texts.source.prefix, beginning)),
        })
    }

    /// What a statement finds of all keys, from the near end to the far one, as far as all of them were looked at.
    async fn rows(
        &self,
        ctx: &Ctx,
        tx: &mut Tx,
        (text, edge): (&'static str, &'static str),
        (near, far): (String, String),
        size: usize,
    ) -> Result<Found, Error> {
        let rising = near < far;
        let before = |one: &str, other: &str| if rising { one < other } else { other < one };
        let mut found = Found { rows: Vec::new(), edge: None };
        for key in self.keys.iter().map(Option::as_ref) {
            let rows = tx.all(text, self.arguments(ctx, &near, size + 1, key, self.walks())).await?;
            if self.walks() && rows.len() <= size {
                let edge = self.edge(ctx, tx, (edge, self.each()), (&near, &far), key).await?;
                let nearer =
                    |edge: &Edge| found.edge.as_ref().is_none_or(|nearest| before(&edge.behind, &nearest.behind));
                found.edge = edge.filter(nearer).or(found.edge);
            }
            found.rows.extend(rows);
        }
        let id = |row: &Row| row.text("id").unwrap_or_default().to_owned();
        let end = found.edge.as_ref().map_or(&far, |edge| &edge.behind);
        found.rows.retain(|row| before(&id(row), end));
        if self.keys.len() > 1 {
            found.rows.sort_by(|one, other| if rising { id(one).cmp(&id(other)) } else { id(other).cmp(&id(one)) });
        }
        Ok(found)
    }

    /// Where a key's rows are looked at no further than so many, if there are more before the far end.
    async fn edge(
        &self,
        ctx: &Ctx,
        tx: &mut Tx,
        (edge, looked_at): (&'static str, usize),
        (near, far): (&str, &str),
        key: Option<&Arg>,
    ) -> Result<Option<Edge>, Error> {
        if self.texts.few || self.texts.whole {
            return Ok(None);
        }
        let rows = tx.all(edge, self.arguments(ctx, near, looked_at - 1, key, false)).await?;
        let [last, behind] = rows.as_slice() else { return Ok(None) };
        let edge = Edge { last: last.text("id")?.to_owned(), behind: behind.text("id")?.to_owned() };
        let there = if near < far { edge.behind.as_str() < far } else { far < edge.behind.as_str() };
        Ok(there.then_some(edge))
    }

    /// How many there are; 0 where they are too many, or nobody knows without looking at more rows than a page does.
    async fn count(&self, ctx: &Ctx, tx: &mut Tx) -> Result<u64, Error> {
        let (walks, (near, far)) = (self.walks(), self.range(None, true));
        let text = if walks { &self.texts.walked_count } else { &self.texts.count };
        let mut count: usize = 0;
        for key in self.keys.iter().map(Option::as_ref) {
            // Whether there are more than are counted is seen for a quarter of what counting as many takes.
            if !walks && self.edge(ctx, tx, (self.texts.edge.as_str(), COUNTED), (&near, &far), key).await?.is_some() {
                return Ok(0);
            }
            let mut asked = self.arguments(ctx, &near, COUNTED + 1, key, walks);
            asked.push(Arg::from(far.as_str()));
            let counted = tx.one(text, asked).await?.map_or(Ok(0), |row| row.integer("n"))?;
            count = count.saturating_add(usize::try_from(counted).unwrap_or(0));
            let end = (self.texts.edge.as_str(), self.each());
            if count > COUNTED || (walks && self.edge(ctx, tx, end, (&near, &far), key).await?.is_some()) {
                return Ok(0);
            }
        }
        Ok(count as u64)
    }
}

#[cfg(test)]
impl Texts {
    /// All of them that are asked.
    pub(crate) fn all(&self) -> Vec<&str> {
        let mut all = vec![self.page.as_str(), &self.back, &self.count, &self.edge];
        if self.source.filters > 0 {
            all.extend([self.edge_back.as_str(), &self.walked_page, &self.walked_back, &self.walked_count]);
        }
        all
    }
}

#[cfg(test)]
mod tests;

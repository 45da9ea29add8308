//! Pages of lists: by id, so that a page stays where it is while rows come and go.
//!
//! A page token is the tail of the id (the ULID) after which the page begins; [`START`] names the beginning, which a
//! "previous" token must be able to say. Totals come from counters where nothing is filtered; with a filter they are
//! exact to [`COUNTED`], beyond that 0, which means "many" on the wire.

use crate::{Arg, Error, Row, Tx, args, counters};
use valetkey_domain::Ctx;
use valetkey_domain::id::{MAX_LEN, is_ulid};

/// The token of the first page; sorts before every ULID.
const START: &str = "0";

/// Up to how many rows a filtered total is counted.
const COUNTED: i64 = 1_000;

/// The most rows on one page, whatever is asked.
const MAX_SIZE: u32 = 1_000;

/// Which page of a list is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// How many rows at most; at least one is taken, at most a thousand.
    pub size: u32,
    /// The token of the page as an earlier answer gave it; none for the first.
    pub after: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows, oldest first.
    pub items: Vec<T>,
    /// The token of the page after this one, if there is one. At most 32 characters.
    pub next: Option<String>,
    /// The token of the page before this one, if there is one. At most 32 characters.
    pub previous: Option<String>,
    /// How many rows match; 0 when a filter leaves more than a thousand.
    pub total: u64,
}

/// A list's three statements. `$1` is the environment, `$2` an id, `$3` a number of rows, the filter begins at `$4`.
#[derive(Clone, Copy)]
pub(crate) struct Listing {
    /// What the list's ids begin with.
    pub(crate) prefix: &'static str,
    /// The counter that holds the unfiltered total.
    pub(crate) counter: &'static str,
    /// Rows behind an id.
    pub(crate) page: &'static str,
    /// Ids before an id, nearest first.
    pub(crate) before: &'static str,
    /// How many rows behind an id, up to a limit.
    pub(crate) count: &'static str,
}

/// Writes a list's statements from its columns, its table (`FROM` clause with alias `t`) and its filter.
macro_rules! listing {
    ($id:ty, $counter:expr, $columns:expr, $from:expr, $filter:expr) => {
        $crate::list::Listing {
            prefix: <$id>::PREFIX,
            counter: $counter,
            page: concat!(
                "SELECT ",
                $columns,
                " FROM ",
                $from,
                " WHERE t.environment_id = $1 AND t.id > $2",
                $filter,
                " ORDER BY t.id LIMIT $3"
            ),
            before: concat!(
                "SELECT t.id FROM ",
                $from,
                " WHERE t.environment_id = $1 AND t.id < $2",
                $filter,
                " ORDER BY t.id DESC LIMIT $3"
            ),
            count: concat!(
                "SELECT count(*) AS n FROM (SELECT t.id FROM ",
                $from,
                " WHERE t.environment_id = $1 AND t.id > $2",
                $filter,
                " LIMIT $3) AS counted"
            ),
        }
    };
}
pub(crate) use listing;

impl Listing {
    /// Fetches a page. `filter` has the arguments from `$4` on; all null means that nothing is filtered.
    pub(crate) async fn fetch(
        self,
        ctx: &Ctx,
        tx: &mut Tx,
        page: &Page,
        filter: Vec<Arg>,
    ) -> Result<Listed<Row>, Error> {
        let size = page.size.clamp(1, MAX_SIZE);
        let after = self.after(ctx, tx, page, &filter).await?;
        let asked = |id: &str, rows: i64| common(ctx, id, rows).into_iter().chain(filter.clone());
        let mut items = tx.all(self.page, asked(&after, i64::from(size) + 1)).await?;
        let more = items.len() > usize::try_from(size).unwrap_or(usize::MAX);
        items.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        let next = match items.last() {
            Some(last) if more => Some(self.token(last)?),
            _ => None,
        };
        let first = items.first().map_or(Ok(after.as_str()), |row| row.text("id"))?;
        let before = if page.after.is_none() {
            Vec::new()
        } else {
            tx.all(self.before, asked(first, i64::from(size) + 1)).await?
        };
        let previous = self.previous(&before, size)?;
        let total = self.total(ctx, tx, filter).await?;
        Ok(Listed { items, next, previous, total })
    }

    /// The id that a page begins after: empty for the first. An imported id has any tail, so a token that is no ULID
    /// must name a row that a page can end with: anything else was never given to anybody.
    async fn after(&self, ctx: &Ctx, tx: &mut Tx, page: &Page, filter: &[Arg]) -> Result<String, Error> {
        let Some(token) = &page.after else { return Ok(String::new()) };
        if !is_token(token) {
            return Err(Error::PageToken);
        }
        let after = format!("{}{token}", self.prefix);
        if token != START && !is_ulid(token) {
            // '!' sorts before all that an id is made of, so nothing lies between the two but the row itself.
            let asked = common(ctx, &format!("{after}!"), 1).into_iter().chain(filter.iter().cloned());
            let nearest = tx.all(self.before, asked).await?;
            if nearest.first().map(|row| row.text("id")).transpose()? != Some(after.as_str()) {
                return Err(Error::PageToken);
            }
        }
        Ok(after)
    }

    /// The page before begins after the row that is one more than a page away, or at the start.
    fn previous(&self, before: &[Row], size: u32) -> Result<Option<String>, Error> {
        let full = before.len() > usize::try_from(size).unwrap_or(usize::MAX);
        match before.last() {
            None => Ok(None),
            Some(row) if full => self.token(row).map(Some),
            Some(_) => Ok(Some(START.into())),
        }
    }

    async fn total(&self, ctx: &Ctx, tx: &mut Tx, filter: Vec<Arg>) -> Result<u64, Error> {
        if filter.iter().all(|arg| *arg == Arg::Null) {
            return counters::value(ctx, tx, self.counter).await;
        }
        let row = tx.one(self.count, common(ctx, "", COUNTED + 1).into_iter().chain(filter)).await?;
        let count = row.map_or(Ok(0), |row| row.integer("n"))?;
        Ok(if count > COUNTED { 0 } else { u64::try_from(count).unwrap_or(0) })
    }

    fn token(&self, row: &Row) -> Result<String, Error> {
        let id = row.text("id")?;
        Ok(id.strip_prefix(self.prefix).unwrap_or(id).into())
    }
}

impl Listed<Row> {
    /// The same page with nouns for rows.
    pub(crate) fn read<T>(self, read: impl Fn(&Row) -> Result<T, Error>) -> Result<Listed<T>, Error> {
        let items = self.items.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Listed { items, next: self.next, previous: self.previous, total: self.total })
    }
}

/// Whether a text may be the tail of an id.
fn is_token(text: &str) -> bool {
    (1..=MAX_LEN).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn common(ctx: &Ctx, id: &str, rows: i64) -> Vec<Arg> {
    args![&ctx.environment, id, rows].into()
}

/// Text as it is kept for searching: lower case, so that a search ignores case in every script that has it.
pub(crate) fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// A `LIKE` pattern (escape character `\`) for text that holds this somewhere, in folded text.
pub(crate) fn holding(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in folded(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_what_was_typed() {
        assert_eq!(holding("50%_A\\"), "%50\\%\\_a\\\\%");
    }
}

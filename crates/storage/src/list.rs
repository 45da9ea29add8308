//! Pages of lists: by id, so that a page stays where it is while rows come and go.
//!
//! A page token is the tail of the id (the ULID) after which the page begins, and some characters that show that it is
//! one, and of this list; [`START`] names the beginning, which a "previous" token must be able to say. The row itself may
//! be gone by then. Totals come from counters where nothing is filtered; with a filter they are
//! exact to [`COUNTED`], beyond that 0, which means "many" on the wire.

use crate::{Arg, Error, Row, Tx, args, counters};
use valetkey_domain::Ctx;
use valetkey_domain::id::MAX_LEN;

/// What the token of the first page is made of; sorts before every ULID.
const START: &str = "0";

/// How many characters show that a token is one: what is left of 32 behind the longest tail.
const CHECK: usize = 3;

/// Their alphabet, five bits for each.
const ALPHABET: [u8; 32] = *b"0123456789abcdefghjkmnpqrstvwxyz";

/// Up to how many rows a filtered total is counted.
pub(crate) const COUNTED: i64 = 1_000;

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
        let after = match &page.after {
            None => String::new(),
            Some(token) => format!("{}{}", self.prefix, tail(self.prefix, token).ok_or(Error::PageToken)?),
        };
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
        let total = match (&page.after, more) {
            // They are all on this page.
            (None, false) => u64::try_from(items.len()).unwrap_or(u64::MAX),
            _ => self.total(ctx, tx, filter).await?,
        };
        Ok(Listed { items, next, previous, total })
    }

    /// The page before begins after the row that is one more than a page away, or at the start.
    fn previous(&self, before: &[Row], size: u32) -> Result<Option<String>, Error> {
        let full = before.len() > usize::try_from(size).unwrap_or(usize::MAX);
        match before.last() {
            None => Ok(None),
            Some(row) if full => self.token(row).map(Some),
            Some(_) => Ok(Some(token(self.prefix, START))),
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
        Ok(token(self.prefix, id.strip_prefix(self.prefix).unwrap_or(id)))
    }
}

impl Listed<Row> {
    /// The same page with nouns for rows.
    pub(crate) fn read<T>(self, read: impl Fn(&Row) -> Result<T, Error>) -> Result<Listed<T>, Error> {
        let items = self.items.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Listed { items, next: self.next, previous: self.previous, total: self.total })
    }
}

/// The token of the page after the id with this tail.
pub(crate) fn token(prefix: &str, tail: &str) -> String {
    format!("{tail}{}", check(prefix, tail))
}

/// The tail that a token is made of; none if it is no token of such ids.
pub(crate) fn tail<'a>(prefix: &str, token: &'a str) -> Option<&'a str> {
    let (tail, given) = token.split_at_checked(token.len().checked_sub(CHECK)?)?;
    let fits = (1..=MAX_LEN).contains(&tail.len()) && tail.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (fits && given == check(prefix, tail)).then_some(tail)
}

/// What shows that a token is one, against what was typed, cut off or meant for another list: it is no secret.
fn check(prefix: &str, tail: &str) -> String {
    // FNV-1a, which is the same in every build.
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = prefix.bytes().chain(tail.bytes()).fold(0x811c_9dc5, step);
    let mixed = hash ^ (hash >> 15);
    let character = |at: usize| {
        let index = usize::try_from((mixed >> (5 * at)) & 31).unwrap_or_default();
        char::from(ALPHABET.get(index).copied().unwrap_or(b'0'))
    };
    (0..CHECK).map(character).collect()
}

fn common(ctx: &Ctx, id: &str, rows: i64) -> Vec<Arg> {
    args![&ctx.environment, id, rows].into()
}

/// Text as it is kept for searching: lower case, so that a search ignores case in every script that has it.
pub(crate) fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// A `LIKE` pattern (escape character `\`) for text that holds this somewhere, in folded text.
pub(crate) fn containing(text: &str) -> String {
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
        assert_eq!(containing("50%_A\\"), "%50\\%\\_a\\\\%");
    }

    #[test]
    fn a_token_is_told_from_garbage_whether_or_not_its_row_is_there() {
        for of in ["01k6z3v2m4q8r5s7t9w0x1y2z3", "88630864544790977", START, &"x".repeat(29)] {
            let good = token("ca_", of);
            assert!(good.len() <= 32, "the wire's rule: {good}");
            assert_eq!(tail("ca_", &good), Some(of));
            assert_eq!(tail("conn_", &good), None, "it is of another list");
            assert_eq!(tail("ca_", of), None, "an id's tail is no token");
            assert_eq!(tail("ca_", &good[1..]), None, "cut off in front");
            assert_eq!(tail("ca_", &good[..good.len() - 1]), None, "cut off behind");
            assert_eq!(tail("ca_", &format!("{good}0")), None);
            assert_eq!(tail("ca_", &good.to_uppercase()).is_some(), good == good.to_uppercase());
        }
        for garbage in ["", "0", "garbage", "next", "ca_1", "\u{e9}\u{e9}\u{e9}", "a'; DROP TABLE t", &"0".repeat(200)]
        {
            assert_eq!(tail("ca_", garbage), None, "{garbage}");
        }
    }

    #[test]
    fn what_is_typed_passes_for_a_token_hardly_ever() {
        let passed = (0..20_000).filter(|n| tail("ca_", &format!("page{n}")).is_some()).count();
        assert!(passed < 20, "{passed} of 20,000");
    }
}

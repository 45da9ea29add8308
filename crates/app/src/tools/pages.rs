//! Pages of lists that no table holds. Their items have keys and stand in the keys' order; a page token is the key behind
//! which the page begins, so that a page stays where it is while accounts come and go.

use crate::{Listed, Page};
use valetkey_domain::tool::MAX_NAME;

/// The token of the first page, which a "previous" token must be able to say. It sorts before every key.
pub(super) const START: &str = "-";

/// The most items on one page.
pub(super) const MOST: u32 = 1_000;

/// Whether this can be the name of a tool. Those of remote servers are known to nobody who has not asked the server.
pub(super) fn is_name(token: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=MAX_NAME).contains(&token.len()) && token.bytes().all(fits)
}

/// A page of `count` items; whether its token is one was looked at before.
pub(super) fn of<T>(
    count: usize,
    item: impl Fn(usize) -> Option<T>,
    key: impl Fn(&T) -> String,
    page: &Page,
) -> Listed<T> {
    let size = usize::try_from(page.size.clamp(1, MOST)).unwrap_or(1);
    let begins = page.after.as_ref().map_or(0, |token| behind(count, &item, &key, token));
    let end = begins.saturating_add(size).min(count);
    let token = |at: usize| item(at).map(|item| key(&item));
    let previous = match begins.checked_sub(size) {
        _ if begins == 0 => None,
        None | Some(0) => Some(START.to_owned()),
        Some(first) => token(first - 1),
    };
    let next = (begins < end && end < count).then(|| token(end - 1)).flatten();
    Listed {
        items: (begins..end).filter_map(item).collect(),
        next,
        previous,
        total: u64::try_from(count).unwrap_or(u64::MAX),
    }
}

/// The place of the first item behind a key.
fn behind<T>(count: usize, item: &impl Fn(usize) -> Option<T>, key: &impl Fn(&T) -> String, token: &str) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if item(middle).is_some_and(|item| key(&item).as_str() > token) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(items: &[&str], size: u32, after: Option<&str>) -> Listed<String> {
        let item = |at: usize| items.get(at).map(|item| (*item).to_owned());
        of(items.len(), item, Clone::clone, &Page { size, after: after.map(str::to_owned) })
    }

    #[test]
    fn pages_lead_forth_and_back_over_everything_once() {
        let items = ["a", "b", "c", "d", "e", "f", "g"];
        for size in 1..=8 {
            let (mut seen, mut after, mut pages) = (Vec::new(), None, Vec::new());
            loop {
                let listed = page(&items, size, after.as_deref());
                assert_eq!(listed.total, 7);
                seen.extend(listed.items.clone());
                pages.push(listed.clone());
                match listed.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            assert_eq!(seen, items, "pages of {size}");
            assert_eq!(pages[0].previous, None);
            for two in pages.windows(2) {
                let back = page(&items, size, two[1].previous.as_deref());
                assert_eq!(back.items, two[0].items, "pages of {size}");
            }
        }
    }

    #[test]
    fn a_key_that_is_gone_still_has_its_place() {
        assert_eq!(page(&["a", "c"], 1, Some("b")).items, ["c"]);
        let behind = page(&["a", "c"], 1, Some("z"));
        assert_eq!((behind.items.len(), behind.next, behind.previous.as_deref()), (0, None, Some("a")));
        assert_eq!(page(&[], 5, None), Listed { items: vec![], next: None, previous: None, total: 0 });
        assert_eq!(page(&["a"], 0, Some(START)).items, ["a"], "a page has one item at least");
    }
}

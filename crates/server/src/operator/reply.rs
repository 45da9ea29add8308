//! What a verb answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use valetkey_domain::Timestamp;

/// How many things are asked for at a time.
pub(super) const PAGE: u32 = 1000;

/// What a verb answers: things, and a line for the person who asked.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Reply {
    /// The things, each an object whose members are the table's columns.
    pub(super) rows: Vec<Value>,
    /// Whether they are one thing that was asked for by name, not a list that happens to hold one.
    #[serde(default)]
    pub(super) single: bool,
    /// Whether they are lines of a report, each with what is wrong and what to do, and not of a table.
    #[serde(default)]
    pub(super) report: bool,
    /// What a person should know beside them.
    pub(super) note: Option<String>,
    /// Why the command must end as failed although it was carried out: what it found.
    #[serde(default)]
    pub(super) fault: Option<String>,
}

/// One thing that was asked for by name.
pub(super) fn one(row: Value) -> Reply {
    Reply { rows: vec![row], single: true, ..Reply::default() }
}

/// Things without a word about them.
pub(super) fn rows(rows: impl IntoIterator<Item = Value>) -> Reply {
    Reply { rows: rows.into_iter().collect(), ..Reply::default() }
}

/// A word where there is nothing to show.
pub(super) fn message(note: impl Into<String>) -> Reply {
    Reply { note: Some(note.into()), ..Reply::default() }
}

/// An instant as answers show it: to the millisecond, which is what is stored.
pub(super) fn moment(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Every item of a list, page after page: `all!(|page| list(.., &page))`. A macro, for a future that borrows from a
/// closure cannot be sent to another thread yet.
macro_rules! all {
    (|$page:ident| $list:expr) => {{
        let (mut items, mut after) = (Vec::new(), None);
        loop {
            let $page = valetkey_app::Page { size: $crate::operator::reply::PAGE, after };
            let found = $list.await?;
            items.extend(found.items);
            match found.next {
                Some(next) => after = Some(next),
                None => break items,
            }
        }
    }};
}
pub(super) use all;

/// The same for a list that is asked for what comes behind the last one that is known:
/// `all_behind!(|before| list(.., before, PAGE), |last| last.version)`.
macro_rules! all_behind {
    (|$before:ident| $list:expr, |$last:ident| $key:expr) => {{
        let (mut items, mut $before) = (Vec::new(), None);
        loop {
            let some = $list.await?;
            let full = some.len() == $crate::operator::reply::PAGE as usize;
            $before = some.last().map(|$last| $key);
            items.extend(some);
            if !full {
                break items;
            }
        }
    }};
}
pub(super) use all_behind;

#[cfg(test)]
mod tests {
    use valetkey_app::{Listed, Page};

    #[tokio::test]
    async fn a_list_has_no_end_before_its_last_page() {
        let pages = async |page: Page| {
            let from: u64 = page.after.map_or(0, |after| after.parse().unwrap());
            let until = (from + u64::from(page.size)).min(2_500);
            let next = (until < 2_500).then(|| until.to_string());
            anyhow::Ok(Listed { items: (from..until).collect(), next, previous: None, total: 0 })
        };
        let listed = async { anyhow::Ok(all!(|page| pages(page))) };
        assert_eq!(listed.await.unwrap(), (0..2_500).collect::<Vec<u64>>());
    }

    #[tokio::test]
    async fn a_list_by_its_last_one_has_no_end_before_its_last_page_either() {
        for count in [0, 999, 1_000, 2_000, 2_500_u64] {
            let older = async |before: Option<u64>| {
                let until = before.unwrap_or(count);
                anyhow::Ok((until.saturating_sub(u64::from(super::PAGE))..until).rev().collect::<Vec<_>>())
            };
            let listed = async { anyhow::Ok(all_behind!(|before| older(before), |last| *last)) };
            assert_eq!(listed.await.unwrap(), (0..count).rev().collect::<Vec<_>>(), "{count}");
        }
    }
}

//! Lists whose filters fit nothing, over the many rows: each page ends though nothing was found, and the pages have an end.

use crate::journal::calls;
use crate::{Error, Page, Store, Tx, accounts, configs, counters, events, fixture, instances};
use std::pin::Pin;
use valetkey_domain::Ctx;
use valetkey_domain::id::{AccountId, ConnectionId, InstanceId};

/// What of a page matters here: how many items, the next token, the total.
type Told = (usize, Option<String>, u64);

type Ask = for<'a> fn(&'a Ctx, &'a mut Tx, &'a Page) -> Pin<Box<dyn Future<Output = Result<Told, Error>> + 'a>>;

macro_rules! ask {
    ($list:path, $filter:expr) => {
        |ctx, tx, page| {
            Box::pin(async move {
                let listed = $list(ctx, tx, &$filter, page).await?;
                Ok((listed.items.len(), listed.next, listed.total))
            })
        }
    };
}

fn nobody() -> Option<String> {
    Some("nobody".to_owned())
}

/// Those whose filter an index answers.
const FOUND: [(&str, Ask); 13] = [
    ("calls of a run", ask!(calls::list, calls::Filter { run: nobody(), ..Default::default() })),
    (
        "calls that failed",
        ask!(calls::list, calls::Filter { outcomes: Some(vec!["nobody".into()]), ..Default::default() }),
    ),
    ("accounts not renewed", ask!(accounts::list, accounts::Filter { refused: true, ..Default::default() })),
    (
        "calls of an account, filtered",
        ask!(
            calls::list,
            calls::Filter {
                accounts: Some(vec![AccountId::parse("ca_nobody").unwrap()]),
                outcomes: Some(vec![]),
                ..Default::default()
            }
        ),
    ),
    (
        "events of an account",
        ask!(events::list, events::Filter { account: AccountId::parse("ca_nobody").ok(), ..Default::default() }),
    ),
    (
        "events of a connection, filtered",
        ask!(
            events::list,
            events::Filter {
                connection: ConnectionId::parse("conn_nobody").ok(),
                kinds: Some(vec!["none".into()]),
                ..Default::default()
            }
        ),
    ),
    ("events of an organisation", ask!(events::list, events::Filter { organization: nobody(), ..Default::default() })),
    ("accounts of a user", ask!(accounts::list, accounts::Filter { identifier: nobody(), ..Default::default() })),
    (
        "accounts of an organisation",
        ask!(accounts::list, accounts::Filter { organization: nobody(), ..Default::default() }),
    ),
    (
        "accounts of no connection",
        ask!(
            accounts::list,
            accounts::Filter { connections: vec!["nobody".into()], search: nobody(), ..Default::default() }
        ),
    ),
    (
        "accounts of a status",
        ask!(accounts::list, accounts::Filter { status: nobody(), search: nobody(), ..Default::default() }),
    ),
    ("instances of a config", ask!(instances::list, instances::Filter { config_name: nobody(), ..Default::default() })),
    (
        "an instance",
        ask!(instances::list, instances::Filter { id: InstanceId::parse("inst_nobody").ok(), ..Default::default() }),
    ),
];

/// Those whose rows are looked at.
const WALKED: [(&str, Ask); 6] = [
    ("events of a kind", ask!(events::list, events::Filter { kinds: Some(vec!["none".into()]), ..Default::default() })),
    ("accounts of words", ask!(accounts::list, accounts::Filter { search: nobody(), ..Default::default() })),
    ("accounts of a user id", ask!(accounts::list, accounts::Filter { user: nobody(), ..Default::default() })),
    (
        "accounts of a connector, of words",
        ask!(accounts::list, accounts::Filter { connector: Some("a".into()), search: nobody(), ..Default::default() }),
    ),
    ("instances of words", ask!(instances::list, instances::Filter { search: nobody(), ..Default::default() })),
    ("instances of a name", ask!(instances::list, instances::Filter { name: nobody(), ..Default::default() })),
];

/// Asks all of them.
pub(super) async fn that_nothing_fits_end(store: &Store) {
    let ctx = fixture::ctx("env_1");
    let list = async |ask: Ask, after: Option<String>| {
        ask(&ctx, &mut store.read().await.unwrap(), &Page { size: 30, after }).await.unwrap()
    };
    for (name, ask) in FOUND {
        assert_eq!(list(ask, None).await, (0, None, 0), "{name}");
    }
    // As long as the counters say that there are few, one page looks at all names.
    for (name, ask) in WALKED.into_iter().filter(|(name, _)| ["accounts of words", "instances of words"].contains(name))
    {
        assert_eq!(list(ask, None).await, (0, None, 0), "{name}");
    }
    let mut tx = store.write().await.unwrap();
    for counter in [counters::ACCOUNTS, counters::INSTANCES] {
        counters::add(&ctx, &mut tx, counter, 200_000).await.unwrap();
    }
    tx.commit().await.unwrap();
    for (name, ask) in WALKED {
        let (mut pages, mut after) = (0, None);
        loop {
            let (items, next, total) = list(ask, after).await;
            assert_eq!((items, total), (0, 0), "{name}");
            (pages, after) = (pages + 1, next);
            if after.is_none() {
                break;
            }
            assert!(pages < 5, "{name}: the pages have no end");
        }
        // Two hundred thousand rows, and a third of them at once; of three connections a third of that each.
        assert!((3..=4).contains(&pages), "{name}: {pages}");
    }
    let one = list(ask!(configs::list, configs::Filter { search: nobody(), ..Default::default() }), None).await;
    assert_eq!(one, (0, None, 0), "few rows are looked at to their end");
}

//! Pages of connected accounts, and those of one user on a config.

use super::{COLUMNS, read, status};
use crate::list::{self, FEW, MAX_SIZE, containing};
use crate::walk::{self, ByWords, ListQuery, Source, Texts, Total};
use crate::{Arg, Error, Listed, Page, Row, Tx, args, counters};
use std::sync::LazyLock;
use valetkey_domain::Ctx;
use valetkey_domain::account::{ConnectedAccount, Status};
use valetkey_domain::id::{AccountId, ConfigId, ConnectionId};
use valetkey_domain::name::Identifier;

/// How many connection names one filter may have (the wire's rule).
pub const MAX_CONNECTION_NAMES: usize = 20;

/// One connection more than are asked one by one.
const MOST_ASKED: i64 = 21;

/// Which accounts a list shows; what is absent or empty filters nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The names of connections, ignoring case, [`MAX_CONNECTION_NAMES`] at most; any of them fits.
    pub connections: Vec<String>,
    /// The slug of the connector.
    pub connector: Option<String>,
    /// The exact user.
    pub identifier: Option<String>,
    /// The exact organisation.
    pub organization: Option<String>,
    /// The exact user id beside the identifier.
    pub user: Option<String>,
    /// The name of a status (`ACTIVE`).
    pub status: Option<String>,
    /// Text that the user's identifier holds, ignoring case.
    pub search: Option<String>,
    /// Only those whose access the provider did not renew.
    pub refused: bool,
}

impl Filter {
    /// Those that hold this text and nothing else.
    fn containing(search: &str) -> Self {
        Self { search: Some(search.to_owned()), ..Self::default() }
    }
}

const SOURCE: Source = Source {
    prefix: AccountId::PREFIX,
    table: "connected_accounts",
    columns: COLUMNS,
    joins: "",
    always: "",
    looked_at: ", t.connection_id, t.organization_id, t.user_id, t.status, t.search_text",
    fits: "((CAST($5 AS TEXT) IS NULL AND CAST($6 AS TEXT) IS NULL) OR EXISTS (SELECT 1 FROM connections c
            WHERE c.id = w.connection_id AND c.environment_id = $1 AND (CAST($5 AS TEXT) IS NULL OR c.connector = $5)
              AND (CAST($6 AS TEXT) IS NULL OR replace($6, ',' || c.name_folded || ',', '') <> $6)))
        AND (CAST($7 AS TEXT) IS NULL OR w.organization_id = $7) AND (CAST($8 AS TEXT) IS NULL OR w.user_id = $8)
        AND (CAST($9 AS TEXT) IS NULL OR w.status = $9)
        AND (CAST($10 AS TEXT) IS NULL OR w.search_text LIKE $10 ESCAPE '\\')",
    filters: 6,
    newest_first: false,
};

static ALL: LazyLock<Texts> = LazyLock::new(|| SOURCE.by(walk::ALL));

static NAMED: LazyLock<ByWords> = LazyLock::new(|| SOURCE.by_words());

static OF_USER: LazyLock<Texts> = LazyLock::new(|| SOURCE.by_few("t.environment_id = $1 AND t.identifier = KEY"));

/// Most have no organisation: those are in no index.
static OF_ORGANIZATION: LazyLock<Texts> =
    LazyLock::new(|| SOURCE.by("t.environment_id = $1 AND t.organization_id = KEY AND t.organization_id <> ''"));

static OF_CONNECTION: LazyLock<Texts> = LazyLock::new(|| {
    SOURCE.by("t.connection_id = (SELECT c.id FROM connections c WHERE c.environment_id = $1 AND c.id = KEY)")
});

/// Few accounts have expired, and nobody has to look at all others for them.
static OF_STATUS: LazyLock<Texts> = LazyLock::new(|| SOURCE.by("t.environment_id = $1 AND t.status = KEY"));

/// Few accounts are not renewed.
static REFUSED: LazyLock<Texts> = LazyLock::new(|| SOURCE.by("t.environment_id = $1 AND t.refused_at IS NOT NULL"));

/// All texts.
#[cfg(test)]
pub(crate) fn texts() -> Vec<&'static str> {
    [&ALL, &OF_USER, &OF_ORGANIZATION, &OF_CONNECTION, &OF_STATUS, &REFUSED]
        .into_iter()
        .flat_map(|list| list.all())
        .chain(NAMED.all())
        .collect()
}

/// A page of the environment's accounts.
///
/// # Errors
/// The database cannot be read, or a row fits no account.
pub async fn list(ctx: &Ctx, tx: &mut Tx, filter: &Filter, page: &Page) -> Result<Listed<ConnectedAccount>, Error> {
    let total = if filter.refused { Total::Counted } else { Total::Kept(counters::ACCOUNTS) };
    asked(ctx, tx, filter).await?.page(ctx, tx, page, MAX_SIZE, total).await?.read(read)
}

/// The accounts of users whose name begins so, by name, so many of them; none at all where the environment has so few
/// accounts that a search inside of names is as quick.
///
/// # Errors
/// The database cannot be read, or a row fits no account.
pub async fn beginning(ctx: &Ctx, tx: &mut Tx, name: &str, size: u32) -> Result<Option<Vec<ConnectedAccount>>, Error> {
    if counters::value(ctx, tx, counters::ACCOUNTS).await? <= FEW {
        return Ok(None);
    }
    let sql = "SELECT * FROM connected_accounts WHERE environment_id = $1 AND identifier >= $2 AND identifier < $3
        ORDER BY identifier, id LIMIT $4";
    let [first, end] = list::beginning(name);
    let rows = tx.all(sql, args![&ctx.environment, first, end, i64::from(size)]).await?;
    rows.iter().map(read).collect::<Result<_, _>>().map(Some)
}

/// Finds by what leaves fewest as a rule: the user, the organisation, the connections, the status.
async fn asked(ctx: &Ctx, tx: &mut Tx, filter: &Filter) -> Result<ListQuery, Error> {
    if let Some(search) = filter.search.as_deref().filter(|search| *filter == Filter::containing(search)) {
        return NAMED.asked(ctx, tx, counters::ACCOUNTS, containing(search)).await;
    }
    let mut connector = filter.connector.as_deref();
    let mut names = (!filter.connections.is_empty()).then(|| format!(",{},", folded(filter).join(",,")));
    let (mut organization, mut status) = (filter.organization.as_deref(), filter.status.as_deref());
    let (texts, keys) = if filter.refused {
        (&REFUSED, vec![None])
    } else if let Some(user) = &filter.identifier {
        (&OF_USER, vec![Some(Arg::from(user.as_str()))])
    } else if let Some(organization) = organization.take_if(|organization| !organization.is_empty()) {
        (&OF_ORGANIZATION, vec![Some(Arg::from(organization))])
    } else if let Some(connections) = connections(ctx, tx, filter).await? {
        (connector, names) = (None, None);
        (&OF_CONNECTION, connections)
    } else if let Some(status) = status.take() {
        (&OF_STATUS, vec![Some(Arg::from(status))])
    } else {
        (&ALL, vec![None])
    };
    let fits = args![
        connector,
        names,
        organization,
        filter.user.as_deref(),
        status,
        filter.search.as_deref().map(containing),
    ];
    Ok(ListQuery::by(texts, keys, fits.into()))
}

/// The names of the connections that are asked for, as they are compared. None has a comma.
fn folded(filter: &Filter) -> Vec<String> {
    let names = filter.connections.iter().take(MAX_CONNECTION_NAMES);
    names.filter(|name| !name.contains(',')).map(|name| name.to_ascii_lowercase()).collect()
}

/// The connections of the names and the connector that are asked for; none if neither is, or if the connector has more than
/// can be asked for one by one.
async fn connections(ctx: &Ctx, tx: &mut Tx, filter: &Filter) -> Result<Option<Vec<Option<Arg>>>, Error> {
    let rows = match (filter.connections.is_empty(), &filter.connector) {
        (true, None) => return Ok(None),
        (true, Some(connector)) => {
            let sql = "SELECT id, connector FROM connections WHERE environment_id = $1 AND connector = $2
                ORDER BY id LIMIT $3";
            tx.all(sql, args![&ctx.environment, connector.as_str(), MOST_ASKED]).await?
        }
        (false, _) => match folded(filter).as_slice() {
            [name] => {
                let sql = "SELECT id, connector FROM connections WHERE environment_id = $1 AND name_folded = $2";
                tx.all(sql, args![&ctx.environment, name]).await?
            }
            names => {
                let sql = "SELECT id, connector FROM connections WHERE environment_id = $1
                    AND name_folded IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                        $21)";
                let mut names = names.iter();
                let names = (0..MAX_CONNECTION_NAMES).map(|_| Arg::from(names.next().map(String::as_str)));
                tx.all(sql, args![&ctx.environment].into_iter().chain(names)).await?
            }
        },
    };
    if filter.connections.is_empty() && rows.len() > MAX_CONNECTION_NAMES {
        return Ok(None);
    }
    let mut ids = Vec::with_capacity(rows.len());
    for row in &rows {
        if filter.connector.as_ref().is_none_or(|connector| row.text("connector").is_ok_and(|of| of == connector)) {
            ids.push(Some(Arg::from(row.text("id")?)));
        }
    }
    Ok(Some(ids))
}

/// What an overview says of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The connection that it is on.
    pub connection: ConnectionId,
    /// The account.
    pub account: AccountId,
    /// Whether it can be used.
    pub status: Status,
}

/// How a user's own accounts (of no organisation) on the connections of a config stand. A connection on which the user
/// has none is left out.
///
/// # Errors
/// The database cannot be read, or a row fits no account.
pub async fn standings(
    ctx: &Ctx,
    tx: &mut Tx,
    config: &ConfigId,
    identifier: &Identifier,
) -> Result<Vec<Standing>, Error> {
    let sql = "SELECT a.id, a.connection_id, a.status, a.reason FROM mcp_config_mappings m
        JOIN connected_accounts a ON a.environment_id = m.environment_id AND a.connection_id = m.connection_id
        WHERE m.environment_id = $1 AND m.config_id = $2
         AND a.identifier = $3 AND a.organization_id = '' AND a.user_id = ''";
    let rows = tx.all(sql, args![&ctx.environment, config, identifier]).await?;
    rows.iter().map(read_standing).collect()
}

fn read_standing(row: &Row) -> Result<Standing, Error> {
    row.fit("connected_accounts", |row| {
        Ok(Standing { connection: row.parsed("connection_id")?, account: row.parsed("id")?, status: status(row)? })
    })
}

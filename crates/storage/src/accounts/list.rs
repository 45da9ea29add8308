//! Pages of connected accounts, and those of one user on a config.

use super::{read, status};
use crate::list::{Listing, containing, listing};
use crate::{Arg, Error, Listed, Page, Row, Tx, args, counters};
use valetkey_domain::Ctx;
use valetkey_domain::account::{ConnectedAccount, Status};
use valetkey_domain::id::{AccountId, ConfigId, ConnectionId};
use valetkey_domain::name::Identifier;

/// How many connection names one filter may have (the wire's rule).
pub const MAX_CONNECTION_NAMES: usize = 20;

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
}

/// Lists with a condition on the user, who is `$5`, and on the status, which is `$8`.
macro_rules! listing_where {
    ($user:literal, $status:literal) => {
        listing!(
            AccountId,
            counters::ACCOUNTS,
            "t.*",
            "connected_accounts t JOIN connections c ON c.id = t.connection_id AND c.environment_id = t.environment_id",
            concat!(
                " AND (CAST($4 AS TEXT) IS NULL OR c.connector = $4) AND ",
                $user,
                " AND (CAST($6 AS TEXT) IS NULL OR t.organization_id = $6)
                  AND (CAST($7 AS TEXT) IS NULL OR t.user_id = $7) AND ",
                $status,
                " AND (CAST($9 AS TEXT) IS NULL OR t.search_text LIKE $9 ESCAPE '\\')
                  AND (CAST($10 AS TEXT) IS NULL OR c.name_folded IN ($10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                      $20, $21, $22, $23, $24, $25, $26, $27, $28, $29))"
            )
        )
    };
}

const LIST: Listing =
    listing_where!("(CAST($5 AS TEXT) IS NULL OR t.identifier = $5)", "(CAST($8 AS TEXT) IS NULL OR t.status = $8)");

/// The same where the user is given: one index look-up, however many users there are.
const LIST_OF_USER: Listing = listing_where!("t.identifier = $5", "(CAST($8 AS TEXT) IS NULL OR t.status = $8)");

/// The same where the status is given: few accounts have expired, and nobody has to look at all others for them.
const LIST_OF_STATUS: Listing = listing_where!("(CAST($5 AS TEXT) IS NULL OR t.identifier = $5)", "t.status = $8");

/// All of them.
#[cfg(test)]
pub(crate) const LISTS: [Listing; 3] = [LIST, LIST_OF_USER, LIST_OF_STATUS];

/// A page of the environment's accounts.
///
/// # Errors
/// The database cannot be read, or a row fits no account.
pub async fn list(ctx: &Ctx, tx: &mut Tx, filter: &Filter, page: &Page) -> Result<Listed<ConnectedAccount>, Error> {
    let listing = match (&filter.identifier, &filter.status) {
        (Some(_), _) => LIST_OF_USER,
        (None, Some(_)) => LIST_OF_STATUS,
        (None, None) => LIST,
    };
    listing.fetch(ctx, tx, page, arguments(filter)).await?.read(read)
}

fn arguments(filter: &Filter) -> Vec<Arg> {
    let fixed = args![
        filter.connector.as_deref(),
        filter.identifier.as_deref(),
        filter.organization.as_deref(),
        filter.user.as_deref(),
        filter.status.as_deref(),
        filter.search.as_deref().map(containing),
    ];
    let folded = |name: &String| name.to_ascii_lowercase();
    let names = (0..MAX_CONNECTION_NAMES).map(|place| Arg::from(filter.connections.get(place).map(folded)));
    fixed.into_iter().chain(names).collect()
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

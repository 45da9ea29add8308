//! Lists of accounts: never with a credential, for their message has no member for one.

use super::render;
use crate::services::shared::{connector, ends, id, non_empty, page};
use std::collections::HashMap;
use valetkey_app::accounts::{self, Filter};
use valetkey_app::{App, Listed, Result, connections};
use valetkey_domain::Ctx;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::id::ConnectionId;
use valetkey_proto::v1::connected_accounts as wire;

/// How many accounts a page has when the caller doesn't say.
const PAGE: u32 = 10;

pub(super) async fn list(
    app: &App,
    ctx: &Ctx,
    request: wire::ListConnectedAccountsRequest,
) -> Result<wire::ListConnectedAccountsResponse> {
    // Credentials that an organisation shares don't exist here.
    if request.is_org_wide_credential == Some(true) {
        return Ok(wire::ListConnectedAccountsResponse::default());
    }
    let names = request.connector.and_then(non_empty).into_iter().chain(request.connection_names);
    let filter = Filter {
        connections: names.collect(),
        identifier: request.identifier.and_then(non_empty),
        organization: request.organization_id.and_then(non_empty),
        user: request.user_id.and_then(non_empty),
        connector: non_empty(request.provider).map(|provider| connector(app, &provider)),
        status: None,
        search: non_empty(request.query),
        refused: false,
    };
    let page = page(request.page_size, request.page_token, PAGE);
    let listed = accounts::list(app, ctx, &filter, &page).await?;
    let (next_page_token, prev_page_token, total_size) = ends(&listed);
    let connected_accounts = items(app, ctx, &listed).await?;
    Ok(wire::ListConnectedAccountsResponse { connected_accounts, total_size, next_page_token, prev_page_token })
}

/// Accounts whose user's identifier holds a text, ignoring case.
pub(super) async fn search(
    app: &App,
    ctx: &Ctx,
    request: wire::SearchConnectedAccountsRequest,
) -> Result<wire::SearchConnectedAccountsResponse> {
    let connection = match non_empty(request.connection_id) {
        Some(text) => Some(connections::get(app, ctx, &id(ConnectionId::parse, &text)?).await?),
        None => None,
    };
    let names = connection.map(|connection| connection.name.to_string());
    let filter = Filter { connections: names.into_iter().collect(), search: Some(request.query), ..Filter::default() };
    let page = page(request.page_size, request.page_token, PAGE);
    let listed = accounts::list(app, ctx, &filter, &page).await?;
    let (next_page_token, prev_page_token, total_size) = ends(&listed);
    let connected_accounts = items(app, ctx, &listed).await?;
    Ok(wire::SearchConnectedAccountsResponse { connected_accounts, total_size, next_page_token, prev_page_token })
}

async fn items(app: &App, ctx: &Ctx, listed: &Listed<ConnectedAccount>) -> Result<Vec<wire::ConnectedAccountForList>> {
    let mut seen = HashMap::new();
    let mut shown = Vec::with_capacity(listed.items.len());
    for account in &listed.items {
        if !seen.contains_key(&account.connection) {
            let connection = connections::get_recent(app, ctx, &account.connection).await?;
            seen.insert(account.connection.clone(), render::OfConnection::new(app, &connection));
        }
        shown.extend(seen.get(&account.connection).map(|connection| render::item(connection, account)));
    }
    Ok(shown)
}

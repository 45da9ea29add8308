//! Lists of tools: the catalogue's, a user's, and those that a user may get.

use super::{render, whose};
use crate::services::shared::{ends, non_empty, page};
use valetkey_app::tools::{self, Filter, Scope};
use valetkey_app::{App, Page, Result};
use valetkey_domain::Ctx;
use valetkey_domain::name::Identifier;
use valetkey_proto::v1::tools as wire;

/// How many tools a page has when the caller doesn't say, and when it searches.
const PAGE: u32 = 300;
const SEARCHED: u32 = 100;
/// How many it has at most; more asked for is taken as that.
const MOST: u32 = 1_000;

pub(super) async fn tools(app: &App, ctx: &Ctx, request: wire::ListToolsRequest) -> Result<wire::ListToolsResponse> {
    let wanted = request.filter.unwrap_or_default();
    let owner = (Some(wanted.identifier), wanted.organization_id, wanted.user_id);
    let filter = Filter {
        provider: non_empty(wanted.provider),
        names: wanted.tool_name,
        query: wanted.query,
        whose: whose::query(wanted.connected_account_id, wanted.connector, owner)?,
    };
    let most = if filter.query.is_some() { SEARCHED } else { MOST };
    let page = clamped(request.page_size, request.page_token, PAGE.min(most), most);
    let listed = tools::list(app, ctx, &filter, &page).await?;
    let (next_page_token, prev_page_token, total_size) = ends(&listed);
    let mut answer = wire::ListToolsResponse { next_page_token, prev_page_token, total_size, ..Default::default() };
    if wanted.summary == Some(true) {
        answer.tool_names = listed.items.iter().map(|offer| offer.name().to_owned()).collect();
    } else {
        answer.tools = listed.items.iter().map(render::tool).collect();
    }
    Ok(answer)
}

/// Adapters never page: without a size they get everything of the filter, as far as a page goes.
pub(super) async fn scoped(
    app: &App,
    ctx: &Ctx,
    request: wire::ListScopedToolsRequest,
) -> Result<wire::ListScopedToolsResponse> {
    let user = Identifier::parse(&request.identifier)?;
    let wanted = request.filter.unwrap_or_default();
    let scope = Scope { providers: wanted.providers, names: wanted.tool_names, connections: wanted.connection_names };
    let page = clamped(request.page_size, request.page_token, MOST, MOST);
    let listed = tools::scoped(app, ctx, &user, &scope, &page).await?;
    let (next_page_token, prev_page_token, total_size) = ends(&listed);
    let of_user = |one: &tools::Scoped| wire::ScopedTool {
        tool: Some(render::tool(&one.offer)),
        identifier: user.to_string(),
        connected_account_id: one.account.to_string(),
    };
    let tools = listed.items.iter().map(of_user).collect();
    Ok(wire::ListScopedToolsResponse { next_page_token, total_size, prev_page_token, tools })
}

/// All of them on one page, which is as long as the server's list.
pub(super) async fn refreshed(
    app: &App,
    ctx: &Ctx,
    request: wire::RefreshToolsRequest,
) -> Result<wire::RefreshToolsResponse> {
    let owner = (request.identifier, request.organization_id, request.user_id);
    let asked = whose::query(request.connected_account_id, request.connector, owner)?;
    let offers = tools::refreshed(app, ctx, &asked).await?;
    let total_size = u32::try_from(offers.len()).unwrap_or(u32::MAX);
    Ok(wire::RefreshToolsResponse { tools: offers.iter().map(render::tool).collect(), total_size })
}

pub(super) async fn available(
    app: &App,
    ctx: &Ctx,
    request: wire::ListAvailableToolsRequest,
) -> Result<wire::ListAvailableToolsResponse> {
    let user = Identifier::parse(&request.identifier)?;
    let page = clamped(request.page_size, request.page_token, PAGE, MOST);
    let listed = tools::available(app, ctx, &user, &page).await?;
    let (next_page_token, prev_page_token, total_size) = ends(&listed);
    let tools = listed.items.iter().map(render::tool).collect();
    Ok(wire::ListAvailableToolsResponse { next_page_token, total_size, prev_page_token, tools })
}

fn clamped(size: u32, token: String, default: u32, most: u32) -> Page {
    page(size.min(most), token, default)
}

//! MCP configs on the wire.

use super::render;
use crate::services::shared::{connector, ends, filter, id, length, non_empty, page};
use valetkey_app::servers::configs::{self, Edit, Filter, New, NewMapping};
use valetkey_app::servers::instances;
use valetkey_app::{App, Error, Result};
use valetkey_domain::Ctx;
use valetkey_domain::id::ConfigId;
use valetkey_domain::name::Identifier;
use valetkey_proto::v1::mcp as wire;

/// How many configs a page has when the caller doesn't say.
const PAGE: u32 = 20;

pub(super) async fn create(
    app: &App,
    ctx: &Ctx,
    request: wire::CreateMcpConfigRequest,
) -> Result<wire::CreateMcpConfigResponse> {
    let config = request.config.unwrap_or_default();
    let mappings = mappings(config.connection_tool_mappings);
    let new = New { name: config.name, description: config.description, mappings, ..New::default() };
    let made = configs::create(app, ctx, new).await?;
    Ok(wire::CreateMcpConfigResponse { config: Some(render::config(app, &made)) })
}

/// On the wire absent and empty look the same, and both mean unchanged.
pub(super) async fn update(
    app: &App,
    ctx: &Ctx,
    request: wire::UpdateMcpConfigRequest,
) -> Result<wire::UpdateMcpConfigResponse> {
    let id = id(ConfigId::parse, &request.config_id)?;
    let mappings = mappings(request.connection_tool_mappings);
    let (description, mappings) = (non_empty(request.description), (!mappings.is_empty()).then_some(mappings));
    let grace = request.removed_tools_grace.as_ref().map(|grace| length("removed_tools_grace", grace)).transpose()?;
    let mut config = configs::get(app, ctx, &id).await?;
    if description.is_some() || mappings.is_some() || grace.is_some() {
        let edit = Edit { description, mappings, grace, ..Edit::default() };
        config = configs::edit(app, ctx, config, edit).await?;
    }
    Ok(wire::UpdateMcpConfigResponse { config: Some(render::config(app, &config)) })
}

pub(super) async fn list(
    app: &App,
    ctx: &Ctx,
    request: wire::ListMcpConfigsRequest,
) -> Result<wire::ListMcpConfigsResponse> {
    let wanted = request.filter.unwrap_or_default();
    let filter = Filter {
        id: non_empty(wanted.id).map(|text| ConfigId::parse(&text)).transpose()?,
        name: non_empty(wanted.name),
        connector: non_empty(wanted.provider).map(|provider| connector(app, &provider)),
        uuid: filter("mcp_server_url", last_segment(&wanted.mcp_server_url))?,
        search: non_empty(request.search),
    };
    let page = page(request.page_size, request.page_token, PAGE);
    let listed = configs::list(app, ctx, &filter, &page).await?;
    let (next_page_token, prev_page_token, total_size) = ends(&listed);
    let configs = listed.items.iter().map(|config| render::config(app, config)).collect();
    Ok(wire::ListMcpConfigsResponse { configs, next_page_token, prev_page_token, total_size })
}

pub(super) async fn get(
    app: &App,
    ctx: &Ctx,
    request: wire::GetMcpConfigRequest,
) -> Result<wire::GetMcpConfigResponse> {
    let config = configs::get(app, ctx, &id(ConfigId::parse, &request.config_id)?).await?;
    Ok(wire::GetMcpConfigResponse { config: Some(render::config(app, &config)) })
}

pub(super) async fn delete(
    app: &App,
    ctx: &Ctx,
    request: wire::DeleteMcpConfigRequest,
) -> Result<wire::DeleteMcpConfigResponse> {
    configs::delete(app, ctx, &id(ConfigId::parse, &request.config_id)?).await?;
    Ok(wire::DeleteMcpConfigResponse {})
}

pub(super) async fn connected_accounts(
    app: &App,
    ctx: &Ctx,
    request: wire::ListMcpConnectedAccountsRequest,
) -> Result<wire::ListMcpConnectedAccountsResponse> {
    let config = configs::get(app, ctx, &id(ConfigId::parse, &request.config_id)?).await?;
    let identifier = Identifier::parse(&request.identifier).map_err(Error::from)?;
    let states = instances::config_states(app, ctx, &config, &identifier, request.include_auth_link).await?;
    let connected_accounts = states.iter().map(|state| render::connection_state(app, state)).collect();
    Ok(wire::ListMcpConnectedAccountsResponse { connected_accounts })
}

/// Of a mapping a caller says the connection and its tools; the rest of the message is ours to fill.
fn mappings(mappings: Vec<wire::McpConfigConnectionToolMapping>) -> Vec<NewMapping> {
    let new = |mapping: wire::McpConfigConnectionToolMapping| NewMapping {
        connection: mapping.connection_name,
        tools: mapping.tools,
    };
    mappings.into_iter().map(new).collect()
}

/// A static MCP URL ends in the UUID that configs are found by; the UUID alone will do.
fn last_segment(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

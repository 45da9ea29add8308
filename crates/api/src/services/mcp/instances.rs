//! MCP instances on the wire.

use super::render;
use crate::services::shared::{ends, id, non_empty, page};
use std::collections::HashMap;
use valetkey_app::servers::configs;
use valetkey_app::servers::instances::{self, Change, Ensure, Filter};
use valetkey_app::{App, Result};
use valetkey_domain::Ctx;
use valetkey_domain::id::InstanceId;
use valetkey_domain::instance::McpInstance;
use valetkey_proto::v1::mcp as wire;

/// How many instances a page has when the caller doesn't say.
const PAGE: u32 = 20;

pub(super) async fn ensure(
    app: &App,
    ctx: &Ctx,
    request: wire::EnsureMcpInstanceRequest,
) -> Result<wire::EnsureMcpInstanceResponse> {
    let wanted =
        Ensure { config: request.config_name, identifier: request.user_identifier, name: non_empty(request.name) };
    let instance = instances::ensure(app, ctx, wanted).await?;
    Ok(wire::EnsureMcpInstanceResponse { instance: Some(whole(app, ctx, &instance).await?) })
}

pub(super) async fn get(
    app: &App,
    ctx: &Ctx,
    request: wire::GetMcpInstanceRequest,
) -> Result<wire::GetMcpInstanceResponse> {
    let instance = instances::get(app, ctx, &id(InstanceId::parse, &request.instance_id)?).await?;
    Ok(wire::GetMcpInstanceResponse { instance: Some(whole(app, ctx, &instance).await?) })
}

pub(super) async fn update(
    app: &App,
    ctx: &Ctx,
    request: wire::UpdateMcpInstanceRequest,
) -> Result<wire::UpdateMcpInstanceResponse> {
    let id = id(InstanceId::parse, &request.instance_id)?;
    let change = Change { name: non_empty(request.name), config: non_empty(request.config_name) };
    let instance = instances::update(app, ctx, &id, change).await?;
    Ok(wire::UpdateMcpInstanceResponse { instance: Some(whole(app, ctx, &instance).await?) })
}

/// A list shows each instance's config, but not how far its user has signed in: that is asked of one instance.
pub(super) async fn list(
    app: &App,
    ctx: &Ctx,
    request: wire::ListMcpInstancesRequest,
) -> Result<wire::ListMcpInstancesResponse> {
    let wanted = request.filter.unwrap_or_default();
    let filter = Filter {
        id: non_empty(wanted.id).map(|text| InstanceId::parse(&text)).transpose()?,
        name: non_empty(wanted.name),
        config_name: non_empty(wanted.config_name),
        identifier: non_empty(wanted.user_identifier),
        search: non_empty(request.search),
    };
    let page = page(request.page_size, request.page_token, PAGE);
    let listed = instances::list(app, ctx, &filter, &page).await?;
    let (next_page_token, prev_page_token, total_size) = ends(&listed);
    let mut seen = HashMap::new();
    let mut view = Vec::with_capacity(listed.items.len());
    let urls = instances::urls(app, ctx, &listed.items).await?;
    for (instance, url) in listed.items.iter().zip(&urls) {
        if !seen.contains_key(&instance.config) {
            let config = configs::get(app, ctx, &instance.config).await?;
            seen.insert(instance.config.clone(), render::config(app, &config));
        }
        view.push(render::instance(instance, seen.get(&instance.config).cloned(), url));
    }
    Ok(wire::ListMcpInstancesResponse { instances: view, next_page_token, prev_page_token, total_size })
}

pub(super) async fn delete(
    app: &App,
    ctx: &Ctx,
    request: wire::DeleteMcpInstanceRequest,
) -> Result<wire::DeleteMcpInstanceResponse> {
    instances::delete(app, ctx, &id(InstanceId::parse, &request.instance_id)?).await?;
    Ok(wire::DeleteMcpInstanceResponse {})
}

pub(super) async fn auth_state(
    app: &App,
    ctx: &Ctx,
    request: wire::GetMcpInstanceAuthStateRequest,
) -> Result<wire::GetMcpInstanceAuthStateResponse> {
    let id = id(InstanceId::parse, &request.instance_id)?;
    let states = instances::auth_state(app, ctx, &id, request.include_auth_links).await?;
    let connections = states.iter().map(|state| render::auth_state(app, state)).collect();
    Ok(wire::GetMcpInstanceAuthStateResponse { connections })
}

/// An instance with its URL, its config, and the user's account on each connection.
async fn whole(app: &App, ctx: &Ctx, instance: &McpInstance) -> Result<wire::McpInstance> {
    let instances::InstanceView { config, accounts, url } = instances::view(app, ctx, instance).await?;
    let mut config = render::config(app, &config);
    render::accounts(&mut config, &accounts);
    Ok(render::instance(instance, Some(config), &url))
}

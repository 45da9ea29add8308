//! McpConfigVersionService: what MCP configs had at earlier times, and the way back. It is not of the vendor's contract.

use super::serve::serve;
use super::shared::{id, length, non_empty, timestamp};
use super::structs;
use serde_json::Value;
use tonic::{Request, Response, Status};
use valetkey_app::servers::configs;
use valetkey_app::servers::versions::{self, Changed, Kept};
use valetkey_app::{App, Error, Result};
use valetkey_domain::Ctx;
use valetkey_domain::config::Options;
use valetkey_domain::id::ConfigId;
use valetkey_proto::v1::own as wire;
use valetkey_proto::v1::own::mcp_config_version_service_server::McpConfigVersionService;
use valetkey_proto::well_known;

/// How many versions a page has when the caller doesn't say.
const PAGE: u32 = 30;

/// The service.
pub(super) struct ConfigVersions(pub(super) App);

type RpcResult<A> = std::result::Result<Response<A>, Status>;

#[tonic::async_trait]
impl McpConfigVersionService for ConfigVersions {
    async fn list_mcp_config_versions(
        &self,
        request: Request<wire::ListMcpConfigVersionsRequest>,
    ) -> RpcResult<wire::ListMcpConfigVersionsResponse> {
        serve(&self.0, request, list).await
    }

    async fn compare_mcp_config_versions(
        &self,
        request: Request<wire::CompareMcpConfigVersionsRequest>,
    ) -> RpcResult<wire::CompareMcpConfigVersionsResponse> {
        serve(&self.0, request, compare).await
    }

    async fn roll_back_mcp_config(
        &self,
        request: Request<wire::RollBackMcpConfigRequest>,
    ) -> RpcResult<wire::RollBackMcpConfigResponse> {
        serve(&self.0, request, roll_back).await
    }
}

/// A page's token is the last version that was shown.
async fn list(
    app: &App,
    ctx: &Ctx,
    request: wire::ListMcpConfigVersionsRequest,
) -> Result<wire::ListMcpConfigVersionsResponse> {
    let id = id(ConfigId::parse, &request.config_id)?;
    let wrong = || Error::invalid("page_token is not one that this list gave");
    let before: Option<i64> =
        non_empty(request.page_token).map(|token| token.parse().map_err(|_| wrong())).transpose()?;
    let size = if request.page_size == 0 { PAGE } else { request.page_size };
    let current = configs::get(app, ctx, &id).await?.version;
    let mut found = versions::list(app, ctx, &id, before, size + 1).await?;
    let more = found.len() > usize::try_from(size).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    let last = found.last().filter(|_| more).map(|kept| kept.version.to_string());
    Ok(wire::ListMcpConfigVersionsResponse {
        versions: found.into_iter().map(|kept| shown(kept, current)).collect(),
        next_page_token: last.unwrap_or_default(),
    })
}

fn shown(kept: Kept, current: i64) -> wire::McpConfigVersion {
    wire::McpConfigVersion {
        version: number(kept.version),
        current: kept.version == current,
        description: kept.description,
        created_at: Some(timestamp(kept.created_at)),
        connections: u32::try_from(kept.connections).unwrap_or(u32::MAX),
    }
}

async fn compare(
    app: &App,
    ctx: &Ctx,
    request: wire::CompareMcpConfigVersionsRequest,
) -> Result<wire::CompareMcpConfigVersionsResponse> {
    let id = id(ConfigId::parse, &request.config_id)?;
    let config = configs::get(app, ctx, &id).await?;
    let to = given(request.to_version).unwrap_or(config.version);
    let from = given(request.from_version).unwrap_or(to - 1);
    if from < 1 {
        return Err(Error::invalid("there is nothing before version 1: give from_version and to_version"));
    }
    let (before, after) = (versions::get(app, ctx, &id, from).await?, versions::get(app, ctx, &id, to).await?);
    let difference = versions::difference(&before, &after);
    let description = difference.description.map(|(before, after)| wire::McpConfigDescriptionChange { before, after });
    let options = difference.options.map(|(before, after)| wire::McpConfigOptionsChange {
        before: Some(members(&before)),
        after: Some(members(&after)),
    });
    Ok(wire::CompareMcpConfigVersionsResponse {
        from_version: number(from),
        to_version: number(to),
        description,
        options,
        connections: difference.connections.into_iter().map(connection).collect(),
    })
}

fn connection(changed: Changed) -> wire::McpConfigConnectionChange {
    let Changed { connection, how, added, removed } = changed;
    let how = how.words().to_owned();
    wire::McpConfigConnectionChange { connection_name: connection, how, added_tools: added, removed_tools: removed }
}

async fn roll_back(
    app: &App,
    ctx: &Ctx,
    request: wire::RollBackMcpConfigRequest,
) -> Result<wire::RollBackMcpConfigResponse> {
    let id = id(ConfigId::parse, &request.config_id)?;
    let grace = request.removed_tools_grace.as_ref().map(|grace| length("removed_tools_grace", grace)).transpose()?;
    let now = versions::roll_back(app, ctx, &id, i64::from(request.version), grace).await?;
    Ok(wire::RollBackMcpConfigResponse { version: number(now.version) })
}

/// On the wire none and 0 look the same, and no version is 0.
fn given(version: u32) -> Option<i64> {
    (version > 0).then_some(i64::from(version))
}

fn number(version: i64) -> u32 {
    u32::try_from(version).unwrap_or(u32::MAX)
}

/// What a config says beside its connections, as the command line shows it.
fn members(options: &Options) -> well_known::Struct {
    match serde_json::to_value(options) {
        Ok(Value::Object(members)) => structs::of(&members),
        _ => well_known::Struct::default(),
    }
}

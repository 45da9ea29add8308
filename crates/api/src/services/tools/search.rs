//! Tools by what somebody wants done.

use crate::services::shared::non_empty;
use valetkey_app::tools::{self, FoundTool, Readiness, State};
use valetkey_app::{App, Result};
use valetkey_domain::Ctx;
use valetkey_domain::name::Identifier;
use valetkey_proto::v1::tools as wire;
use valetkey_proto::v1::tools::ToolReadinessState;

/// How many tools are found when the caller doesn't say, and at most; more asked for is taken as that.
const TOP: u32 = 10;
const MOST: u32 = 50;

pub(super) async fn search(
    app: &App,
    ctx: &Ctx,
    request: wire::SearchToolsRequest,
) -> Result<wire::SearchToolsResponse> {
    let user = request.identifier.and_then(non_empty).map(|text| Identifier::parse(&text)).transpose()?;
    let top = if request.top_k == 0 { TOP } else { request.top_k.min(MOST) };
    let top = usize::try_from(top).unwrap_or_default();
    let found = tools::search(app, ctx, &request.query, user.as_ref(), top).await?;
    Ok(wire::SearchToolsResponse { tools: found.iter().map(shown).collect() })
}

fn shown(found: &FoundTool) -> wire::SearchedTool {
    wire::SearchedTool {
        name: found.offer.name().to_owned(),
        provider: found.offer.connector.provider_key(),
        description: found.offer.tool.definition.description.clone(),
        score: found.score,
        connections: found.connections.iter().map(readiness).collect(),
    }
}

fn readiness(of: &Readiness) -> wire::ConnectionReadiness {
    let state = match of.state {
        State::Ready => ToolReadinessState::Ready,
        State::NeedsConnection => ToolReadinessState::NeedsConnection,
        State::NeedsReauth => ToolReadinessState::NeedsReauth,
    };
    wire::ConnectionReadiness {
        connection_name: of.connection.to_string(),
        connected_account_id: of.account.to_string(),
        readiness_state: state.into(),
    }
}

//! Session tokens on the wire.

use crate::services::shared::{id, length, non_empty, timestamp};
use valetkey_app::servers::sessions::{self, SessionTarget, WantedToken};
use valetkey_app::{App, Error, Result};
use valetkey_domain::Ctx;
use valetkey_domain::id::ConfigId;
use valetkey_domain::session::Access;
use valetkey_proto::v1::mcp as wire;

pub(super) async fn create(
    app: &App,
    ctx: &Ctx,
    request: wire::CreateMcpSessionTokenRequest,
) -> Result<wire::CreateMcpSessionTokenResponse> {
    let of = match non_empty(request.mcp_config_id) {
        Some(config) => SessionTarget::Config(id(ConfigId::parse, &config)?),
        None => SessionTarget::Connection(request.key_id),
    };
    let access = Access::parse(&request.access_level);
    let access = access.ok_or_else(|| Error::invalid("access_level must be FULL or READ_ONLY, or left out"))?;
    let life = request.expiry.as_ref().map(|expiry| length("expiry", expiry)).transpose()?;
    let made = sessions::create(app, ctx, WantedToken { of, identifier: request.identifier, life, access }).await?;
    let token = made.token.expose().to_owned();
    Ok(wire::CreateMcpSessionTokenResponse { token, expires_at: Some(timestamp(made.expires_at)) })
}

//! Session tokens on the wire.

use crate::services::shared::{id, non_empty, timestamp};
use std::time::Duration;
use valetkey_app::servers::sessions::{self, SessionTarget, Wanted};
use valetkey_app::{App, Error, Result};
use valetkey_domain::Ctx;
use valetkey_domain::id::ConfigId;
use valetkey_domain::session::Access;
use valetkey_proto::v1::mcp as wire;
use valetkey_proto::well_known;

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
    let life = request.expiry.as_ref().map(life).transpose()?;
    let made = sessions::create(app, ctx, Wanted { of, identifier: request.identifier, life, access }).await?;
    let token = made.token.expose().to_owned();
    Ok(wire::CreateMcpSessionTokenResponse { token, expires_at: Some(timestamp(made.expires_at)) })
}

/// A length of time in whole seconds; the wire's may be negative.
fn life(expiry: &well_known::Duration) -> Result<Duration> {
    let seconds = u64::try_from(expiry.seconds).map_err(|_| Error::invalid("expiry must not be negative"))?;
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_cut_to_seconds_and_never_negative() {
        let read = |seconds, nanos| life(&well_known::Duration { seconds, nanos });
        assert_eq!(read(60, 999_999_999).unwrap(), Duration::from_secs(60));
        assert!(read(-1, 0).is_err() && read(i64::MIN, 0).is_err());
    }
}

//! What an actor may do beyond what its door lets it: one right so far, to users' tokens.

use crate::keyring::DoorRow;
use crate::{Core, Result};
use valetkey_domain::Ctx;
use valetkey_domain::client::ApiClient;
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::{ClientId, MemberId};
use valetkey_domain::member::{Member, Right};
use valetkey_storage::{clients, members};

/// The scope that lets a client read connected accounts' secrets; given to clients unless the operator says otherwise.
pub const SECRETS_SCOPE: &str = "accounts:secrets";

/// Whether the caller is an API client that may read users' tokens.
///
/// # Errors
/// The database cannot be read.
pub async fn reads_secrets(core: &Core, ctx: &Ctx) -> Result<bool> {
    let Actor::Client(id, version) = &ctx.actor else { return Ok(false) };
    let client = client(core, ctx, id, *version).await?;
    Ok(client.is_some_and(|client| client.scopes.iter().any(|scope| scope == SECRETS_SCOPE)))
}

/// The API client of this id at this version, if its row is as this server wrote it.
///
/// # Errors
/// The database cannot be read.
pub async fn client(core: &Core, ctx: &Ctx, id: &ClientId, version: i64) -> Result<Option<ApiClient>> {
    let found = clients::get(ctx, &mut core.store.glance().await?, id).await?;
    let Some(found) = found.filter(|found| found.client.version == version) else { return Ok(None) };
    let wrote = core.keyring.wrote(DoorRow::Client(&found.client), found.mac.as_deref()).await?;
    Ok(wrote.then_some(found.client))
}

/// The member of this id, if its row is as this server wrote it.
///
/// # Errors
/// The database cannot be read.
pub async fn member(core: &Core, id: &MemberId) -> Result<Option<Member>> {
    let Some(found) = members::get(&mut core.store.glance().await?, id).await? else { return Ok(None) };
    let wrote = core.keyring.wrote(DoorRow::Member(&found), found.mac.as_deref()).await?;
    Ok(wrote.then_some(found.member))
}

/// Whether the caller may decide where users' tokens go: who may read them anyway, a member who develops, and the operator
/// and the server itself, whose installation it is.
///
/// # Errors
/// The database cannot be read.
pub async fn directs_secrets(core: &Core, ctx: &Ctx) -> Result<bool> {
    match &ctx.actor {
        Actor::Member(id) => {
            let member = member(core, id).await?;
            Ok(member.is_some_and(|member| member.role.may(Right::Develop)))
        }
        Actor::Operator | Actor::System => Ok(true),
        Actor::Client(..) | Actor::Instance(_) | Actor::Session(_) | Actor::Link(_) | Actor::Approval(_) => {
            reads_secrets(core, ctx).await
        }
    }
}

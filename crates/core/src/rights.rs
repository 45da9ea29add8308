//! What an actor may do beyond what its door lets it: one right so far, to users' tokens.

use crate::{Core, Result};
use valetkey_domain::Ctx;
use valetkey_domain::ctx::Actor;
use valetkey_domain::member::Right;
use valetkey_storage::{clients, members};

/// The scope that lets a client read connected accounts' secrets; given to clients unless the operator says otherwise.
pub const SECRETS_SCOPE: &str = "accounts:secrets";

/// Whether the caller is an API client that may read users' tokens.
///
/// # Errors
/// The database cannot be read.
pub async fn reads_secrets(core: &Core, ctx: &Ctx) -> Result<bool> {
    let Actor::Client(id, version) = &ctx.actor else { return Ok(false) };
    let client = clients::get(ctx, &mut core.store.glance().await?, id).await?;
    let client = client.filter(|client| client.version == *version);
    Ok(client.is_some_and(|client| client.scopes.iter().any(|scope| scope == SECRETS_SCOPE)))
}

/// Whether the caller may decide where users' tokens go: who may read them anyway, a member who develops, and the operator
/// and the server itself, whose installation it is.
///
/// # Errors
/// The database cannot be read.
pub async fn directs_secrets(core: &Core, ctx: &Ctx) -> Result<bool> {
    match &ctx.actor {
        Actor::Member(id) => {
            let member = members::get(&mut core.store.glance().await?, id).await?;
            Ok(member.is_some_and(|member| member.role.may(Right::Develop)))
        }
        Actor::Operator | Actor::System => Ok(true),
        Actor::Client(..) | Actor::Instance(_) | Actor::Session(_) | Actor::Link(_) | Actor::Approval(_) => {
            reads_secrets(core, ctx).await
        }
    }
}

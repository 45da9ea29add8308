//! What signs: sealed in its webhook's row, for the URL that stands there.

use crate::{App, Error, Result};
use serde_json::Map;
use valetkey_core::places;
use valetkey_domain::id::WebhookId;
use valetkey_domain::{Ctx, Kind, Sealed, Secret};
use valetkey_storage::sealed as rows;
use valetkey_storage::webhooks::Webhook;
use valetkey_vault::Purpose;

/// A webhook's secrets, opened for one use.
pub(in crate::events) struct Secrets {
    pub(in crate::events) newest: Secret<str>,
    /// The one before, while it still signs.
    pub(in crate::events) before: Option<Secret<str>>,
}

/// Opens a webhook's secrets for the URL in its row.
pub(in crate::events) async fn secrets(app: &App, ctx: &Ctx, webhook: &Webhook) -> Result<Secrets> {
    let newest = open(app, ctx, webhook, &webhook.secret).await?;
    let before = match &webhook.secret_before {
        Some((sealed, until)) if app.core.now() < *until => Some(open(app, ctx, webhook, sealed).await?),
        _ => None,
    };
    Ok(Secrets { newest, before })
}

async fn open(app: &App, ctx: &Ctx, webhook: &Webhook, sealed: &Sealed) -> Result<Secret<str>> {
    let audience = [webhook.url.clone()];
    let place = places::webhook_secret(ctx, &webhook.id, &audience);
    let opened = app.core.keyring.open(&ctx.environment, Purpose::Webhook, &place, sealed).await.map_err(|error| {
        let message = format!(
            "the secret of webhook '{}' can no longer be opened: its row was changed outside of this server. Remove the \
             webhook and make it anew",
            webhook.id
        );
        if error.kind() == Kind::Internal { Error::new(Kind::FailedPrecondition, message).because(error) } else { error }
    })?;
    Ok(Secret::from(std::str::from_utf8(opened.expose()).map_err(Error::internal)?))
}

/// Seals a webhook's secrets again if they are not under the newest key; false if they are, or were changed meanwhile.
///
/// # Errors
/// A seal does not fit, or the database cannot be written.
pub(crate) async fn reseal(app: &App, ctx: &Ctx, webhook: &Webhook) -> Result<bool> {
    let audience = [webhook.url.clone()];
    let place = places::webhook_secret(ctx, &webhook.id, &audience);
    let keyring = &app.core.keyring;
    let newest = keyring.resealed(&ctx.environment, Purpose::Webhook, &place, &webhook.secret).await?;
    let mut now = webhook.clone();
    let mut anew = newest.is_some();
    now.secret = newest.unwrap_or(now.secret);
    if let Some((sealed, until)) = &webhook.secret_before {
        let before = keyring.resealed(&ctx.environment, Purpose::Webhook, &place, sealed).await?;
        anew |= before.is_some();
        now.secret_before = Some((before.unwrap_or_else(|| sealed.clone()), *until));
    }
    if !anew {
        return Ok(false);
    }
    let mut change = app.core.change(ctx).await?;
    if !rows::replace_webhook_secrets(&mut change, webhook, &now).await? {
        return Ok(false);
    }
    change.record("webhook.resealed", webhook.id.as_str(), Map::new()).await?.commit().await?;
    Ok(true)
}

/// Opens a webhook's secrets and forgets them at once, whether or not the database is in quarantine: the result for each.
pub(crate) async fn try_secrets(app: &App, ctx: &Ctx, webhook: &Webhook) -> Vec<Result<()>> {
    let audience = [webhook.url.clone()];
    let place = places::webhook_secret(ctx, &webhook.id, &audience);
    let before = webhook.secret_before.as_ref().map(|(sealed, _)| sealed);
    let mut tried = Vec::new();
    for sealed in std::iter::once(&webhook.secret).chain(before) {
        tried.push(app.core.keyring.try_value(&ctx.environment, Purpose::Webhook, &place, sealed).await);
    }
    tried
}

pub(super) async fn seal(app: &App, ctx: &Ctx, id: &WebhookId, url: &str, secret: &Secret<str>) -> Result<Sealed> {
    let audience = [url.to_owned()];
    let place = places::webhook_secret(ctx, id, &audience);
    app.core.keyring.seal(&ctx.environment, Purpose::Webhook, &place, secret.bytes()).await
}

//! What a sealed credential holds, and where it may go.

use super::schedule::schedule;
use super::typed::Typed;
use crate::connections::Wired;
use crate::{App, Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use valetkey_core::places::{self, CredentialRow};
use valetkey_domain::{Ctx, Sealed, Secret, Timestamp};
use valetkey_storage::accounts::Tokens;
use valetkey_vault::Purpose;

/// The credential of one account, opened. Never kept longer than the use it was opened for.
pub(crate) struct Plain {
    /// For calls; empty where there is none (yet).
    pub(crate) access_token: Secret<str>,
    /// For the next refresh.
    pub(crate) refresh_token: Option<Secret<str>>,
    /// What a person or an app gave, where they don't sign in at the provider.
    pub(crate) typed: Typed,
}

impl Plain {
    /// Tokens that a provider gave.
    pub(crate) fn tokens(access_token: Secret<str>, refresh_token: Option<Secret<str>>) -> Self {
        Self { access_token, refresh_token, typed: Typed::default() }
    }

    /// What a person or an app gave.
    pub(crate) fn typed(typed: Typed) -> Self {
        Self { access_token: Secret::from(""), refresh_token: None, typed }
    }
}

/// A credential as JSON.
#[derive(Serialize)]
struct Written<'a> {
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    typed: BTreeMap<&'a str, &'a str>,
}

/// The same, read back.
#[derive(Deserialize)]
struct Read {
    access_token: String,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    typed: BTreeMap<String, String>,
}

/// Seals a credential for its row and its audience.
///
/// # Errors
/// The key can't be had.
pub(crate) async fn seal(
    app: &App,
    ctx: &Ctx,
    row: CredentialRow<'_>,
    audience: &[String],
    plain: &Plain,
) -> Result<Sealed> {
    let written = Written {
        access_token: plain.access_token.expose(),
        refresh_token: plain.refresh_token.as_ref().map(Secret::expose),
        typed: plain.typed.iter().map(|(name, value)| (name, value.expose())).collect(),
    };
    let text: Secret<[u8]> = serde_json::to_vec(&written).map_err(Error::internal)?.into();
    app.core
        .keyring
        .seal(&ctx.environment, Purpose::Credential, &places::credential(ctx, row, audience), text.expose())
        .await
}

/// Tokens as their row holds them: sealed for it and for the connection's audience, with when to renew them.
///
/// # Errors
/// The key can't be had.
pub(crate) async fn tokens(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    row: CredentialRow<'_>,
    plain: &Plain,
    (scopes, expires_at): (Vec<String>, Option<Timestamp>),
) -> Result<Tokens> {
    let (CredentialRow::Account(account, _) | CredentialRow::Pending(_, account)) = row;
    let (audience, refreshable) = (wired.audience(account), plain.refresh_token.is_some() || wired.mints());
    let sealed = seal(app, ctx, row, &audience, plain).await?;
    let schedule = schedule(app, wired.renewal(), refreshable, expires_at);
    Ok(Tokens { sealed, audience, scopes, expires_at, refreshable, schedule })
}

/// Opens a credential for one use.
///
/// # Errors
/// The seal doesn't fit this row and audience, or the key can't be had.
pub(crate) async fn open(
    app: &App,
    ctx: &Ctx,
    row: CredentialRow<'_>,
    audience: &[String],
    sealed: &Sealed,
) -> Result<Plain> {
    let place = places::credential(ctx, row, audience);
    let text = app.core.keyring.open(&ctx.environment, Purpose::Credential, &place, sealed).await?;
    let read: Read = serde_json::from_slice(text.expose()).map_err(Error::internal)?;
    Ok(Plain {
        access_token: read.access_token.into(),
        refresh_token: read.refresh_token.map(Secret::from),
        typed: read.typed.into_iter().map(|(name, value)| (name, Secret::from(value))).collect(),
    })
}

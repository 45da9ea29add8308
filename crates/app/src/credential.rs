//! What a sealed credential holds, and where it may go.

use crate::{App, Error, Result, connections};
use serde::{Deserialize, Serialize};
use valetkey_connectors::Connector;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::connection::Connection;
use valetkey_domain::id::AuthorizationId;
use valetkey_domain::{Ctx, Sealed, Secret};
use valetkey_vault::{Holder, Place, Purpose};

/// The tokens of one account, opened. Never kept longer than the use they were opened for.
pub(crate) struct Plain {
    /// For calls.
    pub(crate) access_token: Secret<str>,
    /// For the next refresh.
    pub(crate) refresh_token: Option<Secret<str>>,
}

/// The row that a credential belongs to; a sealed one opens nowhere else.
#[derive(Clone, Copy)]
pub(crate) enum Home<'a> {
    /// A connected account, and the generation of its tokens that this one is.
    Account(&'a ConnectedAccount, i64),
    /// A consent whose person has still to choose, and the account that it is for.
    Pending(&'a AuthorizationId, &'a ConnectedAccount),
}

/// A credential as JSON.
#[derive(Serialize)]
struct Written<'a> {
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

/// The same, read back.
#[derive(Deserialize)]
struct Read {
    access_token: String,
    #[serde(default)]
    refresh_token: Option<String>,
}

/// The origins to which a connection's credentials may go: its token, revocation and identity endpoints and its API
/// hosts, in order.
pub(crate) fn audience(connector: &Connector, connection: &Connection) -> Vec<String> {
    let ends = connections::endpoints(connector, connection);
    let urls = [Some(ends.token_url), ends.revoke_url, ends.identity_url, ends.api_base_url];
    let mut origins: Vec<String> = urls.into_iter().flatten().filter_map(|url| connections::origin(&url)).collect();
    origins.extend(connector.hosts.iter().map(|host| format!("https://{host}")));
    origins.sort();
    origins.dedup();
    origins
}

/// Seals a credential for its row and its audience.
///
/// # Errors
/// The key can't be had.
pub(crate) async fn seal(app: &App, ctx: &Ctx, home: Home<'_>, audience: &[String], plain: &Plain) -> Result<Sealed> {
    let written = Written {
        access_token: plain.access_token.expose(),
        refresh_token: plain.refresh_token.as_ref().map(Secret::expose),
    };
    let text: Secret<[u8]> = serde_json::to_vec(&written).map_err(Error::internal)?.into();
    app.keyring.seal(&ctx.environment, Purpose::Credential, &place(ctx, home, audience), text.expose()).await
}

/// Opens a credential for one use.
///
/// # Errors
/// The seal doesn't fit this row and audience, or the key can't be had.
pub(crate) async fn open(app: &App, ctx: &Ctx, home: Home<'_>, audience: &[String], sealed: &Sealed) -> Result<Plain> {
    let place = place(ctx, home, audience);
    let text = app.keyring.open(&ctx.environment, Purpose::Credential, &place, sealed).await?;
    let read: Read = serde_json::from_slice(text.expose()).map_err(Error::internal)?;
    Ok(Plain { access_token: read.access_token.into(), refresh_token: read.refresh_token.map(Secret::from) })
}

/// Where a credential is sealed.
pub(crate) fn place<'a>(ctx: &'a Ctx, home: Home<'a>, audience: &'a [String]) -> Place<'a> {
    let (table, row, column, generation, account) = match home {
        Home::Account(account, generation) => {
            ("connected_accounts", account.id.as_str(), "credential", generation, account)
        }
        Home::Pending(id, account) => ("pending_credentials", id.as_str(), "sealed", 0, account),
    };
    let holder = holder(account);
    Place { environment: ctx.environment.as_str(), table, row, column, generation, audience, holder }
}

/// The account's key: what is sealed for one user does not open when the row says another.
pub(crate) fn holder(account: &ConnectedAccount) -> Holder<'_> {
    let owner = &account.owner;
    Holder {
        connection: account.connection.as_str(),
        identifier: owner.identifier.as_str(),
        organization: owner.organization.as_deref().unwrap_or_default(),
        user: owner.user.as_deref().unwrap_or_default(),
    }
}

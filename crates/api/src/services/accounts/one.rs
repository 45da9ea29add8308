//! What is done with one account.

use super::which::Address;
use super::{imported, render};
use crate::services::shared::{id, non_empty as text, timestamp};
use crate::services::structs;
use valetkey_app::accounts::{self, AccountRef};
use valetkey_app::consent;
use valetkey_app::{App, Error, Result, connections};
use valetkey_domain::Ctx;
use valetkey_domain::id::AccountId;
use valetkey_proto::v1::connected_accounts as wire;

/// What came with the request goes back with the answer, as the SDKs' users expect; refresh tokens and service accounts'
/// keys never do.
pub(super) async fn create(
    app: &App,
    ctx: &Ctx,
    request: wire::CreateConnectedAccountRequest,
) -> Result<wire::CreateConnectedAccountResponse> {
    let (connector, owner) = Address {
        id: None,
        connector: request.connector,
        identifier: request.identifier,
        organization: request.organization_id,
        user: request.user_id,
    }
    .of()?;
    let wanted = request.connected_account.unwrap_or_default();
    let brought = imported::credential(wanted.authorization_details)?;
    let api_config = structs::members(wanted.api_config);
    let (connection, account, shown) = accounts::create(app, ctx, &connector, owner, brought, api_config).await?;
    let account = render::account(app, &connection, &account, shown.as_ref());
    Ok(wire::CreateConnectedAccountResponse { connected_account: Some(account) })
}

pub(super) async fn update(
    app: &App,
    ctx: &Ctx,
    mut request: wire::UpdateConnectedAccountRequest,
) -> Result<wire::UpdateConnectedAccountResponse> {
    let which = Address::from(&mut request).which()?;
    let wanted = request.connected_account.unwrap_or_default();
    let brought = imported::credential(wanted.authorization_details)?;
    let api_config = structs::members(wanted.api_config);
    let (connection, account, shown) = accounts::update(app, ctx, &which, brought, api_config).await?;
    let account = render::account(app, &connection, &account, shown.as_ref());
    Ok(wire::UpdateConnectedAccountResponse { connected_account: Some(account) })
}

pub(super) async fn delete(
    app: &App,
    ctx: &Ctx,
    mut request: wire::DeleteConnectedAccountRequest,
) -> Result<wire::DeleteConnectedAccountResponse> {
    accounts::delete(app, ctx, &Address::from(&mut request).which()?).await?;
    Ok(wire::DeleteConnectedAccountResponse {})
}

pub(super) async fn disconnect(
    app: &App,
    ctx: &Ctx,
    request: wire::DisconnectConnectedAccountRequest,
) -> Result<wire::DisconnectConnectedAccountResponse> {
    let which = by_id(&request.id)?;
    accounts::disconnect(app, ctx, &which).await?;
    Ok(wire::DisconnectConnectedAccountResponse { connected_account: Some(show(app, ctx, &which).await?) })
}

pub(super) async fn get(
    app: &App,
    ctx: &Ctx,
    request: wire::GetConnectedAccountRequest,
) -> Result<wire::GetConnectedAccountResponse> {
    let account = show(app, ctx, &by_id(&request.id)?).await?;
    Ok(wire::GetConnectedAccountResponse { connected_account: Some(account) })
}

pub(super) async fn details(
    app: &App,
    ctx: &Ctx,
    mut request: wire::GetConnectedAccountByIdentifierRequest,
) -> Result<wire::GetConnectedAccountByIdentifierResponse> {
    let account = show(app, ctx, &Address::from(&mut request).which()?).await?;
    Ok(wire::GetConnectedAccountByIdentifierResponse { connected_account: Some(account) })
}

pub(super) async fn auth(
    app: &App,
    ctx: &Ctx,
    mut request: wire::GetConnectedAccountByIdentifierRequest,
) -> Result<wire::GetConnectedAccountByIdentifierResponse> {
    let which = Address::from(&mut request).which()?;
    let (connection, account, token) = accounts::auth(app, ctx, &which).await?;
    let account = render::account(app, &connection, &account, token.as_ref());
    Ok(wire::GetConnectedAccountByIdentifierResponse { connected_account: Some(account) })
}

/// `state` only ever goes to a verify URL, so without one there is nothing to do with it.
pub(super) async fn magic_link(
    app: &App,
    ctx: &Ctx,
    mut request: wire::GetMagicLinkForConnectedAccountRequest,
) -> Result<wire::GetMagicLinkForConnectedAccountResponse> {
    let user_verify_url = request.user_verify_url.take().and_then(text);
    let state = request.state.take().and_then(text);
    let wishes = consent::LinkOptions { user_verify_url, state, ..consent::LinkOptions::default() };
    let (connection, owner) = match Address::from(&mut request) {
        address if address.id.as_deref().is_some_and(|id| !id.is_empty()) => {
            let (connection, account) = accounts::get(app, ctx, &address.which()?).await?;
            (connection, account.owner)
        }
        address => {
            let (name, owner) = address.of()?;
            (connections::by_name(app, ctx, &name).await?, owner)
        }
    };
    let (_, link) = consent::link_for(app, ctx, &connection, owner, consent::Life::Mail, &wishes).await?;
    let expiry = Some(timestamp(link.expires_at));
    Ok(wire::GetMagicLinkForConnectedAccountResponse { link: link.url, expiry })
}

/// The app says that the person who signed in is its user.
pub(super) async fn verify_user(
    app: &App,
    ctx: &Ctx,
    request: wire::VerifyConnectedAccountUserRequest,
) -> Result<wire::VerifyConnectedAccountUserResponse> {
    let confirmed = consent::confirm(app, ctx, &request.auth_request_id, &request.identifier).await?;
    Ok(wire::VerifyConnectedAccountUserResponse { post_user_verify_redirect_url: confirmed.go_on_to })
}

async fn show(app: &App, ctx: &Ctx, which: &AccountRef) -> Result<wire::ConnectedAccount> {
    let (connection, account) = accounts::get(app, ctx, which).await?;
    Ok(render::account(app, &connection, &account, None))
}

/// An empty id means "the account of the person who is signed in", which an API client has none of.
fn by_id(text: &str) -> Result<AccountRef> {
    if text.is_empty() {
        return Err(Error::invalid("an API client has no account of its own: give the account's id in the path"));
    }
    Ok(AccountRef::Id(id(AccountId::parse, text)?))
}

//! Accounts as messages.

use crate::services::shared::{provider, timestamp};
use crate::services::structs;
use valetkey_app::App;
use valetkey_domain::Secret;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::connection::Connection;
use valetkey_proto::v1::connected_accounts as wire;
use valetkey_proto::v1::connected_accounts::ConnectorType;
use valetkey_proto::v1::connected_accounts::authorization_details::Details;

/// An account; with its access token only where the caller may read it.
pub(super) fn account(
    app: &App,
    connection: &Connection,
    account: &ConnectedAccount,
    token: Option<&Secret<str>>,
) -> wire::ConnectedAccount {
    wire::ConnectedAccount {
        identifier: account.owner.identifier.to_string(),
        provider: provider(app, &connection.connector),
        status: account.status.number(),
        authorization_type: ConnectorType::Oauth.into(),
        authorization_details: token.map(|token| oauth_token(account, token)),
        token_expires_at: account.credential.as_ref().and_then(|c| c.expires_at).map(timestamp),
        updated_at: Some(timestamp(account.updated_at)),
        connector: connection.name.to_string(),
        last_used_at: account.last_used_at.map(timestamp),
        id: account.id.to_string(),
        connection_id: connection.id.to_string(),
        api_config: Some(structs::of(&account.api_config)),
        is_org_wide_credential: false,
    }
}

/// An account as lists show it.
pub(super) fn item(app: &App, connection: &Connection, account: &ConnectedAccount) -> wire::ConnectedAccountForList {
    wire::ConnectedAccountForList {
        identifier: account.owner.identifier.to_string(),
        provider: provider(app, &connection.connector),
        status: account.status.number(),
        authorization_type: ConnectorType::Oauth.into(),
        token_expires_at: account.credential.as_ref().and_then(|c| c.expires_at).map(timestamp),
        updated_at: Some(timestamp(account.updated_at)),
        connector: connection.name.to_string(),
        last_used_at: account.last_used_at.map(timestamp),
        id: account.id.to_string(),
        connection_id: connection.id.to_string(),
        is_org_wide_credential: false,
    }
}

/// Refresh tokens stay with us.
fn oauth_token(account: &ConnectedAccount, token: &Secret<str>) -> wire::AuthorizationDetails {
    let token = wire::OauthToken {
        access_token: token.expose().to_owned(),
        scopes: account.scopes.clone(),
        ..Default::default()
    };
    wire::AuthorizationDetails { details: Some(Details::OauthToken(token)) }
}

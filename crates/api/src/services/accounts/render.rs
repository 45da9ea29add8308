//! Accounts as messages.

use crate::services::kinds;
use crate::services::shared::{provider, timestamp};
use crate::services::structs;
use serde_json::{Map, Value};
use valetkey_app::App;
use valetkey_app::accounts::ShownCredential;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::connection::Connection;
use valetkey_proto::v1::connected_accounts as wire;
use valetkey_proto::v1::connected_accounts::authorization_details::Details;

/// An account; with its credential only where the caller may read it.
pub(super) fn account(
    app: &App,
    connection: &Connection,
    account: &ConnectedAccount,
    credential: Option<&ShownCredential>,
) -> wire::ConnectedAccount {
    wire::ConnectedAccount {
        identifier: account.owner.identifier.to_string(),
        provider: provider(app, &connection.connector),
        status: account.status.number(),
        authorization_type: kinds::of_account(app, connection).into(),
        authorization_details: credential.map(|credential| details(account, credential)),
        token_expires_at: account.credential.as_ref().and_then(|c| c.expires_at).map(timestamp),
        updated_at: Some(timestamp(account.updated_at)),
        connector: connection.name.to_string(),
        last_used_at: account.last_used_at.map(timestamp),
        id: account.id.to_string(),
        connection_id: connection.id.to_string(),
        api_config: Some(structs::of(&whole(&account.api_config))),
        is_org_wide_credential: false,
    }
}

/// What a list says of an account's connection: made once for all of its accounts on a page.
pub(super) struct OfConnection {
    name: String,
    provider: String,
    authorization_type: i32,
}

impl OfConnection {
    pub(super) fn new(app: &App, connection: &Connection) -> Self {
        Self {
            name: connection.name.to_string(),
            provider: provider(app, &connection.connector),
            authorization_type: kinds::of_account(app, connection).into(),
        }
    }
}

/// An account as lists show it.
pub(super) fn item(connection: &OfConnection, account: &ConnectedAccount) -> wire::ConnectedAccountForList {
    wire::ConnectedAccountForList {
        identifier: account.owner.identifier.to_string(),
        provider: connection.provider.clone(),
        status: account.status.number(),
        authorization_type: connection.authorization_type,
        token_expires_at: account.credential.as_ref().and_then(|c| c.expires_at).map(timestamp),
        updated_at: Some(timestamp(account.updated_at)),
        connector: connection.name.clone(),
        last_used_at: account.last_used_at.map(timestamp),
        id: account.id.to_string(),
        connection_id: account.connection.to_string(),
        is_org_wide_credential: false,
    }
}

/// The members of `api_config` that are always shown, null where nothing was given.
const ALWAYS: [&str; 5] = ["version", "domain", "custom_headers", "custom_auth_header", "api_endpoint"];

fn whole(given: &Map<String, Value>) -> Map<String, Value> {
    let mut whole = given.clone();
    for name in ALWAYS {
        whole.entry(name).or_insert(Value::Null);
    }
    whole
}

/// Refresh tokens stay with us. With a form's fields goes what the account says of itself beside them.
fn details(account: &ConnectedAccount, credential: &ShownCredential) -> wire::AuthorizationDetails {
    let details = match credential {
        ShownCredential::Token(token) => Details::OauthToken(wire::OauthToken {
            access_token: token.expose().to_owned(),
            scopes: account.scopes.clone(),
            ..Default::default()
        }),
        ShownCredential::Fields(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.to_owned(), Value::from(value.expose())));
            let all: Map<String, Value> = account.api_config.clone().into_iter().chain(fields).collect();
            Details::StaticAuth(wire::StaticAuth { details: Some(structs::of(&all)) })
        }
        ShownCredential::Subject(subject, token) => Details::GoogleDwd(wire::GoogleDwdAuth {
            subject: subject.clone(),
            access_token: token.expose().to_owned(),
            scopes: account.scopes.clone(),
            token_expires_at: account.credential.as_ref().and_then(|held| held.expires_at).map(timestamp),
        }),
    };
    wire::AuthorizationDetails { details: Some(details) }
}

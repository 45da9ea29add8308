//! Connections as messages. Secrets are not in them, sealed or otherwise.

use crate::services::kinds;
use crate::services::shared::{provider, timestamp};
use valetkey_app::connections::{AuthKind, Wired, redirect_uri};
use valetkey_app::servers::sessions::connection_url;
use valetkey_app::{App, Result};
use valetkey_domain::connection::Connection;
use valetkey_proto::v1::connections as wire;
use valetkey_proto::v1::connections::connection::Settings;
use valetkey_proto::v1::connections::{ConnectionAuthMode, ConnectionStatus};

/// A connection with its settings: the developer's, and the connector's where the developer said nothing.
pub(super) fn connection(app: &App, connection: &Connection) -> Result<wire::Connection> {
    let wired = Wired::of(app, connection.clone())?;
    let settings = shown(app, &wired);
    let (reach, connector) = (wired.endpoints, wired.connector);
    Ok(wire::Connection {
        id: connection.id.to_string(),
        r#type: kinds::of_connection(app, connection).into(),
        status: status(app, connection).into(),
        enabled: connection.enabled,
        create_time: Some(timestamp(connection.created_at)),
        update_time: Some(timestamp(connection.updated_at)),
        settings: Some(settings),
        provider_key: connector.provider_key(),
        key_id: Some(connection.name.to_string()),
        mcp_server_url: Some(connection_url(app, connection.name.as_str())),
        resolved_proxy_url: Some(reach.api_base_url.unwrap_or_else(|| connector.shown_proxy_url())),
        auth_mode: ConnectionAuthMode::User.into(),
        ..Default::default()
    })
}

/// What a connection's way to sign in has of settings.
fn shown(app: &App, wired: &Wired) -> Settings {
    let (reach, connection) = (wired.endpoints.clone(), &wired.connection);
    match wired.kind() {
        AuthKind::ApiKey | AuthKind::Bearer | AuthKind::Basic | AuthKind::None => {
            Settings::StaticConfig(wire::StaticAuthConfig::default())
        }
        AuthKind::GoogleDwd => Settings::GoogleDwdConfig(wire::GoogleDwdConfig {
            scopes: wired.scopes(),
            token_uri: reach.token_url,
            ..Default::default()
        }),
        AuthKind::OAuth2 | AuthKind::ClientCredentials | AuthKind::ServiceAccount | AuthKind::KeyPair => {
            let redirects = wired.kind() == AuthKind::OAuth2;
            Settings::OauthConfig(wire::OAuthConnectionConfig {
                authorize_uri: reach.authorize_url,
                token_uri: reach.token_url,
                user_info_uri: reach.identity_url,
                client_id: connection.settings.client_id.clone(),
                scopes: wired.scopes(),
                redirect_uri: if redirects { redirect_uri(app, &connection.id) } else { String::new() },
                ..Default::default()
            })
        }
    }
}

/// A connection as lists show it.
pub(super) fn item(app: &App, connection: &Connection) -> wire::ListConnection {
    wire::ListConnection {
        id: connection.id.to_string(),
        r#type: kinds::of_connection(app, connection).into(),
        status: status(app, connection).into(),
        enabled: connection.enabled,
        provider_key: provider(app, &connection.connector),
        key_id: connection.name.to_string(),
        mcp_server_url: connection_url(app, connection.name.as_str()),
        created_at: Some(timestamp(connection.created_at)),
        auth_mode: ConnectionAuthMode::User.into(),
        ..Default::default()
    }
}

/// DRAFT until all is there that a consent needs; also while the connector's file isn't loaded.
fn status(app: &App, connection: &Connection) -> ConnectionStatus {
    match Wired::of(app, connection.clone()) {
        Ok(wired) if wired.is_complete() => ConnectionStatus::Completed,
        _ => ConnectionStatus::Draft,
    }
}

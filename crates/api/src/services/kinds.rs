//! The ways to sign in, as the API numbers them.

use valetkey_app::connections::{self, AuthKind, Wired};
use valetkey_app::{App, Error, Result};
use valetkey_domain::Ctx;
use valetkey_domain::connection::Connection;
use valetkey_proto::v1::connected_accounts::ConnectorType;
use valetkey_proto::v1::connections::ConnectionType;

/// A connection's kind; OAuth while its connector's file isn't loaded.
pub(super) fn of_connection(app: &App, connection: &Connection) -> ConnectionType {
    match kind(app, connection) {
        AuthKind::OAuth2 => ConnectionType::Oauth,
        AuthKind::ApiKey => ConnectionType::ApiKey,
        AuthKind::Bearer => ConnectionType::Bearer,
        AuthKind::Basic => ConnectionType::Basic,
        AuthKind::ClientCredentials | AuthKind::ServiceAccount | AuthKind::KeyPair => ConnectionType::OauthM2m,
        AuthKind::GoogleDwd => ConnectionType::GoogleDwd,
        AuthKind::None => ConnectionType::NoAuth,
    }
}

/// The kind of a connection's accounts.
pub(super) fn of_account(app: &App, connection: &Connection) -> ConnectorType {
    match kind(app, connection) {
        AuthKind::OAuth2 => ConnectorType::Oauth,
        AuthKind::ApiKey => ConnectorType::ApiKey,
        AuthKind::Bearer => ConnectorType::BearerToken,
        AuthKind::Basic => ConnectorType::Basic,
        AuthKind::ClientCredentials | AuthKind::ServiceAccount | AuthKind::KeyPair => ConnectorType::OauthM2m,
        AuthKind::GoogleDwd => ConnectorType::GoogleDwd,
        AuthKind::None => ConnectorType::NoAuth,
    }
}

/// The ways that a connection of this type may take, the likelier first; none where none is asked for.
///
/// # Errors
/// It is a type that no connection here has.
pub(super) fn named(wanted: ConnectionType) -> Result<&'static [AuthKind]> {
    match wanted {
        ConnectionType::Invalid => Ok(&[]),
        ConnectionType::Oauth => Ok(&[AuthKind::OAuth2]),
        ConnectionType::ApiKey => Ok(&[AuthKind::ApiKey]),
        ConnectionType::Bearer => Ok(&[AuthKind::Bearer]),
        ConnectionType::Basic => Ok(&[AuthKind::Basic]),
        ConnectionType::OauthM2m => Ok(&[AuthKind::ClientCredentials, AuthKind::ServiceAccount, AuthKind::KeyPair]),
        ConnectionType::GoogleDwd => Ok(&[AuthKind::GoogleDwd]),
        ConnectionType::NoAuth => Ok(&[AuthKind::None]),
        other => {
            let what = format!("connections of the type {} are", other.as_str_name());
            Err(super::shared::not_offered(&what))
        }
    }
}

/// The way that a new connection to this connector takes, as its settings name it; none is the usual one.
///
/// # Errors
/// There is no such connector in this environment, or it has no such way.
pub(super) async fn way(app: &App, ctx: &Ctx, connector: &str, wanted: ConnectionType) -> Result<Option<String>> {
    let kinds = named(wanted)?;
    if kinds.is_empty() {
        return Ok(None);
    }
    let connector = connections::connector(app, ctx, connector).await?;
    let has = |kind: &&AuthKind| connector.ways.iter().any(|way| way.kind() == **kind);
    if let Some(kind) = kinds.iter().find(has) {
        return Ok(Some(kind.as_str().to_owned()));
    }
    let ways: Vec<_> = connector.ways.iter().map(|way| way.kind().as_str()).collect();
    let message = format!(
        "connection.type: {} does not sign in by {}; it has: {}",
        connector.display_name,
        wanted.as_str_name(),
        ways.join(", ")
    );
    Err(Error::invalid(message))
}

fn kind(app: &App, connection: &Connection) -> AuthKind {
    Wired::kind_of(app, connection).unwrap_or(AuthKind::OAuth2)
}

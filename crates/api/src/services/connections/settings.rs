//! What a caller may set of a connection. Members that mean nothing here are refused by name: one that is taken and
//! forgotten would look like one that works.

use crate::services::shared::{non_empty, not_offered, provider};
use crate::services::{kinds, structs};
use valetkey_app::connections::Change;
use valetkey_app::credentials::service_account_of;
use valetkey_app::{App, Error, Result};
use valetkey_domain::Secret;
use valetkey_domain::connection::{Connection, Settings};
use valetkey_proto::v1::connections as wire;
use valetkey_proto::v1::connections::update_connection::Settings as Given;
use valetkey_proto::v1::connections::{ConnectionAuthMode, ConnectionProvider, ConnectionType};

/// Refuses a new connection of a kind that isn't offered.
pub(super) fn check_new(wanted: &wire::CreateConnection, flags: wire::Flags) -> Result<()> {
    kinds::named(wanted.r#type())?;
    if flags.is_login {
        return Err(not_offered("connections for signing in (flags.is_login) are"));
    }
    if wanted.auth_mode() == ConnectionAuthMode::OrgWide {
        return Err(not_offered("one credential for a whole organisation (auth_mode ORG_WIDE) is"));
    }
    if wanted.context.as_ref().is_some_and(|context| !context.fields.is_empty()) {
        let message =
            "connection.context: what fills an app's address is each account's own (api_config); leave it out";
        return Err(Error::invalid(message));
    }
    Ok(())
}

/// The connector that a new connection names: by `provider_key`, else by the name of the provider's enum value.
pub(super) fn connector(wanted: &wire::CreateConnection) -> String {
    non_empty(wanted.provider_key.clone()).unwrap_or_else(|| wanted.provider().as_str_name().to_owned())
}

/// What an update changes of a connection. A wrapper that is absent leaves its setting as it is, an empty one gives it
/// back to the connector.
pub(super) fn change(app: &App, before: &Connection, wanted: wire::UpdateConnection) -> Result<Change> {
    check_same(app, before, &wanted)?;
    match wanted.settings {
        None => Ok(Change::default()),
        Some(Given::OauthConfig(oauth)) => {
            check_oauth(&oauth)?;
            let client_secret = oauth.client_secret.clone().map(Secret::from);
            Ok(Change { settings: Some(overlay(before.settings.clone(), oauth)), client_secret, enabled: None })
        }
        Some(Given::GoogleDwdConfig(delegation)) => delegated(before, delegation),
        Some(Given::StaticConfig(fixed)) => match structs::members(fixed.static_config).keys().next() {
            None => Ok(Change::default()),
            Some(name) => Err(Error::invalid(format!(
                "connection.static_config.{name} cannot be set: each account brings its own (static_auth, or the form \
                 behind its link)"
            ))),
        },
        Some(Given::OidcConfig(_)) => Err(of_sign_on("oidc_config")),
        Some(Given::SamlConfig(_)) => Err(of_sign_on("saml_config")),
        Some(Given::PasswordlessConfig(_)) => Err(of_sign_on("passwordless_config")),
        Some(Given::WebauthnConfig(_)) => Err(of_sign_on("webauthn_config")),
    }
}

fn of_sign_on(member: &str) -> Error {
    not_offered(&format!("connection.{member}, which belongs to single sign-on, is"))
}

/// Name and connector of a connection never change, and what belongs to single sign-on isn't here.
fn check_same(app: &App, before: &Connection, wanted: &wire::UpdateConnection) -> Result<()> {
    check_kind(app, before, wanted.r#type())?;
    let key = provider(app, &before.connector);
    if !wanted.provider_key.is_empty() && !wanted.provider_key.eq_ignore_ascii_case(&key) {
        return Err(Error::invalid(format!("connection.provider_key must be {key}: a connection keeps its connector")));
    }
    if wanted.key_id.as_ref().is_some_and(|name| name != before.name.as_str()) {
        let message = format!("connection.key_id must be '{}': a connection keeps its name", before.name);
        return Err(Error::invalid(message));
    }
    let foreign = [
        ("provider", wanted.provider_key.is_empty() && wanted.provider() != ConnectionProvider::Unspecified),
        ("debug_enabled", wanted.debug_enabled == Some(true)),
        ("ui_button_title", wanted.ui_button_title.is_some()),
        ("configuration_type", wanted.configuration_type != 0),
        ("attribute_mapping", !wanted.attribute_mapping.is_empty()),
    ];
    refuse(&foreign, "connection", "belongs to single sign-on")
}

fn check_kind(app: &App, before: &Connection, kind: ConnectionType) -> Result<()> {
    let own = kinds::of_connection(app, before);
    if kind == ConnectionType::Invalid || kind == own {
        return Ok(());
    }
    kinds::named(kind)?;
    let message = format!("connection.type must be {}: a connection keeps its way to sign in", own.as_str_name());
    Err(Error::invalid(message))
}

/// A service account's key is the connection's secret; the key file says who it is.
fn delegated(before: &Connection, wanted: wire::GoogleDwdConfig) -> Result<Change> {
    let unknown = [
        ("scope_selection_allowed", wanted.scope_selection_allowed == Some(true)),
        ("required_scopes", !wanted.required_scopes.is_empty()),
    ];
    refuse(&unknown, "connection.google_dwd_config", "cannot be set: all of its scopes are asked for")?;
    let mut settings = before.settings.clone();
    let client_secret = wanted.service_account_json.and_then(non_empty).map(Secret::from);
    if let Some(key) = &client_secret {
        settings.client_id = Some(service_account_of(key)?);
    }
    if let Some(text) = wanted.token_uri {
        settings.token_url = non_empty(text);
    }
    if !wanted.scopes.is_empty() {
        settings.scopes = wanted.scopes;
    }
    Ok(Change { settings: Some(settings), client_secret, enabled: None })
}

/// `redirect_uri` and `is_cimd` are ours and are passed over, so that what was read can be sent back.
fn check_oauth(oauth: &wire::OAuthConnectionConfig) -> Result<()> {
    let unknown = [
        ("pkce_enabled", oauth.pkce_enabled == Some(false)),
        ("prompt", oauth.prompt.is_some()),
        ("use_platform_creds", oauth.use_platform_creds == Some(true)),
        ("access_type", oauth.access_type.is_some()),
        ("custom_scope_name", oauth.custom_scope_name.is_some()),
        ("sync_user_profile_on_login", oauth.sync_user_profile_on_login == Some(true)),
        ("token_access_type", oauth.token_access_type.is_some()),
        ("tenant_id", oauth.tenant_id.is_some()),
        ("app_name", oauth.app_name.is_some()),
        ("optional_scopes", oauth.optional_scopes.is_some()),
        ("extensions", oauth.extensions.is_some()),
        ("token_endpoint_auth_method", oauth.token_endpoint_auth_method.is_some()),
        ("googleads_developer_token", oauth.googleads_developer_token.is_some()),
        ("scope_selection_allowed", oauth.scope_selection_allowed == Some(true)),
        ("required_scopes", !oauth.required_scopes.is_empty()),
        ("required_optional_scopes", !oauth.required_optional_scopes.is_empty()),
    ];
    refuse(&unknown, "connection.oauth_config", "cannot be set: the connector decides it")
}

fn refuse(members: &[(&str, bool)], of: &str, why: &str) -> Result<()> {
    match members.iter().find(|(_, set)| *set) {
        Some((member, _)) => Err(Error::invalid(format!("{of}.{member} {why}"))),
        None => Ok(()),
    }
}

fn overlay(mut settings: Settings, oauth: wire::OAuthConnectionConfig) -> Settings {
    let set = |setting: &mut Option<String>, given_text: Option<String>| {
        if let Some(text) = given_text {
            *setting = non_empty(text);
        }
    };
    set(&mut settings.client_id, oauth.client_id);
    set(&mut settings.authorize_url, oauth.authorize_uri);
    set(&mut settings.token_url, oauth.token_uri);
    set(&mut settings.identity_url, oauth.user_info_uri);
    if !oauth.scopes.is_empty() {
        settings.scopes = oauth.scopes;
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_stays_and_empty_goes_back_to_the_connector() {
        let before = Settings {
            client_id: Some("old".into()),
            token_url: Some("https://old/token".into()),
            scopes: vec!["a".into()],
            ..Settings::default()
        };
        let oauth = wire::OAuthConnectionConfig {
            client_id: Some("new".into()),
            token_uri: Some(String::new()),
            ..Default::default()
        };
        let after = overlay(before, oauth);
        let expected = Settings { client_id: Some("new".into()), scopes: vec!["a".into()], ..Settings::default() };
        assert_eq!(after, expected);
    }

    #[test]
    fn what_means_nothing_here_is_refused_by_name() {
        let oauth = wire::OAuthConnectionConfig { tenant_id: Some("t".into()), ..Default::default() };
        let message = check_oauth(&oauth).unwrap_err().message().to_owned();
        assert_eq!(message, "connection.oauth_config.tenant_id cannot be set: the connector decides it");
        let shown = wire::OAuthConnectionConfig {
            redirect_uri: "https://us/callback".into(),
            pkce_enabled: Some(true),
            ..Default::default()
        };
        assert!(check_oauth(&shown).is_ok(), "what was read can be sent back");
    }

    #[test]
    fn new_connections_of_other_kinds_are_not_offered() {
        let kind = |kind: ConnectionType| wire::CreateConnection { r#type: kind.into(), ..Default::default() };
        assert!(check_new(&kind(ConnectionType::Oauth), wire::Flags::default()).is_ok());
        assert!(check_new(&kind(ConnectionType::ApiKey), wire::Flags::default()).is_ok());
        assert!(check_new(&kind(ConnectionType::Saml), wire::Flags::default()).is_err());
        let login = wire::Flags { is_login: true, is_app: false };
        assert!(check_new(&kind(ConnectionType::Oauth), login).is_err());
    }
}

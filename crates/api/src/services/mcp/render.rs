//! Configs, instances and sign-in states as messages.

use crate::services::shared::{provider, timestamp};
use valetkey_app::App;
use valetkey_app::servers::configs;
use valetkey_app::servers::instances::{ConnectionState, Standing};
use valetkey_domain::Secret;
use valetkey_domain::account::Status;
use valetkey_domain::config::{Mapping, McpConfig};
use valetkey_domain::instance::McpInstance;
use valetkey_proto::v1::mcp as wire;

/// A config as a template: no user, so no account.
pub(super) fn config(app: &App, config: &McpConfig) -> wire::McpConfig {
    wire::McpConfig {
        id: config.id.to_string(),
        name: config.name.to_string(),
        description: config.description.clone(),
        connection_tool_mappings: config.mappings.iter().map(|one| mapping(app, one)).collect(),
        mcp_server_url: configs::server_url(app, config),
    }
}

fn mapping(app: &App, mapping: &Mapping) -> wire::McpConfigConnectionToolMapping {
    wire::McpConfigConnectionToolMapping {
        connection_id: mapping.connection.to_string(),
        connection_name: mapping.connection_name.to_string(),
        provider: provider(app, &mapping.connector),
        tools: mapping.tools.clone(),
        connected_account_id: None,
        connected_account_status: None,
    }
}

/// Puts a user's accounts into the mappings of a config; where there is none yet, that it waits to be made.
pub(super) fn accounts(config: &mut wire::McpConfig, accounts: &[Standing]) {
    for mapping in &mut config.connection_tool_mappings {
        let there = accounts.iter().find(|one| one.connection.as_str() == mapping.connection_id);
        let (id, status) = there.map_or(("", &Status::PendingAuth), |one| (one.account.as_str(), &one.status));
        mapping.connected_account_id = Some(id.to_owned());
        mapping.connected_account_status = Some(status.name().to_owned());
    }
}

/// An instance with its URL, which is a credential.
pub(super) fn instance(
    instance: &McpInstance,
    config: Option<wire::McpConfig>,
    url: &Secret<str>,
) -> wire::McpInstance {
    wire::McpInstance {
        id: instance.id.to_string(),
        name: instance.name.to_string(),
        user_identifier: instance.identifier.to_string(),
        config,
        last_used_at: instance.last_used_at.map(timestamp),
        updated_at: Some(timestamp(instance.updated_at)),
        url: url.expose().to_owned(),
    }
}

/// How far an instance's user has signed in on one connection.
pub(super) fn auth_state(app: &App, state: &ConnectionState) -> wire::McpInstanceConnectionAuthState {
    wire::McpInstanceConnectionAuthState {
        connection_id: state.connection.id.to_string(),
        connection_name: state.connection.name.to_string(),
        provider: provider(app, &state.connection.connector),
        connected_account_id: account_id(state),
        connected_account_status: state.status.name().to_owned(),
        authentication_link: link(state),
    }
}

/// The same for a config and a user, in the message that this question has.
pub(super) fn connection_state(app: &App, state: &ConnectionState) -> wire::McpConnectionAuthState {
    wire::McpConnectionAuthState {
        connection_id: state.connection.id.to_string(),
        connection_name: state.connection.name.to_string(),
        provider: provider(app, &state.connection.connector),
        connected_account_id: Some(account_id(state)),
        connected_account_status: Some(state.status.name().to_owned()),
        authentication_link: link(state),
    }
}

/// Empty while there is no account.
fn account_id(state: &ConnectionState) -> String {
    state.account.as_ref().map(|account| account.id.to_string()).unwrap_or_default()
}

fn link(state: &ConnectionState) -> String {
    state.link.as_ref().map(|link| link.url.clone()).unwrap_or_default()
}

//! The tables of a backup, each behind those that it refers to. `schema_steps`, `meta` and `processes` are of a database,
//! not of its contents, and are left out.

use super::{Key, Table};

/// All tables.
pub(super) const TABLES: &[Table] = &[
    Table { name: "environments", key: &[Key::Text("id")], rest: "name created_at display_name" },
    Table {
        name: "data_keys",
        key: &[Key::Text("id")],
        rest: "environment_id purpose generation root_version wrapped created_at",
    },
    Table { name: "signing_keys", key: &[Key::Text("id")], rest: "public_jwk private_sealed created_at retired_at" },
    Table { name: "api_clients", key: &[Key::Text("id")], rest: "environment_id name scopes version created_at" },
    Table {
        name: "api_client_secrets",
        key: &[Key::Text("id")],
        rest: "environment_id client_id hash hint created_at expires_at",
    },
    Table {
        name: "connections",
        key: &[Key::Text("id")],
        rest: "environment_id name name_folded connector settings client_secret enabled revision created_at \
            updated_at",
    },
    Table {
        name: "connected_accounts",
        key: &[Key::Text("id")],
        rest: "environment_id connection_id identifier organization_id user_id search_text status reason \
            scopes subject subject_name credential audience generation refreshable expires_at \
            refresh_generation refresh_until refresh_lost_at refreshed_at api_config created_at updated_at \
            last_used_at next_refresh_at idle_refresh_at",
    },
    Table {
        name: "authorizations",
        key: &[Key::Text("id")],
        rest: "environment_id connection_id account_id stage link_hash link_expires_at browser_hash state_hash \
            verifier redirect_uri consent_expires_at outcome done_at created_at",
    },
    Table {
        name: "pending_credentials",
        key: &[Key::Text("authorization_id")],
        rest: "environment_id sealed audience scopes subject subject_name refreshable token_expires_at \
            expires_at",
    },
    Table {
        name: "mcp_configs",
        key: &[Key::Text("id")],
        rest: "environment_id uuid name description version created_at updated_at",
    },
    Table {
        name: "mcp_config_mappings",
        key: &[Key::Text("config_id"), Key::Number("position")],
        rest: "environment_id connection_id tools",
    },
    Table {
        name: "mcp_instances",
        key: &[Key::Text("id")],
        rest: "environment_id config_id identifier name search_text url_generation created_at updated_at \
            last_used_at",
    },
    Table { name: "counters", key: &[Key::Text("environment_id"), Key::Text("name")], rest: "value" },
    Table {
        name: "journal",
        key: &[Key::Text("id")],
        rest: "environment_id at actor request_id action subject phase detail key_id leaf segment seq link",
    },
    Table { name: "journal_segments", key: &[Key::Text("id")], rest: "named_seq" },
];

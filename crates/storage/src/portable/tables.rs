//! The tables of a backup, each behind those that it refers to. `schema_steps`, `meta` and `processes` are of a database,
//! not of its contents, and are left out. So are `member_sessions`, `login_links`
//! and `mcp_grants`: who signs in to a restored copy, or for an agent there, does so anew.

use crate::bulk::Column;

/// A table of a backup. Its columns are named as in a [`Bulk`], with blanks between them.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// The columns of its primary key, in order.
    pub(super) key: &'static str,
    /// Its other columns.
    rest: &'static str,
}

impl Table {
    pub(super) fn key(&self) -> impl Iterator<Item = Column<'static>> {
        Column::list(self.key)
    }

    /// All columns, as they are written above.
    pub(super) fn all(&self) -> String {
        format!("{} {}", self.key, self.rest)
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = Column<'static>> {
        self.key().chain(Column::list(self.rest))
    }
}

/// All tables.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "environments",
        key: "id",
        rest: "name created_at:n display_name user_verify_mode user_verify_url brand_colour brand_logo changes:n",
    },
    Table { name: "logos", key: "environment_id", rest: "hash bytes:b" },
    Table {
        name: "data_keys",
        key: "id",
        rest: "environment_id purpose generation:n root_version wrapped:b created_at:n changes:n",
    },
    Table { name: "signing_keys", key: "id", rest: "public_jwk private_sealed:b created_at:n retired_at:n changes:n" },
    Table {
        name: "members",
        key: "id",
        rest: "name name_folded role password wrong_times:n wrong_until:n created_at:n changes:n mac:b",
    },
    Table { name: "api_clients", key: "id", rest: "environment_id name scopes version:n created_at:n changes:n mac:b" },
    Table {
        name: "api_client_secrets",
        key: "id",
        rest: "environment_id client_id hash:b hint created_at:n expires_at:n mac:b",
    },
    Table {
        name: "organizations",
        key: "id",
        rest: "environment_id display_name external_id slug logo_url metadata search_text revision:n created_at:n \
            updated_at:n changes:n",
    },
    Table {
        name: "providers",
        key: "id",
        rest: "environment_id slug display_name name_folded description icon_src proxy_url proxy_enabled:n auth_patterns \
            metadata revision:n created_at:n updated_at:n changes:n tools_digest",
    },
    Table { name: "provider_tools", key: "provider_id", rest: "environment_id tools" },
    Table {
        name: "connections",
        key: "id",
        rest: "environment_id name name_folded connector settings client_secret:b enabled:n revision:n created_at:n \
            updated_at:n changes:n registration_until:n registration_process",
    },
    Table {
        name: "connected_accounts",
        key: "id",
        rest: "environment_id connection_id identifier organization_id user_id search_text status reason \
            scopes subject subject_name credential:b audience generation:n refreshable:n expires_at:n \
            refresh_generation:n refresh_until:n refresh_lost_at:n refreshed_at:n api_config created_at:n updated_at:n \
            last_used_at:n next_refresh_at:n idle_refresh_at:n refresh_process \
            refused_at:n refused_times:n refused_until:n refused_revision:n refused_words \
            event_position:n event_status event_status_before signed_in_browser:b changes:n",
    },
    Table {
        name: "authorizations",
        key: "id",
        rest: "environment_id connection_id account_id stage link_hash:b link_expires_at:n browser_hash:b state_hash:b \
            verifier:b redirect_uri consent_expires_at:n exchange_process outcome done_at:n starts:n created_at:n \
            asked_scopes provider_words verify_url verify_state tries:n",
    },
    Table {
        name: "pending_credentials",
        key: "authorization_id",
        rest: "environment_id sealed:b audience scopes subject subject_name refreshable:n token_expires_at:n \
            expires_at:n api_config",
    },
    Table {
        name: "mcp_configs",
        key: "id",
        rest: "environment_id uuid name description version:n created_at:n updated_at:n changes:n options",
    },
    Table { name: "mcp_config_mappings", key: "config_id position:n", rest: "environment_id connection_id tools" },
    Table {
        name: "mcp_config_versions",
        key: "config_id version:n",
        rest: "environment_id description created_at:n options",
    },
    Table {
        name: "mcp_config_version_mappings",
        key: "config_id version:n position:n",
        rest: "environment_id connection_id tools",
    },
    Table {
        name: "tool_definitions",
        key: "config_id connection_id name digest",
        rest: "environment_id accepted:n definition seen_at:n",
    },
    Table {
        name: "kept_answers",
        key: "id part:n",
        rest: "environment_id reader account_id sealed:b bytes:n expires_at:n",
    },
    Table { name: "session_ends", key: "environment_id identifier", rest: "times:n ended_at:n" },
    Table {
        name: "approvals",
        key: "id",
        rest: "environment_id server call_hash:b connection_id account_id shown:b stage link_hash:b expires_at:n created_at:n",
    },
    Table { name: "spent_states", key: "environment_id id", rest: "expires_at:n" },
    Table {
        name: "mcp_instances",
        key: "id",
        rest: "environment_id config_id identifier name search_text url_generation:n created_at:n updated_at:n \
            last_used_at:n changes:n",
    },
    Table {
        name: "closings",
        key: "id",
        rest: "environment_id kind subject fate created_at:n attempts:n next_at:n done:n failed:n last_error \
            lease_until:n process",
    },
    Table {
        name: "revocations",
        key: "id",
        rest: "environment_id connection_id account_id identifier organization_id user_id subject sealed:b audience \
            endpoint created_at:n attempts:n next_at:n last_error lease_until:n process",
    },
    Table {
        name: "events",
        key: "id",
        rest: "environment_id at:n kind account_id connection_id organization_id position:n data",
    },
    Table {
        name: "webhooks",
        key: "id",
        rest: "environment_id url description kinds paused:n secret:b secret_before:b secret_before_until:n created_at:n \
            updated_at:n changes:n",
    },
    Table {
        name: "webhook_queues",
        key: "id",
        rest: "environment_id webhook_id account_id behind:n upto:n attempts:n next_at:n last_error lease_until:n process",
    },
    Table { name: "dead_letters", key: "webhook_id event_id", rest: "environment_id died_at:n attempts:n last_error" },
    Table {
        name: "deliveries",
        key: "environment_id webhook_id event_id",
        rest: "arrived_at:n attempts:n status:n took_ms:n",
    },
    Table { name: "counters", key: "environment_id name", rest: "value:n" },
    Table {
        name: "journal",
        key: "id",
        rest: "environment_id at:n actor request_id action subject phase detail key_id leaf:b segment seq:n link:b \
            call_outcome call_connector call_connection call_account call_source call_run",
    },
    Table { name: "journal_segments", key: "id", rest: "named_seq:n" },
];

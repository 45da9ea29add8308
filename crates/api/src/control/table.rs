//! The tools: each a method, with the members of its request that a model needs. A member that is not named here cannot be
//! given; few tools with few arguments are used well, many are not.

/// What calling a tool does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    Reads,
    /// Makes something.
    Adds,
    /// Changes something; twice is as once.
    Sets,
    /// Takes something away.
    Deletes,
    /// Acts with a user's account, at an app outside.
    Acts,
}

/// One tool.
pub(super) struct Tool {
    pub(super) name: &'static str,
    /// The gRPC path of the method behind it.
    pub(super) method: &'static str,
    /// What it is for, in words for a model.
    pub(super) says: &'static str,
    pub(super) effect: Effect,
    pub(super) takes: &'static [Argument],
    /// Arguments that may be emptied, by name, in an argument of its own.
    pub(super) clears: &'static [&'static str],
}

/// The argument that names what is to be emptied.
pub(super) const CLEAR: &str = "clear";

/// One argument.
pub(super) struct Argument {
    /// Where it goes in the request, with dots; it is called as the last part is.
    pub(super) path: &'static str,
    /// What it is, in words for a model; the descriptors' comment where there are none.
    pub(super) says: &'static str,
    /// Whether the tool needs it where the request's rules alone don't say so.
    pub(super) must: bool,
    /// What it is when it isn't given.
    pub(super) default: Option<bool>,
}

impl Argument {
    /// What a caller calls it.
    pub(super) fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    const fn must(self) -> Self {
        Self { must: true, ..self }
    }

    const fn or(self, default: bool) -> Self {
        Self { default: Some(default), ..self }
    }
}

const fn arg(path: &'static str, says: &'static str) -> Argument {
    Argument { path, says, must: false, default: None }
}

macro_rules! tool {
    ($name:literal, $service:literal, $method:literal, $effect:ident, $says:literal, [$($argument:expr),* $(,)?]) => {
        tool!($name, $service, $method, $effect, $says, [$($argument),*], clear [])
    };
    (
        $name:literal, $service:literal, $method:literal, $effect:ident, $says:literal, [$($argument:expr),* $(,)?],
        clear [$($clear:literal),*]
    ) => {
        Tool {
            name: $name,
            method: concat!("/scalekit.v1.", $service, "/", $method),
            says: $says,
            effect: Effect::$effect,
            takes: const { &[$($argument),*] },
            clears: &[$($clear),*],
        }
    };
}

const SIZE: Argument = arg("page_size", "How many at most; 30 is the most of most lists.");
const PAGE: Argument = arg("page_token", "next_page_token of the list before, to go on.");
const CONNECTOR: Argument = arg("connector", "The connection's name (its key_id), such as MY_GMAIL.");
const IDENTIFIER: Argument = arg("identifier", "Your app's own id of the user.");
const ACCOUNT: Argument = arg("id", "The account's id (ca_..), in place of connector and identifier.");
const CONNECTION: Argument = arg("connection_id", "The connection's id (conn_..).").must();
const CONFIG: Argument = arg("config_id", "The config's id (cfg_..).");
const INSTANCE: Argument = arg("instance_id", "The instance's id (inst_..).");
const EXECUTION: Argument = arg("execution_id", "The call's id (exec_..).");
const MAPPINGS: &str = "The connections an agent gets, each by connection_name with the names of the tools it may call; no tools means all of that connection.";
const ORGANIZATION: Argument = arg("id", "The organization's id (org_..).").must();

/// All tools.
pub(super) const TOOLS: &[Tool] = &[
    tool!(
        "list_providers",
        "providers.ProviderService",
        "ListProviders",
        Reads,
        "Lists the apps that connections can be made to, shipped and custom, with how their users sign in. A provider's identifier is the provider_key of create_connection.",
        [arg("identifier", "Only the provider of this identifier, such as GMAIL."), SIZE, PAGE]
    ),
    tool!(
        "create_custom_provider",
        "providers.ProviderService",
        "CreateCustomProvider",
        Adds,
        "Makes a provider of your own for an app that isn't shipped, or for a remote MCP server. Then make a connection to it.",
        [
            arg("provider.display_name", "What people see as its name."),
            arg("provider.description", "What it is."),
            arg("provider.proxy_url", "The base of the app's API, or the remote MCP server's URL; https.").must(),
            arg(
                "provider.proxy_enabled",
                "Whether your app's code may send requests of its own with users' credentials."
            ),
            arg(
                "provider.auth_patterns",
                "How users sign in: a list such as [{\"type\":\"OAUTH\",\"display_name\":\"..\",\"oauth_config\":{..}}] or [{\"type\":\"API_KEY\",\"fields\":[..]}]; add \"is_mcp\": true for a remote MCP server."
            )
        ]
    ),
    tool!(
        "delete_custom_provider",
        "providers.ProviderService",
        "DeleteCustomProvider",
        Deletes,
        "Removes a custom provider that no connection uses any more.",
        [arg("identifier", "The provider's identifier.").must()]
    ),
    tool!(
        "list_connections",
        "connections.ConnectionService",
        "ListAppConnections",
        Reads,
        "Lists connections: each is one app with your OAuth client, for all users. COMPLETED ones are ready, DRAFT ones lack something.",
        [
            arg("provider", "Only those of this provider_key."),
            arg("query", "Only those whose name has this."),
            SIZE,
            PAGE
        ]
    ),
    tool!(
        "get_connection",
        "connections.ConnectionService",
        "GetEnvironmentConnection",
        Reads,
        "Shows a connection: its status, scopes, and the redirect_uri to register with the app's vendor. Its secret is never shown.",
        [CONNECTION]
    ),
    tool!(
        "create_connection",
        "connections.ConnectionService",
        "CreateEnvironmentConnection",
        Adds,
        "Makes a connection to an app. For OAuth it is a DRAFT until update_connection gave it a client's id and secret.",
        [
            arg("connection.provider_key", "The provider's identifier, in upper case: GMAIL. See list_providers.")
                .must(),
            arg("connection.key_id", "A name for the connection, such as MY_GMAIL; made up if left out."),
            arg("connection.type", "How its users sign in, where the app has several ways; the usual one if left out.")
        ]
    ),
    tool!(
        "update_connection",
        "connections.ConnectionService",
        "UpdateEnvironmentConnection",
        Sets,
        "Sets the OAuth client and endpoints of a connection; what is left out stays. Give the endpoints only where the app is not at its usual place: changing them makes its users sign in again.",
        [
            CONNECTION,
            arg("connection.provider_key", "The connection's own provider_key; it never changes.").must(),
            arg("connection.oauth_config.client_id", "The OAuth client's id, from the app's vendor."),
            arg(
                "connection.oauth_config.client_secret",
                "The OAuth client's secret. It is kept sealed and never shown again."
            ),
            arg("connection.oauth_config.scopes", "The scopes to ask for; the tools' own if left out."),
            arg("connection.oauth_config.authorize_uri", "Another authorization endpoint than the app's usual one."),
            arg("connection.oauth_config.token_uri", "Another token endpoint than the app's usual one."),
            arg("connection.oauth_config.user_info_uri", "Another endpoint that says who signed in.")
        ]
    ),
    tool!(
        "enable_connection",
        "connections.ConnectionService",
        "EnableEnvironmentConnection",
        Sets,
        "Puts a disabled connection back into use.",
        [CONNECTION]
    ),
    tool!(
        "disable_connection",
        "connections.ConnectionService",
        "DisableEnvironmentConnection",
        Sets,
        "Takes a connection out of use: no tool of it can be called. Its accounts stay.",
        [CONNECTION]
    ),
    tool!(
        "delete_connection",
        "connections.ConnectionService",
        "DeleteEnvironmentConnection",
        Deletes,
        "Removes a connection with all its users' accounts. It cannot be undone: every user has to sign in again.",
        [CONNECTION]
    ),
    tool!(
        "search_tools",
        "tools.ToolService",
        "SearchTools",
        Reads,
        "Finds tools by what they do, with their schemas.",
        [
            arg("query", "What the tool should do, in words."),
            arg("top_k", "How many at most."),
            arg("identifier", "Only tools that this user's accounts can call.")
        ]
    ),
    tool!(
        "list_tools",
        "tools.ToolService",
        "ListTools",
        Reads,
        "Lists the names of all tools, or of one connection's or provider's; with their schemas if asked.",
        [
            arg("filter.summary", "Names alone; false gives the schemas too, which are long.").or(true),
            arg("filter.provider", "Only tools of this provider_key."),
            arg("filter.connector", "Only tools of this connection, by name."),
            arg("filter.tool_name", "Only tools of these names."),
            arg("page_size", "How many at most."),
            PAGE
        ]
    ),
    tool!(
        "list_user_tools",
        "tools.ToolService",
        "ListScopedTools",
        Reads,
        "Lists the tools that a user's connected accounts can call now, with their schemas.",
        [
            arg("identifier", "Your app's own id of the user."),
            arg("filter.providers", "Only tools of these providers."),
            arg("filter.connection_names", "Only tools of these connections."),
            arg("filter.tool_names", "Only tools of these names."),
            arg("page_size", "How many at most."),
            PAGE
        ]
    ),
    tool!(
        "execute_tool",
        "tools.ToolService",
        "ExecuteTool",
        Acts,
        "Calls a tool with a user's account, as your app's code can: it acts for that user at the app. To try a config, call its tools at the instance's URL instead.",
        [
            arg("tool_name", "The tool's name."),
            arg("params", "The tool's arguments, as its schema has them."),
            arg("connector", "The connection's name, where several have the tool."),
            arg("identifier", "Your app's own id of the user."),
            arg("connected_account_id", "The account's id, in place of connector and identifier.")
        ]
    ),
    tool!(
        "list_mcp_configs",
        "mcp.McpService",
        "ListMcpConfigs",
        Reads,
        "Lists MCP configs: templates that say which connections and tools an agent gets.",
        [
            arg("filter.name", "Only the one of this name."),
            arg("search", "Only those whose name has this."),
            SIZE,
            PAGE
        ]
    ),
    tool!(
        "get_mcp_config",
        "mcp.McpService",
        "GetMcpConfig",
        Reads,
        "Shows an MCP config with its connections and their tools.",
        [CONFIG]
    ),
    tool!(
        "create_mcp_config",
        "mcp.McpService",
        "CreateMcpConfig",
        Adds,
        "Makes an MCP config. Name only the tools that the agent needs: it can call no other.",
        [
            arg("config.name", "Lower-case letters, digits, - and _."),
            arg("config.description", "What the config is for."),
            arg("config.connection_tool_mappings", MAPPINGS).must()
        ]
    ),
    tool!(
        "update_mcp_config",
        "mcp.McpService",
        "UpdateMcpConfig",
        Sets,
        "Changes a config; what is left out stays, what is given replaces the whole. Users' servers follow at once.",
        [
            CONFIG,
            arg("description", "What the config is for."),
            arg("connection_tool_mappings", MAPPINGS),
            arg(
                "removed_tools_grace",
                "How long running agents may still call the tools that this takes out, such as 1800s: 5 minutes to 24 hours. \
                 Left out, they stop at once; 0s also ends earlier graces."
            )
        ]
    ),
    Tool {
        name: "list_mcp_config_versions",
        method: "/valetkey.v1.McpConfigVersionService/ListMcpConfigVersions",
        says: "Lists the versions of an MCP config, newest first.",
        effect: Effect::Reads,
        clears: &[],
        takes: const { &[CONFIG, arg("page_size", "How many at most."), PAGE] },
    },
    Tool {
        name: "compare_mcp_config_versions",
        method: "/valetkey.v1.McpConfigVersionService/CompareMcpConfigVersions",
        says: "Says what lies between two versions of an MCP config.",
        effect: Effect::Reads,
        clears: &[],
        takes: const {
            &[
                CONFIG,
                arg("from_version", "The earlier version; the one before to_version where it isn't given."),
                arg("to_version", "The later version; the one that is served where it isn't given."),
            ]
        },
    },
    Tool {
        name: "roll_back_mcp_config",
        method: "/valetkey.v1.McpConfigVersionService/RollBackMcpConfig",
        says: "Makes an MCP config what it was at a version, as a new version. Users' servers follow at once.",
        effect: Effect::Sets,
        clears: &[],
        takes: const {
            &[
                CONFIG,
                arg("version", "The version that it is made again."),
                arg(
                    "removed_tools_grace",
                    "How long running agents may still call the tools that this takes out, such as 1800s.",
                ),
            ]
        },
    },
    tool!(
        "delete_mcp_config",
        "mcp.McpService",
        "DeleteMcpConfig",
        Deletes,
        "Removes a config with all its instances: their URLs stop at once.",
        [CONFIG]
    ),
    tool!(
        "ensure_mcp_instance",
        "mcp.McpService",
        "EnsureMcpInstance",
        Adds,
        "Gives a user's own MCP server on a config, made if there is none yet. The answer's url is a credential of that user.",
        [
            arg("config_name", "The config's name."),
            arg("user_identifier", "Your app's own id of the user."),
            arg("name", "A name for the instance, where a user has several on one config.")
        ]
    ),
    tool!(
        "get_mcp_instance_auth_state",
        "mcp.McpService",
        "GetMcpInstanceAuthState",
        Reads,
        "Tells for each connection of a user's server whether the user has signed in; with include_auth_links, gives links by which they do. Give a link to that user alone.",
        [INSTANCE, arg("include_auth_links", "Also make missing accounts, and a fresh link for each connection.")]
    ),
    tool!(
        "list_mcp_instances",
        "mcp.McpService",
        "ListMcpInstances",
        Reads,
        "Lists users' MCP servers, with their URLs, which are credentials.",
        [
            arg("filter.config_name", "Only those on this config."),
            arg("filter.user_identifier", "Only this user's."),
            arg("search", "Only those whose name or user has this."),
            SIZE,
            PAGE
        ]
    ),
    tool!(
        "get_mcp_instance",
        "mcp.McpService",
        "GetMcpInstance",
        Reads,
        "Shows a user's MCP server with its URL, which is a credential.",
        [INSTANCE]
    ),
    tool!(
        "update_mcp_instance",
        "mcp.McpService",
        "UpdateMcpInstance",
        Sets,
        "Renames a user's server or moves it to another config; what is left out stays.",
        [INSTANCE, arg("name", "Its new name."), arg("config_name", "The config to move it to.")]
    ),
    tool!(
        "delete_mcp_instance",
        "mcp.McpService",
        "DeleteMcpInstance",
        Deletes,
        "Removes a user's MCP server: its URL stops at once.",
        [INSTANCE]
    ),
    tool!(
        "create_mcp_session_token",
        "mcp.McpService",
        "CreateMcpSessionToken",
        Adds,
        "Makes a short-lived token for one user at the static URL (mcp_server_url) of a config or a connection.",
        [
            arg("mcp_config_id", "The config's id; or give key_id."),
            arg("key_id", "The connection's name; or give mcp_config_id."),
            arg("identifier", "Your app's own id of the user."),
            arg("expiry", "How long it lasts, such as 3600s."),
            arg("access_level", "READ_ONLY for tools that change nothing.")
        ]
    ),
    tool!(
        "list_accounts",
        "connected_accounts.ConnectedAccountService",
        "ListConnectedAccounts",
        Reads,
        "Lists users' connected accounts with their status, without credentials.",
        [
            arg("connector", "Only those of this connection, by name."),
            arg("identifier", "Only this user's."),
            arg("query", "Only those whose user has this."),
            arg("page_size", "How many at most."),
            PAGE
        ]
    ),
    tool!(
        "get_account",
        "connected_accounts.ConnectedAccountService",
        "GetConnectedAccountDetails",
        Reads,
        "Shows a user's connected account: its status and when its credential ends. The credential is not shown.",
        [CONNECTOR, IDENTIFIER, ACCOUNT]
    ),
    tool!(
        "create_account",
        "connected_accounts.ConnectedAccountService",
        "CreateConnectedAccount",
        Adds,
        "Makes a user's account on a connection, with a key the person gave you, or without one to be signed in by create_link.",
        [
            arg("connector", "The connection's name (its key_id), such as MY_GMAIL.").must(),
            arg("identifier", "Your app's own id of the user.").must(),
            arg(
                "connected_account.authorization_details.static_auth.details",
                "What the connection's form asks for, by field name, for apps with keys in place of OAuth."
            ),
            arg(
                "connected_account.api_config",
                "Values of the account's own that the app's address needs, such as its subdomain."
            )
        ]
    ),
    tool!(
        "create_link",
        "connected_accounts.ConnectedAccountService",
        "GetMagicLinkForConnectedAccount",
        Adds,
        "Makes a link by which one user signs in to one connection; it lasts a day. Give it to that user alone.",
        [
            CONNECTOR,
            IDENTIFIER,
            ACCOUNT,
            arg("user_verify_url", "Where your app makes sure that the person at the link is its user."),
            arg("state", "Given back to user_verify_url, unread.")
        ]
    ),
    tool!(
        "verify_account_user",
        "connected_accounts.ConnectedAccountService",
        "VerifyConnectedAccountUser",
        Sets,
        "Says that the person who signed in is your app's user; for apps with a user_verify_url.",
        [
            arg("auth_request_id", "From the query of user_verify_url."),
            arg("identifier", "Your app's own id of the user who is there.")
        ]
    ),
    tool!(
        "disconnect_account",
        "connected_accounts.ConnectedAccountService",
        "DisconnectConnectedAccount",
        Deletes,
        "Revokes a user's credential at the app. The account stays and can be signed in again.",
        [arg("id", "The account's id (ca_..).").must()]
    ),
    tool!(
        "delete_account",
        "connected_accounts.ConnectedAccountService",
        "DeleteConnectedAccount",
        Deletes,
        "Revokes a user's credential at the app and removes the account.",
        [CONNECTOR, IDENTIFIER, ACCOUNT]
    ),
    tool!(
        "list_tool_call_logs",
        "agentkit_logs.AgentkitLogsService",
        "ListToolCallLogs",
        Reads,
        "Lists tool calls, the newest first: which tool, for whom, how it ended.",
        [
            arg("identifier", "Only this user's."),
            arg("connection_name", "Only those on this connection."),
            arg("status", "Only those that ended so."),
            arg("start_time", "Only those from this instant on: 2026-01-31T08:30:00Z."),
            arg("end_time", "Only those before this instant."),
            arg("page_size", "How many at most."),
            PAGE
        ]
    ),
    tool!(
        "get_tool_call_log",
        "agentkit_logs.AgentkitLogsService",
        "GetToolCallLog",
        Reads,
        "Shows one tool call, with what went wrong.",
        [EXECUTION]
    ),
    Tool {
        name: "explain_call",
        method: "/valetkey.v1.WhyService/ExplainCall",
        says: "Says why a call of a tool does not work, or would not, and what would mend it. Give one of connected_account_id, connection_name with identifier, and instance_id.",
        effect: Effect::Reads,
        clears: &[],
        takes: const {
            &[
                arg("connected_account_id", "The account that the call is made with (ca_..)."),
                arg("connection_name", "The connection's name, beside identifier."),
                IDENTIFIER,
                INSTANCE,
                arg("tool_name", "The tool that is called; none means any."),
            ]
        },
    },
    tool!(
        "get_tool_call_stats",
        "agentkit_logs.AgentkitAnalyticsService",
        "GetOverviewStats",
        Reads,
        "Sums tool calls between two instants.",
        [
            arg("start_time", "The first instant: 2026-01-31T08:30:00Z."),
            arg("end_time", "The last instant."),
            arg("connection_name", "Only those on this connection.")
        ]
    ),
    tool!(
        "list_events",
        "events.EventsService",
        "ListEventsPaginated",
        Reads,
        "Lists what happened to connected accounts, the newest first.",
        [
            arg("filter.event_types", "Only events of these types."),
            arg("filter.connected_account_id", "Only those of this account."),
            arg("filter.start_time", "Only those from this instant on."),
            arg("filter.end_time", "Only those before this instant."),
            arg("page_size", "How many at most."),
            PAGE
        ]
    ),
    tool!(
        "list_organizations",
        "organizations.OrganizationService",
        "ListOrganization",
        Reads,
        "Lists your app's customers that users can belong to.",
        [arg("external_id", "Only the one with this id of your app's."), arg("page_size", "How many at most."), PAGE]
    ),
    tool!(
        "get_organization",
        "organizations.OrganizationService",
        "GetOrganization",
        Reads,
        "Shows one organization.",
        [ORGANIZATION]
    ),
    tool!(
        "create_organization",
        "organizations.OrganizationService",
        "CreateOrganization",
        Adds,
        "Makes an organization: a customer of your app that users can belong to.",
        [
            arg("organization.display_name", "What people see as its name."),
            arg("organization.external_id", "Your app's own id of it."),
            arg("organization.metadata", "Names and values of your own.")
        ]
    ),
    tool!(
        "update_organization",
        "organizations.OrganizationService",
        "UpdateOrganization",
        Sets,
        "Changes an organization; what is left out stays.",
        [
            ORGANIZATION,
            arg("organization.display_name", "What people see as its name."),
            arg("organization.external_id", "Your app's own id of it."),
            arg("organization.metadata", "Names and values of your own; replaces all.")
        ],
        clear["external_id"]
    ),
    tool!(
        "delete_organization",
        "organizations.OrganizationService",
        "DeleteOrganization",
        Deletes,
        "Removes an organization.",
        [ORGANIZATION]
    ),
];

/// Methods that are served and are no tools, and why.
#[cfg(test)]
pub(super) const LEFT_OUT: &[(&str, &str)] = &[
    (
        "/scalekit.v1.connected_accounts.ConnectedAccountService/GetConnectedAccountAuth",
        "it gives users' tokens, which no model needs",
    ),
    (
        "/scalekit.v1.connected_accounts.ConnectedAccountService/UpdateConnectedAccount",
        "create_account or create_link does it without replacing what works",
    ),
    ("/scalekit.v1.connected_accounts.ConnectedAccountService/GetConnectedAccount", "get_account"),
    ("/scalekit.v1.connected_accounts.ConnectedAccountService/SearchConnectedAccounts", "list_accounts with a query"),
    ("/scalekit.v1.connections.ConnectionService/ListConnections", "list_connections, which has pages"),
    ("/scalekit.v1.mcp.McpService/ListMcpConnectedAccounts", "get_mcp_instance_auth_state"),
    ("/scalekit.v1.tools.ToolService/ListAvailableTools", "list_tools"),
    (
        "/scalekit.v1.tools.ToolService/RefreshTools",
        "list_user_tools asks a remote server anew by itself, minutes later",
    ),
    (
        "/scalekit.v1.organizations.OrganizationService/GetOrganizationByExternalId",
        "list_organizations with an external_id",
    ),
    ("/scalekit.v1.organizations.OrganizationService/SearchOrganization", "list_organizations"),
    (
        "/scalekit.v1.providers.ProviderService/UpdateCustomProvider",
        "it replaces what it isn't told; a person decides that in the dashboard",
    ),
];

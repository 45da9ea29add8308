//! Which methods do what they say. All others answer UNIMPLEMENTED, by name.

/// The implemented methods of each service.
pub(crate) const IMPLEMENTED: &[(&str, &[&str])] = &[
    (
        "scalekit.v1.mcp.McpService",
        &[
            "CreateMcpConfig",
            "UpdateMcpConfig",
            "ListMcpConfigs",
            "GetMcpConfig",
            "DeleteMcpConfig",
            "EnsureMcpInstance",
            "ListMcpInstances",
            "GetMcpInstance",
            "UpdateMcpInstance",
            "DeleteMcpInstance",
            "GetMcpInstanceAuthState",
            "CreateMcpSessionToken",
            "ListMcpConnectedAccounts",
        ],
    ),
    (
        "scalekit.v1.connections.ConnectionService",
        &[
            "CreateEnvironmentConnection",
            "GetEnvironmentConnection",
            "UpdateEnvironmentConnection",
            "DeleteEnvironmentConnection",
            "EnableEnvironmentConnection",
            "DisableEnvironmentConnection",
            "ListConnections",
            "ListAppConnections",
        ],
    ),
    (
        "scalekit.v1.connected_accounts.ConnectedAccountService",
        &[
            "ListConnectedAccounts",
            "CreateConnectedAccount",
            "UpdateConnectedAccount",
            "DeleteConnectedAccount",
            "DisconnectConnectedAccount",
            "GetMagicLinkForConnectedAccount",
            "GetConnectedAccount",
            "GetConnectedAccountAuth",
            "GetConnectedAccountDetails",
            "SearchConnectedAccounts",
            "VerifyConnectedAccountUser",
        ],
    ),
    (
        "scalekit.v1.organizations.OrganizationService",
        &[
            "CreateOrganization",
            "UpdateOrganization",
            "GetOrganization",
            "GetOrganizationByExternalId",
            "ListOrganization",
            "SearchOrganization",
            "DeleteOrganization",
        ],
    ),
    (
        "scalekit.v1.providers.ProviderService",
        &["CreateCustomProvider", "UpdateCustomProvider", "DeleteCustomProvider", "ListProviders"],
    ),
    (
        "scalekit.v1.tools.ToolService",
        &["ListTools", "ListScopedTools", "ListAvailableTools", "SearchTools", "RefreshTools", "ExecuteTool"],
    ),
    ("scalekit.v1.agentkit_logs.AgentkitLogsService", &["ListToolCallLogs", "GetToolCallLog"]),
    ("scalekit.v1.agentkit_logs.AgentkitAnalyticsService", &["GetOverviewStats"]),
    ("scalekit.v1.events.EventsService", &["ListEventsPaginated"]),
    ("valetkey.v1.WhyService", &["ExplainCall"]),
    (
        "valetkey.v1.McpConfigVersionService",
        &["ListMcpConfigVersions", "CompareMcpConfigVersions", "RollBackMcpConfig"],
    ),
];

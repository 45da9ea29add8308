//! A client of another environment: what isn't its own doesn't exist.

use crate::kit::Kit;
use crate::walkthrough::{Made, set_up};
use serde_json::{Value, json};

/// What is asked of a thing by its name or id.
fn by_id(made: &Made, (organization, provider): (&str, &str)) -> Vec<(&'static str, String, Value)> {
    let (connection, config, instance, account) = (&made.connection, &made.config, &made.instance, &made.account);
    vec![
        (
            "PUT",
            format!("/api/v1/custom-providers/{provider}"),
            json!({ "display_name": "stolen", "proxy_url": "https://evil.com" }),
        ),
        ("DELETE", format!("/api/v1/custom-providers/{provider}"), Value::Null),
        ("GET", format!("/api/v1/organizations/{organization}"), Value::Null),
        ("PATCH", format!("/api/v1/organizations/{organization}"), json!({ "display_name": "stolen" })),
        ("DELETE", format!("/api/v1/organizations/{organization}"), Value::Null),
        ("GET", format!("/api/v1/connections/{connection}"), Value::Null),
        ("PATCH", format!("/api/v1/connections/{connection}"), json!({ "provider_key": "GMAIL" })),
        ("PATCH", format!("/api/v1/connections/{connection}:disable"), Value::Null),
        ("DELETE", format!("/api/v1/connections/{connection}"), Value::Null),
        ("GET", format!("/api/v1/mcp/configs/{config}"), Value::Null),
        ("PUT", format!("/api/v1/mcp/configs/{config}"), json!({ "description": "stolen" })),
        ("GET", format!("/api/v1/mcp/configs/{config}/versions"), Value::Null),
        ("GET", format!("/api/v1/mcp/configs/{config}/versions:compare?from_version=1&to_version=1"), Value::Null),
        ("POST", format!("/api/v1/mcp/configs/{config}:roll_back"), json!({ "version": 1 })),
        ("POST", format!("/api/v1/mcp/configs/{config}/connected_accounts"), json!({ "identifier": "user_123" })),
        ("POST", format!("/api/v1/mcp/configs/{config}/tokens"), json!({ "identifier": "user_123" })),
        ("POST", "/api/v1/mcp/connections/MY_GMAIL/tokens".into(), json!({ "identifier": "user_123" })),
        ("DELETE", format!("/api/v1/mcp/configs/{config}"), Value::Null),
        ("GET", format!("/api/v1/mcp/instances/{instance}"), Value::Null),
        ("PATCH", format!("/api/v1/mcp/instances/{instance}"), json!({ "name": "stolen" })),
        ("POST", format!("/api/v1/mcp/instances/{instance}:get_auth_state?include_auth_links=true"), Value::Null),
        ("DELETE", format!("/api/v1/mcp/instances/{instance}"), Value::Null),
        ("GET", format!("/api/v1/connected_accounts/{account}"), Value::Null),
        ("GET", "/api/v1/agentkit/tool_call_logs/exec_1".into(), Value::Null),
        ("POST", "/api/v1/agentkit/why".into(), json!({ "connected_account_id": account })),
        ("POST", "/api/v1/agentkit/why".into(), json!({ "instance_id": instance })),
        ("POST", "/api/v1/agentkit/why".into(), json!({ "connection_name": "MY_GMAIL", "identifier": "user_123" })),
        ("POST", "/api/v1/events/paginated".into(), json!({ "connected_account_id": account })),
        ("POST", "/api/v1/events/paginated".into(), json!({ "connection_id": connection })),
        ("GET", format!("/api/v1/connected_accounts/auth?id={account}"), Value::Null),
        ("GET", "/api/v1/connected_accounts/details?connector=MY_GMAIL&identifier=user_123".into(), Value::Null),
        ("PUT", "/api/v1/connected_accounts".into(), json!({ "id": account, "connected_account": {} })),
        ("POST", "/api/v1/connected_accounts:delete".into(), json!({ "id": account })),
        ("POST", "/api/v1/connected_accounts/magic_link".into(), json!({ "id": account })),
        ("POST", format!("/api/v1/connected_accounts/{account}:disconnect"), json!({})),
        ("GET", format!("/api/v1/connected_accounts:search?query=user&connection_id={connection}"), Value::Null),
        (
            "POST",
            "/api/v1/connected_accounts/user/verify".into(),
            json!({ "auth_request_id": "A".repeat(80), "identifier": "user_123" }),
        ),
    ]
}

/// What is asked of an account's tools.
fn of_tools(account: &str) -> Vec<(&'static str, String, Value)> {
    vec![
        ("GET", format!("/api/v1/tools?filter.connected_account_id={account}"), Value::Null),
        ("GET", "/api/v1/tools?filter.connector=MY_GMAIL".into(), Value::Null),
        ("POST", "/api/v1/tools:refresh".into(), json!({ "connected_account_id": account })),
        ("POST", "/api/v1/tools:refresh".into(), json!({ "connector": "MY_GMAIL", "identifier": "user_123" })),
        ("GET", "/api/v1/tools/scoped?identifier=user_123&filter.connection_names=MY_GMAIL".into(), Value::Null),
        (
            "POST",
            "/api/v1/execute_tool".into(),
            json!({ "tool_name": "gmail_fetch_mails", "connected_account_id": account }),
        ),
        (
            "POST",
            "/api/v1/execute_tool".into(),
            json!({ "tool_name": "gmail_fetch_mails", "connector": "MY_GMAIL", "identifier": "user_123" }),
        ),
    ]
}

#[tokio::test]
async fn a_stranger_finds_nothing_and_changes_nothing() {
    let kit = Kit::new().await;
    let made = set_up(&kit).await;
    let organization = kit.rest("POST", "/api/v1/organizations", json!({ "display_name": "Ours" })).await.json;
    let organization = organization.pointer("/organization/id").unwrap().as_str().unwrap();
    let provider = json!({ "display_name": "Ours", "proxy_url": "https://api.acme.com",
        "auth_patterns": [{ "type": "NO_AUTH" }] });
    let provider = kit.rest("POST", "/api/v1/custom-providers", provider).await.json;
    let provider = provider.pointer("/provider/identifier").unwrap().as_str().unwrap();
    for (verb, path, body) in by_id(&made, (organization, provider)).into_iter().chain(of_tools(&made.account)) {
        let answer = kit.rest_as(Some(&kit.theirs.token), verb, &path, body).await;
        assert_eq!(answer.status, 404, "{verb} {path}: {answer:?}");
    }
    for (path, member) in [
        ("/api/v1/providers?filter.provider_type=CUSTOM", "providers"),
        ("/api/v1/organizations", "organizations"),
        ("/api/v1/organizations:search?query=our", "organizations"),
        ("/api/v1/connections/app", "connections"),
        ("/api/v1/mcp/configs", "configs"),
        ("/api/v1/mcp/instances", "instances"),
        ("/api/v1/connected_accounts", "connected_accounts"),
        ("/api/v1/connected_accounts:search?query=user", "connected_accounts"),
    ] {
        let theirs = kit.rest_as(Some(&kit.theirs.token), "GET", path, Value::Null).await;
        assert_eq!(theirs.json[member], json!([]), "{path}");
        let ours = kit.rest("GET", path, Value::Null).await;
        assert_eq!(ours.json[member].as_array().unwrap().len(), 1, "{path}: untouched");
    }
}

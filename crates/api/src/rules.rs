//! The rules of requests, compiled once from the options in the .proto files and checked once for both wires. A rule
//! is known by its name in `valetkey/options.proto`; that name is the `constraint` which a client reads.

mod check;
mod compiled;
mod invariants;
mod path;
mod violations;

pub(crate) use check::check;
pub(crate) use compiled::Rules;

#[cfg(test)]
mod tests {
    use crate::contract::loaded;
    use prost_reflect::DynamicMessage;

    /// The fields and rules that a request in JSON breaks.
    pub(super) fn broken(message: &str, json: &str) -> Vec<(String, String)> {
        let contract = loaded();
        let descriptor = contract.pool.get_message_by_name(&format!("scalekit.v1.{message}")).unwrap();
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        let request = DynamicMessage::deserialize(descriptor, value).unwrap();
        let violations = super::check::violations(&contract.rules, &request);
        assert_eq!(violations.more, 0);
        violations.listed.into_iter().map(|v| (v.field, v.constraint)).collect()
    }

    #[test]
    fn attack_78_a_request_full_of_faults_is_told_ten_of_them_and_how_many_more() {
        let contract = loaded();
        let name = "scalekit.v1.mcp.UpdateMcpConfigRequest";
        let request = |count: usize| {
            let mapping = serde_json::json!({ "tools": ["x".repeat(1000)] });
            let json = serde_json::json!({ "config_id": "cfg_1", "connection_tool_mappings": vec![mapping; count] });
            DynamicMessage::deserialize(contract.pool.get_message_by_name(name).unwrap(), json).unwrap()
        };
        for (count, more) in [(10, false), (11, true), (200_000, true)] {
            let violations = super::check::violations(&contract.rules, &request(count));
            assert_eq!((violations.listed.len(), violations.more > 0), (10, more), "{count}");
        }
        let refused = tonic::Status::from(super::check(&contract.rules, &request(200_000)).unwrap_err());
        let more = refused.message().rsplit("; and ").next().unwrap();
        assert!(more.ends_with(" more") && more.len() < 20, "{refused:?}");
        assert!(refused.message().len() + refused.details().len() < 6_000, "{refused:?}");
    }

    fn one(field: &str, rule: &str) -> Vec<(String, String)> {
        vec![(field.to_owned(), rule.to_owned())]
    }

    #[test]
    fn texts() {
        let config = |name: &str| broken("mcp.CreateMcpConfigRequest", &format!(r#"{{"config":{{"name":"{name}"}}}}"#));
        assert_eq!(config("email-agent_2"), []);
        assert_eq!(config("Email"), one("config.name", "pattern"));
        assert_eq!(config(&"a".repeat(101)), one("config.name", "max_len"));
        assert_eq!(config(""), one("config.name", "required"));
        assert_eq!(broken("mcp.CreateMcpConfigRequest", "{}"), one("config", "required"));
    }

    #[test]
    fn lengths_count_characters() {
        let identifier =
            |text: &str| broken("tools.ListScopedToolsRequest", &format!(r#"{{"identifier":"{text}","filter":{{}}}}"#));
        assert_eq!(identifier(&"é".repeat(100)), []);
        assert_eq!(identifier(&"é".repeat(101)), one("identifier", "max_len"));
    }

    #[test]
    fn presence_decides_whether_a_zero_value_is_checked() {
        let account = |json: &str| broken("connected_accounts.DeleteConnectedAccountRequest", json);
        assert_eq!(account("{}"), []);
        assert_eq!(account(r#"{"id":""}"#), one("id", "prefix"));
        assert_eq!(account(r#"{"id":"ca_1"}"#), []);
        assert_eq!(broken("connections.GetEnvironmentConnectionRequest", "{}"), one("connection_id", "min_len"));
    }

    #[test]
    fn numbers_and_lists() {
        let list = |json: &str| broken("mcp.ListMcpConfigsRequest", json);
        assert_eq!(list(r#"{"page_size":30}"#), []);
        assert_eq!(list(r#"{"page_size":31}"#), one("page_size", "lte"));
        let accounts = |size: u32| {
            broken("connected_accounts.ListConnectedAccountsRequest", &format!(r#"{{"page_size":{size}}}"#))
        };
        assert_eq!((accounts(99), accounts(100)), (vec![], vec![]));
        assert_eq!(accounts(101), one("page_size", "lte"));
        let names = serde_json::json!({ "connection_names": vec!["gmail"; 21] }).to_string();
        assert_eq!(
            broken("connected_accounts.ListConnectedAccountsRequest", &names),
            one("connection_names", "max_items")
        );
        let bad = r#"{"connection_names":["gmail","g/mail"]}"#;
        assert_eq!(
            broken("connected_accounts.ListConnectedAccountsRequest", bad),
            one("connection_names[1]", "pattern")
        );
        let twice = r#"{"connection_id":"conn_1","connected_account_ids":["ca_1","ca_1"],"trigger_name":"t"}"#;
        assert_eq!(
            broken("triggers.BatchCreateTriggerSubscriptionsRequest", twice),
            one("connected_account_ids", "unique")
        );
    }

    #[test]
    fn nested_messages_maps_enums_and_durations() {
        let mapping = r#"{"config_id":"cfg_1","connection_tool_mappings":[{"tools":["a"]}]}"#;
        assert_eq!(
            broken("mcp.UpdateMcpConfigRequest", mapping),
            one("connection_tool_mappings[0].connection_name", "required")
        );
        let provider =
            r#"{"identifier":"X","provider":{"display_name":"X","proxy_url":"https://x","metadata":{"k":""}}}"#;
        assert_eq!(
            broken("providers.UpdateCustomProviderRequest", provider),
            [one("provider.metadata[k]", "min_len"), one("provider.metadata[k]", "min_len")].concat()
        );
        assert_eq!(
            broken("connections.CreateEnvironmentConnectionRequest", r#"{"connection":{"provider":99,"key_id":"a"}}"#),
            one("connection.provider", "defined_only")
        );
        let timeout = r#"{"connection_id":"conn_1","connection":{"provider_key":"X",
            "webauthn_config":{"timeout":{"login":"60s","login_uvd":"120s"}}}}"#;
        assert_eq!(
            broken("connections.UpdateEnvironmentConnectionRequest", timeout),
            one("connection.webauthn_config.timeout.login", "gte")
        );
    }

    #[test]
    fn invariants() {
        let create = |json: &str| broken("connections.CreateConnection", json);
        assert_eq!(create(r#"{"provider_key":"GMAIL"}"#), []);
        assert_eq!(create(r#"{"provider":"GOOGLE"}"#), []);
        assert_eq!(create("{}"), one("provider_key", "provider_named"));
        assert_eq!(create(r#"{"provider":"SCALEKIT"}"#), one("provider_key", "scalekit_provider_key"));
        assert_eq!(create(r#"{"provider":"SCALEKIT","provider_key":"SCALEKIT"}"#), []);
        let webauthn = r#"{"provider_key":"X","type":"WEBAUTHN","key_id":"K"}"#;
        assert_eq!(create(webauthn), one("key_id", "webauthn_key_id"));
        assert_eq!(create(r#"{"provider_key":"X","type":"WEBAUTHN","key_id":"WEBAUTHN"}"#), []);

        let of_organisation = |kind: &str| {
            let json = format!(
                r#"{{"organization_id":"org_1","connection":{{"provider_key":"X","type":"{kind}","key_id":"WEBAUTHN"}}}}"#
            );
            broken("connections.CreateConnectionRequest", &json)
        };
        assert_eq!(of_organisation("OIDC"), []);
        for kind in ["OAUTH", "PASSWORDLESS", "WEBAUTHN"] {
            assert_eq!(of_organisation(kind), one("connection", "not_environment_type"), "{kind}");
        }

        let accounts = |json: &str| broken("connected_accounts.ListConnectedAccountsRequest", json);
        assert_eq!(accounts(r#"{"connector":"gmail"}"#), []);
        assert_eq!(accounts(r#"{"connection_names":["gmail"]}"#), []);
        assert_eq!(
            accounts(r#"{"connector":"","connection_names":["gmail"]}"#),
            one("connection_names", "connector_or_connection_names")
        );

        let token = |json: &str| broken("mcp.CreateMcpSessionTokenRequest", json);
        assert_eq!(token(r#"{"identifier":"u","mcp_config_id":"cfg_1"}"#), []);
        assert_eq!(token(r#"{"identifier":"u","key_id":"gmail"}"#), []);
        for json in [r#"{"identifier":"u"}"#, r#"{"identifier":"u","mcp_config_id":"cfg_1","key_id":"gmail"}"#] {
            assert_eq!(token(json), one("mcp_config_id", "config_or_key"), "{json}");
        }
        assert_eq!(token(r#"{"identifier":"u","key_id":"g","access_level":"full"}"#), one("access_level", "one_of"));
    }

    #[test]
    fn what_the_sdks_leave_out_is_not_required() {
        assert_eq!(broken("tools.ListScopedToolsRequest", r#"{"identifier":"u"}"#), []);
        let provider = r#"{"identifier":"X","provider":{"display_name":"X","proxy_url":"https://x"}}"#;
        assert_eq!(broken("providers.UpdateCustomProviderRequest", provider), []);
    }
}

//! The walk-through of the contract, by REST and by the very bytes of the Python SDK.

use crate::kit::Kit;
use prost::Message;
use serde_json::{Value, json};
use tonic::Code;
use valetkey_proto::v1::mcp;

/// The ids of what [`set_up`] made.
pub(crate) struct Made {
    pub(crate) connection: String,
    pub(crate) config: String,
    pub(crate) instance: String,
    pub(crate) account: String,
}

fn id(answer: &Value, path: &str) -> String {
    answer.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("no {path} in {answer}")).to_owned()
}

/// One of each, by REST as our client.
pub(crate) async fn set_up(kit: &Kit) -> Made {
    let wanted = json!({ "provider_key": "GMAIL", "type": "OAUTH", "key_id": "MY_GMAIL" });
    let connection = id(&kit.rest("POST", "/api/v1/connections", wanted).await.json, "/connection/id");
    let oauth = json!({ "provider_key": "GMAIL", "oauth_config": { "client_id": "cid", "client_secret": "hunter2" } });
    let updated = kit.rest("PATCH", &format!("/api/v1/connections/{connection}"), oauth).await;
    assert_eq!(updated.json["connection"]["status"], "COMPLETED", "{updated:?}");
    assert!(!updated.json.to_string().contains("hunter2"), "secrets are not shown");
    let mappings = json!([{ "connection_name": "MY_GMAIL", "tools": [] }]);
    let config = json!({ "name": "email-agent", "connection_tool_mappings": mappings });
    let config = id(&kit.rest("POST", "/api/v1/mcp/configs", config).await.json, "/config/id");
    let wanted = json!({ "config_name": "email-agent", "user_identifier": "user_123" });
    let instance = id(&kit.rest("POST", "/api/v1/mcp/instances", wanted).await.json, "/instance/id");
    let state = format!("/api/v1/mcp/instances/{instance}:get_auth_state?include_auth_links=true");
    let state = kit.rest("POST", &state, Value::Null).await.json;
    let account = id(&state, "/connections/0/connected_account_id");
    Made { connection, config, instance, account }
}

#[tokio::test]
async fn by_rest() {
    let kit = Kit::new().await;
    let made = set_up(&kit).await;
    let instance = kit.rest("GET", &format!("/api/v1/mcp/instances/{}", made.instance), Value::Null).await.json;
    let instance = &instance["instance"];
    assert!(instance["url"].as_str().unwrap().starts_with("http://localhost:8080/mcp/v1/vkm_"), "{instance}");
    let mapping = &instance["config"]["connection_tool_mappings"][0];
    assert_eq!((&mapping["provider"], &mapping["connection_name"]), (&json!("GMAIL"), &json!("MY_GMAIL")));
    assert_eq!(mapping["connected_account_status"], "PENDING_AUTH");

    let state = format!("/api/v1/mcp/instances/{}:get_auth_state", made.instance);
    let without = kit.rest("POST", &state, Value::Null).await.json;
    assert_eq!(without["connections"][0]["authentication_link"], "");
    let with = kit.rest("POST", &format!("{state}?includeAuthLinks=true"), Value::Null).await.json;
    let link = with["connections"][0]["authentication_link"].as_str().unwrap();
    assert!(link.starts_with("http://localhost:8080/connect/"), "{link}");

    let again = json!({ "name": "email-agent" });
    let taken = kit.rest("POST", "/api/v1/mcp/configs", again).await;
    assert_eq!((taken.status.as_u16(), &taken.json["code"]), (409, &json!(6)));
    assert!(taken.json["message"].as_str().unwrap().contains(&made.config), "{taken:?}");

    let removed = kit.rest("DELETE", &format!("/api/v1/mcp/configs/{}", made.config), Value::Null).await;
    assert_eq!((removed.status.as_u16(), &removed.json), (200, &json!({})));
    let gone = kit.rest("GET", &format!("/api/v1/mcp/instances/{}", made.instance), Value::Null).await;
    assert_eq!(gone.json["details"][0]["error_code"], "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn by_the_bytes_of_the_python_sdk() {
    let kit = Kit::new().await;
    let call = async |method: &str, frame: &str| {
        let path = format!("/scalekit.v1.mcp.McpService/{method}");
        kit.grpc(&path, &[&kit.bearer(), "Bearer of-construction-time"], &hex::decode(frame).unwrap()).await
    };
    let made = call("CreateMcpConfig", "00000000180a161214656d61696c2d63616c656e6461722d6167656e74").await.unwrap();
    let config = mcp::CreateMcpConfigResponse::decode(made).unwrap().config.unwrap();
    assert_eq!(config.name, "email-calendar-agent");
    assert!(config.mcp_server_url.starts_with("http://localhost:8080/mcp/v3/servers/"));

    let ensure = "00000000201214656d61696c2d63616c656e6461722d6167656e741a08757365725f313233";
    let first = mcp::EnsureMcpInstanceResponse::decode(call("EnsureMcpInstance", ensure).await.unwrap()).unwrap();
    let second = mcp::EnsureMcpInstanceResponse::decode(call("EnsureMcpInstance", ensure).await.unwrap()).unwrap();
    let (first, second) = (first.instance.unwrap(), second.instance.unwrap());
    assert_eq!((&first.id, &first.url), (&second.id, &second.url), "asking again gives the same one");
    assert_eq!((first.user_identifier.as_str(), first.config.unwrap().id), ("user_123", config.id));

    // inst_88630864544790977 is nobody's.
    let state = "000000001a0a16696e73745f38383633303836343534343739303937371001";
    let refused = call("GetMcpInstanceAuthState", state).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test]
async fn a_rule_that_is_broken_is_named_on_both_wires() {
    let kit = Kit::new().await;
    let answer = kit.rest("POST", "/api/v1/mcp/configs", json!({ "name": "Email" })).await;
    assert_eq!(answer.status, 400);
    let info = &answer.json["details"][0];
    assert_eq!(info["error_code"], "INVALID_ARGUMENT");
    let violation = &info["validation_error_info"]["field_violations"][0];
    assert_eq!((&violation["field"], &violation["constraint"]), (&json!("config.name"), &json!("pattern")));
    assert!(info["request_info"]["request_id"].as_str().unwrap().starts_with("req_"));
    let request =
        mcp::CreateMcpConfigRequest { config: Some(mcp::McpConfig { name: "Email".into(), ..Default::default() }) };
    let mut frame = vec![0, 0, 0, 0, u8::try_from(request.encoded_len()).unwrap()];
    request.encode(&mut frame).unwrap();
    let path = "/scalekit.v1.mcp.McpService/CreateMcpConfig";
    let refused = kit.grpc(path, &[&kit.bearer()], &frame).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, answer.json["message"].as_str().unwrap()));
}

#[tokio::test]
async fn accounts_by_rest() {
    let kit = Kit::new().await;
    let made = set_up(&kit).await;
    let at = "connector=MY_GMAIL&identifier=user_123";
    let details = kit.rest("GET", &format!("/api/v1/connected_accounts/details?{at}"), Value::Null).await.json;
    let account = &details["connected_account"];
    assert_eq!((&account["id"], &account["status"]), (&json!(made.account), &json!("PENDING_AUTH")));

    let missing =
        kit.rest("GET", "/api/v1/connected_accounts/auth?connector=MY_GMAIL&identifier=new", Value::Null).await;
    assert_eq!(missing.status, 404, "get-or-create is built on this");
    let token = json!({ "oauth_token": { "access_token": "ya29.x", "refresh_token": "1//y" } });
    let wanted = json!({ "connector": "MY_GMAIL", "identifier": "new",
        "connected_account": { "authorization_details": token, "api_config": { "port": 443 } } });
    let created = kit.rest("POST", "/api/v1/connected_accounts", wanted.clone()).await;
    let account = &created.json["connected_account"];
    assert_eq!((&account["status"], &account["api_config"]["port"]), (&json!("ACTIVE"), &json!(443)), "{created:?}");
    let members = account["api_config"].as_object().unwrap();
    for name in ["version", "domain", "custom_headers", "custom_auth_header", "api_endpoint"] {
        assert_eq!(members.get(name), Some(&json!(null)), "{name}: shown though nothing was given");
    }
    assert_eq!(members.len(), 6);
    assert!(!created.json.to_string().contains("1//y"), "refresh tokens stay here");
    assert_eq!(kit.rest("POST", "/api/v1/connected_accounts", wanted).await.status, 409);

    let auth = "/api/v1/connected_accounts/auth?connector=MY_GMAIL&identifier=new";
    let auth = kit.rest("GET", auth, Value::Null).await.json;
    let shown = &auth["connected_account"]["authorization_details"]["oauth_token"];
    assert_eq!((&shown["access_token"], &shown["refresh_token"]), (&json!("ya29.x"), &json!("")));
    let list = kit.rest("GET", "/api/v1/connected_accounts?provider=GMAIL", Value::Null).await.json;
    assert_eq!(list["total_size"], 2);
    assert!(!list.to_string().contains("ya29"), "lists have no credentials");
    let link = json!({ "connector": "MY_GMAIL", "identifier": "third" });
    let link = kit.rest("POST", "/api/v1/connected_accounts/magic_link", link).await.json;
    assert!(link["link"].as_str().unwrap().starts_with("http://localhost:8080/connect/"), "{link}");
}

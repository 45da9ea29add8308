//! The transcoder against a service that echoes: what goes in, what comes out, and what is refused.

use super::*;
use crate::contract::loaded;
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::json;
use tonic::{Response as Reply, Status};
use tower::ServiceExt;
use valetkey_proto::v1::mcp;
use valetkey_proto::v1::mcp::mcp_service_server::{McpService, McpServiceServer};

/// Answers with what it was asked, so that a test sees what arrived.
struct Echo;

#[tonic::async_trait]
impl McpService for Echo {
    async fn create_mcp_config(
        &self,
        request: tonic::Request<mcp::CreateMcpConfigRequest>,
    ) -> Result<Reply<mcp::CreateMcpConfigResponse>, Status> {
        Ok(Reply::new(mcp::CreateMcpConfigResponse { config: request.into_inner().config }))
    }

    async fn update_mcp_config(
        &self,
        request: tonic::Request<mcp::UpdateMcpConfigRequest>,
    ) -> Result<Reply<mcp::UpdateMcpConfigResponse>, Status> {
        let request = request.into_inner();
        let config = mcp::McpConfig { id: request.config_id, description: request.description, ..Default::default() };
        Ok(Reply::new(mcp::UpdateMcpConfigResponse { config: Some(config) }))
    }

    async fn list_mcp_configs(
        &self,
        request: tonic::Request<mcp::ListMcpConfigsRequest>,
    ) -> Result<Reply<mcp::ListMcpConfigsResponse>, Status> {
        let token = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        let token = token.unwrap_or_default().to_owned();
        let request = request.into_inner();
        Ok(Reply::new(mcp::ListMcpConfigsResponse {
            next_page_token: token,
            prev_page_token: request.filter.unwrap_or_default().name,
            total_size: request.page_size,
            ..Default::default()
        }))
    }

    async fn get_mcp_config(
        &self,
        request: tonic::Request<mcp::GetMcpConfigRequest>,
    ) -> Result<Reply<mcp::GetMcpConfigResponse>, Status> {
        let message = format!("MCP config '{}' not found", request.into_inner().config_id);
        Err(Failure::new(Kind::NotFound, message).into())
    }
}

async fn send(verb: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
    let contract = loaded();
    let grpc = Router::new().route_service("/scalekit.v1.mcp.McpService/{*rest}", McpServiceServer::new(Echo));
    let request = Request::builder()
        .method(verb)
        .uri(path)
        .header("authorization", "Bearer first")
        .header("authorization", "Bearer second")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = router(contract, grpc, BodyLimit::usual()).unwrap().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn the_body_is_a_field_or_the_whole_request() {
    let (status, answer) = send("POST", "/api/v1/mcp/configs", r#"{"name":"n","connectionToolMappings":[]}"#).await;
    assert_eq!(status, 200, "{answer}");
    let config =
        json!({ "id": "", "name": "n", "description": "", "connection_tool_mappings": [], "mcp_server_url": "" });
    assert_eq!(answer, json!({ "config": config }));
    let (_, answer) = send("PUT", "/api/v1/mcp/configs/cfg_1", r#"{"description":"d"}"#).await;
    assert_eq!((&answer["config"]["id"], &answer["config"]["description"]), (&json!("cfg_1"), &json!("d")));
}

#[tokio::test]
async fn the_query_fills_the_rest_and_the_first_token_goes_along() {
    let (status, answer) = send("GET", "/api/v1/mcp/configs?page_size=7&filter.name=a%20b", "").await;
    assert_eq!((status, &answer["total_size"], &answer["prev_page_token"]), (200, &json!(7), &json!("a b")));
    assert_eq!(answer["next_page_token"], "Bearer first");
}

#[tokio::test]
async fn an_error_has_the_same_details_as_on_grpc() {
    let (status, answer) = send("GET", "/api/v1/mcp/configs/cfg_1", "").await;
    assert_eq!(status, 404);
    assert_eq!(
        answer,
        json!({
            "code": 5,
            "message": "MCP config 'cfg_1' not found",
            "details": [{
                "@type": "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo",
                "error_code": "RESOURCE_NOT_FOUND",
            }],
        })
    );
}

#[tokio::test]
async fn what_is_refused_says_why() {
    let configs = "/api/v1/mcp/configs";
    let cases = [
        ("GET", "/api/v1/nothing", "", 404, "there is nothing at /api/v1/nothing"),
        ("PATCH", configs, "", 405, "PATCH is not possible at /api/v1/mcp/configs: use "),
        ("GET", "/api/v1/mcp/configs?nam=x", "", 400, "the query: unknown parameter 'nam'"),
        ("GET", "/api/v1/mcp/configs?page_size=x", "", 400, "the query: 'page_size' must be a whole number"),
        ("GET", configs, r#"{"page_size":1}"#, 400, "this method takes no body"),
        ("POST", configs, r#"{"nme":"x"}"#, 400, "the body has an unknown member 'nme'; did you mean 'name'?"),
        ("POST", configs, "{", 400, "the body is not JSON that can be read here"),
        ("PUT", "/api/v1/mcp/configs/cfg_1?description=x", "", 400, "'description' belongs in the body"),
        ("PUT", "/api/v1/mcp/configs/cfg_1", r#"{"config_id":"cfg_2"}"#, 400, "'config_id' is in the path and in the"),
        ("GET", "/api/v1/mcp/configs/cfg_1?config_id=cfg_2", "", 400, "'config_id' is in the path: leave it out"),
    ];
    for (verb, path, body, status, message) in cases {
        let (given, answer) = send(verb, path, body).await;
        assert_eq!(given, status, "{verb} {path}: {answer}");
        assert!(answer["message"].as_str().unwrap().starts_with(message), "{verb} {path}: {answer}");
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let (status, answer) = send("POST", "/api/v1/mcp/configs", &" ".repeat(BodyLimit::usual().most + 1)).await;
    assert_eq!((status, answer["code"].as_i64()), (413, Some(3)));
    let (status, _) = send("POST", "/api/v1/mcp/configs", &" ".repeat(BodyLimit::usual().most)).await;
    assert_eq!(status, 200);
}

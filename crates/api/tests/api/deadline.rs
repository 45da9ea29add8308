//! `grpc-timeout` ends a call.

use crate::kit::Kit;
use axum::body::Body;
use http::Request;
use tonic::{Code, Status};

async fn list_within(kit: &Kit, timeout: &str) -> Result<(), Status> {
    let request = Request::post("/scalekit.v1.mcp.McpService/ListMcpConfigs")
        .header("content-type", "application/grpc")
        .header("authorization", kit.bearer())
        .header("grpc-timeout", timeout)
        .body(Body::from(vec![0, 0, 0, 0, 0]))
        .unwrap();
    kit.grpc_request(request).await.map(drop)
}

#[tokio::test]
async fn no_time_is_too_little_and_nonsense_is_refused() {
    let kit = Kit::new().await;
    assert!(list_within(&kit, "20100m").await.is_ok());
    assert_eq!(list_within(&kit, "0S").await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(list_within(&kit, "soon").await.unwrap_err().code(), Code::InvalidArgument);
}

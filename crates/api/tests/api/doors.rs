//! The table of doors, each tried: a nobody is told UNAUTHENTICATED, a client gets what the table promises.

use crate::kit::Kit;
use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use tonic::Code;
use valetkey_api::{Door, Wire, doors};

const EMPTY: &[u8] = &[0, 0, 0, 0, 0];

fn of(wire: Wire) -> Vec<Door> {
    let unary = |door: &Door| door.path.starts_with("/scalekit.") || door.wire == Wire::Rest;
    doors().unwrap().into_iter().filter(|door| door.wire == wire && unary(door)).collect()
}

#[tokio::test]
async fn a_nobody_is_unauthenticated_at_every_door() {
    let kit = Kit::new().await;
    for door in of(Wire::Grpc) {
        for authorization in [&[][..], &["Bearer nonsense"], &["Basic eDp5"], &["Bearer x", &kit.bearer()]] {
            let refused = kit.grpc(&door.path, authorization, EMPTY).await.unwrap_err();
            assert_eq!(refused.code(), Code::Unauthenticated, "{} {authorization:?}: {refused:?}", door.path);
        }
    }
    for door in of(Wire::Rest) {
        let path = door.sample_path("sample");
        for token in [None, Some("nonsense")] {
            let answer = kit.rest_as(token, door.verb.as_str(), &path, Value::Null).await;
            assert_eq!((answer.status.as_u16(), &answer.json["code"]), (401, &json!(16)), "{path}: {answer:?}");
            assert_eq!(answer.json["details"][0]["error_code"], "UNAUTHENTICATED");
        }
    }
}

#[tokio::test]
async fn a_client_is_told_by_name_what_is_not_implemented_and_only_that() {
    let kit = Kit::new().await;
    for door in of(Wire::Grpc) {
        let answer = kit.grpc(&door.path, &[&kit.bearer()], EMPTY).await;
        let missing = answer.as_ref().is_err_and(|status| status.code() == Code::Unimplemented);
        assert_eq!(missing, !door.implemented, "{}: {answer:?}", door.path);
        if let (true, Err(status)) = (missing, answer) {
            assert!(status.message().starts_with(door.path.trim_start_matches('/')), "{status:?}");
        }
    }
    for door in of(Wire::Rest) {
        let answer = kit.rest(door.verb.as_str(), &door.sample_path("sample"), Value::Null).await;
        assert_eq!(answer.status == 501, !door.implemented, "{} {}: {answer:?}", door.verb, door.path);
    }
}

#[tokio::test]
async fn the_first_authorization_counts_and_a_stale_second_does_no_harm() {
    let kit = Kit::new().await;
    let list = "/scalekit.v1.mcp.McpService/ListMcpConfigs";
    assert!(kit.grpc(list, &[&kit.bearer(), "Bearer stale"], EMPTY).await.is_ok());
    assert_eq!(
        kit.grpc(list, &["Bearer stale", &kit.bearer()], EMPTY).await.unwrap_err().code(),
        Code::Unauthenticated
    );
}

#[tokio::test]
async fn unknown_methods_are_unimplemented_for_anyone() {
    let kit = Kit::new().await;
    let unknown = kit.grpc("/scalekit.v1.mcp.McpService/Nothing", &[], EMPTY).await.unwrap_err();
    assert_eq!(
        (unknown.code(), unknown.message()),
        (Code::Unimplemented, "there is no method scalekit.v1.mcp.McpService/Nothing")
    );
    let headers = [("content-type", "application/grpc+proto")];
    let headers = headers.into_iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect();
    let response = valetkey_api::unknown_method("/scalekit.v1.users.UserService/GetUser", &headers).unwrap();
    assert_eq!(response.headers()["grpc-status"], "12");
    assert!(valetkey_api::unknown_method("/anything", &http::HeaderMap::new()).is_none());
}

#[tokio::test]
async fn health_is_open_and_reflection_is_not() {
    let kit = Kit::new().await;
    let serving = kit.grpc("/grpc.health.v1.Health/Check", &[], EMPTY).await.unwrap();
    assert_eq!(serving, [8, 1].as_slice(), "field 1, SERVING");
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    assert_eq!(kit.grpc(reflection, &[], EMPTY).await.unwrap_err().code(), Code::Unauthenticated);
    // Field 7, list_services, with an empty text.
    let services = kit.grpc(reflection, &[&kit.bearer()], &[0, 0, 0, 0, 2, 0x3a, 0]).await.unwrap();
    assert!(String::from_utf8_lossy(&services).contains("scalekit.v1.mcp.McpService"));
}

#[tokio::test]
async fn documents_are_open() {
    let kit = Kit::new().await;
    let openapi = kit.rest_as(None, "GET", "/openapi.json", Value::Null).await;
    assert_eq!((openapi.status.as_u16(), &openapi.json["openapi"]), (200, &json!("3.1.0")));
    let keys = kit.rest_as(None, "GET", "/keys", Value::Null).await;
    let key = &keys.json["keys"][0];
    assert_eq!((&key["kty"], &key["alg"], &key["use"]), (&json!("RSA"), &json!("RS256"), &json!("sig")));
    assert!(key["kid"].as_str().unwrap().starts_with("snk_"));
}

#[tokio::test]
async fn a_browser_on_a_grpc_path_is_told_where_rest_is() {
    let kit = Kit::new().await;
    let request = Request::get("/scalekit.v1.mcp.McpService/ListMcpConfigs").body(Body::empty()).unwrap();
    assert_eq!(kit.send(request).await.status(), 415);
}

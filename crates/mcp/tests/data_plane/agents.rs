//! URLs whose user has to sign in: what is said to who has no token, and what programs ask of the authorization server.

use crate::kit::{Kit, post};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use valetkey_app::servers::configs::{self, Edit};
use valetkey_domain::config::Options;

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const FORM: &str = "application/x-www-form-urlencoded";

async fn signed_in() -> Kit {
    let kit = Kit::new().await;
    let config = configs::by_name(&kit.app, &kit.ctx, "items").await.unwrap();
    let options = Options { sign_in: true, ..Options::default() };
    let edit = Edit { options: Some(options), ..Edit::default() };
    configs::edit(&kit.app, &kit.ctx, config, edit).await.unwrap();
    kit
}

async fn get(kit: &Kit, path: &str) -> (StatusCode, Value) {
    let answer = kit.send(Request::get(path).body(Body::empty()).unwrap()).await;
    (answer.status, serde_json::from_slice(&answer.bytes).unwrap_or_default())
}

#[tokio::test]
async fn who_has_the_url_alone_is_told_where_its_user_signs_in() {
    let kit = signed_in().await;
    let metadata = format!("/.well-known/oauth-protected-resource{}", kit.path);
    let at = format!("resource_metadata=\"http://localhost:8080{metadata}\"");
    let long = format!("Bearer {}", "a".repeat(9_000));
    let wrong = format!("Bearer error=\"invalid_token\", {at}");
    let token = format!("Bearer {}", kit.path.rsplit('/').next().unwrap());
    for (brought, challenge) in [
        (None, format!("Bearer {at}")),
        (Some("Basic eDp5"), format!("Bearer {at}")),
        (Some("Bearer e30.e30.e30"), wrong.clone()),
        (Some(&*token), wrong.clone()),
        (Some(&*long), wrong.clone()),
    ] {
        let headers: Vec<_> = brought.iter().map(|brought| ("authorization", *brought)).collect();
        for body in [PING, "", "{"] {
            let answer = kit.post(&kit.path, &headers, body).await;
            assert_eq!((answer.status, answer.bytes.len()), (StatusCode::UNAUTHORIZED, 0), "{brought:?}");
            assert_eq!(answer.headers["www-authenticate"], challenge);
        }
    }
    // The URL's own token is no access token, wherever it stands.
    assert_eq!(kit.post("/mcp/v1", &[("authorization", &token)], PING).await.status, StatusCode::UNAUTHORIZED);
    let (status, resource) = get(&kit, &metadata).await;
    assert_eq!((status, &resource["resource"]), (StatusCode::OK, &json!(format!("http://localhost:8080{}", kit.path))));
    let (_, server) = get(&kit, "/.well-known/oauth-authorization-server/mcp/oauth").await;
    assert_eq!((&server["issuer"], &resource["authorization_servers"][0]), (&server["issuer"], &server["issuer"]));
    assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(get(&kit, &format!("{metadata}x")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(kit.post(&format!("{}x", kit.path), &[], PING).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_url_that_wants_nobody_signed_in_has_none_of_it() {
    let kit = Kit::new().await;
    assert_eq!(get(&kit, &format!("/.well-known/oauth-protected-resource{}", kit.path)).await.0, StatusCode::NOT_FOUND);
    let answer = kit.post(&kit.path, &[("authorization", "Bearer e30.e30.e30")], PING).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn what_no_client_sends_is_refused_in_the_words_of_oauth() {
    let kit = signed_in().await;
    let form = async |body: &str| {
        let mut request = post("/mcp/oauth/token", &[], body.to_owned());
        request.headers_mut().insert("content-type", FORM.parse().unwrap());
        let answer = kit.send(request).await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        (answer.status, answer.json()["error"].clone())
    };
    let long = format!("grant_type={}", "a".repeat(33 * 1024));
    for (body, error) in [
        ("", "invalid_request"),
        ("client_id=a", "invalid_request"),
        ("client_id=a&client_id=b&grant_type=refresh_token", "invalid_request"),
        (&*long, "invalid_request"),
        ("client_id=a&grant_type=password", "unsupported_grant_type"),
        ("client_id=a&grant_type=refresh_token", "invalid_request"),
        ("client_id=a&grant_type=refresh_token&refresh_token=e30.e30.e30", "invalid_grant"),
        ("client_id=a&grant_type=authorization_code&code=e30.e30.e30&code_verifier=a", "invalid_grant"),
    ] {
        assert_eq!(form(body).await, (StatusCode::BAD_REQUEST, json!(error)), "{body:.60}");
    }
    assert_eq!(kit.post("/mcp/oauth/token", &[], "{}").await.json()["error"], "invalid_request");
    for (body, error) in [
        ("", "invalid_client_metadata"),
        ("42", "invalid_client_metadata"),
        ("{}", "invalid_redirect_uri"),
        (r#"{"redirect_uris":["javascript:alert(1)"]}"#, "invalid_redirect_uri"),
    ] {
        let answer = kit.post("/mcp/oauth/register", &[], body).await;
        assert_eq!((answer.status, answer.json()["error"].clone()), (StatusCode::BAD_REQUEST, json!(error)), "{body}");
    }
    let made = kit.post("/mcp/oauth/register", &[], r#"{"redirect_uris":["http://localhost:1/cb"]}"#).await;
    assert_eq!((made.status, &made.json()["token_endpoint_auth_method"]), (StatusCode::CREATED, &json!("none")));
}

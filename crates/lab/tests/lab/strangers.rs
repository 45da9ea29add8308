//! Authorization servers that want more than Google's, or say less, played one at a time.

use crate::world::{CLIENT, GMAIL, Reply, SECRET, World};
use axum::body::Body;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{Request, header};
use serde_json::{Value, json};

/// Posts a form with a Basic header.
async fn basic(world: &World, path: &str, form: &str, pair: &str) -> Reply {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)));
    world.send(request.body(Body::from(form.to_owned())).unwrap()).await
}

#[tokio::test]
async fn openid_without_a_nonce_is_sent_back_where_one_is_wanted() {
    let world = World::new().await;
    for (changes, is_refused) in [
        (vec![("scope", "openid")], true),
        (vec![("scope", "openid"), ("nonce", "n-1")], false),
        (vec![("scope", GMAIL)], false),
    ] {
        world.fault("authorize", json!({"kind": "nonce_wanted"})).await;
        let reply = world.authorize(&changes).await;
        assert_eq!(reply.status == 303, is_refused, "{changes:?}");
        if is_refused {
            assert_eq!(reply.returned("error").unwrap(), "invalid_request");
            assert!(reply.returned("error_description").unwrap().contains("nonce"));
        }
    }
    assert_eq!(world.authorize(&[("scope", "openid")]).await.status, 200, "Google wants none");
}

#[tokio::test]
async fn an_id_token_of_another_sign_in_can_be_played() {
    let world = World::new().await;
    for (fault, nonce) in [
        (json!({"kind": "nonce_changed", "nonce": "another"}), json!("another")),
        (json!({"kind": "nonce_changed", "nonce": null}), Value::Null),
    ] {
        world.fault("token.authorization_code", fault).await;
        let code = world.code(&[("scope", "openid"), ("nonce", "n-1"), ("prompt", "consent")], &[]).await;
        let tokens = world.exchange(&code, &[]).await.json();
        let claims = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert_eq!(claims["nonce"], nonce);
    }
}

#[tokio::test]
async fn a_refusal_may_say_anything_or_nothing() {
    let world = World::new().await;
    let refresh = world.tokens(&[GMAIL]).await["refresh_token"].as_str().unwrap().to_owned();
    for (fault, status, body) in [
        (json!({"kind": "refused"}), 401, ""),
        (json!({"kind": "refused", "status": 400, "body": "<title>No</title>"}), 400, "<title>No</title>"),
        (json!({"kind": "refused", "status": 200, "body": "{\"ok\":false}"}), 200, "{\"ok\":false}"),
    ] {
        world.fault("token.refresh_token", fault).await;
        let reply = world.refresh(&refresh).await;
        assert_eq!((reply.status.as_u16(), reply.text().as_str()), (status, body));
    }
    assert_eq!(world.refresh(&refresh).await.status, 200, "the grant lives");
}

#[tokio::test]
async fn a_revocation_may_want_its_client() {
    let world = World::new().await;
    let wants = json!({"kind": "client_wanted", "body": "who?"});
    let tokens = world.tokens(&[GMAIL]).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    let client = [("token", token), ("client_id", CLIENT), ("client_secret", "wrong")];
    for fields in [&client[..1], &client[..2], &client] {
        world.fault("revoke", wants.clone()).await;
        let reply = world.form("/revoke", fields).await;
        assert_eq!((reply.status.as_u16(), reply.text().as_str()), (401, "who?"), "{fields:?}");
        assert_eq!(world.refresh(token).await.status, 200, "nothing was revoked");
    }
    world.fault("revoke", wants.clone()).await;
    let named = [("token", token), ("client_id", CLIENT), ("client_secret", SECRET)];
    assert_eq!(world.form("/revoke", &named).await.status, 200);
    assert_eq!(world.refresh(token).await.oauth_refusal(), (400, "invalid_grant".into()));
    let tokens = world.tokens(&[GMAIL]).await;
    let form = format!("token={}", tokens["access_token"].as_str().unwrap());
    world.fault("revoke", wants).await;
    assert_eq!(basic(&world, "/revoke", &form, &format!("{CLIENT}:{SECRET}")).await.status, 200);
}

#[tokio::test]
async fn basic_may_be_raw() {
    let world = World::new().await;
    world.lab.register_client("raw", "p+w%2F 1", Vec::new()).await.unwrap();
    let form = "grant_type=refresh_token&refresh_token=x";
    for (pair, is_known) in [("raw:p+w%2F 1", true), ("raw:p%2Bw%252F+1", false)] {
        world.fault("token", json!({"kind": "raw_basic"})).await;
        let raw = basic(&world, "/token", form, pair).await.oauth_refusal();
        let encoded = basic(&world, "/token", form, pair).await.oauth_refusal();
        let (known, unknown) = ((400, "invalid_grant".to_owned()), (401, "invalid_client".to_owned()));
        let wanted = if is_known { (known, unknown) } else { (unknown, known) };
        assert_eq!((raw, encoded), wanted, "{pair}");
    }
}

#[tokio::test]
async fn an_answer_may_begin_with_a_byte_order_mark() {
    let world = World::new().await;
    let refresh = world.tokens(&[GMAIL]).await["refresh_token"].as_str().unwrap().to_owned();
    world.fault("token", json!({"kind": "byte_order_mark"})).await;
    let reply = world.refresh(&refresh).await;
    assert_eq!(reply.status, 200);
    let unmarked = reply.body.strip_prefix(b"\xef\xbb\xbf").unwrap();
    assert!(serde_json::from_slice::<Value>(unmarked).unwrap()["access_token"].is_string());
}

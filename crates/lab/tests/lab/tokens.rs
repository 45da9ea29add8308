//! The token endpoint, revocation, and who a token's user is.

use crate::world::{CALENDAR, CLIENT, GMAIL, SECRET, VERIFIER, World};
use axum::body::Body;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, Mac as _};
use http::{Request, header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::time::Duration;

const PROFILE: &str = "/gmail/v1/users/me/profile";

#[tokio::test]
async fn an_exchange_answers_as_googles_does() {
    let world = World::new().await;
    let reply = world.exchange(&world.code(&[], &[GMAIL]).await, &[]).await;
    let tokens = reply.json();
    assert_eq!((&tokens["expires_in"], &tokens["token_type"]), (&3599.into(), &"Bearer".into()));
    assert_eq!(tokens["scope"], GMAIL);
    assert_eq!(tokens.as_object().unwrap().len(), 5, "{tokens}");
    assert_eq!((reply.header("cache-control"), reply.header("pragma")), ("no-store", "no-cache"));
    assert_eq!(world.get(PROFILE, tokens["access_token"].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn each_wrong_exchange_is_refused_with_its_page() {
    let world = World::new().await;
    world.lab.register_client("other", "other-secret", Vec::new()).await.unwrap();
    for (changes, status, error) in [
        (vec![("code", "4/nonsense")], 400, "invalid_grant"),
        (vec![("code", "")], 400, "invalid_request"),
        (vec![("redirect_uri", "http://localhost:8080/other")], 400, "redirect_uri_mismatch"),
        (vec![("redirect_uri", "")], 400, "invalid_request"),
        (vec![("client_secret", "wrong")], 401, "invalid_client"),
        (vec![("client_secret", "")], 401, "invalid_client"),
        (vec![("client_id", "nobody")], 401, "invalid_client"),
        (vec![("client_id", "other"), ("client_secret", "other-secret")], 400, "invalid_grant"),
        (vec![("code_verifier", "")], 400, "invalid_grant"),
        (vec![("code_verifier", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")], 400, "invalid_grant"),
        (vec![("grant_type", "password")], 400, "unsupported_grant_type"),
        (vec![("grant_type", "")], 400, "invalid_request"),
        (vec![("audience", "x")], 400, "invalid_request"),
    ] {
        let code = world.code(&[("prompt", "consent")], &[GMAIL]).await;
        let reply = world.exchange(&code, &changes).await;
        assert_eq!(reply.oauth_refusal(), (status, error.to_owned()), "{changes:?}");
    }
}

#[tokio::test]
async fn a_code_lives_ten_minutes() {
    let world = World::new().await;
    let code = world.code(&[], &[GMAIL]).await;
    world.clock.advance(Duration::from_secs(599));
    assert_eq!(world.exchange(&code, &[]).await.status, 200);
    let late = world.code(&[("prompt", "consent")], &[GMAIL]).await;
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(world.exchange(&late, &[]).await.oauth_refusal(), (400, "invalid_grant".into()));
}

#[tokio::test]
async fn a_replayed_code_ends_the_tokens_that_came_of_it() {
    let world = World::new().await;
    let code = world.code(&[], &[GMAIL]).await;
    let tokens = world.exchange(&code, &[]).await.json();
    let replay = world.exchange(&code, &[]).await;
    assert_eq!(replay.oauth_refusal(), (400, "invalid_grant".into()));
    assert_eq!(replay.json()["error_uri"], "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2");
    assert_eq!(world.get(PROFILE, tokens["access_token"].as_str().unwrap()).await.status, 401);
    let refreshed = world.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refreshed.oauth_refusal(), (400, "invalid_grant".into()));
}

#[tokio::test]
async fn a_client_authenticates_by_basic_or_by_form_never_by_both() {
    let world = World::new().await;
    let refresh = world.tokens(&[GMAIL]).await["refresh_token"].as_str().unwrap().to_owned();
    let send = async |form: String, basic: &str| {
        let request = Request::post("/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(basic)));
        world.send(request.body(Body::from(form)).unwrap()).await
    };
    let form = format!("grant_type=refresh_token&refresh_token={}", refresh.replace('/', "%2F"));
    let encoded = format!("{}:{}", CLIENT.replace('.', "%2E"), SECRET);
    assert_eq!(send(form.clone(), &encoded).await.status, 200);
    let wrong = send(form.clone(), &format!("{CLIENT}:nope")).await;
    assert_eq!(wrong.oauth_refusal(), (401, "invalid_client".into()));
    assert!(wrong.header("www-authenticate").starts_with("Basic"));
    let both = send(format!("{form}&client_id={CLIENT}&client_secret={SECRET}"), &encoded).await;
    assert_eq!(both.oauth_refusal(), (400, "invalid_request".into()));
}

#[tokio::test]
async fn the_token_endpoint_takes_a_form_and_each_field_once() {
    let world = World::new().await;
    let json = Request::post("/token").header(header::CONTENT_TYPE, "application/json");
    let reply = world.send(json.body(Body::from("{}")).unwrap()).await;
    assert_eq!(reply.oauth_refusal(), (400, "invalid_request".into()));
    let twice = world.form("/token", &[("grant_type", "refresh_token"), ("grant_type", "refresh_token")]).await;
    assert_eq!(twice.oauth_refusal(), (400, "invalid_request".into()));
    assert_eq!(world.get_page("/token").await.status, 405);
}

#[tokio::test]
async fn an_access_token_ends_and_a_refresh_gives_another_but_no_refresh_token() {
    let world = World::new().await;
    let tokens = world.tokens(&[GMAIL]).await;
    world.clock.advance(Duration::from_secs(3599));
    let expired = world.get(PROFILE, tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(expired.refused(), (401, "authError".into()));
    assert!(expired.header("www-authenticate").contains("invalid_token"));
    let refreshed = world.refresh(tokens["refresh_token"].as_str().unwrap()).await.json();
    assert!(refreshed["refresh_token"].is_null());
    assert_eq!(refreshed["scope"], GMAIL);
    assert_eq!(world.get(PROFILE, refreshed["access_token"].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_dies_of_six_idle_months_and_belongs_to_its_client() {
    let world = World::new().await;
    world.lab.register_client("other", "other-secret", Vec::new()).await.unwrap();
    let refresh = world.tokens(&[GMAIL]).await["refresh_token"].as_str().unwrap().to_owned();
    let foreign = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("client_id", "other")];
    let foreign = world.form("/token", &[&foreign[..], &[("client_secret", "other-secret")]].concat()).await;
    assert_eq!(foreign.oauth_refusal(), (400, "invalid_grant".into()));
    let day = Duration::from_secs(24 * 3600);
    world.clock.advance(day * 150);
    assert_eq!(world.refresh(&refresh).await.status, 200);
    world.clock.advance(day * 150);
    assert_eq!(world.refresh(&refresh).await.status, 200);
    world.clock.advance(day * 183);
    assert_eq!(world.refresh(&refresh).await.oauth_refusal(), (400, "invalid_grant".into()));
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_and_never_for_more() {
    let world = World::new().await;
    let refresh = world.tokens(&[GMAIL, CALENDAR]).await["refresh_token"].as_str().unwrap().to_owned();
    let ask = async |scope: &str| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("scope", scope)];
        world.form("/token", &[&fields[..], &[("client_id", CLIENT), ("client_secret", SECRET)]].concat()).await
    };
    assert_eq!(ask(CALENDAR).await.json()["scope"], CALENDAR);
    assert_eq!(ask("https://mail.google.com/").await.oauth_refusal(), (400, "invalid_scope".into()));
}

#[tokio::test]
async fn revoking_any_token_ends_all_that_the_user_gave_the_client() {
    let world = World::new().await;
    for revoked in ["access_token", "refresh_token"] {
        let (mail, calendar) = (world.tokens(&[GMAIL]).await, world.tokens(&[CALENDAR]).await);
        let sam = world.access_of("sam@lab.example", &[GMAIL]).await;
        assert_eq!(world.form("/revoke", &[("token", mail[revoked].as_str().unwrap())]).await.status, 200);
        assert_eq!(world.get(PROFILE, mail["access_token"].as_str().unwrap()).await.status, 401);
        let other = calendar["access_token"].as_str().unwrap();
        assert_eq!(world.get("/calendar/v3/calendars/primary", other).await.status, 401);
        let refreshed = world.refresh(calendar["refresh_token"].as_str().unwrap()).await;
        assert_eq!(refreshed.oauth_refusal(), (400, "invalid_grant".into()));
        assert_eq!(world.get(PROFILE, &sam).await.status, 200);
        let again = world.form("/revoke", &[("token", mail[revoked].as_str().unwrap())]).await;
        assert_eq!(again.oauth_refusal(), (400, "invalid_token".into()));
    }
    assert_eq!(world.form("/revoke", &[]).await.oauth_refusal(), (400, "invalid_request".into()));
}

#[tokio::test]
async fn a_token_tells_of_its_user_what_its_scopes_allow() {
    let world = World::new().await;
    let signed_in = world.access(&["https://www.googleapis.com/auth/userinfo.email"]).await;
    let claims = world.get("/v1/userinfo", &signed_in).await.json();
    assert_eq!((&claims["email"], &claims["email_verified"]), (&"alex@lab.example".into(), &true.into()));
    assert!(claims["name"].is_null());
    let legacy = world.get("/oauth2/v2/userinfo", &signed_in).await.json();
    assert_eq!((&legacy["id"], &legacy["verified_email"]), (&claims["sub"], &true.into()));
    let blind = world.access(&[GMAIL]).await;
    assert_eq!(world.get("/v1/userinfo", &blind).await.oauth_refusal(), (403, "insufficient_scope".into()));
    assert_eq!(world.get("/v1/userinfo", "nonsense").await.oauth_refusal(), (401, "invalid_token".into()));
}

#[tokio::test]
async fn an_id_token_is_signed_under_the_clients_secret() {
    let world = World::new().await;
    let asked = [("scope", "openid email"), ("nonce", "n-1"), ("prompt", "consent")];
    let consent = world.choose(&world.authorize(&asked).await, "alex@lab.example").await;
    let back = world.decide(&consent, "allow", &[]).await;
    let tokens = world.exchange(&back.returned("code").unwrap(), &[]).await.json();
    let claims = read_id_token(tokens["id_token"].as_str().unwrap());
    assert_eq!((&claims["aud"], &claims["nonce"]), (&json!(CLIENT), &json!("n-1")));
    assert_eq!((&claims["iss"], &claims["email"]), (&json!("http://127.0.0.1:8090"), &json!("alex@lab.example")));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    let hash = Sha256::digest(tokens["access_token"].as_str().unwrap());
    assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&hash[..16]));
    let who = world.get("/v1/userinfo", tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(who["sub"], claims["sub"]);
    let refreshed = world.refresh(tokens["refresh_token"].as_str().unwrap()).await.json();
    assert!(read_id_token(refreshed["id_token"].as_str().unwrap())["nonce"].is_null());
}

fn read_id_token(token: &str) -> Value {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap()).unwrap()
}

#[tokio::test]
async fn a_code_in_the_wrong_hands_is_refused_and_harms_nobody() {
    let world = World::new().await;
    world.lab.register_client("other", "other-secret", Vec::new()).await.unwrap();
    let code = world.code(&[], &[GMAIL]).await;
    let tokens = world.exchange(&code, &[]).await.json();
    let thief = world.exchange(&code, &[("client_id", "other"), ("client_secret", "other-secret")]).await;
    assert_eq!(thief.oauth_refusal(), (400, "invalid_grant".into()));
    assert_eq!(world.get(PROFILE, tokens["access_token"].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn plain_pkce_and_none_at_all_work_too() {
    let world = World::new().await;
    let plain = [("code_challenge", VERIFIER), ("code_challenge_method", "")];
    let code = world.code(&plain, &[GMAIL]).await;
    assert_eq!(world.exchange(&code, &[]).await.status, 200);
    let none = [("code_challenge", ""), ("code_challenge_method", ""), ("prompt", "consent")];
    let code = world.code(&none, &[GMAIL]).await;
    assert_eq!(world.exchange(&code, &[]).await.oauth_refusal(), (400, "invalid_grant".into()));
    assert_eq!(world.exchange(&code, &[("code_verifier", "")]).await.status, 200);
}

#[tokio::test]
async fn the_discovery_document_promises_only_what_is_there() {
    let world = World::new().await;
    let found = world.get_page("/.well-known/openid-configuration").await.json();
    assert_eq!(found["issuer"], "http://127.0.0.1:8090");
    assert_eq!(found["token_endpoint"], "http://127.0.0.1:8090/token");
    assert!(found["jwks_uri"].is_null());
    let scopes = found["scopes_supported"].as_array().unwrap();
    assert!(scopes.contains(&GMAIL.into()) && scopes.contains(&"openid".into()));
}

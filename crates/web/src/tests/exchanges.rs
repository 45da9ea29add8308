//! The provider's way back with a code, against a provider of a few lines.

use super::harness::{Answer, Site, site_with, state};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use valetkey_domain::connection::Settings;
use valetkey_outbound::Policy;

/// What the provider is asked and how it answers.
#[derive(Default)]
pub(super) struct Provider {
    exchanges: AtomicU32,
    person: Mutex<&'static str>,
    scope: Mutex<&'static str>,
}

const ALL: &str =
    "openid email https://www.googleapis.com/auth/gmail.readonly https://www.googleapis.com/auth/gmail.compose";

async fn token(State(provider): State<Arc<Provider>>) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    provider.exchanges.fetch_add(1, Ordering::SeqCst);
    match *provider.scope.lock().unwrap() {
        "" => Err((StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"})))),
        scope => Ok(Json(json!({
            "access_token": "canary-access", "refresh_token": "canary-refresh", "token_type": "Bearer",
            "expires_in": 3600, "scope": scope,
        }))),
    }
}

async fn person(State(provider): State<Arc<Provider>>) -> Json<Value> {
    Json(json!({"sub": *provider.person.lock().unwrap()}))
}

#[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
pub(super) async fn site() -> (Site, Arc<Provider>) {
    let provider = Arc::new(Provider::default());
    provider.says("ada", ALL);
    let router = Router::new()
        .route("/token", post(token))
        .route("/userinfo", get(person))
        .route("/revoke", post(async || StatusCode::OK))
        .with_state(Arc::clone(&provider));
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(socket, router).await });
    let at = |path: &str| Some(format!("http://{address}/{path}"));
    let settings = Settings {
        authorize_url: at("authorize"),
        token_url: at("token"),
        identity_url: at("userinfo"),
        revoke_url: at("revoke"),
        scopes: ALL.split(' ').map(Into::into).collect(),
        ..Settings::default()
    };
    let policy = Policy::allowing(vec![address.to_string().parse().unwrap()]);
    (site_with("http://localhost:8080", settings, policy).await, provider)
}

impl Provider {
    fn says(&self, person: &'static str, scope: &'static str) {
        *self.person.lock().unwrap() = person;
        *self.scope.lock().unwrap() = scope;
    }
}

/// From the link to the last page: the browser's cookie, the callback's query, the page and its address.
pub(super) async fn signed_in(site: &Site) -> (String, String, Answer, String) {
    let (cookie, provider) = site.started().await;
    let query = format!("code=canary-code&state={}", state(&provider));
    let back = site.callback(site.connection.as_str(), &cookie, &query).await;
    let page = site.follow(&back, &cookie).await;
    (cookie, query, page, back.header("location").to_owned())
}

#[tokio::test]
async fn a_consent_ends_connected_and_holds_no_token() {
    let (site, provider) = site().await;
    let (cookie, query, page, address) = signed_in(&site).await;
    assert!(page.says("Gmail is connected"), "{}", page.body);
    assert!(page.body.contains("MY_GMAIL") && !page.body.contains("canary"));
    assert!(!address.contains('?'));
    assert_eq!(site.subject().await.as_deref(), Some("ada"));
    let again = site.callback(site.connection.as_str(), &cookie, &query).await;
    assert_eq!(again.header("location"), address, "a reload shows the stored outcome");
    assert_eq!(provider.exchanges.load(Ordering::SeqCst), 1);
    let used = site.get(&site.page(), &[("cookie", &cookie)]).await;
    assert!(used.says("This link was already used") && used.status == StatusCode::GONE);
}

/// Attack 16.
#[tokio::test]
async fn of_racing_callbacks_one_exchanges_and_both_see_the_outcome() {
    let (site, provider) = site().await;
    let (cookie, sent) = site.started().await;
    let query = format!("code=c&state={}", state(&sent));
    let call = || site.callback(site.connection.as_str(), &cookie, &query);
    let (one, two, three) = tokio::join!(call(), call(), call());
    for back in [one, two, three] {
        assert!(site.follow(&back, &cookie).await.says("Gmail is connected"));
    }
    assert_eq!(provider.exchanges.load(Ordering::SeqCst), 1);
}

/// Attack 19.
#[tokio::test]
async fn withheld_scopes_are_named() {
    let (site, provider) = site().await;
    provider.says("ada", "openid email https://www.googleapis.com/auth/gmail.readonly");
    let (_, _, page, _) = signed_in(&site).await;
    assert!(page.says("Gmail is connected, with less access"), "{}", page.body);
    assert!(page.body.contains("gmail.compose") && !page.body.contains("gmail.readonly"));
}

#[tokio::test]
async fn a_refused_code_connects_nothing() {
    let (site, provider) = site().await;
    provider.says("ada", "");
    let (_, _, page, _) = signed_in(&site).await;
    assert!(page.says("Gmail refused") && page.body.contains("invalid_grant"), "{}", page.body);
    assert_eq!(site.subject().await, None);
}

/// Attack 65.
#[tokio::test]
async fn another_account_waits_for_the_persons_word() {
    let (mut site, provider) = site().await;
    signed_in(&site).await;
    for (keep, title, subject) in [("yes", "Nothing was replaced", "ada"), ("no", "Gmail is connected", "eve")] {
        provider.says("eve", ALL);
        site.relink().await;
        let (cookie, _, page, address) = signed_in(&site).await;
        assert!(page.says("This is another account"), "{}", page.body);
        assert!(page.body.contains("ada") && page.body.contains("eve"));
        assert_eq!(site.subject().await.as_deref(), Some("ada"), "nothing is replaced before");
        let form = format!("token={}&keep={keep}", page.form_token());
        let forged = site.post(&address, &cookie, "http://localhost:9999", &form).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        let chosen = site.post(&address, &cookie, site.own, &form).await;
        assert!(site.follow(&chosen, &cookie).await.says(title), "{keep}");
        assert_eq!(site.subject().await.as_deref(), Some(subject));
    }
}

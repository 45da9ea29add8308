//! A lab with a clock that tests move, and the steps of a person and a client.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tower::ServiceExt as _;
use valetkey_lab::{Lab, Person};
use valetkey_testkit::ManualClock;

pub(crate) const CLIENT: &str = "demo.apps.lab";
pub(crate) const SECRET: &str = "not-so-secret";
pub(crate) const CALLBACK: &str = "http://localhost:8080/sso/v1/oauth/conn_1/callback";
pub(crate) const GMAIL: &str = "https://www.googleapis.com/auth/gmail.modify";
pub(crate) const CALENDAR: &str = "https://www.googleapis.com/auth/calendar";
/// The example of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct World {
    pub(crate) lab: Lab,
    pub(crate) clock: Arc<ManualClock>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::open(None).await
    }

    pub(crate) async fn open(file: Option<PathBuf>) -> Self {
        let clock = Arc::new(ManualClock::default());
        let lab = Lab::open(file, clock.clone(), "http://127.0.0.1:8090", &Person::pair()).unwrap();
        lab.register_client(CLIENT, SECRET, vec![CALLBACK.to_owned()]).await.unwrap();
        Self { lab, clock }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        send(self.lab.router(), request).await
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: Value) -> Reply {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        send(self.lab.control(), json_request(method, path, None, text)).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Reply {
        self.send(json_request("GET", path, Some(token), String::new())).await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> Reply {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.send(json_request(method, path, Some(token), text)).await
    }

    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Opens the authorization endpoint; the usual parameters, changed or joined by others. An empty value takes
    /// a parameter away.
    pub(crate) async fn authorize(&self, changes: &[(&str, &str)]) -> Reply {
        let mut params = vec![
            ("client_id", CLIENT),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", GMAIL),
            ("access_type", "offline"),
            ("state", "s 1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            params.retain(|(known, _)| known != name);
            params.extend((!value.is_empty()).then_some((*name, *value)));
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        self.get_page(&format!("/o/oauth2/v2/auth?{query}")).await
    }

    pub(crate) async fn get_page(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Chooses an account on a sign-in page.
    pub(crate) async fn choose(&self, page: &Reply, email: &str) -> Reply {
        let visit = page.visit();
        self.form("/o/oauth2/v2/auth/account", &[("visit", &visit), ("account", email)]).await
    }

    /// Presses a button of a consent page with these scopes ticked.
    pub(crate) async fn decide(&self, page: &Reply, decision: &str, scopes: &[&str]) -> Reply {
        let visit = page.visit();
        let mut fields = vec![("visit", visit.as_str()), ("decision", decision)];
        fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
        self.form("/o/oauth2/v2/auth/consent", &fields).await
    }

    /// A whole consent of Alex's; gives the code.
    pub(crate) async fn code(&self, changes: &[(&str, &str)], ticked: &[&str]) -> String {
        self.code_of("alex@lab.example", changes, ticked).await
    }

    async fn code_of(&self, email: &str, changes: &[(&str, &str)], ticked: &[&str]) -> String {
        let consent = self.choose(&self.authorize(changes).await, email).await;
        let back = if consent.status == 303 { consent } else { self.decide(&consent, "allow", ticked).await };
        back.returned("code").unwrap_or_else(|| panic!("no code: {back:?}"))
    }

    /// Exchanges a code; changes as with [`World::authorize`].
    pub(crate) async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Reply {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", CLIENT),
            ("client_secret", SECRET),
            ("code_verifier", VERIFIER),
        ];
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            fields.extend((!value.is_empty()).then_some((*name, *value)));
        }
        self.form("/token", &fields).await
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Reply {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        let client = [("client_id", CLIENT), ("client_secret", SECRET)];
        self.form("/token", &[fields, client].concat()).await
    }

    /// Tokens of Alex's for these scopes, all of them granted.
    pub(crate) async fn tokens(&self, scopes: &[&str]) -> Value {
        self.tokens_of("alex@lab.example", scopes).await
    }

    pub(crate) async fn tokens_of(&self, email: &str, scopes: &[&str]) -> Value {
        let changes = [("scope", scopes.join(" ")), ("prompt", "consent".to_owned())];
        let changes: Vec<(&str, &str)> = changes.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let code = self.code_of(email, &changes, scopes).await;
        let reply = self.exchange(&code, &[]).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// An access token of Alex's.
    pub(crate) async fn access(&self, scopes: &[&str]) -> String {
        self.tokens(scopes).await["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn access_of(&self, email: &str, scopes: &[&str]) -> String {
        self.tokens_of(email, scopes).await["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn fault(&self, route: &str, fault: Value) {
        let reply = self.control("POST", "/faults", json!({"route": route, "fault": fault})).await;
        assert_eq!(reply.status, 204, "{reply:?}");
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The hidden field that carries the request.
    pub(crate) fn visit(&self) -> String {
        let text = self.text();
        let (_, after) = text.split_once("name=\"visit\" value=\"").unwrap_or_else(|| panic!("no visit in {text}"));
        after.split_once('"').unwrap().0.to_owned()
    }

    /// A parameter of the redirect to the client.
    pub(crate) fn returned(&self, name: &str) -> Option<String> {
        let target = url::Url::parse(self.header("location")).ok()?;
        assert!(target.as_str().starts_with(CALLBACK), "{target}");
        target.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// Status, reason and the vendor's page of an API's refusal.
    pub(crate) fn refusal(&self) -> (u16, String, String) {
        let body = self.json();
        let error = &body["error"];
        assert_eq!(error["code"], self.status.as_u16(), "{body}");
        let details = error["details"].as_array().unwrap();
        let help = details.iter().find(|one| one["@type"] == "type.googleapis.com/google.rpc.Help").unwrap();
        let page = help["links"][0]["url"].as_str().unwrap().to_owned();
        assert!(page.starts_with("https://"), "{page}");
        (self.status.as_u16(), error["errors"][0]["reason"].as_str().unwrap().to_owned(), page)
    }

    /// Status and reason of an API's refusal.
    pub(crate) fn refused(&self) -> (u16, String) {
        let (status, reason, _) = self.refusal();
        (status, reason)
    }

    /// Status and error of the token endpoint's refusal, which must name a page.
    pub(crate) fn oauth_refusal(&self) -> (u16, String) {
        let body = self.json();
        assert!(body["error_uri"].as_str().unwrap().starts_with("https://"), "{body}");
        assert!(!body["error_description"].as_str().unwrap().is_empty());
        (self.status.as_u16(), body["error"].as_str().unwrap().to_owned())
    }
}

fn json_request(method: &str, path: &str, token: Option<&str>, body: String) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token.filter(|token| !token.is_empty()) {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    request.body(Body::from(body)).unwrap()
}

async fn send(router: Router, request: Request<Body>) -> Reply {
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_else(|_| b"broken off".to_vec());
    Reply { status: parts.status, headers: parts.headers, body }
}

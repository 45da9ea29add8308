//! The other side: an app with a shelf of books, whose answer is the status that a book is called. And a user of it.

use crate::kit::Kit;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::future::ready;
use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use valetkey_app::connections;
use valetkey_app::consent::{self, Callback};
use valetkey_domain::Secret;
use valetkey_domain::connection::Settings;
use valetkey_domain::id::ConnectionId;

/// What the app was asked: method, path and query, and the title of a book that is added.
type Seen = Arc<Mutex<Vec<String>>>;

/// A system, an app and a user with an account there.
pub(crate) struct Shelf {
    pub(crate) kit: Kit,
    pub(crate) address: SocketAddr,
    /// Ann's account on the connection `MY_SHELF`.
    pub(crate) account: String,
    seen: Seen,
}

impl Shelf {
    /// All of it, ann signed in.
    pub(crate) async fn new() -> Self {
        let seen = Seen::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/api/books/{id}", get(book))
            .route("/api/books", post(add))
            .route("/api/endless", get(endless))
            .route("/mcp", post(server))
            .route("/token", post(async || Json(json!({ "access_token": "taken", "token_type": "Bearer" }))))
            .with_state(Arc::clone(&seen));
        #[expect(clippy::disallowed_methods, reason = "the other side of a test is no task of ours")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut shelf = Self { kit: Kit::with_shelf(address).await, address, account: String::new(), seen };
        shelf.connection("MY_SHELF").await;
        shelf.account = shelf.connected("MY_SHELF", "ann").await;
        shelf
    }

    /// Another connection to the app.
    pub(crate) async fn connection(&self, name: &str) {
        let at = |path: &str| Some(format!("http://{}{path}", self.address));
        let settings = Settings {
            client_id: Some("client".into()),
            token_url: at("/token"),
            api_base_url: at("/api"),
            ..Settings::default()
        };
        let (name, connector, client_secret) = (Some(name.into()), "shelf".into(), Some("client-secret".into()));
        let new = connections::New { name, connector, settings, client_secret };
        connections::create(&self.kit.app, &self.kit.ours.ctx, new).await.unwrap();
    }

    /// A user's account, with a token that the app takes; its id.
    pub(crate) async fn connected(&self, connection: &str, user: &str) -> String {
        let token = json!({ "oauth_token": { "access_token": "taken", "scopes": ["books"] } });
        let account = json!({ "connector": connection, "identifier": user,
            "connected_account": { "authorization_details": token } });
        let made = self.kit.rest("POST", "/api/v1/connected_accounts", account).await.json;
        assert_eq!(made["connected_account"]["status"], "ACTIVE", "{made}");
        made["connected_account"]["id"].as_str().unwrap().to_owned()
    }

    /// A connection to the app's MCP server, and ann's account on it; its id.
    pub(crate) async fn served(&self) -> String {
        let settings = Settings {
            way: Some("bearer".into()),
            api_base_url: Some(format!("http://{}/mcp", self.address)),
            ..Settings::default()
        };
        let (name, connector) = (Some("MY_SERVER".into()), "apifymcp".into());
        let new = connections::New { name, connector, settings, client_secret: None };
        connections::create(&self.kit.app, &self.kit.ours.ctx, new).await.unwrap();
        let token = json!({ "static_auth": { "details": { "token": "taken" } } });
        let account = json!({ "connector": "MY_SERVER", "identifier": "ann",
            "connected_account": { "authorization_details": token } });
        let made = self.kit.rest("POST", "/api/v1/connected_accounts", account).await.json;
        assert_eq!(made["connected_account"]["status"], "ACTIVE", "{made}");
        made["connected_account"]["id"].as_str().unwrap().to_owned()
    }

    /// A user signs in by a link that has it confirmed at this address: the `auth_request_id` that the browser brings there.
    pub(crate) async fn signed_in(&self, user: &str, confirmed_at: &str) -> String {
        let (app, browser) = (&self.kit.app, Secret::from("browser"));
        let wanted = json!({ "connector": "MY_SHELF", "identifier": user, "user_verify_url": confirmed_at });
        let link = self.kit.rest("POST", "/api/v1/connected_accounts/magic_link", wanted).await.json;
        let token = link["link"].as_str().unwrap().rsplit('/').next().unwrap();
        let leaves = consent::start(app, token, &browser, None).await.unwrap();
        let answer = Callback {
            code: Some(Secret::from("code")),
            state: Some(Secret::from(parameter(&leaves, "state"))),
            ..Callback::default()
        };
        let to = parameter(&leaves, "redirect_uri");
        let connection = ConnectionId::parse(to.rsplit('/').nth(1).unwrap()).unwrap();
        let ended = consent::callback(app, &connection, answer, Some(&browser)).await.unwrap();
        let report = consent::outcome(app, &ended, Some(&browser)).await.unwrap();
        let place = report.confirmed_at.unwrap();
        assert!(place.as_str().starts_with(confirmed_at), "{place}");
        parameter(&place, "auth_request_id")
    }

    /// What the app was asked since it was asked for last.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

fn parameter(url: &url::Url, name: &str) -> String {
    url.query_pairs().find(|(found, _)| found == name).unwrap().1.into_owned()
}

async fn book(State(seen): State<Seen>, Path(id): Path<String>, request: Request) -> Response {
    seen.lock().unwrap().push(format!("GET {}", request.uri()));
    if request.headers().get(header::AUTHORIZATION).is_none_or(|value| value != "Bearer taken") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match id.as_str() {
        // Ten bytes for each on the wire of gRPC, two in JSON.
        "long" => Json(json!({ "id": id, "numbers": vec![0; 20_000] })).into_response(),
        "wide" => Json(json!({ "id": id, "numbers": vec![0; 10_000] })).into_response(),
        _ => answer(&id, json!({ "id": 9_007_199_254_740_993_i64, "title": id, "pages": 3 })),
    }
}

async fn add(State(seen): State<Seen>, Json(book): Json<Value>) -> Response {
    let title = book["title"].as_str().unwrap_or_default().to_owned();
    seen.lock().unwrap().push(format!("POST {title}"));
    answer(&title, json!({ "id": 7, "title": title }))
}

/// The app's MCP server, which has two tools.
async fn server(Json(asked): Json<Value>) -> Json<Value> {
    let tool = |name: &str| json!({ "name": name, "inputSchema": { "type": "object" } });
    let result = match asked["method"].as_str() {
        Some("server/discover") => json!({ "supportedVersions": ["2026-07-28"] }),
        _ => json!({ "tools": [tool("shelve"), tool("unshelve")] }),
    };
    Json(json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result }))
}

/// A beginning, and no end.
async fn endless() -> Body {
    let begun = stream::once(ready(Ok::<_, std::convert::Infallible>("once upon a time")));
    Body::from_stream(begun.chain(stream::pending()))
}

fn answer(name: &str, book: Value) -> Response {
    match name.parse().ok().and_then(|number| StatusCode::from_u16(number).ok()) {
        Some(status) => (status, [(header::RETRY_AFTER, "600")], Json(json!({ "error": "no" }))).into_response(),
        None => Json(book).into_response(),
    }
}

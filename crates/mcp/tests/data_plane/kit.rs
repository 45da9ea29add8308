//! A server for one user with one connection, and how a test speaks to it.

use crate::upstream::Upstream;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use valetkey_app::entrance::{browsers, doors};
use valetkey_app::insight::audit;
use valetkey_app::servers::instances::Ensure;
use valetkey_app::servers::{configs, instances};
use valetkey_app::tenancy::environments;
use valetkey_app::{App, Bounds, KnownBy, Settings, SignOn};
use valetkey_app::{connections, consent};
use valetkey_connectors::Catalog;
use valetkey_core::keyring::Keyring;
use valetkey_core::{Core, MemoryBudgets};
use valetkey_domain::connection::{Connection, Settings as Endpoints};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::time::SystemClock;
use valetkey_domain::{Clock, Ctx, Rng};
use valetkey_mcp::Timing;
use valetkey_outbound::{Outbound, Policy, SystemResolver};
use valetkey_storage::{Location, Store};
use valetkey_testkit::SeededRng;
use valetkey_vault::RootKey;

const FAKEAPP: &str = include_str!("fakeapp.yaml");

pub(crate) struct Kit {
    pub(crate) app: App,
    pub(crate) ctx: Ctx,
    pub(crate) upstream: Upstream,
    pub(crate) connection: Connection,
    pub(crate) instance: McpInstance,
    /// The path of the instance's URL.
    pub(crate) path: String,
    pub(crate) router: Router,
    /// The budgets of memory.
    pub(crate) memory: MemoryBudgets,
    /// The app's tasks, and how many there are while nobody asks for anything.
    tasks: (TaskTracker, usize),
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl Kit {
    /// The tools that the config's whitelist has: all but the one to delete.
    pub(crate) const LISTED: [&'static str; 3] = ["fakeapp_get_item", "fakeapp_add_item", "fakeapp_get_all"];

    pub(crate) async fn new() -> Self {
        Self::within(Bounds::default()).await
    }

    /// The same within bounds of the test's own.
    pub(crate) async fn within(bounds: Bounds) -> Self {
        let upstream = Upstream::start().await;
        let (app, memory, tasks) = app(&upstream, bounds).await;
        let environment = environments::ensure_first(&app).await.unwrap();
        let ctx = doors::operator(&app, &environment.id);
        let connection = connection(&app, &ctx, &upstream).await;
        let mapping = configs::NewMapping {
            connection: connection.name.to_string(),
            tools: Self::LISTED.map(str::to_owned).to_vec(),
        };
        let new = configs::New {
            name: "items".into(),
            description: String::new(),
            mappings: vec![mapping],
            ..configs::New::default()
        };
        configs::create(&app, &ctx, new).await.unwrap();
        let acceptable = Ensure { config: "items".into(), identifier: "ann".into(), name: None };
        let instance = instances::ensure(&app, &ctx, acceptable).await.unwrap();
        let url = instances::url(&app, &ctx, &instance).await.unwrap();
        let path = url.expose().strip_prefix("http://localhost:8080").unwrap().to_owned();
        let router = valetkey_mcp::router(app.clone(), valetkey_mcp::Settings::default());
        Self { app, ctx, upstream, connection, instance, path, router, memory, tasks }
    }

    /// The same after the user's consent.
    pub(crate) async fn connected() -> Self {
        let kit = Self::new().await;
        kit.consent().await;
        kit
    }

    /// The same, where a long call is one of more than a fifth of a second.
    pub(crate) fn hurried(self) -> Self {
        let millis = Duration::from_millis;
        let timing = Timing { soon: millis(200), alive: millis(100), recheck: millis(100) };
        self.with(valetkey_mcp::Settings { timing, ..valetkey_mcp::Settings::default() })
    }

    /// The same where the operator chose so.
    pub(crate) fn with(self, settings: valetkey_mcp::Settings) -> Self {
        Self { router: valetkey_mcp::router(self.app.clone(), settings), ..self }
    }

    /// What a person does with the link.
    pub(crate) async fn consent(&self) {
        let states = instances::auth_state(&self.app, &self.ctx, &self.instance.id, true).await.unwrap();
        let link = states[0].link.as_ref().unwrap().url.clone();
        let token = link.rsplit('/').next().unwrap();
        let browser = browsers::mint().unwrap();
        let there = consent::start(&self.app, token, &browser, None).await.unwrap();
        let there = url::Url::parse(there.as_str()).unwrap();
        let state = there.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let (code, state) = (Some("code".into()), Some(state.into()));
        let back = consent::Callback { code, state, ..consent::Callback::default() };
        consent::callback(&self.app, &self.connection.id, back, Some(&browser)).await.unwrap();
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        self.send(post(path, headers, body)).await
    }

    /// A legacy request's answer.
    pub(crate) async fn legacy(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let answer = self.post(&self.path, &[("mcp-protocol-version", "2025-11-25")], body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// A legacy call's result.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.legacy("tools/call", json!({ "name": tool, "arguments": arguments })).await["result"].take()
    }

    /// A legacy call that must fail in words, and those.
    pub(crate) async fn failing(&self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{result}");
        told(&result)
    }

    /// The words of a call that fails because the journal is closed once its request is at the app.
    pub(crate) async fn failing_while_the_journal_closes(&self, tool: &str, arguments: Value) -> String {
        self.upstream.set(|script| script.slow = Duration::from_millis(500));
        let closing = async {
            until("the app is asked", || !self.upstream.seen().is_empty()).await;
            self.app.end(Duration::ZERO).await;
        };
        tokio::join!(self.failing(tool, arguments), closing).0
    }

    /// How many calls wait for their turn because of their account.
    pub(crate) fn in_line(&self) -> usize {
        let (mut metrics, mut text) = (prometheus_client::registry::Registry::default(), String::new());
        self.app.register(&mut metrics);
        prometheus_client::encoding::text::encode(&mut text, &metrics).unwrap();
        let line = text.lines().find(|line| line.starts_with("in_line{limit=\"in_flight_per_account\"")).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Returns when no call goes on any more and all that was to be recorded is.
    pub(crate) async fn at_rest(&self) {
        let (tasks, usual) = &self.tasks;
        until("all calls have ended", || tasks.len() <= *usual).await;
        // Records are committed in their order. This one is asked for last, and comes before its answer.
        instances::url(&self.app, &self.ctx, &self.instance).await.unwrap();
    }

    /// The journal's lines about calls, oldest first: phase and outcome.
    pub(crate) async fn journal(&self) -> Vec<(String, String)> {
        self.at_rest().await;
        let lines = audit::newest(&self.app, &self.ctx, None, 100).await.unwrap();
        let calls = lines.into_iter().rev().filter(|line| line.action == "tool.call");
        calls
            .map(|line| (line.phase, line.detail.get("outcome").and_then(Value::as_str).unwrap_or_default().to_owned()))
            .collect()
    }
}

/// Returns when it is so.
pub(crate) async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// All that a result says in words.
pub(crate) fn told(result: &Value) -> String {
    let parts = result["content"].as_array().unwrap().iter();
    parts.map(|part| part["text"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

pub(crate) fn post(path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

/// With the tracker of its tasks, and how many those are from the beginning.
async fn app(upstream: &Upstream, bounds: Bounds) -> (App, MemoryBudgets, (TaskTracker, usize)) {
    let store = Store::open(&valetkey_testkit::postgres().map_or(Location::Memory, Location::from)).await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let rng: Arc<dyn Rng> = Arc::new(SeededRng::new(1));
    let mut catalog = Catalog::shipped().unwrap();
    catalog.add("fakeapp.yaml", FAKEAPP).unwrap();
    let allowed = upstream.address.to_string().parse().unwrap();
    let root = RootKey::generate().unwrap();
    let keyring = Keyring::start(store.clone(), root, clock.clone(), rng.clone()).await.unwrap();
    let settings = Settings {
        public_url: "http://localhost:8080".parse().unwrap(),
        sdk_url: "https://localhost:8443".parse().unwrap(),
        chat_link_life: Duration::from_secs(15 * 60),
        mail_link_life: Duration::from_secs(24 * 3600),
        journal_kept: None,
        bounds,
        sign_on: None,
        user_sign_in: [("development".to_owned(), Arc::new(user_provider()))].into(),
    };
    let outbound = Outbound::new(Policy::allowing(vec![allowed]), Arc::new(SystemResolver)).unwrap();
    let core = Core::start(store, keyring, catalog, outbound, settings, clock, rng).await.unwrap();
    let (tasks, memory) = (core.tasks.clone(), core.memory.clone());
    let usual = tasks.len();
    (App::new(core), memory, (tasks, usual))
}

/// Where users would sign in for their agents. Nobody is reached there.
fn user_provider() -> SignOn {
    SignOn {
        issuer: "https://login.example".parse().unwrap(),
        client_id: "valetkey".into(),
        client_secret: None,
        known_by: KnownBy::Subject,
    }
}

async fn connection(app: &App, ctx: &Ctx, upstream: &Upstream) -> Connection {
    let at = |path: &str| Some(format!("http://{}{path}", upstream.address));
    let settings = Endpoints {
        client_id: Some("client".into()),
        scopes: vec!["items.read".into(), "items.write".into()],
        token_url: at("/token"),
        api_base_url: at("/api"),
        ..Endpoints::default()
    };
    let new = connections::New {
        name: Some("MY_FAKE".into()),
        connector: "fakeapp".into(),
        settings,
        client_secret: Some("client-secret".into()),
    };
    connections::create(app, ctx, new).await.unwrap()
}

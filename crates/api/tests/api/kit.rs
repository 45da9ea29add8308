//! A system in memory with two environments, each with one client, and the two wires to speak to it.

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use prost::Message;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tonic::Status;
use tower::ServiceExt;
use valetkey_api::{Door, Route, Wire, doors};
use valetkey_app::entrance::doors as entrance;
use valetkey_app::tenancy::tokens;
use valetkey_app::tenancy::{clients, environments};
use valetkey_app::{App, Bounds, Settings};
use valetkey_connectors::Catalog;
use valetkey_core::keyring::Keyring;
use valetkey_core::{Core, MemoryBudgets};
use valetkey_domain::id::ClientId;
use valetkey_domain::{Clock, Ctx, Rng};
use valetkey_outbound::{Outbound, Policy, SystemResolver};
use valetkey_storage::{Location, Store};
use valetkey_testkit::{ManualClock, SeededRng};
use valetkey_vault::RootKey;

/// The system and its doors.
pub(crate) struct Kit {
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) clock: Arc<ManualClock>,
    /// The budgets of memory.
    pub(crate) memory: MemoryBudgets,
    /// The client of the first environment.
    pub(crate) ours: Client,
    /// The client of the second.
    pub(crate) theirs: Client,
    /// Which methods were called by REST, and how it ended: done, refused.
    seen: Mutex<BTreeMap<String, (bool, bool)>>,
    doors: Vec<Door>,
}

/// An API client with a token.
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) ctx: Ctx,
    pub(crate) secret: String,
    pub(crate) token: String,
}

/// What REST answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
    /// How many bytes the body had.
    pub(crate) size: usize,
}

impl Kit {
    /// A new system.
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let (app, _, memory) = app(clock.clone(), database(), None).await;
        Self::over(app, memory, clock).await
    }

    /// A new system that reaches an app at this address, which has the shelf's tools.
    pub(crate) async fn with_shelf(address: SocketAddr) -> Self {
        let clock = Arc::new(ManualClock::default());
        let (app, _, memory) = app(clock.clone(), database(), Some(address)).await;
        Self::over(app, memory, clock).await
    }

    /// A new system on SQLite, of which one write can hold up the others, whatever database the rest is tested on.
    pub(crate) async fn on_sqlite() -> (Self, Store) {
        let clock = Arc::new(ManualClock::default());
        let (app, store, memory) = app(clock.clone(), Location::Memory, None).await;
        (Self::over(app, memory, clock).await, store)
    }

    async fn over(app: App, memory: MemoryBudgets, clock: Arc<ManualClock>) -> Self {
        let (ours, theirs) = (client(&app, "development").await, client(&app, "other").await);
        let router = valetkey_api::open(app.clone()).unwrap().router;
        Self { app, router, clock, memory, ours, theirs, seen: Mutex::default(), doors: doors().unwrap() }
    }

    /// A request as it comes from a socket.
    pub(crate) async fn send(&self, request: Request<Body>) -> http::Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// REST as our client.
    pub(crate) async fn rest(&self, verb: &str, path: &str, body: Value) -> Answer {
        self.rest_as(Some(&self.ours.token), verb, path, body).await
    }

    /// REST with this token; a null body is none.
    pub(crate) async fn rest_as(&self, token: Option<&str>, verb: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.rest_of(token, verb, path, body).await
    }

    /// REST with any body.
    pub(crate) async fn rest_of(&self, token: Option<&str>, verb: &str, path: &str, body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(verb).uri(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let (head, body) = self.send(request.body(body.into()).unwrap()).await.into_parts();
        self.note(verb, &head);
        let bytes = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: head.status, headers: head.headers, json, size: bytes.len() }
    }

    /// gRPC with these `authorization` values, a whole frame in and the message out.
    pub(crate) async fn grpc(&self, path: &str, authorization: &[&str], frame: &[u8]) -> Result<Bytes, Status> {
        let mut request = Request::post(path).header("content-type", "application/grpc").header("te", "trailers");
        for value in authorization {
            request = request.header("authorization", *value);
        }
        self.grpc_request(request.body(Body::from(frame.to_vec())).unwrap()).await
    }

    /// A method as our client, its messages as they are in Rust.
    pub(crate) async fn call<A: Message + Default>(&self, path: &str, request: &impl Message) -> Result<A, Status> {
        let mut frame = vec![0];
        frame.extend(u32::try_from(request.encoded_len()).unwrap().to_be_bytes());
        frame.extend(request.encode_to_vec());
        self.grpc(path, &[&self.bearer()], &frame).await.map(|bytes| A::decode(bytes).unwrap())
    }

    /// How calls of a method by REST have ended so far: some done, some refused for what they asked.
    pub(crate) fn seen(&self, method: &str) -> (bool, bool) {
        self.seen.lock().unwrap().get(method).copied().unwrap_or_default()
    }

    fn note(&self, verb: &str, head: &http::response::Parts) {
        let Some(Route(template)) = head.extensions.get::<Route>() else { return };
        let here = |door: &&Door| door.wire == Wire::Rest && door.verb == verb && *door.path == **template;
        let Some(door) = self.doors.iter().find(here) else { return };
        let mut seen = self.seen.lock().unwrap();
        let (done, refused) = seen.entry(door.method.clone()).or_default();
        match head.status.as_u16() {
            200 => *done = true,
            // Who may not come in, and what isn't offered, says nothing of a method.
            401 | 500.. => {}
            _ => *refused = true,
        }
    }

    /// Any gRPC request.
    pub(crate) async fn grpc_request(&self, request: Request<Body>) -> Result<Bytes, Status> {
        let (head, body) = self.send(request).await.into_parts();
        let collected = body.collect().await.unwrap();
        let trailers = collected.trailers().cloned().unwrap_or_default();
        let status = Status::from_header_map(&head.headers).or_else(|| Status::from_header_map(&trailers));
        match status.expect("a gRPC answer has a status") {
            status if status.code() == tonic::Code::Ok => Ok(collected.to_bytes().slice(5..)),
            status => Err(status),
        }
    }

    /// Our token as an `authorization` value.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.ours.token)
    }
}

fn database() -> Location {
    valetkey_testkit::postgres().map_or(Location::Memory, Location::from)
}

async fn app(clock: Arc<ManualClock>, location: Location, shelf: Option<SocketAddr>) -> (App, Store, MemoryBudgets) {
    let clock: Arc<dyn Clock> = clock;
    let rng: Arc<dyn Rng> = Arc::new(SeededRng::new(7));
    let store = Store::open(&location).await.unwrap();
    let root = RootKey::generate().unwrap();
    let keyring = Keyring::start(store.clone(), root, clock.clone(), rng.clone()).await.unwrap();
    let settings = Settings {
        public_url: "http://localhost:8080".parse().unwrap(),
        sdk_url: "https://localhost:8443".parse().unwrap(),
        chat_link_life: Duration::from_secs(900),
        mail_link_life: Duration::from_secs(86_400),
        journal_kept: None,
        bounds: Bounds::default(),
        sign_on: None,
        user_sign_in: Default::default(),
    };
    let policy =
        shelf.map_or_else(Policy::default, |address| Policy::allowing(vec![address.to_string().parse().unwrap()]));
    let outbound = Outbound::new(policy, Arc::new(SystemResolver)).unwrap();
    let mut catalog = Catalog::shipped().unwrap();
    if shelf.is_some() {
        catalog.add("shelf.yaml", include_str!("shelf.yaml")).unwrap();
    }
    let core = Core::start(store.clone(), keyring, catalog, outbound, settings, clock, rng).await.unwrap();
    let memory = core.memory.clone();
    (App::new(core), store, memory)
}

async fn client(app: &App, environment: &str) -> Client {
    let environment = environments::create(app, environment, None).await.unwrap();
    let ctx = entrance::operator(app, &environment.id);
    let scopes = vec![clients::SECRETS_SCOPE.to_owned()];
    let issued = clients::create(app, &ctx, "test", scopes).await.unwrap();
    let token = tokens::token(app, issued.client.id.as_str(), &issued.secret).await.unwrap();
    Client {
        id: issued.client.id,
        ctx,
        secret: issued.secret.expose().to_owned(),
        token: token.access_token.expose().to_owned(),
    }
}

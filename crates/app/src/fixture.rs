//! For tests: a provider on a real socket that answers its token endpoint as it is told, an app over an empty database
//! that knows it, and one user's account.

use crate::connections::Wired;
use crate::consent::{self, Callback};
use crate::credentials::refresh;
use crate::entrance::doors;
use crate::servers::configs;
use crate::servers::instances::{self, Ensure};
use crate::tenancy::environments;
use crate::{App, Bounds, Settings, accounts, connections};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::task::TaskTracker;
use valetkey_connectors::{Catalog, Connector};
use valetkey_core::{Core, keyring};
use valetkey_domain::account::{ConnectedAccount, Owner};
use valetkey_domain::connection::{self, Connection};
use valetkey_domain::id::AuthorizationId;
use valetkey_domain::instance::McpInstance;
use valetkey_domain::name::Identifier;
use valetkey_domain::{Ctx, Secret};
use valetkey_outbound::{Outbound, Policy, SystemResolver};
use valetkey_storage::{Location, Store};
use valetkey_testkit::{ManualClock, SeededRng};
use valetkey_vault::RootKey;

/// The address that the tests' app has of itself. Nobody is reached there: its port is bound as long as the tests run, so
/// that it is nobody else's, and nothing listens at it.
pub(crate) static PUBLIC: LazyLock<String> = LazyLock::new(|| {
    let held = TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = held.local_addr().unwrap().port();
    std::mem::forget(held);
    format!("http://localhost:{port}")
});

/// One answer of the token endpoint.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Status and body.
    Answer(u16, String),
    /// The request is read and the connection closed.
    Nothing,
    /// The answer comes after a while.
    Slowly(Duration, String),
}

/// The provider: what it is asked, and what it will say.
#[derive(Default)]
pub(crate) struct Provider {
    replies: Mutex<VecDeque<Reply>>,
    revokes: Mutex<VecDeque<Reply>>,
    calls: Mutex<VecDeque<Reply>>,
    heads: Mutex<Vec<String>>,
    who: Mutex<String>,
    asked: Mutex<Vec<String>>,
}

impl Provider {
    /// The next answer of the token endpoint.
    pub(crate) fn will(&self, replies: Reply) {
        self.replies.lock().unwrap().push_back(replies);
    }

    /// What it says from now on, in place of what was to come.
    pub(crate) fn instead(&self, bodies: &[&str]) {
        self.replies.lock().unwrap().clear();
        bodies.iter().for_each(|body| self.gives(body));
    }

    /// The next answer of the revocation endpoint; without one it revokes.
    pub(crate) fn will_revoke(&self, replies: Reply) {
        self.revokes.lock().unwrap().push_back(replies);
    }

    /// The next answer, a good one.
    pub(crate) fn gives(&self, body: &str) {
        self.will(Reply::Answer(200, body.to_owned()));
    }

    /// The next answer below `/api`; without one it is an empty object.
    pub(crate) fn will_answer(&self, reply: Reply) {
        self.calls.lock().unwrap().push_back(reply);
    }

    /// The heads of all requests below `/api` so far, in lower case.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// Who signs in from now on.
    pub(crate) fn signs_in(&self, who: &str) {
        who.clone_into(&mut self.who.lock().unwrap());
    }

    /// The bodies of all requests to a path so far.
    pub(crate) fn asked(&self, path: &str) -> Vec<String> {
        let all = self.asked.lock().unwrap();
        all.iter().filter_map(|request| request.strip_prefix(path)).map(str::to_owned).collect()
    }

    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let mut request = String::new();
        while !is_complete(&request) {
            let mut part = vec![0; 8192];
            match stream.read(&mut part).await {
                Ok(0) | Err(_) => return,
                Ok(read) => request.push_str(&String::from_utf8_lossy(&part[..read])),
            }
        }
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        self.asked.lock().unwrap().push(format!("{path} {body}"));
        if path.starts_with("/api") {
            let head = request.split("\r\n\r\n").next().unwrap_or_default().to_lowercase();
            self.heads.lock().unwrap().push(head);
        }
        let replies = match path.as_str() {
            "/token" => self.replies.lock().unwrap().pop_front().unwrap_or(Reply::Answer(500, String::new())),
            "/who" => {
                let who = self.who.lock().unwrap().clone();
                Reply::Answer(200, format!(r#"{{"sub":"id of {who}","email":"{who}"}}"#))
            }
            "/revoke" => self.revokes.lock().unwrap().pop_front().unwrap_or(Reply::Answer(200, "{}".to_owned())),
            api if api.starts_with("/api") => {
                self.calls.lock().unwrap().pop_front().unwrap_or(Reply::Answer(200, "{}".to_owned()))
            }
            "/refuses" => Reply::Answer(400, r#"{"error":"invalid_client"}"#.to_owned()),
            _ => Reply::Answer(200, "{}".to_owned()),
        };
        match replies {
            Reply::Nothing => {}
            Reply::Answer(status, body) => answer(&mut stream, status, &body).await,
            Reply::Slowly(pause, body) => {
                tokio::time::sleep(pause).await;
                answer(&mut stream, 200, &body).await;
            }
        }
    }
}

async fn answer(stream: &mut TcpStream, status: u16, body: &str) {
    let length = body.len();
    let text = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await.ok();
}

fn is_complete(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    body.len() >= length.map_or(0, |text| text.parse().unwrap())
}

/// An app, its provider, and `ann`'s account.
pub(crate) struct Fixture {
    pub(crate) app: App,
    pub(crate) ctx: Ctx,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) provider: Arc<Provider>,
    pub(crate) connector: Arc<Connector>,
    pub(crate) connection: Connection,
    pub(crate) account: ConnectedAccount,
    /// The provider at another port, which is another origin.
    pub(crate) other_origin: String,
}

/// The tokens of most tests: an hour, refreshable, all scopes.
pub(crate) const HOUR: &str =
    r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600,"scope":"read write"}"#;

/// Everything, with nobody signed in yet. `refresh` is the connector file's rule.
pub(crate) async fn fixture(refresh: &str) -> Fixture {
    fixture_on(valetkey_testkit::postgres().map_or(Location::Memory, Location::from), refresh).await
}

/// The same on a database of the test's choice.
pub(crate) async fn fixture_on(location: Location, refresh: &str) -> Fixture {
    let (listener, other) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let [address, other_origin] = [&listener, &other].map(|one| one.local_addr().unwrap().to_string());
    let (app, clock) = app(&location, &[&address, &other_origin], refresh).await;
    let provider = Arc::new(Provider::default());
    provider.signs_in("ann@p");
    for listener in [listener, other] {
        let serving = provider.clone();
        app.core.tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                TaskTracker::new().spawn(serving.clone().serve(stream));
            }
        });
    }
    let ctx = doors::operator(&app, &environments::ensure_first(&app).await.unwrap().id);
    let connection = connect(&app, &ctx, &format!("http://{address}")).await;
    let owner = Owner::of(Identifier::parse("ann").unwrap());
    let account = accounts::ensure(&app, &ctx, &connection, owner).await.unwrap();
    let connector = Wired::of(&app, connection.clone()).unwrap().connector;
    let other_origin = format!("http://{other_origin}");
    Fixture { app, ctx, clock, provider, connector, connection, account, other_origin }
}

/// An app over an empty database, with its operator, that may reach these addresses.
pub(crate) async fn alone(addresses: &[&str]) -> (App, Ctx) {
    let (app, _) = app(&Location::Memory, addresses, "{rotates: true}").await;
    let environment = environments::ensure_first(&app).await.unwrap().id;
    let ctx = doors::operator(&app, &environment);
    (app, ctx)
}

async fn app(location: &Location, addresses: &[&str], rule: &str) -> (App, Arc<ManualClock>) {
    let store = Store::open(location).await.unwrap();
    let clock = Arc::new(ManualClock::default());
    let app = over(store, RootKey::generate().unwrap().into(), clock.clone(), 7, (addresses, rule)).await;
    (app, clock)
}

async fn over(
    store: Store,
    roots: keyring::Roots,
    clock: Arc<ManualClock>,
    seed: u64,
    (addresses, rule): (&[&str], &str),
) -> App {
    let rng = Arc::new(SeededRng::new(seed));
    let mut catalog = Catalog::shipped().unwrap();
    catalog.add("acme.yaml", &FILE.replace("REFRESH", rule)).unwrap();
    let policy = Policy::allowing(addresses.iter().map(|address| address.parse().unwrap()).collect());
    let keyring = keyring::Keyring::start(store.clone(), roots, clock.clone(), rng.clone()).await.unwrap();
    let outbound = Outbound::new(policy, Arc::new(SystemResolver)).unwrap();
    let settings = Settings {
        public_url: PUBLIC.parse().unwrap(),
        sdk_url: "https://localhost:8443".parse().unwrap(),
        chat_link_life: Duration::from_secs(15 * 60),
        mail_link_life: Duration::from_secs(24 * 60 * 60),
        journal_kept: None,
        bounds: Bounds::default(),
    };
    App::new(Core::start(store, keyring, catalog, outbound, settings, clock, rng).await.unwrap())
}

async fn connect(app: &App, ctx: &Ctx, base: &str) -> Connection {
    let at = |path: &str| Some(format!("{base}{path}"));
    let settings = connection::Settings {
        client_id: Some("client".into()),
        authorize_url: at("/authorize"),
        token_url: at("/token"),
        revoke_url: at("/revoke"),
        identity_url: at("/who"),
        api_base_url: at("/api"),
        ..connection::Settings::default()
    };
    let new = connections::New {
        name: Some("MY_ACME".into()),
        connector: "acme".into(),
        settings,
        client_secret: Some(Secret::from("client-hunter2")),
    };
    connections::create(app, ctx, new).await.unwrap()
}

impl Fixture {
    /// A link's token.
    pub(crate) async fn link(&self) -> String {
        let life = self.app.core.settings.chat_link_life;
        let link = consent::link(&self.app, &self.ctx, &self.connection, &self.account, life).await.unwrap();
        link.url.strip_prefix(&format!("{}/connect/", *PUBLIC)).unwrap().to_owned()
    }

    /// Presses the button of a link's page; gives `state`.
    pub(crate) async fn start(&self, token: &str, browser: &str) -> String {
        let url = consent::start(&self.app, token, &Secret::from(browser)).await.unwrap();
        url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
    }

    /// The provider sends the browser back with a code.
    pub(crate) async fn back(&self, state: &str, browser: &str) -> Result<AuthorizationId, consent::Stopped> {
        let answer = Callback { code: Some(Secret::from("code-1")), ..answer_with(state) };
        consent::callback(&self.app, &self.connection.id, answer, Some(&Secret::from(browser))).await
    }

    /// A whole sign-in; the provider's token endpoint says `tokens`.
    pub(crate) async fn sign_in(&self, tokens: &str) -> consent::Outcome {
        self.provider.gives(tokens);
        let state = self.start(&self.link().await, "browser").await;
        let id = self.back(&state, "browser").await.unwrap();
        consent::outcome(&self.app, &id, Some(&Secret::from("browser"))).await.unwrap().outcome
    }

    /// Another process over another database, with these roots, whose provider is not reached.
    pub(crate) async fn over(&self, store: Store, roots: keyring::Roots) -> App {
        over(store, roots, self.clock.clone(), 9, (&["127.0.0.1:1"], "{rotates: true}")).await
    }

    /// `ann`'s server on a config with all tools of the connection, and the token at the end of its URL.
    pub(crate) async fn instance(&self) -> (McpInstance, String) {
        let (app, ctx) = (&self.app, &self.ctx);
        let mapping = configs::NewMapping { connection: "MY_ACME".into(), tools: vec![] };
        let new = configs::New { name: "config".into(), description: String::new(), mappings: vec![mapping] };
        configs::create(app, ctx, new).await.unwrap();
        let wanted = Ensure { config: "config".into(), identifier: "ann".into(), name: None };
        let instance = instances::ensure(app, ctx, wanted).await.unwrap();
        let url = instances::url(app, ctx, &instance).await.unwrap();
        (instance, url.expose().rsplit('/').next().unwrap().to_owned())
    }

    /// The connection with its connector.
    pub(crate) fn wired(&self) -> Wired {
        Wired::with(self.connector.clone(), self.connection.clone())
    }

    /// Where its tokens come from.
    pub(crate) fn token_url(&self) -> String {
        self.wired().endpoints.token_url.unwrap()
    }

    /// The account as it is now.
    pub(crate) async fn now(&self) -> ConnectedAccount {
        let which = accounts::Which::Id(self.account.id.clone());
        accounts::get(&self.app, &self.ctx, &which).await.unwrap().1
    }

    /// An access token, or why there is none.
    pub(crate) async fn token(&self, refused: Option<i64>) -> Result<(String, i64), refresh::Unusable> {
        let account = self.now().await;
        let (app, ctx) = (&self.app, &self.ctx);
        let opened = refresh::credential(app, ctx, &self.wired(), &account, refused).await?;
        Ok((opened.access_token.expose().to_owned(), opened.generation))
    }
}

/// When a future is dropped that was polled so many times.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dropped {
    /// As soon as it waits.
    Waiting,
    /// When what it waited for has come, so that it never learns of it.
    Woken,
}

/// Polls a future so many times and drops it; none if it was not ready by then.
pub(crate) async fn polled<F: Future>(future: F, mut times: usize, dropped: Dropped) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if times == 0 {
            return Poll::Ready(None);
        }
        times -= 1;
        match (future.as_mut().poll(cx), dropped) {
            (Poll::Ready(done), _) => Poll::Ready(Some(done)),
            (Poll::Pending, Dropped::Waiting) if times == 0 => Poll::Ready(None),
            (Poll::Pending, _) => Poll::Pending,
        }
    })
    .await
}

/// Returns when it is so.
pub(crate) async fn until<F: Future<Output = bool>>(mut so: impl FnMut() -> F) {
    let patience = std::time::Instant::now() + Duration::from_secs(20);
    while !so().await {
        assert!(std::time::Instant::now() < patience, "it never came to be so");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// An answer that carries this state and nothing else.
pub(crate) fn answer_with(state: &str) -> Callback {
    Callback { state: Some(Secret::from(state)), ..Callback::default() }
}

pub(crate) const FILE: &str = r#"
connector: acme
display_name: Acme
upstream: http
base_url: https://api.acme.example
proxy_url: https://api.acme.example
hosts: [api.acme.example]
description: {kind: manual, url: "https://acme.example/docs", read_on: 2026-11-22}
auth:
  - kind: oauth2
    authorize_url: https://acme.example/authorize
    token_url: https://acme.example/token
    token_client_auth: post
    authorize_params: {access_type: offline}
    refresh: REFRESH
    revoke: {method: POST, url: "https://acme.example/revoke", token_in: form.token}
    identity: {method: GET, url: "https://api.acme.example/who", id: .sub, name: .email}
default_scopes: [read, write]
scopes: {read: See what is there}
tools:
  acme_list_things:
    title: List things
    description: Lists the things of the user.
    operation: list
    request: {method: GET, path: /things}
    effect: read
    scopes: {any: [read]}
  acme_send_thing:
    title: Send a thing
    description: Sends a thing of the user.
    operation: send
    request: {method: POST, path: /things}
    effect: write
    scopes: {any: [write, admin]}
"#;

//! For tests: a provider on a real socket that answers its token endpoint as it is told, an app over an empty database
//! that knows it, and one user's account.

mod polled;
mod provider;

pub(crate) use polled::{Dropped, polled, until};
pub(crate) use provider::{Provider, Reply};

use crate::connections::Wired;
use crate::consent::{self, Callback};
use crate::credentials::{refresh, revocations};
use crate::entrance::doors;
use crate::servers::configs;
use crate::servers::instances::{self, Ensure};
use crate::tenancy::environments;
use crate::{App, Bounds, KnownBy, Settings, SignOn, accounts, connections};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::task::TaskTracker;
use valetkey_connectors::{Catalog, Connector};
use valetkey_core::{Core, keyring};
use valetkey_domain::account::{ConnectedAccount, Owner};
use valetkey_domain::connection::{self, Connection};
use valetkey_domain::id::{AuthorizationId, ProcessId};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::name::Identifier;
use valetkey_domain::{Clock as _, Ctx, Secret, Timestamp};
use valetkey_outbound::{Outbound, Policy, SystemResolver};
use valetkey_storage::{Location, Store, processes};
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

/// Everything, with nobody signed in yet. `refresh` is the connector file's rule, or another whole file.
pub(crate) async fn fixture(refresh: &str) -> Fixture {
    fixture_on(valetkey_testkit::postgres().map_or(Location::Memory, Location::from), refresh).await
}

/// The same on a database of the test's choice.
pub(crate) async fn fixture_on(location: Location, refresh: &str) -> Fixture {
    let (listener, other) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let [address, other_origin] = [&listener, &other].map(|one| one.local_addr().unwrap().to_string());
    let (app, clock) = app(&location, (&[&address, &other_origin], refresh, &PUBLIC)).await;
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
    alone_at(&PUBLIC, addresses).await
}

/// The same with its clock, on whatever database the tests run.
pub(crate) async fn alone_with_clock(addresses: &[&str]) -> (App, Ctx, Arc<ManualClock>) {
    let location = valetkey_testkit::postgres().map_or(Location::Memory, Location::from);
    let (app, clock) = app(&location, (addresses, "{rotates: true}", &PUBLIC)).await;
    let ctx = first(&app).await;
    (app, ctx, clock)
}

/// The same where others reach it at this address.
pub(crate) async fn alone_at(public: &str, addresses: &[&str]) -> (App, Ctx) {
    let (app, _) = app(&Location::Memory, (addresses, "{rotates: true}", public)).await;
    let ctx = first(&app).await;
    (app, ctx)
}

async fn first(app: &App) -> Ctx {
    doors::operator(app, &environments::ensure_first(app).await.unwrap().id)
}

/// Makes the revocations that are due.
pub(crate) async fn revoke_due(app: &App) {
    revocations::due(app).await.unwrap();
    until(async || app.revoking.is_idle()).await;
}

/// Another app over the same store, that may reach these addresses. What an app holds in memory is its own; store, keyring
/// and clock are shared, so to the database both are one process. [`process`] gives another one.
pub(crate) async fn beside(app: &App, addresses: &[&str]) -> App {
    with(app, addresses, app.core.settings.clone()).await
}

/// The same with a provider at which members sign in.
pub(crate) async fn signing_on(app: &App, addresses: &[&str], on: SignOn) -> App {
    with(app, addresses, Settings { sign_on: Some(Arc::new(on)), ..app.core.settings.clone() }).await
}

/// The same within other bounds.
pub(crate) async fn bounded(app: &App, addresses: &[&str], bounds: Bounds) -> App {
    with(app, addresses, Settings { bounds, ..app.core.settings.clone() }).await
}

/// One of several processes on a PostgreSQL database, that may reach these addresses: nothing but the root key and the clock
/// is shared, and it is known to live as long as its store is open.
pub(crate) async fn process(
    (location, root, clock): (&Location, &Secret<str>, &Arc<ManualClock>),
    (name, seed): (&str, u64),
    addresses: &[&str],
) -> App {
    let (store, id) = (Store::open(location).await.unwrap(), ProcessId::parse(name).unwrap());
    show(&store, &id, clock.now()).await;
    let around = (addresses, "{rotates: true}", PUBLIC.as_str());
    over(store, RootKey::from_text(root).unwrap().into(), clock.clone(), seed, around).await
}

/// Puts a process on the list of those that serve, with its lock.
pub(crate) async fn show(store: &Store, id: &ProcessId, now: Timestamp) {
    store.add_process(id).await.unwrap();
    let mut tx = store.write().await.unwrap();
    let process = processes::Process { id: id.clone(), roots: vec![], admitted: true, started_at: now, seen_at: now };
    processes::show(&mut tx, &process).await.unwrap();
    tx.commit().await.unwrap();
}

async fn with(app: &App, addresses: &[&str], settings: Settings) -> App {
    let core = &app.core;
    let policy = Policy::allowing(addresses.iter().map(|address| address.parse().unwrap()).collect());
    let outbound = Outbound::new(policy, Arc::new(SystemResolver)).unwrap();
    let (store, keyring) = (core.store.clone(), core.keyring.clone());
    let (catalog, rng) = (Catalog::shipped().unwrap(), Arc::new(SeededRng::new(11)));
    let clock = core.clock.clone();
    App::new(Core::start(store, keyring, catalog, outbound, settings, clock, rng).await.unwrap())
}

async fn app(location: &Location, around: (&[&str], &str, &str)) -> (App, Arc<ManualClock>) {
    let store = Store::open(location).await.unwrap();
    let clock = Arc::new(ManualClock::default());
    let app = over(store, RootKey::generate().unwrap().into(), clock.clone(), 7, around).await;
    (app, clock)
}

async fn over(
    store: Store,
    roots: keyring::Roots,
    clock: Arc<ManualClock>,
    seed: u64,
    (addresses, rule, public): (&[&str], &str, &str),
) -> App {
    let rng = Arc::new(SeededRng::new(seed));
    let mut catalog = Catalog::shipped().unwrap();
    let file = if rule.starts_with('{') { &FILE.replace("REFRESH", rule) } else { rule };
    catalog.add("acme.yaml", file).unwrap();
    let policy = Policy::allowing(addresses.iter().map(|address| address.parse().unwrap()).collect());
    let keyring = keyring::Keyring::start(store.clone(), roots, clock.clone(), rng.clone()).await.unwrap();
    let outbound = Outbound::new(policy, Arc::new(SystemResolver)).unwrap();
    let settings = Settings {
        public_url: public.parse().unwrap(),
        sdk_url: "https://localhost:8443".parse().unwrap(),
        chat_link_life: Duration::from_secs(15 * 60),
        mail_link_life: Duration::from_secs(24 * 60 * 60),
        journal_kept: None,
        bounds: Bounds::default(),
        sign_on: None,
        user_sign_in: [("development".to_owned(), Arc::new(user_provider()))].into(),
    };
    App::new(Core::start(store, keyring, catalog, outbound, settings, clock, rng).await.unwrap())
}

/// Where users of the first environment would sign in for their agents. Nobody is reached there.
fn user_provider() -> SignOn {
    SignOn {
        issuer: "https://login.example".parse().unwrap(),
        client_id: "valetkey".into(),
        client_secret: None,
        known_by: KnownBy::Subject,
    }
}

pub(crate) async fn connect(app: &App, ctx: &Ctx, base: &str) -> Connection {
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
        let url = consent::start(&self.app, token, &Secret::from(browser), None).await.unwrap();
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
        over(store, roots, self.clock.clone(), 9, (&["127.0.0.1:1"], "{rotates: true}", &PUBLIC)).await
    }

    /// `ann`'s server on a config with all tools of the connection, and the token at the end of its URL.
    pub(crate) async fn instance(&self) -> (McpInstance, String) {
        let (app, ctx) = (&self.app, &self.ctx);
        let mapping = configs::NewMapping { connection: "MY_ACME".into(), tools: vec![] };
        let new = configs::New {
            name: "config".into(),
            description: String::new(),
            mappings: vec![mapping],
            ..configs::New::default()
        };
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
        let which = accounts::AccountRef::Id(self.account.id.clone());
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
    input:
      what: {type: string, description: What the thing is., map: body.what}
"#;

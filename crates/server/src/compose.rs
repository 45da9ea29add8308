//! Puts the rooms together: one store, one vault, one catalogue, one way out; then the surfaces over them.

use crate::data::{self, Folder, Found};
use crate::front::{self, Hosts};
use crate::health;
use crate::listen::Listener;
use crate::serve;
use crate::settings::Settings;
use crate::tls::{self, Tls};
use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use rand::RngCore;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use valetkey_api::Readiness;
use valetkey_app::keyring::Keyring;
use valetkey_app::{App, Parts, environments, execute, journal, refresh, served};
use valetkey_connectors::Catalog;
use valetkey_domain::time::SystemClock;
use valetkey_domain::{Clock, Rng};
use valetkey_lab::{Lab, Person};
use valetkey_outbound::{Allowed, Outbound, Policy, SystemResolver};
use valetkey_storage::{Location, Store};
use valetkey_web::Web;

/// A server put together, not yet listening.
pub(crate) struct Server {
    /// The use cases.
    pub(crate) app: App,
    /// Every door.
    pub(crate) router: Router,
    /// What the gRPC health service tells whoever watches.
    pub(crate) readiness: Readiness,
    /// The certificate of the TLS listener.
    pub(crate) tls: Tls,
    /// The provider lab, if it was asked for.
    pub(crate) lab: Option<Lab>,
}

/// The system's own source, for ids.
struct SystemRng;

impl Rng for SystemRng {
    fn next_u128(&self) -> u128 {
        let mut rng = rand::rng();
        u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64())
    }
}

/// The use cases on the data folder, without any surface: for the command line when no server runs, and for servers.
///
/// # Errors
/// The folder, the database or the root key; the message says what to do.
pub(crate) async fn open(settings: &Settings) -> Result<App> {
    let folder = Folder::open(&settings.data)?;
    let store = Store::open(&Location::File(folder.database())).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let root = match data::find_root_key(&folder, settings.root_key_file.as_deref(), settings.root_key.as_deref())? {
        Found::Key(root) => root,
        Found::Nowhere(path) => {
            Keyring::may_start_afresh(&store)
                .await
                .with_context(|| format!("there is no root key at {}", path.display()))?;
            data::new_root_key(&path)?
        }
    };
    let keyring = Keyring::start(store.clone(), root, clock.clone(), rng.clone()).await?;
    let tasks = TaskTracker::new();
    let app = App::new(Parts {
        journal: journal::Writer::start(store.clone(), clock.clone(), rng.clone()),
        keyring,
        catalog: catalog(settings.connectors.as_deref())?,
        outbound: Outbound::new(policy(&settings.allow)?, Arc::new(SystemResolver))?,
        refreshes: refresh::InFlight::default(),
        served: served::Sets::default(),
        limits: execute::Limits::default(),
        store,
        clock,
        rng,
        tasks,
        settings: app_settings(settings),
    });
    environments::ensure_first(&app).await?;
    Ok(app)
}

/// A server with every surface.
///
/// # Errors
/// As for [`open`].
pub(crate) async fn server(settings: &Settings) -> Result<Server> {
    let app = open(settings).await?;
    let tls = tls::prepare(&settings.certificate, app.now())?;
    let web = Web::open(app.clone())?;
    let api = valetkey_api::open(app.clone())?;
    let router = Router::new()
        .merge(health::router(app.clone()))
        .merge(api.router)
        .merge(valetkey_mcp::router(app.clone()))
        .merge(web.router())
        .fallback(async move |request: Request| nowhere(&web, &request));
    let hosts = Hosts::of(&[&settings.public_url, &settings.sdk_url]);
    let lab = if settings.lab { Some(lab(&settings.data, settings.lab_address)?) } else { None };
    Ok(Server { app, router: front::guarded(router, hosts), readiness: api.readiness, tls, lab })
}

/// What an address answers that leads nowhere: each kind of client in its own words.
fn nowhere(web: &Web, request: &Request) -> Response {
    let unknown = valetkey_api::unknown_method(request.uri().path(), request.headers());
    unknown.unwrap_or_else(|| web.missing(request.headers()))
}

/// Runs the lab and nothing else.
///
/// # Errors
/// Its state file cannot be read, or a port is taken.
pub(crate) async fn lab_alone(data: &Path, address: SocketAddr) -> Result<()> {
    let lab = lab(data, address)?;
    let stop = CancellationToken::new();
    let listeners = TaskTracker::new();
    for (listener, router) in lab_doors(&lab, address).await? {
        listeners.spawn(listener.serve(router, stop.clone()));
    }
    listeners.close();
    let text = format!("the provider lab plays Google at http://{address}, its controls are on the next port\n");
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
    serve::asked_to_stop().await?;
    stop.cancel();
    listeners.wait().await;
    Ok(())
}

/// The lab's listeners: the provider it plays, and on the next port the controls for tests.
///
/// # Errors
/// A port is taken.
pub(crate) async fn lab_doors(lab: &Lab, address: SocketAddr) -> Result<Vec<(Listener, Router)>> {
    let controls = SocketAddr::new(address.ip(), address.port().wrapping_add(1));
    Ok(vec![
        (Listener::clear(address, "--lab-address").await?, lab.router()),
        (Listener::clear(controls, "--lab-address (its controls take the port after it)").await?, lab.control()),
    ])
}

fn lab(data: &Path, address: SocketAddr) -> Result<Lab> {
    let file = Folder::open(data)?.lab();
    Ok(Lab::open(Some(file), Arc::new(SystemClock), &format!("http://{address}"), &Person::pair())?)
}

fn catalog(folder: Option<&Path>) -> Result<Catalog> {
    let mut catalog = Catalog::shipped()?;
    let Some(folder) = folder else { return Ok(catalog) };
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read {} (--connectors)", folder.display()))?;
    let mut files: Vec<_> = entries.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml"));
    files.sort();
    for path in files {
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        catalog.add(&path.display().to_string(), &text)?;
    }
    Ok(catalog)
}

fn policy(allow: &[String]) -> Result<Policy> {
    let allowed = allow.iter().map(|text| text.parse::<Allowed>().with_context(|| format!("outbound.allow: '{text}'")));
    Ok(Policy::allowing(allowed.collect::<Result<_>>()?))
}

fn app_settings(settings: &Settings) -> valetkey_app::Settings {
    valetkey_app::Settings {
        public_url: settings.public_url.clone(),
        sdk_url: settings.sdk_url.clone(),
        chat_link_life: settings.chat_link_life,
        mail_link_life: settings.mail_link_life,
    }
}

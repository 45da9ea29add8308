//! Puts the rooms together: one store, one vault, one catalogue, one way out; then the surfaces over them.

use crate::clock::DatabaseClock;
use crate::connector_files::Own;
use crate::control_tools::Tools;
use crate::data::Folder;
use crate::front::{self, Front, Hosts};
use crate::health::{self, Health};
use crate::listen::Listener;
use crate::metrics::{self, Http};
use crate::presence::Presence;
use crate::settings::Settings;
use crate::signals::Signals;
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
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use valetkey_app::App;
use valetkey_app::tenancy::environments;
use valetkey_core::Core;
use valetkey_core::keyring::Keyring;
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
    /// How it stands to its database.
    pub(crate) presence: Presence,
    /// Its connector files of one's own.
    pub(crate) connectors: Own,
    /// The doors by the listeners that serve them.
    pub(crate) doors: Doors,
    /// Whether it can serve, as it tells whoever asks.
    pub(crate) health: Health,
    /// What counts requests and connections.
    pub(crate) http: Http,
    /// The certificate of the TLS listener.
    pub(crate) tls: Tls,
    /// The provider lab, if it was asked for.
    pub(crate) lab: Option<Lab>,
    /// Follows the database's clock as long as this lives.
    _clock: Option<AbortOnDropHandle<()>>,
}

/// The use cases on a database.
pub(crate) struct Opened {
    /// The use cases.
    pub(crate) app: App,
    /// How this process stands to the database.
    pub(crate) presence: Presence,
    /// Its connector files of one's own.
    pub(crate) connectors: Own,
    /// The clock they go by, if it is one that has to be followed.
    clock: Option<Arc<DatabaseClock>>,
}

/// The doors by the listeners that serve them.
pub(crate) struct Doors {
    front: Front,
    public: Router,
    health: Router,
    metrics: Router,
    dashboard: Router,
}

impl Doors {
    /// Those of a listener for callers, with metrics and the dashboard or without.
    pub(crate) fn of_callers(&self, metrics: bool, dashboard: bool) -> Router {
        let mut doors = self.public.clone();
        for (served, more) in [(metrics, &self.metrics), (dashboard, &self.dashboard)] {
            if served {
                doors = doors.merge(more.clone());
            }
        }
        front::guarded(doors, self.front.clone())
    }

    /// Health and metrics alone.
    pub(crate) fn of_operations(&self) -> Router {
        front::guarded(self.health.clone().merge(self.metrics.clone()), self.front.clone())
    }
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
pub(crate) async fn open(settings: &Settings) -> Result<Opened> {
    let folder = Folder::open(&settings.data)?;
    let store = opened(&settings.database).await?;
    let theirs = DatabaseClock::of(&store).await?;
    let clock: Arc<dyn Clock> = match &theirs {
        Some(clock) => clock.clone(),
        None => Arc::new(SystemClock),
    };
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let roots = settings.roots.roots(&store).await?;
    let presence = Presence::start(&folder, &store, clock.as_ref(), rng.as_ref()).await?;
    let keyring = Keyring::start(store.clone(), roots, clock.clone(), rng.clone()).await?;
    let (catalog, connectors) = Own::open(settings.connectors.as_deref())?;
    let outbound =
        Outbound::with_timeouts(policy(&settings.allow)?, Arc::new(SystemResolver), settings.limits.outbound)?;
    let app = App::new(Core::start(store, keyring, catalog, outbound, app_settings(settings), clock, rng).await?);
    presence.govern(&app).await;
    environments::ensure_first(&app).await?;
    Ok(Opened { app, presence, connectors, clock: theirs })
}

/// The database, open. A failure names a file itself; of a URL, which is secret, it is said where it stands.
async fn opened(database: &Location) -> Result<Store> {
    let opened = Store::open(database).await;
    match database {
        Location::Postgres(_) => {
            opened.context("cannot open the database that --database, VALETKEY_DATABASE or valetkey.toml names")
        }
        Location::File(_) | Location::Memory => Ok(opened?),
    }
}

/// A server with every surface.
///
/// # Errors
/// As for [`open`].
pub(crate) async fn server(settings: &Settings) -> Result<Server> {
    let Opened { app, presence, connectors, clock } = open(settings).await?;
    let tls = tls::prepare(&settings.certificate, app.now())?;
    let web = Web::open(app.clone())?;
    let api = valetkey_api::open(app.clone())?;
    let (http, health) = (Http::default(), Health::of(app.clone(), api.readiness));
    let metrics = metrics::router(metrics::registry(&app, &http));
    let (health_doors, dashboard) = (health::router(health.clone()), web.dashboard());
    let public = Router::new()
        .merge(health_doors.clone())
        .merge(api.router)
        .merge(valetkey_mcp::router(app.clone(), settings.mcp.clone()))
        .merge(valetkey_mcp::control_router(app.clone(), settings.mcp.clone(), Arc::new(Tools(api.tools))))
        .merge(web.router())
        .fallback(async move |request: Request| nowhere(&web, &request));
    let hosts = Hosts::of(&[&settings.public_url, &settings.sdk_url]);
    let front = Front { hosts, body: settings.limits.timeouts.body, http: http.clone() };
    let doors = Doors { front, public, health: health_doors, metrics, dashboard };
    let lab = if settings.lab { Some(lab(&settings.data, settings.lab_address)?) } else { None };
    Ok(Server { app, presence, connectors, doors, health, http, tls, lab, _clock: clock.map(DatabaseClock::follow) })
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
    Signals::listen()?.asked_to_stop().await;
    stop.cancel();
    listeners.wait().await;
    Ok(())
}

/// The lab's listeners: the provider it plays, and on the next port the controls for tests.
///
/// # Errors
/// A port is taken.
pub(crate) async fn lab_doors(lab: &Lab, address: SocketAddr) -> Result<Vec<(Listener, Router)>> {
    let next = address.port().checked_add(1).filter(|next| *next > 1);
    let next =
        next.context("--lab-address: choose a port from 1 to 65534, for the lab's controls take the one after it")?;
    let controls = SocketAddr::new(address.ip(), next);
    Ok(vec![
        (Listener::clear(address, "--lab-address or VALETKEY_LAB_ADDRESS").await?, lab.router()),
        (
            Listener::clear(
                controls,
                "--lab-address or VALETKEY_LAB_ADDRESS (the lab's controls take the port after it)",
            )
            .await?,
            lab.control(),
        ),
    ])
}

fn lab(data: &Path, address: SocketAddr) -> Result<Lab> {
    let file = Folder::open(data)?.lab();
    Ok(Lab::open(Some(file), Arc::new(SystemClock), &format!("http://{address}"), &Person::pair())?)
}

/// What may be called although it is private.
///
/// # Errors
/// One of the settings is no address.
pub(crate) fn policy(allow: &[String]) -> Result<Policy> {
    let allowed = allow.iter().map(|text| text.parse::<Allowed>().with_context(|| format!("outbound.allow: '{text}'")));
    Ok(Policy::allowing(allowed.collect::<Result<_>>()?))
}

fn app_settings(settings: &Settings) -> valetkey_app::Settings {
    valetkey_app::Settings {
        public_url: settings.public_url.clone(),
        sdk_url: settings.sdk_url.clone(),
        chat_link_life: settings.chat_link_life,
        mail_link_life: settings.mail_link_life,
        journal_kept: settings.journal_kept,
        bounds: settings.limits.bounds,
        sign_on: settings.sign_on.clone(),
        user_sign_in: settings.user_sign_in.clone(),
    }
}

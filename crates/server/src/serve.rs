//! `serve`: the listeners, the command line's socket, and an orderly end.

use crate::chores;
use crate::coding_agent;
use crate::compose::{self, Server};
use crate::data::Folder;
use crate::listen::Listener;
use crate::operator::{self, Backend};
use crate::settings::{Listening, Settings};
use crate::signals::Signals;
use anyhow::{Result, bail};
use axum::Router;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use valetkey_app::App;
use valetkey_app::entrance::sign_in;
use valetkey_app::tenancy::environments;
use valetkey_app::upkeep::recovery;
use valetkey_domain::ctx::Detached;

/// A server that answers; dropping it does not stop it, [`Running::stop`] does.
pub(crate) struct Running {
    server: Server,
    /// No new call.
    stop: CancellationToken,
    listeners: TaskTracker,
    /// Nothing more at all.
    last: CancellationToken,
    operations: TaskTracker,
    /// The data folder is this server's.
    _claim: File,
    /// How long refreshes, callbacks and outcomes may go on once the listeners have let their requests end.
    effects: Duration,
}

/// Starts everything on its addresses.
///
/// # Errors
/// The database, the root key, the certificate or a port; the message says what to do.
pub(crate) async fn start(settings: &Settings) -> Result<Running> {
    // Before anything is changed there: what is settled, rewritten or shown belongs to the one server of the folder.
    let folder = Folder::open(&settings.data)?;
    let claim = folder.claim()?;
    let server = compose::server(settings).await?;
    let settled = recovery::at_start(&server.app).await?;
    if settled > 0 {
        tracing::warn!(settled, "the server ended in the middle of something before: what it left undone is settled");
    }
    let (stop, last) = (CancellationToken::new(), CancellationToken::new());
    let (listeners, operations) = (TaskTracker::new(), TaskTracker::new());
    if !server.app.settings().on_this_machine() {
        warn_of_forwarded_links(&server.app).await?;
    }
    for (listener, router) in public_listeners(settings, &server).await? {
        listeners.spawn(listener.serve(router, stop.clone()));
    }
    if let Some(address) = settings.operations {
        let listener = Listener::clear(address, "--operations, VALETKEY_OPERATIONS or `operations` in valetkey.toml")
            .await?
            .counted(server.http.connections("operations"));
        operations.spawn(listener.serve(server.doors.of_operations(), last.clone()));
    }
    let backend = Backend {
        app: server.app.clone(),
        ca_bundle: server.tls.bundle.clone(),
        presence: server.presence.clone(),
        connectors: server.connectors.clone(),
        settings: Arc::new(settings.clone()),
        progress: Arc::new(Detached),
    };
    let socket = operator::serve(backend, folder.socket(), stop.clone());
    listeners.spawn(async move {
        if let Err(why) = socket.await {
            tracing::error!(%why, "the command line cannot reach this server");
        }
    });
    listeners.spawn(server.presence.clone().beat(server.app.clone(), settings.roots.clone(), stop.clone()));
    listeners.spawn(chores::tidy(server.app.clone(), stop.clone()));
    listeners.spawn(chores::renew(server.tls.clone(), server.app.clone(), signal(SignalKind::hangup())?, stop.clone()));
    listeners.spawn(chores::follow(server.app.clone(), server.connectors.clone(), stop.clone()));
    listeners.spawn(server.health.clone().keep_looking(stop.clone()));
    listeners.spawn(chores::look(server.app.clone(), stop.clone()));
    listeners.spawn(chores::end(server.app.clone(), stop.clone()));
    listeners.spawn(chores::tell(server.app.clone(), stop.clone()));
    listeners.close();
    operations.close();
    Ok(Running { _claim: claim, server, stop, listeners, last, operations, effects: settings.limits.effects })
}

/// The listeners for callers, and the lab's.
async fn public_listeners(settings: &Settings, server: &Server) -> Result<Vec<(Listener, Router)>> {
    let limits = &settings.limits;
    let bounded = |listener: Listener, name| {
        let listener = listener.with_timeouts(limits.timeouts).counted(server.http.connections(name));
        match limits.connections {
            Some(most) => listener.seating(most),
            None => listener,
        }
    };
    let doors = |listening| {
        server.doors.of_callers(settings.metrics.contains(&listening), settings.dashboard.contains(&listening))
    };
    let clear =
        bounded(Listener::clear(settings.http, "--http, VALETKEY_HTTP or `http` in valetkey.toml").await?, "http");
    let secure = bounded(
        Listener::tls(settings.tls, "--tls, VALETKEY_TLS or `tls` in valetkey.toml", server.tls.config.clone()).await?,
        "tls",
    );
    let mut listeners = vec![(clear, doors(Listening::Http)), (secure, doors(Listening::Tls))];
    if let Some(lab) = &server.lab {
        let doors = compose::lab_doors(lab, settings.lab_address).await?;
        listeners.extend(doors.into_iter().map(|(listener, router)| (listener.with_timeouts(limits.timeouts), router)));
    }
    Ok(listeners)
}

/// Where others than the operator hold links, each start says what a link does not prove, until somebody has chosen.
async fn warn_of_forwarded_links(app: &App) -> Result<()> {
    let all = environments::list(app).await?;
    let open: Vec<_> =
        all.into_iter().filter(|one| one.user_verify_mode.is_none()).map(|environment| environment.name).collect();
    if !open.is_empty() {
        let environments = open.join(", ");
        tracing::warn!(
            environments,
            "nobody has said whether your app confirms who opens a consent link: until it does, whoever holds one can connect an \
             account of theirs for the user it was made for. Choose: `valetkey environment update NAME --user-verify-mode b2b \
             --user-verify-url URL` has your app confirm each sign-in, `--user-verify-mode none` leaves it so; docs/THREATS.md \
             says more under \"A link is forwarded\""
        );
    }
    Ok(())
}

impl Running {
    /// What runs.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Takes no more calls, lets those in flight end, then lets effects end that outlive their callers. Who looks
    /// after the machine is answered until the last of it.
    pub(crate) async fn stop(self) {
        self.server.health.stopping().await;
        self.stop.cancel();
        self.listeners.wait().await;
        if !self.server.app.end(self.effects).await {
            tracing::warn!("effects were still under way after {} s more", self.effects.as_secs());
        }
        self.last.cancel();
        self.operations.wait().await;
    }

    /// Serves until told to stop, and stops in order; told a second time, at once.
    ///
    /// # Errors
    /// Signals cannot be had, or it was told twice.
    pub(crate) async fn until_stopped(self) -> Result<()> {
        let mut signals = Signals::listen()?;
        signals.asked_to_stop().await;
        tracing::info!("stopping: once more to stop at once");
        tokio::select! {
            () = self.stop() => Ok(()),
            () = signals.asked_to_stop() => {
                bail!("stopped at once, as asked twice: calls in flight were cut off, and how they ended is not recorded")
            }
        }
    }
}

/// The way to the dashboard. A link signs in whoever has it, so it is shown to a person at a terminal and to no log.
async fn show_dashboard(running: &Running, settings: &Settings) -> Result<()> {
    let app = &running.server().app;
    if std::io::stdout().is_terminal() {
        let link = operator::login_url(app, &sign_in::first_link(app).await?);
        let text = format!("Open the dashboard (this link signs in once, within ten minutes):\n\n  {link}\n\n");
        let agent = coding_agent::how(app, &settings.data)?.unwrap_or_default();
        std::io::stdout().write_all(format!("{agent}{text}").as_bytes())?;
    } else {
        tracing::info!(at = %app.settings().public("/"), "the dashboard: `valetkey login` prints a link that signs in once");
    }
    Ok(())
}

/// Serves until told to stop.
///
/// # Errors
/// As for [`start`] and [`Running::until_stopped`].
pub(crate) async fn run(settings: Settings) -> Result<()> {
    let running = start(&settings).await?;
    tracing::info!(public_url = %settings.public_url, sdk_url = %settings.sdk_url, "serving");
    if !settings.dashboard.is_empty() {
        show_dashboard(&running, &settings).await?;
    }
    running.until_stopped().await
}

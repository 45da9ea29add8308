//! `serve`: the listeners, the command line's socket, and an orderly end.

use crate::compose::{self, Server};
use crate::data::Folder;
use crate::listen::Listener;
use crate::operator::{self, Desk};
use crate::settings::Settings;
use anyhow::Result;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use valetkey_app::{App, housekeeping};

/// How long refreshes, callbacks and outcomes may go on once the listeners have let their requests end.
const EFFECTS: Duration = Duration::from_secs(15);

/// How often what has ended is removed.
const TIDY: Duration = Duration::from_secs(3600);

/// A server that answers; dropping it does not stop it, [`Running::stop`] does.
pub(crate) struct Running {
    server: Server,
    stop: CancellationToken,
    listeners: TaskTracker,
}

/// Starts everything on its addresses.
///
/// # Errors
/// The database, the root key, the certificate or a port; the message says what to do.
pub(crate) async fn start(settings: &Settings) -> Result<Running> {
    let server = compose::server(settings).await?;
    let stop = CancellationToken::new();
    let listeners = TaskTracker::new();
    let folder = Folder::open(&settings.data)?;
    let clear = Listener::clear(settings.http, "--http").await?;
    let secure = Listener::tls(settings.tls, "--tls", server.tls.config.clone()).await?;
    let lab = match &server.lab {
        Some(lab) => compose::lab_doors(lab, settings.lab_address).await?,
        None => vec![],
    };
    let ours = [clear, secure].into_iter().map(|listener| (listener, server.router.clone()));
    for (listener, router) in ours.chain(lab) {
        listeners.spawn(listener.serve(router, stop.clone()));
    }
    let desk = Desk { app: server.app.clone(), ca_bundle: server.tls.bundle.clone() };
    let socket = operator::serve(desk, folder.socket(), stop.clone());
    listeners.spawn(async move {
        if let Err(why) = socket.await {
            tracing::error!(%why, "the command line cannot reach this server");
        }
    });
    listeners.spawn(tidy(server.app.clone(), stop.clone()));
    listeners.close();
    Ok(Running { server, stop, listeners })
}

impl Running {
    /// What runs.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Takes no more calls, lets those in flight end, then lets effects end that outlive their callers.
    pub(crate) async fn stop(self) {
        self.server.readiness.set(false).await;
        self.stop.cancel();
        self.listeners.wait().await;
        self.server.app.tasks.close();
        if tokio::time::timeout(EFFECTS, self.server.app.tasks.wait()).await.is_err() {
            tracing::warn!("effects were still under way after {} s more", EFFECTS.as_secs());
        }
        self.server.app.journal.close().await;
    }
}

/// Removes what has ended, at the start and then every hour.
async fn tidy(app: App, stop: CancellationToken) {
    loop {
        match housekeeping::tidy(&app).await {
            Ok(gone) => tracing::debug!(gone, "tidied up"),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "the database is not tidied up"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TIDY) => {}
        }
    }
}

/// Serves until told to stop.
///
/// # Errors
/// As for [`start`].
pub(crate) async fn run(settings: Settings) -> Result<()> {
    let running = start(&settings).await?;
    tracing::info!(public_url = %settings.public_url, sdk_url = %settings.sdk_url, "serving");
    asked_to_stop().await?;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

/// Returns on SIGINT or SIGTERM.
///
/// # Errors
/// Signals cannot be had.
pub(crate) async fn asked_to_stop() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

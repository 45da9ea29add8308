//! What a server does unasked, over and over, until it stops.

use crate::connector_files::{Follower, Own};
use crate::tls::Tls;
use std::time::Duration;
use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;
use valetkey_app::App;
use valetkey_app::accounts;
use valetkey_app::credentials::{refresh, revocations};
use valetkey_app::events;
use valetkey_app::upkeep::{housekeeping, recovery};
use valetkey_connectors::Change;

/// How often it is looked for what is due to be refreshed, and for what a process that died left undone.
const LOOK: Duration = Duration::from_secs(10);

/// How often it is looked for what is to be revoked at a provider, and for removals that stopped.
const END: Duration = Duration::from_secs(10);

/// How often it is looked for what a webhook is to be told of, though nobody here has rung.
const TELL: Duration = Duration::from_secs(2);

/// How often the folder of connector files is looked at. It is read once two looks have found it the same, so that nothing
/// is taken of a file that is still being written.
const FOLLOW: Duration = Duration::from_secs(1);

/// How often what has ended is removed.
const TIDY: Duration = Duration::from_secs(3600);

/// How often the certificate is looked after.
const RENEW: Duration = Duration::from_secs(3600);

/// Removes what has ended, at the start and then every hour.
pub(crate) async fn tidy(app: App, stop: CancellationToken) {
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

/// Looks after the certificate every hour, and at once on SIGHUP. What can't be read leaves the one that is shown.
pub(crate) async fn renew(tls: Tls, app: App, mut hangup: Signal, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RENEW) => {}
            _ = hangup.recv() => {}
        }
        match tls.renew(app.now()) {
            Ok(true) => tracing::info!("new connections get another certificate from now on"),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the certificate from before goes on");
            }
        }
    }
}

/// Refreshes ahead of need and settles what was left undone, until told to stop. What it began goes on as an effect.
pub(crate) async fn look(app: App, stop: CancellationToken) {
    loop {
        if let Err(error) = recovery::overdue(&app).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "what others left undone is not settled");
        }
        if let Err(error) = refresh::ahead(&app).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "nothing is refreshed ahead of need");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Goes on with removals that stopped, and revokes at the providers what could not be before.
pub(crate) async fn end(app: App, stop: CancellationToken) {
    loop {
        if let Err(error) = accounts::closings_due(&app).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "removals that stopped wait");
        }
        if let Err(error) = revocations::due(&app).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "what is to be revoked waits");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(END) => {}
        }
    }
}

/// Tells webhooks what happened, as soon as it is committed here, and what others committed or is to be tried again.
pub(crate) async fn tell(app: App, stop: CancellationToken) {
    loop {
        let told = async {
            if let Err(error) = events::deliver(&app, TELL).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "webhooks are told nothing");
                tokio::time::sleep(TELL).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = told => {}
        }
    }
}

/// Takes what changes in the folder of connector files, if there is one, until told to stop.
pub(crate) async fn follow(app: App, own: Own, stop: CancellationToken) {
    let Some(mut follower) = Follower::of(own) else { return };
    let mut unseen = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(FOLLOW) => {}
        }
        let looking = app.tasks().spawn_blocking(move || {
            let looked = follower.look();
            (follower, looked)
        });
        let Ok((back, looked)) = looking.await else { return };
        follower = back;
        match &looked {
            Ok(changes) => changes.iter().for_each(told),
            Err(why) if !unseen => {
                tracing::warn!(why = format!("{why:#}"), "connector files cannot be read: those from before stay");
            }
            Err(_) => {}
        }
        unseen = looked.is_err();
    }
}

/// What became of a file, for who reads the log.
fn told(change: &Change) {
    match change {
        Change::Taken { file, connector } => {
            tracing::info!(file, connector, "a connector file is in service as it is now");
        }
        Change::Refused { file, why, kept: Some(kept) } => {
            tracing::warn!(file, connector = kept, %why, "a connector file is wrong: what it said before stays in service");
        }
        Change::Refused { file, why, kept: None } => {
            tracing::warn!(file, %why, "a connector file is wrong and not in service");
        }
        Change::Gone { file, connector } => {
            let connector = connector.as_deref().unwrap_or("none");
            tracing::warn!(file, connector, "a connector file is gone: connections on its connector serve nothing");
        }
    }
}

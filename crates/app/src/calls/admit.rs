//! Whether a call may begin: the connection, exactly this user's account on it, its status, its scopes. What is
//! missing is said with the link that gives it.

use super::failed::{Failed, FailureReason};
use super::job::Job;
use super::limits::CallSlot;
use crate::accounts;
use crate::connections::{self, Wired};
use crate::consent::{Life, Link, Wishes, link_for};
use crate::credentials::refresh::{self, Opened, Unusable};
use futures::future::join;
use std::time::Duration;
use tokio::time::Instant;
use valetkey_connectors::Setting;
use valetkey_domain::account::{ConnectedAccount, Status};
use valetkey_domain::connection::Connection;

/// How long what was looked at stands without another look.
const VALID_FOR: Duration = Duration::from_millis(100);

/// What a call works with.
pub(super) struct Admitted {
    pub(super) wired: Wired,
    pub(super) account: ConnectedAccount,
    /// What replaces scheme, host and port of the connector's API, for this account.
    pub(super) api_base: Option<String>,
}

impl Job {
    /// The account of exactly (environment, connection, user), if it is ACTIVE and its consent covers the tool.
    pub(super) async fn admit(&self) -> Result<Admitted, Failed> {
        let (app, ctx, id) = (&self.app, &self.ctx, &self.served.connection);
        // Side by side: on PostgreSQL each is a way to the server and back.
        let (connection, account) =
            join(connections::get(app, ctx, id), accounts::find(app, ctx, id, &self.owner)).await;
        let connection = connection.map_err(|error| self.before(&error))?;
        if !connection.enabled {
            let message =
                format!("connection '{}' is switched off; the app's developer can switch it on", connection.name);
            return Err(self.because(FailureReason::Off, message));
        }
        let account = account.map_err(|error| self.before(&error))?;
        let status = account.as_ref().map_or(Status::PendingAuth, |account| account.status.clone());
        if let Some(account) = &account
            && !self.through.means(&account.id)
        {
            return Err(self.because(
                FailureReason::Busy,
                "the call was not made: the account was replaced meanwhile. Call again",
            ));
        }
        match account {
            Some(account) if status == Status::Active => {
                let wired = Wired::with(self.served.connector.clone(), connection);
                let api_base = wired.api_base(&account).map_err(|why| {
                    self.because(FailureReason::NotConnected, format!("the call was not made: {why}"))
                })?;
                self.covered(Admitted { wired, account, api_base }).await
            }
            _ => Err(self.not_connected(&connection, &status).await),
        }
    }

    /// The credential to call with, renewed first if it ends soon, or because the app refused this generation.
    pub(super) async fn credential(&self, admitted: &Admitted, refused: Option<i64>) -> Result<Opened, Failed> {
        let Admitted { wired, account, .. } = admitted;
        match refresh::credential(&self.app, &self.ctx, wired, account, refused).await {
            Ok(opened) => Ok(opened),
            Err(Unusable::SignIn(status)) => Err(self.not_connected(&wired.connection, &status).await),
            Err(Unusable::Later(why)) => Err(self.because(FailureReason::App, why)),
            Err(Unusable::Refused(why)) => Err(self.refused(&wired.connection, &why).await),
            Err(Unusable::Failed(error)) => Err(self.before(&error)),
        }
    }

    /// A place among the calls in flight, what the call works with, and its credential. All of that is as it was looked
    /// at a moment ago, however long had to be waited for a place or for a renewal.
    pub(super) async fn ready(&self) -> Result<(CallSlot, Admitted, Opened), Failed> {
        let mut admitted = self.admit().await?;
        let mut looked = Instant::now();
        let in_flight = self.enter(&admitted).await?;
        if looked.elapsed() > VALID_FOR {
            admitted = self.still(&admitted).await?;
            looked = Instant::now();
        }
        let mut credential = self.credential(&admitted, None).await?;
        if looked.elapsed() > VALID_FOR {
            admitted = self.still(&admitted).await?;
            credential = self.credential(&admitted, None).await?;
        }
        Ok((in_flight, admitted, credential))
    }

    async fn enter(&self, admitted: &Admitted) -> Result<CallSlot, Failed> {
        let entering = self.app.limits.enter(&self.ctx.environment, &admitted.account.id, self.spare());
        tokio::select! {
            biased;
            () = self.cancellation.cancelled() => Err(self.because(FailureReason::Cancelled, "the call was cancelled")),
            entered = entering => entered.map_err(|full| self.full(&full)),
        }
    }

    /// What let the call begin, as it is now: its URL, its tool, its connection, its account.
    async fn still(&self, before: &Admitted) -> Result<Admitted, Failed> {
        let stands = self.through.stands(&self.app, &self.ctx, &self.served).await;
        if !stands.map_err(|error| self.before(&error))? {
            let message = "the call was not made: what it was called through was withdrawn or changed while it waited";
            return Err(self.because(FailureReason::Off, message));
        }
        let now = self.admit().await?;
        if now.account.id == before.account.id {
            return Ok(now);
        }
        let message = "the call was not made: the user's account was replaced while it waited. Call again";
        Err(self.because(FailureReason::Busy, message))
    }

    pub(super) fn setting(&self, admitted: &Admitted) -> Setting {
        Setting {
            base_url: admitted.api_base.clone(),
            now: self.app.core.now(),
            nonce: self.app.core.rng.next_u128(),
            api_config: admitted.account.api_config.clone(),
            work: valetkey_connectors::native::Work::default(),
        }
    }

    /// A withheld scope is found before the call, so that the answer can say which consent is missing.
    async fn covered(&self, admitted: Admitted) -> Result<Admitted, Failed> {
        let missing = self.served.tool.missing_scopes(&admitted.account.scopes);
        if missing.is_empty() {
            return Ok(admitted);
        }
        let message = format!(
            "the user has connected {}, but without the consent that this tool needs: {}. Ask the user to open the \
             link and to grant it, then call the tool again",
            self.app_name(&admitted.wired.connection),
            missing.join(", ")
        );
        Err(self.with_link(FailureReason::MissingScope, message, &admitted.wired.connection).await)
    }

    /// Says that the user has to sign in, why, and where.
    pub(super) async fn not_connected(&self, connection: &Connection, status: &Status) -> Failed {
        let message = format!(
            "{}. Ask the user to open the link and to sign in, then call the tool again",
            standing(status, &self.app_name(connection))
        );
        self.with_link(FailureReason::NotConnected, message, connection).await
    }

    /// Says that the provider does not renew the user's access, and where a new sign-in may mend it.
    async fn refused(&self, connection: &Connection, why: &str) -> Failed {
        let message = format!("{why}. Ask the user to open the link and to sign in, then call the tool again");
        self.with_link(FailureReason::NotConnected, message, connection).await
    }

    async fn with_link(&self, why: FailureReason, message: String, connection: &Connection) -> Failed {
        self.linked(self.because(why, message), connection).await
    }

    /// The same failure with the link to the consent that mends it, or why none can be given.
    pub(super) async fn linked(&self, failed: Failed, connection: &Connection) -> Failed {
        match self.link(connection).await {
            Ok(link) => Failed { link: Some(link), ..failed },
            Err(error) => {
                let message = format!("{}. No link can be given: {}", failed.message, error.message());
                Failed { message, ..failed }
            }
        }
    }

    async fn link(&self, connection: &Connection) -> crate::Result<Link> {
        let (_, link) =
            link_for(&self.app, &self.ctx, connection, self.owner.clone(), Life::Chat, &Wishes::default()).await?;
        Ok(link)
    }
}

fn standing(status: &Status, app: &str) -> String {
    match status {
        Status::Expired(reason) => format!("the user's sign-in to {app} has ended: {}", reason.sentence()),
        Status::PendingVerification => format!("the user has signed in to {app}, but is not confirmed yet"),
        Status::Disconnected => format!("{app} was disconnected for this user"),
        Status::PendingAuth | Status::Active => format!("{app} is not connected for this user yet"),
    }
}

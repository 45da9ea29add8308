//! Whether a tool's call may begin: the connection, exactly this user's account on it, its status, its scopes.

use super::attempt::app_name;
use super::failed::{Failed, FailureReason};
use super::job::Job;
use super::usable::{Admission, Admitted, ConsentKind, ConsentNeeded, NotAdmitted};
use crate::accounts;
use crate::connections::{self, Wired};
use futures::future::join;
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::time::Instant;
use valetkey_connectors::Setting;
use valetkey_domain::account::{ConnectedAccount, Status};
use valetkey_domain::connection::Connection;

impl Admission for Job {
    /// The account of exactly (environment, connection, user), if it is ACTIVE and its consent covers the tool.
    async fn admit(&self) -> Result<Admitted, NotAdmitted> {
        let (app, ctx, id) = (&self.app, &self.ctx, &self.served.connection);
        // Side by side: on PostgreSQL each is a way to the server and back.
        let (mut connection, mut account) =
            join(connections::get_recent(app, ctx, id), accounts::find_recent(app, ctx, id, &self.owner)).await;
        if !self.will_do(connection.as_ref().ok(), account.as_ref().ok().and_then(Option::as_ref)) {
            (connection, account) =
                join(connections::get(app, ctx, id), accounts::find(app, ctx, id, &self.owner)).await;
        }
        let connection = connection.map_err(|error| self.before(&error))?;
        self.is_on(&connection)?;
        let account = account.map_err(|error| self.before(&error))?;
        if account.as_ref().is_some_and(|account| !self.through.means(&account.id)) {
            let message = "the call was not made: the account was replaced meanwhile. Call again";
            return Err(self.because(FailureReason::Busy, message).into());
        }
        let as_it_was = self.has_its_tools(&connection);
        let wired = self.wired(connection)?;
        if !as_it_was {
            let message = "the call was not made: another document was imported for its provider meanwhile. List the tools, \
                           and call again";
            return Err(self.because(FailureReason::Busy, message).into());
        }
        self.covered(self.usable(wired, account)?)
    }

    /// What it came through and its tool are as they were.
    async fn holds(&self, _: &Admitted) -> Result<(), Failed> {
        self.standing().await
    }
}

impl Job {
    /// Whether what it was called through still stands, and leads to this tool.
    pub(super) async fn standing(&self) -> Result<(), Failed> {
        let stands = self.through.stands(&self.app, &self.ctx, &self.served).await;
        if stands.map_err(|error| self.before(&error))? {
            return Ok(());
        }
        let message = "the call was not made: what it was called through was withdrawn or changed while it waited";
        Err(self.because(FailureReason::Off, message))
    }
}

/// How long a call waits for its user, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOKS: Duration = Duration::from_millis(500);

impl Job {
    /// Gives the user time to sign in, or to give their word, as they were just asked to; if too many calls wait for that,
    /// none, and what is missing is told as ever.
    pub(super) async fn wait_for_user(&self, arguments: &Map<String, Value>) {
        let waiting = self.app.limits.patience(&self.ctx.environment, &self.served.connection, &self.owner).await;
        if let Some(_waiting) = waiting {
            self.until_signed_in().await;
            self.until_decided(arguments).await;
        }
    }

    /// Returns once the user has given what the tool needs; or when that takes too long, nobody wants to know any more, or it
    /// cannot be said: what is missing then is told as ever.
    async fn until_signed_in(&self) {
        let end = Instant::now() + PATIENCE.min(self.spare());
        let mut told = false;
        while !self.cancellation.is_cancelled() && Instant::now() < end {
            let found = accounts::find(&self.app, &self.ctx, &self.served.connection, &self.owner).await;
            let Ok(account) = found else { return };
            let usable = account.filter(|account| account.status == Status::Active);
            if usable.is_some_and(|account| self.served.tool.missing_scopes(&account.scopes).is_empty()) {
                return;
            }
            if !std::mem::replace(&mut told, true) {
                self.ctx.progress.report(0, None, "waiting for the user to sign in");
            }
            tokio::select! {
                () = self.cancellation.cancelled() => {}
                () = tokio::time::sleep(LOOKS) => {}
            }
        }
    }

    /// The connection with the tool's connector; with its custom provider as that is now, if it is on one.
    fn wired(&self, connection: Connection) -> Result<Wired, Failed> {
        match connection.provider {
            Some(_) => Wired::of(&self.app, connection).map_err(|error| self.before(&error)),
            None => Ok(Wired::with(self.served.connector.clone(), connection)),
        }
    }

    /// Whether the provider has the imported tools that the call's tool is one of, if it is one of such.
    fn has_its_tools(&self, connection: &Connection) -> bool {
        let imported = self.served.connector.custom.as_ref().filter(|custom| !custom.tools_digest.is_empty());
        let now = connection.provider.as_ref();
        imported.is_none_or(|was| now.is_some_and(|now| now.tools_digest == was.tools_digest))
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

    /// Whether a call can go on with these. A refusal needs them as they are now: another process may just have mended what
    /// is missing.
    fn will_do(&self, connection: Option<&Connection>, account: Option<&ConnectedAccount>) -> bool {
        connection.is_some_and(|connection| connection.enabled && self.has_its_tools(connection))
            && account.is_some_and(|account| {
                account.status == Status::Active
                    && self.through.means(&account.id)
                    && self.served.tool.missing_scopes(&account.scopes).is_empty()
            })
    }

    /// A withheld scope is found before the call, so that the answer can say which consent is missing.
    fn covered(&self, admitted: Admitted) -> Result<Admitted, NotAdmitted> {
        let missing = self.served.tool.missing_scopes(&admitted.account.scopes);
        if missing.is_empty() {
            return Ok(admitted);
        }
        let failed = self.not_covered(&admitted.wired, &missing, &missing.join(", "))?;
        Err(NotAdmitted::Consent(Box::new(ConsentNeeded {
            failed,
            connection: admitted.wired.connection,
            account: Some(admitted.account.id),
            kind: ConsentKind::Scopes(missing),
        })))
    }

    /// That the user's consent lacks these scopes, `lacks` in words, to be told with the link at which they are granted.
    ///
    /// # Errors
    /// The same to be told without one: the connection asks for nothing else, so a link would lead the user in a circle.
    pub(super) fn not_covered(&self, wired: &Wired, missing: &[String], lacks: &str) -> Result<Failed, Failed> {
        let connection = &wired.connection;
        let (app, own) = (app_name(wired), &connection.settings.scopes);
        if !own.is_empty() && !missing.iter().all(|scope| own.contains(scope)) {
            let message = format!(
                "this tool needs a consent that connection '{}' does not ask for: {lacks}. Its developer has said which \
                 scopes it asks for, and can add it; the user cannot",
                connection.name
            );
            return Err(self.because(FailureReason::MissingScope, message));
        }
        let message = format!(
            "the user has connected {app}, but without the consent that this tool needs: {lacks}. Ask the user to open \
             the link and to grant it, then call the tool again"
        );
        Ok(self.because(FailureReason::MissingScope, message))
    }

    /// What to ask for where the app itself says that a consent is missing: the first that was not granted, for one that
    /// was has just not been enough; else what the tool would rather have.
    pub(super) fn preferred_scopes(&self, granted: &[String]) -> Vec<String> {
        let alternatives = self.served.tool.scopes.alternatives();
        let new = alternatives.iter().find(|scopes| scopes.iter().any(|scope| !granted.contains(scope)));
        new.or_else(|| alternatives.first()).cloned().unwrap_or_default()
    }
}

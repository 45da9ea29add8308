//! Whether a user's account can be used: the connection is on, exactly this user's account on it is ACTIVE, there is a
//! place among the calls in flight, and a credential. What is missing is said with the link that gives it.

use super::attempt::{Call, app_name};
use super::failed::{Failed, FailureReason};
use super::limits::{CallSlot, CallsOf};
use crate::connections::{self, Wired};
use crate::consent::{Life, Link, LinkOptions, link_for};
use crate::credentials::refresh::{self, Opened, Unusable};
use crate::servers::instance_page;
use http::Uri;
use std::time::Duration;
use tokio::time::Instant;
use valetkey_connectors::Lack;
use valetkey_domain::account::{ConnectedAccount, Owner, Status};
use valetkey_domain::connection::Connection;
use valetkey_domain::id::AccountId;

/// How long what was looked at stands without another look.
pub(super) const VALID_FOR: Duration = Duration::from_millis(100);

/// What a call works with.
pub(super) struct Admitted {
    pub(super) wired: Wired,
    pub(super) account: ConnectedAccount,
    /// What replaces scheme, host and port of the connector's API, for this account.
    pub(super) api_base: Option<String>,
    /// When it was looked at.
    pub(super) looked: Instant,
}

impl Admitted {
    /// What the paths of proxied requests are put behind.
    pub(super) fn proxy_base(&self) -> &str {
        self.api_base.as_deref().unwrap_or(&self.wired.connector.proxy_url)
    }

    /// The host that the connection leads to.
    fn host(&self) -> Option<String> {
        let remote = self.wired.connector.remote.as_ref();
        let address = remote.map(|remote| remote.address(self.api_base.as_deref()));
        let address: Uri = address.as_deref().unwrap_or_else(|| self.proxy_base()).parse().ok()?;
        address.host().map(str::to_owned)
    }
}

/// Why a call may not begin.
pub(super) enum NotAdmitted {
    /// As is said there.
    Failed(Failed),
    /// The user has to consent first. A link to that is made once the call has its place among those in flight.
    Consent(Box<ConsentNeeded>),
}

/// What a user has to consent to before a call may begin.
pub(super) struct ConsentNeeded {
    pub(super) failed: Failed,
    pub(super) connection: Connection,
    pub(super) account: Option<AccountId>,
    pub(super) kind: ConsentKind,
}

pub(super) enum ConsentKind {
    /// The user has to sign in, there or wherever else the instance lacks it.
    SignIn,
    /// The user is signed in, and has to grant these scopes too.
    Scopes(Vec<String>),
}

impl ConsentNeeded {
    fn calls_of(&self, owner: &Owner) -> CallsOf {
        match &self.account {
            Some(account) => CallsOf::Account(account.clone()),
            None => CallsOf::Unconnected(self.connection.id.clone(), owner.clone()),
        }
    }
}

impl From<Failed> for NotAdmitted {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

/// Looks whether a call may begin, and again when it had to wait. Nothing is written there.
pub(super) trait Admission {
    /// What the call works with, as it is now.
    async fn admit(&self) -> Result<Admitted, NotAdmitted>;

    /// Whether what was said before still holds of what it was called through, beside connection and account.
    async fn holds(&self, before: &Admitted) -> Result<(), Failed>;
}

impl Call {
    /// A connection that is on.
    pub(super) fn is_on(&self, connection: &Connection) -> Result<(), Failed> {
        if connection.enabled {
            return Ok(());
        }
        let message = format!("connection '{}' is switched off; the app's developer can switch it on", connection.name);
        Err(self.because(FailureReason::Off, message))
    }

    /// The account on this connection, if it is ACTIVE.
    pub(super) fn usable(&self, wired: Wired, account: Option<ConnectedAccount>) -> Result<Admitted, NotAdmitted> {
        let status = account.as_ref().map_or(Status::PendingAuth, |account| account.status.clone());
        match account {
            Some(account) if status == Status::Active => {
                let api_base = wired.api_base(&account).map_err(|why| {
                    let reason = match why.lack {
                        Lack::Allowed(_) => FailureReason::Forbidden,
                        Lack::Value | Lack::Host | Lack::Segment => FailureReason::NotConnected,
                    };
                    self.because(reason, format!("the call was not made: {why}"))
                })?;
                Ok(Admitted { wired, account, api_base, looked: Instant::now() })
            }
            account => Err(NotAdmitted::Consent(Box::new(ConsentNeeded {
                failed: self.not_signed_in(&wired, &status),
                connection: wired.connection,
                account: account.map(|account| account.id),
                kind: ConsentKind::SignIn,
            }))),
        }
    }

    /// The credential to call with, renewed first if it ends soon, or because the app refused this generation.
    pub(super) async fn credential(&self, admitted: &Admitted, refused: Option<i64>) -> Result<Opened, Failed> {
        let Admitted { wired, account, .. } = admitted;
        match refresh::credential(&self.app, &self.ctx, wired, account, refused).await {
            Ok(opened) => Ok(opened),
            Err(Unusable::SignIn(status)) => {
                Err(self.signing_in(self.not_signed_in(wired, &status), &wired.connection).await)
            }
            Err(Unusable::Later(why)) => Err(self.because(FailureReason::App, why)),
            Err(Unusable::Refused(why)) => Err(self.refused(&wired.connection, &why).await),
            Err(Unusable::Failed(error)) => Err(self.before(&error)),
        }
    }

    /// A place among the calls in flight, what the call works with, and its credential. All of that is as it was looked
    /// at a moment ago, however long had to be waited for a place or for a renewal.
    pub(super) async fn ready(&self, admission: &impl Admission) -> Result<(CallSlot, Admitted, Opened), Failed> {
        let (in_flight, mut admitted) = match admission.admit().await {
            Ok(admitted) => {
                let calls_of = CallsOf::Account(admitted.account.id.clone());
                (self.enter(calls_of, admitted.host()).await?, admitted)
            }
            Err(NotAdmitted::Failed(failed)) => return Err(failed),
            Err(NotAdmitted::Consent(needed)) => {
                let _in_flight = self.enter(needed.calls_of(&self.owner), None).await?;
                return Err(self.told(NotAdmitted::Consent(needed)).await);
            }
        };
        if admitted.looked.elapsed() > VALID_FOR {
            admitted = self.still(admission, &admitted).await?;
        }
        let mut credential = self.credential(&admitted, None).await?;
        if admitted.looked.elapsed() > VALID_FOR {
            admitted = self.still(admission, &admitted).await?;
            // One that was renewed just now and lives only for seconds is not renewed again for having been waited for.
            if admitted.account.credential.as_ref().map(|held| held.generation) != Some(credential.generation) {
                credential = self.credential(&admitted, None).await?;
            }
        }
        Ok((in_flight, admitted, credential))
    }

    async fn enter(&self, calls_of: CallsOf, host: Option<String>) -> Result<CallSlot, Failed> {
        let entering = self.app.limits.enter(&self.ctx.environment, calls_of, host, self.spare());
        tokio::select! {
            biased;
            () = self.cancellation.cancelled() => Err(self.because(FailureReason::Cancelled, "the call was cancelled")),
            entered = entering => entered.map_err(|full| self.full(&full)),
        }
    }

    /// What let the call begin, as it is now.
    pub(super) async fn still(&self, admission: &impl Admission, before: &Admitted) -> Result<Admitted, Failed> {
        admission.holds(before).await?;
        let now = match admission.admit().await {
            Ok(now) => now,
            Err(why) => return Err(self.told(why).await),
        };
        if now.account.id == before.account.id {
            return Ok(now);
        }
        let message = "the call was not made: the user's account was replaced while it waited. Call again";
        Err(self.because(FailureReason::Busy, message))
    }

    /// Whether a credential that the account holds was given for this address.
    pub(super) fn given_for(&self, account: &ConnectedAccount, uri: &http::Uri) -> bool {
        let given = account.credential.as_ref().zip(connections::origin(&uri.to_string()));
        given.is_some_and(|(credential, origin)| credential.audience.contains(&origin))
    }

    /// The same in words for the caller, with the link to the consent that is missing.
    async fn told(&self, why: NotAdmitted) -> Failed {
        let needed = match why {
            NotAdmitted::Failed(failed) => return failed,
            NotAdmitted::Consent(needed) => *needed,
        };
        match needed.kind {
            ConsentKind::SignIn => self.signing_in(needed.failed, &needed.connection).await,
            ConsentKind::Scopes(scopes) => self.linked(needed.failed, &needed.connection, scopes).await,
        }
    }

    /// That the user has to sign in, and why.
    fn not_signed_in(&self, wired: &Wired, status: &Status) -> Failed {
        let standing = standing(status, &app_name(wired));
        let message = format!("{standing}. Ask the user to open the link and to sign in, then {}", self.again);
        self.because(FailureReason::NotConnected, message)
    }

    /// The same failure with where the user signs in.
    async fn signing_in(&self, failed: Failed, connection: &Connection) -> Failed {
        if let Some(link) = self.page().await {
            return Failed { link: Some(link), ..failed };
        }
        self.linked(failed, connection, Vec::new()).await
    }

    /// The page of the instance that was called, where more is missing than the one connection.
    async fn page(&self) -> Option<Link> {
        let (instance, set) = self.server.as_ref()?;
        let asked = (set.mappings.as_slice(), set.options.user_verify_url.as_deref());
        match instance_page::link_if_several(&self.app, &self.ctx, instance, asked).await {
            Ok(link) => link,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(execution = %self.execution, error, "the link to an instance's page cannot be made");
                None
            }
        }
    }

    /// Says that the provider does not renew the user's access, and where a new sign-in may mend it.
    async fn refused(&self, connection: &Connection, why: &str) -> Failed {
        let message = format!("{why}. Ask the user to open the link and to sign in, then {}", self.again);
        self.with_link(FailureReason::NotConnected, message, connection).await
    }

    pub(super) async fn with_link(&self, why: FailureReason, message: String, connection: &Connection) -> Failed {
        self.linked(self.because(why, message), connection, Vec::new()).await
    }

    /// The same failure with the link to the consent that mends it, at which these scopes are asked for in any case, or
    /// why none can be given.
    pub(super) async fn linked(&self, failed: Failed, connection: &Connection, scopes: Vec<String>) -> Failed {
        match self.link(connection, scopes).await {
            Ok(link) => Failed { link: Some(link), ..failed },
            Err(error) => {
                let message = format!("{}. No link can be given: {}", failed.message, error.message());
                Failed { message, ..failed }
            }
        }
    }

    async fn link(&self, connection: &Connection, scopes: Vec<String>) -> crate::Result<Link> {
        let (owner, config_verify_url) = (self.owner.clone(), self.verify_url.clone());
        let wishes = LinkOptions { scopes, config_verify_url, ..LinkOptions::default() };
        let (_, link) = link_for(&self.app, &self.ctx, connection, owner, Life::Chat, &wishes).await?;
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

//! A request to an app's own API in a user's name: the caller says method, path and body, this server adds whose it is.
//!
//! ```text
//! send ──> task: account ── limits ── credential ── address ── intent ── exchange ── outcome ──> the app's answer
//! ```
//! What may begin is decided by the same functions as for tools. Where it goes is fixed by the connection: the caller's
//! path is put behind its base, and can't lead out of it. Bodies pass through in both directions; the answer is the
//! app's own, whatever its status, and what is ours is a [`Failed`].

mod address;
mod answer;
mod exchange;
mod headers;
mod record;

pub use answer::Answered;
pub use valetkey_outbound::Upload;

use super::attempt::Call;
use super::failed::{Failed, FailureReason};
use super::request_memory::RequestMemory;
use super::usable::{Admission, Admitted, NotAdmitted};
use crate::accounts::used::{self, Used};
use crate::connections::{self, Wired};
use crate::tenancy::clients;
use crate::{App, Error, accounts};
use exchange::{Exchange, ProxyRequest};
use http::{HeaderMap, Method, Response};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_domain::account::Owner;
use valetkey_domain::id::ExecutionId;
use valetkey_domain::name::Identifier;
use valetkey_domain::{Ctx, Kind};

/// A request to be made in a user's name.
pub struct ProxiedRequest {
    /// The connection's name.
    pub connection: String,
    /// The app's name for the user.
    pub identifier: Identifier,
    /// The method.
    pub method: Method,
    /// Path and query, as they were written.
    pub target: String,
    /// The headers; those of this door and of the connection go no further.
    pub headers: HeaderMap,
    /// The body.
    pub body: Upload,
    /// The memory that what is held of it takes.
    pub asked: RequestMemory,
}

/// Makes the request and gives the app's answer. From its beginning on it belongs to nobody who waits for it: what was
/// sent is recorded, whoever has gone away.
///
/// # Errors
/// Nothing came of it, or nobody knows: the message says what to do.
pub async fn send(app: &App, ctx: &Ctx, wanted: ProxiedRequest) -> Result<Response<Answered>, Failed> {
    let execution = ExecutionId::new(app.core.clock.as_ref(), app.core.rng.as_ref());
    let ProxiedRequest { connection, identifier, method, target, headers, body, asked: room } = wanted;
    let call = Call {
        app: app.clone(),
        ctx: ctx.clone(),
        owner: Owner::of(identifier),
        server: None,
        effect: headers::effect(&method, &headers),
        again: "send the request again",
        execution: execution.clone(),
        cancellation: CancellationToken::new(),
        verify_url: None,
    };
    let asked = ProxyRequest { method, target, headers };
    let proxied = Proxied { call, connection, asked };
    let span = tracing::error_span!("proxy", execution = %execution, outcome = tracing::field::Empty);
    let task = async move {
        let _room = room;
        proxied.perform(body).await
    };
    let task = app.core.tasks.spawn(task.instrument(span));
    task.await.unwrap_or_else(|error| {
        tracing::error!(%execution, %error, "a proxied request ended by a defect");
        Err(Failed::unknown(execution))
    })
}

/// One request, as its task holds it.
struct Proxied {
    call: Call,
    connection: String,
    asked: ProxyRequest,
}

impl Admission for Proxied {
    /// The account of exactly (environment, connection, user), if it is ACTIVE and the connection takes such requests.
    async fn admit(&self) -> Result<Admitted, NotAdmitted> {
        let Call { app, ctx, owner, .. } = &self.call;
        let connection =
            connections::by_name(app, ctx, &self.connection).await.map_err(|error| self.missing(&error))?;
        self.call.is_on(&connection)?;
        let wired = Wired::of(app, connection).map_err(|error| self.call.before(&error))?;
        if !wired.takes_proxied() {
            let message = format!(
                "proxy not enabled for provider: the developer of the app can switch it on for connection '{}'",
                wired.connection.name
            );
            return Err(self.call.because(FailureReason::Forbidden, message).into());
        }
        let account = accounts::find(app, ctx, &wired.connection.id, owner).await;
        let Some(account) = account.map_err(|error| self.call.before(&error))? else {
            let message =
                format!("'{}' has no connected account on connection '{}'", owner.identifier, wired.connection.name);
            return Err(self.call.because(FailureReason::NotFound, message).into());
        };
        self.call.usable(wired, Some(account))
    }

    /// The client that asked is still one of this environment.
    async fn holds(&self, _: &Admitted) -> Result<(), Failed> {
        let stands = clients::stands(&self.call.app, &self.call.ctx).await;
        if stands.map_err(|error| self.call.before(&error))? {
            return Ok(());
        }
        let message = "the request was not made: the client that asked was withdrawn while it waited";
        Err(self.call.because(FailureReason::Off, message))
    }
}

impl Proxied {
    async fn perform(&self, body: Upload) -> Result<Response<Answered>, Failed> {
        let begun = Instant::now();
        let (ended, connector) = self.attempt(body).await;
        let outcome = match &ended {
            Ok(answer) => record::outcome(answer.status()),
            Err(failed) => failed.why.as_str(),
        };
        tracing::Span::current().record("outcome", outcome);
        if let Some(connector) = connector {
            self.call.app.core.metrics.called(&connector, record::TOOL, outcome, begun.elapsed());
        }
        ended
    }

    /// What came of it, and whose app it was once that is known.
    async fn attempt(&self, body: Upload) -> (Result<Response<Answered>, Failed>, Option<String>) {
        match self.call.ready(self).await {
            Err(failed) => (Err(failed), None),
            Ok((in_flight, admitted, credential)) => {
                let connector = admitted.wired.connector.label().to_owned();
                let exchange = Exchange::new(&self.call, self, &self.asked, &admitted, credential);
                let ended = self.recorded(exchange, body).await;
                (ended.map(|answer| answer.map(|body| body.holding(in_flight))), Some(connector))
            }
        }
    }

    /// The request with its records: the intent before it leaves if it may change something, how it ended after it.
    async fn recorded(&self, mut exchange: Exchange<'_, Self>, body: Upload) -> Result<Response<Answered>, Failed> {
        let call = &self.call;
        let uri = exchange.address()?;
        let detail = record::detail(call, &self.asked, &uri, exchange.admitted).await?;
        record::intent(call, &detail).await?;
        reach(Failpoint::ExecuteIntentCommitted);
        let account = &exchange.admitted.account;
        used::note(&call.app, &call.ctx, Used::Account(account.id.clone()), account.last_used_at);
        let started = call.app.core.now();
        let ended = exchange.run(&uri, body).await;
        reach(Failpoint::ExecuteAnswered);
        let told = record::ended(call, detail, started, ended).await;
        reach(Failpoint::ExecuteRecorded);
        told
    }

    fn missing(&self, error: &Error) -> Failed {
        match error.kind() {
            Kind::NotFound => self.call.because(FailureReason::NotFound, error.message()),
            _ => self.call.before(error),
        }
    }
}

#[cfg(test)]
mod tests;

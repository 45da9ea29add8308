//! Where a credential meets a request, and the only place. It is added after all checks of where the request goes, and
//! an answer that says the access token is over gets one renewal and one more try.

use super::attempt::{Call, app_name};
use super::failed::{Failed, FailureReason};
use super::job::Job;
use super::standing::Standing;
use super::usable::Admitted;
use crate::Limit;
use crate::credentials::redact::Redactor;
use crate::credentials::refresh::Opened;
use crate::credentials::schemes;
use bytes::Bytes;
use futures::future::join_all;
use http::{Request, Response};
use std::sync::Mutex;
use std::time::Duration;
use valetkey_connectors::{FailureKind, Unsent};
use valetkey_core::queue::locked;
use valetkey_core::{Full, MemoryShare};
use valetkey_domain::Kind;
use valetkey_outbound::Limits;

/// What came back for each request, in their order.
type Replies = Vec<Result<Response<Bytes>, Unsent>>;

/// What came back in one round.
#[derive(Default)]
pub(super) struct Round {
    /// For each request, in their order.
    pub(super) replies: Replies,
    /// The memory that the long ones take.
    pub(super) memory: Vec<MemoryShare>,
}

impl Round {
    /// How many bytes it has.
    pub(super) fn size(&self) -> usize {
        self.replies.iter().flatten().map(|reply| reply.body().len()).sum()
    }
}

/// Sends one call's requests.
pub(super) struct Sender<'a> {
    job: &'a Job,
    admitted: &'a Admitted,
    standing: Standing<'a, Job>,
    /// Every credential that was used, the newest last: all of them must be looked for in what comes back.
    used: Vec<Opened>,
    received: usize,
    requests: u64,
    /// Whether this round has memory for a long answer. Only who has none may wait for some: else a call could wait for
    /// what it has itself.
    has_memory: tokio::sync::Mutex<bool>,
    memory: Mutex<Vec<MemoryShare>>,
}

/// Asks for memory for one answer.
struct Reading<'a, 'b> {
    sender: &'a Sender<'b>,
    time: Duration,
    share: Mutex<Option<MemoryShare>>,
    full: Mutex<Option<Full>>,
}

impl valetkey_outbound::Room for Reading<'_, '_> {
    async fn make(&self, bytes: usize) -> bool {
        let Call { app, ctx, .. } = &self.sender.job.call;
        let mut has_memory = self.sender.has_memory.lock().await;
        let timeout = if *has_memory { Duration::ZERO } else { self.time };
        let made = app.core.memory.to_read(&ctx.environment, bytes, timeout).await;
        *has_memory |= made.is_ok();
        match made {
            Ok(share) => *locked(&self.share) = Some(share),
            Err(full) => *locked(&self.full) = Some(full),
        }
        locked(&self.share).is_some()
    }
}

impl<'a> Sender<'a> {
    pub(super) fn new(job: &'a Job, admitted: &'a Admitted, credential: Opened) -> Self {
        let (has_memory, memory) = (tokio::sync::Mutex::new(false), Mutex::default());
        let standing = Standing::new(job, job, admitted);
        Self { job, admitted, standing, used: vec![credential], received: 0, requests: 0, has_memory, memory }
    }

    /// How many bytes the app has answered with so far.
    pub(super) fn received(&self) -> usize {
        self.received
    }

    /// Sends these requests at once and brings back their answers in the same order.
    pub(super) async fn round(&mut self, requests: Vec<Request<Bytes>>) -> Result<Round, Failed> {
        for request in &requests {
            self.check(request)?;
        }
        self.report_progress();
        let mut replies = self.send(requests.iter()).await?;
        let refused: Vec<usize> =
            (0..replies.len()).filter(|at| replies.get(*at).is_some_and(|reply| self.ended(reply))).collect();
        if !refused.is_empty() {
            self.again(&requests, &refused, &mut replies).await?;
        }
        self.requests += u64::try_from(requests.len()).unwrap_or(u64::MAX);
        *self.has_memory.get_mut() = false;
        let round = Round { replies, memory: std::mem::take(&mut *locked(&self.memory)) };
        self.received += round.size();
        Ok(round)
    }

    /// Renews the access token and repeats the requests that were refused. If all of the round are refused again the
    /// call is over; if only some, the token is good and the app means those requests alone.
    async fn again(
        &mut self,
        requests: &[Request<Bytes>],
        refused: &[usize],
        replies: &mut Replies,
    ) -> Result<(), Failed> {
        self.renew().await?;
        let again = self.send(refused.iter().filter_map(|at| requests.get(*at))).await?;
        if refused.len() == requests.len() && again.iter().all(|reply| self.ended(reply)) {
            return Err(self.rejected().await);
        }
        for (at, reply) in refused.iter().zip(again) {
            if let Some(place) = replies.get_mut(*at) {
                *place = reply;
            }
        }
        Ok(())
    }

    /// Takes every credential that was used out of what goes to the caller.
    pub(super) fn redactor(&self) -> Redactor {
        let secrets: Vec<_> = self.used.iter().flat_map(|opened| schemes::sent(&self.admitted.wired, opened)).collect();
        Redactor::of(&secrets.iter().collect::<Vec<_>>())
    }

    /// A request goes only where the connector reaches and the credential was given for, whatever a template made of
    /// the arguments.
    fn check(&self, request: &Request<Bytes>) -> Result<(), Failed> {
        let (uri, account) = (request.uri(), &self.admitted.account);
        let base = self.admitted.api_base.as_deref();
        let given = self.job.given_for(account, uri);
        if given && self.job.served.connector.allows(uri, base) {
            return Ok(());
        }
        let host = uri.host().unwrap_or_default();
        tracing::error!(execution = %self.job.execution, host, given, "a tool's request leads where its credential may not go");
        let message =
            format!("the call was stopped: '{host}' is not a place that this connection's credential may go to");
        Err(self.job.because(FailureReason::Off, message))
    }

    /// Tells how far the call is, from the second round on: most calls have one only, and end sooner than told.
    fn report_progress(&self) {
        if self.requests > 0 {
            self.job.ctx.progress.report(self.requests, None, "requests to the app answered");
        }
    }

    async fn send(&self, requests: impl Iterator<Item = &Request<Bytes>>) -> Result<Replies, Failed> {
        let signed = requests.map(|request| self.signed(request)).collect::<Result<Vec<_>, _>>()?;
        join_all(signed.into_iter().map(|request| self.one(request))).await.into_iter().collect()
    }

    /// The request with the newest credential.
    fn signed(&self, request: &Request<Bytes>) -> Result<Request<Bytes>, Failed> {
        let mut request = request.clone();
        let credential = self.used.last();
        credential
            .map_or(Ok(()), |opened| schemes::present(&mut request, &self.admitted.wired, opened))
            .map_err(|error| self.job.before(&error))?;
        Ok(request)
    }

    /// Fails as a whole if the call may not go on.
    async fn one(&self, request: Request<Bytes>) -> Result<Result<Response<Bytes>, Unsent>, Failed> {
        let Call { app, ctx, .. } = &self.job.call;
        let host = request.uri().host().unwrap_or_default();
        let turn = app.limits.turn(&ctx.environment, host, self.job.spare()).await;
        let _turn = match turn {
            Ok(turn) => turn,
            Err(full) => return Ok(Err(self.no_turn(&full))),
        };
        self.standing.leave().await?;
        Ok(self.exchange(request).await)
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unsent> {
        let Call { app, ctx, .. } = &self.job.call;
        let bounds = &app.core.settings.bounds;
        // A request ends before its call does, so that the call can still give what it has read by others.
        let limits = Limits { timeout: bounds.answer_time.min(self.job.spare()), max_bytes: bounds.answer_bytes };
        let reading = Reading { sender: self, time: limits.timeout, share: Mutex::default(), full: Mutex::default() };
        let answered = app.core.outbound.of(&ctx.environment).send_with(request, &limits, &reading).await;
        let answered = answered.map_err(|error| self.unanswered(&error, locked(&reading.full).take()))?;
        if let Some(mut share) = locked(&reading.share).take() {
            share.shrink_to(answered.body().len());
            locked(&self.memory).push(share);
        }
        Ok(answered)
    }

    fn no_turn(&self, full: &Full) -> Unsent {
        self.job.app.core.metrics.refused(full.limit);
        Unsent { kind: FailureKind::RateLimited, message: format!("{full}: try again in a moment") }
    }

    fn unanswered(&self, error: &valetkey_outbound::Error, full: Option<Full>) -> Unsent {
        let caution = if error.may_have_been_received() { self.job.caution() } else { "" };
        if let Some(full) = full {
            let unsent = self.no_turn(&full);
            return Unsent { message: format!("{}{caution}", unsent.message), ..unsent };
        }
        if error.kind() == Kind::ResourceExhausted {
            self.job.app.core.metrics.refused(Limit::Answer);
        }
        Unsent { kind: kind_of(error), message: format!("{error}{caution}") }
    }

    /// A new access token after the app refused the one that was used; at most one for a call.
    async fn renew(&mut self) -> Result<(), Failed> {
        let refused = self.used.last().map(|opened| opened.generation);
        if self.used.len() > 1 || !self.admitted.wired.renews() {
            return Err(self.rejected().await);
        }
        let renewed = self.job.credential(self.admitted, refused).await?;
        self.used.push(renewed);
        Ok(())
    }

    /// Whether the app says that the access token is over, so that a new one may help.
    fn ended(&self, reply: &Result<Response<Bytes>, Unsent>) -> bool {
        let connector = &self.job.served.connector;
        reply.as_ref().is_ok_and(|reply| connector.refuses_token(reply, self.job.app.core.now()))
    }

    /// The app refused a fresh access token too. That ends no account: whether a grant is over only the sign-in service
    /// can say, and apps have answered 401 to everybody while they were failing.
    async fn rejected(&self) -> Failed {
        let (job, wired) = (self.job, &self.admitted.wired);
        let renewed = if wired.renews() { ", though it was renewed a moment ago" } else { "" };
        let message = format!(
            "{} does not accept the user's sign-in{renewed}. The app may be failing: call again in a minute. If it goes on \
             like this, ask the user to open the link and to sign in again",
            app_name(wired)
        );
        job.linked(job.because(FailureReason::NotConnected, message), &wired.connection, Vec::new()).await
    }
}

/// What the machine makes of it: it repeats what may pass, and neither a refused address nor a too long answer does.
fn kind_of(error: &valetkey_outbound::Error) -> FailureKind {
    match error.kind() {
        Kind::DeadlineExceeded => FailureKind::Timeout,
        Kind::ResourceExhausted => FailureKind::InvalidInput,
        Kind::InvalidArgument => FailureKind::Forbidden,
        _ => FailureKind::Upstream,
    }
}

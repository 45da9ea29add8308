//! Where a proxied request and a credential meet, after all checks of where it goes; and one renewal if the app does not
//! take the credential.

use super::answer::Answered;
use super::{address, headers};
use crate::calls::attempt::Call;
use crate::calls::failed::{Failed, FailureReason};
use crate::calls::limits::HostSlot;
use crate::calls::standing::Standing;
use crate::calls::usable::{Admission, Admitted};
use crate::credentials::redact::Redactor;
use crate::credentials::refresh::Opened;
use crate::credentials::schemes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use url::Url;
use valetkey_connectors::lacks_scope;
use valetkey_core::{AnswerRoom, Full, Limit, rights};
use valetkey_outbound::{Download, Error, Limits, Upload};

/// What the caller asks for.
pub(super) struct ProxyRequest {
    pub(super) method: Method,
    /// Path and query, as they were written.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
}

/// One request and its answer.
pub(super) struct Exchange<'a, A> {
    call: &'a Call,
    standing: Standing<'a, A>,
    asked: &'a ProxyRequest,
    pub(super) admitted: &'a Admitted,
    /// Every credential that was used, the newest last.
    used: Vec<Opened>,
}

impl<'a, A: Admission> Exchange<'a, A> {
    pub(super) fn new(
        call: &'a Call,
        admission: &'a A,
        asked: &'a ProxyRequest,
        admitted: &'a Admitted,
        credential: Opened,
    ) -> Self {
        Self { call, standing: Standing::new(call, admission, admitted), asked, admitted, used: vec![credential] }
    }

    /// Where the request goes: below the connection's base, and only where its credential may.
    pub(super) fn address(&self) -> Result<Uri, Failed> {
        let Admitted { wired, account, api_base, .. } = self.admitted;
        let uri = address::below(self.admitted.proxy_base(), &self.asked.target);
        let uri =
            uri.map_err(|why| self.call.because(FailureReason::Arguments, format!("the request was not made: {why}")))?;
        if wired.connector.allows(&uri, api_base.as_deref()) && self.call.given_for(account, &uri) {
            return Ok(uri);
        }
        let host = uri.host().unwrap_or_default();
        tracing::error!(execution = %self.call.execution, host, "a proxied request leads where its credential may not go");
        let message =
            format!("the request was not made: '{host}' is not a place that this connection's credential may go to");
        Err(self.call.because(FailureReason::Forbidden, message))
    }

    /// Sends it, once more with a new credential if the app did not take the first and the body can be had again.
    ///
    /// Where it can't, the credential is renewed all the same: who asks again on a 401, as an SDK does, finds the new one.
    /// A 401 for a new credential is the app's answer.
    pub(super) async fn run(&mut self, uri: &Uri, body: Upload) -> Result<Response<Answered>, Failed> {
        let again = body.again();
        let (mut answer, mut turn) = self.pass(uri, body).await?;
        if refused(&answer)
            && self.renewed().await
            && let Some(body) = again
        {
            // Both are given back before more is asked for: one's own must not be waited for.
            drop((answer, turn));
            (answer, turn) = self.pass(uri, body).await?;
        }
        self.returned(uri, answer, turn).await
    }

    async fn pass(&self, uri: &Uri, body: Upload) -> Result<(Response<Download>, HostSlot), Failed> {
        let Call { app, ctx, .. } = self.call;
        let mut request = Request::new(body);
        *request.method_mut() = self.asked.method.clone();
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers::outgoing(&self.asked.headers, &self.admitted.wired.connector.headers);
        if let Some(newest) = self.used.last() {
            let presented = schemes::present(&mut request, &self.admitted.wired, newest);
            presented.map_err(|error| self.call.before(&error))?;
        }
        let turn = app.limits.turn(&ctx.environment, uri.host().unwrap_or_default(), self.call.spare()).await;
        let turn = turn.map_err(|full| self.full(&full))?;
        self.standing.leave().await?;
        let limits = Limits { timeout: self.call.left(), max_bytes: app.core.settings.bounds.proxy_answer_bytes };
        match app.core.outbound.of(&ctx.environment).pass(request, &limits).await {
            Ok(answer) => Ok((answer, turn)),
            Err(error) => Err(self.unanswered(&error)),
        }
    }

    /// Whether there is a newer credential than the one that was refused. One that can't be renewed stays in service: a
    /// 401 for whatever path somebody thought of ends no account.
    async fn renewed(&mut self) -> bool {
        let refreshable = self.admitted.account.credential.as_ref().is_some_and(|held| held.refreshable);
        let refused = self.used.last().map(|opened| opened.generation);
        if !refreshable {
            return false;
        }
        match self.call.credential(self.admitted, refused).await {
            Ok(renewed) => {
                self.used.push(renewed);
                true
            }
            Err(failed) => {
                tracing::info!(execution = %self.call.execution, why = failed.why.as_str(), "no new credential after a 401");
                false
            }
        }
    }

    /// The answer as it goes to the caller. Who may read users' tokens gets it as it comes; for others tokens are looked
    /// for in it first, since some apps echo requests.
    async fn returned(
        &self,
        uri: &Uri,
        answer: Response<Download>,
        turn: HostSlot,
    ) -> Result<Response<Answered>, Failed> {
        let Call { app, ctx, .. } = self.call;
        let (mut head, body) = answer.into_parts();
        let asked = Url::parse(&uri.to_string()).map_err(|error| self.call.before(&crate::Error::internal(error)))?;
        head.headers = headers::returned(&head.headers, self.admitted.proxy_base(), &asked);
        let redactor = self.redactor();
        let clean = head.headers.iter().filter(|(_, value)| !redactor.is_in_bytes(value.as_bytes()));
        head.headers = clean.map(|(name, value)| (name.clone(), value.clone())).collect();
        head.extensions = http::Extensions::new();
        head.version = http::Version::default();
        let trusted = rights::reads_secrets(&app.core, ctx).await.map_err(|error| self.call.before(&error))?;
        if trusted {
            return Ok(Response::from_parts(head, Answered::streamed(body, turn)));
        }
        let most = app.core.settings.bounds.answer_bytes;
        let room = app.core.memory.to_read(&ctx.environment, most, self.call.spare()).await;
        let room = room.map_err(|full| self.full(&full))?;
        let whole = body.whole(most).await.map_err(|error| self.unanswered(&error))?;
        let looked = app.core.tasks.spawn_blocking(move || (redactor.bytes(whole), room)).await;
        let (whole, reading) = looked.map_err(|_| Failed::unknown(self.call.execution.clone()))?;
        let mut room = AnswerRoom::default();
        let fitted = room.fit(&app.core.memory, &ctx.environment, whole.len(), self.call.spare()).await;
        let done = head.status.is_success();
        fitted.map_err(|full| if done { self.call.not_given(&full) } else { self.cautious(self.full(&full)) })?;
        drop(reading);
        Ok(Response::from_parts(head, Answered::whole(whole, room)))
    }

    fn redactor(&self) -> Redactor {
        let secrets: Vec<_> = self.used.iter().flat_map(|opened| schemes::sent(&self.admitted.wired, opened)).collect();
        Redactor::of(&secrets.iter().collect::<Vec<_>>())
    }

    fn full(&self, full: &Full) -> Failed {
        self.call.full(full)
    }

    fn cautious(&self, failed: Failed) -> Failed {
        Failed { message: format!("{}{}", failed.message, self.call.caution()), ..failed }
    }

    fn unanswered(&self, error: &Error) -> Failed {
        let caution = if error.may_have_been_received() { self.call.caution() } else { "" };
        let why = match error {
            Error::Forbidden { .. } => FailureReason::Forbidden,
            Error::Invalid { .. } => FailureReason::Arguments,
            Error::TooMuch { .. } => {
                self.call.app.core.metrics.refused(Limit::ProxyBody);
                FailureReason::Arguments
            }
            Error::TooLarge { .. } => {
                self.call.app.core.metrics.refused(Limit::ProxyAnswer);
                FailureReason::App
            }
            Error::TimedOut { .. } => FailureReason::Timeout,
            _ => FailureReason::App,
        };
        self.call.because(why, format!("{error}{caution}"))
    }
}

/// Whether a new credential may help: the app does not take this one, and not because its consent is too small.
fn refused(answer: &Response<Download>) -> bool {
    answer.status() == StatusCode::UNAUTHORIZED && !lacks_scope(answer.headers())
}

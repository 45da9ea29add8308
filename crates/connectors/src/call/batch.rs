//! The requests of one stage, some at a time, and their answers.

use crate::failure::{Failure, FailureKind, Unsent};
use crate::plan::Each;
use crate::rules::{self, Asked, Rules};
use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;
use valetkey_domain::Timestamp;

/// The longest that a call waits by itself when the app asks to slow down; longer is told to the model.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a batch wants next.
#[derive(Debug)]
pub(super) enum Progress {
    /// Send these.
    Send(Vec<Request<Bytes>>),
    /// Wait, then go on.
    Wait(Duration),
    /// The answer, or the list of them.
    Done(Value),
}

/// The requests of one stage.
#[derive(Debug)]
pub(super) struct Batch {
    waiting: VecDeque<(usize, Request<Bytes>)>,
    sent: Vec<(usize, Request<Bytes>)>,
    answers: Vec<Option<Value>>,
    many: bool,
    concurrency: usize,
    skip: Vec<u16>,
    /// Whether it has waited once already: a second time the model is told.
    waited: bool,
}

impl Batch {
    /// One request, and its answer as it is.
    pub(super) fn of_one(request: Request<Bytes>) -> Self {
        Self::new(vec![request], false, 1, Vec::new())
    }

    /// A request for each element, and the list of answers.
    pub(super) fn of_list(requests: Vec<Request<Bytes>>, each: &Each) -> Self {
        Self::new(requests, true, each.concurrency, each.skip.clone())
    }

    fn new(requests: Vec<Request<Bytes>>, many: bool, concurrency: usize, skip: Vec<u16>) -> Self {
        let answers = requests.iter().map(|_| None).collect();
        let waiting = requests.into_iter().enumerate().collect();
        Self { waiting, sent: Vec::new(), answers, many, concurrency, skip, waited: false }
    }

    /// How many requests it has.
    pub(super) const fn len(&self) -> usize {
        self.answers.len()
    }

    /// Takes the answers to what was sent, and goes on.
    pub(super) fn advance(
        &mut self,
        replies: Vec<Result<Response<Bytes>, Unsent>>,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<Progress, Failure> {
        let sent = std::mem::take(&mut self.sent);
        if replies.len() != sent.len() {
            let message = format!("{} requests were sent and {} answers came", sent.len(), replies.len());
            return Err(Failure::new(FailureKind::Upstream, message));
        }
        let mut pause = None;
        for ((at, request), reply) in sent.into_iter().zip(replies) {
            let asked = Asked { changes: request.method() != Method::GET, now };
            match outcome(reply, rules, asked) {
                Ok(value) => self.keep(at, value),
                Err(failure) if failure.status.is_some_and(|status| self.skip.contains(&status)) => {}
                Err(failure) if self.may_wait(&request, &failure) => {
                    pause = pause.max(Some(failure.retry_after.unwrap_or(Duration::from_secs(1))));
                    self.waiting.push_front((at, request));
                }
                Err(failure) => return Err(failure),
            }
        }
        if let Some(time) = pause {
            self.waited = true;
            return Ok(Progress::Wait(time));
        }
        Ok(self.go_on())
    }

    fn keep(&mut self, at: usize, value: Value) {
        if let Some(place) = self.answers.get_mut(at) {
            *place = Some(value);
        }
    }

    /// Only what changes nothing is repeated, once, and only after a short wait.
    fn may_wait(&self, request: &Request<Bytes>, failure: &Failure) -> bool {
        !self.waited
            && failure.kind == FailureKind::RateLimited
            && request.method() == Method::GET
            && failure.retry_after.is_none_or(|wait| wait <= PATIENCE)
    }

    fn go_on(&mut self) -> Progress {
        let count = self.concurrency.min(self.waiting.len());
        if count > 0 {
            self.sent = self.waiting.drain(..count).collect();
            return Progress::Send(self.sent.iter().map(|(_, request)| request.clone()).collect());
        }
        let mut answers = std::mem::take(&mut self.answers).into_iter().flatten();
        if self.many { Progress::Done(answers.collect()) } else { Progress::Done(answers.next().unwrap_or_default()) }
    }
}

/// What came of one request.
fn outcome(reply: Result<Response<Bytes>, Unsent>, rules: &Rules, asked: Asked) -> Result<Value, Failure> {
    let response = reply.map_err(|unsent| Failure::new(unsent.kind, unsent.message))?;
    let (status, headers, body) = (response.status(), response.headers(), response.body());
    let read = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(body) };
    match read {
        Ok(value) => rules.failure(asked, status, headers, &value).map_or(Ok(value), Err),
        Err(_) if !status.is_success() => Err(rules
            .failure(asked, status, headers, &Value::Null)
            .unwrap_or_else(|| rules.nonsense(asked, status, "nothing that can be read"))),
        Err(_) if !rules::is_json(headers) => Err(rules.nonsense(asked, status, "something that is not JSON")),
        Err(_) => Err(rules.nonsense(asked, status, "JSON that is cut short or malformed")),
    }
}

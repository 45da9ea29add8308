//! The requests of one stage, some at a time, and their answers. What failed for the moment and changes nothing is
//! asked again by itself, after the wait that the app asked for.

use super::clock::Clock;
use super::outcome::{Reader, outcome, passing};
use crate::failure::{Failure, FailureKind, Unsent};
use crate::plan::Each;
use crate::rules::FailedRequest;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;

/// How often one request is sent at most.
const MAX_TRIES: u32 = 3;
/// How often one batch waits at most.
const MAX_WAITS: u32 = 4;
/// The first wait where the app names none; each later one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);

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

/// What was asked for and stays unread.
#[derive(Clone, Debug)]
pub(super) struct Missing {
    /// What names the element: its id, or itself where it is one.
    pub(super) id: Value,
    /// Why.
    pub(super) failure: Failure,
}

/// One request.
#[derive(Debug)]
struct Ask {
    at: usize,
    id: Value,
    request: Request<Bytes>,
    /// How often it was sent.
    tries: u32,
}

/// The requests of one stage.
#[derive(Debug)]
pub(super) struct Batch {
    waiting: VecDeque<Ask>,
    sent: Vec<Ask>,
    answers: Vec<Option<Value>>,
    missing: Vec<Missing>,
    many: bool,
    /// Whether its requests change nothing, whatever their method: some apps read with POST.
    reads: bool,
    /// Whether what stays unread for the moment costs only itself.
    partial: bool,
    concurrency: usize,
    skip: Vec<u16>,
    waits: u32,
}

impl Batch {
    /// One request, and its answer as it is.
    pub(super) fn of_one(request: Request<Bytes>, reads: bool) -> Self {
        Self::new(vec![(Value::Null, request)], 1, reads)
    }

    /// A request for each element, with what names the element, and the list of answers. With `reads` some may be
    /// missing in it.
    pub(super) fn of_list(requests: Vec<(Value, Request<Bytes>)>, each: &Each, reads: bool) -> Self {
        let batch = Self::new(requests, each.concurrency, reads);
        Self { many: true, partial: reads, skip: each.skip.clone(), ..batch }
    }

    fn new(requests: Vec<(Value, Request<Bytes>)>, concurrency: usize, reads: bool) -> Self {
        let answers = requests.iter().map(|_| None).collect();
        let asks = requests.into_iter().enumerate();
        let waiting = asks.map(|(at, (id, request))| Ask { at, id, request, tries: 0 }).collect();
        let (sent, missing, skip) = (Vec::new(), Vec::new(), Vec::new());
        Self { waiting, sent, answers, missing, many: false, reads, partial: false, concurrency, skip, waits: 0 }
    }

    /// How many requests it has.
    pub(super) const fn len(&self) -> usize {
        self.answers.len()
    }

    /// What stayed unread.
    pub(super) fn missing(&mut self) -> Vec<Missing> {
        std::mem::take(&mut self.missing)
    }

    /// Takes the answers to what was sent, and goes on.
    pub(super) fn advance(
        &mut self,
        replies: Vec<Result<Response<Bytes>, Unsent>>,
        reader: &mut Reader<'_>,
        clock: Clock,
    ) -> Result<Progress, Failure> {
        let sent = std::mem::take(&mut self.sent);
        if replies.len() != sent.len() {
            let message = format!("{} requests were sent and {} answers came", sent.len(), replies.len());
            return Err(Failure::new(FailureKind::Upstream, message));
        }
        let mut pause = None;
        for (ask, reply) in sent.into_iter().zip(replies) {
            let asked = FailedRequest { changes: !self.changes_nothing(&ask), now: clock.now };
            match outcome(reply, reader, asked) {
                Ok(value) => self.keep(ask.at, value),
                Err(failure) if failure.status.is_some_and(|status| self.skip.contains(&status)) => {}
                Err(failure) => match self.wait(&ask, &failure, clock) {
                    Some(wait) => {
                        pause = pause.max(Some(wait));
                        // After those that were not asked for yet.
                        self.waiting.push_back(ask);
                    }
                    None => self.lose(ask, failure)?,
                },
            }
        }
        if let Some(time) = pause {
            self.waits += 1;
            // Who asks to slow down is asked for less at once.
            self.concurrency = (self.concurrency / 2).max(1);
            return Ok(Progress::Wait(time));
        }
        self.go_on(clock)
    }

    fn changes_nothing(&self, ask: &Ask) -> bool {
        self.reads || ask.request.method().is_safe()
    }

    fn keep(&mut self, at: usize, value: Value) {
        if let Some(place) = self.answers.get_mut(at) {
            *place = Some(value);
        }
    }

    /// How long to wait before a request is sent again; nothing where it is not: it may have changed something, it would
    /// fail again, it was sent often enough, or the call's time would be over.
    fn wait(&self, ask: &Ask, failure: &Failure, clock: Clock) -> Option<Duration> {
        let again = self.changes_nothing(ask) && ask.tries < MAX_TRIES && self.waits < MAX_WAITS;
        if !again || !passing(failure) {
            return None;
        }
        let own = FIRST_WAIT * 2_u32.pow(self.waits);
        Some(failure.retry_after.unwrap_or(own)).filter(|wait| clock.is_time_for(*wait))
    }

    /// A request that stays without an answer. Where one may, it costs only itself; where the app asks to slow down, the
    /// others are not even sent.
    fn lose(&mut self, ask: Ask, failure: Failure) -> Result<(), Failure> {
        let moment = matches!(failure.kind, FailureKind::RateLimited | FailureKind::Upstream | FailureKind::Timeout);
        if !(self.partial && self.changes_nothing(&ask) && moment) {
            return Err(failure);
        }
        let unsent = if failure.kind == FailureKind::RateLimited { self.waiting.split_off(0) } else { VecDeque::new() };
        let all = std::iter::once(ask).chain(unsent);
        self.missing.extend(all.map(|ask| Missing { id: ask.id, failure: failure.clone() }));
        Ok(())
    }

    fn go_on(&mut self, clock: Clock) -> Result<Progress, Failure> {
        let late = self.partial && self.answers.iter().any(Option::is_some) && !clock.is_time_for(Duration::ZERO);
        if late {
            let failure = Failure::new(FailureKind::Timeout, "The call's time ended before all could be read.");
            let unsent = self.waiting.drain(..);
            self.missing.extend(unsent.map(|ask| Missing { id: ask.id, failure: failure.clone() }));
        }
        let count = self.concurrency.min(self.waiting.len());
        if count > 0 {
            self.sent = self.waiting.drain(..count).map(|ask| Ask { tries: ask.tries + 1, ..ask }).collect();
            return Ok(Progress::Send(self.sent.iter().map(|ask| ask.request.clone()).collect()));
        }
        match self.missing.first() {
            // With nothing read there is nothing to give.
            Some(missing) if self.answers.iter().all(Option::is_none) => Err(missing.failure.clone()),
            _ => Ok(Progress::Done(self.done())),
        }
    }

    fn done(&mut self) -> Value {
        let mut answers = std::mem::take(&mut self.answers).into_iter().flatten();
        if self.many { answers.collect() } else { answers.next().unwrap_or_default() }
    }
}

//! From stage to stage.

use super::answer::{MAX_VALUES, Needed};
use super::batch::{Batch, Missing, Progress};
use super::clock::{Clock, Moments};
use super::each::{self, defect};
use super::outcome::Reader;
use super::{cut, not_read, render};
use crate::connector::{Requests, Tool, Work};
use crate::failure::{Failure, FailureKind, Unsent};
use crate::plan::{ANSWER, Action, MAX_CALLS, Next, Stage};
use crate::setting::Setting;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use valetkey_domain::tool::Effect;

/// What a call wants next.
#[derive(Debug)]
pub enum Step {
    /// Send these, without a credential yet; the answers come back in the same order.
    Send(Vec<Request<Bytes>>),
    /// Wait as long as the app asked, then go on without answers.
    Wait(Duration),
    /// The tool's answer.
    Done(Value),
    /// There will be none.
    Failed(Failure),
}

/// A call on its way.
#[derive(Debug)]
pub struct Run {
    tool: Arc<Requests>,
    setting: Setting,
    /// `input`, `call` with an `id` that no other call has, and what stages saved.
    scope: Map<String, Value>,
    stage: usize,
    batch: Option<Batch>,
    calls: usize,
    moments: Moments,
    /// How many values it may still hold.
    values: usize,
    /// How many elements were left unread at the end of a list.
    unread: usize,
    /// What was asked for in vain.
    missing: Vec<Missing>,
    /// The next page's token, where the header `Link` has it.
    linked: Option<Value>,
}

impl Tool {
    /// Starts a call with checked arguments.
    ///
    /// # Errors
    /// The connection's own base URL is not a plain http or https address; or the tool is a remote server's, which is
    /// called there.
    pub fn start(&self, arguments: Map<String, Value>, setting: Setting) -> Result<Run, Failure> {
        match &self.work {
            Work::Requests(requests) => Run::new(Arc::clone(requests), arguments, setting),
            Work::Remote(_) => Err(defect("a remote server's tool has no requests of ours")),
        }
    }
}

impl Run {
    /// A call with checked arguments.
    ///
    /// # Errors
    /// The connection's base URL is not a plain http or https address.
    pub(crate) fn new(tool: Arc<Requests>, arguments: Map<String, Value>, setting: Setting) -> Result<Self, Failure> {
        if let Some(base) = &setting.base_url {
            plain_address(base)?;
        }
        let id = serde_json::json!({"id": format!("{:032x}", setting.nonce)});
        let account = Value::Object(setting.api_config.clone());
        let scope = Map::from_iter([
            ("input".to_owned(), Value::Object(arguments)),
            ("call".to_owned(), id),
            ("account".to_owned(), account),
        ]);
        let moments = Moments::from(setting.now);
        let (values, unread, missing) = (MAX_VALUES, 0, Vec::new());
        Ok(Self {
            tool,
            setting,
            scope,
            stage: 0,
            batch: None,
            calls: 0,
            moments,
            values,
            unread,
            missing,
            linked: None,
        })
    }

    /// Goes on as far as it can: with nothing the first time and after a wait, else with the answers to what was sent.
    /// `left` is how much of the call's time is left: reads that failed for the moment are repeated within it, and what
    /// was read is given before it is over. After [`Step::Done`] or [`Step::Failed`] there is nothing left to ask.
    pub fn next(&mut self, replies: Vec<Result<Response<Bytes>, Unsent>>, left: Duration) -> Step {
        let clock = self.moments.at(left);
        let step = self.advance(replies, clock).unwrap_or_else(Step::Failed);
        if matches!(step, Step::Send(_)) {
            self.moments.sent(clock);
        }
        step
    }

    fn advance(&mut self, mut replies: Vec<Result<Response<Bytes>, Unsent>>, clock: Clock) -> Result<Step, Failure> {
        let tool = Arc::clone(&self.tool);
        while let Some(stage) = tool.plan.stages.get(self.stage) {
            if self.batch.is_none() && !self.enter(stage)? {
                continue;
            }
            let Some(batch) = &mut self.batch else { continue };
            let mut in_part = Vec::new();
            let mut reader = Reader {
                rules: &tool.upstream.rules,
                needed: Needed { demand: &stage.demand, list: tool.plan.list.as_deref() },
                left: &mut self.values,
                unread: &mut self.unread,
                form: stage.answer(),
                may_be_empty: stage.may_be_empty,
                graphql: stage.is_graphql().then_some(&mut in_part),
                most: tool.plan.output.max_bytes,
                link: tool.plan.output.link().map(|parameter| (parameter, &mut self.linked)),
                read_on: &tool.plan.output.read_on,
            };
            let progress = batch.advance(std::mem::take(&mut replies), &mut reader, clock)?;
            self.missing.extend(in_part.into_iter().map(|failure| Missing { id: Value::Null, failure }));
            match progress {
                Progress::Send(requests) => return Ok(Step::Send(requests)),
                Progress::Wait(time) => return Ok(Step::Wait(time)),
                Progress::Done(value) => {
                    self.missing.extend(batch.missing());
                    self.finish(stage, value);
                }
            }
        }
        self.answer(&tool).map(Step::Done)
    }

    /// Begins a stage; false if that was all there was to it.
    fn enter(&mut self, stage: &Stage) -> Result<bool, Failure> {
        if let Some(when) = &stage.when
            && !when.holds(&self.scope).map_err(|unusable| unusable.failure(defect))?
        {
            self.stage += 1;
            return Ok(false);
        }
        match &stage.action {
            Action::Native(native) => {
                let value = match &stage.each {
                    Some(each) => {
                        let partial = !self.changes();
                        let (value, lost) = each::worked(each, *native, &mut self.scope, &self.setting, partial)?;
                        self.missing.extend(lost);
                        value
                    }
                    None => native(&self.scope, &self.setting)?,
                };
                self.finish(stage, value);
                Ok(false)
            }
            Action::Call(call) => {
                let tool = Arc::clone(&self.tool);
                let request = |scope: &_, setting: &_| render::request(call, &tool.upstream, scope, setting);
                let batch = match &stage.each {
                    // A list with holes is an answer, and nothing to base a change on.
                    Some(each) => {
                        let requests = each::requests(each, &mut self.scope, &self.setting, request)?;
                        Batch::of_list(requests, each, !self.changes())
                    }
                    None => Batch::of_one(request(&self.scope, &self.setting)?, !self.changes()),
                };
                self.calls += batch.len();
                self.batch = Some(batch);
                if self.calls > MAX_CALLS { Err(too_many()) } else { Ok(true) }
            }
        }
    }

    fn changes(&self) -> bool {
        self.tool.effect != Effect::Read
    }

    fn finish(&mut self, stage: &Stage, value: Value) {
        self.scope.insert(stage.save.clone(), value);
        self.batch = None;
        self.stage += 1;
    }

    /// The answer, shaped and within its budget.
    fn answer(&mut self, tool: &Requests) -> Result<Value, Failure> {
        let output = &tool.plan.output;
        let scope = std::mem::take(&mut self.scope);
        let whole = if tool.plan.whole { Value::Object(scope) } else { only_answer(scope) };
        let apply = |shape: &crate::shape::Shape| shape.apply(&whole).map_err(|error| defect(error.to_string()));
        let next = match &output.next {
            Some((member, Next::Shape(shape))) => Some((member, apply(shape)?)),
            Some((member, Next::Link(_))) => Some((member, self.linked.take().unwrap_or_default())),
            None => None,
        };
        let mut value = match &output.shape {
            Some(shape) => apply(shape)?,
            None => whole,
        };
        if let (Some((member, token)), Value::Object(members)) = (next, &mut value) {
            members.insert(member.clone(), token);
            // Some apps end a list with an empty token. There is no page behind it, and so no token.
            members.retain(|name, token| name != member || is_token(token));
        }
        let beside = cut::Beside { unread: self.unread, not_read: not_read::note(&self.missing) };
        cut::fit(value, output, beside, self.changes())
    }
}

/// Whether a page stands behind it.
fn is_token(token: &Value) -> bool {
    match token {
        Value::String(token) => !token.trim().is_empty(),
        Value::Null | Value::Bool(_) => false,
        Value::Array(parts) => parts.iter().any(is_token),
        Value::Object(parts) => parts.values().any(is_token),
        Value::Number(_) => true,
    }
}

fn only_answer(mut scope: Map<String, Value>) -> Value {
    scope.remove(ANSWER).unwrap_or(Value::Null)
}

/// A connection's base URL has nothing but scheme, host, port and path.
fn plain_address(base: &str) -> Result<(), Failure> {
    let plain = Url::parse(base).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    if plain {
        return Ok(());
    }
    let message = "the connection's api_base_url is not an http or https address with nothing but host, port and path; \
                   an operator has to correct the connection";
    Err(Failure::new(FailureKind::Upstream, message))
}

fn too_many() -> Failure {
    Failure::invalid(format!(
        "this would take more than the {MAX_CALLS} requests that one call may make; ask for fewer things at once"
    ))
}

//! A tool's way to its answer, compiled: stages one after another, and how the answer is made of what they saved.

use crate::expression::Expression;
use crate::file::{AnswerForm, BodyForm, Over};
use crate::native::Native;
use crate::shape::{Demand, Shape};
use crate::target::Target;
use http::Method;
use serde_json::Value;

/// The name under which the one request of a tool without steps is saved.
pub(crate) const ANSWER: &str = "answer";
/// The most requests that one call may make.
pub(crate) const MAX_CALLS: usize = 50;
/// The most elements that a native goes through in one step.
pub(crate) const MAX_ELEMENTS: usize = 1_000;

/// All of a tool's stages and its output.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) stages: Vec<Stage>,
    /// Whether the shape sees the whole scope (tools with steps) or only the answer.
    pub(crate) whole: bool,
    pub(crate) output: Output,
    /// The path to the list of the one answer whose end may be left unread, because the answer would be cut there.
    pub(crate) list: Option<Vec<Box<str>>>,
}

impl Plan {
    /// A plan; `always` is what is read of every answer, whatever the tool does with it.
    pub(crate) fn new(mut stages: Vec<Stage>, whole: bool, output: Output, always: &Demand) -> Self {
        let shown = output.demand();
        let read = if whole { read_of_scope(&stages).and(&shown) } else { Demand::default() };
        let passed_on = !whole && output.shape.is_none() && *always == Demand::default();
        for stage in &mut stages {
            let saved = if whole { read.member(&stage.save).cloned().unwrap_or_default() } else { shown.clone() };
            // Of a list of answers each is read as an element of it.
            let one = if stage.each.is_some() { saved.element().cloned().unwrap_or_default() } else { saved };
            let one = one.and(always);
            let errors = Demand::path(std::iter::once("errors"));
            stage.demand = if stage.is_graphql() { one.and(&errors) } else { one };
            stage.may_be_empty = stage.demand == Demand::default() || stage.is_silent(passed_on);
        }
        let list = if whole { None } else { output.source() };
        Self { stages, whole, output, list }
    }
}

/// What stages read of the scope. A native may read anything.
fn read_of_scope(stages: &[Stage]) -> Demand {
    let mut read = Demand::default();
    for stage in stages {
        let fills = match &stage.action {
            Action::Native(_) => return Demand::whole(),
            Action::Call(call) => call.fills.as_slice(),
        };
        let computed = fills.iter().filter_map(|(_, fill)| match fill {
            Fill::Computed(expression) => Some(expression),
            Fill::Input(_) | Fill::Always(_) => None,
        });
        for expression in computed.chain(&stage.when).chain(stage.each.as_ref().map(|each| &each.list)) {
            for name in expression.reads() {
                read = read.and(&Demand::path(name.split('.')));
            }
        }
    }
    read
}

/// One stage.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) action: Action,
    pub(crate) save: String,
    pub(crate) when: Option<Expression>,
    pub(crate) each: Option<Each>,
    /// What is read of an answer; [`Plan::new`] finds it out.
    pub(crate) demand: Demand,
    /// Whether an answer without a word is one, although its status does not say that there is none; likewise.
    pub(crate) may_be_empty: bool,
}

impl Stage {
    /// Whether it asks in GraphQL, where a good answer may say that something went wrong.
    pub(crate) fn is_graphql(&self) -> bool {
        matches!(&self.action, Action::Call(call) if call.body == BodyForm::Graphql)
    }

    /// Whether it is answered without a word by the vendor's own description; or, with `unknown`, is a change of which
    /// that says nothing: many are done without a word.
    fn is_silent(&self, unknown: bool) -> bool {
        match &self.action {
            Action::Call(call) => match call.answers {
                Some(answers) => !answers,
                None => unknown && !call.method.is_safe() && !self.is_graphql(),
            },
            Action::Native(_) => false,
        }
    }

    /// What its requests are answered with.
    pub(crate) fn answer(&self) -> AnswerForm {
        match &self.action {
            Action::Call(call) => call.answer,
            Action::Native(_) => AnswerForm::Json,
        }
    }
}

/// What a stage does.
#[derive(Debug)]
pub(crate) enum Action {
    /// Sends a request.
    Call(Box<Call>),
    /// Runs a function of ours.
    Native(Native),
}

/// A stage that is done once for each element of a list.
#[derive(Debug)]
pub(crate) struct Each {
    pub(crate) list: Expression,
    pub(crate) element: String,
    pub(crate) limit: usize,
    pub(crate) concurrency: usize,
    /// Statuses that cost only their element.
    pub(crate) skip: Vec<u16>,
}

/// One request, before anything is filled in.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Scheme and host, where another description than the connector's first says them.
    pub(crate) origin: Option<String>,
    /// From the root of the host, with `{variables}`.
    pub(crate) path: String,
    /// Where it goes instead with a file beside its body, and the parameter that says so.
    pub(crate) upload: Option<Upload>,
    pub(crate) fills: Vec<(Target, Fill)>,
    /// How its body is written.
    pub(crate) body: BodyForm,
    /// What it is answered with.
    pub(crate) answer: AnswerForm,
    /// Whether there is an answer with something in it, where the vendor's description says so.
    pub(crate) answers: Option<bool>,
    /// Of an update, the arguments that say what changes: with nothing of it there is nothing to send.
    pub(crate) changes: Vec<String>,
}

/// Where a request with a file goes, as Discovery documents have it.
#[derive(Debug)]
pub(crate) struct Upload {
    /// From the root of the host, with `{variables}`.
    pub(crate) path: String,
    /// Name and value of a query parameter.
    pub(crate) says: (&'static str, &'static str),
}

/// Where a value comes from.
#[derive(Debug)]
pub(crate) enum Fill {
    /// An argument by name.
    Input(String),
    /// Always the same.
    Always(Value),
    /// Computed.
    Computed(Expression),
}

/// How the answer is made.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) shape: Option<Shape>,
    pub(crate) max_bytes: usize,
    pub(crate) list: Option<String>,
    pub(crate) spare: Vec<String>,
    pub(crate) over: Over,
    pub(crate) read_on: String,
    /// The member that the next page's token is answered in, and what finds the token.
    pub(crate) next: Option<(String, Next)>,
}

/// What finds the next page's token.
#[derive(Debug)]
pub(crate) enum Next {
    /// A shape, in the answer.
    Shape(Shape),
    /// A parameter of the address that the header `Link` names.
    Link(String),
}

impl Output {
    /// What is read of that of which the answer is made.
    fn demand(&self) -> Demand {
        let shown = self.shape.as_ref().map_or_else(Demand::whole, Shape::demand);
        self.next_shape().map_or(shown.clone(), |next| shown.and(&next.demand()))
    }

    const fn next_shape(&self) -> Option<&Shape> {
        match &self.next {
            Some((_, Next::Shape(shape))) => Some(shape),
            Some((_, Next::Link(_))) | None => None,
        }
    }

    /// The parameter of the next page's address that is its token, where the header `Link` names that address.
    pub(crate) fn link(&self) -> Option<&str> {
        match &self.next {
            Some((_, Next::Link(parameter))) => Some(parameter),
            Some((_, Next::Shape(_))) | None => None,
        }
    }

    /// The path to the list that is cut, where without its end the rest is as it would be.
    fn source(&self) -> Option<Vec<Box<str>>> {
        let list = self.list.as_deref().filter(|_| self.over == Over::Cut)?;
        let path = match &self.shape {
            Some(shape) => shape.source(list)?,
            None => vec![list.into()],
        };
        let free = self.next_shape().is_none_or(|next| !next.demand().touches(&path));
        free.then_some(path)
    }

    pub(crate) const fn heavy(&self) -> bool {
        match &self.shape {
            Some(shape) => shape.heavy(),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Catalog;
    use crate::connector::Work;
    use std::sync::Arc;

    const FILE: &str = r#"
connector: box
display_name: The Box
upstream: http
base_url: https://box.test/v1
proxy_url: https://box.test
hosts: [box.test]
description: {kind: manual, url: "https://box.test/docs", read_on: 2026-11-22}
auth: [{kind: oauth2, authorize_url: "https://box.test/a", token_url: "https://box.test/t"}]
errors: {message: .error.text}
tools:
  box_open:
    title: Open
    description: Lists the box and opens each thing that is in it.
    operation: list
    request: {method: GET, path: /things}
    effect: read
    steps:
      - {call: list, save: listed}
      - call: get
        request: {method: GET, path: "/things/{id}"}
        save: things
        when: listed.meta.open
        for_each: listed.items
        as: thing
        with: {path.id: thing.id}
    output: {shape: "{things: [.things[] | {id, name}], of: .listed.total}"}
  box_show:
    title: Show
    description: Shows what is in the box, as it is.
    operation: show
    request: {method: GET, path: /shown}
    effect: read
    output: {list: items, read_on: Ask for fewer.}
"#;

    #[test]
    fn what_is_read_of_each_answer_is_found_out() {
        let mut catalog = Catalog::shipped().unwrap();
        catalog.add("box.yaml", FILE).unwrap();
        let plan = |name: &str| match &catalog.tool(name).unwrap().1.work {
            Work::Requests(requests) => Arc::clone(requests),
            Work::Remote(_) => panic!("it has requests"),
        };
        let open = plan("box_open");
        let reads = |stage: usize, path: &str| {
            let path: Vec<Box<str>> = path.split('.').map(Into::into).collect();
            open.plan.stages[stage].demand.touches(&path)
        };
        for path in ["total", "items.anything", "meta.open"] {
            assert!(reads(0, path), "{path}");
        }
        for path in ["other", "meta.other", "error.text"] {
            assert!(!reads(0, path), "{path}");
        }
        assert!(reads(1, "id") && reads(1, "name") && !reads(1, "body"));
        let show = plan("box_show");
        assert!(show.plan.stages[0].demand.is_whole());
        assert_eq!(show.plan.list, Some(vec!["items".into()]));
        // Natives read what they like.
        let mails = plan("gmail_fetch_mails");
        assert!(mails.plan.stages.iter().all(|stage| stage.demand.is_whole()) && mails.plan.list.is_none());
    }
}

//! From a file that passed the check to a connector that can be called.

pub(crate) mod auth;

use crate::connector::{Connector, Requests, Tool, Upstream, Work};
use crate::error::Problem;
use crate::expression::Expression;
use crate::file::{
    AnswerForm, BodyForm, DescriptionKind, Empty, Field, File, ManualRequest, Ordered, Paginate, StepFile, ToolFile,
};
use crate::host::OwnHost;
use crate::input::{CLEAR, Input};
use crate::native;
use crate::plan::{ANSWER, Action, Call, Each, Fill, MAX_CALLS, MAX_ELEMENTS, Next, Output, Plan, Stage, Upload};
use crate::rules::Rules;
use crate::scopes::{ScopeIncludes, ScopeRule};
use crate::shape::{Demand, Shape};
use crate::sign_in::Verify;
use crate::target::Target;
use http::Method;
use indexmap::IndexMap;
use serde_json::Value;
use std::sync::{Arc, OnceLock};
use valetkey_domain::tool::{Hints, Tool as Definition};
use valetkey_vendor::{Digest, described};

/// The budget of an answer where the file names none.
const MAX_BYTES: usize = 60_000;
/// Requests at once where the file names none.
const CONCURRENCY: usize = 8;

/// Compiles a file. `digests` are of the APIs that it names, if it is described so.
///
/// # Errors
/// The first thing that does not compile, with its place. A file that passed the check has none.
pub(crate) fn connector(file: &File, digests: &[Digest]) -> Result<Connector, Problem> {
    let own_host = OwnHost::compile(&file.base_url, &file.hosts).map_err(|why| problem("base_url", why))?;
    let rules = Rules::compile(&file.display_name, &file.errors, &file.rate_limit);
    let headers: Vec<_> = file.headers.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    let upstream = Arc::new(Upstream {
        app: file.display_name.clone(),
        origin: own_host.written().to_owned(),
        hosts: file.hosts.clone(),
        headers: headers.clone(),
        rules: rules.map_err(|why| problem("errors", why))?,
    });
    let root = own_host.root().to_owned();
    let includes = Arc::new(ScopeIncludes::of(&file.scope_includes));
    let mut tools = IndexMap::new();
    for (name, tool) in file.tools.iter() {
        let body = tool.body.unwrap_or(file.body);
        let compiler = Compiler { at: format!("tools.{name}"), root: &root, digests, body, includes: &includes };
        tools.insert(name.to_owned(), Arc::new(compiler.tool(name, tool, &upstream)?));
    }
    Ok(Connector {
        slug: file.connector.clone(),
        display_name: file.display_name.clone(),
        alias_of: file.alias_of.clone(),
        hosts: file.hosts.clone(),
        proxy_url: file.proxy_url.clone(),
        ways: file.auth.iter().map(auth::way).collect::<Result<_, _>>()?,
        account_fields: auth::fields("account_fields", &file.account_fields, false)?,
        verify: file
            .verify
            .as_ref()
            .map(|verify| Verify::compile(verify, &root))
            .transpose()
            .map_err(|why| problem("verify", why))?,
        default_scopes: file.default_scopes.clone(),
        scope_words: file.scopes.iter().map(|(scope, words)| (scope.to_owned(), words.clone())).collect(),
        scope_includes: includes,
        headers,
        remote: None,
        checked: file.description.kind != DescriptionKind::Manual,
        not_yet: file.not_yet.iter().map(|(name, why)| (name.to_owned(), why.clone())).collect(),
        tools,
        custom: None,
        upstream,
        segment: OnceLock::new(),
        own_host,
        own_endpoints: Vec::new(),
    })
}

/// Compiles a tool that was imported: what it sends lies below its provider's address, which each account completes.
///
/// # Errors
/// The first thing that does not compile, with its place. A tool that passed the check has none.
pub(crate) fn imported(name: &str, tool: &ToolFile, upstream: &Arc<Upstream>) -> Result<Tool, Problem> {
    let body = tool.body.unwrap_or_default();
    let includes = Arc::default();
    Compiler { at: format!("tools.{name}"), root: "", digests: &[], body, includes: &includes }
        .tool(name, tool, upstream)
}

fn problem(at: impl Into<String>, why: impl Into<String>) -> Problem {
    Problem::new(at, why)
}

/// The arguments that say what an update changes: those that may be left out and are no part of the address. None where
/// the operation is no update, by its method or by its name.
fn changes(tool: &ToolFile, method: &Method) -> Vec<String> {
    let is_update =
        *method == Method::PATCH || [".update", ".edit", "Update"].iter().any(|end| tool.operation.ends_with(end));
    let places = ["body", "query", "variables", "media", "expression"];
    let says = |field: &Field| !field.required && places.contains(&field.map.split('.').next().unwrap_or_default());
    let mut named: Vec<String> =
        tool.input.iter().filter(|(_, field)| is_update && says(field)).map(|(name, _)| name.to_owned()).collect();
    if !named.is_empty() && tool.input.iter().any(|(_, field)| field.empty == Empty::ByClear) {
        named.push(CLEAR.to_owned());
    }
    named
}

/// A GraphQL document stands in the body as it is written.
fn document(text: Option<&String>) -> Option<(Target, Fill)> {
    let text = text?.split_whitespace().collect::<Vec<_>>().join(" ");
    Some((Target::Body(vec!["query".to_owned()]), Fill::Always(Value::String(text))))
}

struct Compiler<'a> {
    at: String,
    root: &'a str,
    digests: &'a [Digest],
    body: BodyForm,
    includes: &'a Arc<ScopeIncludes>,
}

impl Compiler<'_> {
    fn problem(&self, place: &str, why: impl Into<String>) -> Problem {
        problem(format!("{}.{place}", self.at), why)
    }

    fn tool(&self, name: &str, tool: &ToolFile, upstream: &Arc<Upstream>) -> Result<Tool, Problem> {
        let input =
            Input::compile(&tool.input, tool.versions, &tool.one_of).map_err(|why| self.problem("input", why))?;
        let stages = if tool.steps.is_empty() {
            vec![self.only(tool)?]
        } else {
            tool.steps.iter().enumerate().map(|(at, step)| self.stage(tool, at, step)).collect::<Result<_, _>>()?
        };
        Ok(Tool {
            definition: Definition {
                name: name.to_owned(),
                title: tool.title.clone(),
                description: tool.description.trim().to_owned(),
                input_schema: input.listed().clone(),
                output_schema: None,
                effect: tool.effect,
                hints: Hints::of(tool.effect),
            },
            keywords: tool.keywords.clone(),
            scopes: ScopeRule::of(tool.scopes.as_ref(), self.includes),
            work: Work::Requests(Arc::new(Requests {
                input,
                plan: Plan::new(stages, !tool.steps.is_empty(), self.output(tool)?, &upstream.rules.demand_of_good()),
                effect: tool.effect,
                upstream: Arc::clone(upstream),
            })),
        })
    }

    /// The one stage of a tool without steps.
    fn only(&self, tool: &ToolFile) -> Result<Stage, Problem> {
        let mut fills = self.mapped(&tool.input)?;
        fills.extend(self.written("", &tool.set, &tool.with)?);
        fills.extend(document(tool.document.as_ref()));
        let call = self.call(tool, (&tool.operation, tool.request.as_ref()), fills, tool.answer)?;
        Ok(Stage {
            action: Action::Call(Box::new(call)),
            save: ANSWER.to_owned(),
            when: None,
            each: None,
            demand: Demand::whole(),
            may_be_empty: false,
        })
    }

    fn stage(&self, tool: &ToolFile, at: usize, step: &StepFile) -> Result<Stage, Problem> {
        let place = format!("steps[{at}]");
        let expression = |key: &str, text: &String| {
            Expression::compile(text).map_err(|why| self.problem(&format!("{place}.{key}"), why))
        };
        let action = match (&step.call, &step.native) {
            (Some(operation), None) => {
                let mut fills = if *operation == tool.operation { self.mapped(&tool.input)? } else { Vec::new() };
                fills.extend(self.written(&format!("{place}."), &step.set, &step.with)?);
                fills.extend(document(step.document.as_ref()));
                let request = step.request.as_ref().or(tool.request.as_ref());
                Action::Call(Box::new(self.call(tool, (operation, request), fills, step.answer)?))
            }
            (None, Some(name)) => Action::Native(
                native::by_name(name).ok_or_else(|| self.problem(&place, format!("there is no native `{name}`")))?,
            ),
            _ => return Err(self.problem(&place, "a step has either `call` or `native`")),
        };
        let most = if step.call.is_some() { MAX_CALLS } else { MAX_ELEMENTS };
        let each = match &step.for_each {
            Some(list) => Some(Each {
                list: expression("for_each", list)?,
                element: step.element.clone().unwrap_or_else(|| "item".to_owned()),
                limit: step.limit.unwrap_or(most).min(most),
                concurrency: step.concurrency.unwrap_or(CONCURRENCY).clamp(1, CONCURRENCY),
                skip: step.skip.clone(),
            }),
            None => None,
        };
        Ok(Stage {
            action,
            save: step.save.clone().unwrap_or_else(|| ANSWER.to_owned()),
            when: step.when.as_ref().map(|text| expression("when", text)).transpose()?,
            each,
            demand: Demand::whole(),
            may_be_empty: false,
        })
    }

    fn call(
        &self,
        tool: &ToolFile,
        (operation, request): (&String, Option<&ManualRequest>),
        fills: Vec<(Target, Fill)>,
        answer: AnswerForm,
    ) -> Result<Call, Problem> {
        let found = described(self.digests, operation);
        let (method, path, origin) = match (&found, request) {
            (Some((digest, described)), _) => {
                (described.method.as_str(), described.path.clone(), Some(digest.base_url.clone()))
            }
            (None, Some(request)) => (request.method.as_str(), format!("{}{}", self.root, request.path), None),
            (None, None) => return Err(self.problem("operation", format!("nothing describes `{operation}`"))),
        };
        let method: Method =
            method.parse().map_err(|_| self.problem("operation", format!("`{method}` is no HTTP method")))?;
        let changes = if *operation == tool.operation { changes(tool, &method) } else { Vec::new() };
        // Google's way to take files: https://developers.google.com/workspace/drive/api/guides/manage-uploads
        let answers = found.and_then(|(digest, described)| {
            let speaks = digest.operations.values().any(|operation| operation.response.is_some());
            speaks.then_some(described.response.is_some())
        });
        let upload = found.and_then(|(_, described)| described.upload.clone());
        let upload = upload.map(|path| Upload { path, says: ("uploadType", "multipart") });
        Ok(Call { method, origin, path, upload, fills, body: self.body, answer, answers, changes })
    }

    /// What the arguments' own `map` says.
    fn mapped(&self, input: &Ordered<Field>) -> Result<Vec<(Target, Fill)>, Problem> {
        let sent = input.iter().filter(|(_, field)| !matches!(field.map.as_str(), "none" | "expression"));
        sent.map(|(name, field)| {
            let target = Target::parse(&field.map).map_err(|why| self.problem(&format!("input.{name}.map"), why))?;
            Ok((target, Fill::Input(name.to_owned())))
        })
        .collect()
    }

    fn written(
        &self,
        place: &str,
        set: &Ordered<Value>,
        with: &Ordered<String>,
    ) -> Result<Vec<(Target, Fill)>, Problem> {
        let mut fills = Vec::new();
        for (target, value) in set.iter() {
            let read = Target::parse(target).map_err(|why| self.problem(&format!("{place}set"), why))?;
            fills.push((read, Fill::Always(value.clone())));
        }
        for (target, text) in with.iter() {
            let at = format!("{place}with.{target}");
            let read = Target::parse(target).map_err(|why| self.problem(&at, why))?;
            let computed = Expression::compile(text).map_err(|why| self.problem(&at, why))?;
            fills.push((read, Fill::Computed(computed)));
        }
        Ok(fills)
    }

    fn output(&self, tool: &ToolFile) -> Result<Output, Problem> {
        let shape = |key: &str, text: &str| Shape::compile(text).map_err(|why| self.problem(key, why.to_string()));
        let next = match &tool.paginate {
            Some(Paginate { into, next: Some(next), .. }) => {
                Some((format!("next_{into}"), Next::Shape(shape("paginate.next", next)?)))
            }
            Some(Paginate { into, link: Some(link), .. }) => Some((format!("next_{into}"), Next::Link(link.clone()))),
            Some(_) | None => None,
        };
        Ok(Output {
            shape: tool.output.shape.as_deref().map(|text| shape("output.shape", text)).transpose()?,
            max_bytes: tool.output.max_bytes.unwrap_or(MAX_BYTES),
            list: tool.output.list.clone(),
            spare: tool.output.spare.clone(),
            over: tool.output.over,
            read_on: tool.output.read_on.clone().unwrap_or_default().trim().to_owned(),
            next,
        })
    }
}

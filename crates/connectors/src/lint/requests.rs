//! What a tool sends, held against the vendor's description.

use super::body::{Leaf, leaf};
use super::documents::{self, Filled, GraphqlRequest};
use super::problems::Problems;
use crate::file::{AnswerForm, BodyForm, Field, File, ManualRequest, Ordered, ToolFile};
use crate::scopes::ScopeRule;
use crate::target::{Media, Target};
use serde_json::Value;
use std::sync::Arc;
use url::Url;
use valetkey_domain::tool::Effect;
use valetkey_vendor::graphql::{Document, Graphql};
use valetkey_vendor::{Digest, Operation, Place, described};

/// One request of a tool, as written.
struct Written<'a> {
    at: String,
    /// The tool that it is of.
    tool: String,
    operation: &'a str,
    request: Option<&'a ManualRequest>,
    /// The arguments that go into it by their own `map`.
    input: Option<&'a Ordered<Field>>,
    set: &'a Ordered<Value>,
    with: &'a Ordered<String>,
    /// How its body is written.
    body: BodyForm,
    answer: AnswerForm,
    document: Option<&'a str>,
}

pub(super) fn check(
    file: &File,
    name: &str,
    tool: &ToolFile,
    digests: &[Digest],
    schema: Option<&Graphql>,
    problems: &mut Problems,
) {
    let written = all(name, tool, tool.body.unwrap_or(file.body));
    for request in &written {
        let targets = targets(request, problems);
        files(request, &targets, digests, problems);
        document(request, &targets, schema, problems);
        if digests.is_empty() {
            manual(request, &targets, problems);
        } else {
            held_against(file, request, &targets, digests, problems);
        }
    }
    let methods: Vec<&str> = written.iter().filter_map(|request| method(request, digests)).collect();
    effect(&format!("tools.{name}"), tool, &methods, problems);
    if !digests.is_empty() {
        scopes(&format!("tools.{name}"), tool, &written, digests, problems);
    }
}

/// What a tool sends that no digest describes.
pub(super) fn imported(name: &str, tool: &ToolFile, problems: &mut Problems) {
    let written = all(name, tool, tool.body.unwrap_or_default());
    for request in &written {
        let targets = targets(request, problems);
        files(request, &targets, &[], problems);
        document(request, &targets, None, problems);
        manual(request, &targets, problems);
    }
    let methods: Vec<&str> = written.iter().filter_map(|request| method(request, &[])).collect();
    effect(&format!("tools.{name}"), tool, &methods, problems);
}

fn all<'a>(name: &str, tool: &'a ToolFile, body: BodyForm) -> Vec<Written<'a>> {
    let request = tool.request.as_ref();
    let place = format!("tools.{name}");
    if tool.steps.is_empty() {
        let (input, set, with, answer) = (Some(&tool.input), &tool.set, &tool.with, tool.answer);
        let (at, operation, document) = (place.clone(), tool.operation.as_str(), tool.document.as_deref());
        return vec![Written { at, tool: place, operation, request, input, set, with, body, answer, document }];
    }
    let calls = tool.steps.iter().enumerate().filter_map(|(index, step)| Some((index, step, step.call.as_ref()?)));
    calls
        .map(|(index, step, operation)| Written {
            at: format!("{place}.steps[{index}]"),
            tool: place.clone(),
            operation,
            request: step.request.as_ref().or(request),
            input: (*operation == tool.operation).then_some(&tool.input),
            set: &step.set,
            with: &step.with,
            body,
            answer: step.answer,
            document: step.document.as_deref(),
        })
        .collect()
}

/// What stands behind a target: an argument, or what the file says under the target as it is written there.
#[derive(Clone, Copy)]
enum Source<'a> {
    Argument(&'a str, &'a Field),
    Always(&'a str, &'a Value),
    Computed(&'a str),
}

impl Source<'_> {
    /// Where it is written that it goes to a target.
    fn place(&self, request: &Written<'_>) -> String {
        match self {
            Source::Argument(name, _) => format!("{}.input.{name}.map", request.tool),
            Source::Always(target, _) => format!("{}.set.{target}", request.at),
            Source::Computed(target) => format!("{}.with.{target}", request.at),
        }
    }
}

fn targets<'a>(request: &Written<'a>, problems: &mut Problems) -> Vec<(Target, Source<'a>)> {
    let mut targets: Vec<(Target, Source<'a>)> = Vec::new();
    let mapped = request.input.into_iter().flat_map(Ordered::iter);
    let mapped = mapped.filter(|(_, field)| !matches!(field.map.as_str(), "none" | "expression"));
    let mapped = mapped.map(|(name, field)| (field.map.as_str(), Source::Argument(name, field)));
    let set = request.set.iter().map(|(target, value)| (target, Source::Always(target, value)));
    let with = request.with.keys().map(|target| (target, Source::Computed(target)));
    for (text, source) in mapped.chain(set).chain(with) {
        match Target::parse(text) {
            Err(why) => problems.add(source.place(request), why),
            Ok(target) if targets.iter().any(|(known, _)| *known == target) => {
                problems.add(source.place(request), format!("two values go to {target}"));
            }
            Ok(target) => targets.push((target, source)),
        }
    }
    targets
}

/// A GraphQL document, and what goes into its variables.
fn document(
    request: &Written<'_>,
    targets: &[(Target, Source<'_>)],
    schema: Option<&Graphql>,
    problems: &mut Problems,
) {
    let filled = targets.iter().filter_map(|(target, source)| {
        let Target::Body(path) = target else { return None };
        let (argument, always) = match source {
            Source::Argument(name, field) => (Some((*name, *field)), None),
            Source::Always(_, value) => (None, Some(*value)),
            Source::Computed(_) => (None, None),
        };
        Some(Filled { path, argument, always, sure: sure(source) })
    });
    let asked = GraphqlRequest {
        at: &request.at,
        operation: request.operation,
        body: request.body,
        document: request.document,
    };
    documents::check(&asked, &filled.collect::<Vec<_>>(), schema, problems);
}

/// A file goes only where files are taken, and comes only from where they are given.
fn files(request: &Written<'_>, targets: &[(Target, Source<'_>)], digests: &[Digest], problems: &mut Problems) {
    let at = request.at.as_str();
    let parts: Vec<Media> = targets
        .iter()
        .filter_map(|(target, _)| if let Target::Media(part) = target { Some(*part) } else { None })
        .collect();
    let content = parts.iter().any(|part| *part != Media::Type);
    problems.demand(
        parts.is_empty() || request.body == BodyForm::Multipart,
        at,
        "a file goes with `body: multipart` only",
    );
    problems.demand(
        parts.is_empty() || content,
        at,
        "there is a media.type, and nothing that goes to media.text or media.base64",
    );
    let Some((_, operation)) = described(digests, request.operation) else { return };
    problems.demand(parts.is_empty() || operation.upload.is_some(), at, &format!("{} takes no file", operation.id));
    let gives = request.answer == AnswerForm::Json || operation.download;
    problems.demand(gives, at, &format!("{} gives no file", operation.id));
}

fn held_against(
    file: &File,
    request: &Written<'_>,
    targets: &[(Target, Source<'_>)],
    digests: &[Digest],
    problems: &mut Problems,
) {
    let at = request.at.as_str();
    let Some((digest, operation)) = described(digests, request.operation) else {
        return problems.add(at, format!("the vendor's description has no operation `{}`", request.operation));
    };
    problems.demand(request.request.is_none(), at, "the description says method and path: leave out `request`");
    if digests.first().is_some_and(|first| first.id == digest.id) {
        problems.demand(lies_under(file, digest, operation), at, "its path does not lie under `base_url`");
    } else {
        problems.demand(is_listed(file, digest), at, &format!("the host of `{}` is not among `hosts`", digest.id));
    }
    // What goes into a GraphQL document's variables is held against the document.
    let plain = |target: &Target| request.document.is_none() || !matches!(target, Target::Body(_));
    for (target, source) in targets.iter().filter(|(target, _)| plain(target)) {
        let at = source.place(request);
        target_fits(&at, target, *source, operation, digest, problems);
    }
    for parameter in operation.parameters.iter().filter(|parameter| parameter.required) {
        let target = match parameter.place {
            Place::Path => Target::Path(parameter.name.clone()),
            Place::Query => Target::Query(parameter.name.clone()),
        };
        let given = targets.iter().find(|(known, _)| *known == target).map(|(_, source)| source);
        let sure = given.is_some_and(sure);
        problems.demand(sure, at, &format!("{target} is required by the vendor, and may be absent here"));
    }
    body_is_whole(request, targets, operation, digest, problems);
}

/// Whether there is always a value.
const fn sure(source: &Source<'_>) -> bool {
    match source {
        Source::Argument(_, field) => field.required || field.default.is_some(),
        Source::Always(..) | Source::Computed(_) => true,
    }
}

fn lies_under(file: &File, digest: &Digest, operation: &Operation) -> bool {
    let whole = format!("{}{}", digest.base_url, operation.path);
    whole.strip_prefix(file.base_url.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether the host of a further API is one that requests may go to.
fn is_listed(file: &File, digest: &Digest) -> bool {
    let host = Url::parse(&digest.base_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| file.hosts.contains(&host))
}

fn target_fits(
    at: &str,
    target: &Target,
    source: Source<'_>,
    operation: &Operation,
    digest: &Digest,
    problems: &mut Problems,
) {
    let place = match target {
        Target::Path(name) => Some((name, Place::Path)),
        Target::Query(name) => Some((name, Place::Query)),
        Target::Header(_) | Target::Media(_) => None,
        Target::Body(path) => {
            match leaf(operation, digest, path) {
                Err(why) => problems.add(at, why),
                Ok(leaf) => source_fits(at, target, source, &leaf, problems),
            }
            None
        }
    };
    let Some((name, place)) = place else { return };
    match operation.parameter(digest, name).filter(|parameter| parameter.place == place) {
        None => problems.add(at, format!("{} has no {target}", operation.id)),
        Some(parameter) => source_fits(at, target, source, &Leaf::of(parameter), problems),
    }
}

/// Types and enums of what is sent against those of where it goes.
fn source_fits(at: &str, target: &Target, source: Source<'_>, leaf: &Leaf, problems: &mut Problems) {
    match source {
        Source::Computed(_) => {}
        Source::Always(_, value) => {
            if let Err(why) = leaf.takes_value(value) {
                problems.add(at, format!("{target} is always {value}, which {why}"));
            }
        }
        Source::Argument(_, field) => {
            if let Err(why) = leaf.takes_field(field) {
                problems.add(at, format!("goes to {target}, which {why}"));
            }
        }
    }
}

/// GET and DELETE carry no body; required members are there.
fn body_is_whole(
    request: &Written<'_>,
    targets: &[(Target, Source<'_>)],
    operation: &Operation,
    digest: &Digest,
    problems: &mut Problems,
) {
    let at = request.at.as_str();
    let bodies: Vec<(&Vec<String>, bool)> = targets
        .iter()
        .filter_map(|(target, source)| if let Target::Body(path) = target { Some((path, sure(source))) } else { None })
        .collect();
    // Some apps want a body with DELETE; then their description says so.
    let none = operation.method == "GET" || (operation.method == "DELETE" && operation.body.is_none());
    problems.demand(bodies.is_empty() || !none, at, &format!("{} carries no body", operation.method));
    let Some(schema) = &operation.body else { return };
    if bodies.iter().any(|(path, _)| path.is_empty()) {
        return;
    }
    for (name, member) in &digest.resolve(schema).properties {
        let wanted = member.required_by.contains(&operation.id);
        let given = (request.document.is_some() && name == "query")
            || bodies.iter().any(|(path, sure)| path.first() == Some(name) && (*sure || path.len() > 1));
        problems.demand(
            given || !wanted,
            at,
            &format!("body.{name} is required by the vendor, and may be absent here"),
        );
    }
}

/// Without a description there is less to hold it against: method, path, and that its variables are filled.
fn manual(request: &Written<'_>, targets: &[(Target, Source<'_>)], problems: &mut Problems) {
    let at = request.at.as_str();
    let Some(written) = request.request else {
        return problems.add(at, "without a description of the vendor's, `request` says method and path");
    };
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&written.method.as_str());
    problems.demand(known, at, &format!("`{}` is no method that tools use", written.method));
    let plain = Url::parse("https://x.test").and_then(|base| base.join(&written.path.replace(['{', '}'], "")));
    let plain =
        plain.is_ok_and(|url| url.host_str() == Some("x.test") && url.query().is_none() && url.fragment().is_none());
    let climbs = written.path.split('/').any(|segment| segment == "." || segment == "..");
    let rooted = written.path.starts_with('/') && !written.path.starts_with("//") && !written.path.contains('\\');
    problems.demand(plain && rooted && !climbs, at, "its path is not a plain path that begins with one slash");
    for variable in written.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let filled = targets.iter().any(|(target, _)| *target == Target::Path(variable.to_owned()));
        problems.demand(filled, at, &format!("nothing fills path.{variable}"));
    }
    let none = written.method == "GET" || written.method == "DELETE";
    let body = targets.iter().any(|(target, _)| matches!(target, Target::Body(_) | Target::Media(_)));
    problems.demand(!(none && body), at, &format!("{} carries no body", written.method));
}

fn method<'a>(request: &Written<'a>, digests: &'a [Digest]) -> Option<&'a str> {
    // GraphQL asks with POST what others ask with GET.
    if let Some(document) = request.document.and_then(|text| Document::read(text).ok()) {
        return Some(if document.changes { "POST" } else { "GET" });
    }
    if digests.is_empty() {
        return Some(request.request?.method.as_str());
    }
    Some(described(digests, request.operation)?.1.method.as_str())
}

/// What a tool says of its effect against the methods that it uses.
fn effect(at: &str, tool: &ToolFile, methods: &[&str], problems: &mut Problems) {
    let only_reads = methods.iter().all(|method| *method == "GET");
    let deletes = methods.contains(&"DELETE");
    let agrees = match tool.effect {
        Effect::Read => only_reads,
        Effect::Write => !only_reads && !deletes,
        Effect::Destructive => !only_reads,
    };
    let why = format!(
        "effect `{}` contradicts its methods ({}) without an `excuse`",
        tool.effect.as_str(),
        methods.join(", ")
    );
    problems.demand(agrees || tool.excuse.is_some(), &format!("{at}.effect"), &why);
}

/// Every alternative of the tool's rule allows every operation that it calls, and names only scopes that exist.
fn scopes(at: &str, tool: &ToolFile, written: &[Written<'_>], digests: &[Digest], problems: &mut Problems) {
    let at = format!("{at}.scopes");
    let rule = ScopeRule::of(tool.scopes.as_ref(), &Arc::default());
    // Some descriptions say nothing of scopes. Then the file's are from documentation, and nothing tells them wrong.
    if digests.iter().all(|digest| digest.scopes.is_empty()) {
        return;
    }
    problems.demand(!rule.alternatives().is_empty(), &at, "the vendor names scopes for this, so the tool does too");
    for alternative in rule.alternatives() {
        for scope in alternative {
            let known = digests.iter().any(|digest| digest.scopes.contains(scope));
            problems.demand(known, &at, &format!("`{scope}` is no scope of this API"));
        }
        for (_, operation) in written.iter().filter_map(|request| described(digests, request.operation)) {
            let enough = alternative.iter().any(|scope| operation.scopes.contains(scope));
            let why = format!("`{}` does not allow {}", alternative.join(" "), operation.id);
            problems.demand(enough, &at, &why);
        }
    }
}

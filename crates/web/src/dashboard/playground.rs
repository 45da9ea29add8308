//! The playground: one call of a tool as a user, the same that the API's `ExecuteTool` makes, with its arguments and its
//! answer side by side. The journal names the member who made it.

use super::bounded::pretty;
use super::frame::Section;
use super::pages::{CallOutcome, Exposed, Playground, ToolForm};
use super::schema_form::{arguments, fields, json};
use super::visit::{Answer, Fields, Posted, Visit};
use serde_json::{Map, Value};
use std::sync::Arc;
use valetkey_app::calls::{self, CallResult};
use valetkey_app::connections::{self, Connector, KnownTool, Wired, imports};
use valetkey_app::insight::why::{self, Question};
use valetkey_app::tools::{self, AccountQuery, Scope, meant};
use valetkey_app::{Error, Page, accounts};
use valetkey_domain::member::Right;
use valetkey_domain::name::Identifier;
use valetkey_domain::tool::{Effect, Tool};
use valetkey_domain::{Ctx, Kind};

/// How many connections and users are offered; others can be typed.
const OFFERED: u32 = 200;

/// How many tools of a remote server are offered.
const REMOTE: u32 = 1_000;

/// The way to a tool's form: a connection, a user, a tool.
pub(crate) async fn show(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let choice = Choice::of(|name| visit.query(name).to_owned());
    let prepared = prepared(&visit, &ctx, &choice, &Fields::default()).await;
    let (page, _) = prepared.map_err(|error| visit.fail(&error))?;
    Ok(visit.page(&page))
}

/// What is to be called, for whom.
struct Choice {
    connection: String,
    user: String,
    tool: String,
    query: String,
}

impl Choice {
    fn of(named: impl Fn(&str) -> String) -> Self {
        Self { connection: named("connection"), user: named("user"), tool: named("tool"), query: named("q") }
    }
}

/// The page as far as the choice goes, and the tool if it goes so far. A name that nothing has is told on the page.
async fn prepared(
    visit: &Visit,
    ctx: &Ctx,
    choice: &Choice,
    sent: &Fields,
) -> Result<(Playground, Option<Tool>), Error> {
    let mut page = first(visit, ctx, choice).await?;
    if choice.connection.is_empty() {
        return Ok((page, None));
    }
    let found_tools = async {
        let wired = wired(visit, ctx, &choice.connection).await.map_err(|error| ("connection", error))?;
        let tools = tools_of(visit, ctx, &wired, &choice.user).await.map_err(|error| ("user", error))?;
        Ok::<_, (&'static str, Error)>((wired.connector, tools))
    };
    let (connector, tools) = match found_tools.await {
        Ok(found) => found,
        Err((at, error)) if is_told(error.kind()) => {
            return Ok((Playground { at, wrong: Some(super::sentence::sentence(error.message())), ..page }, None));
        }
        Err((_, error)) => return Err(error),
    };
    let filter = accounts::Filter { connections: vec![choice.connection.clone()], ..Default::default() };
    let listed = accounts::list(&visit.web.app, ctx, &filter, &Page { size: OFFERED, after: None }).await?;
    page.users = listed.items.iter().map(|account| account.owner.identifier.to_string()).collect();
    if choice.tool.is_empty() {
        page.tools = found(&connector, &tools, &choice.query);
        return Ok((page, None));
    }
    let Some(tool) = tools.iter().map(|tool| &tool.definition).find(|tool| tool.name == choice.tool).cloned() else {
        page.tools = found(&connector, &tools, "");
        let wrong = format!("{} has no tool {}.", connector.display_name, choice.tool);
        return Ok((Playground { wrong: Some(wrong), ..page }, None));
    };
    page.tool = Some(ToolForm {
        exposed: super::picks::exposed(&connector, &tool),
        fields: fields(&tool.input_schema, sent),
        whole: sent.text("whole").to_owned(),
        whole_wrong: None,
    });
    Ok((page, Some(tool)))
}

async fn first(visit: &Visit, ctx: &Ctx, choice: &Choice) -> Result<Playground, Error> {
    let all = connections::Filter::default();
    let listed = connections::list(&visit.web.app, ctx, &all, &Page { size: OFFERED, after: None }).await?;
    Ok(Playground {
        frame: visit.frame(Section::Playground),
        connection: choice.connection.clone(),
        connections: listed.items.iter().map(|connection| connection.name.to_string()).collect(),
        user: choice.user.clone(),
        users: Vec::new(),
        query: choice.query.clone(),
        tools: Vec::new(),
        tool: None,
        outcome: None,
        at: "",
        wrong: None,
    })
}

/// Whether the page says what went wrong, with all that was typed, and a call or a look can be tried again from it.
fn is_told(kind: Kind) -> bool {
    let again = [Kind::Unavailable, Kind::Aborted, Kind::DeadlineExceeded, Kind::Cancelled, Kind::ResourceExhausted];
    again.contains(&kind) || matches!(kind, Kind::InvalidArgument | Kind::NotFound | Kind::FailedPrecondition)
}

/// The tools of a connection: a remote server's are those that it lists to the user.
async fn tools_of(visit: &Visit, ctx: &Ctx, wired: &Wired, user: &str) -> Result<Vec<Arc<KnownTool>>, Error> {
    let app = &visit.web.app;
    if wired.connector.remote.is_none() {
        return imports::known(app, ctx, wired).await;
    }
    let name = wired.connection.name.to_string();
    let (user, scope) = (Identifier::parse(user)?, Scope { connections: vec![name.clone()], ..Scope::default() });
    let listed = tools::scoped(app, ctx, &user, &scope, &Page { size: REMOTE, after: None }).await?;
    if listed.items.is_empty() {
        let message = format!(
            "{name} is on a remote server, which lists its tools to a user who has signed in there: '{user}' has not, or it \
             lists none to this user"
        );
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    Ok(listed.items.into_iter().map(|one| one.offer.tool).collect())
}

async fn wired(visit: &Visit, ctx: &Ctx, connection: &str) -> Result<Wired, Error> {
    Wired::of(&visit.web.app, connections::by_name(&visit.web.app, ctx, connection).await?)
}

/// The tools whose name or description has every word of a search.
fn found(connector: &Connector, tools: &[Arc<KnownTool>], query: &str) -> Vec<Exposed> {
    let query = query.to_lowercase();
    let words: Vec<&str> = query.split([' ', '_']).filter(|word| !word.is_empty()).take(10).collect();
    let fits = |tool: &Tool| {
        let text = format!("{} {}", tool.name, tool.description).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let all = tools.iter().map(|tool| &tool.definition).filter(|tool| fits(tool));
    all.map(|tool| super::picks::exposed(connector, tool)).collect()
}

/// Calls the tool.
pub(crate) async fn call(Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let choice = Choice::of(|name| form.text(name).to_owned());
    let prepared = prepared(&visit, &ctx, &choice, &form).await;
    let (page, tool) = prepared.map_err(|error| visit.fail(&error))?;
    let Some(tool) = tool else { return Ok(visit.page(&page)) };
    let (page, arguments) = match filled(page, &tool, &form) {
        Ok(filled) => filled,
        Err(page) => return Ok(visit.page(&*page)),
    };
    let outcome = called(&visit, &ctx, &choice, arguments).await;
    Ok(match outcome {
        Ok(outcome) => visit.page(&Playground { outcome: Some(outcome), ..page }),
        Err(error) if is_told(error.kind()) => {
            let at = if Identifier::parse(&choice.user).is_err() { "user" } else { "" };
            visit.page(&Playground { at, wrong: Some(super::sentence::sentence(error.message())), ..page })
        }
        Err(error) => return Err(visit.fail(&error)),
    })
}

/// The arguments that a form says; else the form again with what is wrong.
fn filled(
    mut page: Playground,
    tool: &Tool,
    form: &Fields,
) -> Result<(Playground, Map<String, Value>), Box<Playground>> {
    let again = |page, wrong: &str| Box::new(Playground { wrong: Some(wrong.to_owned()), ..page });
    let Some(shown) = page.tool.as_mut() else { return Err(Box::new(page)) };
    let arguments = if shown.whole.is_empty() {
        match arguments(shown.fields.clone(), &tool.input_schema) {
            Ok(arguments) => arguments,
            Err(fields) => {
                shown.fields = fields;
                return Err(again(page, "The call was not made: some fields do not fit."));
            }
        }
    } else {
        match json(&shown.whole) {
            Ok(Value::Object(arguments)) => arguments,
            wrong => {
                shown.whole_wrong = Some(wrong.err().unwrap_or_else(|| "This is JSON, but no object.".to_owned()));
                return Err(again(page, "The call was not made: the arguments do not fit."));
            }
        }
    };
    if tool.effect == Effect::Destructive && !form.has("meant") {
        return Err(again(page, "The call was not made: this tool can destroy what is there. Tick that you mean it."));
    }
    Ok((page, arguments))
}

async fn called(
    visit: &Visit,
    ctx: &Ctx,
    choice: &Choice,
    arguments: Map<String, Value>,
) -> Result<CallOutcome, Error> {
    let app = &visit.web.app;
    let (request, _) = pretty(&Value::Object(arguments.clone()));
    let identifier = Identifier::parse(&choice.user)?;
    let asked = AccountQuery {
        connection: Some(choice.connection.clone()),
        identifier: Some(identifier.clone()),
        ..AccountQuery::default()
    };
    let begun = app.now();
    let took = || app.now().as_millisecond() - begun.as_millisecond();
    let room = calls::RequestMemory::room(app, ctx, request.len()).await?;
    let result = match meant(app, ctx, &choice.tool, asked).await {
        Ok(meant) => calls::execute(app, ctx, meant, arguments, None, room).answer().await,
        Err(error) if error.kind() == Kind::NotFound => {
            let steps = why_of(visit, ctx, choice, identifier).await?;
            let words = super::sentence::sentence(error.message());
            return Ok(CallOutcome { words, steps, ..outcome(request, took()) });
        }
        Err(error) => return Err(error),
    };
    Ok(match result {
        CallResult::Done(done) => {
            let (answer, cut) = pretty(&done.data);
            let execution = done.execution.to_string();
            CallOutcome { done: true, answer, cut, execution, ..outcome(request, took()) }
        }
        CallResult::Failed(failed) => CallOutcome {
            words: super::sentence::sentence(&failed.said()),
            link: failed.link.as_ref().map(|link| link.url.clone()),
            execution: failed.execution.to_string(),
            steps: why_of(visit, ctx, choice, identifier).await?,
            ..outcome(request, took())
        },
    })
}

fn outcome(request: String, took: i64) -> CallOutcome {
    CallOutcome {
        done: false,
        request,
        answer: String::new(),
        cut: false,
        words: String::new(),
        link: None,
        execution: String::new(),
        took,
        steps: Vec::new(),
    }
}

async fn why_of(
    visit: &Visit,
    ctx: &Ctx,
    choice: &Choice,
    user: Identifier,
) -> Result<Vec<super::pages::StepRow>, Error> {
    let question = Question::User(choice.connection.clone(), user);
    let why = why::why(&visit.web.app, ctx, question, Some(&choice.tool)).await?;
    Ok(super::why::rows(visit, &why))
}

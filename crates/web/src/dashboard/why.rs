//! Why a call doesn't work: a page to ask on, and the same answer on the pages of accounts and instances.

use super::frame::Section;
use super::pages::{LinkForm, MendRow, StepRow, WhyPage};
use super::visit::{Answer, Fields, Posted, Visit};
use valetkey_app::Error;
use valetkey_app::insight::why::{self, Question, RemedyPlace, State, Step, Why};
use valetkey_domain::id::{AccountId, InstanceId};
use valetkey_domain::member::Right;
use valetkey_domain::name::Identifier;
use valetkey_domain::{Ctx, Kind, Secret};

/// Longer than any name, id or URL that can be asked about.
const LONGEST: usize = 4_096;

/// The form.
pub(crate) async fn form(visit: Visit) -> Answer {
    visit.enter(Right::See)?;
    let known = |name| visit.query(name).to_owned();
    let asked = (known("what"), known("user"), known("tool"));
    Ok(visit.page(&page(&visit, asked, Vec::new())))
}

/// The answer. A URL is a credential, so that it comes in a form and is not shown again.
pub(crate) async fn ask(Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let asked = |name| form.text(name).to_owned();
    let shown = if is_url(form.text("what")) { String::new() } else { asked("what") };
    let told = (shown, asked("user"), asked("tool"));
    let answer = match question(&form) {
        Ok(question) => {
            let answer = why::why(&visit.web.app, &ctx, question, form.some("tool").as_deref()).await;
            answer.map_err(|error| ("what", error))
        }
        Err(wrong) => Err(wrong),
    };
    match answer {
        Ok(why) => Ok(visit.page(&page(&visit, told, rows(&visit, &why)))),
        Err((at, error)) if matches!(error.kind(), Kind::InvalidArgument | Kind::NotFound) => {
            let wrong = Some(super::sentence::sentence(error.message()));
            Ok(visit.page(&WhyPage { at, wrong, ..page(&visit, told, Vec::new()) }))
        }
        Err((_, error)) => Err(visit.fail(&error)),
    }
}

fn page(visit: &Visit, (what, user, tool): (String, String, String), steps: Vec<StepRow>) -> WhyPage {
    WhyPage { frame: visit.frame(Section::Why), what, user, tool, steps, at: "", wrong: None }
}

fn is_url(what: &str) -> bool {
    what.contains('/') || what.starts_with("vkm_")
}

/// What a form asks, or which of its fields is wrong.
fn question(form: &Fields) -> Result<Question, (&'static str, Error)> {
    let what = form.text("what");
    if what.is_empty() {
        let words = "say what it is about: an MCP URL, an account, an instance, or a connection and a user";
        return Err(("what", Error::invalid(words)));
    }
    if what.len() > LONGEST {
        return Err(("what", Error::invalid("this is longer than anything that can be asked about")));
    }
    if is_url(what) {
        return Ok(Question::Url(Secret::from(what), form.secret("session")));
    }
    if let Some(user) = form.some("user") {
        let user = Identifier::parse(&user).map_err(|error| ("user", Error::from(error)))?;
        return Ok(Question::User(what.to_owned(), user));
    }
    match (AccountId::parse(what), InstanceId::parse(what)) {
        (Ok(id), _) => Ok(Question::Account(id)),
        (_, Ok(id)) => Ok(Question::Instance(id)),
        _ => Err(("user", Error::invalid("with a connection's name the user has to be named: whose account is it?"))),
    }
}

/// What stands in the way of a call with an account.
pub(super) async fn of_account(visit: &Visit, ctx: &Ctx, id: &AccountId) -> Result<Vec<StepRow>, Error> {
    answered(visit, ctx, Question::Account(id.clone())).await
}

/// The same of a user's server.
pub(super) async fn of_instance(visit: &Visit, ctx: &Ctx, id: &InstanceId) -> Result<Vec<StepRow>, Error> {
    answered(visit, ctx, Question::Instance(id.clone())).await
}

/// For the tool that the address names, or any.
async fn answered(visit: &Visit, ctx: &Ctx, question: Question) -> Result<Vec<StepRow>, Error> {
    let tool = Some(visit.query("tool")).filter(|tool| !tool.is_empty());
    Ok(rows(visit, &why::why(&visit.web.app, ctx, question, tool).await?))
}

/// An answer as pages show it.
pub(super) fn rows(visit: &Visit, why: &Why) -> Vec<StepRow> {
    why.steps.iter().map(|step| row(&visit.root(), step)).collect()
}

fn row(root: &str, step: &Step) -> StepRow {
    let state = match step.state {
        State::Fine => "ok",
        State::Care => "note",
        State::Stops => "stops",
    };
    let mend = step.mend.as_ref().map(|mend| MendRow {
        words: mend.words.clone(),
        page: place(&mend.at).map(|path| format!("{root}{path}")),
        link: link(root, &mend.at),
    });
    StepRow { label: step.what.label(), of: step.of.clone(), state, words: step.words.clone(), mend }
}

fn place(at: &RemedyPlace) -> Option<String> {
    match at {
        RemedyPlace::Connection(id) => Some(format!("/connections/{id}")),
        RemedyPlace::Config(id) => Some(format!("/configs/{id}")),
        RemedyPlace::Instance(id) => Some(format!("/instances/{id}")),
        RemedyPlace::Link(_, _, Some(id)) => Some(format!("/accounts/{id}")),
        RemedyPlace::Link(_, _, None) | RemedyPlace::Elsewhere => None,
    }
}

fn link(root: &str, at: &RemedyPlace) -> Option<LinkForm> {
    let RemedyPlace::Link(connection, owner, account) = at else { return None };
    let action = match account {
        Some(id) => format!("{root}/accounts/{id}/link"),
        None => format!("{root}/links"),
    };
    Some(LinkForm { action, connection: connection.to_string(), user: owner.identifier.to_string() })
}

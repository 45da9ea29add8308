//! `/mcp/oauth/authorize`: an agent asks to be let in at a user's MCP server, and the person says yes or no; then the way to the
//! app's OpenID provider and back. GET and HEAD of the question change nothing.

use crate::pages::{AgentPage, Look, Notice, NoticeKind};
use crate::{Web, answers};
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use valetkey_app::entrance::sign_on::Answer;
use valetkey_app::servers::agents::{self, AuthorizeRequest, Question, Stop};
use valetkey_domain::Secret;

/// What the page's form sends.
#[derive(Deserialize)]
pub(crate) struct Sent {
    token: Option<String>,
    allow: Option<String>,
}

/// What the provider sends the browser back with. A parameter that comes twice is refused.
#[derive(Deserialize)]
pub(crate) struct Returned {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

type Request = Result<Query<AuthorizeRequest>, QueryRejection>;

/// The question.
pub(crate) async fn show(
    State(web): State<Web>,
    RawQuery(query): RawQuery,
    asked: HeaderMap,
    request: Request,
) -> Response {
    let Ok(Query(request)) = request else { return wrong(&web, "?", &asked) };
    match agents::question(&web.app, &request).await {
        Ok(question) => web.form(&form(query.as_deref()), &asked, |token| page(question, token)),
        Err(Stop::Back(url)) => go(url.as_str()),
        Err(stop) => stopped(&web, stop, &asked),
    }
}

/// The answer.
pub(crate) async fn answer(
    State(web): State<Web>,
    RawQuery(query): RawQuery,
    asked: HeaderMap,
    request: Request,
    sent: Result<Form<Sent>, FormRejection>,
) -> Response {
    let (Ok(Query(request)), Ok(Form(Sent { token, allow }))) = (request, sent) else {
        return web.notice(NoticeKind::StaleForm, &asked);
    };
    let Some(browser) = web.owner(&asked, &form(query.as_deref()), token.as_deref()) else {
        return web.notice(NoticeKind::StaleForm, &asked);
    };
    if allow.as_deref() != Some("yes") {
        return match agents::refuse(&web.app, &request).await {
            Ok(url) | Err(Stop::Back(url)) => web.page(&answers::leave(url), &asked),
            Err(stop) => stopped(&web, stop, &asked),
        };
    }
    match agents::start(&web.app, &browser, &request).await {
        Ok(leaving) => {
            let mut answer = web.page(&answers::leave(leaving.provider), &asked);
            if let Some(cookie) = web.site.keep(&leaving.kept.name, &leaving.kept.value, leaving.kept.life.as_secs()) {
                answer.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            answer
        }
        Err(Stop::Back(url)) => web.page(&answers::leave(url), &asked),
        Err(stop) => stopped(&web, stop, &asked),
    }
}

/// Back from the provider. Whatever comes of it, the browser goes on to an address without the provider's code.
pub(crate) async fn finish(
    State(web): State<Web>,
    asked: HeaderMap,
    returned: Result<Query<Returned>, QueryRejection>,
) -> Response {
    let Ok(Query(Returned { code, state, iss, error })) = returned else {
        return web.go(&format!("/connect/stopped/{}", NoticeKind::AgentStale.key()));
    };
    let name = state.as_deref().and_then(agents::kept_as).unwrap_or_default().to_owned();
    let kept = web.site.kept(&asked, &name);
    let (code, state) = (code.map(Secret::from), state.map(Secret::from));
    let answer = Answer { code, state, issuer: iss, error };
    let finished = agents::finish(&web.app, web.site.browser(&asked).as_ref(), kept.as_ref(), answer).await;
    let mut answer = match finished {
        Ok(url) | Err(Stop::Back(url)) => go(url.as_str()),
        Err(stop) => web.go(&format!("/connect/stopped/{}", after(&stop).key())),
    };
    if kept.is_some()
        && let Some(cookie) = web.site.keep(&name, &Secret::from(""), 0)
    {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    answer
}

/// HEAD learns that the address is there. A code is for the person who comes with it.
pub(crate) async fn look() -> Response {
    StatusCode::OK.into_response()
}

fn page(question: Question, token: String) -> AgentPage {
    AgentPage {
        agent: question.agent.name,
        host: question.agent.host,
        app: question.app,
        brand: Look::from(&question.brand),
        provider: question.provider,
        answered: question.answered,
        token,
    }
}

fn stopped(web: &Web, stop: Stop, asked: &HeaderMap) -> Response {
    match stop {
        Stop::Wrong(parameter) => wrong(web, parameter, asked),
        Stop::Failed(error) => web.failed(&error, asked),
        stop => web.notice(after(&stop), asked),
    }
}

fn wrong(web: &Web, parameter: &str, asked: &HeaderMap) -> Response {
    web.page(&Notice::new(NoticeKind::AgentWrong).word("parameter", parameter), asked)
}

/// What became of a sign-in that let nobody in.
fn after(stop: &Stop) -> NoticeKind {
    match stop {
        Stop::SomebodyElse(_) => NoticeKind::AgentSomebodyElse,
        Stop::NotSignedIn => NoticeKind::AgentNotSignedIn,
        Stop::Failed(error) => answers::failure(error),
        Stop::Stale | Stop::Wrong(_) | Stop::Back(_) => NoticeKind::AgentStale,
    }
}

/// Sends the browser to the agent. The address may hold a code, and the one it leaves a URL that is a credential.
fn go(url: &str) -> Response {
    let Ok(mut location) = HeaderValue::try_from(url) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    location.set_sensitive(true);
    let quiet = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, quiet).into_response()
}

/// Names the form, so that a token of one question is of no use for another.
fn form(query: Option<&str>) -> String {
    format!("agent {}", query.unwrap_or_default())
}

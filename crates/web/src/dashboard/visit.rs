//! A member's request: who it is, in which environment, and, for a form, what it holds. A handler that takes a
//! [`Visit`] or a [`Posted`] can't be reached by anybody else.

pub(super) use super::forms::Fields;
use super::forms::{FORM, MAX_FORM, MAX_WITH_DOCUMENT, read};
use super::frame::{Frame, May, Section};
use super::pages::Failure;
use super::unsent;
use crate::Web;
use crate::large_form::{in_time, peer};
use crate::pages::page::Page;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use std::time::Duration;
use valetkey_app::entrance::browsers;
use valetkey_app::entrance::sign_in::{self, SignedIn};
use valetkey_app::tenancy::environments;
use valetkey_app::{Error, Page as ListPage};
use valetkey_domain::environment::Environment;
use valetkey_domain::member::Right;
use valetkey_domain::{Ctx, Kind, Secret};

/// What a handler answers: a page, whether it went well or not.
pub(super) type Answer = Result<Response, Response>;

/// A member asks for a page of an environment.
pub(super) struct Visit {
    pub(super) web: Web,
    pub(super) who: SignedIn,
    pub(super) environment: Environment,
    environments: Vec<Environment>,
    cookie: Secret<str>,
    pub(super) asked: HeaderMap,
    query: Fields,
}

/// A member sent a form of ours.
pub(super) struct Posted {
    pub(super) visit: Visit,
    pub(super) form: Fields,
}

/// The same with a form that may hold a document.
pub(super) struct WithDocument {
    pub(super) visit: Visit,
    pub(super) form: Fields,
}

/// Why there is no visit.
pub(super) enum Out {
    /// Nobody is signed in with this browser.
    Nobody,
    /// Something else, as it is answered.
    Refused(Response),
}

impl Out {
    /// The answer to who asks for a page: the page to sign in on, which leads back.
    pub(super) fn answer(self, web: &Web, parts: &Parts) -> Response {
        let Self::Nobody = self else { return self.refusal() };
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let next = if parts.method == Method::GET { path } else { "/" };
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        Redirect::to(&format!("{}/sign-in?{query}", web.site.base)).into_response()
    }

    fn refusal(self) -> Response {
        match self {
            Self::Refused(answer) => answer,
            Self::Nobody => StatusCode::UNAUTHORIZED.into_response(),
        }
    }
}

impl FromRequestParts<Web> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        Self::open(web, parts).await.map_err(|out| out.answer(web, parts))
    }
}

/// Who asks.
pub(super) async fn member(web: &Web, parts: &Parts) -> Result<(Secret<str>, SignedIn), Out> {
    let cookie = web.site.session(&parts.headers).ok_or(Out::Nobody)?;
    match sign_in::signed_in(&web.app, &cookie).await {
        Ok(who) => Ok((cookie, who)),
        Err(error) if error.kind() == Kind::Unauthenticated => Err(Out::Nobody),
        Err(error) => Err(Out::Refused(web.failed(&error, &parts.headers))),
    }
}

impl FromRequest<Web> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Response> {
        Self::of_at_most(request, web, MAX_FORM).await
    }
}

impl FromRequest<Web> for WithDocument {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Response> {
        let Posted { visit, form } = Posted::of_at_most(request, web, MAX_WITH_DOCUMENT).await?;
        Ok(Self { visit, form })
    }
}

impl Posted {
    async fn of_at_most(request: Request, web: &Web, most: usize) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let own = web.site.is_own(&parts.headers);
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(ToOwned::to_owned);
        let kind = kind.as_deref();
        let mut visit = match Visit::open(web, &mut parts).await {
            Ok(visit) => visit,
            Err(Out::Nobody) if own => return Err(unsent::of_nobody(web, &parts, kind, body).await),
            Err(out) => return Err(out.answer(web, &parts)),
        };
        if !own {
            return Err(visit.refuse(StatusCode::FORBIDDEN, FOREIGN));
        }
        let reading = read(kind, body, most);
        let read = match most > MAX_FORM {
            true => in_time(&web.documents, peer(&parts), PATIENCE, reading).await,
            false => Some(reading.await),
        };
        let form = read.ok_or_else(|| visit.refuse(StatusCode::REQUEST_TIMEOUT, TOO_SLOW))?;
        let form = form.ok_or_else(|| visit.refuse(StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE))?;
        // It may have been long in coming.
        visit.who = match member(web, &parts).await {
            Ok((_, who)) => who,
            Err(Out::Nobody) => return Err(unsent::signed_out(web, &parts, Some(form))),
            Err(out) => return Err(out.answer(web, &parts)),
        };
        if !browsers::owns_form(&visit.cookie, FORM, form.text("token")) {
            return Err(unsent::of_another_session(web, &parts, &visit.cookie, &form));
        }
        Ok(Self { visit, form })
    }
}

const TOO_LARGE: &str = "this form holds too much, and nothing was changed. What you typed is still on the page before this \
    one: go back, and make it shorter";

const TOO_SLOW: &str = "this form came too slowly, or while too many long ones came, and nothing was changed. What you typed is \
    still on the page before this one: go back, and send it again";

/// For how long a form with a document may come.
const PATIENCE: Duration = Duration::from_secs(120);

const FOREIGN: &str = "this form was sent from a page that is not this dashboard's, and nothing was changed";

impl Visit {
    async fn open(web: &Web, parts: &mut Parts) -> Result<Self, Out> {
        let path = RawPathParams::from_request_parts(parts, web).await;
        let path = path.map_err(|wrong| Out::Refused(wrong.into_response()))?;
        let named = path.iter().find(|(name, _)| *name == "environment").map(|(_, value)| value.to_owned());
        let (cookie, who) = member(web, parts).await?;
        let failed = |error: Error| Out::Refused(web.failed(&error, &parts.headers));
        let environments = environments::list(&web.app).await.map_err(failed)?;
        let found = environments.iter().find(|environment| Some(&environment.name) == named.as_ref()).cloned();
        let environment = found.ok_or_else(|| Out::Refused(web.missing(&parts.headers)))?;
        let query = Fields::parse(parts.uri.query().unwrap_or_default().as_bytes());
        Ok(Self { web: web.clone(), who, environment, environments, cookie, asked: parts.headers.clone(), query })
    }

    /// The way to the environment's rows, for what needs that right.
    pub(super) fn enter(&self, right: Right) -> Result<Ctx, Response> {
        self.who.enter(&self.web.app, &self.environment.id, right).map_err(|error| self.fail(&error))
    }

    /// The way to what belongs to the installation.
    pub(super) fn enter_installation(&self, right: Right) -> Result<Ctx, Response> {
        self.who.enter_installation(&self.web.app, right).map_err(|error| self.fail(&error))
    }

    /// A word of the query.
    pub(super) fn query(&self, name: &str) -> &str {
        self.query.text(name)
    }

    /// Which page of a list is asked for.
    pub(super) fn list_page(&self, size: u32) -> ListPage {
        ListPage { size, after: self.query.some("page") }
    }

    /// Where the environment's pages begin.
    pub(super) fn root(&self) -> String {
        format!("{}{}", self.web.site.base, super::frame::root(&self.environment.name))
    }

    /// The frame of a page.
    pub(super) fn frame(&self, section: Section) -> Frame {
        let root =
            |environment: &Environment| format!("{}{}", self.web.site.base, super::frame::root(&environment.name));
        let link = |environment: &Environment| (environment.name.clone(), root(environment));
        Frame {
            root: root(&self.environment),
            environment: self.environment.name.clone(),
            environments: self.environments.iter().map(link).collect(),
            member: self.who.member.name.to_string(),
            role: self.who.member.role.as_str(),
            may: May::of(self.who.member.role),
            section,
            token: browsers::form_token(&self.cookie, FORM),
            done: super::done::words(self.query("done")),
            again: None,
        }
    }

    /// A page.
    pub(super) fn page<P: Page>(&self, page: &P) -> Response {
        self.web.page(page, &self.asked)
    }

    /// What a failed use case looks like: its message is for those who run the server, and they are here.
    pub(super) fn fail(&self, error: &Error) -> Response {
        let status = match error.kind() {
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::PermissionDenied => StatusCode::FORBIDDEN,
            Kind::InvalidArgument | Kind::FailedPrecondition => StatusCode::BAD_REQUEST,
            Kind::AlreadyExists | Kind::Aborted => StatusCode::CONFLICT,
            Kind::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => {
                tracing::error!(%error, "a page of the dashboard failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        self.refuse(status, error.message())
    }

    fn refuse(&self, status: StatusCode, words: &str) -> Response {
        self.page(&Failure {
            frame: self.frame(Section::Overview),
            words: super::sentence::sentence(words),
            status: status.as_u16(),
        })
    }

    /// Sends the browser on to a page of this environment, which says what was done.
    pub(super) fn go(&self, path: &str, done: &str) -> Response {
        let mark = if done.is_empty() { String::new() } else { format!("?done={done}") };
        self.web.go(&format!("{}{path}{mark}", super::frame::root(&self.environment.name)))
    }
}

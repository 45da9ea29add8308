//! A member's request: who it is, in which environment, and, for a form, what it holds. A handler that takes a
//! [`Visit`] or a [`Posted`] can't be reached by anybody else.

use super::frame::{Frame, May, Section};
use super::pages::Failure;
use crate::Web;
use crate::pages::page::Page;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use valetkey_app::entrance::browsers;
use valetkey_app::entrance::sign_in::{self, SignedIn};
use valetkey_app::tenancy::environments;
use valetkey_app::{Error, Page as ListPage};
use valetkey_domain::environment::Environment;
use valetkey_domain::member::Right;
use valetkey_domain::{Ctx, Kind, Secret};

/// Names the dashboard's forms: a session has one token for all of them.
const FORM: &str = "dashboard";

/// The most bytes of a form: a whitelist of every tool there is.
pub(super) const MAX_FORM: usize = 256 * 1024;

/// The most members of a form.
const MAX_FIELDS: usize = 5_000;

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

/// What a form or a query holds, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a form's body or a query.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(bytes).take(MAX_FIELDS);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The first value of this name without blanks at its ends; empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(of, _)| of == name).map_or("", |(_, value)| value.trim())
    }

    /// The same, none if it is empty.
    pub(super) fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
    }

    /// A value that is not trimmed and not shown again.
    pub(super) fn secret(&self, name: &str) -> Option<Secret<str>> {
        let found = self.0.iter().find(|(of, _)| of == name)?;
        (!found.1.is_empty()).then(|| Secret::from(found.1.as_str()))
    }

    /// All values of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// Whether there is a value of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

impl FromRequestParts<Web> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let path = RawPathParams::from_request_parts(parts, web).await.map_err(IntoResponse::into_response)?;
        let named = path.iter().find(|(name, _)| *name == "environment").map(|(_, value)| value.to_owned());
        let (cookie, who) = member(web, parts).await?;
        let failed = |error: Error| web.failed(&error, &parts.headers);
        let environments = environments::list(&web.app).await.map_err(failed)?;
        let found = environments.iter().find(|environment| Some(&environment.name) == named.as_ref()).cloned();
        let environment = found.ok_or_else(|| web.missing(&parts.headers))?;
        let query = Fields::parse(parts.uri.query().unwrap_or_default().as_bytes());
        Ok(Self { web: web.clone(), who, environment, environments, cookie, asked: parts.headers.clone(), query })
    }
}

/// Who asks; where nobody is signed in, the page to sign in on, which leads back.
pub(super) async fn member(web: &Web, parts: &Parts) -> Result<(Secret<str>, SignedIn), Response> {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let next = if parts.method == Method::GET { path } else { "/" };
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let ask = || Redirect::to(&format!("{}/sign-in?{query}", web.site.base)).into_response();
    let cookie = web.site.session(&parts.headers).ok_or_else(ask)?;
    match sign_in::signed_in(&web.app, &cookie).await {
        Ok(who) => Ok((cookie, who)),
        Err(error) if error.kind() == Kind::Unauthenticated => Err(ask()),
        Err(error) => Err(web.failed(&error, &parts.headers)),
    }
}

impl FromRequest<Web> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let mut visit = Visit::from_request_parts(&mut parts, web).await?;
        let bytes = axum::body::to_bytes(body, MAX_FORM).await;
        let bytes = bytes.map_err(|_| visit.refuse(StatusCode::PAYLOAD_TOO_LARGE, "This form holds too much."))?;
        // It may have been long in coming.
        visit.who = member(web, &parts).await?.1;
        let form = Fields::parse(&bytes);
        if !web.site.is_own(&parts.headers) || !browsers::owns_form(&visit.cookie, FORM, form.text("token")) {
            let stale = "This form is not of this session: somebody signed in or out since it was shown. Go back, reload the \
                page and send it again.";
            return Err(visit.refuse(StatusCode::FORBIDDEN, stale));
        }
        Ok(Self { visit, form })
    }
}

impl Visit {
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

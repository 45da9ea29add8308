//! Consent, as people meet it: the pages behind a link, the provider's way back, and what became of it.
//!
//! This room owns templates, texts, the browser's cookie, form tokens and the headers of pages. It decides nothing:
//! each door authenticates, parses, makes one call of [`valetkey_app::consent`] and renders. Consent pages have no
//! script at all. Read [`Web::router`] first, then `link`, `callback` and `outcome`, which are a person's way through;
//! `pages` is how everything looks.

// An optimised build looks through all of a use case's nested futures at once, and they go deeper than 128.
#![recursion_limit = "256"]

mod answers;
mod assets;
mod callback;
mod language;
mod link;
mod outcome;
mod pages;
mod site;
#[cfg(test)]
mod tests;

pub use language::Language;
pub use pages::{Error, samples};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, header};
use pages::{Notice, Page, Pages, Said};
use site::Site;
use std::sync::Arc;
use valetkey_app::App;
use valetkey_app::entrance::browsers;
use valetkey_domain::Secret;

/// The most bytes of a form: a token and a button's name.
const MAX_FORM: usize = 4096;

/// The surface of people.
#[derive(Clone)]
pub struct Web {
    app: App,
    site: Arc<Site>,
    pages: Pages,
}

impl Web {
    /// Reads templates and texts.
    ///
    /// # Errors
    /// A template or a text is wrong, which no test would have let pass.
    pub fn open(app: App) -> Result<Self, Error> {
        let site = Site::at(&app.settings().public_url);
        Ok(Self { pages: Pages::read(&site.base)?, site: Arc::new(site), app })
    }

    /// The doors: links, the providers' way back, outcomes, stylesheet and icon. There is no fallback, since other
    /// surfaces stand beside this one: [`Web::missing`] is for whoever has it.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/connect/{link}", get(link::show).post(link::start))
            .route("/connect/done/{authorization}", get(outcome::show).post(outcome::choose))
            .route("/connect/stopped/{why}", get(outcome::stopped))
            .route("/sso/v1/oauth/{connection}/callback", get(callback::take).head(callback::look))
            .merge(assets::router())
            .method_not_allowed_fallback(wrong_method)
            .layer(DefaultBodyLimit::max(MAX_FORM))
            .with_state(self.clone())
    }

    /// The answer for an address that leads nowhere: a page for people, a line for programs.
    #[must_use]
    pub fn missing(&self, asked: &HeaderMap) -> Response {
        let accepted = asked.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if accepted.contains("text/html") {
            return self.notice(Said::NotFound, asked);
        }
        (StatusCode::NOT_FOUND, "There is nothing at this address.\n").into_response()
    }

    /// A page for a browser that is known, or need not be.
    fn page<P: Page>(&self, page: &P, asked: &HeaderMap) -> Response {
        self.pages.answer(page, asked)
    }

    /// A notice without words.
    fn notice(&self, said: Said, asked: &HeaderMap) -> Response {
        self.page(&Notice::new(said), asked)
    }

    /// A page with a form: it holds the form's token, made for this browser, which gets its cookie with it.
    fn form<P: Page>(&self, form: &str, asked: &HeaderMap, page: impl FnOnce(String) -> P) -> Response {
        let browser = match self.site.browser(asked).map_or_else(browsers::mint, Ok) {
            Ok(browser) => browser,
            Err(error) => return self.failed(&error, asked),
        };
        let mut answer = self.page(&page(browsers::form_token(&browser, form)), asked);
        if let Some(cookie) = self.site.remember(&browser) {
            answer.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        answer
    }

    /// The browser that may make a change, because it holds the form that our page showed it.
    fn owner(&self, asked: &HeaderMap, form: &str, token: Option<&str>) -> Option<Secret<str>> {
        let browser = self.site.browser(asked)?;
        (self.site.is_own(asked) && browsers::owns_form(&browser, form, token?)).then_some(browser)
    }

    /// What a failed use case looks like to a person: nothing of its message, which is for developers.
    fn failed(&self, error: &valetkey_app::Error, asked: &HeaderMap) -> Response {
        self.notice(answers::failure(error), asked)
    }

    /// Sends a browser to a page of ours. The address it leaves may hold a link or a code, so it is told to nobody.
    fn go(&self, path: &str) -> Response {
        let Ok(location) = HeaderValue::try_from(format!("{}{path}", self.site.base)) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let quiet = [
            (header::LOCATION, location),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ];
        (StatusCode::SEE_OTHER, quiet).into_response()
    }
}

async fn wrong_method(State(web): State<Web>, asked: HeaderMap) -> Response {
    web.notice(Said::MethodNotAllowed, &asked)
}

//! The surface itself: what every door works with, and the answers that all of them give.

use crate::answers;
use crate::pages::{Error, Notice, NoticeKind, Page, Pages};
use crate::site::Site;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::sync::Arc;
use valetkey_app::App;
use valetkey_app::entrance::browsers;
use valetkey_app::stays::Stays;
use valetkey_domain::Secret;

/// The most bytes of a form that has a token and a button's name. Nobody has to show who they are before it is read.
pub(crate) const MAX_FORM: usize = 8 * 1024;
/// How many large forms that come with nobody's session are read at once.
const LARGE_FORMS: usize = 16;
/// How many forms with documents of members are read at once.
const DOCUMENTS: usize = 4;

/// The surface of people.
#[derive(Clone)]
pub struct Web {
    pub(crate) app: App,
    pub(crate) site: Arc<Site>,
    /// Large forms that come with nobody's session, while they are read.
    pub(crate) large_forms: Stays,
    /// Forms with documents, of members, while they are read.
    pub(crate) documents: Stays,
    pages: Pages,
}

impl Web {
    /// Reads templates and texts.
    ///
    /// # Errors
    /// A template or a text is wrong, which no test would have let pass.
    pub fn open(app: App) -> Result<Self, Error> {
        let site = Site::at(&app.settings().public_url);
        let (large_forms, documents) = (Stays::of(LARGE_FORMS), Stays::of(DOCUMENTS));
        Ok(Self { pages: Pages::read(&site.base)?, site: Arc::new(site), large_forms, documents, app })
    }

    /// A page for a browser that is known, or need not be.
    pub(crate) fn page<P: Page>(&self, page: &P, asked: &HeaderMap) -> Response {
        self.pages.answer(page, asked)
    }

    /// A notice without words.
    pub(crate) fn notice(&self, said: NoticeKind, asked: &HeaderMap) -> Response {
        self.page(&Notice::new(said), asked)
    }

    /// A page with a form: it holds the form's token, made for this browser, which gets its cookie with it.
    pub(crate) fn form<P: Page>(&self, form: &str, asked: &HeaderMap, page: impl FnOnce(String) -> P) -> Response {
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
    pub(crate) fn owner(&self, asked: &HeaderMap, form: &str, token: Option<&str>) -> Option<Secret<str>> {
        let browser = self.site.browser(asked)?;
        (self.site.is_own(asked) && browsers::owns_form(&browser, form, token?)).then_some(browser)
    }

    /// What a failed use case looks like to a person: nothing of its message, which is for developers.
    pub(crate) fn failed(&self, error: &valetkey_app::Error, asked: &HeaderMap) -> Response {
        self.notice(answers::failure(error), asked)
    }

    /// Sends a browser to a page of ours. The address it leaves may hold a link or a code, so it is told to nobody.
    pub(crate) fn go(&self, path: &str) -> Response {
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

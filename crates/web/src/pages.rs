//! Pages are types: a struct with everything that its template shows, and samples of itself. A test renders every
//! sample in every language and compares the names that a template uses with the names that the struct gives.
//!
//! A page carries its own headers: no script anywhere, no resource but our stylesheet and icon, no frame around it.

mod agent;
mod approve;
mod catalogue_words;
mod cells;
mod code_spans;
mod consent;
mod form;
mod instance;
mod leave;
mod look;
mod notice;
pub(crate) mod page;
pub(crate) mod pseudo;
mod replace;
mod scope;
#[cfg(test)]
mod tests;
mod yours;

pub(crate) use agent::AgentPage;
pub(crate) use approve::{Approve, ApproveArgument};
pub(crate) use consent::{Consent, CustomHosts};
pub(crate) use form::{Field, Form};
pub(crate) use instance::{InstanceLine, InstancePage, WayBack};
pub(crate) use leave::Leave;
pub(crate) use look::{Look, stylesheet as brand_stylesheet};
pub(crate) use notice::{Notice, NoticeKind};
pub(crate) use page::Page;
pub(crate) use replace::Replace;
pub(crate) use scope::Scope;
pub(crate) use yours::{YourLine, Yours};

use crate::assets;
use crate::dashboard::templates as dashboard;
use crate::language::{self, Language, Texts};
use axum::response::{IntoResponse, Response};
use fluent_bundle::FluentArgs;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use std::sync::Arc;
use valetkey_domain::Timestamp;

const TEMPLATES: [(&str, &str); 10] = [
    ("base.html", include_str!("../templates/base.html")),
    (AgentPage::TEMPLATE, include_str!("../templates/agent.html")),
    (Approve::TEMPLATE, include_str!("../templates/approve.html")),
    (InstancePage::TEMPLATE, include_str!("../templates/instance.html")),
    (Consent::TEMPLATE, include_str!("../templates/consent.html")),
    (Form::TEMPLATE, include_str!("../templates/form.html")),
    (Leave::TEMPLATE, include_str!("../templates/leave.html")),
    (Notice::TEMPLATE, include_str!("../templates/notice.html")),
    (Replace::TEMPLATE, include_str!("../templates/replace.html")),
    (Yours::TEMPLATE, include_str!("../templates/yours.html")),
];

/// All templates in all languages.
#[derive(Clone)]
pub(crate) struct Pages(Arc<[(Language, Environment<'static>)]>);

/// Why a page could not be prepared: always a defect of ours. A text is seen at start, a template by the tests.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A text is wrong.
    #[error(transparent)]
    Language(#[from] language::Error),
    /// A template is wrong.
    #[error("template: {0}")]
    Template(#[from] minijinja::Error),
}

impl Pages {
    /// Reads templates and texts. `base` is the path under which browsers see the server, mostly empty.
    pub(crate) fn read(base: &str) -> Result<Self, Error> {
        let one = |language| Ok((language, environment(language, base)?));
        Ok(Self(Language::ALL.into_iter().map(one).collect::<Result<_, Error>>()?))
    }

    /// The page as HTML.
    pub(crate) fn render<P: Page>(&self, page: &P, language: Language) -> Result<String, minijinja::Error> {
        let found = self.0.iter().find(|(of, _)| *of == language);
        let (_, environment) =
            found.ok_or_else(|| minijinja::Error::new(ErrorKind::TemplateNotFound, language.code()))?;
        environment.get_template(P::TEMPLATE)?.render(Value::from(Serde(page)))
    }

    /// What a text shows that is no template of a page, for samples of parts.
    pub(crate) fn render_text<S: serde::Serialize>(
        &self,
        text: &str,
        shown: &S,
        language: Language,
    ) -> Result<String, minijinja::Error> {
        let found = self.0.iter().find(|(of, _)| *of == language);
        let (_, environment) =
            found.ok_or_else(|| minijinja::Error::new(ErrorKind::TemplateNotFound, language.code()))?;
        environment.render_str(text, Value::from(Serde(shown)))
    }

    /// The page as an answer to a request with these headers.
    pub(crate) fn answer<P: Page>(&self, page: &P, asked: &HeaderMap) -> Response {
        let language = if P::TRANSLATED { Language::chosen(asked) } else { Language::English };
        match self.render(page, language) {
            Ok(html) => (page.status(), headers(page, language), html).into_response(),
            Err(error) => {
                tracing::error!(%error, template = P::TEMPLATE, "a page could not be rendered");
                (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be shown. The server's log says why.\n")
                    .into_response()
            }
        }
    }
}

fn environment(language: Language, base: &str) -> Result<Environment<'static>, Error> {
    Ok(with_texts(Texts::of(language)?, language.code(), language.direction(), base))
}

/// The template of this name.
fn template(named: &str) -> Option<&'static str> {
    TEMPLATES.iter().chain(&dashboard::TEMPLATES).find(|(name, _)| *name == named).map(|(_, source)| *source)
}

fn with_texts(texts: Texts, code: &'static str, direction: &'static str, base: &str) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let texts = Arc::new(texts);
    let dates = texts.clone();
    environment.add_global("lang", code);
    environment.add_global("dir", direction);
    environment.add_global("stylesheet", format!("{base}{}", assets::stylesheet()));
    environment.add_global("icon", format!("{base}{}", assets::icon()));
    environment.add_function("t", move |key: &str, words: Kwargs| text(&texts, key, &words));
    environment.add_function("in_language", move |english: &str| catalogue_words::in_language(code, english));
    environment.add_function("date", move |instant: &str| date(&dates, instant));
    environment.add_filter("code_spans", code_spans::code_spans);
    environment.add_filter("cells", |rows: Value, columns: Vec<String>| cells::cells(&rows, &columns));
    environment.add_global("base", base.to_owned());
    environment.add_global("dashboard_stylesheet", format!("{base}{}", assets::dashboard_stylesheet()));
    environment.add_global("script", format!("{base}{}", assets::script()));
    // A template is compiled when it is first shown: few are of those there are, each in as many languages.
    environment.set_loader(|name| Ok(template(name).map(str::to_owned)));
    environment
}

/// `t("key", word=value)` in a template.
fn text(texts: &Texts, key: &str, words: &Kwargs) -> Result<String, minijinja::Error> {
    let mut args = FluentArgs::new();
    for name in words.args() {
        let value: String = words.get(name)?;
        args.set(name.to_owned(), value);
    }
    texts.text(key, &args).map_err(|error| minijinja::Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

/// `date(instant)` in a template: day, month by name, year, and the time with its zone, which is always UTC: without
/// a script a page can't know another.
fn date(texts: &Texts, instant: &str) -> Result<String, minijinja::Error> {
    let wrong = |error: String| minijinja::Error::new(ErrorKind::InvalidOperation, error);
    let instant: Timestamp = instant.parse().map_err(|_| wrong(format!("'{instant}' is no instant")))?;
    let zoned = instant.to_zoned(jiff::tz::TimeZone::UTC);
    let mut args = FluentArgs::new();
    args.set("day", zoned.day().to_string());
    args.set("month", format!("m{}", zoned.month()));
    args.set("year", zoned.year().to_string());
    args.set("time", zoned.strftime("%H:%M").to_string());
    texts.text("date", &args).map_err(|error| wrong(error.to_string()))
}

/// What every page says to the browser.
fn headers<P: Page>(page: &P, language: Language) -> HeaderMap {
    // A page with a form must let its own origin be seen: under `no-referrer` browsers send `Origin: null` with
    // the POST (Fetch, "append a request Origin header"), which is refused. Other origins see nothing either way.
    let referrer = if page.has_form() { "same-origin" } else { "no-referrer" };
    let mut headers: HeaderMap = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept-language"),
        (header::REFERRER_POLICY, referrer),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
        (header::CONTENT_LANGUAGE, language.code()),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
    .into_iter()
    .collect();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy(page.has_form(), page.has_script()));
    if let Some(mut refresh) = page.goes_on_to().and_then(|url| HeaderValue::try_from(format!("0; url={url}")).ok()) {
        refresh.set_sensitive(true);
        headers.insert(header::REFRESH, refresh);
    }
    let again =
        page.again().and_then(|again| HeaderValue::try_from(format!("{}; url={}", again.seconds, again.query)).ok());
    if let Some(again) = again {
        headers.insert(header::REFRESH, again);
    }
    headers
}

/// What the browser may load and where a form may lead. Browsers hold the redirects that follow a form against
/// `form-action` too, and nobody knows all hosts that a provider's sign-in passes through: so no form of ours leads to a
/// provider, [`Leave`] does.
fn policy(has_form: bool, has_script: bool) -> HeaderValue {
    HeaderValue::from_static(match (has_form, has_script) {
        (true, true) => {
            "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'"
        }
        (true, false) => {
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; \
             base-uri 'none'"
        }
        (false, _) => {
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; frame-ancestors 'none'; \
             base-uri 'none'"
        }
    })
}

/// Every sample of every page in one language: a name and the HTML. For people who work on the pages.
///
/// # Errors
/// A template or text is wrong.
pub fn samples(language: Language) -> Result<Vec<(String, String)>, Error> {
    samples_of(&Pages::read("")?, language)
}

fn samples_of(pages: &Pages, language: Language) -> Result<Vec<(String, String)>, Error> {
    fn of<P: Page>(pages: &Pages, language: Language) -> Result<Vec<(String, String)>, Error> {
        let render = |(name, page): (String, P)| Ok((name, pages.render(&page, language)?));
        P::samples().into_iter().map(render).collect()
    }
    let all = [
        of::<AgentPage>(pages, language)?,
        of::<Approve>(pages, language)?,
        of::<InstancePage>(pages, language)?,
        of::<Consent>(pages, language)?,
        of::<Form>(pages, language)?,
        of::<Leave>(pages, language)?,
        of::<Replace>(pages, language)?,
        of::<Notice>(pages, language)?,
        of::<Yours>(pages, language)?,
    ];
    Ok(all.into_iter().flatten().collect())
}

//! The pages a person sees. Each is a struct with its template; there is no script and no inline style.

use crate::Error;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use minijinja::value::{Serde, Value};
use minijinja::{Environment, Output, State as TemplateState};
use serde::Serialize;
use std::fmt::Write as _;

/// The style sheet of all pages.
pub(crate) const STYLE: &str = include_str!("../assets/lab.css");
const NO_CACHE: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"),
];

/// A page: what its template may name, and which template that is.
pub(crate) trait Page: Serialize {
    /// The file in `templates/`.
    const TEMPLATE: &'static str;
}

/// Which account?
#[derive(Debug, Serialize)]
pub(crate) struct SignInPage {
    pub(crate) visit: String,
    pub(crate) client: String,
    pub(crate) accounts: Vec<Account>,
}

/// One account to choose.
#[derive(Debug, Serialize)]
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) initial: String,
}

/// May the client do this?
#[derive(Debug, Serialize)]
pub(crate) struct ConsentPage {
    pub(crate) visit: String,
    pub(crate) client: String,
    /// The redirect URI.
    pub(crate) destination: String,
    pub(crate) email: String,
    pub(crate) name: String,
    /// Whether the client wants access while the person is away.
    pub(crate) offline: bool,
    pub(crate) scopes: Vec<ScopeRow>,
}

/// One scope asked for.
#[derive(Debug, Serialize)]
pub(crate) struct ScopeRow {
    pub(crate) scope: String,
    pub(crate) words: String,
    pub(crate) can_be_withheld: bool,
}

/// The request cannot go on.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorPage {
    pub(crate) status: u16,
    pub(crate) error: String,
    pub(crate) description: String,
    pub(crate) error_uri: String,
}

impl Page for SignInPage {
    const TEMPLATE: &'static str = "sign-in.html";
}

impl Page for ConsentPage {
    const TEMPLATE: &'static str = "consent.html";
}

impl Page for ErrorPage {
    const TEMPLATE: &'static str = "error.html";
}

/// The compiled templates.
pub(crate) struct Pages(Environment<'static>);

impl Pages {
    pub(crate) fn new() -> Result<Self, Error> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        templates.set_formatter(escape);
        for (name, text) in [
            ("base.html", include_str!("../templates/base.html")),
            (SignInPage::TEMPLATE, include_str!("../templates/sign-in.html")),
            (ConsentPage::TEMPLATE, include_str!("../templates/consent.html")),
            (ErrorPage::TEMPLATE, include_str!("../templates/error.html")),
        ] {
            templates.add_template(name, text).map_err(|error| Error::Packed(error.to_string()))?;
        }
        Ok(Self(templates))
    }

    /// The page as an answer that nobody caches or frames.
    pub(crate) fn answer<P: Page>(&self, status: StatusCode, page: &P) -> Response {
        match self.render(page) {
            Ok(html) => (status, NO_CACHE, Html(html)).into_response(),
            Err(error) => crate::broken::broken(&error),
        }
    }

    fn render<P: Page>(&self, page: &P) -> Result<String, Error> {
        let rendered = self.0.get_template(P::TEMPLATE).and_then(|found| found.render(Value::from(Serde(page))));
        rendered.map_err(|error| Error::Packed(error.to_string()))
    }
}

/// Writes a value as text of HTML, fit for quoted attributes too. The engine's own escaping also rewrites slashes,
/// which makes every scope and URL hard to read for those who drive the pages with less than a browser.
fn escape(out: &mut Output<'_>, _: &mut TemplateState<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    if value.is_undefined() {
        return Err(minijinja::ErrorKind::UndefinedError.into());
    }
    let text = value.to_string();
    if value.is_safe() {
        return out.write_str(&text).map_err(minijinja::Error::from);
    }
    for letter in text.chars() {
        match letter {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '"' => out.write_str("&quot;"),
            '\'' => out.write_str("&#39;"),
            other => out.write_char(other),
        }?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_sends_is_text_and_never_markup() {
        let page = ErrorPage {
            status: 400,
            error: "invalid_request".into(),
            description: "<script>alert(1)</script>".into(),
            error_uri: "https://example.test/\"onclick=".into(),
        };
        let html = Pages::new().unwrap().render(&page).unwrap();
        assert!(!html.contains("<script") && html.contains("&lt;script&gt;"));
        assert!(!html.contains("\"onclick"), "{html}");
    }

    #[test]
    fn every_page_renders_and_says_that_it_is_not_google() {
        let pages = Pages::new().unwrap();
        let account = Account { email: "a@lab.example".into(), name: "A".into(), initial: "A".into() };
        let sign_in = SignInPage { visit: "v".into(), client: "c".into(), accounts: vec![account] };
        let row = |can_be_withheld| ScopeRow { scope: "s".into(), words: "w".into(), can_be_withheld };
        let consent = ConsentPage {
            visit: "v".into(),
            client: "c".into(),
            destination: "http://localhost/".into(),
            email: "a@lab.example".into(),
            name: "A".into(),
            offline: true,
            scopes: vec![row(true), row(false)],
        };
        let consent = pages.render(&consent).unwrap();
        for html in [pages.render(&sign_in).unwrap(), consent.clone()] {
            assert!(html.contains("Provider lab, not Google"), "{html}");
            assert!(html.contains("name=\"visit\" value=\"v\""), "{html}");
        }
        assert!(consent.contains("id=\"allow\"") && consent.contains("id=\"deny\""));
        assert_eq!(consent.matches("type=\"checkbox\"").count(), 1);
    }
}

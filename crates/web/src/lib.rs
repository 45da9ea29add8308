//! What people see: consent (the pages behind a link, the provider's way back, and what became of it), and the dashboard of
//! those who run the server.
//!
//! This room owns templates, texts, the browser's cookie, form tokens and the headers of pages. It decides nothing:
//! each door authenticates, parses, makes its call of `valetkey_app` and renders. Consent pages have no script at all. Read
//! [`Web::router`] first, then `link`, `callback` and `outcome`, which are a person's way through; `dashboard` has its own
//! door in `dashboard/visit.rs`; `pages` is how everything looks.

// An optimised build looks through all of a use case's nested futures at once, and they go deeper than 128.
#![recursion_limit = "256"]

mod agent;
mod answers;
mod approve;
mod assets;
mod branding;
mod callback;
mod client;
mod dashboard;
mod instance;
mod language;
mod large_form;
mod link;
mod outcome;
mod pages;
mod site;
#[cfg(test)]
mod tests;
mod web;
mod yours;

pub use language::Language;
pub use pages::pseudo::pseudo_samples;
pub use pages::{Error, samples};

/// Every sample of the dashboard's pages: a name and the HTML. For people who work on the pages.
///
/// # Errors
/// A template is wrong.
pub fn dashboard_samples() -> Result<Vec<(String, String)>, Error> {
    dashboard::samples()
}
use web::MAX_FORM;
pub use web::Web;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header;
use pages::NoticeKind;

impl Web {
    /// The doors: links, the providers' way back, outcomes, stylesheet and icon. There is no fallback, since other
    /// surfaces stand beside this one: [`Web::missing`] is for whoever has it.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/connect/{link}", get(link::show).post(link::start))
            .route("/connect/done/{authorization}", get(outcome::show).post(outcome::choose))
            .route("/connect/yours/{authorization}", get(yours::show).post(yours::withdraw))
            .route("/connect/approve/{link}", get(approve::show).post(approve::answer))
            .route("/connect/i/{link}", get(instance::show).post(instance::sign_in))
            .route("/connect/stopped/{why}", get(outcome::stopped))
            .route("/sso/v1/oauth/{connection}/callback", get(callback::take).head(callback::look))
            .route("/sso/v1/oauth/{connection}/client.json", get(client::document))
            .route("/mcp/oauth/authorize", get(agent::show).post(agent::answer))
            .route("/mcp/oauth/callback", get(agent::finish).head(agent::look))
            .merge(assets::router())
            .merge(branding::router())
            .method_not_allowed_fallback(wrong_method)
            .layer(DefaultBodyLimit::max(MAX_FORM))
            .with_state(self.clone())
    }

    /// The dashboard's doors: for listeners that those who run the server can reach.
    pub fn dashboard(&self) -> Router {
        dashboard::router().method_not_allowed_fallback(wrong_method).with_state(self.clone())
    }

    /// The answer for an address that leads nowhere: a page for people, a line for programs.
    #[must_use]
    pub fn missing(&self, asked: &HeaderMap) -> Response {
        let accepted = asked.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if accepted.contains("text/html") {
            return self.notice(NoticeKind::NotFound, asked);
        }
        (StatusCode::NOT_FOUND, "There is nothing at this address.\n").into_response()
    }
}

async fn wrong_method(State(web): State<Web>, asked: HeaderMap) -> Response {
    web.notice(NoticeKind::MethodNotAllowed, &asked)
}

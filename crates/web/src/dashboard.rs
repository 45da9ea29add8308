//! The dashboard: where the people who run the server set it up and see how it goes.
//!
//! A page is one handler: it takes a [`Visit`](visit::Visit) (a signed-in member in an environment), asks for a `Ctx`
//! with the right that it needs, makes its calls of `valetkey_app`, and renders. Changes come as forms
//! ([`Posted`](visit::Posted)) and end in a redirect. Every page works without its script.

mod accounts;
mod clients;
mod configs;
mod connections;
mod done;
mod entrance;
mod frame;
mod instances;
mod logs;
mod members;
mod overview;
mod pages;
mod settings;
mod snippets;
pub(crate) mod templates;
#[cfg(test)]
mod tests;
mod visit;

pub(crate) use pages::samples;

use crate::Web;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use url::Url;

/// The doors of the dashboard.
pub(crate) fn router() -> Router<Web> {
    Router::new()
        .route("/", get(entrance::home))
        .route("/sign-in", get(entrance::ask).post(entrance::by_password))
        .route("/login/{link}", get(entrance::link).post(entrance::by_link))
        .nest("/dashboard/{environment}", pages_of_an_environment())
        .route("/dashboard/{environment}/", get(overview::show))
        .layer(DefaultBodyLimit::max(visit::MAX_FORM))
}

fn pages_of_an_environment() -> Router<Web> {
    Router::new()
        .route("/", get(overview::show))
        .route("/sign-out", post(entrance::sign_out))
        .route("/connections", get(connections::list))
        .route("/connections/create", get(connections::catalog))
        .route("/connections/create/{connector}", get(connections::form).post(connections::create))
        .route("/connections/{id}", get(connections::show).post(connections::save))
        .route("/connections/{id}/{change}", post(connections::change))
        .route("/accounts", get(accounts::list))
        .route("/accounts/{id}", get(accounts::show))
        .route("/accounts/{id}/{change}", post(accounts::change))
        .route("/configs", get(configs::list))
        .route("/configs/create", get(configs::form).post(configs::create))
        .route("/configs/{id}", get(configs::show))
        .route("/configs/{id}/edit", get(configs::edit).post(configs::save))
        .route("/configs/{id}/delete", post(configs::delete))
        .route("/configs/{id}/try", post(configs::try_as_user))
        .route("/instances", get(instances::list))
        .route("/instances/{id}", get(instances::show))
        .route("/instances/{id}/{change}", post(instances::change))
        .route("/logs", get(logs::list))
        .route("/settings", get(settings::show))
        .route("/settings/name", post(settings::rename))
        .route("/settings/password", post(settings::password))
        .route("/settings/sessions/{id}/end", post(settings::end_session))
        .route("/settings/clients", post(clients::create))
        .route("/settings/clients/{id}/{change}", post(clients::change))
        .route("/settings/members", post(members::add))
        .route("/settings/members/{id}/{change}", post(members::change))
}

/// Where the pages of an environment begin.
fn root(environment: &str) -> String {
    let mut url = Url::parse("http://any").ok();
    if let Some(mut path) = url.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        path.push("dashboard").push(environment);
    }
    url.map_or_else(|| "/".to_owned(), |url| url.path().to_owned())
}

/// An error's words as a sentence: they begin small and without a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

//! The dashboard: where the people who run the server set it up and see how it goes.
//!
//! A page is one handler: it takes a [`Visit`](visit::Visit) (a signed-in member in an environment), asks for a `Ctx`
//! with the right that it needs, makes its calls of `valetkey_app`, and renders. Changes come as forms
//! ([`Posted`](visit::Posted)) and end in a redirect. Every page works without its script.

mod accounts;
mod agent;
mod bounded;
mod branding;
mod call_charts;
mod calls;
mod categories;
mod chart;
mod clients;
mod configs;
mod connections;
mod done;
mod entrance;
mod events;
mod forms;
mod frame;
mod guide;
mod imports;
mod instances;
mod logs;
mod members;
mod overview;
mod pages;
mod part_samples;
mod picks;
mod playground;
mod provider_forms;
mod providers;
mod remote_guide;
mod schema_form;
mod sentence;
mod server;
mod settings;
mod sign_on;
mod snippets;
pub(crate) mod templates;
#[cfg(test)]
mod tests;
mod unsent;
mod verification;
mod versions;
mod visit;
mod watched;
mod webhooks;
mod why;

/// Every sample: of the pages, and of the parts that they are made of.
pub(crate) fn samples() -> Result<Vec<(String, String)>, crate::Error> {
    Ok(pages::samples()?.into_iter().chain(part_samples::samples()?).collect())
}

use crate::Web;
use crate::web::MAX_FORM;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get, post};

/// The doors of the dashboard.
pub(crate) fn router() -> Router<Web> {
    let doors = Router::new()
        .route("/", get(entrance::home))
        .route("/sign-in", get(entrance::ask).post(entrance::by_password))
        .route("/sign-in/provider", post(sign_on::start))
        .route(valetkey_app::entrance::sign_on::CALLBACK, get(sign_on::finish))
        .route("/login/{link}", get(entrance::link).post(entrance::by_link));
    pages_of_an_environment()
        .fold(doors, |doors, (path, page)| doors.route(&format!("/dashboard/{{environment}}{path}"), page))
        .layer(DefaultBodyLimit::max(MAX_FORM))
}

/// The pages of an environment, by what stands behind it in the address. A nested router would hide the rest of the
/// address, which the page to sign in on leads back to.
fn pages_of_an_environment() -> impl Iterator<Item = (&'static str, MethodRouter<Web>)> {
    [
        ("/", get(overview::show)),
        ("", get(overview::show)),
        ("/sign-out", post(entrance::sign_out)),
        ("/connections", get(connections::list)),
        ("/connections/create", get(connections::catalog)),
        ("/connections/create/{connector}", get(connections::form).post(connections::create)),
        ("/connections/{id}", get(connections::show).post(connections::save)),
        ("/connections/{id}/{change}", post(connections::change)),
        ("/accounts", get(accounts::list)),
        ("/accounts/{id}", get(accounts::show)),
        ("/accounts/{id}/{change}", post(accounts::change)),
        ("/links", post(accounts::make_link)),
        ("/playground", get(playground::show).post(playground::call)),
        ("/why", get(why::form).post(why::ask)),
        ("/configs", get(configs::list)),
        ("/configs/create", get(configs::form).post(configs::create)),
        ("/configs/{id}", get(configs::show)),
        ("/configs/{id}/edit", get(configs::edit).post(configs::save)),
        ("/configs/{id}/delete", post(configs::delete)),
        ("/configs/{id}/try", post(configs::try_as_user)),
        ("/configs/{id}/versions", get(versions::list)),
        ("/configs/{id}/versions/{version}", get(versions::show)),
        ("/configs/{id}/rollback", post(versions::roll_back)),
        ("/instances", get(instances::list)),
        ("/instances/{id}", get(instances::show)),
        ("/instances/{id}/{change}", post(instances::change)),
        ("/calls", get(calls::list)),
        ("/calls/{id}", get(calls::show)),
        ("/logs", get(logs::list)),
        ("/events", get(events::list)),
        ("/events/{id}", get(events::show)),
        ("/webhooks", get(webhooks::list)),
        ("/webhooks/create", get(webhooks::form).post(webhooks::create)),
        ("/webhooks/{id}", get(webhooks::show).post(webhooks::save)),
        ("/webhooks/{id}/{change}", post(webhooks::change)),
        ("/providers", get(providers::list)),
        ("/providers/create", get(providers::form).post(providers::create)),
        ("/providers/import", get(imports::form_of_new).post(imports::begin)),
        ("/providers/{id}", get(providers::show).post(providers::save)),
        ("/providers/{id}/delete", post(providers::delete)),
        ("/providers/{id}/import", get(imports::form).post(imports::look)),
        ("/providers/{id}/import/save", post(imports::save)),
        ("/providers/{id}/import/remove", post(imports::remove)),
        ("/settings", get(settings::show)),
        ("/settings/limits", get(server::limits)),
        ("/settings/keys", get(server::keys)),
        ("/settings/branding", get(branding::show).post(branding::save)),
        ("/settings/verification", post(verification::save::save)),
        ("/settings/password", post(settings::password)),
        ("/settings/sessions/{id}/end", post(settings::end_session)),
        ("/settings/clients", post(clients::create)),
        ("/settings/clients/{id}/{change}", post(clients::change)),
        ("/settings/members", post(members::add)),
        ("/settings/members/{id}/{change}", post(members::change)),
    ]
    .into_iter()
}

//! The control plane: gRPC services, the same methods as REST, the token endpoint, the OpenAPI document.
//!
//! It owns the wire and nothing behind it: a caller is authenticated, a request is checked against the rules in the
//! .proto files, one function of `app` is called, and its answer is rendered. It never queries a database, opens a
//! secret or reaches another host. Both wires share one implementation: REST becomes gRPC in process ([`rest`]).
//!
//! Read [`contract`] first (what the .proto files say), then [`entrance`] and [`gate`] (what happens before a method),
//! then any of [`services`].

// An optimised build looks through all of a use case's nested futures at once, and they go deeper than 128.
#![recursion_limit = "256"]

mod bearer;
mod body;
mod called;
mod contract;
mod control;
mod cut;
mod deadline;
mod doors;
mod entrance;
mod failure;
mod frame;
mod gate;
mod given;
mod health;
mod hinted;
mod number;
mod openapi;
mod options;
mod proxy;
mod rest;
mod route;
mod rules;
mod services;
mod token;
mod watched;
mod weigh;
mod written;

pub use control::{Caller, ControlTools};
pub use doors::{Door, Who, Wire, doors};
pub use gate::unknown_method;
pub use health::Readiness;
pub use options::BadContract;
pub use route::Route;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use body::BodyLimit;
use contract::Contract;
use entrance::Entrance;
use gate::Gate;
use std::sync::Arc;
use valetkey_app::App;

/// The control plane, to be mounted at the root.
pub struct Api {
    /// Its routes. There is no fallback: see [`unknown_method`] for what a gRPC client expects of one.
    pub router: Router,
    /// What the gRPC health service says, for whoever knows.
    pub readiness: Readiness,
    /// Its methods as tools, for whoever speaks a protocol of tools.
    pub tools: ControlTools,
}

/// Builds the control plane of a system.
///
/// # Errors
/// The .proto files say something that cannot be served.
pub fn open(app: App) -> Result<Api, BadContract> {
    let contract = Arc::new(Contract::load()?);
    let limit = BodyLimit::of(&app);
    let entrance = Entrance::new(app.clone(), Arc::clone(&contract));
    let gate =
        Gate { app: app.clone(), entrance: entrance.clone(), contract: Arc::clone(&contract), limit: limit.clone() };
    let grpc = services::router(&app).route_layer(from_fn_with_state(gate, gate::method));
    let rest = rest::router(app.clone(), Arc::clone(&contract), grpc.clone(), entrance.clone(), limit.clone())?;
    let tools = ControlTools::new(app.clone(), Arc::clone(&contract), grpc.clone());
    let proxy = proxy::router(app.clone(), entrance.clone(), contract);
    let reflection = health::reflection().map_err(BadContract::new)?;
    let reflection = reflection.route_layer(from_fn_with_state(entrance, watched::client));
    let (readiness, health) = health::health();
    let plain = Router::new()
        .route("/oauth/token", post(token::exchange))
        .route("/keys", get(token::keys))
        .layer(DefaultBodyLimit::max(limit.most))
        .with_state(app)
        .route("/openapi.json", get(openapi::serve));
    let router = plain.merge(grpc).merge(rest).merge(proxy).merge(reflection).merge(health);
    Ok(Api { router, readiness, tools })
}

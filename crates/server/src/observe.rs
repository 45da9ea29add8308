//! Every request, seen from outside: one span, one count, one line for those who want it. Of the address only the
//! template of its route is kept: a path may be a credential.

use crate::metrics::Http;
use crate::{access_log, telemetry};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use std::sync::Arc;
use tokio::time::Instant;
use tracing::Instrument as _;
use tracing::field::Empty;
use valetkey_api::Route;

/// What is said of an address that leads nowhere.
const NOWHERE: &str = "none";

/// Watches a request from its first step to the head of its answer.
pub(crate) async fn watch(State(http): State<Http>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    // At the highest level, so that every line that is logged within says which request it belongs to.
    let span = tracing::error_span!(
        "request",
        otel.kind = "server",
        method = known(&method),
        surface = Empty,
        route = Empty,
        outcome = Empty,
        request = Empty,
        environment = Empty,
        actor = Empty,
    );
    telemetry::join(&span, request.headers());
    let response = next.run(request).instrument(span.clone()).await;
    let route = response.extensions().get::<Route>().map_or_else(|| NOWHERE.into(), |route| route.0.clone());
    let outcome = outcome(response.status(), response.headers());
    let took = begun.elapsed();
    let surface = surface(&route);
    span.record("surface", surface).record("route", &*route).record("outcome", &outcome);
    telemetry::rename(&span, || format!("{} {route}", known(&method)));
    access_log::answered(&span, surface, took);
    http.answered(surface, route, outcome, took);
    response
}

/// Lets those outside know which route of the router answered, where the answer doesn't say it better.
pub(crate) async fn tell_route(matched: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let (Some(matched), None) = (matched, response.extensions().get::<Route>()) {
        response.extensions_mut().insert(Route(Arc::from(matched.as_str())));
    }
    response
}

/// The method, if it is one of the usual ones: others are the caller's own words.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Which surface a route belongs to.
fn surface(route: &str) -> &'static str {
    let begins = |starts: &[&str]| starts.iter().any(|start| route.starts_with(start));
    match route {
        "/healthz" | "/readyz" | "/metrics" => "operations",
        "/mcp" => "mcp",
        "/mcp/oauth/authorize" | "/mcp/oauth/callback" => "web",
        _ if begins(&["/mcp/oauth/", "/.well-known/"]) => "tokens",
        _ if begins(&["/mcp/"]) => "mcp",
        _ if begins(&["/api/"]) => "rest",
        _ if begins(&["/scalekit.", "/grpc."]) => "grpc",
        _ if begins(&["/oauth/", "/keys", "/openapi.json"]) => "tokens",
        NOWHERE => NOWHERE,
        _ => "web",
    }
}

/// The HTTP status, or what gRPC says in its place.
fn outcome(status: StatusCode, headers: &HeaderMap) -> String {
    let code = headers.get("grpc-status").and_then(|code| code.to_str().ok());
    match code {
        // A number of two digits at most: one of ours.
        Some(code) => format!("grpc {code}"),
        None => status.as_u16().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn an_outcome_is_what_the_caller_was_told() {
        let mut headers = HeaderMap::new();
        assert_eq!(outcome(StatusCode::NOT_FOUND, &headers), "404");
        headers.insert("grpc-status", HeaderValue::from_static("5"));
        assert_eq!(outcome(StatusCode::OK, &headers), "grpc 5");
    }

    #[test]
    fn every_route_has_its_surface() {
        for (route, expected) in [
            ("/mcp/v1/{token}", "mcp"),
            ("/mcp", "mcp"),
            ("/api/v1/mcp/configs", "rest"),
            ("/scalekit.v1.mcp.McpService/EnsureMcpInstance", "grpc"),
            ("/oauth/token", "tokens"),
            ("/mcp/oauth/token", "tokens"),
            ("/.well-known/oauth-protected-resource/mcp/v1/{token}", "tokens"),
            ("/mcp/oauth/authorize", "web"),
            ("/connect/{link}", "web"),
            ("/readyz", "operations"),
            (NOWHERE, NOWHERE),
        ] {
            assert_eq!(surface(route), expected, "{route}");
        }
    }

    #[test]
    fn a_method_of_the_callers_own_is_no_label() {
        assert_eq!(known(&Method::from_bytes(b"HUNTER2").unwrap()), "other");
    }
}

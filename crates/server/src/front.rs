//! What stands before every door: whoever watches, the Host check, a body's time, kindness to doubled slashes, and an
//! end of panics.

mod slow;

use crate::listen::ConnInfo;
use crate::metrics::Http;
use crate::observe;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, StatusCode, Uri, header};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceBuilder;
use tower::util::MapRequestLayer;
use url::Url;

/// Doors for machines that look after this one; they ask by address, and learn nothing that Host protects.
const UNCHECKED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Names by which a machine calls itself.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

const MISDIRECTED: &str = "This server does not answer to the Host of this request. Use the address that public_url \
    names or, on the machine itself, localhost with the port of this listener.\n";

/// The hosts that requests may be for. A page elsewhere that resolves its own name to this machine has another Host.
#[derive(Clone, Debug)]
pub(crate) struct Hosts(Arc<[Host]>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Host {
    name: String,
    port: u16,
    /// The port of the URL's scheme, which a client leaves out.
    default_port: u16,
}

impl Hosts {
    /// The hosts of these URLs (`public_url`, the SDK's). Loopback names with the listener's port always are.
    #[must_use]
    pub(crate) fn of(urls: &[&Url]) -> Self {
        let host = |url: &&Url| {
            let default_port = if url.scheme() == "https" { 443 } else { 80 };
            let name = url.host_str()?.to_ascii_lowercase();
            Some(Host { name, port: url.port().unwrap_or(default_port), default_port })
        };
        Self(urls.iter().filter_map(host).collect())
    }

    fn know(&self, asked: &Authority, listener_port: u16) -> bool {
        let name = asked.host().to_ascii_lowercase();
        // User information has no place in a Host, and makes one look like another.
        if asked.as_str().contains('@') || (asked.port().is_some() && asked.port_u16().is_none()) {
            return false;
        }
        let ours = |host: &Host| host.name == name && host.port == asked.port_u16().unwrap_or(host.default_port);
        let loopback = LOOPBACK.contains(&name.as_str()) && asked.port_u16() == Some(listener_port);
        loopback || self.0.iter().any(ours)
    }
}

/// What stands before the doors.
#[derive(Clone)]
pub(crate) struct Front {
    /// The hosts that requests may be for.
    pub(crate) hosts: Hosts,
    /// How long a request's body may take from its head to its end.
    pub(crate) body: Duration,
    /// What counts requests.
    pub(crate) http: Http,
}

/// Puts the checks before a router. They run before it routes, so no door can be reached around them.
pub(crate) fn guarded(router: Router, front: Front) -> Router {
    let timeouts = front.body;
    let checks = ServiceBuilder::new()
        .layer(from_fn_with_state(front.http, observe::watch))
        .layer(from_fn(contain))
        .layer(MapRequestLayer::new(merge_leading_slashes))
        .layer(MapRequestLayer::new(move |request| slow::within(timeouts, request)))
        .layer(from_fn_with_state(front.hosts, check_host))
        .service(router.layer(from_fn(observe::tell_route)));
    Router::new().fallback_service(checks)
}

/// A defect costs the request that met it, not the connection with all its others. The answer says nothing; the log has
/// the place.
async fn contain(request: Request, next: Next) -> Response {
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answered.unwrap_or_else(|_| (StatusCode::INTERNAL_SERVER_ERROR, "internal error\n").into_response())
}

async fn check_host(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let port = request.extensions().get::<ConnInfo>().map(|info| info.local.port());
    let known = match (host(&request), port) {
        (Some(asked), Some(port)) => hosts.know(&asked, port),
        _ => false,
    };
    if known || UNCHECKED.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let nosniff = (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    (StatusCode::MISDIRECTED_REQUEST, [nosniff], MISDIRECTED).into_response()
}

/// The host asked for: HTTP/2's `:authority` (or an absolute target) and `Host` where both are there and agree. Two
/// that differ are one for a proxy and one for us, so they count as none.
fn host(request: &Request) -> Option<Authority> {
    let mut headers = request.headers().get_all(header::HOST).iter();
    let header = headers.next().map(|value| value.as_bytes().try_into());
    if headers.next().is_some() {
        return None;
    }
    match (request.uri().authority().cloned(), header) {
        (Some(target), None) => Some(target),
        (Some(target), Some(Ok(header))) if target == header => Some(target),
        (None, Some(Ok(header))) => Some(header),
        _ => None,
    }
}

/// `//oauth/token` is what an SDK makes of an environment URL with a slash at its end. Only the leading ones: what
/// stands further on may be another server's path, in which an empty segment means something.
fn merge_leading_slashes(mut request: Request<Body>) -> Request<Body> {
    for corrected in [merged, parted] {
        if let Some(uri) = corrected(request.uri()) {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// `/proxyfoo` is what an SDK makes of the app's path `foo`: no door of ours has such a name.
fn parted(uri: &Uri) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix("/proxy")?;
    if rest.is_empty() || rest.starts_with(['/', '?']) {
        return None;
    }
    replaced(uri, &format!("/proxy/{rest}"))
}

fn merged(uri: &Uri) -> Option<Uri> {
    let target = uri.path_and_query()?.as_str();
    let rest = target.strip_prefix("//")?.trim_start_matches('/');
    replaced(uri, &format!("/{rest}"))
}

fn replaced(uri: &Uri, target: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::Carrier;
    use axum::routing::any;
    use tower::ServiceExt;

    fn app() -> Router {
        let urls: [Url; 2] = ["https://keys.example.com", "https://localhost:8443"].map(|url| url.parse().unwrap());
        let router = Router::new().route("/oauth/token", any(|| async { "token" })).route("/healthz", any(|| async {}));
        let router = router.route("/defect", any(|| async { panic!("hunter2") as () }));
        let hosts = Hosts::of(&[&urls[0], &urls[1]]);
        guarded(router, Front { hosts, body: Duration::from_secs(60), http: Http::default() })
    }

    async fn ask(target: &str, hosts: &[&str]) -> StatusCode {
        let address = "127.0.0.1:8080".parse().unwrap();
        let mut request = Request::builder().uri(target);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        let info = ConnInfo { carrier: Carrier::Clear, local: address, peer: address };
        let request = request.extension(info).body(Body::empty()).unwrap();
        app().oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn attack_48_a_panic_is_answered_without_its_words() {
        let address = "127.0.0.1:8080".parse().unwrap();
        let info = ConnInfo { carrier: Carrier::Clear, local: address, peer: address };
        let request = Request::builder().uri("/defect").header(header::HOST, "localhost:8080").extension(info);
        let answer = app().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(answer.into_body(), 1000).await.unwrap();
        assert_eq!(body, "internal error\n");
    }

    #[tokio::test]
    async fn own_names_are_answered() {
        for host in ["keys.example.com", "KEYS.example.com:443", "localhost:8443", "localhost:8080", "127.0.0.1:8080"] {
            assert_eq!(ask("/oauth/token", &[host]).await, StatusCode::OK, "{host}");
        }
        assert_eq!(ask("/oauth/token", &["[::1]:8080"]).await, StatusCode::OK);
        assert_eq!(ask("http://localhost:8080/oauth/token", &[]).await, StatusCode::OK);
    }

    /// Attacks 36, 38: rebinding and forged hosts.
    #[tokio::test]
    async fn other_names_are_misdirected() {
        let wrong = [
            "evil.example",
            "localhost",
            "localhost:9999",
            "localhost.:8080",
            "127.1:8080",
            "keys.example.com:8080",
            "keys.example.com.evil.example",
            "localhost:8080@evil.example",
            "evil@localhost:8080",
            "localhost:99999",
            "",
        ];
        for host in wrong {
            assert_eq!(ask("/oauth/token", &[host]).await, StatusCode::MISDIRECTED_REQUEST, "{host}");
        }
        assert_eq!(ask("/oauth/token", &[]).await, StatusCode::MISDIRECTED_REQUEST);
        let two = ["localhost:8080", "evil.example"];
        assert_eq!(ask("/oauth/token", &two).await, StatusCode::MISDIRECTED_REQUEST);
        let disagreeing = ask("http://localhost:8080/oauth/token", &["evil.example"]).await;
        assert_eq!(disagreeing, StatusCode::MISDIRECTED_REQUEST);
    }

    #[tokio::test]
    async fn health_is_answered_to_anybody_but_nothing_below_it() {
        assert_eq!(ask("/healthz", &["10.0.0.7"]).await, StatusCode::OK);
        assert_eq!(ask("/healthz/x", &["10.0.0.7"]).await, StatusCode::MISDIRECTED_REQUEST);
    }

    #[tokio::test]
    async fn leading_slashes_are_merged_and_others_kept() {
        assert_eq!(ask("//oauth/token", &["localhost:8080"]).await, StatusCode::OK);
        assert_eq!(ask("///oauth/token?a=//b", &["localhost:8080"]).await, StatusCode::OK);
        let kept = |target: &str| merged(&target.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(kept("//proxy//a?b=//c").as_deref(), Some("/proxy//a?b=//c"));
        assert_eq!(kept("/proxy//a"), None);
        let parted = |target: &str| parted(&target.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(parted("/proxyfoo/a?b=c").as_deref(), Some("/proxy/foo/a?b=c"));
        for right in ["/proxy", "/proxy/foo", "/proxy?a", "/api/proxyfoo"] {
            assert_eq!(parted(right), None, "{right}");
        }
    }
}

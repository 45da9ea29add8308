//! Which headers go with a request, and which come back: those that are about the message, not those of a connection, of
//! this door, or of the place where the answer is shown.

use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;
use valetkey_domain::tool::Effect;

/// Says that an answer of this door is ours, and which error it is.
const OURS: &str = "x-valetkey-error";

/// Those of one connection (RFC 9110 §7.6.1) and of its framing.
const HOP: [&str; 12] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-authentication-info",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "content-length",
];

/// Those of this door, of who stands before it, and what the way out says itself.
const REQUEST: [&str; 18] = [
    "host",
    "expect",
    "authorization",
    "connection_name",
    "identifier",
    "x-sdk-version",
    "x-api-version",
    "cookie",
    "accept-encoding",
    "forwarded",
    "via",
    "x-real-ip",
    "traceparent",
    "tracestate",
    "baggage",
    "grpc-timeout",
    "origin",
    "referer",
];

/// Those that would mean something of this server's own address to who reads them.
const ANSWER: [&str; 8] =
    ["set-cookie", "alt-svc", "strict-transport-security", "clear-site-data", "nel", "report-to", "age", "refresh"];

/// Those by which a request means another method than it names.
const OTHER_METHOD: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

/// What a request of this method may do. One that names another method in a header does who knows what.
pub(super) fn effect(method: &Method, headers: &HeaderMap) -> Effect {
    let other = OTHER_METHOD.iter().any(|name| headers.contains_key(*name));
    match *method {
        _ if other => Effect::Destructive,
        Method::GET | Method::HEAD | Method::OPTIONS => Effect::Read,
        Method::DELETE => Effect::Destructive,
        _ => Effect::Write,
    }
}

/// The headers that go with a request. `constant` are those that the app always wants; the caller's own word goes first.
pub(super) fn outgoing(given: &HeaderMap, constant: &[(String, String)]) -> HeaderMap {
    let named = named_by_connection(given);
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let text = name.as_str();
        let ours = HOP.contains(&text)
            || REQUEST.contains(&text)
            || text.starts_with("x-forwarded-")
            || text.starts_with("x-valetkey-")
            || text.starts_with("sec-")
            || named.contains(name)
            || (name == header::USER_AGENT && is_sdk(value));
        if !ours {
            headers.append(name, value.clone());
        }
    }
    for (name, value) in constant {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else { continue };
        headers.entry(name).or_insert(value);
    }
    headers
}

/// The headers that come back. Nobody on the way may keep the answer: it is one user's, and the address doesn't say so.
pub(super) fn returned(given: &HeaderMap, base: &str, asked: &Url) -> HeaderMap {
    let named = named_by_connection(given);
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let text = name.as_str();
        let ours = HOP.contains(&text)
            || ANSWER.contains(&text)
            || text == OURS
            || text.starts_with("access-control-")
            || named.contains(name);
        if !ours {
            headers.append(name, value.clone());
        }
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    if let Some(location) = headers.get(header::LOCATION).and_then(|value| through_us(value, base, asked)) {
        headers.insert(header::LOCATION, location);
    }
    headers
}

/// A redirect that stays within the app, as an address of this door: who follows it comes here again.
fn through_us(value: &HeaderValue, base: &str, asked: &Url) -> Option<HeaderValue> {
    let leads = asked.join(value.to_str().ok()?).ok()?;
    let rest = leads.as_str().strip_prefix(base.trim_end_matches('/'))?;
    let within = rest.starts_with('/') && leads.origin() == asked.origin();
    within.then(|| HeaderValue::try_from(format!("/proxy{rest}")).ok()).flatten()
}

fn is_sdk(value: &HeaderValue) -> bool {
    value.as_bytes().starts_with(b"Scalekit-")
}

fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|text| text.split(',')).filter_map(|name| name.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        headers.keys().map(HeaderName::as_str).collect()
    }

    #[test]
    fn attack_76_only_what_is_about_the_message_goes_out() {
        let given = map(&[
            ("Connection_name", "X"),
            ("identifier", "ann"),
            ("authorization", "Bearer ours"),
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("cookie", "a=b"),
            ("host", "evil.example"),
            ("transfer-encoding", "chunked"),
            ("content-length", "3"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-sdk-version", "Scalekit-Python/2.21.0"),
            ("user-agent", "Scalekit-Python/2.21.0 Python/3"),
            ("upgrade", "h2c"),
            ("content-type", "text/plain"),
            ("if-match", "\"1\""),
            ("notion-version", "2026-01-01"),
        ]);
        let constant = [("Notion-Version".to_owned(), "2022-06-28".to_owned()), ("x-app".to_owned(), "1".to_owned())];
        let sent = outgoing(&given, &constant);
        assert_eq!(names(&sent), ["content-type", "if-match", "notion-version", "x-app"]);
        assert_eq!(sent["notion-version"], "2026-01-01", "the caller's word goes first");
    }

    #[test]
    fn attack_76_nothing_comes_back_that_is_of_a_connection_or_of_this_address() {
        let given = map(&[
            ("set-cookie", "sid=1"),
            ("access-control-allow-origin", "*"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("transfer-encoding", "chunked"),
            ("strict-transport-security", "max-age=1"),
            ("cache-control", "public, max-age=600"),
            ("x-valetkey-error", "RESOURCE_NOT_FOUND"),
            ("www-authenticate", "Bearer"),
            ("content-type", "text/html"),
            ("etag", "\"1\""),
        ]);
        let back = returned(&given, "https://app.example", &"https://app.example/a".parse().unwrap());
        let kept = ["www-authenticate", "content-type", "etag", "cache-control"];
        assert!(kept.iter().all(|name| back.contains_key(*name)), "{back:?}");
        assert_eq!((back.len(), &back["cache-control"]), (6, &HeaderValue::from_static("private, no-store")));
    }

    #[test]
    fn a_redirect_within_the_app_leads_through_this_door() {
        let base = "https://app.example/api";
        let asked: Url = "https://app.example/api/a/b".parse().unwrap();
        for (location, wanted) in [
            ("/api/c?x=1", "/proxy/c?x=1"),
            ("c", "/proxy/a/c"),
            ("https://app.example/api/d", "/proxy/d"),
            ("https://app.example/other", "https://app.example/other"),
            ("https://evil.example/api/d", "https://evil.example/api/d"),
            ("//evil.example/api", "//evil.example/api"),
            ("https://app.example/apis", "https://app.example/apis"),
        ] {
            assert_eq!(returned(&map(&[("location", location)]), base, &asked)["location"], wanted, "{location}");
        }
    }

    #[test]
    fn a_method_in_a_header_counts_as_the_worst() {
        let hidden = map(&[("X-HTTP-Method-Override", "DELETE")]);
        assert_eq!(effect(&Method::GET, &hidden), Effect::Destructive);
        for (method, wanted) in [
            (Method::GET, Effect::Read),
            (Method::HEAD, Effect::Read),
            (Method::POST, Effect::Write),
            (Method::from_bytes(b"PURGE").unwrap(), Effect::Write),
            (Method::DELETE, Effect::Destructive),
        ] {
            assert_eq!(effect(&method, &HeaderMap::new()), wanted, "{method}");
        }
    }
}
